#include "decision/decision.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decision/explanation.hpp"
#include "decision/situation.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using test::address;
using test::decide_message;
using test::decide_on;
using test::Fields;
using test::kNow;
using test::Situation;
using test::verdict;
using test::verdict_of;
using test::verdict_with;

const RuleResult& result_of(const Decision& decision, Reason reason) {
  return *std::find_if(decision.results.begin(), decision.results.end(),
                       [&](const RuleResult& result) { return result.reason == reason; });
}

TEST(Decision, ALetterIsAnswered) {
  EXPECT_EQ(verdict({}), "reply");
}

TEST(Decision, AsksTheRulesInOneOrderAndKnowsTheHardOnes) {
  const std::vector<std::pair<std::string, bool>> expected = {{"no-responder", true},
                                                              {"inactive", true},
                                                              {"late", true},
                                                              {"null-sender", true},
                                                              {"invalid-sender", true},
                                                              {"own-address", true},
                                                              {"loop", true},
                                                              {"auto-submitted", true},
                                                              {"report", true},
                                                              {"excluded", true},
                                                              {"system-sender", false},
                                                              {"list", false},
                                                              {"precedence", false},
                                                              {"suppress-requested", false},
                                                              {"auto-reply", false},
                                                              {"spam", false},
                                                              {"unauthenticated", false},
                                                              {"not-addressed", false},
                                                              {"recently-answered", true},
                                                              {"rate-limited", true}};
  std::vector<std::pair<std::string, bool>> found;
  for (const auto& result : decide_on({}).results) {
    found.emplace_back(code_of(result.reason), result.hard);
    EXPECT_EQ(is_soft(result.reason), !result.hard);
    EXPECT_EQ(reason_of(code_of(result.reason)), result.reason);
    EXPECT_FALSE(result.source.empty());
  }
  EXPECT_EQ(found, expected);
}

TEST(Decision, OnlyTheCacheIsLeftWhenAnAnswerIsDue) {
  for (const auto& result : decide_on({}).results) {
    const bool of_cache =
        result.reason == Reason::kRecentlyAnswered || result.reason == Reason::kRateLimited;
    EXPECT_EQ(result.outcome, of_cache ? Outcome::kLeftToCache : Outcome::kPassed);
    EXPECT_EQ(result.evidence, "");
  }
}

TEST(Decision, AMessageThatCameLongAgoIsLate) {
  Situation situation;
  situation.give_up_after = Seconds(3600);
  const auto verdict_received = [&](Time at) {
    situation.fields.front() = "Received: by mx.example.org; " + format_rfc5322(at);
    return verdict(situation);
  };
  EXPECT_EQ(verdict(situation), "reply") << "nobody knows when it came";
  situation.fields.insert(situation.fields.begin(), "");
  EXPECT_EQ(verdict_received(kNow - Seconds(3600)), "reply");
  EXPECT_EQ(verdict_received(kNow - Seconds(3601)), "late");
  EXPECT_EQ(verdict_received(kNow + Seconds(3601)), "reply");
  situation.give_up_after.reset();
  EXPECT_EQ(verdict_received(kNow - Seconds(3601)), "reply");
}

