#include "responder/responder.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decision/decision.hpp"
#include "fixtures.hpp"
#include "inforeply/cache_records.hpp"
#include "inforeply/error.hpp"
#include "responder/address_pattern.hpp"
#include "responder/responder_desk.hpp"

namespace inforeply {
namespace {

using std::chrono::hours;
using test::address;
using test::Desk;
using test::expanded;

TEST(ResponderFile, NeedsNothingButAText) {
  const Responder responder = Desk().load("text = text.txt\n");
  ASSERT_EQ(responder.reply.languages.size(), 1U);
  EXPECT_EQ(responder.reply.languages.front().text->name, "text.txt");
  EXPECT_EQ(responder.kind, ResponderKind::kPersonal);
  EXPECT_TRUE(responder.addresses.empty());
  EXPECT_FALSE(responder.reply.from || responder.reply.reply_to || responder.reply.bcc);
  EXPECT_FALSE(responder.schedule.from || responder.schedule.until);
  EXPECT_TRUE(responder.ignored.empty());
  EXPECT_EQ(responder.reply.precedence, "bulk");
  EXPECT_FALSE(responder.reply.allow_large || responder.reply.all_languages);
  EXPECT_FALSE(responder.reply.quote.headers);
  EXPECT_EQ(responder.reply.quote.lines, 0U);
  EXPECT_TRUE(responder.sections.empty());
}

TEST(ResponderFile, IgnoresCommentsBlankLinesByteOrderMarkAndLineEnds) {
  const Responder responder =
      Desk().load("\xEF\xBB\xBF# comment\r\n\r\n  text=text.txt  \r\n\t# comment\r\nkind = group");
  EXPECT_EQ(responder.kind, ResponderKind::kGroup);
}

TEST(ResponderFile, KeepsANumberSignInsideAValue) {
  const Responder responder = Desk().load_with_text("subject = Ticket #7 = open # still\n");
  EXPECT_EQ(expanded(*responder.reply.find({})->subject), "Ticket #7 = open # still");
  const Responder copied =
      Desk().load_with_text("subject = =?utf-8?Q?B=C3=BCro:_${subject}?=\n");  // out of Sieve
  EXPECT_EQ(expanded(*copied.reply.find({})->subject), "B\u00FCro: <subject>");
}

TEST(ResponderFile, KnowsTheKindsOfRfc3834) {
  const Desk desk;
  EXPECT_EQ(desk.load_with_text("kind = personal\n").kind, ResponderKind::kPersonal);
  EXPECT_EQ(desk.load_with_text("kind = group\n").kind, ResponderKind::kGroup);
  EXPECT_EQ(desk.load_with_text("kind = service\n").kind, ResponderKind::kService);
}

TEST(Rfc3834, R03_ASenderIsAnsweredOnceInSevenDaysUnlessSetOtherwise) {
  const Desk desk;
  EXPECT_EQ(desk.load_with_text("").reply.interval, hours(7 * 24));
  EXPECT_EQ(desk.load_with_text("kind = group\n").reply.interval, hours(7 * 24));
  EXPECT_EQ(desk.load_with_text("kind = service\n").reply.interval, hours(1));
  EXPECT_EQ(desk.load_with_text("interval = 2w\nkind = service\n").reply.interval, hours(14 * 24));
  EXPECT_EQ(desk.load_with_text("interval = 0\n").reply.interval, hours(0));
  EXPECT_EQ(desk.load_with_text("interval = once\n").reply.interval, std::nullopt);
}

TEST(Rfc3834, R05_TheRecipientNamesASetOfAddressesThatAreHis) {
  const Responder responder = Desk().load_with_text(
      "address = info@example.org\naddress = \"a b\"@example.net\naddress = "
      "x@B\u00FCcher.example\n");
  std::vector<std::string> own;
  for (const auto& address : responder.addresses)
    own.push_back(address.normalized());
  EXPECT_EQ(own, (std::vector<std::string>{"info@example.org", "a b@example.net",
                                           "x@xn--bcher-kva.example"}));
}

TEST(Rfc3834, R13_APersonSetsNameAndAddressOfTheFromField) {
  const Desk desk;
  const auto from =
      desk.load_with_text("from = \"Desk, the\" <desk@B\u00FCcher.example>\n").reply.from;
  ASSERT_TRUE(from);
  EXPECT_EQ(from->display_name, "Desk, the");
  EXPECT_EQ(from->addr_spec, "desk@xn--bcher-kva.example");
  EXPECT_EQ(desk.load_with_text("from = desk@example.org\n").reply.from->display_name, "");
}

TEST(Rfc3834, R16_ThereIsNoReplyToUnlessSet) {
  const Desk desk;
  EXPECT_FALSE(desk.load_with_text("from = desk@example.org\n").reply.reply_to);
  const auto reply_to = desk.load_with_text("reply-to = Desk <desk@example.org>\n").reply.reply_to;
  ASSERT_TRUE(reply_to);
  EXPECT_EQ(reply_to->display_name, "Desk");
  EXPECT_EQ(reply_to->addr_spec, "desk@example.org");
}

TEST(Rfc3834, R19_TheSubjectBeginsWithAutoUnlessSet) {
  const Desk desk;
  EXPECT_EQ(expanded(desk.reply_with_text("").texts.front().subject), "Auto: <subject>");
  EXPECT_EQ(expanded(desk.reply_with_text("subject = Closed\n").texts.front().subject), "Closed");
}

TEST(Rfc3834, R23_ThePrecedenceCanBeSetOrLeftOut) {
  const Desk desk;
  EXPECT_EQ(desk.load_with_text("precedence = junk\n").reply.precedence, "junk");
  EXPECT_EQ(desk.load_with_text("precedence = none\n").reply.precedence, "");
}

TEST(Rfc3834, R27_TheEnvelopeSenderIsNullUnlessSet) {
  const Desk desk;
  EXPECT_EQ(desk.load_with_text("").reply.envelope_from, "");
  EXPECT_EQ(desk.load_with_text("envelope-from = <>\n").reply.envelope_from, "");
  EXPECT_EQ(desk.load_with_text("envelope-from = robot@example.org\n").reply.envelope_from,
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
  EXPECT_EQ(*responder.schedule.until - *responder.schedule.from, hours(24));
  const Responder same = Desk().load_with_text("active-until = 2026-12-31T24:00\n");
  EXPECT_EQ(same.schedule.until, responder.schedule.until);
}

TEST(ResponderFile, APeriodMayHaveATimeAndAZone) {
  const Responder responder = Desk().load_with_text(
      "active-from = 2026-12-24T18:00Z\nactive-until = 2026-12-24T20:30+01:00\n");
  EXPECT_EQ(*responder.schedule.from, Time(Seconds(1'798'135'200)));
  EXPECT_EQ(*responder.schedule.until, Time(Seconds(1'798'135'200 + 90 * 60)));
}

TEST(ResponderFile, AllowsALargeReplyOnlyWhenTold) {
  const Desk desk;
  EXPECT_TRUE(desk.load_with_text("allow-large = yes\n").reply.allow_large);
  EXPECT_FALSE(desk.load_with_text("allow-large = no\n").reply.allow_large);
}

TEST(ResponderFile, LimitsItsRepliesUnlessItIsTold) {
  const Desk desk;
  const auto usual = desk.load_with_text("");
  ASSERT_TRUE(usual.limit && usual.limit_person);
  EXPECT_EQ(usual.limit->text, "300/1h");
  EXPECT_EQ(usual.limit_person->text, "5/1d");
  for (const auto& given : {*usual.limit, *usual.limit_person}) {
    const auto same = parse_rate_limit(given.text);
    EXPECT_TRUE(same && same->replies == given.replies && same->period == given.period);
  }
  const auto none = desk.load_with_text("limit = none\nlimit-person = none\n");
  EXPECT_FALSE(none.limit || none.limit_person);
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
      {"subject = a\n", "info.conf: needs 'text', 'html' or 'template'"},
      {"text = text.txt\ntemplate = text.txt\n", "info.conf:2: 'template' does not go with 'text'"},
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
  check_responder(desk.path("info.conf"), {}, collect);
  const std::vector<std::string> expected = {
      "info.conf:3: expected 'name = value'",
      "info.conf:1: unknown name 'whatever'",
      "info.conf:2: 'kind = robot': expected personal, group or service",
      "info.conf:4: 'limit = many': expected replies in a time",
      "info.conf:6: 'missing': cannot open: No such file",
      "info.conf:7: unknown placeholder '${nobody}'",
      "info.conf:7: unknown placeholder '${nowhere}'",
      "info.conf:8: the rule 'loop' cannot be switched off",
      "info.conf:11: 'active-until' is before 'active-from'",
      "list:2: expected an address, @domain or @.domain",
      "list:3: expected an address, @domain or @.domain",
      "broken.txt:2: not UTF-8",
      "broken.txt:1: unknown placeholder '${nobody}'",
      "broken.txt:3: '${' without '}'",
  };
  ASSERT_EQ(faults.size(), expected.size()) << testing::PrintToString(faults);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(faults[i].starts_with(expected[i])) << faults[i];
  }
}

TEST(Rfc3834, R10_AReplyThatOnlyALongMessageMakesTooLargeIsFoundBeforeThatComes) {
  const Desk desk;
  desk.write("info.conf", "text = text.txt\n");
  const auto faults_with = [&](const std::string& placeholders) {
    desk.write("text.txt", test::repeated(std::string(63, 'x') + "\n", 900) + placeholders);
    Faults faults;
    check_responder(desk.path("info.conf"), {},
                    [&](const ConfigError& fault) { faults.emplace_back(fault.what()); });
    return faults;
  };
  EXPECT_EQ(faults_with(""), Faults{});
  const auto faults = faults_with("${subject}\n${subject}\n");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_NE(faults.front().find("more than 65536"), std::string::npos) << faults.front();
}

TEST(ResponderFile, WithoutAFaultNobodyIsTold) {
  const Desk desk;
  desk.write("info.conf", "text = text.txt\nlimit = 5/1h\nnever-reply-to = text.txt\n");
  desk.write("text.txt", "@example.org\n");
  check_responder(desk.path("info.conf"), {},
                  [](const ConfigError& fault) { FAIL() << fault.what(); });
}

}  // namespace
}  // namespace inforeply
