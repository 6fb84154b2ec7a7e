#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "delivery/delivery_world.hpp"
#include "reply/reply_reader.hpp"

namespace inforeply {
namespace {

using test::DeliveryTest;
using test::kToday;
using test::read_reply;
using test::Strings;

constexpr Seconds kDay{24 * 3600};

/// A responder with a section, and a cache that remembers.
class DeliveryReplyTest : public DeliveryTest {
 protected:
  DeliveryReplyTest() {
    static_cast<void>(folder_.write("catalogue.txt", "The catalogue.\n"));
    add_responder("info@example.org", "info.conf",
                  "text = reply.txt\n[when catalogue]\nsubject-contains = catalogue\n"
                  "text = catalogue.txt\ninterval = 1d\n");
  }
  void remember() { world_.cache_file = folder_.path("cache.mdb"); }

  /// What a message with that subject is answered with; empty for nothing.
  std::string answer_to(const std::string& subject) {
    world_.sent.clear();
    const std::string id = std::to_string(++count_);
    Envelope to = envelope("alice@example.net");
    to.queue_id = "Q" + id;
    EXPECT_EQ(run(to, "From: alice@example.net\nTo: info@example.org\nSubject: " + subject +
                          "\nMessage-ID: <" + id + "@example.net>\n\n"),
              DeliveryStatus::kDone);
    return world_.sent.empty() ? "" : read_reply(world_.sent.front().message).text();
  }

