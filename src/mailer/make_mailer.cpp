#include "mailer/make_mailer.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/host_and_port.hpp"
#include "base/trusted_file.hpp"
#include "inforeply/text.hpp"
#include "mailer/sendmail_mailer.hpp"
#include "mailer/smtp_mailer.hpp"

namespace inforeply {

namespace {

constexpr std::string_view kExpected =
    ": expected the absolute path of a sendmail command, smtp://HOST[:PORT], "
    "smtp+starttls://HOST[:PORT], smtps://HOST[:PORT] or smtp+unix:PATH";

using Command = std::vector<std::string>;  // a sendmail command and its options

struct Scheme {
  std::string_view prefix;
  Security security;
  std::uint16_t port;  ///< if none is given
};

constexpr std::array<Scheme, 3> kSchemes = {{
    {"smtp://", Security::kNone, kSmtpPort},
    {"smtp+starttls://", Security::kStartTls, 587},  // RFC 6409
    {"smtps://", Security::kImplicitTls, 465},       // RFC 8314
}};

/// Without what may be a password.
std::string shown(std::string_view spec) {
  const auto begin = spec.find(':');
  const auto end = spec.rfind('@');
  const bool has_user = !spec.starts_with('/') && begin < end && end != std::string_view::npos;
  if (!has_user) return to_single_line(spec);
  return to_single_line(std::string(spec.substr(0, begin + 1)) + "..." +
                        std::string(spec.substr(end)));
}

/// Throws Error, which names what is wrong with the mailer.
[[noreturn]] void refuse(std::string_view spec, std::string_view text) {
  throw Error(Fault::kUsage, "mailer '" + shown(spec) + "'" + std::string(text));
}

/// Does a step that reads a part of the spec, whose faults do not name it.
template <typename Step>
SmtpServer naming(std::string_view spec, Step step) {
  try {
    return step();
  } catch (const Error& error) {
    refuse(spec, std::string(": ") + error.what());
  }
}

SmtpServer parse_socket_path(std::string_view spec, std::string_view path) {
  return naming(spec, [&]() -> SmtpServer {
    require_socket_path(path);
    return {.host = {}, .path = std::string(path)};
  });
}

SmtpServer parse_host(std::string_view spec, std::string_view text, const Scheme& scheme) {
  if (text.find('@') != std::string_view::npos) {
    refuse(spec, ": a user is set by smtp-user and smtp-password-file, not here");
  }
  return naming(spec, [&]() -> SmtpServer {
    auto place = parse_host_and_port(text, scheme.port);
    return {.host = std::move(place.host), .port = place.port, .security = scheme.security};
  });
}

Command parse_command(std::string_view spec) {
  std::string blanks(spec);
  std::replace(blanks.begin(), blanks.end(), '\t', ' ');
  const auto words = split(blanks, ' ');
  if (words.empty() || !words.front().starts_with('/')) refuse(spec, kExpected);
  return {words.begin(), words.end()};
}

std::variant<Command, SmtpServer> parse_mailer_spec(std::string_view spec) {
  for (const auto& scheme : kSchemes) {
    if (!spec.starts_with(scheme.prefix)) continue;
    return parse_host(spec, spec.substr(scheme.prefix.size()), scheme);
  }
  constexpr std::string_view kSmtpUnix = "smtp+unix:";
  if (spec.starts_with(kSmtpUnix)) return parse_socket_path(spec, spec.substr(kSmtpUnix.size()));
  return parse_command(spec);
}

std::unique_ptr<Mailer> make_sendmail_mailer(Command command) {
  struct stat status {};
  const bool is_folder = ::stat(command.front().c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  if (is_folder) errno = EISDIR;  // which access(2) lets pass
  if (is_folder || ::access(command.front().c_str(), X_OK) != 0) {
    throw system_error(Fault::kMailer, "cannot run mailer " + command.front());
  }
  return std::make_unique<SendmailMailer>(std::move(command));
}

/// Throws SettingError unless the settings fit the server and each other.
void check_settings(const MailerSettings& settings, const SmtpServer& server) {
  const auto require = [](const char* setting, bool is_met, const std::string& need) {
    if (is_met) return;
    throw SettingError(setting, Fault::kConfiguration, std::string("'") + setting + "' " + need);
  };
  const bool is_tls = server.security != Security::kNone;
  const bool is_private = is_tls || !server.path.empty();
  require("smtp-user", settings.user.empty() || is_private,
          "needs a mailer smtp+starttls:, smtps: or smtp+unix:, others can listen to smtp:");
  require("smtp-user", settings.user.empty() || !settings.password_file.empty(),
          "needs 'smtp-password-file'");
  require("smtp-password-file", settings.password_file.empty() || !settings.user.empty(),
          "needs 'smtp-user'");
  require("smtp-ca-file", settings.ca_file.empty() || is_tls,
          "needs a mailer smtp+starttls: or smtps:");
}

/// Does a step that uses the setting.
template <typename Step>
auto with_setting(const char* setting, Step step) {
  try {
    return step();
  } catch (const Error& error) {
    throw SettingError(setting, error.fault(), error.what());
  }
}

std::unique_ptr<Mailer> make_smtp_mailer(const MailerSettings& settings, SmtpServer server) {
  check_settings(settings, server);
  if (!settings.user.empty()) {
    server.login = {settings.user, with_setting("smtp-password-file", [&] {
                      return read_password(settings.password_file);
                    })};
  }
  if (!settings.ca_file.empty()) {
    with_setting("smtp-ca-file", [&] { return open_trusted_file(settings.ca_file); });
    server.ca_file = settings.ca_file;
  }
  return std::make_unique<SmtpMailer>(std::move(server));
}

/// A setting of the environment; empty if it is not there.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

/// What OpenSSL reads beside what lies in /usr, as Debian and Fedora have it.
void add_tls(const MailerSettings& settings, Permissions& permissions) {
  permissions.readable_files.insert(
      permissions.readable_files.end(),
      {"/etc/ld.so.cache", settings.ca_file, variable("SSL_CERT_FILE")});
  permissions.readable_folders.insert(
      permissions.readable_folders.end(),
      {"/etc/ssl", "/etc/pki", "/etc/crypto-policies", variable("SSL_CERT_DIR")});
}

}  // namespace

void check_mailer_spec(std::string_view spec) {
  parse_mailer_spec(spec);
}

std::unique_ptr<Mailer> make_mailer(const MailerSettings& settings) {
  auto parsed = parse_mailer_spec(settings.spec);
  if (auto* server = std::get_if<SmtpServer>(&parsed)) {
    return make_smtp_mailer(settings, std::move(*server));
  }
  return make_sendmail_mailer(std::get<Command>(std::move(parsed)));
}

std::optional<Permissions> mailer_permissions(const MailerSettings& settings) {
  const auto parsed = parse_mailer_spec(settings.spec);
  const auto* server = std::get_if<SmtpServer>(&parsed);
  if (server == nullptr) return std::nullopt;
  Permissions permissions;
  if (!settings.password_file.empty()) {
    permissions.readable_files.push_back(settings.password_file);
  }
  if (!server->path.empty()) {
    permissions.sockets = Sockets::kFileSystem;
    return permissions;
  }
  permissions.sockets = Sockets::kTcp;
  permissions.ports.push_back(server->port);
  if (server->security != Security::kNone) add_tls(settings, permissions);
  if (is_looked_up(*server)) permit_look_up(permissions);
  return permissions;
}

}  // namespace inforeply
