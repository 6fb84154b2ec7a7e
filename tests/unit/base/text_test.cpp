#include "inforeply/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "inforeply/html.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kNotUtf8[] = {
    "\x80"sv,              // a lone continuation octet
    "a\xC3"sv,             // cut in the middle of a character
    "\xC0\xAF"sv,          // an overlong slash
    "\xED\xA0\x80"sv,      // a surrogate
    "\xF4\x90\x80\x80"sv,  // above U+10FFFF
    "\xFE\xFF"sv,          // UTF-16's byte order mark
};

TEST(Trim, TakesBlanksOffBothEndsOnly) {
  EXPECT_EQ(trim(" \t\r\n a b\t \r\n"), "a b");
  EXPECT_EQ(trim(" \t\r\n"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\v a\0"sv), "\v a\0"sv);
}

TEST(CaseFolding, OfAsciiLeavesUtf8Alone) {
  EXPECT_EQ(to_lower_ascii("AZaz@[`{09 \xC3\x84"), "azaz@[`{09 \xC3\x84");
}

TEST(EqualsIgnoringCase, ComparesAsciiLetters) {
  EXPECT_TRUE(equals_ignoring_case("Auto-Submitted", "AUTO-submitted"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("list-id", "list-i"));
  EXPECT_FALSE(equals_ignoring_case("list-i", "list-id"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_FALSE(equals_ignoring_case("a\0b"sv, "a\0c"sv));
  EXPECT_FALSE(equals_ignoring_case("\u00C4", "\u00E4"));
}

TEST(StartsWithIgnoringCase, ComparesNoMoreThanThePrefix) {
  EXPECT_TRUE(starts_with_ignoring_case("RE: hello", "re:"));
  EXPECT_TRUE(starts_with_ignoring_case("RE:", "re:"));
  EXPECT_TRUE(starts_with_ignoring_case("", ""));
  EXPECT_FALSE(starts_with_ignoring_case("RE", "re:"));
  EXPECT_FALSE(starts_with_ignoring_case(" RE:", "re:"));
}

TEST(Glob, CoversTheWholeText) {
  constexpr struct {
    std::string_view text, pattern;
    bool matches;
  } kCases[] = {
      {"owner-list", "owner-*", true},
      {"OWNER-List", "owner-*", true},
      {"owner-", "owner-*", true},
      {"my-owner-list", "owner-*", false},
      {"list-request", "*-request", true},
      {"list-request-2", "*-request", false},
      {"-request-request", "*-request", true},
      {"bounces+a=b", "bounce*+*", true},
      {"abcbcd", "a*bcd", true},
      {"ab", "a*b*", true},
      {"aXbXc", "a*b*c", true},
      {"acb", "a*b*c", false},
      {"", "", true},
      {"", "*", true},
      {"", "**", true},
      {"", "a", false},
      {"a", "", false},
      {"*", "a", false},
      {"a\0b"sv, "a*b", true},
      {"a\0b"sv, "a", false},
      {"a?c", "a?c", true},
      {"abc", "a?c", false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(std::string(c.text) + " / " + std::string(c.pattern));
    EXPECT_EQ(matches_glob(c.text, c.pattern), c.matches);
  }
}

TEST(Glob, FinishesOnTextMadeToBacktrack) {
  EXPECT_FALSE(matches_glob(std::string(200'000, 'a'), "*a*a*a*a*a*a*a*b"));
}

TEST(Split, TrimsThePartsAndLeavesOutEmptyOnes) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(split(" OOF, AutoReply ,,\t,DR", ','), (Parts{"OOF", "AutoReply", "DR"}));
  EXPECT_EQ(split("one", ','), Parts{"one"});
  EXPECT_EQ(split(" , ,", ','), Parts{});
  EXPECT_EQ(split("", ','), Parts{});
  EXPECT_EQ(split("a b", ','), Parts{"a b"});
}

TEST(ParseNumber, TakesDigitsOnly) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("007"), 7U);
  EXPECT_EQ(parse_number("18446744073709551615"), 18446744073709551615ULL);
}

TEST(ParseNumber, RefusesWhatIsNoNumber) {
  for (const auto text : {""sv, " 1"sv, "1 "sv, "+1"sv, "-1"sv, "0x10"sv, "1.0"sv, "1e3"sv, "1\0"sv,
                          "18446744073709551616"sv, "\u0661"sv}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(parse_number(text));
  }
}

TEST(Ascii, EndsAt0x7F) {
  EXPECT_TRUE(is_ascii(""));
  EXPECT_TRUE(is_ascii("\0\x1F~\x7F"sv));
  EXPECT_FALSE(is_ascii("a\x80"));
}

TEST(ControlCharacters, AreThoseBelowTheSpaceAndDelete) {
  for (const auto text : {"a\0b"sv, "\n"sv, "a\t"sv, "\x1F"sv, "\x7F"sv}) {
    EXPECT_TRUE(has_control_characters(text));
  }
  EXPECT_FALSE(has_control_characters(" ~\u00FC\u2026"));
  EXPECT_FALSE(has_control_characters(""));
}

TEST(Utf8, IsRefusedWhereItIsBroken) {
  for (const auto text : kNotUtf8) {
    EXPECT_FALSE(is_valid_utf8(text));
  }
  for (const auto text : {""sv, "a\0b"sv, "\u00FC\u20AC\U0001F600"sv, "\U0010FFFF"sv}) {
    EXPECT_TRUE(is_valid_utf8(text));
  }
}

TEST(FoldCase, MakesSpellingsOfOneNameEqual) {
  EXPECT_EQ(fold_case("Info"), "info");
  EXPECT_EQ(fold_case("M\u00DCLLER"), "m\u00FCller");
  EXPECT_EQ(fold_case("MU\u0308LLER"), "m\u00FCller");
  EXPECT_EQ(fold_case("\u0416\u0423\u041A"), "\u0436\u0443\u043A");
}

TEST(FoldCase, LowersAsciiWhereTextIsNotUtf8) {
  EXPECT_EQ(fold_case("A\xFF"
                      "B"),
            "a\xFF"
            "b");
}

TEST(Ellipsize, LeavesShortTextAlone) {
  EXPECT_EQ(ellipsize("abc", 3), "abc");
  EXPECT_EQ(ellipsize("\u00E4\u00F6\u00FC", 3), "\u00E4\u00F6\u00FC");
  EXPECT_EQ(ellipsize("", 3), "");
}

TEST(Blank, IsWhatShowsNothing) {
  for (const auto text : {""sv, " \t\n"sv, "\u00A0"sv, "\u200B\uFEFF\u3000"sv})
    EXPECT_TRUE(is_blank(text)) << text;
  for (const auto text : {"a"sv, " . "sv, "\u200B\u00FC"sv, "\u0301"sv})
    EXPECT_FALSE(is_blank(text)) << text;
}

TEST(Ellipsize, CountsCharactersAndTheEllipsis) {
  EXPECT_EQ(ellipsize("abcd", 3), "ab\u2026");
  EXPECT_EQ(ellipsize("\u00E4\u00F6\u00FC\u00DF", 3), "\u00E4\u00F6\u2026");
  EXPECT_EQ(ellipsize("abcd", 1), "\u2026");
}

TEST(Ellipsize, LeavesNoBlankBeforeTheEllipsis) {
  EXPECT_EQ(ellipsize("one two", 5), "one\u2026");
}

TEST(Ellipsize, OfNoCharactersIsEmpty) {
  EXPECT_EQ(ellipsize("abc", 0), "");
}

TEST(Ellipsize, NeverCutsAGraphemeCluster) {
  constexpr struct {
    const char* what;
    std::string_view cluster;
  } kCases[] = {
      {"a letter with two accents", "e\u0301\u0323"},
      {"an emoji with a skin tone", "\U0001F44D\U0001F3FD"},
      {"a family joined by ZWJ", "\U0001F468\u200D\U0001F469\u200D\U0001F467"},
      {"a flag", "\U0001F1E9\U0001F1EA"},
      {"a Hangul syllable in jamo", "\u1112\u1161\u11AB"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    const std::string text = "ab" + std::string(c.cluster) + "cdefghijk";
    for (std::size_t max = 3; max < 3 + c.cluster.size(); ++max) {
      SCOPED_TRACE(max);
      const std::string cut = ellipsize(text, max);
      EXPECT_TRUE(cut == "ab\u2026" || cut.starts_with("ab" + std::string(c.cluster))) << cut;
    }
  }
}

TEST(Ellipsize, DropsAClusterThatIsLongerThanTheLimit) {
  std::string accents = "e";
  for (int i = 0; i < 1000; ++i) {
    accents += "\u0301";
  }
  EXPECT_EQ(ellipsize(accents, 256), "\u2026");
}

TEST(Ellipsize, IsTotalOnBrokenUtf8) {
  for (const auto broken : kNotUtf8) {
    std::string text;
    for (int i = 0; i < 20; ++i) {
      text += broken;
    }
    EXPECT_LT(ellipsize(text, 5).size(), text.size());
  }
}

TEST(SingleLine, TurnsWhatBreaksLinesIntoSpaces) {
  for (const auto text : {"a\nb"sv, "a\rb"sv, "a\tb"sv, "a\0b"sv,
                          "a\x1B"
                          "b"sv,
                          "a\x7F"
                          "b"sv,
                          "a\u0085b"sv, "a\u009Bb"sv, "a\u2028b"sv, "a\u2029b"sv}) {
    SCOPED_TRACE(testing::PrintToString(text));
    EXPECT_EQ(to_single_line(text), "a b");
  }
  EXPECT_EQ(to_single_line("a\r\nb"), "a  b");
  EXPECT_EQ(to_single_line("\u00FC \U0001F600"), "\u00FC \U0001F600");
}

TEST(SingleLine, ReplacesBrokenUtf8) {
  EXPECT_EQ(to_single_line("a\xFF"
                           "b"),
            "a\uFFFDb");
  for (const auto text : kNotUtf8) {
    const std::string line = to_single_line(text);
    EXPECT_TRUE(is_valid_utf8(line));
    EXPECT_NE(line.find("\uFFFD"), std::string::npos);
  }
}

TEST(DirectionChanges, AreDroppedAndMarksOfADirectionStay) {
  EXPECT_EQ(without_direction_changes("a\u202A\u202B\u202C\u202D\u202Eb\u2066\u2067\u2068\u2069"),
            "ab");
  const std::string harmless = "\u2029\u202F\u2065\u206A\u200E\u200F\u05D0 x";
  EXPECT_EQ(without_direction_changes(harmless), harmless);
  EXPECT_EQ(without_direction_changes("\xFF\xE2\x80"), "\xFF\xE2\x80");
}

TEST(EscapeHtml, IsSafeInContentAndAttributes) {
  EXPECT_EQ(escape_html("<a b=\"c\" d='e'>&amp;"),
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
  EXPECT_EQ(html_to_text(escape_html("<b>&lt; 'x'</b>")), "<b>&lt; 'x'</b>\n");
}

TEST(EscapeForLog, EscapesWhatCouldForgeOrEndAValue) {
  constexpr struct {
    std::string_view text, escaped;
  } kCases[] = {
      {"user+tag@host", "user+tag@host"},
      {"a b", "a\\x20b"},
      {"a>b<c", "a\\x3eb\\x3cc"},
      {"a\"\\b", "a\\x22\\x5cb"},
      {"a\nto=<x>", "a\\x0ato=\\x3cx\\x3e"},
      {"a\0\x1B\x7F"sv, "a\\x00\\x1b\\x7f"},
      {"\u0085", "\\xc2\\x85"},
      {"\u2028", "\\xe2\\x80\\xa8"},
      {"m\u00FCller", "m\u00FCller"},
      {"\xFC", "\\xfc"},
      {"\xC3", "\\xc3"},
      {"", ""},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(escape_for_log(c.text), c.escaped);
  }
}

TEST(EscapeForLog, EscapesWhatDoesNotPrint) {
  constexpr struct {
    const char* what;
    std::string_view text, escaped;
  } kCases[] = {
      {"right-to-left override", "a\u202Eb", "a\\xe2\\x80\\xaeb"},
      {"isolate", "a\u2066b", "a\\xe2\\x81\\xa6b"},
      {"zero width space", "a\u200Bb", "a\\xe2\\x80\\x8bb"},
      {"byte order mark", "a\uFEFFb", "a\\xef\\xbb\\xbfb"},
      {"no character", "a\uFFFFb", "a\\xef\\xbf\\xbfb"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(escape_for_log(c.text), c.escaped);
  }
}

TEST(EscapeForLog, KeepsSoManyOctets) {
  EXPECT_EQ(escape_for_log("abcdef", 6), "abcdef");
  EXPECT_EQ(escape_for_log("abcdefg", 6), "abcdef...");
  EXPECT_EQ(escape_for_log("\n\n\n", 2), "\\x0a\\x0a...");
  EXPECT_EQ(escape_for_log("a\u00FC", 2), "a\\xc3...");
  EXPECT_EQ(escape_for_log(std::string(1000, 'a')), std::string(320, 'a') + "...");
}

TEST(Line, IsTakenOffTheFrontWithItsEnd) {
  std::string_view text = "first\n\nlast";
  EXPECT_EQ(take_line(text), "first");
  EXPECT_EQ(take_line(text), "");
  EXPECT_EQ(take_line(text), "last");
  EXPECT_EQ(text, "");
  EXPECT_EQ(take_line(text), "");
}

}  // namespace
}  // namespace inforeply
