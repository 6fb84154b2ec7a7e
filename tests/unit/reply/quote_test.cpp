#include "reply/quote.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>

#include "fixtures.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;
using test::repeated;

constexpr QuoteSetting kHeaders = {.headers = true};

std::string quoted_lines(std::size_t lines, std::string_view body) {
  return quoted(parse_message("Content-Type: text/plain; charset=utf-8\n\n" + std::string(body)),
                {.lines = lines});
}

std::string quoted_fields(std::string_view header) {
  return quoted(parse_message(std::string(header) + "\n\nbody\n"), kHeaders);
}

TEST(Quote, IsEmptyByDefault) {
  EXPECT_EQ(quoted(parse_message("From: a@example.net\n\nbody\n"), QuoteSetting{}), "");
}

TEST(Quote, OfHeadersTellsWhichMessageWasAnswered) {
  EXPECT_EQ(quoted_fields("Received: x\nMessage-ID: <1@example.net>\nSubject: Price\n  list\n"
                          "From: Alice <alice@example.net>\nDate: Mon, 5 Jan 2026 09:30:00 +0000\n"
                          "To: info@example.org\nCc: bob@example.net"),
            "> From: Alice <alice@example.net>\n"
            "> To: info@example.org\n"
            "> Date: Mon, 5 Jan 2026 09:30:00 +0000\n"
            "> Subject: Price  list\n"
            "> Message-ID: <1@example.net>\n");
}

TEST(Quote, OfHeadersLeavesOutWhatIsMissing) {
  EXPECT_EQ(quoted_fields("From:\nSubject: a\nDate: \t"), "> Subject: a\n");
  EXPECT_EQ(quoted_fields("X: y"), "");
}

TEST(Quote, OfHeadersIsDecodedIntoOneLineEach) {
  EXPECT_EQ(quoted_fields("From: =?koi8-r?B?09Wj1A==?= <a@example.net>\n"
                          "Subject: =?utf-8?Q?a=0D=0ABcc:=20b=E2=80=AEc?=\x01"),
            "> From: \u0441\u0443\u0451\u0442 <a@example.net>\n> Subject: a  Bcc: bc\n");
}

TEST(Quote, OfHeadersIsBounded) {
  EXPECT_EQ(quoted_fields("Subject: " + std::string(2000, 'x')),
            "> Subject: " + std::string(kMaxQuotedFieldCharacters - 1, 'x') + "\u2026\n");
}

TEST(Quote, OfLinesIsTheBeginningOfTheText) {
  EXPECT_EQ(quoted_lines(2, "one\n  two \nthree\n"), "> one\n>   two \u2026\n");
  EXPECT_EQ(quoted_lines(3, "one\ntwo\nthree\n"), "> one\n> two\n> three\n");
  EXPECT_EQ(quoted_lines(5, "one\n"), "> one\n");
  EXPECT_EQ(quoted_lines(5, ""), "");
}

TEST(Quote, OfLinesHasNoMoreThanOneBlankLineInARow) {
  EXPECT_EQ(quoted_lines(5, "\n \none\n\n\t\n\u00A0\ntwo\nthree\n\n"),
            "> one\n>\n> two\n> three\n");
}

TEST(Quote, OfLinesCountsThoseWithText) {
  EXPECT_EQ(quoted_lines(2, "one\n\ntwo\n\n\n"), "> one\n>\n> two\n");
}

TEST(Quote, OfLinesLeavesOutTheSendersOwnQuotes) {
  EXPECT_EQ(quoted_lines(5, "one\n> old\n>> older\n >indented\ntwo\n"), "> one\n> two\n");
  EXPECT_EQ(quoted_lines(1, "one\n> old\n"), "> one\n");
  EXPECT_EQ(quoted_lines(5, "\u202A> old\n"), "");
}

TEST(Quote, OfLinesLeavesOutTheSignature) {
  EXPECT_EQ(quoted_lines(5, "one\n-- \nAlice\n"), "> one\n");
  EXPECT_EQ(quoted_lines(1, "one\n--\nAlice\n"), "> one\n");
  EXPECT_EQ(quoted_lines(5, "-- \nAlice\n"), "");
  EXPECT_EQ(quoted_lines(5, "--- \none --\n"), "> ---\n> one --\n");
}

