#include "delivery/delivery.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "delivery/delivery_world.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

using test::DeliveryTest;
using test::kMessage;
using Calls = std::vector<std::string>;

TEST_F(DeliveryTest, AnswersOnceAndRemembersIt) {
  add_responder("info@example.org", "info.conf", "text = reply.txt\nhandle = winter\n");
  EXPECT_EQ(run(envelope("alice+tag@example.net")), DeliveryStatus::kDone);
  ASSERT_EQ(world_.sent.size(), 1U);
  EXPECT_EQ(world_.sent[0].envelope_sender, "");
  EXPECT_EQ(world_.sent[0].recipient, "alice+tag@example.net");
  EXPECT_EQ(world_.cache_calls,
            (Calls{"open", "reserve info@example.org alice@example.net", "confirm"}));
  EXPECT_EQ(log_line(),
            "4ABC: from=<alice+tag@example.net> to=<info@example.org> action=replied reason=- "
            "handle=winter responder=info@example.org section=-");
}

TEST_F(DeliveryTest, TheLogNamesTheResponderAndTheSectionWhateverBecomesOfTheMessage) {
  const std::string section =
      "[when prices]\nsubject-contains = Prices\ntext = prices.txt\nhandle = p\n";
  add_responder("info@example.org", "info.conf", "text = reply.txt\n" + section);
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDeferred) << "no prices.txt";
  EXPECT_NE(log_line().find(" handle=- responder=info@example.org section=prices detail="),
            std::string::npos);
  world_.log_lines.clear();
  static_cast<void>(folder_.write("prices.txt", "The prices.\n"));
  world_.outcomes = {ReserveOutcome::kAnswered};
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDone);
  EXPECT_TRUE(log_line().ends_with(" handle=p responder=info@example.org section=prices"));
  world_.log_lines.clear();
  EXPECT_EQ(run(envelope("")), DeliveryStatus::kDone);
  EXPECT_TRUE(log_line().ends_with(" handle=- responder=info@example.org section=-"));
}

TEST_F(DeliveryTest, TheLogOfNoResponderNamesEveryAddressTriedOnceAndForgesNothing) {
  EXPECT_EQ(run(envelope("alice@example.net", "nobody@example.org", "Sales@example.org")),
            DeliveryStatus::kDone);
  EXPECT_TRUE(
      log_line().ends_with(" handle=- responder=- section=- detail=no settings for "
                           "nobody@example.org, sales@example.org"))
      << log_line();
  world_.log_lines.clear();
  EXPECT_EQ(run(envelope("alice@example.net", "no address", "no address")), DeliveryStatus::kDone);
  EXPECT_TRUE(log_line().ends_with(" section=-")) << "nothing was looked for: " << log_line();
  world_.log_lines.clear();
  EXPECT_EQ(run(envelope("alice@example.net", "\"a\\\"> b\"@example.org")), DeliveryStatus::kDone);
  EXPECT_TRUE(log_line().ends_with("detail=no settings for a\\x22\\x3e\\x20b@example.org"))
      << log_line();
  world_.log_lines.clear();
  settings_.log_addresses = false;
  EXPECT_EQ(run(envelope("alice@example.net", "nobody@example.org", "sales@example.org")),
            DeliveryStatus::kDone);
  EXPECT_TRUE(log_line().ends_with("detail=no settings for ...@example.org")) << log_line();
}

TEST_F(DeliveryTest, InShadowModeAReplyIsRememberedElsewhereAndNotSent) {
  settings_.mode = ReplyMode::kShadow;
  world_.mailer_is_missing = true;
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDone);
  EXPECT_EQ(world_.cache_calls,
            (std::vector<std::string>{"open shadow", "reserve info@example.org alice@example.net",
                                      "confirm"}));
  EXPECT_TRUE(world_.sent.empty());
  EXPECT_NE(log_line().find("action=would-reply reason=-"), std::string::npos);
}

TEST_F(DeliveryTest, TouchesNothingForAMessageThatIsNotAnswered) {
  EXPECT_EQ(run(envelope("")), DeliveryStatus::kDone);
  EXPECT_EQ(world_.cache_calls, Calls{});
  EXPECT_TRUE(world_.sent.empty());
  EXPECT_NE(log_line().find("from=<> to=<info@example.org> action=suppressed reason=null-sender"),
            std::string::npos);
}

