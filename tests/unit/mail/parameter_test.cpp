#include "mail/parameter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/text.hpp"
#include "mail/header.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::repeated;

using Strings = std::vector<std::string>;

TEST(Token, IsWhatNeedsNoQuotes) {
  for (const auto text : {"a"sv, "utf-8"sv, "x.pdf"sv, "!#$%&'*+-.^_`{|}~"sv, "09AZaz"sv})
    EXPECT_TRUE(is_token(text)) << text;
  for (const auto text :
       {""sv, "a b"sv, "a/b"sv, "a\\"sv, "a\"b"sv, "(a)"sv, "<a>"sv, "a@b"sv, "a,b"sv, "a;b"sv,
        "a:b"sv, "[a]"sv, "a?"sv, "a=b"sv, "\u00FC"sv, "a\n"sv, "a\x7F"sv, "a\0"sv}) {
    EXPECT_FALSE(is_token(text)) << testing::PrintToString(text);
  }
}

TEST(Parameter, IsFoundByItsNameInAnyCase) {
  constexpr struct {
    std::string_view body, value;
  } kCases[] = {
      {"text/plain; charset=utf-8", "utf-8"},
      {"text/plain;charset=utf-8;x=y", "utf-8"},
      {"text/plain; CHARSET = UTF-8 ", "UTF-8"},
      {"text/plain; x=y; charset=utf-8", "utf-8"},
      {"text/plain; charset=a; charset=b", "a"},
      {R"(text/plain; charset="utf-8")", "utf-8"},
      {R"(text/plain; charset="a;b=\"c\"")", R"(a;b="c")"},
      {R"(text/plain; x="; charset=no"; charset=yes)", "yes"},
      {R"(text/plain; x="\"; charset=no"; charset=yes)", "yes"},
      {"text/plain; (charset=no) charset (c) = (c) yes (c)", "yes"},
      {"text/plain; charset=a=b", "a=b"},
      {"text/plain; charset=", ""},
      {R"(text/plain; charset="")", ""},
      {R"(text/plain; charset="unclosed)", R"("unclosed)"},
      {"charset=utf-8", "utf-8"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.body);
    EXPECT_EQ(find_parameter(c.body, "Charset"), c.value);
  }
}

TEST(Parameter, IsNothingWhereTheFieldHasNoneOfThatName) {
  for (const auto body :
       {""sv, "charset"sv, "text/plain; charset"sv, "text/plain; charset*=utf-8"sv,
        "text/plain; xcharset=utf-8"sv, "text/plain; char set=utf-8"sv,
        "text/plain; (charset=utf-8)"sv, "text/plain; x=\"; charset=utf-8\""sv,
        "text/plain; x=\"; charset=utf-8"sv, "text/plain; ((charset=utf-8"sv,
        "text/plain, charset=utf-8"sv}) {
    EXPECT_EQ(find_parameter(body, "charset"), std::nullopt) << body;
  }
}

TEST(Parameter, IsReadInACharsetOfItsOwn) {
  constexpr struct {
    std::string_view body, value;
  } kCases[] = {
      {"a; name*=utf-8''x%20y", "x y"},
      {"a; NAME*=UTF-8'de'Preis%C3%BCbersicht", "Preis\u00FCbersicht"},
      {"a; name*=utf-8''%c3%bc", "\u00FC"},
      {"a; name*=iso-8859-1'de'%FC", "\u00FC"},
      {"a; name*=utf-16be''%00x%00y", "xy"},
      {"a; name*=koi8-r''%C1", "\u0430"},
      {"a; name*=''x%20y", "x y"},
      {"a; name*=unheard-of''%FC", "\u00FC"},
      {"a; name*=utf-8''x%FFy", "x\uFFFDy"},
      {"a; name*=utf-8''100%", "100%"},
      {"a; name*=utf-8''it's%27", "it's'"},
      {"a; name*=utf-8''", ""},
      {R"(a; name*="utf-8''x%20y")", "x y"},
      {"a; name * = utf-8''x (c)", "x"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.body);
    EXPECT_EQ(find_parameter(c.body, "name"), c.value);
  }
}

