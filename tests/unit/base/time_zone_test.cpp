#include "inforeply/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "inforeply/clock.hpp"

namespace inforeply {
namespace {

using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::minutes;
using std::chrono::year;

constexpr local_seconds at(int y, unsigned month, unsigned day, int hour, int minute = 0) {
  return local_days{year{y} / static_cast<int>(month) / static_cast<int>(day)} + hours{hour} +
         minutes{minute};
}

TEST(TimeZone, IsFoundByItsNameAlone) {
  for (const auto* name : {"Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5"})
    EXPECT_TRUE(TimeZone::find(name)) << name;
  for (const auto* name :
       {"", "Europe", "Berlin", "Europe/berlin ", "/usr/share/zoneinfo/UTC", "../zoneinfo/UTC",
        "Europe/../UTC", "W. Europe Standard Time", "CET-1CEST", "leapseconds"})
    EXPECT_FALSE(TimeZone::find(name)) << name;
  EXPECT_FALSE(TimeZone::find(std::string(5000, 'A')));
}

struct Row {
  const char* zone;
  local_seconds local;
  const char* utc;
  bool is_shown = true;  ///< clocks show it
};

TEST(TimeZone, TellsWhenClocksShowATime) {
  // RFC 5545, 3.3.5, has the rules and its examples in New York.
  const std::vector<Row> rows = {
      {"America/New_York", at(2007, 11, 4, 1, 30), "2007-11-04T05:30:00Z"},         // twice
      {"America/New_York", at(2007, 3, 11, 2, 30), "2007-03-11T07:30:00Z", false},  // never
      {"Europe/Berlin", at(2026, 3, 29, 1, 59), "2026-03-29T00:59:00Z"},
      {"Europe/Berlin", at(2026, 3, 29, 2), "2026-03-29T01:00:00Z", false},
      {"Europe/Berlin", at(2026, 3, 29, 3), "2026-03-29T01:00:00Z"},
      {"Europe/Berlin", at(2026, 10, 25, 2), "2026-10-25T00:00:00Z"},
      {"Europe/Berlin", at(2026, 10, 25, 3), "2026-10-25T02:00:00Z"},
      {"Australia/Lord_Howe", at(2026, 4, 5, 1, 45), "2026-04-04T14:45:00Z"},  // by half an hour
      {"Australia/Lord_Howe", at(2026, 10, 4, 2, 15), "2026-10-03T15:45:00Z", false},
      {"America/Santiago", at(2026, 9, 6, 0), "2026-09-06T04:00:00Z", false},  // at midnight
      {"Asia/Kolkata", at(2026, 7, 1, 12), "2026-07-01T06:30:00Z"},
      {"Pacific/Apia", at(2011, 12, 30, 12), "2011-12-30T22:00:00Z", false},  // a day
      {"UTC", at(2026, 2, 28, 23, 59), "2026-02-28T23:59:00Z"},
  };
  for (const auto& row : rows) {
    const auto zone = TimeZone::find(row.zone).value();
    const auto time = zone.to_time(row.local);
    EXPECT_EQ(format_utc(time), row.utc) << row.zone;
    EXPECT_EQ(zone.to_local(time) == row.local, row.is_shown) << row.zone << row.utc;
  }
}

TEST(TimeZone, LeavesTheMachinesZoneAsItWas) {
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  const auto noon = at(2026, 7, 1, 12);
  const TimeZone machines;
  EXPECT_EQ(format_utc(machines.to_time(noon)), "2026-07-01T03:00:00Z");
  EXPECT_EQ(format_utc(TimeZone::find("UTC")->to_time(noon)), "2026-07-01T12:00:00Z");
  EXPECT_EQ(format_utc(machines.to_time(noon)), "2026-07-01T03:00:00Z");
  EXPECT_STREQ(std::getenv("TZ"), "Asia/Tokyo");
  ::unsetenv("TZ");
  ::tzset();
  EXPECT_EQ(format_utc(TimeZone::find("Asia/Tokyo")->to_time(noon)), "2026-07-01T03:00:00Z");
  EXPECT_EQ(std::getenv("TZ"), nullptr);
}

TEST(TimeZone, CanBeUsedWithinAnother) {
  const auto berlin = TimeZone::find("Europe/Berlin").value();
  const auto noon = at(2026, 7, 1, 12);
  const auto machines = format_utc(TimeZone().to_time(noon));
  const TimeZone::Use use(berlin);
  EXPECT_EQ(format_utc(TimeZone::find("Asia/Tokyo")->to_time(noon)), "2026-07-01T03:00:00Z");
  EXPECT_EQ(format_utc(berlin.to_time(noon)), "2026-07-01T10:00:00Z");
  EXPECT_EQ(format_utc(TimeZone().to_time(noon)), machines);
  TimeZone::Use::change_to(TimeZone::find("Asia/Tokyo").value());
  EXPECT_EQ(format_utc(berlin.to_time(noon)), "2026-07-01T10:00:00Z");
}

}  // namespace
}  // namespace inforeply
