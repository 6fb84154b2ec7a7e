// What a reply cache remembers, for the programs that look into it, fill it or clean it up. A
// delivery sees none of this: src/cache/reply_cache.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "inforeply/clock.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxHandleOctets = 128;

/// How long a pending reservation whose holder has died counts for other messages: longer than it
/// takes until the mail server tries again. Postfix waits 300 s at least and looks every 300 s
/// (minimal_backoff_time, queue_run_delay), Exim's usual retry rule 15 minutes.
inline constexpr Seconds kLease{3600};

/// The cache remembers at most one reply for each key.
struct ReplyKey {
  std::string responder;  ///< its address, normalised
  std::string sender;     ///< as canonical_sender returns it
  std::string handle;     ///< at most kMaxHandleOctets
  /// The domain that has rewritten the sender's address (Sender::forwarder); empty: nobody has.
  std::string forwarder{};

  bool operator==(const ReplyKey&) const = default;
};

enum class RecordState : std::uint8_t { kPending = 1, kAnswered = 2 };

struct ReplyRecord {
  ReplyKey key;
  RecordState state = RecordState::kPending;
  Time answered_at;                ///< when the reply was reserved, just before it was sent
  std::optional<Time> expires_at;  ///< the end of the interval; nullopt: never
  std::uint32_t count = 0;         ///< replies sent, without one that is only reserved
  std::string message_id;          ///< of the message answered last; may be empty
  std::string delivery;            ///< digest that tells the delivery of that message from others
  /// Of a pending record: how often its reply was submitted, or may have been, with an outcome that
  /// nobody knows.
  std::uint8_t tries = 0;

  /// Whether the record of an answer forbids a reply to the sender. A record further in the future
  /// than kClockTolerance does not: a wrong clock wrote it.
  [[nodiscard]] bool counts_at(Time now) const {
    return answered_at <= now + kClockTolerance && (!expires_at || now < *expires_at);
  }
  /// Whether a pending record forbids it although nobody is at work on it any more.
  [[nodiscard]] bool is_leased_at(Time now) const {
    return answered_at <= now + kClockTolerance && now < answered_at + kLease;
  }
};

/// Selects records; an empty member selects all.
struct RecordFilter {
  std::string responder;
  std::string sender;
};

enum class PurgeMode { kRemove, kCount };

/// What a purge removes. A pending record is removed only if its holder is dead and its lease has
/// run out.
struct PurgeRequest {
  Time now;
  std::optional<Seconds> older_than{};  ///< records answered longer ago; nullopt: expired records
  std::size_t batch = 10'000;  ///< most records in one write transaction; fewer if the disk is
                               ///< slow: a transaction should take about 10 ms
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

  /// Calls `visit` for each selected record, until `visit` returns false. Takes constant memory and
  /// delays no delivery, however slow `visit` is. A change made meanwhile may be seen or not. A
  /// cache with a file (CacheStore::file) shows them ordered by responder, sender and handle;
  /// servers in no order, and while their tables grow some twice.
  virtual void visit(const RecordFilter& filter,
                     const std::function<bool(const ReplyRecord&)>& visit) = 0;

  /// Stores records, in one atomic step all of them or, on servers, each. A record older than the
  /// stored record of its key is skipped. Returns how many were stored.
  virtual std::size_t put(std::span<const ReplyRecord> records) = 0;

  /// Removes the selected records, in small steps. Returns how many.
  virtual std::size_t forget(const RecordFilter& filter) = 0;

  /// How many limits have no room for another reply at `now`, by what they count: `all`, `domain`,
  /// `person` or `responder`. A limit is known as its last reply found it; those of which an older
  /// version has counted the last reply are not known. On servers while their tables grow some are
  /// counted twice.
  virtual std::map<std::string, std::size_t> reached_limits(Time now) = 0;

  /// Removes or counts records, and returns how many. Removing also drops the counters of limits
  /// whose period is over.
  virtual std::size_t purge(const PurgeRequest& request) = 0;
};

}  // namespace inforeply