TEST_F(DeliveryTest, ARecentAnswerIsNotRepeated) {
  world_.outcomes = {ReserveOutcome::kAnswered};
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDone);
  EXPECT_TRUE(world_.sent.empty());
  EXPECT_NE(log_line().find("action=suppressed reason=recently-answered"), std::string::npos);
}

TEST_F(DeliveryTest, AFailedSubmissionIsReleasedAndDeferred) {
  world_.submission = {Submission::Result::kDeferred, "exit status 75: no room"};
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDeferred);
  EXPECT_EQ(world_.cache_calls.back(), "release");
  EXPECT_NE(log_line().find("action=deferred reason=mailer"), std::string::npos);
  EXPECT_NE(log_line().find("detail=exit status 75: no room"), std::string::npos);
}

TEST_F(DeliveryTest, AReservationStaysWhereNobodyKnowsWhetherTheReplyWasSent) {
  world_.submission = {Submission::Result::kUnknown, "died of signal 9"};
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDeferred);
  ASSERT_FALSE(world_.cache_calls.empty());
  EXPECT_EQ(world_.cache_calls.back(), "reserve info@example.org alice@example.net")
      << "neither confirmed nor released";
  EXPECT_NE(log_line().find("action=deferred reason=mailer"), std::string::npos);
  EXPECT_NE(log_line().find("detail=died of signal 9"), std::string::npos);
}

TEST_F(DeliveryTest, ASubmissionRefusedForGoodIsDoneAndItsReservationKept) {
  world_.submission = {Submission::Result::kRefused, "exit status 67: no such user"};
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDone);
  EXPECT_EQ(world_.cache_calls.back(), "confirm");
  EXPECT_NE(log_line().find("action=suppressed reason=refused"), std::string::npos);
  EXPECT_NE(log_line().find("no such user"), std::string::npos);
}

TEST_F(DeliveryTest, AReplyThatIsOnItsWayIsNotSentAgainWhenItCannotBeRemembered) {
  world_.confirm_fails = true;
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDone);
  EXPECT_NE(log_line().find("action=replied"), std::string::npos);
  EXPECT_NE(log_line().find("No space left"), std::string::npos);
}

TEST_F(DeliveryTest, WithoutACacheNothingIsSent) {
  world_.cache_fails = true;
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDeferred);
  EXPECT_TRUE(world_.sent.empty());
  EXPECT_NE(log_line().find("action=deferred reason=cache"), std::string::npos);
}

TEST_F(DeliveryTest, WithoutAMailerNoReservationStays) {
  world_.mailer_is_missing = true;
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDeferred);
  ASSERT_FALSE(world_.cache_calls.empty());
  EXPECT_EQ(world_.cache_calls.back(), "release");
  EXPECT_NE(log_line().find("action=deferred reason=mailer"), std::string::npos);
}

TEST_F(DeliveryTest, OneMailerSubmitsAllRepliesAndCopies) {
  for (const auto* name : {"info", "sales"}) {
    add_responder(std::string(name) + "@example.org", std::string(name) + ".conf",
                  "text = reply.txt\nignore = not-addressed\nbcc = desk@example.org\n");
  }
  const Envelope both{
      "alice@example.net", {{"info@example.org", ""}, {"sales@example.org", ""}}, ""};
  EXPECT_EQ(run(both), DeliveryStatus::kDone);
  EXPECT_EQ(world_.sent.size(), 4U);
  EXPECT_EQ(world_.mailers_made, 1);
}

TEST_F(DeliveryTest, WhatMayHaveBeenSentIsNotSentAgainInTheSameRun) {
  world_.submission = {Submission::Result::kUnknown, "died of signal 9"};
  add_responder("info@example.org", "info.conf", "text = reply.txt\nignore = not-addressed\n");
  const Envelope twice{
      "alice@example.net", {{"info@example.org", ""}, {"info@example.org", ""}}, ""};
  EXPECT_EQ(run(twice), DeliveryStatus::kDeferred);
  EXPECT_EQ(world_.sent.size(), 1U);
  EXPECT_EQ(world_.log_lines.size(), 2U);
}

