#include "inforeply/reply.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/error.hpp"
#include "responder_desk.hpp"

namespace inforeply {
namespace {

using test::Desk;
using test::expanded;
using test::fault_of;

constexpr std::size_t kMaxTextOctets = std::size_t{1024} * 1024;

Reply load_own(const std::string& file) {
  const Responder responder = load_responder(file);
  return load_reply(responder, responder.reply);
}

struct FaultCase {
  std::string content;
  std::string fault;  ///< how it begins
};

TEST(ReplyHandle, IsTheOneSet) {
  EXPECT_EQ(Desk().reply_with_text("handle = christmas 2026\n").handle, "christmas 2026");
  EXPECT_EQ(Desk().reply_with_text("handle = " + std::string(kMaxHandleOctets, 'h') + "\n").handle,
            std::string(kMaxHandleOctets, 'h'));
}

TEST(ReplyHandle, ChangesWithWhatTheReplySays) {
  const Desk desk;
  std::set<std::string> handles = {desk.reply_with_text("").handle};
  for (const char* setting :
       {"from = a@example.org\n", "from = b@example.org\n", "reply-to = a@example.org\n",
        "subject = a\n", "active-from = 2026-12-24\n", "active-until = 2026-12-24\n"}) {
    EXPECT_TRUE(handles.insert(desk.reply_with_text(setting).handle).second) << setting;
  }
  desk.write("text.txt", "We are closed!\n");
  EXPECT_TRUE(handles.insert(desk.reply_with_text("").handle).second) << "another text";
  EXPECT_TRUE(handles.insert(desk.reply_with_template("\nWe are closed?\n").handle).second)
      << "template";
}

TEST(ReplyHandle, StaysWhenTheReplySaysTheSame) {
  const Desk desk;
  const std::string handle = desk.reply_with_text("subject = a\n").handle;
  for (const char* settings :
       {"subject = a\n", "# comment\n\n  subject=a", "subject = a\ninterval = 1d\n",
        "subject = a\nignore = list\n", "subject = a\naddress = b@example.org\n"}) {
    EXPECT_EQ(desk.reply_with_text(settings).handle, handle) << settings;
  }
  EXPECT_EQ(Desk().reply_with_text("subject = a\n").handle, handle) << "in another folder";
}

TEST(ReplyHandle, StaysWhenOnlyTheListsAndTheLimitChange) {
  const Desk desk;
  const std::string handle = desk.reply_with_text("").handle;
  EXPECT_EQ(desk.reply_with_text("limit = 1/1d\nnever-reply-to = @.net\n").handle, handle);
}

TEST(ReplyText, AFaultIsNamedByFileAndLine) {
  using namespace std::string_literals;
  const Desk desk;
  const std::vector<FaultCase> cases = {
      {"one\ntwo\n${nobody}\n", "text.txt:3: unknown placeholder '${nobody}'"},
      {"one\r\n${subject\n}\n", "text.txt:2: '${' without '}'"},
      {"one\ntwo \xC3\n", "text.txt:2: not UTF-8"},
      {"one\ntwo\0three\n"s, "text.txt:2: a NUL octet"},
      {"one\ntwo\rthree\n", "text.txt:2: a carriage return without a line feed"},
  };
  for (const auto& [content, fault] : cases) {
    desk.write("text.txt", content);
    EXPECT_EQ(desk.fault("text = text.txt\n").substr(0, fault.size()), fault) << content;
  }
}

TEST(ReplyText, HasItsLinesEndedByLineFeedsAndNoByteOrderMark) {
  const Desk desk;
  desk.write("text.txt", "\xEF\xBB\xBFone\r\ntwo\r\n");
  EXPECT_EQ(expanded(*desk.reply("text = text.txt\n").texts.front().text), "one\ntwo\n");
}

TEST(ReplyText, HoldsPlaceholders) {
  const Desk desk;
  desk.write("text.txt",
             "${subject} ${sender} ${sender_name} ${recipient} ${date} ${active_from} "
             "${active_until} ${message_id}\n$SUBJECT, $SUBJECTS $5 $$5 $${subject} $");
  EXPECT_EQ(expanded(*desk.reply("text = text.txt\n").texts.front().text),
            "<subject> <sender> <sender_name> <recipient> <date> <active_from> "
            "<active_until> <message_id>\n<subject>, $SUBJECTS $5 $5 ${subject} $");
}

TEST(ReplyFiles, ANamedFileIsRelativeToTheFileThatNamesIt) {
  const Desk desk;
  desk.write("texts/closed.txt", "Closed.\n");
  EXPECT_EQ(expanded(*desk.reply("text = texts/closed.txt\n").texts.front().text), "Closed.\n");
  EXPECT_EQ(expanded(*desk.reply("text = ./texts/../texts/closed.txt\n").texts.front().text),
            "Closed.\n");
}

TEST(ReplyFiles, ANamedFileNeverLiesOutsideTheFolder) {
  const Desk desk;
  desk.write("secret.txt", "Secret.\n");
  desk.write("users/text.txt", "Text.\n");
  std::filesystem::create_symlink("../secret.txt", desk.path("users/link.txt"));
  std::filesystem::create_symlink(desk.path("secret.txt"), desk.path("users/absolute.txt"));
  std::filesystem::create_directory_symlink("..", desk.path("users/up"));
  std::filesystem::create_symlink("text.txt", desk.path("users/inside.txt"));
  for (const std::string& name :
       {std::string("../secret.txt"), desk.path("secret.txt"), std::string("link.txt"),
        std::string("absolute.txt"), std::string("up/secret.txt"), std::string("/etc/passwd")}) {
    for (const char* setting : {"text", "template"}) {
      desk.write("users/alice.conf", std::string(setting) + " = " + name + "\n");
      EXPECT_EQ(fault_of([&] { load_own(desk.path("users/alice.conf")); }),
                desk.path("users/alice.conf") + ":1: '" + name +
                    "': leads outside the folder of this file");
    }
  }
  desk.write("users/alice.conf", "text = inside.txt\n");
  EXPECT_EQ(expanded(*load_own(desk.path("users/alice.conf")).texts.front().text), "Text.\n");
}

TEST(ReplyFiles, AFileThatOthersMayWriteIsRefused) {
  const Desk desk;
  ASSERT_EQ(::chmod(desk.path("text.txt").c_str(), 0646), 0);
  EXPECT_EQ(desk.fault("text = text.txt\n"),
            "info.conf:1: 'text.txt': others may write this file (chmod o-w)");
  ASSERT_EQ(::chmod(desk.path("text.txt").c_str(), 0644), 0);
  ASSERT_EQ(::chmod(desk.path("info.conf").c_str(), 0646), 0);
  EXPECT_EQ(fault_of([&] { load_responder(desk.path("info.conf")); }),
            desk.path("info.conf") + ": others may write this file (chmod o-w)");
}

TEST(ReplyFiles, WhatIsNoRegularFileIsRefusedWithoutWaiting) {
  const Desk desk;
  ASSERT_EQ(::mkfifo(desk.path("fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(desk.path("folder"));
  EXPECT_EQ(desk.fault("text = fifo\n"), "info.conf:1: 'fifo': not a regular file");
  EXPECT_EQ(desk.fault("template = folder\n"), "info.conf:1: 'folder': not a regular file");
}

TEST(ReplyFiles, AFileHasAnUpperBound) {
  const Desk desk;
  const std::string allowed = "text = text.txt\nallow-large = yes\n";
  desk.write("text.txt", std::string(kMaxReplyOctets, '\n'));
  EXPECT_EQ(desk.fault("text = text.txt\n"), "");
  desk.write("text.txt", std::string(kMaxReplyOctets + 1, '\n'));
  EXPECT_EQ(desk.fault("text = text.txt\n"),
            "info.conf:1: 'text.txt': larger than 65536 octets (see 'allow-large')");
  EXPECT_EQ(desk.fault(allowed), "");
  desk.write("text.txt", std::string(kMaxTextOctets, '\n'));
  EXPECT_EQ(desk.fault(allowed), "");
  desk.write("text.txt", std::string(kMaxTextOctets + 1, '\n'));
  EXPECT_EQ(desk.fault(allowed), "info.conf:1: 'text.txt': larger than 1048576 octets");
}

TEST(ReplyFiles, AMissingResponderFileIsAFault) {
  EXPECT_EQ(fault_of([] { load_responder("/nonexistent/info.conf"); }),
            "/nonexistent/info.conf: cannot open: No such file or directory");
}

}  // namespace
}  // namespace inforeply
