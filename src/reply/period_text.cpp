#include "reply/period_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// As strftime(3) takes it; in the locale "C" its names are English.
struct DateForm {
  std::string_view language;
  const char* date;
  const char* time = "%H:%M";
};

constexpr DateForm kIso = {"", "%Y-%m-%d"};

/// After the Common Locale Data Repository, in figures, but for English: 3/4/2026 is read in two
/// ways.
constexpr std::array kForms = {
    DateForm{"bg", "%-d.%m.%Y г."},
    DateForm{"ca", "%-d/%-m/%Y"},
    DateForm{"cs", "%-d. %-m. %Y"},
    DateForm{"da", "%d.%m.%Y", "%H.%M"},
    DateForm{"de", "%d.%m.%Y"},
    DateForm{"el", "%-d/%-m/%Y"},
    DateForm{"en", "%-d %B %Y"},
    DateForm{"en-us", "%B %-d, %Y", "%-I:%M %p"},
    DateForm{"es", "%-d/%-m/%Y"},
    DateForm{"et", "%d.%m.%Y"},
    DateForm{"fi", "%-d.%-m.%Y", "%-H.%M"},
    DateForm{"fr", "%d/%m/%Y"},
    DateForm{"hr", "%d. %m. %Y."},
    DateForm{"hu", "%Y. %m. %d."},
    DateForm{"is", "%-d.%-m.%Y"},
    DateForm{"it", "%d/%m/%Y"},
    DateForm{"ja", "%Y年%-m月%-d日"},
    DateForm{"ko", "%Y. %-m. %-d."},
    DateForm{"lv", "%d.%m.%Y."},
    DateForm{"nb", "%d.%m.%Y"},
    DateForm{"nl", "%d-%m-%Y"},
    DateForm{"nn", "%d.%m.%Y"},
    DateForm{"no", "%d.%m.%Y"},
    DateForm{"pl", "%d.%m.%Y"},
    DateForm{"pt", "%d/%m/%Y"},
    DateForm{"ro", "%d.%m.%Y"},
    DateForm{"ru", "%d.%m.%Y"},
    DateForm{"sk", "%-d. %-m. %Y"},
    DateForm{"sl", "%-d. %-m. %Y"},
    DateForm{"sr", "%-d. %-m. %Y."},
    DateForm{"tr", "%d.%m.%Y"},
    DateForm{"uk", "%d.%m.%Y"},
    DateForm{"vi", "%-d/%-m/%Y"},
    DateForm{"zh", "%Y年%-m月%-d日"},
};

/// Of the tag, or of its beginning: `de` for `de-AT`.
const DateForm& form_of(std::string_view language) {
  while (!language.empty()) {
    const auto* const found = std::find_if(kForms.begin(), kForms.end(), [&](const auto& form) {
      return equals_ignoring_case(form.language, language);
    });
    if (found != kForms.end()) return *found;
    const auto end = language.rfind('-');
    language = language.substr(0, end == std::string_view::npos ? 0 : end);
  }
  return kIso;
}

enum class TimeOfDay { kShown, kLeftOut };

std::string format(std::chrono::local_seconds local, const DateForm& form, TimeOfDay time_of_day) {
  // As if clocks there showed UTC.
  const std::time_t seconds = local.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  const bool is_shown = time_of_day == TimeOfDay::kShown;
  const auto pattern = form.date + (is_shown ? " " + std::string(form.time) : "");
  std::array<char, 64> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), pattern.c_str(), &parts)};
}

}  // namespace

PeriodText period_text(const Period& period, const TimeZone& zone, std::string_view language) {
  const auto& form = form_of(language);
  const auto format_time = [&](Time time) {
    const auto time_of_day = begins_day(time, zone) ? TimeOfDay::kLeftOut : TimeOfDay::kShown;
    return format(zone.to_local(time), form, time_of_day);
  };
  PeriodText text;
  if (period.from) text.active_from = format_time(*period.from);
  if (period.until) {
    text.next_open = format_time(*period.until);
    text.active_until = text.next_open;
    if (begins_day(*period.until, zone)) {
      const auto last_second = zone.to_local(*period.until - Seconds{1});
      text.active_until = format(last_second, form, TimeOfDay::kLeftOut);
    }
  }
  return text;
}

}  // namespace inforeply
