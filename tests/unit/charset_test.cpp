#include "inforeply/charset.hpp"

#include <gtest/gtest.h>

#include <string>

#include "fixtures.hpp"

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

TEST(ToUtf8, RefusesUnknownCharsetsAndTextThatIsNotInThem) {
  EXPECT_FALSE(to_utf8("a", "no-such-charset"));
  EXPECT_FALSE(to_utf8("a", "../../etc/passwd"));
  EXPECT_FALSE(to_utf8("\xFF", "utf-8"));
  EXPECT_FALSE(to_utf8("\xC3", "utf-8"));
  EXPECT_FALSE(to_utf8("\x80", "us-ascii"));
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

TEST(CharsetLenient, TakesOctetsOfNoKnownCharsetForUtf8OrLatin1) {
  for (const char* charset :
       {"", "us-ascii", "US-ASCII", "no-such-charset", "../x", "utf-8//IGNORE"}) {
    EXPECT_EQ(to_utf8_leniently("\xC3\xBC", charset), "\u00FC") << charset;
    EXPECT_EQ(to_utf8_leniently("\xFC", charset), "\u00FC") << charset;
  }
}

}  // namespace
}  // namespace inforeply
