#include "responder/calendar_file.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxDepth = 8;  // of components in each other
constexpr std::size_t kOfCalendar = 2;
constexpr std::size_t kOfTimeZone = 3;
constexpr std::string_view kLineEnds = "\r\n";

constexpr std::array<std::string_view, 15> kProperties = {
    "DTSTART", "DTEND",    "DURATION", "RRULE",        "EXRULE",
    "RDATE",   "EXDATE",   "STATUS",   "TRANSP",       "RECURRENCE-ID",
    "UID",     "SEQUENCE", "TZID",     "TZOFFSETFROM", "TZOFFSETTO"};

/// Takes one line after the other, unfolded (RFC 5545, 3.1), off a text.
class UnfoldedLines {
 public:
  explicit UnfoldedLines(std::string_view text) : text_(without_byte_order_mark(text)) {}

  /// False at the end. Lines without anything are left out.
  bool next() {
    do {
      if (text_.empty()) return false;
      number_ = next_number_;
      line_.clear();
      do {
        take_physical_line();
      } while (text_.starts_with(' ') || text_.starts_with('\t'));
    } while (line_.empty());
    return true;
  }

  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] std::size_t number() const { return number_; }  ///< where it begins

 private:
  /// Appends it, without the blank that continues another.
  void take_physical_line() {
    if (next_number_ != number_) text_.remove_prefix(1);
    const auto end = std::min(text_.find_first_of(kLineEnds), text_.size());
    line_ += text_.substr(0, end);
    text_.remove_prefix(end);
    text_.remove_prefix(text_.starts_with(kLineEnds) ? 2 : std::min<std::size_t>(text_.size(), 1));
    ++next_number_;
  }

  std::string_view text_;
  std::string line_;
  std::size_t number_ = 0;
  std::size_t next_number_ = 1;
};

class Reader {
 public:
  Reader(std::string_view text, const std::string& file, CalendarComponentKind kind,
         const std::function<void(const CalendarComponent&)>& take)
      : lines_(text),
        file_(file),
        wanted_(kind == CalendarComponentKind::kEvent ? "vevent" : "vtimezone"),
        take_(take) {}

  void read() {
    while (lines_.next()) {
      const auto line = lines_.line();
      const auto name_end = std::min(line.find_first_of(":;"), line.size());
      const auto name = line.substr(0, name_end);
      const auto value = [&] {
        return to_lower_ascii(trim(line.substr(std::min(name_end + 1, line.size()))));
      };
      if (equals_ignoring_case(name, "BEGIN")) {
        begin(value());
      } else if (open_.empty()) {
        fault("expected 'BEGIN:VCALENDAR'");
      } else if (equals_ignoring_case(name, "END")) {
        end(value());
      } else if (is_kept() && is_one_of(name, kProperties)) {
        const bool is_empty_rank = equals_ignoring_case(name, "SEQUENCE") && value().empty();
        if (!is_empty_rank) keep(line);
      }
    }
    if (component_.calendar == 0) fault("expected 'BEGIN:VCALENDAR'");
    if (!open_.empty()) {
      throw ConfigError(file_, open_.back().line,
                        "a component without its END: is the file cut short?");
    }
  }

 private:
  struct Open {
    std::string name;  // in lower case
    std::size_t line;
  };

  void begin(std::string name) {
    if (open_.empty() && name != "vcalendar") fault("expected 'BEGIN:VCALENDAR'");
    if (open_.size() == kMaxDepth) fault("components too deep in each other");
    open_.push_back({std::move(name), lines_.number()});
    if (open_.size() == 1) ++component_.calendar;
    if (open_.size() == kOfCalendar) {
      component_.text.clear();
      component_.line = lines_.number();
    }
    if (is_kept()) keep("BEGIN:" + open_.back().name);
  }

  void end(const std::string& name) {
    if (name != open_.back().name) {
      fault("'END' of another component than began in line " + std::to_string(open_.back().line));
    }
    const bool is_whole = open_.size() == kOfCalendar && is_kept();
    if (is_kept()) keep("END:" + name);
    open_.pop_back();
    if (is_whole) take_(component_);
  }

  /// Whether what stands here is a part of a wanted component. Alarms, for instance, have a
  /// DURATION of their own.
  [[nodiscard]] bool is_kept() const {
    if (open_.size() < kOfCalendar || open_[1].name != wanted_) return false;
    const auto& inner = open_.back().name;
    return open_.size() == kOfCalendar || (open_.size() == kOfTimeZone && wanted_ == "vtimezone" &&
                                           (inner == "standard" || inner == "daylight"));
  }

  void keep(std::string_view line) {
    if (line.find('\0') != std::string_view::npos) fault("a NUL octet");
    if (++kept_ > kMaxCalendarLines) {
      fault("over " + std::to_string(kMaxCalendarLines) + " lines of events");
    }
    if (component_.text.size() + line.size() > kMaxComponentOctets) {
      fault("over " + std::to_string(kMaxComponentOctets) + " octets of one event or time zone");
    }
    component_.text.append(line).append(kLineEnds);
  }

  [[noreturn]] void fault(const std::string& text) const {
    throw ConfigError(file_, std::max<std::size_t>(lines_.number(), 1), text);
  }

  UnfoldedLines lines_;
  const std::string& file_;
  std::string_view wanted_;
  const std::function<void(const CalendarComponent&)>& take_;
  std::vector<Open> open_;
  CalendarComponent component_;
  std::size_t kept_ = 0;
};

}  // namespace

void read_components(std::string_view text, const std::string& file, CalendarComponentKind kind,
                     const std::function<void(const CalendarComponent&)>& take) {
  Reader(text, file, kind, take).read();
}

}  // namespace inforeply
