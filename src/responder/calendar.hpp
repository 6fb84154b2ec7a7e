// The events of iCalendar files (RFC 5545).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/error.hpp"
#include "responder/period.hpp"

namespace inforeply {

// Of all files of a calendar together.
inline constexpr std::size_t kMaxCalendarOctets = std::size_t{4} * 1024 * 1024;
inline constexpr std::size_t kMaxOccurrences = 200'000;        // in about three years
inline constexpr std::chrono::seconds kMaxCalendarReading{5};  // of processor time

/// Events that take time: not those that are transparent or cancelled.
class Calendar {
 public:
  /// Adds the events of the text of `file`. All-day events, and times without a zone, are in
  /// `zone`. Throws ConfigError if it is no iCalendar file, is cut short, or goes beyond the
  /// bounds. An event that cannot be understood is a fault, and is left out.
  void add_file(std::string_view text, const std::string& file, const TimeZone& zone,
                const FaultHandler& on_fault);

  [[nodiscard]] bool has_files() const { return content_ != nullptr; }

  /// Adds the events that overlap or touch the window. Throws ConfigError if events recur too
  /// often.
  void add_spans(const Window& window, std::vector<Span>& spans) const;

 private:
  struct Content;
  std::shared_ptr<Content> content_;  // copies are of one calendar
};

}  // namespace inforeply
