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

std::string format(std::chrono::local_seconds local, const DateForm& form) {
  // As if clocks there showed UTC.
  const std::time_t seconds = local.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  const bool is_midnight = parts.tm_hour == 0 && parts.tm_min == 0;
  const auto pattern = form.date + (is_midnight ? "" : " " + std::string(form.time));
  std::array<char, 64> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), pattern.c_str(), &parts)};
}

bool is_midnight(std::chrono::local_seconds local) {
  return local == std::chrono::floor<std::chrono::days>(local);
}

}  // namespace

PeriodText period_text(const Period& period, const TimeZone& zone, std::string_view language) {
  const auto& form = form_of(language);
  PeriodText text;
  if (period.from) text.active_from = format(zone.to_local(*period.from), form);
  if (period.until) {
    const auto until = zone.to_local(*period.until);
    text.next_open = format(until, form);
    text.active_until =
        is_midnight(until) ? format(until - std::chrono::days{1}, form) : text.next_open;
  }
  return text;
}

}  // namespace inforeply