TEST(Parameter, IsJoinedFromItsPiecesInTheOrderOfTheirNumbers) {
  constexpr struct {
    std::string_view body, value;
  } kCases[] = {
      {"a; name*0=x; name*1=y", "xy"},
      {"a; name*0=x; name*1*=%20y", "x y"},
      {"a; name*1*=%20y; name*0=x", "x y"},
      {"a; name*0*=utf-8'de'x%20; name*1=\"%20 y\"", "x %20 y"},
      {"a; name*0*=iso-8859-1''%FC; name*1*=%FC", "\u00FC\u00FC"},
      {"a; name*0*=utf-8''%C3; name*1*=%BC", "\u00FC"},
      {"a; name*0=utf-8''x", "utf-8''x"},
      {"a; name*0=0; name*10=a; name*2=2; name*1=1; name*9=9; name*3=3; name*4=4; name*5=5; "
       "name*6=6; name*7=7; name*8=8",
       "0123456789a"},
      {"a; name*0=x; name*2=y", "x"},
      {"a; name*0=x; name*0=y; name*1=z; name*1=w", "xz"},
      {"a; name*0=x; name*one=y; name*=y; name*-1=y; name*99999999999999999999=y", "x"},
      {"a; name*0=x; other*1=y", "x"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.body);
    EXPECT_EQ(find_parameter(c.body, "name"), c.value);
  }
}

TEST(Parameter, IsNothingWhereItsFirstPieceOrCharsetIsMissing) {
  for (const auto body :
       {"a; name*1=x"sv, "a; name*one=x"sv, "a; name*=x"sv, "a; name*=utf-8'x"sv, "a; name*0*=x"sv,
        "a; name**=utf-8''x"sv, "a; name*name=x"sv, "a; xname*=utf-8''x"sv}) {
    EXPECT_EQ(find_parameter(body, "name"), std::nullopt) << body;
  }
}

TEST(Parameter, IsReadFromItsMostCapableForm) {
  EXPECT_EQ(find_parameter("a; name=plain; name*=utf-8''best", "name"), "best");
  EXPECT_EQ(find_parameter("a; name*=utf-8''best; name=plain", "name"), "best");
  EXPECT_EQ(find_parameter("a; name*0=best; name=plain", "name"), "best");
  EXPECT_EQ(find_parameter("a; name*0=joined; name*=utf-8''best", "name"), "best");
  EXPECT_EQ(find_parameter("a; name*=utf-8''best; name*=utf-8''second", "name"), "best");
  EXPECT_EQ(find_parameter("a; name*=broken; name=plain", "name"), "plain");
  EXPECT_EQ(find_parameter("a; name*1=broken; name=plain", "name"), "plain");
}

bool contains(const Strings& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

TEST(Parameters, AreEveryValueThatSomeProgramMayRead) {
  constexpr struct {
    std::string_view body, value;
  } kCases[] = {
      {"a; name=x; name=y", "x"},
      {"a; name=x; name=y", "y"},
      {"a; name=x; name*=utf-8''y", "x"},
      {"a; name=x; name*=utf-8''y", "y"},
      {"a; name*=utf-8''x; name*=utf-8''y", "x"},
      {"a; name*=utf-8''x; name*=utf-8''y", "y"},
      {"a; name*=utf-16be''%00x", "x"},
      {"a; name*=utf-16be''xy", "utf-16be''xy"},
      {"a; name*=x%20y", "x y"},
      {"a; name*=utf-8''x; name*0=y", "y"},
      {"a; name*=x; name*1=y", "xy"},
      {"a; name*0=x; name*2=y", "x"},
      {"a; name*0=x; name*2=y", "xy"},
      {"a; name*0=x; name*0=y", "x"},
      {"a; name*0=x; name*0=y", "xy"},
      {"a; name*1=y; name*one=x", "xy"},
      {"a; name*1=x", "x"},
      {"a; name*0=x; name*00=y; name*01*=%7A", "xyz"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.body);
    EXPECT_TRUE(contains(find_parameters(c.body, "Name"), c.value));
  }
  EXPECT_EQ(find_parameters("a; name=x; name=y; other=z", "name"), (Strings{"x", "y"}));
  EXPECT_EQ(find_parameters("a; name; xname=z (name=z)", "name"), Strings{});
}

TEST(Parameters, ComeFromAnyNumberOfPieces) {
  std::string body = "a";
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    body += "; name*" + std::to_string(i) + "=" + std::to_string(i);
    expected += std::to_string(i);
  }
  EXPECT_EQ(find_parameter(body, "name"), expected);
  EXPECT_TRUE(contains(find_parameters(body, "name"), expected));
}

