#include "inforeply/time_zone.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr const char* kDatabase = "/usr/share/zoneinfo/";
constexpr std::size_t kMaxNameOctets = 64;
constexpr std::chrono::days kDay{1};

/// Names that can lead nowhere but into the database. Other things there begin with a small letter:
/// `leapseconds`, or `right/`, whose clocks are half a minute off.
bool has_form_of_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameOctets && name.front() >= 'A' &&
         name.front() <= 'Z' && std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) ||
                  std::string_view("/_+-").find(c) != std::string_view::npos;
         });
}

// The variable TZ is one for the whole process.
std::size_t uses = 0;
std::optional<std::string> machines_variable;  // while there are uses

std::optional<std::string> variable() {
  const char* tz = std::getenv("TZ");
  return tz == nullptr ? std::nullopt : std::optional<std::string>(tz);
}

void set_variable(const std::optional<std::string>& tz) {
  if (tz == variable()) return;
  if (tz) {
    ::setenv("TZ", tz->c_str(), 1);
  } else {
    ::unsetenv("TZ");
  }
  ::tzset();
}

/// Of the zone in use. Zero for years that glibc cannot show.
std::chrono::seconds offset_at(std::chrono::sys_seconds time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return {};
  return std::chrono::seconds{parts.tm_gmtoff};
}

}  // namespace

std::optional<TimeZone> TimeZone::find(std::string_view name) {
  if (!has_form_of_name(name)) return std::nullopt;
  const std::string path = kDatabase + std::string(name);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  TimeZone zone;
  zone.tz_ = ":" + path;
  return zone;
}

std::chrono::local_seconds TimeZone::to_local(std::chrono::sys_seconds time) const {
  const Use use(*this);
  return std::chrono::local_seconds{time.time_since_epoch() + offset_at(time)};
}

std::chrono::sys_seconds TimeZone::to_time(std::chrono::local_seconds local) const {
  const Use use(*this);
  const std::chrono::sys_seconds as_utc{local.time_since_epoch()};
  const auto before = offset_at(as_utc - kDay);
  const auto after = offset_at(as_utc + kDay);
  const auto earlier = as_utc - std::max(before, after);
  const auto later = as_utc - std::min(before, after);
  for (const auto time : {earlier, later}) {
    if (time + offset_at(time) == as_utc) return time;
  }
  return as_utc - before;  // clocks skip it
}

TimeZone::Use::Use(const TimeZone& zone) : before_(variable()) {
  if (uses++ == 0) machines_variable = before_;
  change_to(zone);
}

TimeZone::Use::~Use() {
  set_variable(before_);
  --uses;
}

void TimeZone::Use::change_to(const TimeZone& zone) {
  set_variable(zone.tz_.empty() ? machines_variable : zone.tz_);
}

}  // namespace inforeply
