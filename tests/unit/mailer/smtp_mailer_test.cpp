#include "mailer/smtp_mailer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "fixtures.hpp"
#include "mailer/scripted_server.hpp"

namespace inforeply {
namespace {

using test::Answers;
using test::kAllExtensions;
using test::kClose;
using test::kDeaf;
using test::kNoPipelining;
using test::kRaw;
using test::kSilence;
using test::ScriptedServer;
using Result = Submission::Result;
using Lines = std::vector<std::string>;

constexpr const char* kAlice = "alice@example.net";
constexpr const char* kBob = "bob@example.net";
constexpr std::string_view kMessage = "Subject: x\n\ntext\n";
const std::string kLargeMessage = test::repeated("a line of the reply\n", 100'000);

/// A deadline that is not meant to be reached.
std::chrono::steady_clock::time_point far_away() {
  return std::chrono::steady_clock::now() + std::chrono::minutes(2);
}

/// One that a server which says nothing lets pass.
std::chrono::steady_clock::time_point near() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(1);
}

class SmtpMailerTest : public ::testing::Test {
 protected:
  /// Submits a message to each recipient in one session.
  std::vector<Submission> submit_all(const Lines& recipients, Answers answers = {},
                                     std::string_view message = kMessage,
                                     std::string_view sender = "") {
    ScriptedServer server(std::move(answers));
    std::vector<Submission> submissions;
    {
      server_.path = server.path();
      SmtpMailer mailer(server_);
      for (const auto& recipient : recipients) {
        submissions.push_back(mailer.submit(sender, recipient, message, deadline_()));
      }
    }
    server.finish();
    heard_ = server.heard();
    messages_ = server.messages();
    return submissions;
  }
  Submission submit(Answers answers = {}, std::string_view message = kMessage,
                    const std::string& recipient = kAlice, std::string_view sender = "") {
    return submit_all({recipient}, std::move(answers), message, sender).front();
  }
  /// The commands that begin with `verb`.
  Lines heard(std::string_view verb) {
    Lines lines;
    for (const auto& line : heard_) {
      if (line.starts_with(verb)) lines.push_back(line);
    }
    return lines;
  }

  SmtpServer server_{.host = {}};
  std::chrono::steady_clock::time_point (*deadline_)() = far_away;
  Lines heard_;
  Lines messages_;
};

TEST_F(SmtpMailerTest, SendsEnvelopeAndMessage) {
  EXPECT_EQ(submit().result, Result::kAccepted);
  ASSERT_EQ(heard_.size(), 7U);
  EXPECT_TRUE(heard_[1].starts_with("EHLO ")) << heard_[1];
  EXPECT_EQ(Lines(heard_.begin() + 2, heard_.end()),
            (Lines{"MAIL FROM:<> SIZE=20", "RCPT TO:<alice@example.net> NOTIFY=NEVER", "DATA", ".",
                   "QUIT"}));
  EXPECT_EQ(messages_, Lines{"Subject: x\r\n\r\ntext\r\n"});
}

TEST_F(SmtpMailerTest, NamesTheEnvelopeSender) {
  submit({}, kMessage, kAlice, "owner@example.org");
  EXPECT_EQ(heard("MAIL"), Lines{"MAIL FROM:<owner@example.org> SIZE=20"});
}

TEST_F(SmtpMailerTest, UsesNothingThatIsNotOffered) {
  EXPECT_EQ(submit({{"EHLO", {"250 test.example"}}}).result, Result::kAccepted);
  EXPECT_EQ(heard("MAIL"), Lines{"MAIL FROM:<>"});
  EXPECT_EQ(heard("RCPT"), Lines{"RCPT TO:<alice@example.net>"});
  EXPECT_EQ(messages_.size(), 1U);
}

TEST_F(SmtpMailerTest, GreetsAnOldServerByHelo) {
  EXPECT_EQ(submit({{"EHLO", {"502 not implemented"}}}).result, Result::kAccepted);
  EXPECT_EQ(heard("HELO").size(), 1U);
  EXPECT_EQ(heard("MAIL"), Lines{"MAIL FROM:<>"});
}

TEST_F(SmtpMailerTest, GreetsByAFullNameOrAnAddress) {
  submit();
  const auto name = heard("EHLO").front().substr(5);
  EXPECT_NE(name.find('.'), std::string::npos) << name;
  EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "-.[]:"),
            std::string::npos)
      << name;
}

