#include "responder/schedule.hpp"

#include <algorithm>

namespace inforeply {
namespace {

// Weekly times have a gap within a week or none at all. Events may follow each other for longer, so
// we look further and further.
constexpr std::chrono::days kFirstReach{8};
constexpr std::chrono::days kLastReach{512};
constexpr std::chrono::days kFarthest{2048};  // three events of each 29th of February are farther

/// What is known of a span: where it touches an end of the window, it may go on.
Period period_of(const Span& span, const Window& window) {
  Period period;
  if (span.from > window.from) period.from = span.from;
  if (span.until < window.until) period.until = span.until;
  return period;
}

}  // namespace

std::vector<Span> Schedule::spans_in(const Window& window) const {
  const TimeZone::Use use(zone);
  std::vector<Span> spans;
  for (const auto& times : weekly)
    times.add_spans(zone, window, spans);
  calendar.add_spans(window, spans);
  return joined(std::move(spans));
}

std::optional<Period> Schedule::within_bounds(Period period) const {
  period = common(period, {from, until});
  const bool is_empty = period.from && period.until && *period.from >= *period.until;
  return is_empty ? std::nullopt : std::optional(period);
}

std::optional<Period> Schedule::period_at(Time time) const {
  if (!Period{from, until}.contains(time)) return std::nullopt;
  if (!is_recurring()) return Period{from, until};
  const auto last_reach = calendar.has_files() ? kLastReach : kFirstReach;
  Window window{time, time};
  for (auto reach = kFirstReach;; reach *= 2) {
    window = {std::min(window.from, time - reach), std::max(window.until, time + reach)};
    const auto spans = spans_in(window);
    const auto found = std::find_if(spans.begin(), spans.end(), [&](const Span& span) {
      return span.from <= time && time < span.until;
    });
    if (found == spans.end()) return std::nullopt;
    const Period period = period_of(*found, window);
    if ((period.from && period.until) || reach >= last_reach) return within_bounds(period);
    // Beyond the ends of an event that is longer than all this.
    window = {found->from - kFirstReach, found->until + kFirstReach};
  }
}

std::vector<Period> Schedule::next_periods(Time time, std::size_t count) const {
  std::vector<Period> periods;
  if (!is_recurring()) {
    if (until && *until <= time) return {};
    return {{from, until}};
  }
  if (from) time = std::max(time, *from);
  for (auto reach = kFirstReach; reach <= kFarthest; reach *= 2) {
    const Window window{time - std::min(reach, kLastReach), time + reach};
    periods.clear();
    for (const auto& span : spans_in(window)) {
      const auto period = within_bounds(period_of(span, window));
      if (period && (!period->until || *period->until > time) && periods.size() < count)
        periods.push_back(*period);
    }
    // The last may go on behind the window.
    if (periods.size() == count && periods.back().until) break;
    if (until && *until <= window.until) break;
  }
  return periods;
}

std::vector<Period> Schedule::ended(Time after, Time time) const {
  const auto is_wanted = [&](const std::optional<Period>& period) {
    return period && period->until && *period->until > after && *period->until <= time;
  };
  if (!is_recurring()) {
    const Period period{from, until};
    return is_wanted(period) ? std::vector{period} : std::vector<Period>{};
  }
  std::vector<Period> periods;
  const Window window{std::max(after, time - kLastReach) - kFirstReach, time + kFirstReach};
  for (const auto& span : spans_in(window)) {
    const auto period = within_bounds(period_of(span, window));
    if (is_wanted(period)) periods.push_back(*period);
  }
  return periods;
}

Period Schedule::period_near(Time time) const {
  if (!is_recurring()) return {from, until};
  if (auto period = period_at(time)) return *period;
  const auto next = next_periods(time, 1);
  return next.empty() ? Period{} : next.front();
}

}  // namespace inforeply
