#include "responder/libical.hpp"

#include <chrono>

namespace inforeply {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_seconds;

std::chrono::year_month_day date_of(const icaltimetype& time) {
  return {std::chrono::year{time.year}, std::chrono::month{static_cast<unsigned>(time.month)},
          std::chrono::day{static_cast<unsigned>(time.day)}};
}

}  // namespace

const Libical& libical() {
  static const SharedLibrary library("libical.so.3", "libical for 'calendar'",
                                     Fault::kConfiguration);
  static const Libical functions{library};
  return functions;
}

CalendarObject parse_component(const std::string& text) {
  return CalendarObject(libical().icalparser_parse_string(text.c_str()));
}

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

bool is_good(const icaltimetype& time) {
  const auto is_within = [](int number, int last) { return number >= 0 && number <= last; };
  return time.year >= 1600 && time.year <= 9999 && date_of(time).ok() && is_within(time.hour, 24) &&
         is_within(time.minute, 59) && is_within(time.second, 60);
}

local_seconds local_of(const icaltimetype& time) {
  return local_days{date_of(time)} + std::chrono::hours{time.hour} +
         std::chrono::minutes{time.minute} + std::chrono::seconds{time.second};
}

icaltimetype ical_time(local_seconds local, bool is_date) {
  const auto day = std::chrono::floor<days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(local - day);
  icaltimetype result{};
  result.year = static_cast<int>(date.year());
  result.month = static_cast<int>(static_cast<unsigned>(date.month()));
  result.day = static_cast<int>(static_cast<unsigned>(date.day()));
  result.is_date = static_cast<int>(is_date);
  if (is_date) return result;
  result.hour = static_cast<int>(time.hours().count());
  result.minute = static_cast<int>(time.minutes().count());
  result.second = static_cast<int>(time.seconds().count());
  return result;
}

}  // namespace inforeply
