#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/check.hpp"
#include "inforeply/decision.hpp"
#include "inforeply/error.hpp"
#include "inforeply/responder_source.hpp"

namespace inforeply {
namespace {

using std::chrono::hours;
using test::address;

/// `${name}` becomes "<name>".
PlaceholderValues named_values() {
  PlaceholderValues values;
  values[Placeholder::kSubject] = "<subject>";
  values[Placeholder::kSender] = "<sender>";
  values[Placeholder::kSenderName] = "<sender_name>";
  values[Placeholder::kRecipient] = "<recipient>";
  values[Placeholder::kDate] = "<date>";
  values[Placeholder::kActiveFrom] = "<active_from>";
  values[Placeholder::kActiveUntil] = "<active_until>";
  values[Placeholder::kMessageId] = "<message_id>";
  return values;
}

std::string expanded(const TextTemplate& text) {
  return text.expand(named_values());
}

/// What the error says, or the empty string where there is none.
template <typename Function>
std::string fault_of(Function function) {
  try {
    function();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.fault(), Fault::kConfiguration);
    return error.what();
  }
  return {};
}

/// A folder with a text file, "text.txt", in which responder files are written and loaded.
class Desk {
 public:
  Desk() { write("text.txt", "We are closed.\n"); }

  void write(const std::string& name, std::string_view content) const {
    static_cast<void>(folder_.write(name, content));
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

  [[nodiscard]] Responder load(const std::string& content) const {
    return load_responder(folder_.write("info.conf", content));
  }
  [[nodiscard]] Responder load_with_text(const std::string& settings) const {
    return load("text = text.txt\n" + settings);
  }
  [[nodiscard]] Responder load_template(std::string_view content) const {
    write("reply.eml", content);
    return load("template = reply.eml\n");
  }

  /// The fault in "info.conf" of this content, without the folder's name.
  [[nodiscard]] std::string fault(const std::string& content) const {
    return relative(fault_of([&] { static_cast<void>(load(content)); }));
  }
  [[nodiscard]] std::string template_fault(std::string_view content) const {
    return relative(fault_of([&] { static_cast<void>(load_template(content)); }));
  }

 private:
  [[nodiscard]] std::string relative(std::string text) const {
    const std::string prefix = folder_.path() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
      text.erase(at, prefix.size());
    }
    return text;
  }
  test::TemporaryFolder folder_;
};

TEST(ResponderFile, NeedsNothingButAText) {
  const Responder responder = Desk().load("text = text.txt\n");
  EXPECT_EQ(expanded(responder.text), "We are closed.\n");
  EXPECT_EQ(responder.kind, ResponderKind::kPersonal);
  EXPECT_TRUE(responder.addresses.empty());
  EXPECT_FALSE(responder.from);
  EXPECT_FALSE(responder.active_from || responder.active_until);
  EXPECT_TRUE(responder.ignored.empty());
  EXPECT_EQ(responder.precedence, "bulk");
  EXPECT_FALSE(responder.allow_large);
  EXPECT_FALSE(responder.handle.empty());
}

TEST(ResponderFile, IgnoresCommentsBlankLinesByteOrderMarkAndLineEnds) {
  const Responder responder =
      Desk().load("\xEF\xBB\xBF# comment\r\n\r\n  text=text.txt  \r\n\t# comment\r\nkind = group");
  EXPECT_EQ(responder.kind, ResponderKind::kGroup);
}

TEST(ResponderFile, KeepsANumberSignInsideAValue) {
  const Responder responder = Desk().load_with_text("subject = Ticket #7 = open # still\n");
  EXPECT_EQ(expanded(responder.subject), "Ticket #7 = open # still");
}

TEST(ResponderFile, KnowsTheKindsOfRfc3834) {
  const Desk desk;
  EXPECT_EQ(desk.load_with_text("kind = personal\n").kind, ResponderKind::kPersonal);
  EXPECT_EQ(desk.load_with_text("kind = group\n").kind, ResponderKind::kGroup);
  EXPECT_EQ(desk.load_with_text("kind = service\n").kind, ResponderKind::kService);
}

TEST(Rfc3834, R03_ASenderIsAnsweredOnceInSevenDaysUnlessSetOtherwise) {
  const Desk desk;
  EXPECT_EQ(desk.load_with_text("").interval, hours(7 * 24));
  EXPECT_EQ(desk.load_with_text("kind = group\n").interval, hours(7 * 24));
  EXPECT_EQ(desk.load_with_text("kind = service\n").interval, hours(1));
  EXPECT_EQ(desk.load_with_text("interval = 2w\nkind = service\n").interval, hours(14 * 24));
  EXPECT_EQ(desk.load_with_text("interval = 0\n").interval, hours(0));
  EXPECT_EQ(desk.load_with_text("interval = once\n").interval, std::nullopt);
}

TEST(Rfc3834, R05_TheRecipientNamesASetOfAddressesThatAreHis) {
  const Responder responder = Desk().load_with_text(
      "address = info@example.org\naddress = \"a b\"@example.net\naddress = "
      "x@B\u00FCcher.example\n");
  std::vector<std::string> own;
  for (const auto& one : responder.addresses)
    own.push_back(one.normalized());
  EXPECT_EQ(own, (std::vector<std::string>{"info@example.org", "a b@example.net",
                                           "x@xn--bcher-kva.example"}));
}

TEST(Rfc3834, R13_APersonSetsNameAndAddressOfTheFromField) {
  const Desk desk;
  const auto from = desk.load_with_text("from = \"Desk, the\" <desk@B\u00FCcher.example>\n").from;
  ASSERT_TRUE(from);
  EXPECT_EQ(from->display_name, "Desk, the");
  EXPECT_EQ(from->addr_spec, "desk@xn--bcher-kva.example");
  EXPECT_EQ(desk.load_with_text("from = desk@example.org\n").from->display_name, "");
}

TEST(Rfc3834, R16_ThereIsNoReplyToUnlessSet) {
  const Desk desk;
  EXPECT_FALSE(desk.load_with_text("from = desk@example.org\n").reply_to);
  const auto reply_to = desk.load_with_text("reply-to = Desk <desk@example.org>\n").reply_to;
  ASSERT_TRUE(reply_to);
  EXPECT_EQ(reply_to->display_name, "Desk");
  EXPECT_EQ(reply_to->addr_spec, "desk@example.org");
}

TEST(Rfc3834, R19_TheSubjectBeginsWithAutoUnlessSet) {
  const Desk desk;
  EXPECT_EQ(expanded(desk.load_with_text("").subject), "Auto: <subject>");
  EXPECT_EQ(expanded(desk.load_with_text("subject = Closed\n").subject), "Closed");
}

TEST(Rfc3834, R23_ThePrecedenceCanBeSetOrLeftOut) {
  const Desk desk;
  EXPECT_EQ(desk.load_with_text("precedence = junk\n").precedence, "junk");
  EXPECT_EQ(desk.load_with_text("precedence = none\n").precedence, "");
}

TEST(Rfc3834, R27_TheEnvelopeSenderIsNullUnlessSet) {
  const Desk desk;
  EXPECT_EQ(desk.load_with_text("").envelope_from, "");
  EXPECT_EQ(desk.load_with_text("envelope-from = <>\n").envelope_from, "");
  EXPECT_EQ(desk.load_with_text("envelope-from = robot@example.org\n").envelope_from,
            "robot@example.org");
}

TEST(ResponderFile, SwitchesOffEverySoftRuleAndNoHardOne) {
  const Desk desk;
  for (int i = 0; i <= static_cast<int>(Reason::kRecentlyAnswered); ++i) {
    const auto reason = static_cast<Reason>(i);
    const std::string code(code_of(reason));
    const std::string content = "text = text.txt\nignore = " + code + "\n";
    if (is_soft(reason)) {
      EXPECT_EQ(desk.load(content).ignored, std::vector{reason});
    } else {
      EXPECT_EQ(desk.fault(content), "info.conf:2: the rule '" + code + "' cannot be switched off");
    }
  }
  EXPECT_EQ(desk.load_with_text("ignore = list\nignore = spam\n").ignored,
            (std::vector{Reason::kList, Reason::kSpam}));
}

TEST(ResponderFile, APlainDateEndsThePeriodWithItsDay) {
  const Responder responder =
      Desk().load_with_text("active-from = 2026-12-31\nactive-until = 2026-12-31\n");
  EXPECT_EQ(*responder.active_until - *responder.active_from, hours(24));
  EXPECT_EQ(responder.active_from_text, "2026-12-31");
  EXPECT_EQ(responder.active_until_text, "2026-12-31");
}

TEST(ResponderFile, APeriodMayHaveATimeAndAZone) {
  const Responder responder = Desk().load_with_text(
      "active-from = 2026-12-24T18:00Z\nactive-until = 2026-12-24T20:30+01:00\n");
  EXPECT_EQ(*responder.active_from, Time(Seconds(1'798'135'200)));
  EXPECT_EQ(*responder.active_until, Time(Seconds(1'798'135'200 + 90 * 60)));
}

TEST(ResponderFile, AllowsALargeReplyOnlyWhenTold) {
  const Desk desk;
  EXPECT_TRUE(desk.load_with_text("allow-large = yes\n").allow_large);
  EXPECT_FALSE(desk.load_with_text("allow-large = no\n").allow_large);
}

TEST(ResponderHandle, IsTheOneSet) {
  EXPECT_EQ(Desk().load_with_text("handle = christmas 2026\n").handle, "christmas 2026");
  EXPECT_EQ(Desk().load_with_text("handle = " + std::string(kMaxHandleOctets, 'h') + "\n").handle,
            std::string(kMaxHandleOctets, 'h'));
}

TEST(ResponderHandle, ChangesWithWhatTheReplySays) {
  const Desk desk;
  std::set<std::string> handles = {desk.load_with_text("").handle};
  for (const char* setting :
       {"from = a@example.org\n", "from = b@example.org\n", "reply-to = a@example.org\n",
        "subject = a\n", "active-from = 2026-12-24\n", "active-until = 2026-12-24\n"}) {
    EXPECT_TRUE(handles.insert(desk.load_with_text(setting).handle).second) << setting;
  }
  desk.write("text.txt", "We are closed!\n");
  EXPECT_TRUE(handles.insert(desk.load_with_text("").handle).second) << "another text";
  EXPECT_TRUE(handles.insert(desk.load_template("\nWe are closed?\n").handle).second) << "template";
}

TEST(ResponderHandle, StaysWhenTheReplySaysTheSame) {
  const Desk desk;
  const std::string handle = desk.load_with_text("subject = a\n").handle;
  for (const char* settings :
       {"subject = a\n", "# comment\n\n  subject=a", "subject = a\ninterval = 1d\n",
        "subject = a\nignore = list\n", "subject = a\naddress = b@example.org\n"}) {
    EXPECT_EQ(desk.load_with_text(settings).handle, handle) << settings;
  }
  EXPECT_EQ(Desk().load_with_text("subject = a\n").handle, handle) << "in another folder";
}

TEST(ResponderFile, LimitsItsRepliesOnlyWhereItIsTold) {
  const Desk desk;
  EXPECT_FALSE(desk.load_with_text("").limit);
  const auto limit = desk.load_with_text("limit = 100/1d\n").limit;
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->replies, 100U);
  EXPECT_EQ(limit->period, hours(24));
  EXPECT_EQ(limit->text, "100/1d");
}

/// Whether the list has the address.
bool holds(const AddressList& list, std::string_view who) {
  return list.find(patterns_that_cover(address(who))).has_value();
}

TEST(ResponderFile, NamesWhomItDoesAndDoesNotAnswer) {
  const Desk desk;
  desk.write("lists/insiders", "# us\n@.example.org\n");
  const Responder responder = desk.load_with_text(
      "never-reply-to = alice@example.net\nnever-reply-to = @B\u00FCcher.example\n"
      "only-reply-to = lists/insiders\nonly-reply-to = @.example.net\n");
  EXPECT_TRUE(holds(responder.never_reply_to, "ALICE@example.net"));
  EXPECT_TRUE(holds(responder.never_reply_to, "x@xn--bcher-kva.example"));
  EXPECT_FALSE(holds(responder.never_reply_to, "bob@example.net"));
  EXPECT_TRUE(holds(responder.only_reply_to, "bob@sub.example.org"));
  EXPECT_TRUE(holds(responder.only_reply_to, "bob@example.net"));
  EXPECT_FALSE(holds(responder.only_reply_to, "bob@example.com"));
  EXPECT_TRUE(desk.load_with_text("").never_reply_to.empty());
  EXPECT_TRUE(desk.load_with_text("").only_reply_to.empty());
}

TEST(ResponderHandle, StaysWhenOnlyTheListsAndTheLimitChange) {
  const Desk desk;
  const std::string handle = desk.load_with_text("").handle;
  EXPECT_EQ(desk.load_with_text("limit = 1/1d\nnever-reply-to = @.net\n").handle, handle);
}

struct FaultCase {
  std::string content;
  std::string fault;  ///< how it begins
};

TEST(ResponderFile, AFaultIsNamedByFileAndLine) {
  const Desk desk;
  const std::vector<FaultCase> cases = {
      {"text = text.txt\n\nwhatever = 1\n", "info.conf:3: unknown name 'whatever'"},
      {"# comment\ntext\n", "info.conf:2: expected 'name = value'"},
      {"= text.txt\n", "info.conf:1: expected 'name = value'"},
      {"text =\n", "info.conf:1: 'text' needs a value"},
      {"text = text.txt\nsubject = a\x01z\n", "info.conf:2: control character"},
      {"text = text.txt\nsubject = a\rz\n", "info.conf:2: control character"},
      {"text = text.txt\nsubject = \xFF\n", "info.conf:2: not UTF-8"},
      {"kind = group\nsubject = a\nkind = group\n", "info.conf:3: 'kind' is set already in line 1"},
      {"kind = robot\n", "info.conf:1: 'kind = robot': expected personal, group or service"},
      {"address = nobody\n", "info.conf:1: 'address = nobody': expected a mail address"},
      {"from = a@example.org, b@example.org\n", "info.conf:1: 'from = "},
      {"from = Desk\n", "info.conf:1: 'from = Desk': expected "},
      {"from = Info Desk info@example.org\n", "info.conf:1: 'from = "},
      {"reply-to = <@>\n", "info.conf:1: 'reply-to = "},
      {"interval = 7\n", "info.conf:1: 'interval = 7': expected a duration"},
      {"interval = -1d\n", "info.conf:1: 'interval = -1d': expected a duration"},
      {"handle = " + std::string(kMaxHandleOctets + 1, 'h') + "\n",
       "info.conf:1: 'handle' is over"},
      {"active-from = soon\n", "info.conf:1: 'active-from = soon': expected a time"},
      {"active-until = 2026-02-30\n", "info.conf:1: 'active-until = 2026-02-30': expected a time"},
      {"text = text.txt\nactive-until = 2026-12-23\nactive-from = 2026-12-24\n",
       "info.conf:2: 'active-until' is before 'active-from'"},
      {"ignore = everything\n", "info.conf:1: 'ignore = everything': expected the code of a rule"},
      {"precedence = first class\n", "info.conf:1: 'precedence = first class': expected one word"},
      {"precedence = b\u00FClk\n", "info.conf:1: 'precedence = b\u00FClk': expected one word"},
      {"envelope-from = nobody\n", "info.conf:1: 'envelope-from = nobody': expected a mail"},
      {"allow-large = maybe\n", "info.conf:1: 'allow-large = maybe': expected yes or no"},
      {"subject = a\ntext = none.txt\n", "info.conf:2: 'none.txt': cannot open: No such file"},
      {"text = text.txt\nsubject = ${nobody}\n", "info.conf:2: unknown placeholder '${nobody}'"},
      {"text = text.txt\nsubject = ${subject\n", "info.conf:2: '${' without '}'"},
      {"limit = 100\n", "info.conf:1: 'limit = 100': expected replies in a time"},
      {"limit = 0/1d\n", "info.conf:1: 'limit = 0/1d': expected replies in a time"},
      {"limit = 1/1d\nlimit = 1/1h\n", "info.conf:2: 'limit' is set already in line 1"},
      {"never-reply-to = @\n", "info.conf:1: 'never-reply-to = @': expected a domain"},
      {"only-reply-to = @-.example\n", "info.conf:1: 'only-reply-to = @-.example': expected a"},
      {"never-reply-to = none\n", "info.conf:1: 'none': cannot open: No such file"},
      {"only-reply-to = ../list\n", "info.conf:1: '../list': leads outside the folder"},
      {"only-reply-to = *@example.org\n", "info.conf:1: '*@example.org': cannot open: No such"},
      {"subject = a\n", "info.conf: needs either 'text' or 'template'"},
      {"text = text.txt\ntemplate = text.txt\n", "info.conf: needs either 'text' or 'template'"},
  };
  for (const auto& [content, fault] : cases) {
    EXPECT_EQ(desk.fault(content).substr(0, fault.size()), fault) << content;
  }
}

using Faults = std::vector<std::string>;

TEST(ResponderFile, EveryFaultIsToldToWhoeverWantsThemAll) {
  const Desk desk;
  desk.write("list", "alice@example.net\nnobody\n@\n");
  desk.write("broken.txt", "one ${nobody}\ntwo \xC3\n${subject\n");
  desk.write("info.conf",
             "whatever = 1\nkind = robot\nno setting\nlimit = many\nnever-reply-to = list\n"
             "only-reply-to = missing\nsubject = ${nobody} ${nowhere}\nignore = loop\n"
             "text = broken.txt\nactive-from = 2026-12-24\nactive-until = 2026-12-23\n");
  Faults faults;
  const auto collect = [&](const ConfigError& fault) {
    std::string text = fault.what();
    faults.push_back(text.erase(0, desk.path("").size() + 1));
  };
  check_responder(desk.path("info.conf"), collect);
  const std::vector<std::string> expected = {
      "info.conf:3: expected 'name = value'",
      "info.conf:1: unknown name 'whatever'",
      "info.conf:2: 'kind = robot': expected personal, group or service",
      "info.conf:4: 'limit = many': expected replies in a time",
      "info.conf:6: 'missing': cannot open: No such file",
      "info.conf:7: unknown placeholder '${nobody}'",
      "info.conf:7: unknown placeholder '${nowhere}'",
      "info.conf:8: the rule 'loop' cannot be switched off",
      "broken.txt:2: not UTF-8",
      "broken.txt:1: unknown placeholder '${nobody}'",
      "broken.txt:3: '${' without '}'",
      "info.conf:11: 'active-until' is before 'active-from'",
      "list:2: expected an address, @domain or @.domain",
      "list:3: expected an address, @domain or @.domain",
  };
  ASSERT_EQ(faults.size(), expected.size()) << testing::PrintToString(faults);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(faults[i].starts_with(expected[i])) << faults[i];
  }
}

TEST(ResponderFile, WithoutAFaultNobodyIsTold) {
  const Desk desk;
  desk.write("info.conf", "text = text.txt\nlimit = 5/1h\nnever-reply-to = text.txt\n");
  desk.write("text.txt", "@example.org\n");
  check_responder(desk.path("info.conf"), [](const ConfigError& fault) { FAIL() << fault.what(); });
}

TEST(ResponderText, AFaultIsNamedByFileAndLine) {
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

TEST(ResponderText, HasItsLinesEndedByLineFeedsAndNoByteOrderMark) {
  const Desk desk;
  desk.write("text.txt", "\xEF\xBB\xBFone\r\ntwo\r\n");
  EXPECT_EQ(expanded(desk.load("text = text.txt\n").text), "one\ntwo\n");
}

TEST(ResponderText, HoldsPlaceholders) {
  const Desk desk;
  desk.write("text.txt",
             "${subject} ${sender} ${sender_name} ${recipient} ${date} ${active_from} "
             "${active_until} ${message_id}\n$SUBJECT, $SUBJECTS $5 $$5 $${subject} $");
  EXPECT_EQ(expanded(desk.load("text = text.txt\n").text),
            "<subject> <sender> <sender_name> <recipient> <date> <active_from> "
            "<active_until> <message_id>\n<subject>, $SUBJECTS $5 $5 ${subject} $");
}

TEST(ResponderFiles, ANamedFileIsRelativeToTheFileThatNamesIt) {
  const Desk desk;
  desk.write("texts/closed.txt", "Closed.\n");
  EXPECT_EQ(expanded(desk.load("text = texts/closed.txt\n").text), "Closed.\n");
  EXPECT_EQ(expanded(desk.load("text = ./texts/../texts/closed.txt\n").text), "Closed.\n");
}

TEST(ResponderFiles, ANamedFileNeverLiesOutsideTheFolder) {
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
      EXPECT_EQ(fault_of([&] { load_responder(desk.path("users/alice.conf")); }),
                desk.path("users/alice.conf") + ":1: '" + name +
                    "': leads outside the folder of this file");
    }
  }
  desk.write("users/alice.conf", "text = inside.txt\n");
  EXPECT_EQ(expanded(load_responder(desk.path("users/alice.conf")).text), "Text.\n");
}

TEST(ResponderFiles, AFileThatOthersMayWriteIsRefused) {
  const Desk desk;
  ASSERT_EQ(::chmod(desk.path("text.txt").c_str(), 0646), 0);
  EXPECT_EQ(desk.fault("text = text.txt\n"),
            "info.conf:1: 'text.txt': others may write this file (chmod o-w)");
  ASSERT_EQ(::chmod(desk.path("text.txt").c_str(), 0644), 0);
  ASSERT_EQ(::chmod(desk.path("info.conf").c_str(), 0646), 0);
  EXPECT_EQ(fault_of([&] { load_responder(desk.path("info.conf")); }),
            desk.path("info.conf") + ": others may write this file (chmod o-w)");
}

TEST(ResponderFiles, WhatIsNoRegularFileIsRefusedWithoutWaiting) {
  const Desk desk;
  ASSERT_EQ(::mkfifo(desk.path("fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(desk.path("folder"));
  EXPECT_EQ(desk.fault("text = fifo\n"), "info.conf:1: 'fifo': not a regular file");
  EXPECT_EQ(desk.fault("template = folder\n"), "info.conf:1: 'folder': not a regular file");
}

TEST(ResponderFiles, AFileHasAnUpperBound) {
  const Desk desk;
  const std::string allowed = "text = text.txt\nallow-large = yes\n";
  desk.write("text.txt", std::string(kMaxReplyOctets, '\n'));
  EXPECT_EQ(desk.fault("text = text.txt\n"), "");
  desk.write("text.txt", std::string(kMaxReplyOctets + 1, '\n'));
  EXPECT_EQ(desk.fault("text = text.txt\n"),
            "info.conf:1: 'text.txt': larger than 65536 octets (see 'allow-large')");
  EXPECT_EQ(desk.fault(allowed), "");
  desk.write("text.txt", std::string(kMaxLargeReplyOctets + 1, '\n'));
  EXPECT_EQ(desk.fault(allowed), "info.conf:1: 'text.txt': larger than 1048576 octets");
}

TEST(ResponderFiles, AMissingResponderFileIsAFault) {
  EXPECT_EQ(fault_of([] { load_responder("/nonexistent/info.conf"); }),
            "/nonexistent/info.conf: cannot open: No such file or directory");
}

TEST(ResponderTemplate, IsHeaderFieldsAnEmptyLineAndTheText) {
  const Responder responder = Desk().load_template(
      "From: \"Info Desk\" <info@example.org>\r\nReply-To: desk@example.org\r\n"
      "Subject: =?iso-8859-1?Q?Gr=FC=DFe:?=\r\n ${subject}\r\nPrecedence: junk\r\n"
      "Organization: For ${sender_name}\r\n\r\nDear ${sender_name},\r\n\r\nclosed.\r\n");
  EXPECT_EQ(responder.from->display_name, "Info Desk");
  EXPECT_EQ(responder.from->addr_spec, "info@example.org");
  EXPECT_EQ(responder.reply_to->addr_spec, "desk@example.org");
  EXPECT_EQ(expanded(responder.subject), "Gr\u00FC\u00DFe: <subject>");
  EXPECT_EQ(responder.precedence, "junk");
  ASSERT_EQ(responder.extra_fields.size(), 1U);
  EXPECT_EQ(responder.extra_fields.front().name, "Organization");
  EXPECT_EQ(expanded(responder.extra_fields.front().body), "For <sender_name>");
  EXPECT_EQ(expanded(responder.text), "Dear <sender_name>,\n\nclosed.\n");
}

TEST(ResponderTemplate, MayHaveNoFields) {
  const Responder responder = Desk().load_template("\nText: ${date}\n\nmore\n");
  EXPECT_EQ(expanded(responder.text), "Text: <date>\n\nmore\n");
  EXPECT_EQ(expanded(responder.subject), "Auto: <subject>");
  EXPECT_EQ(responder.precedence, "bulk");
}

TEST(ResponderTemplate, CannotSetTheFieldsThatTheResponderSets) {
  std::string fields;
  for (const char* name :
       {"To", "cc", "BCC", "Date", "Message-Id", "In-Reply-To", "References", "Sender",
        "auto-submitted", "Return-Path", "Received", "X-Auto-Response-Suppress", "MIME-Version"}) {
    fields += std::string(name) + ": no\n";
  }
  EXPECT_TRUE(Desk().load_template(fields + "\ntext\n").extra_fields.empty());
}

TEST(ResponderTemplate, YieldsToTheSettings) {
  const Desk desk;
  desk.write(
      "reply.eml",
      "From: a@example.org\nReply-To: a@example.org\nSubject: a\nPrecedence: junk\n\ntext\n");
  const Responder responder = desk.load(
      "template = reply.eml\nfrom = b@example.org\nreply-to = b@example.org\nsubject = b\n"
      "precedence = none\n");
  EXPECT_EQ(responder.from->addr_spec, "b@example.org");
  EXPECT_EQ(responder.reply_to->addr_spec, "b@example.org");
  EXPECT_EQ(expanded(responder.subject), "b");
  EXPECT_EQ(responder.precedence, "");
}

TEST(ResponderTemplate, IsPlainTextInUtf8) {
  const Desk desk;
  for (const char* field :
       {"Content-Type: text/plain", "content-type: Text/Plain; charset=\"UTF-8\"; format=flowed",
        "Content-Type: text/plain; charset=us-ascii", "Content-Transfer-Encoding: 8bit",
        "Content-Transfer-Encoding: 7BIT"}) {
    EXPECT_EQ(desk.template_fault(std::string(field) + "\n\ntext\n"), "");
  }
  for (const char* field :
       {"Content-Type: text/html; charset=utf-8", "Content-Type: text/plain; charset=iso-8859-1",
        "Content-Type: multipart/mixed; boundary=a", "Content-Transfer-Encoding: base64"}) {
    EXPECT_EQ(desk.template_fault("Subject: a\n" + std::string(field) + "\n\ntext\n"),
              "reply.eml:2: '" + std::string(field) +
                  "': only plain text in UTF-8 is supported in a template");
  }
}

TEST(ResponderTemplate, AFaultIsNamedByFileAndLine) {
  const Desk desk;
  const std::vector<FaultCase> cases = {
      {"Subject: a\nOrganization: ${nobody}\n\ntext\n",
       "reply.eml:2: unknown placeholder '${nobody}'"},
      {"Subject: a\n b\nFrom: nobody\n\ntext\n", "reply.eml:3: 'From': expected one address"},
      {"Reply-To: a@example.org, b@example.org\n\ntext\n",
       "reply.eml:1: 'Reply-To': expected one address"},
      {"Subject: a\r\n\r\none\r\n\r\n${nobody}\r\n", "reply.eml:5: unknown placeholder"},
      {"\none\n${nobody}\n", "reply.eml:3: unknown placeholder"},
      {"Subject: a\nWe are closed.\n\ntext\n", "reply.eml:2: "},
      {"Subject: a\nno empty line\n", "reply.eml: expected header fields, an empty line"},
  };
  for (const auto& [content, fault] : cases) {
    EXPECT_EQ(desk.template_fault(content).substr(0, fault.size()), fault) << content;
  }
}

TEST(ResponderTemplate, APrecedenceIsAWordOfAscii) {
  const Desk desk;
  for (const char* body : {"b\u00FClk", "bu\x01lk"}) {
    const std::string content = "Precedence: " + std::string(body) + "\n\ntext\n";
    EXPECT_EQ(desk.template_fault(content).substr(0, 13), "reply.eml:1: ") << body;
  }
}

/// A folder of responders in which the subject tells which file was found.
class Responders {
 public:
  explicit Responders(const std::vector<std::string>& names) {
    for (const auto& name : names)
      add(name);
  }
  void add(const std::string& name) const {
    const auto slash = name.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : name.substr(0, slash + 1);
    static_cast<void>(folder_.write(folder + "text", "text\n"));
    static_cast<void>(folder_.write(name, "text = text\nsubject = " + name + "\n"));
  }
  /// The name of the file found, or "none".
  [[nodiscard]] std::string find(std::string_view text, const std::string& delimiters = "+") const {
    const auto found = responder_folder(folder_.path(), delimiters)->find(address(text));
    return found ? expanded(found->responder->subject) : "none";
  }
  [[nodiscard]] const test::TemporaryFolder& folder() const { return folder_; }

 private:
  test::TemporaryFolder folder_;
};

TEST(ResponderLookup, TakesTheAddressThenItWithoutExtensionThenTheDomain) {
  const Responders responders(
      {"example.org/info+de.conf", "example.org/info.conf", "example.org.conf"});
  EXPECT_EQ(responders.find("info+de@example.org"), "example.org/info+de.conf");
  EXPECT_EQ(responders.find("info+fr@example.org"), "example.org/info.conf");
  EXPECT_EQ(responders.find("info@example.org"), "example.org/info.conf");
  EXPECT_EQ(responders.find("other@example.org"), "example.org.conf");
  EXPECT_EQ(responders.find("info@example.net"), "none");
  EXPECT_EQ(responders.find("info@sub.example.org"), "none");
}

TEST(ResponderLookup, KnowsOnlyTheGivenDelimiters) {
  const Responders responders({"example.org/info.conf"});
  EXPECT_EQ(responders.find("info-de@example.org", "+"), "none");
  EXPECT_EQ(responders.find("info-de@example.org", "+-"), "example.org/info.conf");
  EXPECT_EQ(responders.find("info+de@example.org", ""), "none");
}

TEST(ResponderLookup, IgnoresCaseAndTheSpellingOfTheDomain) {
  const Responders responders({"example.org/info.conf", "xn--bcher-kva.example/j\u00FCrgen.conf"});
  EXPECT_EQ(responders.find("INFO@Example.ORG"), "example.org/info.conf");
  EXPECT_EQ(responders.find("J\u00DCRGEN@B\u00DCCHER.example"),
            "xn--bcher-kva.example/j\u00FCrgen.conf");
}

TEST(ResponderLookup, NeverLeavesTheFolder) {
  const Responders responders({"example.org/info.conf", "example.net/info.conf"});
  for (const char* text : {"\"../example.net/info\"@example.org", "\"..\"@example.org",
                           "\"/info\"@example.org", "../../info@example.org"}) {
    const auto parsed = parse_address(text);
    if (!parsed) continue;
    EXPECT_EQ(responders.find(text), "none") << text;
  }
  responders.add("example.org/..%2Finfo.conf");
  responders.add("example.org/%2E.%2Finfo.conf");
  EXPECT_EQ(responders.find("\"../info\"@example.org"), "example.org/%2E.%2Finfo.conf");
}

TEST(ResponderLookup, ALocalPartTooLongForAFileNameHasTheDomainsResponder) {
  const Responders responders({"example.org/info.conf", "example.org.conf"});
  const std::string slashes(200, '/');  // three octets each in the name of the file
  EXPECT_EQ(responders.find(slashes + "@example.org"), "example.org.conf");
}

TEST(ResponderLookup, AFileThatIsThereAndCannotBeUsedIsAFault) {
  const Responders responders({"example.org.conf"});
  static_cast<void>(responders.folder().write("example.org/info.conf", "whatever = 1\n"));
  EXPECT_THROW(static_cast<void>(responders.find("info@example.org")), ConfigError);
  EXPECT_EQ(responders.find("other@example.org"), "example.org.conf");
}

TEST(ResponderLookup, AMissingFolderIsAFault) {
  const auto source = responder_folder("/nonexistent", "+");
  EXPECT_EQ(fault_of([&] { static_cast<void>(source->find(address("info@example.org"))); }),
            "/nonexistent: no such folder of responders");
}

TEST(ResponderLookup, ASingleResponderIsForEveryAddress) {
  const Desk desk;
  desk.write("info.conf", "text = text.txt\n");
  const auto source = single_responder(desk.path("info.conf"), "+");
  for (const char* text : {"a@example.org", "b@example.net"}) {
    const auto found = source->find(address(text));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->responder->file, desk.path("info.conf"));
  }
}

/// What check_responder_folder says, faults first, the folder's name left out.
Faults check_folder(const test::TemporaryFolder& folder) {
  Faults faults;
  const auto count = check_responder_folder(folder.path(), [&](const ConfigError& fault) {
    std::string text = fault.what();
    faults.push_back(text.erase(0, folder.path().size() + 1));
  });
  faults.push_back(std::to_string(count));
  return faults;
}

TEST(ResponderFolderCheck, CountsTheRespondersOfAFolderWithoutAFault) {
  const Responders responders({"example.org/info.conf", "example.org/%2Ea%2Fb.conf",
                               "example.org/a%25b.conf", "example.org/j\u00FCrgen.conf",
                               "example.org/info+de.conf", "example.org.conf",
                               "xn--bcher-kva.example/a b.conf", "[192.0.2.1]/root.conf"});
  static_cast<void>(responders.folder().write("README", "no responder\n"));
  static_cast<void>(responders.folder().write("example.org/texts/a.txt", "no responder\n"));
  EXPECT_EQ(check_folder(responders.folder()), Faults{"8"});
}

TEST(ResponderFolderCheck, ReadsAllFilesInTheOrderOfTheirNames) {
  const Responders responders({"a.example/info.conf", "b.example.conf"});
  for (const char* name :
       {"c.example/b.conf", "c.example/a.conf", "a.example/z.conf", "d.example.conf"}) {
    static_cast<void>(responders.folder().write(name, "whatever = 1\ntext = text\n"));
  }
  const std::string unknown = ":1: unknown name 'whatever'";
  const std::string missing = ":2: 'text': cannot open: No such file or directory";
  EXPECT_EQ(check_folder(responders.folder()),
            (Faults{"a.example/z.conf" + unknown, "c.example/a.conf" + unknown,
                    "c.example/a.conf" + missing, "c.example/b.conf" + unknown,
                    "c.example/b.conf" + missing, "d.example.conf" + unknown, "6"}));
}

TEST(ResponderFolderCheck, NamesAreThoseThatAnAddressLeadsTo) {
  for (const std::string name :
       {"example.org/Info.conf", "example.org/.hidden.conf", "example.org/a%2fb.conf",
        "example.org/a%.conf", "example.org/%41.conf", "example.org/J\u00DCRGEN.conf",
        "example.org/a%2.conf", "Example.org.conf", "-example.conf", "b\u00FCcher.example.conf",
        "exa_mple.org.conf", "example..org.conf"}) {
    const Responders responders({name});
    const auto faults = check_folder(responders.folder());
    ASSERT_EQ(faults.size(), 2U) << name;
    EXPECT_TRUE(faults[0].starts_with(name + ": no address leads to a file of this name")) << name;
  }
  for (const std::string folder : {"Example.org", "b\u00FCcher.example", "texts_", ".hidden"}) {
    const Responders responders({folder + "/info.conf"});
    const auto faults = check_folder(responders.folder());
    ASSERT_EQ(faults.size(), 2U) << folder;
    EXPECT_TRUE(faults[0].starts_with(folder + ": no address leads to a folder of this name"));
  }
}

TEST(ResponderFolderCheck, EveryNameThatIsFineIsFoundByItsAddress) {
  for (const char* text : {"info@example.org", "\".a/b\"@example.org", "\"a%b\"@example.org",
                           "J\u00DCRGEN@B\u00DCCHER.example", "\"a b\"@[192.0.2.1]"}) {
    const auto one = address(text);
    const Responders responders(
        {encode_file_name(one.ascii_domain) + "/" + encode_file_name(one.local_part) + ".conf"});
    EXPECT_NE(responders.find(text), "none") << text;
    EXPECT_EQ(check_folder(responders.folder()), Faults{"1"}) << text;
  }
}

TEST(ResponderFolderCheck, WhatCannotBeReadIsAFault) {
  const test::TemporaryFolder folder;
  Faults faults;
  const auto collect = [&](const ConfigError& fault) { faults.emplace_back(fault.what()); };
  EXPECT_EQ(check_responder_folder(folder.path("missing"), collect), 0U);
  EXPECT_EQ(check_responder_folder(folder.write("file", ""), collect), 0U);
  EXPECT_EQ(faults, (Faults{folder.path("missing") + ": cannot read: No such file or directory",
                            folder.path("file") + ": cannot read: Not a directory"}));
  const Responders responders({"example.org/info.conf"});
  std::filesystem::create_symlink("nowhere", responders.folder().path("example.org/lost.conf"));
  std::filesystem::create_directory(responders.folder().path("example.org/folder.conf"));
  EXPECT_EQ(check_folder(responders.folder()),
            (Faults{"example.org/folder.conf: not a regular file",
                    "example.org/lost.conf: cannot open: No such file or directory", "3"}));
}

TEST(ResponderLookup, EncodesWhatAFileNameCannotHold) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Info", "info"},  {"a.b", "a.b"},
      {".a", "%2Ea"},    {"..", "%2E."},
      {"a/b", "a%2Fb"},  {"a%2Fb", "a%252fb"},
      {"a b", "a b"},    {"a\nb", "a%0Ab"},
      {"a\x7F", "a%7F"}, {"J\u00DCRGEN", "j\u00FCrgen"},
      {"", ""},          {"[ipv6:2001:db8::1]", "[ipv6:2001:db8::1]"}};
  for (const auto& [part, name] : cases)
    EXPECT_EQ(encode_file_name(part), name);
}

}  // namespace
}  // namespace inforeply