TEST(Parameters, AreFoundInBoundedTime) {
  constexpr std::size_t kMany = 200'000;
  for (const auto text :
       {";"sv, "="sv, ";x="sv, "\""sv, "\\"sv, "\"\\"sv, "("sv, "(\""sv, "; "sv, "*"sv, "'"sv}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(find_parameter(repeated(text, kMany), "name"), std::nullopt);
    EXPECT_TRUE(find_parameters(repeated(text, kMany), "name").empty());
  }
  EXPECT_EQ(find_parameter(repeated(";name*0=x", kMany), "name"), "x");
  EXPECT_EQ(find_parameters(repeated(";name*0=x", kMany), "name").back(), repeated("x", kMany));
  EXPECT_EQ(find_parameter(repeated(";name*1=x", kMany), "name"), std::nullopt);
  EXPECT_EQ(find_parameter(repeated(";name*=utf-16be''%00x", kMany), "name"), "x");
  EXPECT_GE(find_parameters(repeated(";name*=ibm1390''x", kMany), "name").size(), kMany);
  EXPECT_EQ(find_parameter("a; name*=utf-8''" + repeated("%", kMany), "name"),
            repeated("%", kMany));
}

TEST(EncodedParameter, StandsOnALineOfItsOwn) {
  constexpr struct {
    std::string_view value, encoded;
  } kCases[] = {
      {"x.pdf", ";\n name=x.pdf"},
      {"", ";\n name=\"\""},
      {"x y.pdf", ";\n name=\"x y.pdf\""},
      {" x ", ";\n name=\" x \""},
      {R"(a"b\c)", ";\n name=\"a\\\"b\\\\c\""},
      {"a;b=c", ";\n name=\"a;b=c\""},
      {"a/b", ";\n name=\"a/b\""},
      {"100%", ";\n name=100%"},
      {"\u00FC x", ";\n name*=utf-8''%C3%BC%20x"},
      {"\u00FC*'%();", ";\n name*=utf-8''%C3%BC%2A%27%25%28%29%3B"},
      {"a\nb", ";\n name*=utf-8''a%0Ab"},
      {"a\r\nX: y\t\x7F", ";\n name*=utf-8''a%0D%0AX%3A%20y%09%7F"},
      {"a\0b"sv, ";\n name*=utf-8''a%00b"},
      {"=?utf-8?Q?x?=", ";\n name*=utf-8''%3D%3Futf-8%3FQ%3Fx%3F%3D"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::PrintToString(c.value));
    EXPECT_EQ(encode_parameter("name", c.value), c.encoded);
  }
}

TEST(EncodedParameter, IsContinuedWhereALineCannotHoldIt) {
  EXPECT_EQ(encode_parameter("filename", repeated("\u00FC", 9)),
            ";\n filename*=utf-8''" + repeated("%C3%BC", 9));
  EXPECT_EQ(encode_parameter("filename", repeated("\u00FC", 12)),
            ";\n filename*0*=utf-8''" + repeated("%C3%BC", 9) +
                ";\n filename*1*=" + repeated("%C3%BC", 3));
}

