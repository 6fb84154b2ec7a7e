#include "inforeply/clock.hpp"

#include <array>
#include <cstdlib>
#include <ctime>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr unsigned long long kMaxDurationSeconds = 100ULL * 366 * 24 * 3600;

/// Takes exactly `digits` digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  const auto number = parse_number(text.substr(0, digits));
  if (!number) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<int>(*number);
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// Takes year, month and day off the front of `text`.
std::optional<std::chrono::local_days> take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *year < 1970) return std::nullopt;
  return std::chrono::local_days{date};
}

/// As the time since midnight, of which there are 24 hours at most.
std::optional<Seconds> take_time_of_day(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  const auto second = take(text, ':') ? take_number(text, 2) : 0;
  if (!second || *second > 59) return std::nullopt;
  const auto time = std::chrono::hours{*hour} + std::chrono::minutes{*minute} + Seconds{*second};
  return time > std::chrono::days{1} ? std::nullopt : std::optional(time);
}

/// Reads `Z`, `+01:00` or `-0530` as seconds east of Greenwich.
std::optional<long> parse_zone(std::string_view text) {
  if (text == "Z") return 0;
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  take(text, ':');
  const auto minutes = text.empty() ? 0 : take_number(text, 2);
  if (!hours || !minutes || !text.empty() || *hours > 14 || *minutes > 59) return std::nullopt;
  const long offset = (*hours * 60L + *minutes) * 60L;
  return west ? -offset : offset;
}

std::string format(const std::tm& time, const char* pattern) {
  std::array<char, 64> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), pattern, &time)};
}

std::tm utc(Time time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm result{};
  gmtime_r(&seconds, &result);
  return result;
}

}  // namespace

Time SystemClock::now() const {
  return std::chrono::floor<Seconds>(std::chrono::system_clock::now());
}

Time SystemClock::booted_at() const {
  timespec since_boot{};
  if (::clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0) return Time{};
  return now() - Seconds{since_boot.tv_sec};
}

std::chrono::nanoseconds processor_time() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return Seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

std::optional<Seconds> parse_duration(std::string_view text) {
  if (text == "0") return Seconds{0};
  if (text.size() < 2) return std::nullopt;
  unsigned long long unit = 0;
  switch (text.back()) {
    case 's':
      unit = 1;
      break;
    case 'm':
      unit = 60;
      break;
    case 'h':
      unit = 3600;
      break;
    case 'd':
      unit = 86400;
      break;
    case 'w':
      unit = 7ULL * 86400;
      break;
    default:
      return std::nullopt;
  }
  text.remove_suffix(1);
  const auto number = parse_number(text);
  if (!number || *number > kMaxDurationSeconds / unit) return std::nullopt;
  return Seconds{static_cast<Seconds::rep>(*number * unit)};
}

std::optional<Time> parse_time(std::string_view text, const TimeZone& zone) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  std::chrono::local_seconds local{*date};
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    const auto time_of_day = take_time_of_day(text);
    if (!time_of_day) return std::nullopt;
    local += *time_of_day;
  }
  if (text.empty()) return zone.to_time(local);
  const auto offset = parse_zone(text);
  if (!offset) return std::nullopt;
  return Time{local.time_since_epoch() - Seconds{*offset}};
}

std::optional<Time> parse_end_time(std::string_view text, const TimeZone& zone) {
  std::string_view rest = text;
  const auto date = take_date(rest);
  if (!date || !rest.empty()) return parse_time(text, zone);
  return zone.to_time(*date + std::chrono::days{1});
}

std::string format_utc(Time time) {
  return format(utc(time), "%04Y-%m-%dT%H:%M:%SZ");
}

std::string format_day(std::chrono::sys_days day) {
  return format(utc(day), "%04Y-%m-%d");
}

std::string format_local(Time time, const TimeZone& zone) {
  constexpr std::string_view kMidnight = " 00:00";
  std::string text = format_minute(time, zone);
  if (text.ends_with(kMidnight)) text.resize(text.size() - kMidnight.size());
  return text;
}

std::string format_minute(Time time, const TimeZone& zone) {
  // As if clocks there showed UTC.
  return format(utc(Time{zone.to_local(time).time_since_epoch()}), "%04Y-%m-%d %H:%M");
}

std::string format_rfc5322(Time time) {
  // %a and %b follow the locale; the program never leaves "C".
  return format(utc(time), "%a, %d %b %04Y %H:%M:%S +0000");
}

}  // namespace inforeply
