#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "delivery/delivery_world.hpp"
#include "hostile_text.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

class DeliveryHostile : public test::DeliveryTest {
 protected:
  DeliveryHostile() {
    add_responder("info@example.org", "info.conf",
                  "kind = service\nsubject = ${subject} ${sender_name}\ntext = reply.txt\n"
                  "bcc = copy@example.org\nquote = 5\n[when matched]\nsubject-contains = mallory\n"
                  "body-contains = mallory\n[when others]\nsubject-matches = x\n");
  }

  void expect_one_harmless_line(std::size_t recipients) {
    ASSERT_EQ(world_.log_lines.size(), recipients);
    for (const auto& line : world_.log_lines) {
      EXPECT_TRUE(is_valid_utf8(line));
      EXPECT_EQ(line, to_single_line(line));
      EXPECT_TRUE(line.starts_with("4ABC: from=<")) << line;
      EXPECT_EQ(
          std::count(line.begin(), line.begin() + static_cast<long>(line.find(" delay=")), '>'), 2)
          << line;
    }
  }
};

TEST_F(DeliveryHostile, NothingOfAMessageForgesALogLineOrARecipient) {
  std::mt19937 random(3834);
  int replies = 0;
  for (int round = 0; round < 1000; ++round) {
    world_.sent.clear();
    world_.log_lines.clear();
    const bool is_copy_refused = round % 2 == 0;
    world_.submissions.clear();
    if (is_copy_refused) {
      world_.submissions["copy@example.org"] = {Submission::Result::kRefused,
                                                test::hostile_text(random)};
    }
    const bool is_known = random() % 2 == 0;
    const std::string sender =
        is_known ? "alice@example.net" : test::hostile_text(random) + "@example.net";
    const std::string recipient = random() % 2 == 0
                                      ? "info@example.org"
                                      : "\"" + test::hostile_text(random) + "\"@example.org";
    const std::string message = test::hostile_message(random);
    Envelope to = envelope(sender, recipient, "info@example.org");
    to.recipients.push_back({"info@example.org", test::hostile_text(random)});
    EXPECT_EQ(run(to, message), DeliveryStatus::kDone);
    expect_one_harmless_line(2);
    for (const auto& sent : world_.sent) {
      EXPECT_TRUE(sent.recipient == "copy@example.org" || parse_address(sent.recipient));
      EXPECT_TRUE(!is_known || sent.recipient == "alice@example.net" ||
                  sent.recipient == "copy@example.org");
      EXPECT_GT(sent.message.find("\nBcc:"), sent.message.find("\n\n"));
      EXPECT_EQ(sent.message.find('\r'), std::string::npos);
      ++replies;
    }
    ASSERT_FALSE(HasFailure()) << "in round " << round << ":\n" << testing::PrintToString(message);
  }
  EXPECT_GT(replies, 400);
}

}  // namespace
}  // namespace inforeply
