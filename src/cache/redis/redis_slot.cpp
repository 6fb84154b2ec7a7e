#include "cache/redis/redis_slot.hpp"

#include <algorithm>
#include <utility>

#include "cache/record_format.hpp"
#include "cache/redis/redis_keys.hpp"
#include "inforeply/text.hpp"

namespace inforeply::redis {
namespace {

// Longer than any run (120 s).
constexpr Seconds kHold{130};
// A mail server that has not heard that a message was answered tries it again within hours.
constexpr Seconds kLeastLife{24 * 3600};

std::optional<ReplyRecord> read_record(const RedisChange& change, std::size_t at,
                                       const std::string& key) {
  if (!change.value(at)) return std::nullopt;
  auto record = decode(key, *change.value(at));
  if (!record) fail_as_damaged(change.key(at));
  return record;
}

ReplyTally read_tally(const RedisChange& change, std::size_t at) {
  if (!change.value(at)) return {};
  auto tally = decode_tally(*change.value(at));
  if (!tally) fail_as_damaged(change.key(at));
  return *std::move(tally);
}

void write_tally(RedisChange& change, std::size_t at, const ReplyTally& tally,
                 const RateLimit& limit, std::uint32_t replies) {
  if (tally.entries().empty()) {
    change.remove(at);
  } else {
    change.set(at, encode(tally, limit.period, replies), limit.period);
  }
}

}  // namespace

void fail_as_damaged(const std::string& key) {
  throw RedisFault("a damaged value of " + to_single_line(key) +
                       ", which 'inforeply-cache check --repair' or DEL removes",
                   RedisFault::Remedy::kNone);
}

std::optional<Seconds> life_of(const ReplyRecord& record, Time now) {
  if (!record.expires_at) return std::nullopt;
  return std::max(*record.expires_at - now, kLeastLife);
}

std::map<std::string, Limits> by_slot(const std::vector<CountedLimit>& limits) {
  std::map<std::string, Limits> slots;
  for (const auto& counted : limits)
    slots[counted.slot].push_back(&counted);
  return slots;
}

SlotLimits::SlotLimits(const KeyNames& names, const Limits& limits, std::string_view slot,
                       std::vector<std::string>& keys) {
  const auto add = [&](const std::string& counter) {
    keys.push_back(names.limit(slot, key_part(counter)));
    return keys.size() - 1;
  };
  for (const auto* counted : limits) {
    limits_.push_back({counted, add(counted->counter), std::nullopt});
    if (!counted->member.empty()) limits_.back().member = add(counted->member);
  }
}

const CountedLimit* SlotLimits::find_reached(const RedisChange& change, Time now) const {
  for (const auto& place : limits_) {
    const auto tally_of = [&](const std::string& counter) {
      const bool is_member = counter != place.counted->counter;
      return read_tally(change, is_member ? *place.member : place.counter);
    };
    if (!has_room(*place.counted, tally_of, now)) return place.counted;
  }
  return nullptr;
}

void SlotLimits::count(RedisChange& change, const Counting& counting) const {
  for (const auto& [counted, counter, member] : limits_) {
    for (const auto at : {std::optional(counter), member}) {
      if (!at) continue;
      auto tally = read_tally(change, *at);
      const auto& limit = counted->limit;
      if (counting.taken_back) tally.take_back(limit, *counting.taken_back);
      if (counting.added) tally.add(limit, *counting.added);
      write_tally(change, *at, tally, limit, at == member ? 0 : limit.replies);
    }
  }
}

ResponderSlot::ResponderSlot(RedisServers& servers, const ReservationRequest& request, Reads reads)
    : request_(request),
      key_(record_key(request.key)),
      keys_(name_records(servers.keys())),
      limits_(servers.keys(), reads == Reads::kAll ? by_slot(request.limits)[""] : Limits(),
              key_part(request.key.responder), keys_),
      change_(servers, encode_part(key_part(request.key.responder)), keys_) {}

std::vector<std::string> ResponderSlot::name_records(const KeyNames& keys) {
  std::vector<std::string> names = {keys.record(key_), keys.hold(key_, request_.delivery)};
  if (const auto direct = direct_key(request_)) {
    direct_key_ = record_key(*direct);
    names.push_back(keys.record(*direct_key_));
  }
  return names;
}

KnownRecords ResponderSlot::known() const {
  KnownRecords known{read_record(change_, kOwn, key_), std::nullopt};
  if (direct_key_) known.direct = read_record(change_, kDirect, *direct_key_);
  return known;
}

void ResponderSlot::write(const ReplyRecord& record, Time now) {
  change_.set(kOwn, encode(record), life_of(record, now));
}

void ResponderSlot::rewrite(const ReplyRecord& record) {
  change_.replace(kOwn, encode(record));
}

void ResponderSlot::hold(const std::string& token) {
  change_.set(kHolder, token, kHold);
}

const CountedLimit* count_apart(RedisServers& servers, const std::string& slot,
                                const Limits& limits, const Counting& counting) {
  std::vector<std::string> keys;
  const SlotLimits places(servers.keys(), limits, key_part(slot), keys);
  while (true) {
    RedisChange change(servers, encode_part(key_part(slot)), keys);
    const bool is_new = counting.added && !counting.taken_back;
    const auto* reached = is_new ? places.find_reached(change, *counting.added) : nullptr;
    if (reached != nullptr) return reached;
    places.count(change, counting);
    if (change.commit()) return nullptr;
  }
}

}  // namespace inforeply::redis
