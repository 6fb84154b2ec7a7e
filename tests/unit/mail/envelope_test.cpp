#include "inforeply/envelope.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace inforeply {
namespace {

using namespace std::string_view_literals;

TEST(Sender, IsNullInAnyOfItsSpellings) {
  for (const auto argument :
       {""sv, "<>"sv, "MAILER-DAEMON"sv, "mailer-daemon"sv, "Mailer-Daemon"sv}) {
    SCOPED_TRACE(argument);
    EXPECT_EQ(normalize_sender(argument), "");
  }
}

TEST(Sender, LosesItsAngleBrackets) {
  EXPECT_EQ(normalize_sender("<a@example.org>"), "a@example.org");
  EXPECT_EQ(normalize_sender("<\"a>b\"@example.org>"), "\"a>b\"@example.org");
}

TEST(Sender, StaysAsItIsOtherwise) {
  for (const auto argument :
       {"a@example.org"sv, "user+tag@example.org"sv, "-n@example.org"sv, "--config=x"sv,
        "MAILER-DAEMON@example.org"sv, "MAILER-DAEMON-2"sv, "<a@example.org"sv, "a@example.org>"sv,
        "<"sv, ">"sv, " "sv, "a\nb"sv, "a\0b"sv, "\xFF"sv, "\"<>\"@example.org"sv}) {
    SCOPED_TRACE(testing::PrintToString(argument));
    EXPECT_EQ(normalize_sender(argument), argument);
  }
}

}  // namespace
}  // namespace inforeply
