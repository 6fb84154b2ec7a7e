// Periods of time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "inforeply/clock.hpp"

namespace inforeply {

/// From `from`, inclusive, to `until`, exclusive. nullopt: there is no such end.
struct Period {
  std::optional<Time> from;
  std::optional<Time> until;

  [[nodiscard]] bool contains(Time time) const {
    return (!from || *from <= time) && (!until || time < *until);
  }
};

/// A period with both ends.
struct Span {
  Time from;
  Time until;
};

/// Where the spans are asked for: those that overlap or touch it.
using Window = Span;

/// `from 2026-12-24 18:00 to 2026-12-25 08:00`; an end that is missing is left out, `always` has
/// none.
std::string describe(const Period& period, const TimeZone& zone);

/// Whether the day begins there: at midnight, or after it where clocks skip midnight.
bool begins_day(Time time, const TimeZone& zone);

/// The last day of what ends when a day begins, as `active-until` names it; of all else the time.
std::string describe_end(Time end, const TimeZone& zone);

/// What both periods have in common; they must have something.
Period common(const Period& a, const Period& b);

/// Sorts the spans and joins those that overlap or touch. Empty ones go.
std::vector<Span> joined(std::vector<Span> spans);

}  // namespace inforeply
