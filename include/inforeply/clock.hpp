// Time: where it comes from, how it is read and written.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "inforeply/time_zone.hpp"

namespace inforeply {

using Seconds = std::chrono::seconds;
using Time = std::chrono::sys_seconds;  ///< since the epoch, UTC

/// A time further in the future than this was written by a wrong clock and does not count.
inline constexpr Seconds kClockTolerance{24 * 3600};

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
  /// When the machine was started, by the same clock.
  [[nodiscard]] virtual Time booted_at() const = 0;
};

class SystemClock : public Clock {
 public:
  [[nodiscard]] Time now() const override;
  [[nodiscard]] Time booted_at() const override;
};

/// Always the same time: `--now`, and tests. The machine was started long before.
class FixedClock : public Clock {
 public:
  explicit FixedClock(Time now) : now_(now) {}
  [[nodiscard]] Time now() const override { return now_; }
  [[nodiscard]] Time booted_at() const override { return Time{}; }
  void set(Time now) { now_ = now; }

 private:
  Time now_;
};

/// What this process has used of the processor: it does not depend on what else a machine does.
std::chrono::nanoseconds processor_time();

/// Reads a number with a unit `s m h d w`, such as `7d`, or a bare `0`. nullopt if it is neither or
/// longer than a hundred years.
std::optional<Seconds> parse_duration(std::string_view text);

/// Reads ISO 8601: `2026-12-24` or `2026-12-24T18:00[:30]`, with an offset `Z` or `+01:00`, else in
/// the time zone. A space may replace the `T`. `T24:00` is the end of the day (ISO 8601-1, 5.3.2).
/// nullopt if it is no such time.
std::optional<Time> parse_time(std::string_view text, const TimeZone& zone = {});

/// The same for the exclusive end of a period: a date alone means the end of that day.
std::optional<Time> parse_end_time(std::string_view text, const TimeZone& zone = {});

std::string format_utc(Time time);                  ///< 2026-12-24T17:00:00Z
std::string format_day(std::chrono::sys_days day);  ///< 2026-12-24
/// 2026-12-24, with " 18:00" if it is not midnight
std::string format_local(Time time, const TimeZone& zone = {});
/// 2026-12-24 18:00, with the time of day always
std::string format_minute(Time time, const TimeZone& zone);
std::string format_rfc5322(Time time);  ///< Thu, 24 Dec 2026 17:00:00 +0000 (RFC 5322, 3.3)

}  // namespace inforeply