TEST_F(SmtpMailerTest, UnderstandsKeywordsInAnyCaseAndLinesWithoutCr) {
  submit({{"EHLO", {kRaw + "250-test\n250-size\n250 dsn\n"}}});
  EXPECT_EQ(heard("MAIL"), Lines{"MAIL FROM:<> SIZE=20"});
  EXPECT_EQ(heard("RCPT"), Lines{"RCPT TO:<alice@example.net> NOTIFY=NEVER"});
}

TEST_F(SmtpMailerTest, DoublesADotAtTheBeginningOfALine) {
  submit({}, ".\n..\n.a\na.\n.");
  EXPECT_EQ(messages_, Lines{"..\r\n...\r\n..a\r\na.\r\n..\r\n"});
}

TEST_F(SmtpMailerTest, EveryLineEndsInCrlfWhateverEndedIt) {
  // A lone CR or LF lets a stranger's text end the message on servers that take it for a line end.
  submit({}, "a\r\nb\rc\n\r.\r\n.\r.\n\n\rd");
  EXPECT_EQ(messages_, Lines{"a\r\nb\r\nc\r\n\r\n..\r\n..\r\n..\r\n\r\n\r\nd\r\n"});
}

TEST_F(SmtpMailerTest, AnEmptyMessageIsADotAlone) {
  EXPECT_EQ(submit({}, "").result, Result::kAccepted);
  EXPECT_EQ(messages_, Lines{""});
}

