#include "responder/weekly_times.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr minutes kWholeDay{24 * 60};

/// From Sunday on, as std::chrono::weekday counts. The first three letters suffice.
constexpr std::array<std::string_view, 7> kDays = {"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};

/// Cuts what stands before the mark off the front of the text; all of it if there is no mark.
std::string_view take_until(std::string_view& text, char mark) {
  const auto end = text.find(mark);
  const auto part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return trim(part);
}

/// Calls `take` with each part between commas; false as soon as one is no good.
template <typename Take>
bool take_list(std::string_view list, Take take) {
  if (list.empty() || list.back() == ',') return false;
  while (!list.empty()) {
    if (!take(take_until(list, ','))) return false;
  }
  return true;
}

/// The two ends of `mon-fri`, or twice the same.
std::pair<std::string_view, std::string_view> ends_of(std::string_view range) {
  if (range.find('-') == std::string_view::npos) return {range, range};
  const auto first = take_until(range, '-');
  return {first, trim(range)};
}

std::optional<std::size_t> parse_day(std::string_view text) {
  const std::string name = to_lower_ascii(text);
  const auto* const found = std::find_if(kDays.begin(), kDays.end(), [&](std::string_view day) {
    return name == day || name == day.substr(0, 3);
  });
  if (found == kDays.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kDays.begin());
}

/// Reads `8:00` or `17:30` as the time since midnight; `24:00` is the latest.
std::optional<minutes> parse_time_of_day(std::string_view text) {
  const auto hours = parse_number(take_until(text, ':'));
  if (!hours || *hours > 24 || text.size() != 2) return std::nullopt;
  const auto past = parse_number(text);
  if (!past || *past > 59) return std::nullopt;
  const minutes time{*hours * 60 + *past};
  return time > kWholeDay ? std::nullopt : std::optional(time);
}

}  // namespace

std::optional<WeeklyTimes> WeeklyTimes::parse(std::string_view text) {
  WeeklyTimes weekly;
  weekly.text_ = text;
  const auto times = text.find_first_of("0123456789");
  const auto day_list = trim(text.substr(0, times));
  const bool has_times = times != std::string_view::npos;
  if (day_list.empty() && has_times) weekly.days_.set();
  const bool has_days = !day_list.empty() && take_list(day_list, [&](std::string_view range) {
    const auto [first, last] = ends_of(range);
    const auto from = parse_day(first);
    const auto until = parse_day(last);
    if (!from || !until) return false;
    for (auto day = *from; day != *until; day = (day + 1) % kDays.size())
      weekly.days_.set(day);
    weekly.days_.set(*until);
    return true;
  });
  if (!has_days && weekly.days_.none()) return std::nullopt;
  if (!has_times) {
    weekly.times_.push_back({minutes{0}, kWholeDay});
    return weekly;
  }
  const bool is_good = take_list(trim(text.substr(times)), [&](std::string_view range) {
    const auto [first, last] = ends_of(range);
    const auto from = parse_time_of_day(first);
    const auto until = parse_time_of_day(last);
    if (!from || !until || *from == *until || *from == kWholeDay) return false;
    weekly.times_.push_back({*from, *until < *from ? *until + kWholeDay : *until});
    return true;
  });
  return is_good ? std::optional(weekly) : std::nullopt;
}

void WeeklyTimes::add_spans(const TimeZone& zone, const Window& window,
                            std::vector<Span>& spans) const {
  const TimeZone::Use use(zone);
  // A time may have begun the day before.
  const auto first = std::chrono::floor<days>(zone.to_local(window.from)) - days{1};
  const auto last = std::chrono::floor<days>(zone.to_local(window.until));
  for (auto day = first; day <= last; day += days{1}) {
    if (!days_.test(std::chrono::weekday(day).c_encoding())) continue;
    for (const auto& time : times_) {
      const Span span{zone.to_time(day + time.from), zone.to_time(day + time.until)};
      if (span.until >= window.from && span.from <= window.until) spans.push_back(span);
    }
  }
}

}  // namespace inforeply
