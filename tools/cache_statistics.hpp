// What there is to say about a reply cache in numbers: for `stats` and `report`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cache_commands.hpp"
#include "frequency.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/clock.hpp"

namespace inforeply {

/// The number of sender domains is up to strangers, and so is the memory that counting them takes.
inline constexpr std::size_t kDomainCounters = 100'000;

inline constexpr std::size_t kShownDays = 30;

struct AgeGroup {
  const char* name;
  Seconds under;
};
inline constexpr std::array<AgeGroup, 7> kAgeGroups = {{
    {"under 1 hour", std::chrono::hours(1)},
    {"1 hour to 1 day", std::chrono::days(1)},
    {"1 to 7 days", std::chrono::days(7)},
    {"7 to 30 days", std::chrono::days(30)},
    {"30 to 90 days", std::chrono::days(90)},
    {"90 days to 1 year", std::chrono::days(365)},
    {"over 1 year", Seconds::max()},
}};

struct CacheStatistics {
  std::string cache;
  Time measured_at;

  std::uint64_t records = 0;
  std::uint64_t answered = 0;
  std::uint64_t pending = 0;
  std::uint64_t expired = 0;  ///< of both, and not purged
  std::uint64_t replies = 0;

  std::uint64_t responders = 0;
  std::vector<Frequency> top_responders;
  std::size_t domains = 0;
  bool domains_are_exact = true;  ///< else all figures of domains are lower bounds
  std::vector<Frequency> top_domains;

  /// Answered records by the day, in UTC, of their last reply: the cache does not know the days of
  /// those before it. Today comes first, and then the days before it.
  std::array<std::uint64_t, 366> by_day{};
  std::uint64_t earlier = 0;  ///< before all these days
  std::array<std::uint64_t, kAgeGroups.size()> ages{};
  std::uint64_t from_the_future = 0;  ///< written by a clock that was wrong: of no age and no day

  CacheFileSize file;
};

/// Reads every record once, in constant memory. Throws as CacheRecords does.
CacheStatistics gather_statistics(const CacheRequest& request, std::size_t top);

/// The option --top: how many responders and domains to show. Throws Error (kUsage).
std::size_t top_of(const CacheRequest& request);

/// `2026-12-24`, so many days before the statistics were made.
std::string day_before(const CacheStatistics& statistics, std::size_t days);

std::string format_size(std::uint64_t octets);  ///< 1.5 MiB

}  // namespace inforeply
