// How a reply speaks of the period in force.
#pragma once

#include <string>
#include <string_view>

#include "inforeply/time_zone.hpp"
#include "responder/period.hpp"

namespace inforeply {

/// The values of the placeholders. Empty: the period has no such end.
struct PeriodText {
  std::string active_from;
  std::string active_until;  ///< the last day, of a period that ends at midnight
  std::string next_open;     ///< when it ends: the day after that
};

/// A time of day is left out at midnight. The language's usual form, if its tag (RFC 5646) is one
/// of those known here; else that of ISO 8601: `2026-12-24 18:00`.
PeriodText period_text(const Period& period, const TimeZone& zone, std::string_view language);

}  // namespace inforeply
