#include "responder/quote_setting.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace inforeply {
namespace {

using namespace std::string_view_literals;

TEST(QuoteSetting, IsNoneHeadersOrANumberOfLines) {
  ASSERT_TRUE(parse_quote("none"));
  EXPECT_FALSE(parse_quote("none")->headers);
  EXPECT_EQ(parse_quote("none")->lines, 0U);
  ASSERT_TRUE(parse_quote("headers"));
  EXPECT_TRUE(parse_quote("headers")->headers);
  ASSERT_TRUE(parse_quote("1"));
  EXPECT_EQ(parse_quote("1")->lines, 1U);
  ASSERT_TRUE(parse_quote("20"));
  EXPECT_EQ(parse_quote("20")->lines, 20U);
  EXPECT_FALSE(parse_quote("20")->headers);
}

TEST(QuoteSetting, IsNothingElse) {
  for (const auto value :
       {""sv, "0"sv, "21"sv, "-1"sv, "1 "sv, "all"sv, "99999999999999999999"sv}) {
    SCOPED_TRACE(value);
    EXPECT_FALSE(parse_quote(value));
  }
}

}  // namespace
}  // namespace inforeply
