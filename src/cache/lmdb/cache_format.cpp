#include "cache/lmdb/cache_format.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace inforeply {

std::string day_prefix(std::uint32_t day) {
  std::string prefix;
  for (std::size_t i = sizeof day; i-- > 0;)
    prefix += static_cast<char>(day >> (8 * i));
  return prefix;
}

std::uint32_t day_of(Time expires_at) {
  constexpr std::uint64_t kDay = std::uint64_t{24} * 3600;
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(
      std::min(static_cast<std::uint64_t>(expires_at.time_since_epoch().count()) / kDay, kLast));
}

std::uint32_t day_in(std::string_view expiry_key) {
  std::uint32_t day = 0;
  for (std::size_t i = 0; i < sizeof day; ++i)
    day = day << 8U | (i < expiry_key.size() ? static_cast<unsigned char>(expiry_key[i]) : 0U);
  return day;
}

std::string expiry_key(Time expires_at, std::string_view record_key) {
  return day_prefix(day_of(expires_at)).append(record_key);
}

std::string_view record_key_in(std::string_view expiry_key) {
  return expiry_key.substr(std::min(expiry_key.size(), sizeof(std::uint32_t)));
}

}  // namespace inforeply
