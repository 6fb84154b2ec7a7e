// Who was answered, and when: the memory that keeps a person from being answered twice.
//
// Promise: for one responder, one handle and one person, at most one reply in the interval, however
// many processes run at once and wherever any of them is killed; and no reply lost, as long as the
// mail server tries a failed delivery again.
//
// A reply is reserved, submitted, then confirmed. A reservation is pending until it is confirmed or
// released. It knows the message it is for: when the mail server tries the same message again, the
// process that held the reservation has died, and the reply is granted again. For any other message
// a pending reservation counts as an answer while its holder lives, and then until its lease has
// run out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/clock.hpp"
#include "inforeply/rate_limit.hpp"

namespace inforeply {

/// How long a pending reservation whose holder has died silences other messages: longer than it
/// takes until the mail server tries again. Postfix waits 300 s at least and looks every 300 s
/// (minimal_backoff_time, queue_run_delay), Exim's usual retry rule 15 minutes.
inline constexpr Seconds kLease{3600};

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
  std::optional<Time> expires_at;  ///< pending: the end of the lease; nothing: never
  std::uint32_t count = 0;         ///< replies sent
  std::string message_id;          ///< of the message answered last; may be empty
  std::string delivery;            ///< digest that tells that message's delivery from others

  /// Whether it still silences the sender.
  [[nodiscard]] bool counts_at(Time now) const;
};

/// A limit that a reply counts against, together with all others of the same counter.
struct CountedLimit {
  std::string_view setting;  ///< its name, a literal
  std::string counter;
  RateLimit limit;
};

struct ReservationRequest {
  ReplyKey key;
  std::string message_id;
  std::string delivery;             ///< the same for every try of one delivery, 32 octets at most
  bool is_named = false;            ///< by the mail server: an equal one is the same, not a copy
  std::optional<Seconds> interval;  ///< zero: every message is granted; nothing: only the first
  std::vector<CountedLimit> limits;
  Time now;
};

enum class Reservation {
  kGranted,
  kAnswered,     ///< recently answered, or about to be by another message's reservation
  kInProgress,   ///< another process is at work on this very delivery: ask again
  kRateLimited,  ///< one of the limits is reached
};

/// Selects records; an empty member selects all.
struct RecordFilter {
  std::string responder;
  std::string sender;
};

/// What a purge removes. Pending records go only when their holder is dead and their lease has run
/// out.
struct PurgeRequest {
  Time now;
  std::optional<Seconds>
      older_than;              ///< answered longer ago, expired or not; nothing: what expired
  std::size_t batch = 10'000;  ///< most records removed in one write transaction, which is to take
                               ///< some 10 ms: fewer where the disk is slow
  bool dry_run = false;
  std::string responder{};                         ///< only its records; empty: all
  std::function<void(std::size_t)> on_progress{};  ///< told now and then how many went so far
};

/// Every function throws Error (kCache) that names the cache and the cause; then nothing was
/// changed.
class ReplyCache {
 public:
  ReplyCache() = default;
  ReplyCache(const ReplyCache&) = delete;
  ReplyCache& operator=(const ReplyCache&) = delete;
  virtual ~ReplyCache() = default;

  /// One atomic step; durable when it returns kGranted.
  virtual Reservation reserve(const ReservationRequest& request) = 0;

  /// The first of the request's limits that leaves no room for one more reply; null where none
  /// is reached (any more).
  virtual const CountedLimit* find_reached(const ReservationRequest& request) = 0;

  /// The reply was submitted at `request.now`.
  virtual void confirm(const ReservationRequest& request) = 0;

  /// The reply, reserved at `request.now`, was not submitted: the reservation goes, unless it is
  /// another delivery's by now, and no longer counts against the limits. One that was granted again
  /// stays pending: the process before may have sent the reply, which only this delivery can send
  /// again without sending a second one.
  virtual void release(const ReservationRequest& request) = 0;

  /// Calls `visit` for each selected record, ordered by responder, sender and handle, until it
  /// returns false. Takes constant memory and holds up nothing, however slow `visit` is: what
  /// changes meanwhile is seen or not.
  virtual void visit(const RecordFilter& filter,
                     const std::function<bool(const ReplyRecord&)>& visit) = 0;

  /// Stores records in one atomic step, but none that is older than what is there. Returns how many
  /// were stored.
  virtual std::size_t put(std::span<const ReplyRecord> records) = 0;

  /// Removes the selected records, in small steps. Returns the number.
  virtual std::size_t forget(const RecordFilter& filter) = 0;

  /// The same, or with `dry_run` how many there are. Counters of limits that are over go, too.
  virtual std::size_t purge(const PurgeRequest& request) = 0;
};

enum class CacheAccess { kCreate, kExisting };

/// A cache URL: `lmdb:PATH`, or a bare path, which means the same. Throws Error (kUsage) where it
/// is not understood.
void check_cache_url(std::string_view url);

/// The path of the cache's file. Throws as check_cache_url does.
std::string cache_path(std::string_view url);

/// The folder beside the cache where indexes of address lists are kept.
std::string list_index_folder(std::string_view url);

/// `kCreate` makes a missing file, never a missing folder. Throws as check_cache_url does, and
/// Error (kCache) where it cannot be opened.
std::unique_ptr<ReplyCache> open_cache(std::string_view url, CacheAccess access);

}  // namespace inforeply
