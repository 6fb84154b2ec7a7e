// When a responder answers.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "responder/calendar.hpp"
#include "responder/period.hpp"
#include "responder/weekly_times.hpp"

namespace inforeply {

/// It answers in its weekly times and during the events of its calendar, if it has either; and
/// never outside of the period from `from` to `until`. Times that overlap or touch are one period.
struct Schedule {
  TimeZone zone;
  std::optional<Time> from;   ///< inclusive
  std::optional<Time> until;  ///< exclusive
  std::vector<WeeklyTimes> weekly;
  Calendar calendar;

  [[nodiscard]] bool is_recurring() const { return !weekly.empty() || calendar.has_files(); }

  /// The period that the time is in; nullopt if it is in none. An end that is over 512 days away
  /// counts as none.
  [[nodiscard]] std::optional<Period> period_at(Time time) const;

  /// The periods that end after `time`, in order: at most `count`, and of recurring ones those that
  /// begin within some six years.
  [[nodiscard]] std::vector<Period> next_periods(Time time, std::size_t count) const;

  /// The period that the time is in, or else the next one.
  [[nodiscard]] Period period_near(Time time) const;

  /// The periods that ended after `after`, at `time` or before, in order; of recurring ones within
  /// 512 days.
  [[nodiscard]] std::vector<Period> ended(Time after, Time time) const;

 private:
  [[nodiscard]] std::vector<Span> spans_in(const Window& window) const;
  [[nodiscard]] std::optional<Period> within_bounds(Period period) const;
};

}  // namespace inforeply
