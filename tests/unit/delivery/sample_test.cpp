#include "delivery/sample.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decision/decision.hpp"
#include "inforeply/error.hpp"
#include "responder/responder_desk.hpp"

namespace inforeply {
namespace {

using test::address;
using test::Desk;

struct Sample {
  Message message{};
  Envelope envelope{};
  Time now{};

  explicit Sample(const ResponderSource& responders, Envelope given = {},
                  std::optional<Time> given_now = {})
      : envelope(std::move(given)) {
    now = take_sample(message, envelope, given_now, responders);
  }
};

std::unique_ptr<ResponderSource> source_of(const Desk& desk, const std::string& settings) {
  desk.write("info.conf", "text = text.txt\n" + settings);
  return single_responder(desk.path("info.conf"), "+");
}

TEST(Sample, IsAMessageToTheRespondersFirstAddress) {
  const Desk desk;
  const Sample sample(*source_of(desk, "address = info@example.net\naddress = b@example.net\n"));
  ASSERT_EQ(sample.envelope.recipients.size(), 1U);
  EXPECT_EQ(sample.envelope.recipients[0].address, "info@example.net");
  EXPECT_EQ(*sample.message.header.find("To"), "info@example.net");
  EXPECT_EQ(sample.envelope.sender, "sample.sender@example.com");
  EXPECT_NE(sample.message.subject().find("\u2013"), std::string::npos) << "more than ASCII";
  EXPECT_NE(sample.message.message_id(), "");
  EXPECT_NE(sample.message.body, "");
}

TEST(Sample, HasARecipientAlsoWhereTheResponderNamesNone) {
  const Desk desk;
  EXPECT_EQ(Sample(*source_of(desk, "")).envelope.recipients.at(0).address, "you@example.org");
}

TEST(Sample, LeavesWhatIsGivenAsItIs) {
  const Desk desk;
  const auto source = source_of(desk, "address = info@example.net\n");
  const Sample sample(*source, {"bob@example.org", {{"desk@example.net", {}}}, "id"},
                      Time{Seconds{1'000'000'000}});
  EXPECT_EQ(sample.envelope.sender, "bob@example.org");
  ASSERT_EQ(sample.envelope.recipients.size(), 1U);
  EXPECT_EQ(sample.envelope.recipients[0].address, "desk@example.net");
  EXPECT_EQ(*sample.message.header.find("To"), "desk@example.net");
  EXPECT_NE(sample.message.header.find("From")->find("bob@example.org"), std::string::npos);
  EXPECT_EQ(sample.now, Time{Seconds{1'000'000'000}});
}

TEST(Sample, ComesWhileTheResponderIsActive) {
  const Desk desk;
  for (const char* period : {"active-until = 2001-01-01\n", "active-from = 2999-01-01\n",
                             "active-from = 2001-01-01T10:00Z\nactive-until = 2001-01-01T10:01Z\n",
                             "active-from = 2998-01-01\nactive-until = 2999-01-01\n", ""}) {
    const auto source = source_of(desk, period);
    const Sample sample(*source);
    const auto found = source->find(address("you@example.org"));
    const Sender sender(*sample.envelope.sender);
    const std::vector<Address> own = {address(sample.envelope.recipients[0].address)};
    const Decision decision =
        decide({sample.message, sender, found->responder.get(), own, "+", sample.now, {}});
    EXPECT_FALSE(decision.suppressed) << period;
  }
}

TEST(Sample, ABrokenResponderIsAFault) {
  const Desk desk;
  EXPECT_THROW(Sample(*source_of(desk, "colour = red\n")), ConfigError);
}

}  // namespace
}  // namespace inforeply
