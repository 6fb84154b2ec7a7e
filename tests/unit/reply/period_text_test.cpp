#include "reply/period_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace inforeply {
namespace {

const TimeZone kBerlin = TimeZone::find("Europe/Berlin").value();

Time at(const char* text) {
  return parse_time(text, kBerlin).value();
}

TEST(PeriodText, HasTheFormOfTheLanguage) {
  struct Row {
    const char* language;
    const char* from;
    const char* until;
  };
  const std::vector<Row> rows = {
      {"", "2026-03-04 08:05", "2026-12-24 18:00"},
      {"tlh", "2026-03-04 08:05", "2026-12-24 18:00"},
      {"de", "04.03.2026 08:05", "24.12.2026 18:00"},
      {"DE-at", "04.03.2026 08:05", "24.12.2026 18:00"},
      {"en", "4 March 2026 08:05", "24 December 2026 18:00"},
      {"en-GB", "4 March 2026 08:05", "24 December 2026 18:00"},
      {"en-US", "March 4, 2026 8:05 AM", "December 24, 2026 6:00 PM"},
      {"fi", "4.3.2026 8.05", "24.12.2026 18.00"},
      {"fr-CA", "04/03/2026 08:05", "24/12/2026 18:00"},
      {"hu", "2026. 03. 04. 08:05", "2026. 12. 24. 18:00"},
      {"ja", "2026年3月4日 08:05", "2026年12月24日 18:00"},
  };
  const Period period{at("2026-03-04T08:05"), at("2026-12-24T18:00")};
  for (const auto& row : rows) {
    const auto text = period_text(period, kBerlin, row.language);
    EXPECT_EQ(text.active_from, row.from) << row.language;
    EXPECT_EQ(text.active_until, row.until) << row.language;
    EXPECT_EQ(text.next_open, row.until) << row.language;
  }
}

TEST(PeriodText, OfWholeDaysHasDatesAlone) {
  // Over a change of the clocks, whose day has 23 hours.
  const auto text = period_text({at("2026-03-28"), at("2026-03-30")}, kBerlin, {});
  EXPECT_EQ(text.active_from, "2026-03-28");
  EXPECT_EQ(text.active_until, "2026-03-29");
  EXPECT_EQ(text.next_open, "2026-03-30");
}

TEST(PeriodText, OfWholeDaysHasDatesAloneWhereClocksSkipMidnight) {
  const auto cairo = TimeZone::find("Africa/Cairo").value();
  const auto of = [&](const char* from, const char* until) {
    return period_text({parse_time(from, cairo), parse_end_time(until, cairo)}, cairo, {});
  };
  const auto before = of("2026-04-23", "2026-04-23");
  EXPECT_EQ(before.active_until, "2026-04-23");
  EXPECT_EQ(before.next_open, "2026-04-24");
  EXPECT_EQ(of("2026-04-24", "2026-04-24").active_from, "2026-04-24");
  EXPECT_EQ(of("2026-04-24", "2026-04-24T01:30").active_until, "2026-04-24 01:30");
}

TEST(PeriodText, OfAnEndThatIsMissingIsEmpty) {
  const auto text = period_text({}, kBerlin, "de");
  EXPECT_EQ(text.active_from + text.active_until + text.next_open, "");
}

}  // namespace
}  // namespace inforeply
