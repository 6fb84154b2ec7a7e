// A reply cache in numbers, for `stats` and `report`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache_commands.hpp"
#include "figures.hpp"
#include "frequency.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/clock.hpp"

namespace inforeply {

/// Strangers choose how many sender domains there are: this bounds the memory for counting them.
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
  ReplyMode mode = ReplyMode::kLive;
  Time measured_at;

  std::uint64_t records = 0;
  std::uint64_t answered = 0;
  std::uint64_t pending = 0;
  std::uint64_t expired = 0;  ///< answered or pending, and not yet purged
  std::uint64_t replies = 0;

  std::uint64_t responders = 0;
  bool responders_are_exact = true;  ///< if not, all figures of responders are lower bounds
  std::vector<Frequency> top_responders;
  std::size_t domains = 0;
  bool domains_are_exact = true;  ///< if not, all figures of domains are lower bounds
  std::vector<Frequency> top_domains;

  /// Answered records by the day (UTC) of their last reply; the cache knows no earlier replies.
  /// Today is the first, and the days go back from there.
  std::array<std::uint64_t, 366> by_day{};
  std::uint64_t earlier = 0;  ///< answered before all these days
  std::array<std::uint64_t, kAgeGroups.size()> ages{};
  std::uint64_t from_the_future =
      0;  ///< written while a clock was wrong; in no age group and no day

  std::uint64_t answered_last_hour = 0;
  std::uint64_t answered_last_day = 0;
  std::optional<Seconds> oldest_pending;              ///< its age; nullopt: none is pending
  std::map<std::string, std::size_t> reached_limits;  ///< as CacheRecords tells them

  CacheFileSize file;
};

/// Reads every record once, in constant memory. No record if there is a shadow's memory alone.
/// Throws as CacheRecords does.
CacheStatistics gather_statistics(const CacheRequest& request, std::size_t top);

/// The same of the shadow's memory. nullopt if there is none, or if --shadow asks for nothing else.
std::optional<CacheStatistics> gather_shadow_statistics(const CacheRequest& request,
                                                        std::size_t top);

/// What `replies` are to be called.
const char* name_of_replies(const CacheStatistics& statistics);

/// The option --top: how many responders and domains to show. Throws Error (kUsage).
std::size_t top_of(const CacheRequest& request);

/// The day (UTC) so long before `measured_at`: `2026-12-24`.
std::string day_before(const CacheStatistics& statistics, std::size_t days);

/// The last kShownDays days with their answered records; today is the last.
std::vector<Figure> days_of(const CacheStatistics& statistics);

/// The age groups with their records, then, if there are any, those from the future.
std::vector<Figure> ages_of(const CacheStatistics& statistics);

}  // namespace inforeply
