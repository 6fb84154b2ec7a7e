// Numbers, as the tools print them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace inforeply {

/// A row of a table, or a bar of a chart.
struct Figure {
  std::string name;
  std::uint64_t number = 0;
};

/// From 0 to 1; 0 if the whole is 0.
inline double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// As snprintf(3), cut at 80 octets.
template <typename... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  std::array<char, 81> text{};
  std::snprintf(text.data(), text.size(), format, arguments...);
  return text.data();
}

std::string counted(std::uint64_t count, std::string_view noun);      ///< "1 record", "2 records"
std::string format_size(std::uint64_t octets);                        ///< "512 octets", "1.5 MiB"
std::string format_duration(std::chrono::duration<double> duration);  ///< "0.4 s", "3 min 20 s"

}  // namespace inforeply
