#include "responder/schedule.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace inforeply {
namespace {

const TimeZone kBerlin = TimeZone::find("Europe/Berlin").value();

Time at(const std::string& text) {
  return parse_time(text, kBerlin).value();
}

Schedule weekly(const std::vector<std::string>& texts) {
  Schedule schedule;
  schedule.zone = kBerlin;
  for (const auto& text : texts)
    schedule.weekly.push_back(WeeklyTimes::parse(text).value());
  return schedule;
}

std::string shown(const std::optional<Period>& period) {
  return period ? describe(*period, kBerlin) : "none";
}

std::vector<std::string> next_of(const Schedule& schedule, const std::string& time) {
  std::vector<std::string> shown;
  for (const auto& period : schedule.next_periods(at(time), 3))
    shown.push_back(describe(period, kBerlin));
  return shown;
}

TEST(Schedule, WithoutAnythingIsAlwaysInForce) {
  const Schedule schedule;
  EXPECT_EQ(shown(schedule.period_at(at("2026-12-24"))), "always");
  EXPECT_EQ(shown(schedule.period_near(at("2026-12-24"))), "always");
  EXPECT_EQ(next_of(schedule, "2026-12-24"), std::vector<std::string>{"always"});
}

TEST(Schedule, KnowsBothEndsOfAnEventOfYearsFromItsFirstDayToItsLast) {
  Schedule schedule;
  schedule.zone = kBerlin;
  schedule.calendar.add_file(
      "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20200101\nDTEND;VALUE=DATE:20280201\n"
      "END:VEVENT\nEND:VCALENDAR\n",
      "a.ics", kBerlin, throw_fault);
  for (const auto* time : {"2020-01-01", "2022-06-01", "2026-09-01", "2028-01-31T23:59"})
    EXPECT_EQ(shown(schedule.period_at(at(time))), "from 2020-01-01 to 2028-02-01") << time;
}

TEST(Schedule, TellsAllPeriodsThatEndedSince) {
  const auto schedule = weekly({"mon-fri 17:00-08:00"});
  const auto ended = schedule.ended(at("2026-11-30T12:00"), at("2026-12-02T08:00"));
  ASSERT_EQ(ended.size(), 2);
  EXPECT_EQ(shown(ended.front()), "from 2026-11-30 17:00 to 2026-12-01 08:00");
  EXPECT_EQ(shown(ended.back()), "from 2026-12-01 17:00 to 2026-12-02 08:00");
}

TEST(Schedule, KnowsThePeriodThatATimeIsIn) {
  struct Row {
    std::vector<std::string> times;
    const char* time;
    const char* period;
  };
  const std::vector<Row> rows = {
      {{"mon-fri 17:00-08:00"}, "2026-11-30T16:59", "none"},  // a Monday
      {{"mon-fri 17:00-08:00"}, "2026-11-30T17:00", "from 2026-11-30 17:00 to 2026-12-01 08:00"},
      {{"mon-fri 17:00-08:00"}, "2026-12-01T07:59", "from 2026-11-30 17:00 to 2026-12-01 08:00"},
      {{"mon-fri 17:00-08:00"}, "2026-12-01T08:00", "none"},
      {{"mon-fri 17:00-08:00", "sat,sun"},
       "2026-12-05T12:00",
       "from 2026-12-04 17:00 to 2026-12-07"},  // they overlap
      {{"sat", "sun", "mon 00:00-08:00"},
       "2026-12-06T12:00",
       "from 2026-12-05 to 2026-12-07 08:00"},  // they touch
      {{"mon-sun"}, "2026-12-06T12:00", "always"},
      {{"sun 02:00-03:00"}, "2026-03-29T03:30", "none"},  // the hour that clocks skip
      {{"sun 01:00-04:00"}, "2026-10-25T02:30", "from 2026-10-25 01:00 to 2026-10-25 04:00"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(shown(weekly(row.times).period_at(at(row.time))), row.period) << row.time;
}

TEST(Schedule, IsNeverInForceOutsideOfItsBounds) {
  auto schedule = weekly({"sat,sun"});
  schedule.from = at("2026-12-06T12:00");  // a Sunday
  schedule.until = at("2026-12-19T06:00");
  EXPECT_EQ(shown(schedule.period_at(at("2026-12-06T11:59"))), "none");
  EXPECT_EQ(shown(schedule.period_at(at("2026-12-06T12:00"))),
            "from 2026-12-06 12:00 to 2026-12-07");
  EXPECT_EQ(next_of(schedule, "2026-12-01"),
            (std::vector<std::string>{"from 2026-12-06 12:00 to 2026-12-07",
                                      "from 2026-12-12 to 2026-12-14",
                                      "from 2026-12-19 to 2026-12-19 06:00"}));
  EXPECT_EQ(next_of(schedule, "2026-12-19T06:00"), std::vector<std::string>{});
  EXPECT_EQ(shown(schedule.period_at(at("2026-12-19T06:00"))), "none");
}

TEST(Schedule, ListsThePeriodInForceFirst) {
  EXPECT_EQ(next_of(weekly({"mon 17:00-08:00"}), "2026-12-01T07:00"),
            (std::vector<std::string>{"from 2026-11-30 17:00 to 2026-12-01 08:00",
                                      "from 2026-12-07 17:00 to 2026-12-08 08:00",
                                      "from 2026-12-14 17:00 to 2026-12-15 08:00"}));
}

TEST(Schedule, IsNearThePeriodInForceOrTheNext) {
  const auto schedule = weekly({"sat,sun"});
  for (const auto* time : {"2026-12-01", "2026-12-05", "2026-12-06T23:59"}) {
    EXPECT_EQ(shown(schedule.period_near(at(time))), "from 2026-12-05 to 2026-12-07");
  }
}

TEST(Schedule, JoinsEventsAndWeeklyTimes) {
  auto schedule = weekly({"sat,sun"});
  schedule.calendar.add_file(
      "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20261224\n"
      "DTEND;VALUE=DATE:20261226\nEND:VEVENT\nEND:VCALENDAR\n",
      "a.ics", kBerlin, throw_fault);
  EXPECT_EQ(shown(schedule.period_at(at("2026-12-25T12:00"))), "from 2026-12-24 to 2026-12-28");
}

}  // namespace
}  // namespace inforeply