 private:
  int count_ = 0;
};

TEST_F(DeliveryReplyTest, WhoGotThePricesYesterdayGetsTheCatalogueToday) {
  remember();
  EXPECT_EQ(answer_to("Prices"), "Thank you.\n");
  EXPECT_EQ(answer_to("Prices again"), "");
  world_.clock.set(kToday + kDay / 2);
  EXPECT_EQ(answer_to("Catalogue"), "The catalogue.\n");
  EXPECT_EQ(answer_to("Catalogue again"), "");
  EXPECT_EQ(answer_to("Prices again"), "");
}

TEST_F(DeliveryReplyTest, EachReplyHasTheIntervalOfItsOwn) {
  remember();
  EXPECT_EQ(answer_to("Prices"), "Thank you.\n");
  EXPECT_EQ(answer_to("Catalogue"), "The catalogue.\n");
  world_.clock.set(kToday + 2 * kDay);
  EXPECT_EQ(answer_to("Catalogue"), "The catalogue.\n");
  EXPECT_EQ(answer_to("Prices"), "");
  world_.clock.set(kToday + 8 * kDay);
  EXPECT_EQ(answer_to("Prices"), "Thank you.\n");
}

TEST_F(DeliveryReplyTest, AReservationHasTheHandleAndTheIntervalOfTheSection) {
  add_responder("info@example.org", "info.conf",
                "text = reply.txt\nhandle = winter\n[when catalogue]\n"
                "subject-contains = catalogue\ninterval = 1d\n[when once]\n"
                "subject-contains = once\ninterval = once\n");
  answer_to("Prices");
  EXPECT_EQ(world_.handle, "winter");
  EXPECT_EQ(world_.interval, 7 * kDay);
  answer_to("catalogue");
  EXPECT_EQ(world_.handle, "winter/catalogue");
  EXPECT_EQ(world_.interval, kDay);
  answer_to("once");
  EXPECT_EQ(world_.handle, "winter/once");
  EXPECT_EQ(world_.interval, std::nullopt);
  EXPECT_NE(world_.log_lines.back().find(" handle=winter/once "), std::string::npos);
}

TEST_F(DeliveryReplyTest, ASectionHasItsOwnEnvelopeSender) {
  add_responder("info@example.org", "info.conf",
                "text = reply.txt\n[when catalogue]\nsubject-contains = catalogue\n"
                "envelope-from = robot@example.org\n");
  answer_to("catalogue");
  EXPECT_EQ(world_.sent.at(0).envelope_sender, "robot@example.org");
  answer_to("prices");
  EXPECT_EQ(world_.sent.at(0).envelope_sender, "");
}

TEST_F(DeliveryReplyTest, NoFileOfAReplyIsReadForAMessageThatIsNotAnswered) {
  add_responder("info@example.org", "info.conf", "text = none.txt\n");
  EXPECT_EQ(run(envelope("")), DeliveryStatus::kDone);
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDeferred);
  EXPECT_NE(world_.log_lines.back().find("info.conf:1: 'none.txt': cannot open"),
            std::string::npos);
  EXPECT_EQ(world_.cache_calls, Strings{}) << "no reservation for a reply that cannot be made";
}

TEST_F(DeliveryReplyTest, NoFileOfAnotherSectionIsRead) {
  add_responder("info@example.org", "info.conf",
                "text = reply.txt\n[when catalogue]\nsubject-contains = catalogue\n"
                "text = none.txt\n");
  EXPECT_EQ(answer_to("Prices"), "Thank you.\n");
}

TEST_F(DeliveryReplyTest, APreviewShowsTheChoice) {
  const std::string text =
      delivery(envelope("alice@example.net"), "Subject: catalogue\nTo: info@example.org\n\n")
          .preview(Explanation::kInclude);
  EXPECT_NE(text.find("\n[when catalogue]  HIT   subject-contains = catalogue\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("The catalogue.\n"), std::string::npos);
}

class DeliveryCopyTest : public DeliveryTest {
 protected:
  DeliveryCopyTest() {
    add_responder("info@example.org", "info.conf",
                  "text = reply.txt\nbcc = copy@example.org\nenvelope-from = robot@example.org\n");
  }
};

TEST_F(DeliveryCopyTest, GoesToItsAddressAndIsTheReplyOctetForOctet) {
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDone);
  ASSERT_EQ(world_.sent.size(), 2U);
  EXPECT_EQ(world_.sent[0].recipient, "alice@example.net");
  EXPECT_EQ(world_.sent[1].recipient, "copy@example.org");
  EXPECT_EQ(world_.sent[1].message, world_.sent[0].message);
  EXPECT_EQ(world_.sent[1].envelope_sender, world_.sent[0].envelope_sender);
  EXPECT_EQ(world_.sent[0].message.find("copy@example.org"), std::string::npos)
      << "nobody sees to whom";
  EXPECT_EQ(log_line().find("detail="), std::string::npos);
}

TEST_F(DeliveryCopyTest, ThatIsRefusedOrDeferredIsLoggedAndTheReplyCounts) {
  for (const auto result : {Submission::Result::kRefused, Submission::Result::kDeferred}) {
    world_.sent.clear();
    world_.log_lines.clear();
    world_.cache_calls.clear();
    world_.submissions["copy@example.org"] = {result, "exit status 67: no such user"};
    EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDone);
    EXPECT_EQ(world_.sent.size(), 2U);
    EXPECT_EQ(world_.cache_calls.back(), "confirm");
    const std::string line = log_line();
    EXPECT_NE(line.find("action=replied reason=- "), std::string::npos) << line;
    EXPECT_NE(line.find("detail=no copy: exit status 67: no such user"), std::string::npos);
  }
}

TEST_F(DeliveryCopyTest, IsMadeOfAReplyThatWasAcceptedOnly) {
  for (const auto result : {Submission::Result::kRefused, Submission::Result::kDeferred}) {
    world_.sent.clear();
    world_.submissions["alice@example.net"] = {result, "no"};
    run(envelope("alice@example.net"));
    EXPECT_EQ(world_.sent.size(), 1U);
  }
}

TEST_F(DeliveryCopyTest, ThatFailsIsToldBesideACacheThatFails) {
  world_.submissions["copy@example.org"] = {Submission::Result::kDeferred, "full"};
  world_.confirm_fails = true;
  EXPECT_EQ(run(envelope("alice@example.net")), DeliveryStatus::kDone);
  const auto line = log_line();
  EXPECT_NE(line.find("detail=cannot write cache"), std::string::npos) << line;
  EXPECT_NE(line.find("; no copy: full"), std::string::npos) << line;
}

TEST_F(DeliveryCopyTest, NothingInItsAnswerForgesALogLine) {
  world_.submissions["copy@example.org"] = {Submission::Result::kRefused, "a\n4ABC: from=<a>\r"};
  run(envelope("alice@example.net"));
  ASSERT_EQ(world_.log_lines.size(), 1U);
  EXPECT_EQ(world_.log_lines[0].find_first_of("\r\n"), std::string::npos);
}

}  // namespace
}  // namespace inforeply
