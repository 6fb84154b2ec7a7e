#include "mail/charset.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "fixtures.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::repeated;

TEST(ToUtf8, ConvertsWhatIconvKnows) {
  EXPECT_EQ(to_utf8("\xFC", "iso-8859-1"), "\u00FC");
  EXPECT_EQ(to_utf8("\xFC", "ISO-8859-1"), "\u00FC");
  EXPECT_EQ(to_utf8("\0\xFC"sv, "utf-16be"), "\u00FC");
  EXPECT_EQ(to_utf8("", "utf-8"), "");
  EXPECT_EQ(to_utf8(std::string(100'000, '\xFC'), "iso-8859-1"), repeated("\u00FC", 100'000));
}

struct Encoding {
  std::string_view octets;
  std::string_view text;
  std::string_view labels;
};

/// The labels of the WHATWG Encoding Standard, 4.2, but for those without a meaning in mail.
constexpr Encoding kEncodings[] = {
    {"\xA0"sv, "\u0430", "866 cp866 csibm866 ibm866"},
    {"\xC3\xBC"sv, "\u00FC",
     "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8"},
    {"\xB1"sv, "\u0105",
     "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 "
     "latin2"},
    {"\xB1"sv, "\u0127",
     "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 "
     "latin3"},
    {"\xB3"sv, "\u0157",
     "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 "
     "latin4"},
    {"\xD0"sv, "\u0430",
     "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 "
     "iso_8859-5:1988"},
    {"\xC7"sv, "\u0627",
     "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 "
     "iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"},
    {"\xE1"sv, "\u03B1",
     "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 "
     "iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek"},
    {"\xE0"sv, "\u05D0",
     "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 "
     "iso88598 iso_8859-8 iso_8859-8:1988 visual"},
    {"\xB1"sv, "\u0105", "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6"},
    {"\xE0"sv, "\u0105", "iso-8859-13 iso8859-13 iso885913"},
    {"\xD0"sv, "\u0174", "iso-8859-14 iso8859-14 iso885914"},
    {"\xA4"sv, "\u20AC", "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9"},
    {"\xA2"sv, "\u0105", "iso-8859-16"},
    {"\xC1"sv, "\u0430", "cskoi8r koi koi8 koi8-r koi8_r"},
    {"\xA4"sv, "\u0454", "koi8-ru koi8-u"},
    {"\x8A"sv, "\u00E4", "csmacintosh mac macintosh x-mac-roman"},
    {"\xA1"sv, "\u0E01", "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874"},
    {"\x9A"sv, "\u0161", "cp1250 windows-1250 x-cp1250"},
    {"\xE0"sv, "\u0430", "cp1251 windows-1251 x-cp1251"},
    {"\x80\xFC"sv, "\u20AC\u00FC",
     "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 "
     "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"},
    {"\xE1"sv, "\u03B1", "cp1253 windows-1253 x-cp1253"},
    {"\xFE\x80"sv, "\u015F\u20AC",
     "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 "
     "iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254"},
    {"\xE0"sv, "\u05D0", "cp1255 windows-1255 x-cp1255"},
    {"\xC7"sv, "\u0627", "cp1256 windows-1256 x-cp1256"},
    {"\xE0"sv, "\u0105", "cp1257 windows-1257 x-cp1257"},
    {"\xFE"sv, "\u20AB", "cp1258 windows-1258 x-cp1258"},
    {"\xE9\x46"sv, "\u9555",
     "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk"},
    {"\x81\x30\x81\x30"sv, "\u0080", "gb18030"},
    {"\xA4\xA4"sv, "\u4E2D", "big5 big5-hkscs cn-big5 csbig5 x-x-big5"},
    {"\xAD\xA1"sv, "\u2460", "cseucpkdfmtjapanese euc-jp x-euc-jp"},
    {"\x87\x40"sv, "\u2460",
     "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis"},
    {"\x8C\x63"sv, "\uB620",
     "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 "
     "ksc_5601 windows-949"},
    {"\x00\xFC"sv, "\u00FC", "unicodefffe utf-16be"},
    {"\xFC\x00"sv, "\u00FC", "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le"},
};

/// Spellings that mail has beside those.
constexpr Encoding kOtherSpellings[] = {
    {"\xE0"sv, "\u0430",
     "win-1251 win1251 cp-1251 cp_1251 x-win-1251 x-windows-1251 Windows_1251 ms-1251 WIN1251"},
    {"\x80"sv, "\u20AC",
     "win-1252 x-cp-1252 iso-latin-1 8859-1 cp20127 ISO-8859-1 iso_8859_1 Latin-1 US_ASCII cp367"},
    {"\x8C\x63"sv, "\uB620", "KS_C_5601-1987 x-windows-949 ms949 uhc ks_c_5601"},
    {"\x87\x40"sv, "\u2460", "Shift_JIS shift-jis windows-932 sjis-win cp943"},
    {"\xE9\x46"sv, "\u9555", "gb-2312 x-gbk cp936 windows-936 euc-cn GB_2312-80"},
    {"~{;6~}~~"sv, "\u6B22~", "hz-gb-2312 HZ hz"},
    {"\x1B$B-!\x1B(B"sv, "\u2460",
     "iso-2022-jp iso-2022-jp-ms cp50220 cp50221 cp50222 csISO2022JP x-iso-2022-jp"},
    {"+APw-"sv, "\u00FC", "unicode-1-1-utf-7 x-unicode-2-0-utf-7 utf7"},
    {"\xE0"sv, "\u05D0", "iso-8859-8-i iso-8859-8-e ISO_8859-8-I windows-28598"},
    {"\xC3\xBC"sv, "\u00FC", "UTF_8 utf8 x-utf-8 cp65001"},
    {"\x82"sv, "\u00E9", "cp437 ibm437 dos-850 x-cp850"},
};

TEST(ToUtf8, KnowsTheLabelsThatMailUses) {
  const auto expect_known = [](const Encoding& encoding) {
    for (const auto label : split(encoding.labels, ' ')) {
      EXPECT_EQ(to_utf8(encoding.octets, label), encoding.text) << label;
      EXPECT_EQ(to_utf8_leniently(encoding.octets, label), encoding.text) << label;
    }
  };
  std::for_each(std::begin(kEncodings), std::end(kEncodings), expect_known);
  std::for_each(std::begin(kOtherSpellings), std::end(kOtherSpellings), expect_known);
}

TEST(ToUtf8, FindsCharactersThatOnlyOneMeaningOfALabelHas) {
  EXPECT_EQ(to_utf8("\xA4\xA4\xA1\x45", "big5"), "\u4E2D\u2027");
  EXPECT_EQ(to_utf8("\xA4\xA4\x87\x40", "big5"), "\u4E2D\u43F0");  // Hong Kong's
  EXPECT_EQ(to_utf8("\x93"
                    "a\x81\x94",
                    "iso-8859-1"),
            "\u201C"
            "a\u0081\u201D");
  EXPECT_EQ(to_utf8("5\x80", "gb2312"), "5\u20AC");
}

TEST(Iso2022Japan, HasTheCharactersOfCodePage50221) {
  const auto decoded = [](std::string_view text) {
    return to_utf8(text, "iso-2022-jp").value_or("nothing");
  };
  EXPECT_EQ(decoded("a\x1B$B8+@Q\x1B(Bb"), "a\u898B\u7A4Db");
  EXPECT_EQ(decoded("\x1B$@8+\x1B(J\\~\x1B(B\\~"), "\u898B\u00A5\u203E\\~");
  EXPECT_EQ(decoded("\x1B$B-!-jy!\x1B(B"), "\u2460\u3231\u7E8A");  // NEC's rows 13 and 89
  EXPECT_EQ(decoded("\x1B(I1\x1B(B"), "\uFF71");
  EXPECT_EQ(decoded("\x0E"
                    "1\x0F"
                    "1"),
            "\uFF71"
            "1");
  EXPECT_EQ(decoded("\xB1"), "\uFF71");
  EXPECT_EQ(decoded("\x1B$(D0!\x1B(B"), "\u4E02");
  EXPECT_EQ(decoded("\x1B$A;6\x1B(B"), "\u6B22");  // of ISO-2022-JP-2
  EXPECT_EQ(decoded("\x1B$B8+\n8+\x1B(B"), "\u898B\n\u898B");
  for (const auto broken : {"\x1B$B8"sv, "\x1B"sv, "\x1B$"sv, "\x1B$BA\x01\x1B(B"sv, "\xFF"sv})
    EXPECT_EQ(decoded(broken), "nothing") << testing::PrintToString(broken);
}

TEST(Hz, IsPairsBetweenTildes) {
  EXPECT_EQ(to_utf8("a~~b~{;6HK~}c~\nd", "hz-gb-2312"), "a~b\u6B22\u4EBAcd");
  EXPECT_EQ(to_utf8("~{;6\nab", "hz-gb-2312"), "\u6B22\nab");
  EXPECT_FALSE(to_utf8("~{;", "hz-gb-2312"));
  EXPECT_EQ(to_utf8("~{;6;", "hz-gb-2312", CutCharacter::kReplaced), "\u6B22\uFFFD");
}

TEST(ToUtf8, ReplacesACharacterThatTheEndHasCutWhereAskedTo) {
  EXPECT_EQ(to_utf8("a\xC3", "utf-8", CutCharacter::kReplaced), "a\uFFFD");
  EXPECT_EQ(to_utf8("a\xE2\x82", "utf-8", CutCharacter::kReplaced), "a\uFFFD");
  EXPECT_FALSE(
      to_utf8("\xFF"
              "a",
              "utf-8", CutCharacter::kReplaced));
  EXPECT_FALSE(to_utf8("a\xC3", "utf-8"));
}

TEST(ToUtf8, RefusesUnknownCharsetsAndTextThatIsNotInThem) {
  EXPECT_FALSE(to_utf8("a", "no-such-charset"));
  EXPECT_FALSE(to_utf8("a", "../../etc/passwd"));
  EXPECT_FALSE(to_utf8("\xFF", "utf-8"));
  EXPECT_FALSE(to_utf8("\xC3", "utf-8"));
  EXPECT_FALSE(to_utf8("a", "utf-16be"));
}

TEST(ToUtf8, GivesNothingBeyondUnicode) {
  EXPECT_FALSE(to_utf8("\xF4\x90\x80\x80", "utf-8"));
  EXPECT_FALSE(to_utf8("\xED\xA0\x80", "utf-8"));
  EXPECT_FALSE(to_utf8("\0\x11\0\0"sv, "ucs-4be"));
  EXPECT_FALSE(to_utf8("\0\x11\0\0"sv, "utf-32be"));
  EXPECT_FALSE(to_utf8("\xD8\0"sv, "utf-16be"));
  EXPECT_FALSE(to_utf8("\xD8\0"sv, "ucs-2be"));
}

TEST(CharsetLenient, ShowsWhatIsNotInTheCharset) {
  EXPECT_EQ(to_utf8_leniently("gr\xFC\xDF", "iso-8859-1"), "gr\u00FC\u00DF");
  EXPECT_EQ(to_utf8_leniently("a\xFFz", "utf-8"), "a\uFFFDz");
  EXPECT_EQ(to_utf8_leniently("cut \xC3", "UTF-8"), "cut \uFFFD");
  EXPECT_EQ(to_utf8_leniently("cut \x81\x30\x8A", "gb18030"), "cut \uFFFD");
  EXPECT_EQ(to_utf8_leniently("\x1B$B$3$s\x1B$", "iso-2022-jp"), "\u3053\u3093\uFFFD");
  EXPECT_EQ(to_utf8_leniently("\x1B$B$3$s\x1B(B.", "iso-2022-jp"), "\u3053\u3093.");
}

TEST(CharsetLenient, TakesOctetsOfNoKnownCharsetForUtf8OrWindows1252) {
  for (const char* charset :
       {"", "us-ascii", "US-ASCII", "no-such-charset", "../x", "utf-8//IGNORE"}) {
    EXPECT_EQ(to_utf8_leniently("\xC3\xBC", charset), "\u00FC") << charset;
    EXPECT_EQ(to_utf8_leniently("\xFC\x80", charset), "\u00FC\u20AC") << charset;
  }
}

}  // namespace
}  // namespace inforeply
