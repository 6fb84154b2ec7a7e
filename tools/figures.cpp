#include "figures.hpp"

namespace inforeply {

std::string counted(std::uint64_t count, std::string_view noun) {
  return std::to_string(count).append(" ").append(noun).append(count == 1 ? "" : "s");
}

std::string format_size(std::uint64_t octets) {
  constexpr std::array kUnits = {"octets", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  auto size = static_cast<double>(octets);
  for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit)
    size /= 1024;
  return formatted(unit == 0 ? "%.0f %s" : "%.1f %s", size, kUnits.at(unit));
}

std::string format_duration(std::chrono::duration<double> duration) {
  const double seconds = duration.count();
  if (seconds < 10) return formatted("%.1f s", seconds);
  const auto whole = static_cast<long long>(seconds);
  if (whole < 60) return formatted("%lld s", whole);
  if (whole < 3600) return formatted("%lld min %lld s", whole / 60, whole % 60);
  return formatted("%lld h %lld min", whole / 3600, whole / 60 % 60);
}

}  // namespace inforeply