TEST(Rfc3834, R01_AMessageIsAnsweredOnlyWhenNoRuleHits) {
  Situation situation;
  situation.has_responder = false;
  situation.responder.schedule.until = kNow - Seconds(1);
  situation.sender = "";
  ASSERT_TRUE(situation.responder.never_reply_to.add("mailer-daemon@example.net"));
  situation.trusted_authserv = {"mx.example.org"};
  situation.give_up_after = Seconds(10);
  situation.fields = {"Received: by x; Mon, 1 Jan 2001 00:00:00 +0000",
                      "Message-ID: <inforeply.1@example.org>",
                      "Auto-Submitted: auto-replied",
                      "Content-Type: multipart/report",
                      "List-Id: <a.example.net>",
                      "Precedence: bulk",
                      "X-Auto-Response-Suppress: All",
                      "X-Autoreply: yes",
                      "X-Spam-Flag: YES",
                      "Authentication-Results: mx.example.org; dmarc=fail",
                      "To: other@example.org"};
  const auto drop_first_field = [](Situation& s) { s.fields.erase(s.fields.begin()); };
  // Each rule that hits, in order, and what makes it pass.
  const std::vector<std::pair<std::string, std::function<void(Situation&)>>> steps = {
      {"no-responder", [](Situation& s) { s.has_responder = true; }},
      {"inactive", [](Situation& s) { s.responder.schedule.until.reset(); }},
      {"late", drop_first_field},
      {"null-sender", [](Situation& s) { s.sender = "nobody"; }},
      {"invalid-sender", [](Situation& s) { s.sender = "info@example.org"; }},
      {"own-address", [](Situation& s) { s.sender = "mailer-daemon@example.net"; }},
      {"loop", drop_first_field},
      {"auto-submitted", drop_first_field},
      {"report", drop_first_field},
      {"excluded", [](Situation& s) { s.responder.never_reply_to = {}; }},
      {"system-sender", [](Situation& s) { s.sender = "alice@example.net"; }},
      {"list", drop_first_field},
      {"precedence", drop_first_field},
      {"suppress-requested", drop_first_field},
      {"auto-reply", drop_first_field},
      {"spam", drop_first_field},
      {"unauthenticated", drop_first_field},
      {"not-addressed", [](Situation& s) { s.fields.front() = "To: info@example.org"; }}};
  std::vector<std::string> asked;
  for (const auto& [code, mend] : steps) {
    EXPECT_EQ(verdict(situation), code);
    mend(situation);
    asked.push_back(code);
  }
  const Decision answered = decide_on(situation);
  EXPECT_EQ(verdict_of(answered), "reply");
  std::vector<std::string> rules;
  for (const auto& result : answered.results) {
    if (result.outcome != Outcome::kLeftToCache) rules.emplace_back(code_of(result.reason));
  }
  EXPECT_EQ(asked, rules);
}

TEST(Decision, TheFirstRuleThatHitsEndsTheAsking) {
  Situation situation;
  situation.fields.insert(situation.fields.end(), {"List-Id: <a.example.net>", "Precedence: bulk"});
  const Decision decision = decide_on(situation);
  for (const auto& result : decision.results) {
    const auto expected = result.reason < Reason::kList    ? Outcome::kPassed
                          : result.reason == Reason::kList ? Outcome::kHit
                                                           : Outcome::kNotAsked;
    EXPECT_EQ(result.outcome, expected) << code_of(result.reason);
  }
  EXPECT_EQ(result_of(decision, Reason::kList).evidence, "List-Id: <a.example.net>");
  EXPECT_EQ(result_of(decision, Reason::kList).source, "RFC 2919");
}

TEST(Decision, ASoftRuleCanBeSwitchedOffAndStillShowsItsHit) {
  const std::vector<std::pair<Reason, std::string>> cases = {
      {Reason::kSystemSender, "Sender: owner-news@example.net"},
      {Reason::kList, "List-Id: <a.example.net>"},
      {Reason::kPrecedence, "Precedence: junk"},
      {Reason::kSuppressRequested, "X-Auto-Response-Suppress: OOF"},
      {Reason::kAutoReply, "X-Autorespond: yes"},
      {Reason::kSpam, "X-Spam: Yes"}};
  for (const auto& [reason, field] : cases) {
    Situation situation;
    situation.fields.push_back(field);
    EXPECT_EQ(verdict(situation), code_of(reason));
    situation.responder.ignored = {reason};
    const Decision decision = decide_on(situation);
    EXPECT_EQ(verdict_of(decision), "reply");
    EXPECT_EQ(result_of(decision, reason).outcome, Outcome::kIgnored);
    EXPECT_EQ(result_of(decision, reason).evidence, field);
  }
  Situation unaddressed;
  unaddressed.own.clear();
  EXPECT_EQ(verdict(unaddressed), "not-addressed");
  unaddressed.responder.ignored = {Reason::kNotAddressed};
  EXPECT_EQ(verdict(unaddressed), "reply");
}

TEST(Decision, AHardRuleCannotBeSwitchedOff) {
  std::vector<std::pair<Reason, Situation>> cases(5);
  cases[0].first = Reason::kInactive;
  cases[0].second.responder.schedule.from = kNow + Seconds(1);
  cases[1].first = Reason::kOwnAddress;
  cases[1].second.sender = "info@example.org";
  cases[2].first = Reason::kLoop;
  cases[2].second.fields.back() = "Message-ID: <inforeply.1@example.org>";
  cases[3].first = Reason::kAutoSubmitted;
  cases[3].second.fields.emplace_back("Auto-Submitted: auto-generated");
  cases[4].first = Reason::kReport;
  cases[4].second.fields.emplace_back("X-Failed-Recipients: bob@example.net");
  for (auto& [reason, situation] : cases) {
    situation.responder.ignored = {reason};
    EXPECT_EQ(verdict(situation), code_of(reason));
  }
}

