// An event of an iCalendar file (RFC 5545, 3.6.1).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "inforeply/clock.hpp"
#include "responder/libical.hpp"

namespace inforeply {

/// Whose clocks a time is shown by: UTC, a zone, or one that the file defines.
struct Utc {};
using EventZone = std::variant<Utc, TimeZone, icaltimezone*>;

struct EventTime {
  std::chrono::local_seconds local;
  EventZone zone;
  bool is_date = false;
  bool is_floating = false;  ///< it has no zone; the one here is that of the calendar
};

/// How long an event lasts: first as clocks show it (RFC 5545, 3.3.6: days), then exactly.
struct Length {
  Seconds on_clock{};
  Seconds exact{};
};

Time time_of(const EventTime& event);

/// For the times that follow, as many are of one zone.
void use_zone_of(const EventTime& event);

/// Occurrences that are left out, each by its time or its date.
class Exceptions {
 public:
  void add(const EventTime& exception);
  /// Must have been called before `contain`.
  void sort();
  [[nodiscard]] bool contain(const EventTime& start, Time time) const;

 private:
  std::vector<std::chrono::local_days> days_;
  std::vector<Time> times_;
};

/// An RRULE. As text, since libical's form of it takes 3 KB.
struct Rule {
  std::string text;
  /// Inclusive, as the clocks of the event show it.
  std::optional<std::chrono::local_seconds> until;
};

struct Event {
  const std::string* file = nullptr;
  std::size_t line = 0;
  std::string uid;
  int sequence = 0;        ///< of its revisions (RFC 5545, 3.8.7.4) the highest counts
  bool takes_time = true;  ///< neither transparent nor cancelled
  bool is_cancelled = false;
  EventTime start{};
  Length length;
  std::vector<Rule> rules;
  std::vector<std::pair<EventTime, Length>> dates;  ///< RDATE
  Exceptions exceptions;
  std::optional<EventTime> replaces;     ///< RECURRENCE-ID: it stands for that one occurrence
  const Exceptions* replaced = nullptr;  ///< those that others stand for; null: none
};

/// Reads a component into `event`, which has its file and line. `zones` has the VTIMEZONEs of its
/// VCALENDAR (null: it has none), `zone` is that of times without one. Throws ConfigError with file
/// and line if the event cannot be understood; then it may only say what it replaces.
void read_event(icalcomponent* component, icalcomponent* zones, const TimeZone& zone, Event& event);

}  // namespace inforeply
