#include "responder/period.hpp"

#include <algorithm>
#include <chrono>

namespace inforeply {

std::string describe(const Period& period, const TimeZone& zone) {
  std::string text;
  if (period.from) text = "from " + format_local(*period.from, zone);
  if (period.until) text += (text.empty() ? "to " : " to ") + format_local(*period.until, zone);
  return text.empty() ? "always" : text;
}

bool begins_day(Time time, const TimeZone& zone) {
  const auto local = zone.to_local(time);
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  return local == midnight || time == zone.to_time(midnight);
}

std::string describe_end(Time end, const TimeZone& zone) {
  const bool ends_day = begins_day(end, zone);
  return format_local(ends_day ? end - Seconds{1} : end, zone).substr(0, ends_day ? 10 : 16);
}

Period common(const Period& a, const Period& b) {
  Period result = a;
  if (b.from && (!a.from || *a.from < *b.from)) result.from = b.from;
  if (b.until && (!a.until || *a.until > *b.until)) result.until = b.until;
  return result;
}

std::vector<Span> joined(std::vector<Span> spans) {
  std::erase_if(spans, [](const Span& span) { return span.from >= span.until; });
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.from < b.from; });
  std::vector<Span> result;
  for (const auto& span : spans) {
    if (!result.empty() && span.from <= result.back().until) {
      result.back().until = std::max(result.back().until, span.until);
    } else {
      result.push_back(span);
    }
  }
  return result;
}

}  // namespace inforeply
