// Weekly times, such as `mon-fri 17:00-08:00`.
#pragma once

#include <bitset>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "responder/period.hpp"

namespace inforeply {

/// What a setting of weekly times looks like, for messages.
inline constexpr std::string_view kWeeklyTimesForm =
    "days and times such as 'mon-fri 17:00-08:00', 'sat,sun' or 'wed 12:00-24:00'";

/// The times of some days of the week.
class WeeklyTimes {
 public:
  /// Reads days, then times; without times they last all day, without days they are of every day.
  /// A time that ends before it begins ends on the next day. nullopt if the text is no such thing.
  static std::optional<WeeklyTimes> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }  ///< as it was read

  /// Adds those that overlap or touch the window.
  void add_spans(const TimeZone& zone, const Window& window, std::vector<Span>& spans) const;

 private:
  struct TimeOfDay {
    std::chrono::minutes from;   ///< since midnight
    std::chrono::minutes until;  ///< over 24 hours: of the next day
  };
  std::string text_;
  std::bitset<7> days_;  ///< from Sunday on
  std::vector<TimeOfDay> times_;
};

}  // namespace inforeply
