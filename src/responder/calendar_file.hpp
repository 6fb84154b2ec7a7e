// The lines of an iCalendar file (RFC 5545) that matter here; no library reads more of it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace inforeply {

inline constexpr std::size_t kMaxCalendarLines = 100'000;         // of a file, those that matter
inline constexpr std::size_t kMaxComponentOctets = 128UL * 1024;  // of one, those that matter

enum class CalendarComponentKind { kTimeZone, kEvent };

/// A component in a VCALENDAR, whole and unfolded, with no components in it but the observances of
/// a time zone.
struct CalendarComponent {
  std::string text;          ///< BEGIN:… to END:…, lines end with CRLF
  std::size_t line = 0;      ///< where it begins
  std::size_t calendar = 0;  ///< the number of its VCALENDAR in the file, from 1 on
};

/// Calls `take` with each component of a kind. Throws ConfigError if `file`, whose text this is, is
/// no iCalendar file, is cut short, or goes beyond the bounds.
void read_components(std::string_view text, const std::string& file, CalendarComponentKind kind,
                     const std::function<void(const CalendarComponent&)>& take);

}  // namespace inforeply