TEST(Decision, WithoutAResponderThereIsNoAnswer) {
  Situation situation;
  situation.has_responder = false;
  EXPECT_EQ(verdict(situation), "no-responder");
}

TEST(Decision, ThePeriodIncludesItsBeginAndExcludesItsEnd) {
  Situation situation;
  situation.responder.schedule.from = kNow - Seconds(10);
  situation.responder.schedule.until = kNow + Seconds(10);
  const std::vector<std::pair<int, std::string>> cases = {
      {-11, "inactive"}, {-10, "reply"}, {0, "reply"}, {9, "reply"}, {10, "inactive"}};
  for (const auto& [offset, expected] : cases) {
    situation.now = kNow + Seconds(offset);
    EXPECT_EQ(verdict(situation), expected) << offset;
  }
}

TEST(Rfc3834, R06_TheNullSenderIsNotAnswered) {
  Situation situation;
  situation.sender = "";
  EXPECT_EQ(verdict(situation), "null-sender");
}

TEST(Rfc3834, R08_WhatIsNoAddressIsNotAnswered) {
  for (const char* sender :
       {"alice", "alice@", "@example.net", "alice@-.example", "a b@example.net",
        "<alice@example.net>", "alice@example.net\n", "alice@example.net, bob@example.net",
        "\xFF@example.net", "alice@[300.0.0.1]", "@a.example:alice@example.net"}) {
    Situation situation;
    situation.sender = sender;
    EXPECT_EQ(verdict(situation), "invalid-sender") << sender;
  }
  for (const char* sender : {"\"a b\"@example.net", "j\u00FCrgen@b\u00FCcher.example",
                             "alice@[192.0.2.1]", "--help@example.net"}) {
    Situation situation;
    situation.sender = sender;
    EXPECT_EQ(verdict(situation), "reply") << sender;
  }
}

TEST(Rfc3834, R09_AServiceDoesNotAnswerARequestWithoutFrom) {
  Situation situation;
  situation.fields = {"To: info@example.org"};
  EXPECT_EQ(verdict(situation), "reply");
  situation.responder.kind = ResponderKind::kGroup;
  EXPECT_EQ(verdict(situation), "reply");
  situation.responder.kind = ResponderKind::kService;
  EXPECT_EQ(verdict(situation), "invalid-sender");
}

TEST(Rfc3834, R09_AServiceDoesNotAnswerWhatIsHardlyAMessage) {
  using namespace std::string_view_literals;
  Situation situation;
  situation.responder.kind = ResponderKind::kService;
  for (const auto text :
       {""sv, "\0"sv, ":"sv, "\n"sv, "\r"sv, ": x\n\nFrom: a@example.net\n"sv,
        "\nFrom: Alice <alice@example.net>\n\nHello\n"sv, "Hello\n"sv, "From"sv,
        "From Alice\n\nHello\n"sv, "From:\n\nx\n"sv, "\xFF\xFE\0F\0r\0o\0m\0:\0 \0a\0"sv,
        "%PDF-1.4\n%\xE2\xE3\xCF\xD3\n1 0 obj\n"sv, "\x1F\x8B\x08\0\0\n\n\0:\xFF"sv}) {
    EXPECT_EQ(verdict_of(decide_message(situation, text)), "invalid-sender")
        << to_single_line(text);
  }
}

TEST(Decision, TheRecipientsOwnAddressesAreNotAnswered) {
  Situation situation;
  situation.own.push_back(address("desk@b\u00FCcher.example"));
  for (const char* sender : {"info@example.org", "INFO@Example.Org", "info+x@example.org",
                             "\"info\"@example.org", "desk@xn--bcher-kva.example"}) {
    situation.sender = sender;
    EXPECT_EQ(verdict(situation), "own-address") << sender;
  }
  for (const char* sender : {"info@example.net", "info-x@example.org", "xinfo@example.org"}) {
    situation.sender = sender;
    EXPECT_EQ(verdict(situation), "reply") << sender;
  }
}

