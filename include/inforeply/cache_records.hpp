// What a reply cache remembers, for the programs that look into it, fill it or clean it up. A
// delivery sees none of this: src/cache/reply_cache.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "inforeply/clock.hpp"

namespace inforeply {

/// At most one reply is remembered for each.
inline constexpr std::size_t kMaxHandleOctets = 128;

struct ReplyKey {
  std::string responder;  ///< its address, normalised
  std::string sender;     ///< canonical
  std::string handle;     ///< at most kMaxHandleOctets
};

enum class RecordState : std::uint8_t { kPending = 1, kAnswered = 2 };

struct ReplyRecord {
  ReplyKey key;
  RecordState state = RecordState::kPending;
  Time answered_at;                ///< pending: when it was reserved
  std::optional<Time> expires_at;  ///< pending: the end of the lease; nullopt: never
  std::uint32_t count = 0;         ///< replies sent
  std::string message_id;          ///< of the message answered last; may be empty
  std::string delivery;            ///< digest that tells that message's delivery from others

  /// Whether it forbids a reply to the sender. A record from the future does so only as long as a
  /// wrong clock can explain it.
  [[nodiscard]] bool counts_at(Time now) const {
    return answered_at <= now + kClockTolerance && (!expires_at || now < *expires_at);
  }
};

/// Selects records; an empty member selects all.
struct RecordFilter {
  std::string responder;
  std::string sender;
};

enum class PurgeMode { kRemove, kCount };

/// What a purge removes. A pending record goes only if its holder is dead and its lease has run
/// out.
struct PurgeRequest {
  Time now;
  std::optional<Seconds> older_than{};  ///< answered longer ago; nullopt: what has expired
  std::size_t batch = 10'000;  ///< most records in one write transaction; fewer if the disk
                               ///< is slow, as it should take some 10 ms
  PurgeMode mode = PurgeMode::kRemove;
  std::string responder{};                         ///< only its records; empty: all
  std::function<void(std::size_t)> on_progress{};  ///< called now and then with the number so far
};

/// The records of an open cache. Every function throws Error (kCache) that names the cache and the
/// cause; then nothing was changed.
class CacheRecords {
 public:
  CacheRecords() = default;
  CacheRecords(const CacheRecords&) = delete;
  CacheRecords& operator=(const CacheRecords&) = delete;
  virtual ~CacheRecords() = default;

  /// Calls `visit` for each selected record, ordered by responder, sender and handle, until it
  /// returns false. Takes constant memory and delays nobody, however slow `visit` is. A change
  /// made meanwhile is seen or not.
  virtual void visit(const RecordFilter& filter,
                     const std::function<bool(const ReplyRecord&)>& visit) = 0;

  /// Stores records in one atomic step, but none that is older than the record already there.
  /// Returns how many were stored.
  virtual std::size_t put(std::span<const ReplyRecord> records) = 0;

  /// Removes the selected records, in small steps. Returns the number.
  virtual std::size_t forget(const RecordFilter& filter) = 0;

  /// Removes or counts records, and returns the number. Removing also drops the counters of limits
  /// whose period is over.
  virtual std::size_t purge(const PurgeRequest& request) = 0;
};

}  // namespace inforeply