TEST_F(DeliveryTest, WhatAnAdministratorShouldSeeIsAWarning) {
  add_responder("info@example.org", "info.conf",
                "text = reply.txt\nignore = not-addressed\nbcc = desk@example.org\n");
  const auto severity_of = [&](const Envelope& envelope) {
    world_.log_lines.clear();
    EXPECT_EQ(run(envelope), DeliveryStatus::kDone);
    return world_.severity;
  };
  EXPECT_EQ(severity_of(envelope("alice@example.net")), Severity::kInfo);
  world_.submissions["desk@example.org"] = {Submission::Result::kRefused, "no such desk"};
  EXPECT_EQ(severity_of(envelope("alice@example.net")), Severity::kWarning);
  EXPECT_NE(log_line().find("no copy: no such desk"), std::string::npos);
  EXPECT_EQ(run({std::nullopt, {{"info@example.org", ""}}, ""}), DeliveryStatus::kDone);
  EXPECT_EQ(world_.severity, Severity::kWarning);
  EXPECT_EQ(run(envelope("")), DeliveryStatus::kDone);
  EXPECT_EQ(world_.severity, Severity::kInfo);
}

TEST_F(DeliveryTest, ARecentAnswerNeedsNoMailer) {
  world_.mailer_is_missing = true;
  world_.outcomes = {ReserveOutcome::kAnswered};
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDone);
}

TEST_F(DeliveryTest, AReplyThatIsTooLargeLeavesNoReservation) {
  static_cast<void>(folder_.write("large.txt", std::string(65'000, 'x') + "\n"));
  world_.responder_files["info@example.org"] =
      folder_.write("large.conf", "text = large.txt\nsubject = " + std::string(900, 's') + "\n");
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDeferred);
  ASSERT_FALSE(world_.cache_calls.empty());
  EXPECT_EQ(world_.cache_calls.back(), "release");
}

TEST_F(DeliveryTest, ABrokenResponderFileDefersAndNamesTheLine) {
  add_responder("info@example.org", "info.conf", "text = reply.txt\ncolour = red\n");
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDeferred);
  EXPECT_NE(log_line().find("action=deferred reason=configuration"), std::string::npos);
  EXPECT_NE(log_line().find("info.conf:2: unknown name 'colour'"), std::string::npos);
}

TEST_F(DeliveryTest, WaitsForAnotherProcessAtTheSameDelivery) {
  world_.outcomes = {ReserveOutcome::kInProgress, ReserveOutcome::kInProgress,
                     ReserveOutcome::kAnswered};
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDone);
  EXPECT_TRUE(world_.sent.empty());
}

TEST_F(DeliveryTest, DefersWhenAnotherProcessNeverEnds) {
  world_.outcomes.assign(1000, ReserveOutcome::kInProgress);
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDeferred);
  EXPECT_TRUE(world_.sent.empty());
}

TEST_F(DeliveryTest, FindsTheResponderByTheOriginalRecipient) {
  EXPECT_EQ(
      run(envelope("alice@example.net", "autoresp@autoreply.example.org", "Info+x@EXAMPLE.org")),
      DeliveryStatus::kDone);
  EXPECT_TRUE(world_.sent.empty()) << "the fake knows no extensions";
  world_.log_lines.clear();
  EXPECT_EQ(
      run(envelope("alice@example.net", "autoresp@autoreply.example.org", "Info@EXAMPLE.org")),
      DeliveryStatus::kDone);
  ASSERT_EQ(world_.sent.size(), 1U);
  EXPECT_EQ(world_.cache_calls[1], "reserve info@example.org alice@example.net");
  EXPECT_TRUE(world_.sent[0].message.starts_with("From: info@example.org\n"));
}

TEST_F(DeliveryTest, TheRecipientsResponderComesFirst) {
  add_responder("autoresp@example.org", "auto.conf", "kind = service\ntext = reply.txt\n");
  run(envelope("alice@example.net", "autoresp@example.org", "info@example.org"));
  EXPECT_EQ(world_.cache_calls[1], "reserve autoresp@example.org alice@example.net");
}

TEST_F(DeliveryTest, TheReplyComesFromTheOriginalRecipientWhereTheMessageNamesNone) {
  add_responder("autoresp@example.org", "auto.conf", "kind = service\ntext = reply.txt\n");
  run(envelope("alice@example.net", "autoresp@example.org", "sales@example.org"),
      "From: alice@example.net\n\n");
  ASSERT_EQ(world_.sent.size(), 1U);
  EXPECT_TRUE(world_.sent[0].message.starts_with("From: sales@example.org\n"));
}

