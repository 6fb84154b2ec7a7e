#include "other_programs.hpp"

#include <ctime>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

std::optional<Time> parse_ctime(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a %b %e %H:%M:%S %Y", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  parts.tm_isdst = -1;
  return Time{Seconds{std::mktime(&parts)}};
}

}  // namespace

std::optional<Time> time_of(std::string_view seconds) {
  constexpr unsigned long long kMost = 253'402'300'799;  // the end of the year 9999
  const auto number = parse_number(seconds);
  if (!number || *number > kMost) return std::nullopt;
  return Time{Seconds{static_cast<Seconds::rep>(*number)}};
}

std::string without_fraction(std::string time) {
  const auto point = time.find('.');
  if (point == std::string::npos) return time;
  const auto end = time.find_first_not_of("0123456789", point + 1);
  return time.erase(point, end == std::string::npos ? end : end - point);
}

std::optional<ListedSender> parse_vacation_listing(std::string_view line) {
  constexpr std::string_view kNeverDeleted = "(never deleted)";
  constexpr std::size_t kTimeOctets = std::string_view("Thu Jan  1 00:00:00 1970").size();
  constexpr std::size_t kBsdOctets = 40;
  const auto listed = [&](std::size_t behind, std::optional<Time> time) {
    const auto column = line.substr(0, line.size() - behind);
    const auto address = trim(column);
    const bool may_be_cut = column.size() == kBsdOctets + 1 && address.size() == kBsdOctets;
    return address.empty() ? std::nullopt
                           : std::optional<ListedSender>({std::string(address), time, may_be_cut});
  };
  if (line.ends_with(kNeverDeleted)) return listed(kNeverDeleted.size(), std::nullopt);
  if (line.size() <= kTimeOctets) return std::nullopt;
  const auto time = parse_ctime(std::string(line.substr(line.size() - kTimeOctets)));
  if (!time) return std::nullopt;
  constexpr Seconds kDay{86'400};  // that may be -1 in another zone
  return listed(kTimeOctets, *time < Time{kDay} ? std::nullopt : time);
}

}  // namespace inforeply
