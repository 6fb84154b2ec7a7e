#include "responder/weekly_times.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace inforeply {
namespace {

using std::chrono::days;

/// Of the week from Sunday 2026-03-22 on, in UTC, joined: `Mon 17:00 Tue 08:00`.
std::vector<std::string> week_of(const WeeklyTimes& times) {
  const auto zone = TimeZone::find("UTC").value();
  const Time sunday{std::chrono::sys_days{std::chrono::year{2026} / 3 / 22}};
  const auto show = [](Time time) {
    constexpr std::array kNames = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    const auto day = std::chrono::floor<days>(time);
    return std::string(kNames.at(std::chrono::weekday(day).c_encoding())) +
           format_local(time, TimeZone::find("UTC").value()).substr(10);
  };
  std::vector<Span> spans;
  times.add_spans(zone, {sunday, sunday + days{7}}, spans);
  std::vector<std::string> shown;
  for (const auto& span : joined(spans)) {
    if (span.from >= sunday && span.from < sunday + days{7})
      shown.push_back(show(span.from) + " " + show(span.until));
  }
  return shown;
}

TEST(WeeklyTimes, AreReadAsTheyAreWritten) {
  using Week = std::vector<std::string>;
  const std::vector<std::pair<std::string, Week>> rows = {
      {"tue", {"Tue Wed"}},
      {"Tuesday 9:00-17:30", {"Tue 09:00 Tue 17:30"}},
      {"SAT,sun", {"Sat Mon"}},
      {"mon , wed 08:00 - 09:00 , 10:00-11:00",
       {"Mon 08:00 Mon 09:00", "Mon 10:00 Mon 11:00", "Wed 08:00 Wed 09:00",
        "Wed 10:00 Wed 11:00"}},
      {"thu-fri 17:00-08:00", {"Thu 17:00 Fri 08:00", "Fri 17:00 Sat 08:00"}},
      {"sat-mon 12:00-13:00",
       {"Sun 12:00 Sun 13:00", "Mon 12:00 Mon 13:00", "Sat 12:00 Sat 13:00"}},
      {"wed 12:00-24:00", {"Wed 12:00 Thu"}},
      {"wed 17:00-00:00", {"Wed 17:00 Thu"}},
      {"fri 00:00-24:00", {"Fri Sat"}},
      {"mon-tue 12:00-12:01", {"Mon 12:00 Mon 12:01", "Tue 12:00 Tue 12:01"}},
  };
  for (const auto& [text, week] : rows) {
    const auto times = WeeklyTimes::parse(text);
    ASSERT_TRUE(times) << text;
    EXPECT_EQ(week_of(*times), week) << text;
    EXPECT_EQ(times->text(), text);
  }
}

TEST(WeeklyTimes, WithoutDaysAreOfEachDay) {
  EXPECT_EQ(week_of(WeeklyTimes::parse("12:00-13:00").value()).size(), 7);
}

TEST(WeeklyTimes, OfOtherFormsAreNone) {
  for (const std::string text : {"",
                                 " ",
                                 "mo",
                                 "mond",
                                 "mon-",
                                 "-mon",
                                 "mon,",
                                 ",mon",
                                 "mon tue",
                                 "mon-tue-wed",
                                 "8",
                                 "8-17",
                                 "08:00",
                                 "08:00-",
                                 "-08:00",
                                 "8:0-9:00",
                                 "08:60-09:00",
                                 "24:01-08:00",
                                 "25:00-26:00",
                                 "24:00-08:00",
                                 "08:00-08:00",
                                 "00:00-00:00",
                                 "08:00-09:00,",
                                 "08:00-09:00 mon",
                                 "mon, 08:00-09:00",
                                 "08:00-09:00-10:00",
                                 "+8:00-9:00",
                                 "08:00:00-09:00:00"}) {
    EXPECT_FALSE(WeeklyTimes::parse(text)) << text;
  }
}

}  // namespace
}  // namespace inforeply