TEST(Decision, AMessageThatCarriesOurMarkIsALoop) {
  for (const char* field :
       {"Message-ID: <inforeply.0123@example.org>", "message-id:\t<INFOREPLY.0123@example.org>",
        "Message-ID:\n <inforeply.0123@example.org>"}) {
    EXPECT_EQ(verdict_with(field), "loop") << field;
  }
  EXPECT_EQ(verdict_with("Message-ID: <x.inforeply.1@example.org>"), "reply");
}

TEST(Decision, AnAnswerToOurReplyIsALoopUnlessForAService) {
  Situation situation;
  situation.fields.emplace_back("In-Reply-To: <inforeply.0123@example.org>");
  EXPECT_EQ(verdict(situation), "loop");
  situation.responder.kind = ResponderKind::kGroup;
  EXPECT_EQ(verdict(situation), "loop");
  situation.responder.kind = ResponderKind::kService;
  EXPECT_EQ(verdict(situation), "reply");
}

TEST(Decision, AMessageThatHasPassedTooManyHopsIsALoop) {
  Situation situation;
  situation.fields.insert(situation.fields.end(), 50, "Received: from a by b");
  EXPECT_EQ(verdict(situation), "reply");
  situation.fields.emplace_back("RECEIVED: from a by b");
  EXPECT_EQ(verdict(situation), "loop");
}

TEST(Rfc3834, R02_AutoSubmittedOtherThanNoIsNotAnswered) {
  for (const char* body :
       {"auto-generated", "auto-replied", "AUTO-REPLIED", "auto-notified", "auto-x-unknown", "yes",
        "no-really", "not", "nono", "no, auto-replied", "(no) auto-replied", "(no)", "", "; no",
        "no auto-replied", "\"no\" auto-replied", "(unclosed no"}) {
    EXPECT_EQ(verdict_with(std::string("Auto-Submitted: ") + body), "auto-submitted") << body;
  }
  for (const char* body : {"no", "No", "NO", "(by hand) no", "no (by hand)", "no(by hand)",
                           "(a (nested \\) ) comment) no", "\n no"}) {
    EXPECT_EQ(verdict_with(std::string("Auto-Submitted: ") + body), "reply") << body;
  }
}

TEST(Rfc3834, R02_AnyOfSeveralAutoSubmittedFieldsCounts) {
  Situation situation;
  situation.fields.insert(
      situation.fields.end(),
      {"Auto-Submitted: no", "Auto-Submitted: auto-replied", "Auto-Submitted: no"});
  EXPECT_EQ(verdict(situation), "auto-submitted");
}

TEST(Rfc3834, R31_ParametersOfAutoSubmittedDoNotMatter) {
  for (const char* parameters : {"; owner-email=\"bob@example.net\"", ";x=1;y=\"a;b\"",
                                 " (comment) ; (comment) x = 1 ", ";\n x=\"no\"", ";"}) {
    EXPECT_EQ(verdict_with(std::string("Auto-Submitted: no") + parameters), "reply") << parameters;
    EXPECT_EQ(verdict_with(std::string("Auto-Submitted: auto-generated") + parameters),
              "auto-submitted")
        << parameters;
  }
}

TEST(Decision, AReportIsNotAnswered) {
  for (const char* field :
       {"Content-Type: multipart/report; report-type=delivery-status; boundary=x",
        "content-type: Multipart/Report", "Content-Type: (c) multipart / report (c); a=b",
        "Content-Type: message/delivery-status", "Content-Type: message/global-delivery-status",
        "Content-Type: message/disposition-notification", "Content-Type: message/feedback-report",
        "X-Failed-Recipients: bob@example.net", "X-Failed-Recipients:"}) {
    EXPECT_EQ(verdict_with(field), "report") << field;
  }
  for (const char* field :
       {"Content-Type: text/plain; x=multipart/report", "Content-Type: multipart/mixed",
        "Content-Type: multipart/reports", "Content-Type: text/plain (multipart/report)",
        "X-Content-Type: multipart/report"}) {
    EXPECT_EQ(verdict_with(field), "reply") << field;
  }
}

