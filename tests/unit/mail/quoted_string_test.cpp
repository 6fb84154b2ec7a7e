#include "mail/quoted_string.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace inforeply {
namespace {

TEST(UnquotedParts, AreSplitOutsideQuotedStrings) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(split_unquoted("a; b ;c", ';'), (Parts{"a", "b", "c"}));
  EXPECT_EQ(split_unquoted(";; a ;\t;", ';'), Parts{"a"});
  EXPECT_EQ(split_unquoted(R"(a;"b;c";d)", ';'), (Parts{"a", R"("b;c")", "d"}));
  EXPECT_EQ(split_unquoted(R"("a\";b";c)", ';'), (Parts{R"("a\";b")", "c"}));
  EXPECT_EQ(split_unquoted(R"(a\;b)", ';'), (Parts{"a\\", "b"}));
  EXPECT_EQ(split_unquoted(R"(a;"unclosed;b)", ';'), (Parts{"a", R"("unclosed;b)"}));
  EXPECT_EQ(split_unquoted("\"\\", ';'), Parts{"\"\\"});
  EXPECT_EQ(split_unquoted("", ';'), Parts{});
  EXPECT_EQ(split_unquoted("a,b;c", ','), (Parts{"a", "b;c"}));
}

TEST(QuotedString, StandsForWhatIsInIt) {
  constexpr struct {
    std::string_view text, meaning;
  } kCases[] = {
      {R"("a b")", "a b"},      {R"("")", ""},      {R"("a\"b\\c")", R"(a"b\c)"},
      {R"("a\")", R"(a\)"},     {"plain", "plain"}, {R"("half)", R"("half)"},
      {R"(half")", R"(half")"}, {R"(")", R"(")"},   {"", ""},
      {R"(a"b"c)", R"(a"b"c)"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(unquoted(c.text), c.meaning);
  }
}

TEST(QuotedString, IsWrittenSoThatItIsReadAgain) {
  for (const std::string_view text : {"", "a b", R"(a"b\c)", R"(\)"}) {
    const std::string quoted = quoted_string(text);
    EXPECT_EQ(unquoted(quoted), text);
    EXPECT_EQ(quoted_string_length(quoted + " \"more\""), quoted.size());
  }
}

TEST(QuotedString, HasNoLengthWhereItIsNotClosed) {
  for (const std::string_view text : {R"(")", R"("a)", R"("a\")", R"("a\)"}) {
    EXPECT_EQ(quoted_string_length(text), std::string_view::npos) << text;
  }
}

}  // namespace
}  // namespace inforeply