TEST(Quote, OfLinesBoundsALongParagraph) {
  EXPECT_EQ(quoted_lines(2, std::string(5000, 'x') + "\ntwo\n"),
            "> " + std::string(kMaxQuotedLineCharacters - 1, 'x') + "\u2026\n> two\n");
}

TEST(Quote, HasNoMoreLinesThanItsBound) {
  const auto text = quoted_lines(20, repeated("x\n\n", 30));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 19);  // a blank line cannot be the last
  EXPECT_TRUE(text.ends_with("> x \u2026\n"));
  const auto full = quoted_lines(20, repeated("x\n", 30));
  EXPECT_EQ(full, repeated("> x\n", 19) + "> x \u2026\n");
}

TEST(Quote, HasNoMoreOctetsThanItsBoundAndSaysSo) {
  for (const auto letter : {"x"sv, "\u20AC"sv, "\U0001F1E9\U0001F1EA"sv, "e\u0301\u0323"sv}) {
    for (std::size_t length = 1; length <= 300; ++length) {
      SCOPED_TRACE(std::string(letter) + " " + std::to_string(length));
      const auto line = repeated(letter, length) + "\n";
      const auto text = quoted_lines(20, repeated(line, 20));
      ASSERT_LE(text.size(), kMaxQuoteOctets);
      ASSERT_TRUE(is_valid_utf8(text));
      const bool all = 20 * (line.size() + 2) <= kMaxQuoteOctets;
      ASSERT_EQ(text.ends_with("\u2026\n"), !all) << text;
      if (all) continue;
      // The last line is a whole number of letters.
      auto last = std::string_view(text).substr(text.rfind('>') + 2);
      last = trim(last.substr(0, last.find("\u2026")));
      ASSERT_EQ(last, repeated(letter, last.size() / letter.size()));
    }
  }
}

TEST(Quote, LeavesTheTextAroundItAlone) {
  EXPECT_EQ(quoted_lines(1, "a\u202Eb\u2066c\u2069d\x1B[7m\te\n"), "> abcd[7m e\n");
  EXPECT_EQ(quoted_lines(2, "a\rb\u2028c\n"), "> a\n> b \u2026\n");
}

TEST(QuoteProperty, IsBoundedAndSafeWhateverTheMessage) {
  std::mt19937 random(3834);
  constexpr std::array kPieces = {
      "\n"sv, "\n"sv,     "\n\n"sv,   "\r"sv,     "> "sv,     "-- \n"sv,  "word "sv,
      "\0"sv, "\xFF"sv,   "\u202E"sv, "\u2069"sv, "\u0301"sv, "\u20AC"sv, "\U0001F44D\u200D"sv,
      "\t"sv, "\u0085"sv, "\u2028"sv, "--"sv,     "\x1B"sv,   "\u05D0"sv};
  for (int i = 0; i < 3000; ++i) {
    std::string body;
    for (auto count = random() % 80; count > 0; --count)
      body += repeated(kPieces[random() % kPieces.size()], random() % 9 == 0 ? 200 : 1);
    const auto message =
        parse_message("From: " + body.substr(0, body.find('\n')) + "\nSubject: " + body);
    const auto with_body = parse_message("Subject: a\n\n" + body);
    SCOPED_TRACE(testing::PrintToString(body));
    const QuoteSetting lines = {.lines = random() % kMaxQuoteLines + 1};
    for (const auto& text : {quoted(message, kHeaders), quoted(with_body, lines)}) {
      ASSERT_LE(text.size(), kMaxQuoteOctets);
      ASSERT_TRUE(is_valid_utf8(text));
      ASSERT_LE(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')),
                kMaxQuoteLines);
      ASSERT_TRUE(text.empty() || text.ends_with('\n'));
      for (std::string_view rest = text; !rest.empty();) {
        auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        ASSERT_TRUE(line == ">" || line.starts_with("> "));
        ASSERT_EQ(line, to_single_line(line));
        for (const auto mark : {"\u202A"sv, "\u202E"sv, "\u2066"sv, "\u2069"sv})
          ASSERT_EQ(line.find(mark), std::string_view::npos);
      }
    }
  }
}

}  // namespace
}  // namespace inforeply
