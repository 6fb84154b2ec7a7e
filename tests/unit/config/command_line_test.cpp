#include "config/command_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "inforeply/error.hpp"

namespace inforeply {
namespace {

using Strings = std::vector<std::string>;

std::optional<OptionForm> find_form(std::string_view written) {
  if (written == "--sender" || written == "-f") return OptionForm{"sender", true, false};
  if (written == "--to") return OptionForm{"to", true, true};
  if (written == "--dry-run" || written == "-n") return OptionForm{"dry-run"};
  if (written == "-h") return OptionForm{"help"};
  return std::nullopt;
}

CommandLine parse(const Strings& words) {
  std::vector<const char*> arguments = {"inforeply"};
  for (const auto& word : words)
    arguments.push_back(word.c_str());
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data(), find_form);
}

/// As `name=value`, in their order.
Strings options_of(const Strings& words) {
  Strings options;
  for (const auto& [name, value] : parse(words).options)
    options.push_back(name + "=" + value);
  return options;
}

std::string complaint_about(const Strings& words) {
  try {
    parse(words);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(CommandLine, TakesAnArgumentInEveryForm) {
  const Strings sender = {"sender=a"};
  EXPECT_EQ(options_of({"-f", "a"}), sender);
  EXPECT_EQ(options_of({"-fa"}), sender);
  EXPECT_EQ(options_of({"--sender", "a"}), sender);
  EXPECT_EQ(options_of({"--sender=a"}), sender);
  EXPECT_EQ(options_of({"--sender="}), Strings{"sender="});
  EXPECT_EQ(options_of({"-f", ""}), Strings{"sender="});
}

TEST(CommandLine, TakesWhatLooksLikeAnOptionForAnArgument) {
  EXPECT_EQ(options_of({"-f", "-n"}), Strings{"sender=-n"});
  EXPECT_EQ(options_of({"--sender", "--", "-n"}), (Strings{"sender=--", "dry-run="}));
}

TEST(CommandLine, TakesSeveralLettersInOneWord) {
  EXPECT_EQ(options_of({"-nh"}), (Strings{"dry-run=", "help="}));
  EXPECT_EQ(options_of({"-nfa"}), (Strings{"dry-run=", "sender=a"}));
  EXPECT_EQ(options_of({"-nf", "a"}), (Strings{"dry-run=", "sender=a"}));
}

TEST(CommandLine, KeepsTheOtherWordsInTheirOrder) {
  EXPECT_EQ(parse({"a", "-n", "-", "b"}).words, (Strings{"a", "-", "b"}));
  EXPECT_EQ(parse({"a", "--", "-n", "--sender"}).words, (Strings{"a", "-n", "--sender"}));
  EXPECT_TRUE(parse({"--", "-n"}).options.empty());
}

TEST(CommandLine, TakesAnOptionTwiceWhereItMayRepeat) {
  EXPECT_EQ(options_of({"--to=a", "--to=b"}), (Strings{"to=a", "to=b"}));
  EXPECT_EQ(complaint_about({"-n", "--dry-run"}),
            "option '--dry-run' cannot be specified more than once");
}

TEST(CommandLine, NamesWhatItDoesNotUnderstand) {
  EXPECT_EQ(complaint_about({"--other=a"}), "unrecognised option '--other=a'");
  EXPECT_EQ(complaint_about({"--dry"}), "unrecognised option '--dry'");
  EXPECT_EQ(complaint_about({"-nx"}), "unrecognised option '-nx'");
  EXPECT_EQ(complaint_about({"--dry-run=1"}), "option '--dry-run' does not take any arguments");
  EXPECT_EQ(complaint_about({"-n", "--sender"}), "option '--sender' needs an argument");
  EXPECT_EQ(complaint_about({"-f"}), "option '-f' needs an argument");
}

}  // namespace
}  // namespace inforeply