TEST_F(DeliveryTest, EveryRecipientIsDealtWithEvenWhenOneFails) {
  add_responder("sales@example.org", "sales.conf", "nonsense\n");
  Envelope two = envelope("alice@example.net", "sales@example.org");
  two.recipients.push_back({"info@example.org", {}});
  EXPECT_EQ(run(two), DeliveryStatus::kDeferred);
  EXPECT_EQ(world_.log_lines.size(), 2U);
  EXPECT_EQ(world_.sent.size(), 1U);
}

TEST_F(DeliveryTest, TakesTheSenderFromTheReturnPathOnlyWhereTheEnvelopeHasNone) {
  const std::string message = "Return-Path: <path@example.net>\n" + std::string(kMessage);
  run({std::nullopt, {{"info@example.org", {}}}, {}}, message);
  run(envelope("given@example.net"), message);
  ASSERT_EQ(world_.sent.size(), 2U);
  EXPECT_EQ(world_.sent[0].recipient, "path@example.net");
  EXPECT_EQ(world_.sent[1].recipient, "given@example.net");
}

/// The world of DeliveryTest, for a test of another suite.
struct DeliveryScene : DeliveryTest {
  void TestBody() override {}
  /// Whom the message was answered to, and with what envelope sender.
  std::vector<std::string> recipients_of_reply(const Envelope& to, std::string_view message) {
    world_.sent.clear();
    run(to, message);
    std::vector<std::string> recipients;
    for (const auto& sent : world_.sent)
      recipients.push_back(sent.recipient);
    return recipients;
  }
  using DeliveryTest::envelope;
};

constexpr std::string_view kManyFaced =
    "From: from@example.net\nSender: sender@example.net\nReply-To: reply-to@example.net\n"
    "Errors-To: errors-to@example.net\nResent-From: resent@example.net\nTo: info@example.org\n\n";

TEST(Rfc3834, R29_TheReplyGoesToTheReversePath) {
  DeliveryScene scene;
  const Envelope unknown{std::nullopt, {{"info@example.org", {}}}, {}};
  const std::string with_path = "Return-Path: <path@example.net>\n" + std::string(kManyFaced);
  using Recipients = std::vector<std::string>;
  EXPECT_EQ(scene.recipients_of_reply(scene.envelope("given@example.net"), kManyFaced),
            Recipients{"given@example.net"});
  EXPECT_EQ(scene.recipients_of_reply(scene.envelope("given@example.net"), with_path),
            Recipients{"given@example.net"});
  EXPECT_EQ(scene.recipients_of_reply(unknown, with_path), Recipients{"path@example.net"});
}

TEST(Rfc3834, R30_WithoutAReversePathNothingIsSent) {
  DeliveryScene scene;
  const Envelope unknown{std::nullopt, {{"info@example.org", {}}}, {}};
  EXPECT_TRUE(scene.recipients_of_reply(unknown, kManyFaced).empty());
}

// RFC 3834, 4: From and Reply-To are no substitute for a return path.
TEST(Rfc3834, R30_WithoutAReversePathNobodyIsAnswered) {
  const Message message = parse_message(
      "From: a@example.net\nReply-To: b@example.net\nSender: c@example.net\nTo: "
      "info@example.org\n");
  EXPECT_EQ(message.return_path, std::nullopt);
}

TEST_F(DeliveryTest, NothingFromTheMessageForgesALogLine) {
  run(envelope("x\n4ABC: from=<a> to=<b> action=replied@example.net", "evil> action=replied\r\n"));
  ASSERT_EQ(world_.log_lines.size(), 1U);
  EXPECT_EQ(world_.log_lines[0].find_first_of("\r\n"), std::string::npos);
  EXPECT_EQ(world_.log_lines[0].find("> action=replied"), std::string::npos);
}

TEST_F(DeliveryTest, APreviewTouchesNothing) {
  const std::string text = delivery(envelope("alice@example.net")).preview(Explanation::kOmit);
  EXPECT_TRUE(text.starts_with("verdict: reply\n\nFrom: info@example.org\n"));
  EXPECT_EQ(world_.cache_calls, Calls{});
  EXPECT_TRUE(world_.sent.empty());
  EXPECT_TRUE(world_.log_lines.empty());
  EXPECT_EQ(delivery(envelope("")).preview(Explanation::kOmit), "verdict: suppress: null-sender\n");
}

}  // namespace
}  // namespace inforeply