TEST(EncodedParameter, FillsLinesOf76AndNoMore) {
  const auto widest_line = [](const std::string& text) {
    std::size_t widest = 0;
    for (const auto line : split(text, '\n'))
      widest = std::max(widest, line.size() + 1);  // the blank in front is trimmed
    return widest;
  };
  EXPECT_EQ(encode_parameter("name", std::string(69, 'x')), ";\n name=" + std::string(69, 'x'));
  EXPECT_EQ(encode_parameter("name", std::string(68, 'x') + ' ').find("name=\""),
            std::string::npos);
  EXPECT_EQ(widest_line(encode_parameter("name", std::string(69, 'x')) + ";"), 76U);
  EXPECT_EQ(widest_line(encode_parameter("name", std::string(70, 'x')) + ";"), 76U);
  EXPECT_EQ(widest_line(encode_parameter("name", std::string(1000, 'x')) + ";"), 76U);
  EXPECT_LE(widest_line(encode_parameter(std::string(40, 'n'), repeated("\U0001F600", 99))), 76U);
}

TEST(EncodedParameter, CutsNoCharacter) {
  for (std::size_t shift = 0; shift < 12; ++shift) {
    const auto encoded =
        encode_parameter("name", std::string(shift, 'x') + repeated("\u00FC\u20AC\U0001F600", 50));
    const auto lines = split(encoded, '\n');
    ASSERT_GT(lines.size(), 10U);
    for (const auto line : lines)
      EXPECT_TRUE(is_valid_utf8(decode_hex_escapes(line, '%'))) << line;
  }
}

/// Of the pieces of values that are hard to write, up to 600 characters.
std::string random_value(std::mt19937& random) {
  static const Strings kPieces{
      "\"", "\\", ";",    "%",      "%41",    " ",      "'",          "*",
      "=",  "(",  ")",    ",",      "=?",     "?=",     "=?utf-8?Q?", "x",
      "9",  "\n", "\r",   "\x01",   "\x7F",   "\t",     "\u00FC",     "utf-8''",
      ".",  "/",  "\\\"", "\u20AC", "\u0085", "\u2028", "\U0001F600", "\u0301"};
  const std::size_t kinds = 1 + random() % 6;
  Strings chosen;
  for (std::size_t i = 0; i < kinds; ++i)
    chosen.push_back(kPieces[random() % kPieces.size()]);
  const std::size_t length = random() % 8 == 0 ? 600 : random() % 60;
  std::string value;
  for (std::size_t i = 0; i < length; ++i)
    value += chosen[random() % chosen.size()];
  return value;
}

void expect_well_formed(std::string_view encoded) {
  ASSERT_TRUE(encoded.starts_with(";\n ")) << encoded;
  while (!encoded.empty()) {
    const auto end = std::min(encoded.find('\n'), encoded.size());
    const auto line = encoded.substr(0, end);
    EXPECT_LE(line.size(), 76U) << line;
    EXPECT_TRUE(is_ascii(line) && !has_control_characters(line)) << line;
    encoded.remove_prefix(std::min(end + 1, encoded.size()));
    EXPECT_TRUE(encoded.empty() || encoded.starts_with(' ')) << encoded;
  }
}

TEST(EncodedParameter, IsReadBackAsItWas) {
  std::mt19937 random(2231);
  Strings values{"Preis\u00FCbersicht 2026 \"final\".pdf", repeated("\U0001F600", 600)};
  for (int round = 0; round < 2000; ++round)
    values.push_back(random_value(random));
  for (const auto& value : values) {
    const std::string encoded = encode_parameter("filename", value);
    SCOPED_TRACE(encoded);
    expect_well_formed(encoded + encode_parameter("size", "1"));
    const Header header = parse_header("X: attachment" + encoded + encode_parameter("size", "1"));
    ASSERT_EQ(header.fields.size(), 1U);
    EXPECT_EQ(leading_token(header.fields[0].body), "attachment");
    EXPECT_EQ(find_parameter(header.fields[0].body, "filename"), value);
    EXPECT_EQ(find_parameter(header.fields[0].body, "size"), "1");
  }
}

TEST(EncodedParameter, IsSafeWhateverItsValueIs) {
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    std::string octets;
    for (std::size_t i = random() % 300; i > 0; --i)
      octets += static_cast<char>(random() % 256);
    expect_well_formed(encode_parameter("filename", octets) + ";");
  }
  expect_well_formed(encode_parameter("filename", std::string(1000, '\x80')));
}

}  // namespace
}  // namespace inforeply