TEST(Rfc3834, R07_AddressesThatRespondersUseAreNotAnswered) {
  const std::vector<std::string> robots = {
      "MAILER-DAEMON", "mailer-daemon", "Postmaster", "owner-news", "news-owner", "news-request",
      "news-bounce", "news-bounces", "bounce+a=b", "bounces+1", "bounces", "listserv", "majordomo",
      "noreply", "no-reply", "No_Reply", "no.reply", "donotreply", "do-not-reply", "noreply+123",
      "news-bounces+alice=example.net",
      // mlmmj's: a post, a request to confirm, a digest, a fixed bounce address
      "news+bounces-1-alice=example.net", "news+bounces-confsub-0d9e-alice=example.net",
      "news+bounces-digest-alice=example.net", "errors+news-bounces-1-alice=example.net"};
  for (const auto& robot : robots) {
    Situation situation;
    situation.sender = robot + "@example.net";
    EXPECT_EQ(verdict(situation), "system-sender") << robot;
    for (const char* name : {"From", "sender"}) {
      EXPECT_EQ(verdict_with(std::string(name) + ": Robot <" + robot + "@example.net>"),
                "system-sender")
          << name << ' ' << robot;
    }
  }
  for (const char* person : {"post-master", "owner", "request", "ownership", "rebounce",
                             "bounce-house", "noreplyman", "alice+noreply", "request-alice",
                             "alice+bounces", "alice-bounces-back", "alice+bouncesback"}) {
    Situation situation;
    situation.sender = std::string(person) + "@example.net";
    EXPECT_EQ(verdict(situation), "reply") << person;
  }
}

TEST(Rfc3834, R07_AMailSystemInFromIsNotAnsweredHoweverItIsWritten) {
  for (const char* field :
       {"From: <>", "From: Mail Delivery System <>", "From: Mail Delivery System <MAILER-DAEMON>",
        "From: MAILER-DAEMON@example.net (Mail Delivery System)",
        "From: alice@example.net, postmaster@example.net", "From: Robots: noreply@example.net;",
        "From: \"mailer-daemon\"@example.net", "From: MAILER-DAEMON (Mail Delivery System)",
        "From: MAILER-DAEMON"}) {
    EXPECT_EQ(verdict_with(field), "system-sender") << field;
  }
  for (const char* field : {"From: \"noreply@example.net\" <alice@example.net>",
                            "From: alice@example.net (postmaster@example.net)",
                            "Reply-To: noreply@example.net", "From: noreply <alice@example.net>"}) {
    EXPECT_EQ(verdict_with(field), "reply") << field;
  }
}

TEST(Rfc3834, R11_MailOfListsIsNotAnswered) {
  for (const char* name :
       {"List-Id", "List-Help", "List-Unsubscribe", "List-Subscribe", "List-Post", "List-Owner",
        "List-Archive", "List-Unsubscribe-Post", "Mailing-List", "X-Mailing-List", "X-BeenThere"}) {
    EXPECT_EQ(verdict_with(std::string(name) + ": a"), "list") << name;
    EXPECT_EQ(verdict_with(to_lower_ascii(name) + ":"), "list") << name;
  }
  for (const char* name : {"List", "X-List-Id", "List-Idx", "Listing"}) {
    EXPECT_EQ(verdict_with(std::string(name) + ": a"), "reply") << name;
  }
}

TEST(Rfc3834, R11_MailOfLowPrecedenceIsNotAnswered) {
  for (const char* body :
       {"bulk", "BULK", "list", "junk", "auto_reply", "bulk (news)", " \n junk"}) {
    EXPECT_EQ(verdict_with(std::string("Precedence: ") + body), "precedence") << body;
  }
  for (const char* body : {"first-class", "normal", "bulky", "", "(bulk)", "(bulk) first-class"}) {
    EXPECT_EQ(verdict_with(std::string("Precedence: ") + body), "reply") << body;
  }
}

TEST(Decision, ASenderMayAskForNoAutomaticReply) {
  for (const char* body :
       {"All", "OOF", "oof", "AutoReply", "DR, RN, OOF", "DR,\n\tAutoReply", "OOF (away)"}) {
    EXPECT_EQ(verdict_with(std::string("X-Auto-Response-Suppress: ") + body), "suppress-requested")
        << body;
  }
  for (const char* body : {"None", "DR", "DR, RN, NRN", "", "Allow", "(All)"}) {
    EXPECT_EQ(verdict_with(std::string("X-Auto-Response-Suppress: ") + body), "reply") << body;
  }
}

