#include "mailer/make_mailer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "inforeply/error.hpp"

namespace inforeply {
namespace {

/// What check_mailer_spec says, or "no error".
std::string fault_of_spec(const std::string& spec) {
  try {
    check_mailer_spec(spec);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kUsage);
    return error.what();
  }
  return "no error";
}

TEST(MailerSpec, TakesTheFormsOfTheDocumentation) {
  for (const char* spec :
       {"/usr/sbin/sendmail", "/usr/sbin/sendmail -oi", "smtp://127.0.0.1", "smtp://127.0.0.1:1",
        "smtp+starttls://mail.example.org", "smtps://mail.example.org:1", "smtps://[::1]",
        "smtp://[::1]", "smtp://[::1]:65535", "smtp://localhost:25", "smtp://mail.example.org:587",
        "smtp+unix:/run/smtp", "smtp+unix:/path with blanks"}) {
    EXPECT_EQ(fault_of_spec(spec), "no error") << spec;
  }
}

TEST(MailerSpec, WantsAnAbsolutePathOrAServer) {
  for (const std::string spec :
       {"", " ", "sendmail", "./sendmail", "smtp:host", "smtp:/host", "smtps:host",
        "smtp+tls://host", "starttls://host", "SMTP://host", "unix:/run/smtp"}) {
    EXPECT_EQ(fault_of_spec(spec), "mailer '" + spec +
                                       "': expected the absolute path of a sendmail command, "
                                       "smtp://HOST[:PORT], smtp+starttls://HOST[:PORT], "
                                       "smtps://HOST[:PORT] or smtp+unix:PATH");
  }
}

TEST(MailerSpec, NamesWhatIsWrongWithAServer) {
  const auto expect = [](const std::string& spec, const std::string& fault) {
    EXPECT_EQ(fault_of_spec(spec), "mailer '" + spec + "': " + fault);
  };
  for (const char* spec : {"smtp://", "smtp://:25", "smtp://[]", "smtp://[]:25"}) {
    expect(spec, "no host");
  }
  for (const char* spec :
       {"smtp://host:", "smtp://host:0", "smtp://host:65536", "smtp://host:x", "smtp://host:+1",
        "smtp://host:25:25", "smtp://[::1]:", "smtp://[::1]25", "smtp://127.0.0.1:25/"}) {
    expect(spec, "expected a port from 1 to 65535 behind the host");
  }
  for (const char* spec : {"smtp://2001:db8::1", "smtp://[127.0.0.1]", "smtp://[::1",
                           "smtp://[host]:25", "smtp://2001:db8::25"}) {
    expect(spec, "an IPv6 address is written in brackets, and nothing else is");
  }
  for (const char* spec :
       {"smtp://host/", "smtp://a host", "smtp://h\xC3\xB6st", "smtps://host/"}) {
    expect(spec, "not the name of a host");
  }
  for (const char* spec : {"smtp+unix:", "smtp+unix:run/smtp", "smtp+unix: /run/smtp"}) {
    expect(spec, "the path of the socket is not absolute");
  }
  expect("smtp+unix:/" + std::string(107, 'x'), "the path of the socket is longer than 107 octets");
  EXPECT_EQ(fault_of_spec("smtp+unix:/" + std::string(106, 'x')), "no error");
}

TEST(MailerSpec, TellsWhereAUserBelongsAndHidesThePassword) {
  for (const std::string scheme : {"smtp", "smtps", "smtp+starttls"}) {
    for (const char* user : {"user@", "user:secret@", "user@example.net:secret@", "@"}) {
      EXPECT_EQ(fault_of_spec(scheme + "://" + user + "host"),
                "mailer '" + scheme +
                    ":...@host': a user is set by smtp-user and smtp-password-file, not here");
    }
  }
  for (const char* spec : {"smtp:user:secret@host", "SMTPS://user:secret@host",
                           "smtp+unix:user:secret@host", "submission://user:secret@host"}) {
    EXPECT_EQ(fault_of_spec(spec).find("secret"), std::string::npos) << spec;
  }
}

Permissions permissions_for(const std::string& spec) {
  return mailer_permissions({.spec = spec}).value();
}

TEST(MailerPermissions, AreWhatTheServerTakes) {
  using Ports = std::vector<std::uint16_t>;
  for (const auto* spec : {"smtp://127.0.0.1:2525", "smtp://[::1]:2525", "smtp://localhost:2525"}) {
    const auto permissions = permissions_for(spec);
    EXPECT_EQ(permissions.ports, Ports{2525}) << spec;
    EXPECT_EQ(permissions.sockets, Sockets::kTcp) << spec;
    EXPECT_TRUE(permissions.readable_files.empty()) << spec;
    EXPECT_TRUE(permissions.readable_folders.empty()) << spec;
  }
  const auto named = permissions_for("smtp://server.example");
  EXPECT_EQ(named.ports, (Ports{25, 53}));
  EXPECT_EQ(named.sockets, Sockets::kTcpByName);
  const auto local = permissions_for("smtp+unix:/run/socket");
  EXPECT_EQ(local.ports, Ports{});
  EXPECT_EQ(local.sockets, Sockets::kFileSystem);
}

TEST(MailerPermissions, HoldTheFilesOfTheSettings) {
  const auto permissions = mailer_permissions({.spec = "smtps://127.0.0.1",
                                               .user = "us",
                                               .password_file = "/the/password",
                                               .ca_file = "/the/certificates"})
                               .value();
  const auto& files = permissions.readable_files;
  for (const auto* file : {"/the/password", "/the/certificates"})
    EXPECT_EQ(std::count(files.begin(), files.end(), file), 1) << file;
  EXPECT_TRUE(permissions.writable_folders.empty());
}

TEST(MailerPermissions, AreNoneForACommand) {
  EXPECT_FALSE(mailer_permissions({.spec = "/usr/sbin/sendmail -N never"}));
}

}  // namespace
}  // namespace inforeply
