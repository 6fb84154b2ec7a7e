#include "inforeply/clock.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <string>
#include <string_view>

namespace inforeply {
namespace {

using namespace std::string_view_literals;

constexpr Time at(long long seconds) {
  return Time{Seconds{seconds}};
}

/// The local time zone of a test, in POSIX's form, so that no time zone data is needed.
class LocalTime : public testing::Test {
 protected:
  LocalTime() { set("CET-1CEST,M3.5.0,M10.5.0/3"); }
  ~LocalTime() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  static void set(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  static std::string utc(std::optional<Time> time) { return time ? format_utc(*time) : "nothing"; }
};

TEST(FixedClock, StandsUntilItIsSet) {
  FixedClock clock(at(1000));
  EXPECT_EQ(clock.now(), at(1000));
  clock.set(at(2000));
  EXPECT_EQ(clock.now(), at(2000));
}

TEST(SystemClock, TellsTheTimeOfTheSystem) {
  const auto before = ::time(nullptr);
  const auto now = SystemClock().now().time_since_epoch().count();
  // time(2) may lag behind clock_gettime(2) by a tick.
  EXPECT_GE(now, before);
  EXPECT_LE(now, ::time(nullptr) + 1);
}

TEST(Format, OfAYearHasFourDigits) {
  const Time early{std::chrono::sys_days(std::chrono::year{12} / 3 / 1)};
  EXPECT_EQ(format_utc(early), "0012-03-01T00:00:00Z");
  EXPECT_EQ(format_minute(early, {}), "0012-03-01 00:00");
  EXPECT_EQ(format_day(std::chrono::floor<std::chrono::days>(early)), "0012-03-01");
}

TEST(Duration, IsANumberWithAUnit) {
  constexpr struct {
    std::string_view text;
    long long seconds;
  } kCases[] = {
      {"0", 0},     {"0d", 0},      {"1s", 1},       {"90s", 90},      {"5m", 300},
      {"1h", 3600}, {"7d", 604800}, {"2w", 1209600}, {"007d", 604800}, {"36600d", 36600LL * 86400},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(parse_duration(c.text), Seconds{c.seconds});
  }
}

TEST(Duration, IsRefusedWhereItIsNone) {
  for (const auto text :
       {""sv, "7"sv, "d"sv, "00"sv, "-1d"sv, "+1d"sv, "1.5h"sv, "7 d"sv, " 7d"sv, "7d "sv, "7D"sv,
        "7days"sv, "1d12h"sv, "1y"sv, "7d\0"sv, "\0d"sv, "0x7d"sv, "once"sv}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(parse_duration(text));
  }
}

TEST(Duration, IsAHundredYearsAtMost) {
  for (const auto text : {"36601d"sv, "5229w"sv, "18446744073709551615s"sv,
                          "18446744073709551615w"sv, "99999999999999999999999s"sv}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(parse_duration(text));
  }
}

TEST_F(LocalTime, ParsesTimesOfAnyZone) {
  constexpr struct {
    std::string_view text, utc;
  } kCases[] = {
      {"2026-12-24", "2026-12-23T23:00:00Z"},
      {"2026-12-24T18:00", "2026-12-24T17:00:00Z"},
      {"2026-12-24 18:00", "2026-12-24T17:00:00Z"},
      {"2026-12-24T18:00:30", "2026-12-24T17:00:30Z"},
      {"2026-07-01T18:00", "2026-07-01T16:00:00Z"},
      {"2026-12-24T18:00Z", "2026-12-24T18:00:00Z"},
      {"2026-12-24T18:00:30Z", "2026-12-24T18:00:30Z"},
      {"2026-12-24T18:00+01:00", "2026-12-24T17:00:00Z"},
      {"2026-12-24T18:00-05:30", "2026-12-24T23:30:00Z"},
      {"2026-12-24T18:00-0530", "2026-12-24T23:30:00Z"},
      {"2024-02-29T00:00Z", "2024-02-29T00:00:00Z"},
      {"2026-01-01T00:00+14:00", "2025-12-31T10:00:00Z"},
      {"1970-01-01T00:00Z", "1970-01-01T00:00:00Z"},
      {"2026-12-24T24:00", "2026-12-24T23:00:00Z"},
      {"2026-12-31T24:00:00Z", "2027-01-01T00:00:00Z"},
      {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(utc(parse_time(c.text)), c.utc);
  }
}

TEST_F(LocalTime, RefusesWhatIsNoTime) {
  for (const auto text : {""sv,
                          "now"sv,
                          "2026"sv,
                          "2026-12"sv,
                          "20261224"sv,
                          "24.12.2026"sv,
                          "2026-00-24"sv,
                          "2026-13-24"sv,
                          "2026-12-00"sv,
                          "2026-12-32"sv,
                          "2026-02-29"sv,
                          "2026-04-31"sv,
                          "1969-12-31"sv,
                          "12026-12-24"sv,
                          "-026-12-24"sv,
                          " 2026-12-24"sv,
                          "2026-12-24 "sv,
                          "2026-12-24T"sv,
                          "2026-12-24Z"sv,
                          "2026-12-24T18"sv,
                          "2026-12-24T24:01"sv,
                          "2026-12-24T24:00:01"sv,
                          "2026-12-24T25:00"sv,
                          "2026-12-24T18:60"sv,
                          "2026-12-24T18:00:61"sv,
                          "2026-12-24T18:00:"sv,
                          "2026-12-24T 8:00"sv,
                          "2026-12-24T18:00CET"sv,
                          "2026-12-24T18:00+1"sv,
                          "2026-12-24T18:00+01:60"sv,
                          "2026-12-24T18:00+15:00"sv,
                          "2026-12-24T18:00Zx"sv,
                          "2026-12-24T18:00+01:00x"sv,
                          "2026-12-24T18:00\0"sv,
                          "2026-12-24\0"sv}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(utc(parse_time(text)), "nothing");
    EXPECT_EQ(utc(parse_end_time(text)), "nothing");
  }
}

TEST_F(LocalTime, EndsAPeriodWithTheWholeOfItsLastDay) {
  EXPECT_EQ(utc(parse_end_time("2026-12-24")), "2026-12-24T23:00:00Z");
  EXPECT_EQ(utc(parse_end_time("2026-12-31")), "2026-12-31T23:00:00Z");
  EXPECT_EQ(utc(parse_end_time("2024-02-28")), "2024-02-28T23:00:00Z");
  EXPECT_EQ(utc(parse_end_time("2026-12-24T18:00")), "2026-12-24T17:00:00Z");
  EXPECT_EQ(utc(parse_end_time("2026-12-24 18:00Z")), "2026-12-24T18:00:00Z");
  EXPECT_EQ(parse_end_time("2026-12-24T24:00"), parse_end_time("2026-12-24"));
}

TEST_F(LocalTime, KnowsThatTheDayTheClocksChangeIsShorterOrLonger) {
  EXPECT_EQ(*parse_end_time("2026-03-29") - *parse_time("2026-03-29"), std::chrono::hours{23});
  EXPECT_EQ(*parse_end_time("2026-10-25") - *parse_time("2026-10-25"), std::chrono::hours{25});
}

TEST_F(LocalTime, IsFormattedWithoutATimeOfDayAtMidnight) {
  EXPECT_EQ(format_local(*parse_time("2026-12-24")), "2026-12-24");
  EXPECT_EQ(format_local(*parse_time("2026-12-24T18:00")), "2026-12-24 18:00");
  EXPECT_EQ(format_local(*parse_time("2026-12-24T00:01")), "2026-12-24 00:01");
  EXPECT_EQ(format_local(*parse_time("2026-12-24T00:00Z")), "2026-12-24 01:00");
}

TEST_F(LocalTime, DoesNotShowInMachineFormats) {
  for (const char* zone : {"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5"}) {
    set(zone);
    EXPECT_EQ(format_utc(at(1798131600)), "2026-12-24T17:00:00Z");
    EXPECT_EQ(format_rfc5322(at(1798131600)), "Thu, 24 Dec 2026 17:00:00 +0000");
  }
}

TEST(Format, PadsEveryNumber) {
  EXPECT_EQ(format_utc(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc5322(at(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
}

TEST_F(LocalTime, ReadsBackWhatItWrites) {
  for (const auto seconds : {0LL, 1LL, 951782399LL, 1798131600LL, 4102444799LL}) {
    EXPECT_EQ(parse_time(format_utc(at(seconds))), at(seconds));
  }
}

}  // namespace
}  // namespace inforeply