TEST(Decision, AVendorsMarkOfAnAutomaticReplyIsHeeded) {
  for (const char* name : {"X-Autoreply", "X-AutoRespond", "x-autogenerated"}) {
    EXPECT_EQ(verdict_with(std::string(name) + ": yes"), "auto-reply") << name;
  }
}

TEST(Rfc3834, R34_SpamIsNotAnswered) {
  for (const char* field : {"X-Spam-Flag: YES", "X-Spam-Status: Yes, score=9.1 required=5.0",
                            "X-Spam-Status:\n YES,\n score=9", "X-Spam: Yes"}) {
    EXPECT_EQ(verdict_with(field), "spam") << field;
  }
  for (const char* field : {"X-Spam-Flag: NO", "X-Spam-Status: No, score=0.1 required=5.0",
                            "X-Spam: no", "X-Spam-Level: ***"}) {
    EXPECT_EQ(verdict_with(field), "reply") << field;
  }
}

TEST(Rfc3834, R04_ARecipientWhoIsNotAddressedDoesNotAnswer) {
  for (const char* field : {"To: other@example.org", "To: undisclosed-recipients:;",
                            "From: info@example.org", "Delivered-To: info@example.org",
                            "Apparently-To: info@example.org", "Subject: To: info@example.org"}) {
    Situation situation;
    situation.fields = {field};
    EXPECT_EQ(verdict(situation), "not-addressed") << field;
    situation.responder.kind = ResponderKind::kGroup;
    EXPECT_EQ(verdict(situation), "not-addressed") << field;
  }
}

TEST(Rfc3834, R04_AServiceAnswersWhereverItIsAddressed) {
  Situation situation;
  situation.responder.kind = ResponderKind::kService;
  situation.fields = {"From: alice@example.net", "To: other@example.org"};
  EXPECT_EQ(verdict(situation), "reply");
}

/// The address that the recipient is addressed by, or "none".
std::string addressed_by(const std::string& header, const std::string& delimiters = "+") {
  const std::vector<Address> own = {address("info@example.org"),
                                    address("desk@b\u00FCcher.example")};
  const auto found = addressed_as(parse_message(header + "\n\n"), own, delimiters);
  return found ? found->to_string() : "none";
}

TEST(AddressedAs, LooksIntoEveryFieldOfRecipients) {
  for (const char* name : {"To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc", "TO", "cc"}) {
    EXPECT_EQ(addressed_by(std::string(name) + ": info@example.org"), "info@example.org") << name;
  }
  for (const char* name : {"From", "Reply-To", "Sender", "Delivered-To", "X-To", "Resent-From"}) {
    EXPECT_EQ(addressed_by(std::string(name) + ": info@example.org"), "none") << name;
  }
}

TEST(AddressedAs, FindsAnAddressHoweverItIsWritten) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Info <info@example.org>", "info@example.org"},
      {"INFO@Example.Org", "INFO@Example.Org"},
      {"info+hours@example.org", "info+hours@example.org"},
      {"\"info\"@example.org", "info@example.org"},
      {"a@example.net,\n Staff: b@example.net, info@example.org;", "info@example.org"},
      {"(comment) info@example.org (info)", "info@example.org"},
      {"\"a, b\" <a@example.net>, <info@example.org>", "info@example.org"},
      {"=?utf-8?Q?=C3=A9?= <info@example.org>", "info@example.org"},
      {"<@relay.example:info@example.org>", "info@example.org"},
      {"desk@b\u00FCcher.example", "desk@b\u00FCcher.example"},
      {"desk@XN--BCHER-KVA.example", "desk@XN--BCHER-KVA.example"},
      {"not an address, @, <>, info@example.org", "info@example.org"}};
  for (const auto& [body, found] : cases)
    EXPECT_EQ(addressed_by("To: " + body), found) << body;
}

TEST(AddressedAs, IsNotMisledByNamesCommentsAndLookalikes) {
  for (const char* body :
       {"\"info@example.org\" <a@example.net>", "a@example.net (info@example.org)",
        "info@example.org.example.net", "info@sub.example.org", "xinfo@example.org",
        "info@example.org: a@example.net;", "=?utf-8?Q?info=40example.org?= <a@example.net>"}) {
    EXPECT_EQ(addressed_by(std::string("To: ") + body), "none") << body;
  }
}

