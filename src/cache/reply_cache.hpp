// Who was answered, and when: the memory that keeps a person from being answered twice.
//
// Promise: for one responder, one handle and one person, at most one reply in the interval, however
// many processes run at once and wherever any of them is killed; and no reply lost, as long as the
// mail server tries a failed delivery again.
//
// A reply is reserved, submitted, then confirmed. A reservation is pending until it is confirmed or
// released. It knows the message it is for. When the mail server tries the same message again, the
// process that held the reservation has died, and the reply is granted again, kMaxTries times in
// all. For any other message
// a pending reservation counts as an answer while its holder lives, and then until its lease has
// run out.
//
// A power cut: a reservation is on the disk before the reply is submitted. That it was confirmed
// may be forgotten, so a reservation from before the machine was started counts for other messages
// as an answer does, to the end of the interval. The mail server, which has its own queue on the
// disk, may try the same message again: then the same reply, with the same Message-ID, is sent a
// second time. Nothing worse can happen.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/cache_records.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/rate_limit.hpp"

namespace inforeply {

/// A limit that a reply counts against, together with all others of the same counter.
struct CountedLimit {
  std::string_view setting;  ///< its name, a literal
  std::string counter;
  RateLimit limit;
  std::string member{};  ///< a counter within `counter` that has a share (ReplyTally::has_share)
  /// Counters of one slot are on one of several servers. Empty: that of the request's records.
  std::string slot{};
};

struct ReservationRequest {
  ReplyKey key;
  std::string message_id;
  std::string delivery;             ///< the same for every try of one delivery, 32 octets at most
  bool is_named = false;            ///< the mail server named it; else an equal one may be a copy
  std::optional<Seconds> interval;  ///< zero: every message is granted; nullopt: only the first
  std::vector<CountedLimit> limits;
  Time booted_at{};  ///< when the machine was started
};

/// How often a reply is submitted if nobody knows what became of it.
inline constexpr unsigned kMaxTries = 3;

/// A reply that was granted. The delivery that asked holds it while it submits the reply, and ends
/// it by one call of confirm or release, before the cache is closed. Destroyed without that call,
/// it leaves the reservation pending, as a killed process does. That is right if nobody knows
/// whether the reply was sent. Both functions throw Error (kCache), which also leaves it pending.
/// In every case the delivery stops counting as at work on it.
class Reservation {
 public:
  Reservation() = default;
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  virtual ~Reservation() = default;

  /// The reply was submitted.
  virtual void confirm() = 0;

  /// The reply was not submitted. It no longer counts against the limits, and its record goes,
  /// unless that is another delivery's by now. A reservation that was granted again stays pending:
  /// the process before may have sent the reply, and only this delivery can send the same again.
  virtual void release() = 0;
};

enum class ReserveOutcome {
  kGranted,
  kAnswered,     ///< recently answered, or another message's reservation is pending
  kInProgress,   ///< another process is at work on this very delivery: ask again
  kRateLimited,  ///< a limit is reached
  kGivenUp,      ///< it was tried kMaxTries times, and what became of it is not known
};

struct ReserveResult {
  ReserveOutcome outcome;
  std::unique_ptr<Reservation> reservation{};  ///< of kGranted
  std::optional<CountedLimit> reached{};       ///< of kRateLimited: the first limit without room
  unsigned tries = 0;  ///< of kGranted: this delivery's, with this one, whose outcome is not known
};

/// What a delivery needs of a cache.
class ReplyCache {
 public:
  ReplyCache() = default;
  ReplyCache(const ReplyCache&) = delete;
  ReplyCache& operator=(const ReplyCache&) = delete;
  virtual ~ReplyCache() = default;

  /// One atomic step; durable when it returns kGranted. Throws Error (kCache) that names the cache
  /// and the cause; then nothing was changed.
  virtual ReserveResult reserve(const ReservationRequest& request, Time now) = 0;
};

}  // namespace inforeply
