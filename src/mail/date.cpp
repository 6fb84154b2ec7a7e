#include "mail/date.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

struct NamedZone {
  std::string_view name;
  int hours;  // east of Greenwich
};
/// Any other name says nothing (RFC 5322, 4.3), and counts as UTC.
constexpr std::array<NamedZone, 8> kZones = {{{"edt", -4},
                                              {"est", -5},
                                              {"cdt", -5},
                                              {"cst", -6},
                                              {"mdt", -6},
                                              {"mst", -7},
                                              {"pdt", -7},
                                              {"pst", -8}}};

/// A number of at most four digits.
std::optional<int> number(std::string_view text) {
  const auto value = text.size() <= 4 ? parse_number(text) : std::nullopt;
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

std::optional<int> full_year(std::string_view text) {
  const auto year = number(text);
  if (!year || text.size() < 2) return std::nullopt;
  if (text.size() == 4) return year;
  return *year + (text.size() == 2 && *year < 50 ? 2000 : 1900);
}

/// `18:00` or `18:00:30`.
std::optional<Seconds> time_of_day(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const auto hour = number(parts[0]);
  const auto minute = number(parts[1]);
  const auto second = parts.size() == 3 ? number(parts[2]) : 0;
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + Seconds(*second);
}

std::optional<Seconds> offset_of_zone(std::string_view zone) {
  const bool is_west = zone.starts_with('-');
  if (is_west || zone.starts_with('+')) {
    const auto value = zone.size() == 5 ? number(zone.substr(1)) : std::nullopt;
    if (!value || *value % 100 > 59) return std::nullopt;
    const Seconds offset = std::chrono::hours(*value / 100) + std::chrono::minutes(*value % 100);
    return is_west ? -offset : offset;
  }
  const auto* named = std::find_if(kZones.begin(), kZones.end(), [&](const NamedZone& known) {
    return equals_ignoring_case(known.name, zone);
  });
  return std::chrono::hours(named == kZones.end() ? 0 : named->hours);
}

}  // namespace

std::optional<Time> parse_mail_date(std::string_view text) {
  std::string plain = strip_comments(text);
  const auto comma = plain.find(',');  // behind the day of the week, which says nothing new
  if (comma != std::string::npos) plain.erase(0, comma + 1);
  plain = collapse_blanks(plain);
  const auto words = split(plain, ' ');
  if (words.size() < 4 || words.size() > 5) return std::nullopt;
  const auto day = number(words[0]);
  const auto* month =
      std::find_if(kMonthNames.begin(), kMonthNames.end(),
                   [&](std::string_view name) { return equals_ignoring_case(name, words[1]); });
  const auto year = full_year(words[2]);
  const auto time = time_of_day(words[3]);
  const auto offset = words.size() == 5 ? offset_of_zone(words[4]) : Seconds{0};
  if (!day || month == kMonthNames.end() || !year || !time || !offset) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(month - kMonthNames.begin() + 1)),
      std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + *time - *offset;
}

std::optional<Time> received_at(const Header& header) {
  const auto* received = header.find("Received");
  if (received == nullptr) return std::nullopt;
  const std::string plain = strip_comments(*received);
  const auto semicolon = plain.rfind(';');
  if (semicolon == std::string::npos) return std::nullopt;
  return parse_mail_date(std::string_view(plain).substr(semicolon + 1));
}

}  // namespace inforeply
