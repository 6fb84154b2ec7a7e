#include "mail/encoded_word.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "fixtures.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::repeated;

constexpr std::size_t kMaxEncodedWord = 75;                                  // RFC 2047, 2
constexpr std::size_t kMaxEncodedWordLine = 76;                              // RFC 2047, 2
constexpr std::size_t kMaxLine = 998;                                        // RFC 5322, 2.1.1
constexpr std::string_view kHello = "\u041F\u0440\u0438\u0432\u0435\u0442";  // in Russian

std::string unfolded(std::string text) {
  std::erase(text, '\n');
  return text;
}

/// Expects what the header promises of every line of an encoded field body.
void expect_lines_within_bounds(const std::string& body, std::size_t used) {
  std::size_t column = used;
  for (std::string_view rest = body; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    const bool encoded = line.find("=?") != std::string_view::npos;
    EXPECT_LE(column + line.size(), encoded ? kMaxEncodedWordLine : kMaxLine)
        << line.substr(0, 200);
    if (encoded) {
      EXPECT_LE(trim(line).size(), kMaxEncodedWord) << line;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
    EXPECT_TRUE(rest.empty() || rest.front() == ' ') << "a line that continues nothing";
    column = 0;
  }
  EXPECT_TRUE(is_ascii(body));
  EXPECT_FALSE(body.ends_with('\n'));
}

TEST(DecodeFieldText, KnowsManyCharsets) {
  constexpr struct {
    std::string_view body, text;
  } kCases[] = {
      {"=?US-ASCII?Q?Keith_Moore?=", "Keith Moore"},
      {"=?utf-8?Q?=E2=82=AC_5?=", "\u20AC 5"},
      {"=?UTF-8?B?8J+YgA==?=", "\U0001F600"},
      {"=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?=", "Patrik F\u00E4ltstr\u00F6m"},
      {"=?iso-8859-15?q?=A4?=", "\u20AC"},
      {"=?windows-1252?Q?=8020_=96_=93ok=94?=", "\u20AC20 \u2013 \u201Cok\u201D"},
      {"=?windows-1251?B?z/Do4uXy?=", kHello},
      {"=?KOI8-R?Q?=F0=D2=C9=D7=C5=D4?=", kHello},
      {"=?koi8-r?B?8NLJ18XU?=", kHello},
      {"=?koi8-r?b?8NLJ18XU?=", kHello},
      {"=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=", "\u65E5\u672C\u8A9E"},
      {"=?Shift_JIS?B?k/qWe4zq?=", "\u65E5\u672C\u8A9E"},
      {"=?EUC-JP?B?xvzL3Ljs?=", "\u65E5\u672C\u8A9E"},
      {"=?GB2312?B?xOO6ww==?=", "\u4F60\u597D"},
      {"=?Big5?B?p0Gmbg==?=", "\u4F60\u597D"},
      {"=?EUC-KR?B?x9GxuQ==?=", "\uD55C\uAD6D"},
      {"=?utf-16be?B?AGEA/A==?=", "a\u00FC"},
      {"=?windows-1258?Q?Vi=EA=F2t_Na?=", "Vi\u1EC7t Na"},  // iconv holds a vowel back
      {"=?utf-8*de?Q?M=C3=BCll?=", "M\u00FCll"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.body);
    EXPECT_EQ(decode_field_text(c.body), c.text);
  }
}

TEST(DecodeFieldText, DropsBlanksBetweenEncodedWordsOnly) {
  // The examples of RFC 2047, 8.
  constexpr struct {
    std::string_view body, text;
  } kCases[] = {
      {"=?ISO-8859-1?Q?a?=", "a"},
      {"=?ISO-8859-1?Q?a?= b", "a b"},
      {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},
      {"=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"},
      {"=?ISO-8859-1?Q?a?= \t =?UTF-8?Q?b?=", "ab"},
      {"=?ISO-8859-1?Q?a_b?=", "a b"},
      {" =?ISO-8859-1?Q?a?= ", " a "},
      {"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"},
      {"x  =?ISO-8859-1?Q?a?=  y  =?ISO-8859-1?Q?b?=  z", "x  a  y  b  z"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.body);
    EXPECT_EQ(decode_field_text(c.body), c.text);
  }
}

TEST(DecodeFieldText, JoinsACharacterThatWasCutInTwo) {
  EXPECT_EQ(decode_field_text("=?utf-8?Q?M=C3?= =?utf-8?Q?=BCller?="), "M\u00FCller");
  EXPECT_EQ(decode_field_text("=?UTF-8?B?4oI=?= =?utf-8?B?rA==?="), "\u20AC");
  EXPECT_EQ(decode_field_text("=?utf-8?B?4g==?= =?utf-8?Q?=82?=  =?utf-8?Q?=AC!?="), "\u20AC!");
  EXPECT_EQ(decode_field_text("=?GB2312?Q?=C4?= =?GB2312?Q?=E3?="), "\u4F60");
}

TEST(DecodeFieldText, KeepsBrokenEncodedWordsAsTheyAre) {
  for (const auto body : {
           "=?"sv,
           "=?="sv,
           "=?"
           "?="sv,
           "=?utf-8"sv,
           "=?utf-8?"sv,
           "=?utf-8?Q"sv,
           "=?utf-8?Q?"sv,
           "=?utf-8?Q?a"sv,
           "=?utf-8?Q?a?"sv,
           "=?utf-8?Q?a =?utf-8?"sv,
           "=?utf-8?X?a?="sv,
           "=?utf-8?"
           "?a?="sv,
           "=?utf-8?QQ?a?="sv,
           "=?"
           "?Q?a?="sv,
           "=?*en?Q?a?="sv,
           "=?no-such-charset?Q?a?="sv,
           "=?utf-8?Q?=FF?="sv,
           "=?utf-8?B?/w==?="sv,
           "=?utf-8?Q?=FF_middle?="sv,
           "=?utf-8?B?\u00FC?="sv,
           "=?../../etc/passwd?Q?a?="sv,
       }) {
    SCOPED_TRACE(body);
    EXPECT_EQ(decode_field_text(body), body);
    EXPECT_EQ(decode_field_text("a " + std::string(body) + " b"), "a " + std::string(body) + " b");
  }
}

TEST(DecodeFieldText, DecodesWhatStandsBesideBrokenEncodedWords) {
  EXPECT_EQ(decode_field_text("=?utf-8?Q?ok?= =?utf-8?Q?=FF?="), "ok =?utf-8?Q?=FF?=");
  EXPECT_EQ(decode_field_text("=?utf-8?Q?=FF?= =?utf-8?Q?ok?="), "=?utf-8?Q?=FF?= ok");
  EXPECT_EQ(decode_field_text("=?utf-8?Q?ok?= =?no-such?Q?a?="), "ok =?no-such?Q?a?=");
  EXPECT_EQ(decode_field_text("=?=?utf-8?Q?ok?="), "=?ok");
  EXPECT_EQ(decode_field_text("=?utf-8?Q?open =?utf-8?Q?ok?="), "=?utf-8?Q?open ok");
}

TEST(DecodeFieldText, KeepsWhatIsNoEscapeInQ) {
  EXPECT_EQ(decode_field_text("=?utf-8?Q?=4?="), "=4");
  EXPECT_EQ(decode_field_text("=?utf-8?Q?=?="), "=");
  EXPECT_EQ(decode_field_text("=?utf-8?Q?=zz=41=4a=4A?="), "=zzAJJ");
  EXPECT_EQ(decode_field_text("=?utf-8?Q?"
                              "?="),
            "");
  EXPECT_EQ(decode_field_text("=?utf-8?B?"
                              "?="),
            "");
}

TEST(DecodeFieldText, ReadsWhatProgramsWriteIntoEncodedWords) {
  EXPECT_EQ(decode_field_text("=?utf-8?Q?Gr=C3=BC=C3=9Fe aus\tK=C3=B6ln?="),
            "Gr\u00FC\u00DFe aus\tK\u00F6ln");
  EXPECT_EQ(decode_field_text("=?utf-8?B?R3LDvMOf ZSBh\tdXM=?="), "Gr\u00FC\u00DFe aus");
  EXPECT_EQ(decode_field_text("=?utf-8?Q?Gr\u00FC=C3=9Fe?="), "Gr\u00FC\u00DFe");
  EXPECT_EQ(decode_field_text("=?iso-8859-1?Q?Gr\xFC=DF_!?="), "Gr\u00FC\u00DF !");
  EXPECT_EQ(decode_field_text("=?us-ascii?Q?=FC?="), "\u00FC");
}

TEST(DecodeFieldText, ShowsACharacterThatTheEndHasCut) {
  EXPECT_EQ(decode_field_text("=?utf-8?Q?Gr=C3=BC=C3?="), "Gr\u00FC\uFFFD");
  EXPECT_EQ(decode_field_text("=?utf-8?B?R3LDvMM=?="), "Gr\u00FC\uFFFD");
  EXPECT_EQ(decode_field_text("=?gb2312?B?xOO6w+k=?="), "\u4F60\u597D\uFFFD");
  EXPECT_EQ(decode_field_text("=?iso-2022-jp?Q?=1B$B$3$?="), "\u3053\uFFFD");
  EXPECT_EQ(decode_field_text("=?utf-8?Q?a=C3?= =?iso-8859-1?Q?=FC?="), "a\uFFFD\u00FC");
  EXPECT_EQ(decode_field_text("=?utf-8?Q?a=C3?= b"), "a\uFFFD b");
  // The last of several that are cut within characters.
  EXPECT_EQ(decode_field_text("=?utf-8?B?5L0=?= =?utf-8?B?oOU=?= =?utf-8?B?pb0h5A==?="),
            "\u4F60\u597D!\uFFFD");
}

TEST(DecodeFieldText, TakesRawOctetsAsUtf8ElseInTheCharsetSaidElseAsWindows1252) {
  EXPECT_EQ(decode_field_text("\xD7\xCF", "koi8-r"), "\u0432\u043E");
  EXPECT_EQ(decode_field_text("\xD7\xCF =?utf-8?Q?a?=", "koi8-r"), "\u0432\u043E a");
  EXPECT_EQ(decode_field_text("\u0432", "koi8-r"), "\u0432");
  EXPECT_EQ(decode_field_text("\x1B$B8+@Q\x1B(B", "iso-2022-jp"), "\u898B\u7A4D");
  EXPECT_EQ(decode_field_text("\x1B$B==?M$N8+@Q\x1B(B", "iso-2022-jp"),
            "\u5341\u4EBA\u306E\u898B\u7A4D");
  for (const char* of_no_use : {"", "utf-8", "euc-kr", "no-such-charset"})
    EXPECT_EQ(decode_field_text("\x93M\xFCller\x94 \xE9", of_no_use),
              "\u201CM\u00FCller\u201D \u00E9");
}

TEST(DecodeFieldText, TakesRawOctetsAsUtf8ElseAsLatin1) {
  EXPECT_EQ(decode_field_text("M\u00FCller"), "M\u00FCller");
  EXPECT_EQ(decode_field_text("M\xFCller"), "M\u00FCller");
  EXPECT_EQ(decode_field_text("M\xFCller =?utf-8?Q?=C3=A4?="), "M\u00FCller \u00E4");
  EXPECT_EQ(decode_field_text("a\0b"sv), "a\0b"sv);
}

TEST(DecodeFieldText, IsAlwaysUtf8) {
  for (const auto body : {"\xFF\xFE"sv,
                          "=?utf-8?Q?\xFF?="sv,
                          "=?\xFF?Q?a?="sv,
                          "=?utf-8?B?9JCAgA==?="sv,
                          "=?utf-8?Q?=ED=A0=80?="sv,
                          "=?UCS-4BE?B?ABEAAA==?="sv,
                          "=?UCS-4LE?B?AAARAA==?="sv,
                          "=?WCHAR_T?B?AAARAA==?="sv,
                          "=?UTF-32BE?B?ABEAAA==?="sv,
                          "=?UCS-2BE?B?2AA=?="sv,
                          "=?UTF-16BE?B?2AA=?="sv,
                          "=?UTF-7?Q?+2AA-?="sv,
                          "=?UTF-8//IGNORE?Q?=FFa?="sv,
                          "=?UTF-8//TRANSLIT?Q?=FFa?="sv,
                          "=?//?Q?=FFa?="sv,
                          "=?/?Q?=FF?="sv,
                          "=?char?Q?=FF?="sv,
                          "=?utf-8\0x?Q?=FF?="sv,
                          "=?ISO-2022-JP?Q?=1B$B=FF?="sv,
                          "\xC3=?utf-8?Q?=BC?="sv}) {
    SCOPED_TRACE(testing::PrintToString(body));
    EXPECT_TRUE(is_valid_utf8(decode_field_text(body)))
        << testing::PrintToString(decode_field_text(body));
  }
}

TEST(DecodeFieldText, FinishesOnHostileInput) {
  constexpr std::size_t kOctets = std::size_t{256} * 1024;
  for (const auto unit : {"=?x?q?"sv, "=?"sv, "=?="sv, "=?utf-8?q?"sv, "=?utf-8?q?a?="sv,
                          "=?utf-8?q?a?= "sv, "=?utf-8?q?=FF?="sv, "=?utf-8?b?????"sv,
                          "=?x?q?a?= =?y?q?a?= "sv, "=?iso-8859-1?q?a?= =?iso-8859-2?q?a?= "sv,
                          "=?iso-2022-jp?q?a?= =?euc-kr?q?a?= "sv, "\xFF"sv, " "sv, "?="sv}) {
    SCOPED_TRACE(unit);
    EXPECT_FALSE(decode_field_text(repeated(unit, kOctets / unit.size())).empty());
  }
  const std::string long_charset = "=?" + std::string(kOctets, 'x') + "?q?a?=";
  EXPECT_EQ(decode_field_text(long_charset), long_charset);
}

TEST(EncodeFieldText, LeavesPlainAsciiReadable) {
  EXPECT_EQ(encode_field_text("Auto: Hello, World!", 9), "Auto: Hello, World!");
  EXPECT_EQ(encode_field_text("", 9), "");
}

TEST(EncodeFieldText, LeavesWordsThatNobodyHereCanDecode) {
  const std::string foreign = "=?x-unknown?Q?a.b=FC?=";
  EXPECT_EQ(encode_field_text("Re: " + foreign, 9), "Re: " + foreign);
  EXPECT_EQ(encode_phrase(foreign, 4), foreign);
  for (const std::string other : {"=?utf-8?Q?Gr=FC=DFe aus K=F6ln?=",
                                  "=?x-unknown?Q?a=FF?"
                                  "?=",
                                  "=?utf-8?X?what?="})
    EXPECT_EQ(encode_field_text("Re: " + other, 9), "Re: " + other);
  EXPECT_EQ(encode_field_text("\u00FC " + foreign + " b", 9),
            "=?utf-8?B?w7wg?= " + foreign + " =?utf-8?Q?_b?=");
  EXPECT_EQ(encode_field_text(foreign + " " + foreign + " \u00FC", 9),
            foreign + " " + foreign + " =?utf-8?B?IMO8?=");
  // One that is too long to stand in a line (RFC 2047, 2), and one that is decoded already.
  const std::string too_long = "=?x-unknown?Q?" + std::string(80, 'a') + "?=";
  EXPECT_EQ(decode_field_text(unfolded(encode_field_text(too_long, 9))), too_long);
  EXPECT_EQ(encode_field_text("=?utf-8?Q?a?=", 9).find("=?utf-8?Q?a?="), std::string::npos);
}

TEST(EncodeFieldText, IsReadBackAsItWas) {
  const std::string texts[] = {
      "Auto: plain",
      "two  blanks",
      "Auto: M\u00FCller",
      std::string(kHello),
      "\U0001F600",
      " leading",
      "trailing ",
      "looks like =?utf-8?Q?an_encoded-word?=",
      "=?",
      "a_b=c?d \u00FC",
      "tab\tand\x01 control",
      std::string("NUL \0 in it"sv),
      std::string(950, 'x'),
      repeated("word ", 60) + "end",
      repeated("\u65E5\u672C\u8A9E", 85),
      repeated("\u00E4 ", 128) + "\u00E4",
      repeated("\U0001F468\u200D\U0001F469 ", 60),
  };
  for (const auto& text : texts) {
    for (const std::size_t used : {0U, 9U, 40U, 70U, 76U, 100U}) {
      SCOPED_TRACE(text + " at " + std::to_string(used));
      const std::string encoded = encode_field_text(text, used);
      EXPECT_EQ(decode_field_text(trim(unfolded(encoded))), text);
    }
  }
}

TEST(EncodeFieldText, StaysWithinTheLineLimits) {
  const std::string texts[] = {
      repeated("word ", 400) + "end",
      std::string(5000, 'x'),
      repeated("\u00E4", 300),
      repeated("\u65E5\u672C\u8A9E ", 100) + ".",
      repeated("\U0001F600", 300),
      repeated("=?", 300),
      "a" + std::string(1000, ' ') + "b",
      repeated(std::string(890, 'x') + " ", 3) + "x",
  };
  for (const auto& text : texts) {
    for (const std::size_t used : {0U, 9U, 40U, 63U, 64U, 70U, 75U}) {
      SCOPED_TRACE(text.substr(0, 20) + " at " + std::to_string(used));
      expect_lines_within_bounds(encode_field_text(text, used), used);
    }
  }
}

TEST(EncodeFieldText, CutsNoCharacter) {
  // Every line is decoded alone.
  for (const auto character : {"\u00FC"sv, "\u20AC"sv, "\U0001F600"sv, "aaaaaaa\u20AC"sv}) {
    const std::string encoded = encode_field_text(repeated(character, 100), 9);
    for (const auto line : split(encoded, '\n')) {
      EXPECT_EQ(decode_field_text(line).find("=?"), std::string::npos) << line;
    }
  }
}

TEST(EncodeFieldText, LetsNothingAddALine) {
  for (const auto text :
       {"a\nBcc: x@example.org"sv, "a\r\nBcc: x@example.org"sv, "a\r\n\r\nbody"sv}) {
    const std::string encoded = encode_field_text(text, 9);
    EXPECT_EQ(encoded.find_first_of("\r\n"), std::string::npos) << encoded;
  }
}

TEST(EncodeFieldText, IsTotal) {
  for (const auto text : {"\xFF"sv, "\xC3"sv, "a\xE2\x82"sv, "\0"sv, "\n"sv, " "sv}) {
    const std::string encoded = encode_field_text(text, 9);
    EXPECT_TRUE(is_ascii(encoded));
    EXPECT_FALSE(has_control_characters(encoded));
  }
  EXPECT_FALSE(encode_field_text(repeated("\u00FC", 200'000), 9).empty());
}

TEST(EncodePhrase, IsAtomsAQuotedStringOrEncodedWords) {
  constexpr struct {
    std::string_view name, phrase;
  } kCases[] = {
      {"John Doe", "John Doe"},
      {"Doe, John", "\"Doe, John\""},
      {"John Q. Doe", "\"John Q. Doe\""},
      {"John  Doe", "\"John  Doe\""},
      {R"(a "b" \c)", R"("a \"b\" \\c")"},
      {"x <y@example.org>", "\"x <y@example.org>\""},
      {"J\u00FCrgen", "=?utf-8?Q?J=C3=BCrgen?="},
      {"J\u00FCrgen (M\u00FCller), Dr.", "=?utf-8?B?SsO8cmdlbiAoTcO8bGxlciksIERyLg==?="},
      {"", ""},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(encode_phrase(c.name, 6), c.phrase);
  }
}

TEST(EncodePhrase, UsesOnlyWhatRfc2047AllowsInAPhrase) {
  constexpr std::string_view kOpening = "=?utf-8?Q?";
  const std::string name = "\u00FC" + repeated("aaaa ", 40) + "()<>@,;:\\\".[]'#$%&?{|}~^`";
  const std::string phrase = encode_phrase(name, 6);
  for (const auto word : split(phrase, '\n')) {
    ASSERT_TRUE(word.starts_with(kOpening) && word.ends_with("?=")) << word;
    const auto content = word.substr(kOpening.size(), word.size() - kOpening.size() - 2);
    for (const char c : content) {
      EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  "!*+-/=_"sv.find(c) != std::string_view::npos)
          << word;
    }
  }
}

TEST(EncodePhrase, LeavesNoWordThatSomeProgramTakesForAnAddress) {
  for (const auto word : {"=?x-unknown?Q?<mallory@example.com>,?="sv, "=?x-unknown?B?(a?="sv,
                          "=?x-unknown?Q?a\"b?="sv}) {
    ASSERT_EQ(decode_field_text(word), word);
    const std::string phrase = encode_phrase("Alice " + std::string(word), 4);
    EXPECT_EQ(phrase.find_first_of("<>@,(\""), std::string::npos) << phrase;
    EXPECT_EQ(decode_field_text(phrase), "Alice " + std::string(word));
  }
  EXPECT_EQ(encode_phrase("=?x-unknown?Q?a=3Cb?=", 4), "=?x-unknown?Q?a=3Cb?=");
}

TEST(EncodePhrase, StaysWithinTheLineLimits) {
  for (const auto& name :
       {repeated("word ", 100) + "end", repeated("\u00FC", 100), "a" + std::string(1000, ' ') + ".",
        std::string(2000, '"'), std::string(600, '"'), std::string(2000, '.')}) {
    SCOPED_TRACE(name.substr(0, 20));
    expect_lines_within_bounds(encode_phrase(name, 6), 6);
  }
}

TEST(EncodePhrase, LetsNothingAddALine) {
  EXPECT_EQ(encode_phrase("a\r\nBcc: x@example.org", 6).find_first_of("\r\n"), std::string::npos);
}

}  // namespace
}  // namespace inforeply
