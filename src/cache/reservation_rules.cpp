#include "cache/reservation_rules.hpp"

#include <cstdint>
#include <utility>

namespace inforeply {
namespace {

/// Whether the sender has an answer already, or one is about to be sent.
bool is_answered(const ReservationRequest& request, const std::optional<ReplyRecord>& record,
                 const IsAtWork& is_at_work, Time now) {
  if (!record) return false;
  // The mail server tries again because of another recipient, or never heard that we were done.
  const bool same = record->delivery == request.delivery;
  if (request.is_named && same && record->state == RecordState::kAnswered) return true;
  if (request.interval == Seconds{0}) return false;
  if (record->state == RecordState::kAnswered) return record->counts_at(now);
  if (same) return false;
  const bool is_older_than_boot = record->answered_at < request.booted_at;
  return record->is_leased_at(now) || (is_older_than_boot && record->counts_at(now)) ||
         is_at_work(*record);
}

}  // namespace

std::optional<ReplyKey> direct_key(const ReservationRequest& request) {
  if (request.key.forwarder.empty()) return std::nullopt;
  ReplyKey key = request.key;
  key.forwarder.clear();
  return key;
}

bool is_reserved_for(const ReservationRequest& request, const std::optional<ReplyRecord>& record) {
  return record && record->state == RecordState::kPending && record->delivery == request.delivery;
}

ReserveOutcome decide(const ReservationRequest& request, const KnownRecords& known,
                      const IsAtWork& is_at_work, Time now) {
  for (const auto* record : {&known.own, &known.direct}) {
    if (is_answered(request, *record, is_at_work, now)) return ReserveOutcome::kAnswered;
  }
  const bool is_given_up = is_reserved_for(request, known.own) && known.own->tries >= kMaxTries;
  return is_given_up ? ReserveOutcome::kGivenUp : ReserveOutcome::kGranted;
}

bool has_room(const CountedLimit& counted, const TallyOf& tally_of, Time now) {
  const auto all = tally_of(counted.counter);
  if (counted.member.empty()) return all.has_room(counted.limit, now);
  return ReplyTally::has_share(all, tally_of(counted.member), counted.limit, now);
}

bool is_purgeable(const ReplyRecord& record, Time now, std::optional<Seconds> older_than) {
  const bool expired = record.expires_at && *record.expires_at <= now;
  const bool is_pending = record.state == RecordState::kPending;
  if (is_pending && record.is_leased_at(now)) return false;
  if (is_pending || !older_than) return expired;
  return record.answered_at < now - *older_than;
}

ReplyRecord reserve_record(const ReservationRequest& request,
                           const std::optional<ReplyRecord>& earlier, Time now) {
  std::optional<Time> expires_at;
  if (request.interval) expires_at = now + *request.interval;
  const auto tries =
      static_cast<std::uint8_t>(is_reserved_for(request, earlier) ? earlier->tries + 1 : 1);
  return {request.key,        RecordState::kPending, now,  expires_at, earlier ? earlier->count : 0,
          request.message_id, request.delivery,      tries};
}

ReplyRecord confirm_record(ReplyRecord pending) {
  pending.state = RecordState::kAnswered;
  ++pending.count;
  return pending;
}

}  // namespace inforeply
