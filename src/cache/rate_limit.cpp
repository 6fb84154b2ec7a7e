#include "inforeply/rate_limit.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

bool counts(const ReplyTally::Entry& entry, const RateLimit& limit, Time now) {
  // A clock that was stepped back closes a limit for no longer than its period.
  const Time latest = now + std::min(kClockTolerance, limit.period);
  return entry.replies > 0 && entry.at > now - limit.period && entry.at <= latest;
}

}  // namespace

std::optional<RateLimit> parse_rate_limit(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto replies = parse_number(trim(text.substr(0, slash)));
  const auto period = parse_duration(trim(text.substr(slash + 1)));
  if (!replies || *replies == 0 || *replies > std::numeric_limits<std::uint32_t>::max() ||
      !period || *period == Seconds{0}) {
    return std::nullopt;
  }
  return RateLimit{static_cast<std::uint32_t>(*replies), *period, std::string(text)};
}

std::uint64_t ReplyTally::count(const RateLimit& limit, Time now) const {
  std::uint64_t replies = 0;
  for (const auto& entry : entries_) {
    if (counts(entry, limit, now)) replies += entry.replies;
  }
  return replies;
}

bool ReplyTally::has_room(const RateLimit& limit, Time now) const {
  return count(limit, now) < limit.replies;
}

bool ReplyTally::has_share(const ReplyTally& all, const ReplyTally& own, const RateLimit& limit,
                           Time now) {
  constexpr std::uint64_t kMembers = 5;
  if (all.has_room(limit, now)) return true;
  return own.count(limit, now) < limit.replies / kMembers &&
         all.count(limit, now) < std::uint64_t{2} * limit.replies;
}

void ReplyTally::add(const RateLimit& limit, Time now) {
  std::erase_if(entries_, [&](const Entry& entry) { return !counts(entry, limit, now); });
  const auto later = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.at >= now; });
  if (later != entries_.end() && later->at == now) {
    ++later->replies;
    return;
  }
  entries_.insert(later, {now, 1});
  if (entries_.size() <= kMaxEntries) return;
  // Two neighbours are merged at the later time: the pair whose replies lie in the shortest span,
  // which begins after the entry before them.
  const auto span = [](auto entry) { return (entry + 1)->at - (entry - 1)->at; };
  auto shortest = entries_.begin() + 1;
  for (auto entry = shortest; entry + 1 != entries_.end(); ++entry) {
    if (span(entry) < span(shortest)) shortest = entry;
  }
  (shortest + 1)->replies += shortest->replies;
  entries_.erase(shortest);
}

void ReplyTally::take_back(const RateLimit& limit, Time at) {
  // A reply this much older than the latest entry was forgotten when that was added. No other
  // reply may go in its place.
  if (!entries_.empty() && at <= entries_.back().at - limit.period) return;
  const auto counted = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.at >= at && entry.replies > 0;
  });
  if (counted != entries_.end()) --counted->replies;
}

}  // namespace inforeply
