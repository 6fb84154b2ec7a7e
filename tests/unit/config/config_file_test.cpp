#include "config/config_file.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "fixtures.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::fault_of;

std::string fault_of_text(std::string_view text) {
  return fault_of([&] { (void)parse_config("file", text); });
}

/// Every entry as "name|value|line".
std::vector<std::string> entries_of(std::string_view text) {
  std::vector<std::string> result;
  for (const auto& entry : parse_config("file", text).entries) {
    result.push_back(entry.name + "|" + entry.value + "|" + std::to_string(entry.line));
  }
  return result;
}

using Entries = std::vector<std::string>;

TEST(ConfigFile, IsReadEntryByEntryInOrder) {
  EXPECT_EQ(entries_of("a = 1\n\n# comment\nb=2\na =3"), (Entries{"a|1|1", "b|2|4", "a|3|5"}));
  EXPECT_EQ(entries_of(""), Entries{});
  EXPECT_EQ(entries_of("\n \t\n#\n"), Entries{});
  EXPECT_EQ(parse_config("some/path", "").path, "some/path");
}

TEST(ConfigFile, TrimsNamesAndValues) {
  EXPECT_EQ(entries_of(" \t name \t = \t two  words \t \r\n"), Entries{"name|two  words|1"});
}

TEST(ConfigFile, KeepsAllOfAValue) {
  EXPECT_EQ(entries_of("subject = Ticket #5 # no comment"),
            Entries{"subject|Ticket #5 # no comment|1"});
  EXPECT_EQ(entries_of("a = b = c"), Entries{"a|b = c|1"});
  EXPECT_EQ(entries_of("a = \"quoted\" \\n"), Entries{"a|\"quoted\" \\n|1"});
  EXPECT_EQ(entries_of("a = one\ttwo"), Entries{"a|one\ttwo|1"});
  EXPECT_EQ(entries_of("subject = \u00DCber ${subject}"),
            Entries{"subject|\u00DCber ${subject}|1"});
  EXPECT_EQ(entries_of("a = [x]"), Entries{"a|[x]|1"});
}

TEST(ConfigFile, MayComeFromAnyEditor) {
  EXPECT_EQ(entries_of("\xEF\xBB\xBF"
                       "a = 1\r\nb = 2\r\n"),
            (Entries{"a|1|1", "b|2|2"}));
  EXPECT_EQ(entries_of("\xEF\xBB\xBF# comment\na = 1"), Entries{"a|1|2"});
}

TEST(ConfigFile, NamesTheLineOfAFault) {
  for (const auto line :
       {"no entry"sv,    "= no name"sv,    " = no name"sv, "="sv,        "empty ="sv,
        "empty = \t "sv, "[unclosed"sv,    "[]"sv,         "[ ]"sv,      "["sv,
        "[when x] y"sv,  "a = \x01"sv,     "a = b\x7F"sv,  "a = b\0c"sv, "a\0 = b"sv,
        "a = b\rc"sv,    "a = \x1B[31m"sv, "a = \xFF"sv,   "a = \xC3"sv, "\xFF = a"sv}) {
    SCOPED_TRACE(testing::PrintToString(line));
    const std::string text = "a = 1\n# c\n" + std::string(line) + "\nb = 2\n";
    EXPECT_TRUE(fault_of_text(text).starts_with("file:3: ")) << fault_of_text(text);
  }
}

/// Every section as "line title", then its entries.
std::vector<std::string> sections_of(std::string_view text) {
  std::vector<std::string> result;
  for (const auto& section : parse_config("file", text).sections) {
    result.push_back(std::to_string(section.line) + " " + section.title);
    for (const auto& entry : section.entries)
      result.push_back(entry.name + "|" + entry.value + "|" + std::to_string(entry.line));
  }
  return result;
}

TEST(ConfigFile, ASectionHasTheEntriesBelowItsTitle) {
  const auto text = "a = 1\n[when x]\n# c\nb = 2\n\n [ when \t y ] \r\n[z]\nc = [3]\n"sv;
  EXPECT_EQ(entries_of(text), Entries{"a|1|1"});
  EXPECT_EQ(sections_of(text), (Entries{"2 when x", "b|2|4", "6 when y", "7 z", "c|[3]|8"}));
  EXPECT_EQ(sections_of("a = 1\n#[when x]\nb = 2\n"), Entries{});
}

TEST(ConfigFile, TheEntriesBelowABrokenTitleAreNotThoseOfWhatStandsAbove) {
  std::vector<std::string> faults;
  const auto file =
      parse_config("file", "a = 1\n[when x]\nb = 2\n[broken\nc = 3\n",
                   [&](const ConfigError& fault) { faults.emplace_back(fault.what()); });
  EXPECT_EQ(faults, Entries{"file:4: expected a section, '[when NAME]'"});
  ASSERT_EQ(file.sections.size(), 2U);
  EXPECT_EQ(file.sections[0].entries.size(), 1U);
  EXPECT_EQ(file.sections[1].title, "");
  ASSERT_EQ(file.sections[1].entries.size(), 1U);
  EXPECT_EQ(file.sections[1].entries[0].name, "c");
}

TEST(ConfigFile, SaysWhatIsAtFault) {
  EXPECT_NE(fault_of_text("kind =").find("'kind'"), std::string::npos);
  EXPECT_NE(fault_of_text("[when x").find("[when NAME]"), std::string::npos);
}

}  // namespace
}  // namespace inforeply