TEST(AddressedAs, TakesTheFirstOfSeveralAndOnlyTheGivenDelimiters) {
  EXPECT_EQ(addressed_by("Cc: info+b@example.org\nTo: info@example.org"), "info+b@example.org");
  EXPECT_EQ(addressed_by("To: info-b@example.org"), "none");
  EXPECT_EQ(addressed_by("To: info-b@example.org", "-"), "info-b@example.org");
  EXPECT_EQ(addressed_by("To: info+b@example.org", ""), "none");
}

TEST(Decision, OnlyTheHeaderCounts) {
  Situation situation;
  situation.body = "Auto-Submitted: auto-replied\nList-Id: <a.example.net>\n";
  EXPECT_EQ(verdict(situation), "reply");
}

const std::string hostile_field =
    "X-Autoreply: \xFF \x01\x7F\u0085\u2028 =?utf-8?Q?a=0D=0Ab=00?= " + std::string(10'000, 'x');

TEST(Decision, TheEvidenceIsOneShortLineOfUtf8) {
  std::vector<Situation> cases(4);
  cases[0].fields.push_back(hostile_field);
  cases[1].sender = "no\naddress\xFF\u2028" + std::string(10'000, 'x');
  cases[2].sender = "postmaster+\u2028\u0085@example.net";
  cases[3].sender = "info+\u2028\u0085@example.org";
  for (const auto& situation : cases) {
    const Decision decision = decide_on(situation);
    ASSERT_TRUE(decision.suppressed);
    const std::string evidence = result_of(decision, *decision.suppressed).evidence;
    EXPECT_EQ(evidence, to_single_line(evidence)) << code_of(*decision.suppressed);
    EXPECT_LT(evidence.size(), 600U);
  }
}

TEST(Explain, PrintsARuleALineWithWhatDecided) {
  Situation situation;
  situation.fields.insert(situation.fields.end(), {"List-Id: <a.example.net>", "Precedence: bulk"});
  situation.responder.ignored = {Reason::kList};
  const Decision decision = decide_on(situation);
  const std::string text = explain(decision, "info.conf");
  const auto lines = split(text, '\n');
  ASSERT_EQ(lines.size(), decision.results.size() + 3);
  EXPECT_TRUE(lines[0].starts_with("rule "));
  for (std::size_t i = 0; i < decision.results.size(); ++i) {
    EXPECT_TRUE(lines[i + 1].starts_with(std::string(code_of(decision.results[i].reason)) + " "));
    EXPECT_NE(lines[i + 1].find(decision.results[i].hard ? " hard " : " soft "), std::string::npos);
    EXPECT_NE(lines[i + 1].find(decision.results[i].source), std::string::npos);
  }
  const auto line_of = [&](Reason reason) { return lines[static_cast<std::size_t>(reason) + 1]; };
  EXPECT_NE(line_of(Reason::kLoop).find(" pass "), std::string::npos);
  EXPECT_NE(line_of(Reason::kList).find(" ignored "), std::string::npos);
  EXPECT_TRUE(line_of(Reason::kList).ends_with("List-Id: <a.example.net>"));
  EXPECT_NE(line_of(Reason::kPrecedence).find(" HIT "), std::string::npos);
  EXPECT_TRUE(line_of(Reason::kPrecedence).ends_with("Precedence: bulk"));
  EXPECT_NE(line_of(Reason::kSpam).find(" not asked "), std::string::npos);
  EXPECT_EQ(lines[lines.size() - 2],
            "Not answered: it says that it is bulk or automatic mail (Precedence: bulk).");
  EXPECT_NE(lines.back().find("'ignore = precedence' into info.conf"), std::string::npos);
  EXPECT_NE(explain(decide_on({}), "info.conf").find(" cache "), std::string::npos);
}

TEST(Explain, CannotBeForgedByTheMessage) {
  Situation situation;
  situation.fields.push_back(hostile_field);
  const Decision decision = decide_on(situation);
  const std::string text = explain(decision, "info.conf");
  EXPECT_LE(split(text, '\n').size(), decision.results.size() + 3);
  EXPECT_TRUE(is_valid_utf8(text));
}

}  // namespace
}  // namespace inforeply
