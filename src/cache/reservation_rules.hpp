// What a reservation is decided by and what it writes, whatever kind of cache holds it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cache/reply_cache.hpp"
#include "inforeply/cache_records.hpp"
#include "inforeply/clock.hpp"

namespace inforeply {

/// What a cache holds that bears on a request.
struct KnownRecords {
  std::optional<ReplyRecord> own;     ///< of the request's key
  std::optional<ReplyRecord> direct;  ///< of the same person, not through a forwarder
};

/// The key of `KnownRecords::direct`; nullopt if the request's own key is that.
std::optional<ReplyKey> direct_key(const ReservationRequest& request);

/// Whether the record is a reservation of this delivery, which a process before may have used.
bool is_reserved_for(const ReservationRequest& request, const std::optional<ReplyRecord>& record);

/// Tells whether a process is at work on the delivery of a pending record.
using IsAtWork = std::function<bool(const ReplyRecord&)>;

/// kAnswered, kGivenUp, or kGranted unless a limit is reached (has_room).
ReserveOutcome decide(const ReservationRequest& request, const KnownRecords& known,
                      const IsAtWork& is_at_work, Time now);

/// The replies of a counter so far; none if it is not there.
using TallyOf = std::function<ReplyTally(const std::string& counter)>;

/// Whether the limit has room for another reply. Its member's share counts, too.
bool has_room(const CountedLimit& counted, const TallyOf& tally_of, Time now);

/// Whether a purge removes the record: it has expired, or was answered longer ago than
/// `older_than`.
bool is_purgeable(const ReplyRecord& record, Time now, std::optional<Seconds> older_than);

/// The record of a reply that is granted.
ReplyRecord reserve_record(const ReservationRequest& request,
                           const std::optional<ReplyRecord>& earlier, Time now);

/// The record of a reply that was sent.
ReplyRecord confirm_record(ReplyRecord pending);

}  // namespace inforeply