TEST_F(SmtpMailerTest, SendsAMessageLargerThanASocketHolds) {
  EXPECT_EQ(submit({}, test::repeated(".a line of the reply\n", 200'000)).result,
            Result::kAccepted);
  ASSERT_EQ(messages_.size(), 1U);
  EXPECT_EQ(messages_[0], test::repeated("..a line of the reply\r\n", 200'000));
}

TEST_F(SmtpMailerTest, AnnouncesEightBitTextOnlyIfThereIsSome) {
  submit({}, "Subject: x\n\nGr\xC3\xBC\xC3\x9F\x65\n");
  EXPECT_EQ(heard("MAIL"), Lines{"MAIL FROM:<> SIZE=23 BODY=8BITMIME"});
}

TEST_F(SmtpMailerTest, AnnouncesUtf8OnlyWhereAddressOrHeaderNeedsIt) {
  submit({}, kMessage, "\xC3\xA4@example.net");
  EXPECT_EQ(heard("MAIL"), Lines{"MAIL FROM:<> SIZE=20 SMTPUTF8"});
  submit({}, kMessage, kAlice, "\xC3\xA4@example.net");
  EXPECT_EQ(heard("MAIL"), Lines{"MAIL FROM:<\xC3\xA4@example.net> SIZE=20 SMTPUTF8"});
  submit({}, "Subject: \xC3\xA4\n\ntext\n");
  EXPECT_EQ(heard("MAIL"), Lines{"MAIL FROM:<> SIZE=21 BODY=8BITMIME SMTPUTF8"});
}

TEST_F(SmtpMailerTest, RefusesWhatNeedsAnExtensionThatIsNotOffered) {
  const auto utf8 = submit({{"EHLO", {kNoPipelining}}}, kMessage, "\xC3\xA4@example.net");
  EXPECT_EQ(utf8.result, Result::kRefused);
  EXPECT_TRUE(utf8.detail.starts_with("the reply needs SMTPUTF8, which ")) << utf8.detail;
  EXPECT_EQ(heard("MAIL"), Lines{});
  const auto eight_bit = submit({{"EHLO", {"250 test"}}}, "Subject: x\n\n\xC3\xA4\n");
  EXPECT_EQ(eight_bit.result, Result::kRefused);
  EXPECT_TRUE(eight_bit.detail.starts_with("the reply needs 8BITMIME, which "));
  EXPECT_EQ(heard("MAIL"), Lines{});
}

TEST_F(SmtpMailerTest, AnAddressCannotAddACommand) {
  for (const auto& [recipient, sender] :
       {std::pair{"a@x>\r\nRCPT TO:<b@x", ""}, std::pair{kAlice, "a@x>\nVRFY b"}}) {
    EXPECT_EQ(submit({}, kMessage, recipient, sender).result, Result::kRefused);
    EXPECT_EQ(heard_, Lines{});
  }
}

struct FailureCase {
  std::string verb;
  std::string answer;
  Result result;
  std::string detail;
};

class SmtpFailures : public SmtpMailerTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void expect(const FailureCase& failure) {
    SCOPED_TRACE(failure.verb + " " + failure.answer.substr(0, 40));
    Answers answers = {{"EHLO", {GetParam()}}};
    answers[failure.verb] = {failure.answer};
    const auto submission = submit(std::move(answers));
    EXPECT_EQ(submission.result, failure.result);
    EXPECT_EQ(submission.detail, failure.detail);
    EXPECT_EQ(
        std::any_of(messages_.begin(), messages_.end(), [](const auto& m) { return !m.empty(); }),
        failure.verb == ".");
    EXPECT_EQ(heard("CONNECT").size(), 1U) << "a fresh connection is not tried again";
  }
};

INSTANTIATE_TEST_SUITE_P(Servers, SmtpFailures,
                         ::testing::Values(kAllExtensions.c_str(), kNoPipelining.c_str()),
                         [](const auto& tested) {
                           return std::string(tested.index == 0 ? "Pipelining" : "OneByOne");
                         });

TEST_P(SmtpFailures, AnAnswerThatIsNotFinalDefers) {
  for (const auto& [verb, step] : std::map<std::string, std::string>{{"CONNECT", "greeting"},
                                                                     {"EHLO", "EHLO"},
                                                                     {"MAIL", "MAIL FROM"},
                                                                     {"RCPT", "RCPT TO"},
                                                                     {"DATA", "DATA"},
                                                                     {".", "end of message"}}) {
    for (const char* answer : {"421 4.3.2 shutting down", "450 4.2.0 not now", "452 full"}) {
      expect({verb, answer, Result::kDeferred, step + ": " + answer});
    }
  }
}

TEST_P(SmtpFailures, AFinalAnswerRefusesIfItSpeaksOfThisReply) {
  const auto refused = Result::kRefused;
  expect({"MAIL", "552 5.3.4 too large", refused, "MAIL FROM: 552 5.3.4 too large"});
  expect({"RCPT", "550 5.1.1 no such user", refused, "RCPT TO: 550 5.1.1 no such user"});
  expect({"RCPT", "501 5.1.3 bad address", refused, "RCPT TO: 501 5.1.3 bad address"});
  expect({"RCPT", "556 5.1.10 takes no mail", refused, "RCPT TO: 556 5.1.10 takes no mail"});
  expect({"DATA", "554 5.5.1 no recipient", refused, "DATA: 554 5.5.1 no recipient"});
  expect({".", "550 5.7.1 looks like spam", refused, "end of message: 550 5.7.1 looks like spam"});
  expect({".", "554 no", refused, "end of message: 554 no"});
}

TEST_P(SmtpFailures, AFinalAnswerDefersIfItSpeaksOfUs) {
  const auto deferred = Result::kDeferred;
  expect({"CONNECT", "554 no service", deferred, "greeting: 554 no service"});
  expect({"MAIL", "530 5.7.0 log in", deferred, "MAIL FROM: 530 5.7.0 log in"});
  expect({"MAIL", "550 5.7.1 go away", deferred, "MAIL FROM: 550 5.7.1 go away"});
  expect({"MAIL", "553 5.1.8 sender", deferred, "MAIL FROM: 553 5.1.8 sender"});
  expect({"RCPT", "554 5.7.1 Relay access denied", deferred,
          "RCPT TO: 554 5.7.1 Relay access denied"});
  expect({"RCPT", "530 STARTTLS first", deferred, "RCPT TO: 530 STARTTLS first"});
  expect({"RCPT", "503 5.5.1 order", deferred, "RCPT TO: 503 5.5.1 order"});
  expect({"DATA", "521 no mail here", deferred, "DATA: 521 no mail here"});
  expect({".", "530 log in", deferred, "end of message: 530 log in"});
}

TEST_F(SmtpMailerTest, AServerThatTakesNoGreetingDefers) {
  const auto submission = submit({{"EHLO", {"502 what"}}, {"HELO", {"550 5.7.1 not you"}}});
  EXPECT_EQ(submission.result, Result::kDeferred);
  EXPECT_EQ(submission.detail, "EHLO: 550 5.7.1 not you");
}

const std::vector<std::pair<std::string, std::string>> kBrokenAnswers = {
    {kClose, "connection closed by the server"},
    {"hello", "not an SMTP reply: hello"},
    {"", "not an SMTP reply: "},
    {"2500 ok", "not an SMTP reply: 2500 ok"},
    {"150 ok", "not an SMTP reply: 150 ok"},
    {"250-ok\r\n251 ok", "not an SMTP reply: 251 ok"},
    {"250 " + std::string(3000, 'x'), "line too long: 250 " + std::string(496, 'x')},
    {kRaw + "250 " + std::string(9000, 'x'), "line too long: 250 " + std::string(496, 'x')},
    {test::repeated("250-x\r\n", 200) + "250 x", "reply of too many lines"},
};

TEST_P(SmtpFailures, WhatIsNoAnswerDefersBeforeTheEndOfTheMessage) {
  for (const auto& [verb, step] : std::map<std::string, std::string>{{"CONNECT", "greeting"},
                                                                     {"EHLO", "EHLO"},
                                                                     {"MAIL", "MAIL FROM"},
                                                                     {"RCPT", "RCPT TO"},
                                                                     {"DATA", "DATA"}}) {
    for (const auto& [answer, text] : kBrokenAnswers) {
      expect({verb, answer, Result::kDeferred, step + ": " + text});
    }
  }
}

TEST_P(SmtpFailures, WhatIsNoAnswerToTheEndOfTheMessageLeavesItUnknown) {
  for (const auto& [answer, text] : kBrokenAnswers) {
    expect({".", answer, Result::kUnknown, "end of message: " + text});
  }
  expect({".", "354 go on", Result::kUnknown, "end of message: 354 go on"});
}

TEST_P(SmtpFailures, AnAnswerOfTheWrongKindDefers) {
  expect({"MAIL", "354 go on", Result::kDeferred, "MAIL FROM: 354 go on"});
  expect({"RCPT", "354 go on", Result::kDeferred, "RCPT TO: 354 go on"});
  expect({"DATA", "250 ok", Result::kDeferred, "DATA: 250 ok"});
}

TEST_P(SmtpFailures, ASilentServerIsLeftAtTheDeadline) {
  deadline_ = near;
  for (const auto& [verb, step] : std::map<std::string, std::string>{{"CONNECT", "greeting"},
                                                                     {"EHLO", "EHLO"},
                                                                     {"MAIL", "MAIL FROM"},
                                                                     {"RCPT", "RCPT TO"},
                                                                     {"DATA", "DATA"}}) {
    expect({verb, kSilence, Result::kDeferred, step + ": time is up, no answer"});
  }
  expect({".", kSilence, Result::kUnknown, "end of message: time is up, no answer"});
}

TEST_F(SmtpMailerTest, ALineThatGrowsForeverIsLeftAtItsBound) {
  deadline_ = near;
  const auto submission = submit({{"CONNECT", {kRaw + "220-" + std::string(100'000, 'x')}}});
  EXPECT_EQ(submission.result, Result::kDeferred);
  EXPECT_TRUE(submission.detail.starts_with("greeting: line too long")) << submission.detail;
}

TEST_F(SmtpMailerTest, TheDetailIsOneBoundedPrintableLine) {
  const auto text = "550-one\x1b[31m\xff\r\n550-two\r\n550 " + std::string(1500, 'x');
  const auto submission = submit({{"RCPT", {text}}});
  EXPECT_TRUE(submission.detail.starts_with("RCPT TO: 550 one [31m\xEF\xBF\xBD two xxx"))
      << submission.detail;
  EXPECT_LT(submission.detail.size(), 600U);
}

TEST_F(SmtpMailerTest, SeveralRecipientsShareASession) {
  for (const auto& submission : submit_all({kAlice, kBob, kAlice})) {
    EXPECT_EQ(submission.result, Result::kAccepted);
  }
  EXPECT_EQ(messages_.size(), 3U);
  EXPECT_EQ(heard("CONNECT").size(), 1U);
  EXPECT_EQ(heard("RSET"), Lines{}) << "an accepted message leaves nothing to forget";
  EXPECT_EQ(heard_.back(), "QUIT");
}

TEST_P(SmtpFailures, AFailureHindersNoOther) {
  for (const auto& [verb, answer, result] :
       {std::tuple{"RCPT", "550 5.1.1 no such user", Result::kRefused},
        std::tuple{"DATA", "451 4.3.0 not now", Result::kDeferred},
        std::tuple{".", "554 5.6.0 not this", Result::kRefused}}) {
    SCOPED_TRACE(verb);
    const auto submissions = submit_all({kAlice, kBob}, {{"EHLO", {GetParam()}}, {verb, {answer}}});
    EXPECT_EQ(submissions[0].result, result);
    EXPECT_EQ(submissions[1].result, Result::kAccepted);
    EXPECT_EQ(heard("CONNECT").size(), 1U);
    EXPECT_EQ(heard("RSET").size(), 1U);
    EXPECT_EQ(messages_.back(), "Subject: x\r\n\r\ntext\r\n");
  }
}

TEST_F(SmtpMailerTest, ARefusedSenderIsFollowedByRefusalsOfTheRest) {
  const auto submissions = submit_all({kAlice, kBob}, {{"MAIL", {"451 4.3.0 not now"}},
                                                       {"RCPT", {"503 5.5.1 no sender"}},
                                                       {"DATA", {"503 5.5.1 no recipient"}}});
  EXPECT_EQ(submissions[0].detail, "MAIL FROM: 451 4.3.0 not now");
  EXPECT_EQ(submissions[1].result, Result::kAccepted);
  EXPECT_EQ(heard("CONNECT").size(), 1U);
}

// RFC 2920, 3.1.
TEST_F(SmtpMailerTest, EndsADataThatNobodyIsToGetByADotAlone) {
  for (const char* at_end : {"554 5.5.1 no valid recipients", "250 ok"}) {
    const auto submissions = submit_all(
        {kAlice, kBob}, {{"RCPT", {"550 5.1.1 no such user"}}, {".", {at_end, "250 ok"}}});
    EXPECT_EQ(submissions[0].result, Result::kRefused);
    EXPECT_EQ(submissions[0].detail, "RCPT TO: 550 5.1.1 no such user");
    EXPECT_EQ(submissions[1].result, Result::kAccepted);
    EXPECT_EQ(messages_, (Lines{"", "Subject: x\r\n\r\ntext\r\n"}));
    EXPECT_EQ(heard("CONNECT").size(), 1U);
    EXPECT_EQ(heard("RSET").size(), 1U);
  }
}

TEST_F(SmtpMailerTest, NeverSendsAnEmptyMessageToARecipientWhoWasTaken) {
  const auto submissions = submit_all({kAlice, kBob}, {{"MAIL", {"451 4.3.0 not now"}}});
  EXPECT_EQ(submissions[0].detail, "MAIL FROM: 451 4.3.0 not now");
  EXPECT_EQ(submissions[1].result, Result::kAccepted);
  EXPECT_EQ(messages_, Lines{"Subject: x\r\n\r\ntext\r\n"});
  EXPECT_EQ(heard("CONNECT").size(), 2U);
}

TEST_F(SmtpMailerTest, TheFirstRefusalCountsWhateverFollows) {
  for (const auto& after : {kClose, kSilence, std::string("garbage"), std::string("421 bye"),
                            std::string("503 no recipient")}) {
    deadline_ = after == kSilence ? near : far_away;
    const auto submission = submit({{"RCPT", {"550 5.1.1 no such user"}}, {"DATA", {after}}});
    EXPECT_EQ(submission.result, Result::kRefused);
    EXPECT_EQ(submission.detail, "RCPT TO: 550 5.1.1 no such user");
  }
}

TEST_F(SmtpMailerTest, AConnectionLostBetweenMessagesIsMadeAnewOnce) {
  const std::string closing = kRaw + "250 ok\r\n421 4.4.2 idle too long\r\n";
  for (const Answers& answers :
       {Answers{{"MAIL", {"250 ok", kClose}}}, Answers{{"MAIL", {"250 ok", "421 4.4.2 idle"}}},
        Answers{{"MAIL", {"250 ok", "garbage"}}}, Answers{{".", {closing}}}}) {
    const auto submissions = submit_all({kAlice, kBob}, answers);
    EXPECT_EQ(submissions[0].result, Result::kAccepted);
    EXPECT_EQ(submissions[1].result, Result::kAccepted);
    EXPECT_EQ(messages_.size(), 2U);
    EXPECT_EQ(heard("CONNECT").size(), 2U);
  }
}

TEST_F(SmtpMailerTest, AConnectionLostTwiceDefers) {
  const auto submissions = submit_all({kAlice, kBob}, {{"MAIL", {"250 ok", kClose, kClose}}});
  EXPECT_EQ(submissions[1].result, Result::kDeferred);
  EXPECT_EQ(submissions[1].detail, "MAIL FROM: connection closed by the server");
  EXPECT_EQ(heard("CONNECT").size(), 2U);
}

TEST_F(SmtpMailerTest, AConnectionLostInAMessageIsNotMadeAnew) {
  for (const auto& [verb, result] :
       {std::pair{"DATA", Result::kDeferred}, std::pair{".", Result::kUnknown}}) {
    const auto usual = verb == std::string(".") ? "250 ok" : "354 go on";
    const auto submissions = submit_all({kAlice, kBob}, {{verb, {usual, kClose}}});
    EXPECT_EQ(submissions[1].result, result);
    EXPECT_EQ(heard("CONNECT").size(), 1U);
  }
}

TEST_F(SmtpMailerTest, AnUnknownOutcomeHindersNoOther) {
  const auto submissions = submit_all({kAlice, kBob}, {{".", {kClose}}});
  EXPECT_EQ(submissions[0].result, Result::kUnknown);
  EXPECT_EQ(submissions[1].result, Result::kAccepted);
}

TEST_F(SmtpMailerTest, AServerThatStopsReadingIsLeftAtTheDeadline) {
  deadline_ = near;
  const auto submission = submit({{"DATA", {kDeaf + "354 go on\r\n"}}}, kLargeMessage);
  EXPECT_EQ(submission.result, Result::kDeferred);
  EXPECT_EQ(submission.detail, "message: time is up, the server takes no more");
}

TEST_F(SmtpMailerTest, AnAnswerBeforeTheEndOfTheMessageCountsUnlessItAccepts) {
  for (const auto& [answer, result] : {std::pair{"552 5.3.4 too large", Result::kRefused},
                                       std::pair{"452 4.3.1 no room", Result::kDeferred},
                                       std::pair{"250 ok", Result::kDeferred}}) {
    const auto text = kDeaf + "354 go on\r\n" + answer + "\r\n";
    const auto submissions = submit_all({kAlice, kBob}, {{"DATA", {text}}}, kLargeMessage);
    EXPECT_EQ(submissions[0].result, result);
    EXPECT_EQ(submissions[0].detail, std::string("message: ") + answer);
    EXPECT_EQ(submissions[1].result, Result::kAccepted) << "on another connection";
  }
}

TEST_F(SmtpMailerTest, AServerThatIsGoneInTheMessageDefers) {
  const auto submission =
      submit({{"DATA", {kRaw + "354 go on\r\n"}}, {"a", {kClose}}}, kLargeMessage);
  EXPECT_EQ(submission.result, Result::kDeferred);
  EXPECT_TRUE(submission.detail.starts_with("message: connection ")) << submission.detail;
}

class SmtpLoginTest : public SmtpMailerTest {
 protected:
  SmtpLoginTest() { server_.login = {"user", "secret"}; }

  /// What a server of that mechanism says, with these answers to it.
  static Answers server_of(const std::string& mechanism, Answers answers) {
    answers.insert({"EHLO", {"250-test.example\r\n250 AUTH " + mechanism}});
    answers.insert({"AUTH", {"334 "}});
    return answers;
  }
};

// In Base64 "\0user\0secret", "user" and "secret".
constexpr const char* kPlain = "AHVzZXIAc2VjcmV0";
constexpr const char* kUser = "dXNlcg==";
constexpr const char* kPassword = "c2VjcmV0";

TEST_F(SmtpLoginTest, ComesBeforeTheFirstMessageAndOnlyThere) {
  const auto submissions = submit_all({kAlice, kBob}, server_of("PLAIN", {{kPlain, {"235 ok"}}}));
  EXPECT_EQ(submissions[0].result, Result::kAccepted);
  EXPECT_EQ(submissions[1].result, Result::kAccepted);
  EXPECT_EQ(Lines(heard_.begin() + 2, heard_.begin() + 5),
            (Lines{"AUTH PLAIN", kPlain, "MAIL FROM:<>"}));
  EXPECT_EQ(heard("AUTH").size(), 1U);
}

TEST_F(SmtpLoginTest, AnswersTheTwoQuestionsOfLogin) {
  const auto submission =
      submit(server_of("CRAM-MD5 login", {{kUser, {"334 UGFzc3dvcmQ6"}}, {kPassword, {"235 ok"}}}));
  EXPECT_EQ(submission.result, Result::kAccepted);
  EXPECT_EQ(Lines(heard_.begin() + 2, heard_.begin() + 6),
            (Lines{"AUTH LOGIN", kUser, kPassword, "MAIL FROM:<>"}));
}

TEST_F(SmtpLoginTest, IsNotGivenUpForAServerThatOffersNone) {
  for (const char* hello : {"250 test.example", "250-test.example\r\n250 AUTH NTLM",
                            "250-test.example\r\n250 AUTH", "502 what"}) {
    const auto submission = submit({{"EHLO", {hello}}});
    EXPECT_EQ(submission.result, Result::kDeferred);
    EXPECT_EQ(submission.detail, "AUTH: the server offers neither PLAIN nor LOGIN");
    EXPECT_EQ(heard("MAIL"), Lines{});
  }
}

TEST_F(SmtpLoginTest, AnyOtherAnswerDefers) {
  for (const char* answer :
       {"535 5.7.8 wrong", "454 4.7.0 later", "550 no", "334 more", "421 bye"}) {
    const auto submission = submit(server_of("PLAIN", {{kPlain, {answer}}}));
    EXPECT_EQ(submission.result, Result::kDeferred);
    EXPECT_EQ(submission.detail, std::string("AUTH: ") + answer);
    EXPECT_EQ(heard("MAIL"), Lines{});
  }
  const auto submission = submit(server_of("LOGIN", {{kUser, {"535 5.7.8 who"}}}));
  EXPECT_EQ(submission.detail, "AUTH: 535 5.7.8 who");
  EXPECT_EQ(heard(kPassword), Lines{}) << "nobody has asked for it";
}

TEST_F(SmtpLoginTest, ThePasswordIsNotRepeated) {
  for (const std::string answer :
       {"535 secret", "535 AHVzZXIAc2VjcmV0", "535-no\r\n535 (secret)", "secret"}) {
    EXPECT_EQ(submit(server_of("PLAIN", {{kPlain, {answer}}})).detail,
              "AUTH: " + std::string(answer == "secret" ? "not" : "535") +
                  " (the rest holds the password)");
  }
}

TEST_F(SmtpLoginTest, ASilentServerIsLeftAtTheDeadline) {
  deadline_ = near;
  EXPECT_EQ(submit(server_of("PLAIN", {{kPlain, {kSilence}}})).detail,
            "AUTH: time is up, no answer");
}

class SmtpTlsTest : public SmtpMailerTest {
 protected:
  SmtpTlsTest() {
    server_.host = "localhost";
    server_.security = Security::kStartTls;
  }
  static Answers server_that_offers_it(Answers answers) {
    answers.insert({"EHLO", {"250-test.example\r\n250 STARTTLS"}});
    return answers;
  }
};

TEST_F(SmtpTlsTest, ASilentServerIsLeftAtTheDeadline) {
  deadline_ = near;
  const std::string silent_in_tls = kDeaf + "220 go on\r\n";
  for (const auto& [answer, step] :
       {std::pair{kSilence, "STARTTLS"}, std::pair{silent_in_tls, "TLS"}}) {
    const auto submission = submit(server_that_offers_it({{"STARTTLS", {answer}}}));
    EXPECT_EQ(submission.result, Result::kDeferred);
    EXPECT_EQ(submission.detail, step + std::string(": time is up, no answer"));
  }
  server_.security = Security::kImplicitTls;
  EXPECT_EQ(submit({{"CONNECT", {kDeaf}}}).detail, "TLS: time is up, no answer");
}

TEST_F(SmtpTlsTest, IsNotGivenUpForAServerThatHasNone) {
  EXPECT_EQ(submit({{"EHLO", {kAllExtensions}}}).detail, "STARTTLS: the server does not offer it");
  EXPECT_EQ(submit(server_that_offers_it({{"STARTTLS", {"454 4.7.0 not now"}}})).detail,
            "STARTTLS: 454 4.7.0 not now");
  EXPECT_EQ(heard("MAIL"), Lines{});
}

TEST_F(SmtpTlsTest, TakesNoAnswersThatSomebodyPutsBeforeIt) {
  const auto both = kRaw + "220 go on\r\n250-test.example\r\n250 AUTH PLAIN\r\n";
  const auto submission = submit(server_that_offers_it({{"STARTTLS", {both}}}));
  EXPECT_EQ(submission.result, Result::kDeferred);
  EXPECT_EQ(submission.detail, "TLS: the server says more before it");
}

TEST(SmtpConnection, SaysWhereItCannotConnect) {
  const test::TemporaryFolder folder;
  const auto fault_of_server = [](SmtpServer server) {
    SmtpMailer mailer(std::move(server));
    const auto submission = mailer.submit("", kAlice, kMessage, far_away());
    EXPECT_EQ(submission.result, Result::kDeferred);
    return submission.detail;
  };
  const auto path = folder.path("none");
  EXPECT_EQ(fault_of_server({.host = {}, .path = path}),
            "connect: " + path + ": No such file or directory");
  EXPECT_EQ(fault_of_server({.host = {}, .path = folder.write("file", "")}),
            "connect: " + folder.path("file") + ": Connection refused");
  // Port 1 (tcpmux) is nobody's.
  EXPECT_EQ(fault_of_server({"127.0.0.1", 1}), "connect: 127.0.0.1:1: Connection refused");
  EXPECT_EQ(fault_of_server({"localhost", 1}).substr(0, 23), "connect: localhost:1: C");
}

}  // namespace
}  // namespace inforeply
