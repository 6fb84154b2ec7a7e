// What a reservation reads and writes in one slot: records with whoever holds them, and limits.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/redis/redis_change.hpp"
#include "cache/redis/redis_servers.hpp"
#include "cache/reply_cache.hpp"
#include "cache/reservation_rules.hpp"

namespace inforeply::redis {

/// Throws RedisFault.
[[noreturn]] void fail_as_damaged(const std::string& key);

/// How long the servers keep a record. nullopt: for ever.
std::optional<Seconds> life_of(const ReplyRecord& record, Time now);

/// A reply that is counted, or was.
struct Counting {
  std::optional<Time> taken_back;  ///< when it was counted before
  std::optional<Time> added;       ///< when it is to count now
};

using Limits = std::vector<const CountedLimit*>;

/// The limits of a request by their slots; of the empty name those in the slot of its records.
std::map<std::string, Limits> by_slot(const std::vector<CountedLimit>& limits);

/// The limits of a slot, each with the places of its counters among the keys of a change.
class SlotLimits {
 public:
  /// Adds the names of the counters to `keys`. `slot` is what stands in their braces.
  SlotLimits(const KeyNames& names, const Limits& limits, std::string_view slot,
             std::vector<std::string>& keys);

  /// The first without room for another reply; null if all have it.
  [[nodiscard]] const CountedLimit* find_reached(const RedisChange& change, Time now) const;
  void count(RedisChange& change, const Counting& counting) const;

 private:
  struct Place {
    const CountedLimit* counted;
    std::size_t counter;
    std::optional<std::size_t> member;
  };
  std::vector<Place> limits_;
};

/// What lies in the slot of a request's records. All throws RedisFault.
class ResponderSlot {
 public:
  /// Reads it, with its limits or, as whoever reads them waits for whoever counts, without.
  /// `request` must outlive it.
  enum class Reads { kAll, kNoLimits };
  ResponderSlot(RedisServers& servers, const ReservationRequest& request, Reads reads);

  [[nodiscard]] KnownRecords known() const;
  /// Who is at work on the request's delivery; nullopt: nobody.
  [[nodiscard]] const std::optional<std::string>& holder() const { return change_.value(kHolder); }
  /// The first limit in this slot without room; null if all have it.
  [[nodiscard]] const CountedLimit* find_reached(Time now) const {
    return limits_.find_reached(change_, now);
  }

  // What commit() does.
  void count(const Counting& counting) { limits_.count(change_, counting); }
  void write(const ReplyRecord& record, Time now);
  void rewrite(const ReplyRecord& record);  ///< it lives no longer for that
  void remove() { change_.remove(kOwn); }
  void hold(const std::string& token);
  void let_go() { change_.remove(kHolder); }
  /// False if somebody changed any of it since it was read.
  [[nodiscard]] bool commit() { return change_.commit(); }

 private:
  enum Key : std::size_t { kOwn, kHolder, kDirect };
  std::vector<std::string> name_records(const KeyNames& keys);

  const ReservationRequest& request_;
  std::string key_;
  std::optional<std::string> direct_key_;
  std::vector<std::string> keys_;
  SlotLimits limits_;
  RedisChange change_;
};

/// Counts a reply against limits in a slot of their own. Returns the first without room for one
/// that is new, and then has changed nothing; else null.
const CountedLimit* count_apart(RedisServers& servers, const std::string& slot,
                                const Limits& limits, const Counting& counting);

}  // namespace inforeply::redis
