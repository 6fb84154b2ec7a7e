#include "inforeply/commands.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

class EnvelopeOfTheCommand : public ::testing::Test {
 protected:
  [[nodiscard]] ResponderCommand parse(const std::vector<std::string>& words,
                                       const EnvelopeVariables& variables) const {
    std::vector<const char*> arguments = {"inforeply", "-c", configuration_.c_str()};
    for (const auto& word : words) {
      arguments.push_back(word.c_str());
    }
    return parse_responder_command(static_cast<int>(arguments.size()), arguments.data(), variables);
  }

  test::TemporaryFolder folder_;
  std::string configuration_ = folder_.write("empty.conf", "");
  EnvelopeVariables variables_{"alice@example.net", "list-request@localhost", "list@example.org"};
};

TEST_F(EnvelopeOfTheCommand, ComesFromTheEnvironmentWithoutRecipients) {
  const auto command = parse({}, variables_);
  ASSERT_EQ(command.envelope.recipients.size(), 1U);
  EXPECT_EQ(command.envelope.recipients[0].address, "list-request@localhost");
  EXPECT_EQ(command.envelope.recipients[0].original, "list@example.org");
  EXPECT_EQ(command.envelope.sender, std::nullopt) << "the message goes before SENDER";
  EXPECT_EQ(command.last_sender, "alice@example.net");
}

TEST_F(EnvelopeOfTheCommand, OwesNothingToTheEnvironmentWithRecipients) {
  const auto command = parse({"--", "info@example.org"}, variables_);
  ASSERT_EQ(command.envelope.recipients.size(), 1U);
  EXPECT_EQ(command.envelope.recipients[0].address, "info@example.org");
  EXPECT_EQ(command.envelope.recipients[0].original, "");
  EXPECT_EQ(command.envelope.sender, std::nullopt);
  EXPECT_EQ(command.last_sender, std::nullopt);
}

TEST_F(EnvelopeOfTheCommand, LetsTheCommandLineGoBeforeEachVariable) {
  const auto command =
      parse({"-f", "bob@example.net", "--original-recipient", "help@example.org"}, variables_);
  EXPECT_EQ(command.envelope.sender, "bob@example.net");
  ASSERT_EQ(command.envelope.recipients.size(), 1U);
  EXPECT_EQ(command.envelope.recipients[0].address, "list-request@localhost");
  EXPECT_EQ(command.envelope.recipients[0].original, "help@example.org");
}

TEST_F(EnvelopeOfTheCommand, KnowsTheNullSenderInTheEnvironment) {
  for (const auto* sender : {"", "<>", "MAILER-DAEMON"}) {
    SCOPED_TRACE(sender);
    variables_.sender = sender;
    EXPECT_EQ(parse({}, variables_).last_sender, "");
  }
}

TEST_F(EnvelopeOfTheCommand, TakesNoVariableForAnOption) {
  const auto command = parse({}, {"--dry-run", "--help", "-n"});
  EXPECT_FALSE(command.help);
  EXPECT_FALSE(command.dry_run);
  EXPECT_EQ(command.envelope.recipients[0].address, "--help");
  EXPECT_EQ(command.envelope.recipients[0].original, "-n");
  EXPECT_EQ(command.last_sender, "--dry-run");
}

TEST_F(EnvelopeOfTheCommand, NeedsARecipient) {
  variables_.recipient.clear();
  EXPECT_THROW(static_cast<void>(parse({}, variables_)), Error);
  EXPECT_THROW(static_cast<void>(parse({"--"}, {})), Error);
}

}  // namespace
}  // namespace inforeply
