// The reply cache in LMDB, whose handles are in lmdb.hpp; what it writes is in cache_format.hpp.
//
// From the reservation to its end the delivery is locked (lmdb_locks.hpp). By that lock a retry
// knows that nobody is at work on its delivery any more, and another message that somebody still
// is, even where the lease seems to have run out as the clock was set meanwhile. The lock is there
// before the pending record and goes after it: who sees the record without the lock sees that its
// holder died.

#include "cache/lmdb/lmdb_cache.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "cache/lmdb/cache_copy.hpp"
#include "cache/lmdb/cache_format.hpp"
#include "cache/lmdb/lmdb_locks.hpp"
#include "cache/lmdb/lmdb_sweep.hpp"
#include "cache/lmdb/lmdb_tables.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using lmdb::Environment;
using lmdb::Mode;
using lmdb::Transaction;

class LmdbCache : public ReplyCache {
 public:
  LmdbCache(const std::string& path, CacheAccess access)
      : environment_(path), tables_(environment_, access) {}

  Reservation reserve(const ReservationRequest& request) override {
    const std::string key = record_key(request.key);
    {
      const Transaction read(environment_, Mode::kRead);
      if (const auto refusal = find_refusal(read, tables_.find(read, key), request))
        return *refusal;
    }
    if (!lmdb::lock_delivery(environment_, key, request.delivery)) return Reservation::kInProgress;
    try {
      Transaction write(environment_, Mode::kWrite);
      const auto earlier = tables_.find(write, key);
      if (const auto refusal = find_refusal(write, earlier, request)) {
        unlock(request);
        return *refusal;
      }
      // It counts once, and when it is sent.
      const bool again = is_granted_again(earlier, request);
      if (again) take_back(write, request, earlier->answered_at);
      count(write, request);
      tables_.store(write,
                    {request.key, RecordState::kPending, request.now, request.now + kLease,
                     earlier ? earlier->count : 0, request.message_id, request.delivery},
                    earlier);
      write.commit();
      if (again) {
        tried_before_.insert(delivery_name(request));
      } else {
        tried_before_.erase(delivery_name(request));
      }
    } catch (...) {
      unlock(request);
      throw;
    }
    return Reservation::kGranted;
  }

  const CountedLimit* find_reached(const ReservationRequest& request) override {
    return find_reached_limit(Transaction(environment_, Mode::kRead), request);
  }

  void confirm(const ReservationRequest& request) override {
    Transaction write(environment_, Mode::kWrite);
    const auto earlier = tables_.find(write, record_key(request.key));
    std::optional<Time> expires_at;
    if (request.interval) expires_at = request.now + *request.interval;
    tables_.store(write,
                  {request.key, RecordState::kAnswered, request.now, expires_at,
                   (earlier ? earlier->count : 0) + 1, request.message_id, request.delivery},
                  earlier);
    write.commit();
    unlock(request);
  }

  void release(const ReservationRequest& request) override {
    if (tried_before_.contains(delivery_name(request))) return unlock(request);
    Transaction write(environment_, Mode::kWrite);
    const auto record = tables_.find(write, record_key(request.key));
    if (is_granted_again(record, request)) tables_.remove(write, *record);
    // Another delivery may have taken its place, where the interval is 0: it was counted all the
    // same.
    take_back(write, request, request.now);
    write.commit();
    unlock(request);
  }

  void visit(const RecordFilter& filter,
             const std::function<bool(const ReplyRecord&)>& visit) override {
    lmdb::visit(environment_, tables_, filter, visit);
  }

  std::size_t put(std::span<const ReplyRecord> records) override {
    Transaction write(environment_, Mode::kWrite);
    std::size_t stored = 0;
    for (const auto& record : records) {
      const auto earlier = tables_.find(write, record_key(record.key));
      if (earlier && earlier->answered_at >= record.answered_at) continue;
      tables_.store(write, record, earlier);
      ++stored;
    }
    write.commit();
    return stored;
  }

  std::size_t forget(const RecordFilter& filter) override {
    return lmdb::forget(environment_, tables_, filter);
  }

  std::size_t purge(const PurgeRequest& request) override {
    return lmdb::purge(environment_, tables_, request);
  }

 private:
  /// Whether the sender is to be left in peace, by what the cache holds of him.
  [[nodiscard]] bool is_answered(const std::optional<ReplyRecord>& record,
                                 const ReservationRequest& request) const {
    if (!record) return false;
    // The mail server tries again for another recipient's sake, or never heard that we were done.
    const bool same = record->delivery == request.delivery;
    if (request.is_named && same && record->state == RecordState::kAnswered) return true;
    if (request.interval == Seconds{0}) return false;
    const bool pending = record->state == RecordState::kPending;
    if (record->counts_at(request.now)) return !pending || !same;
    return pending && !same &&
           lmdb::is_delivery_locked(environment_, record_key(record->key), record->delivery);
  }

  /// Whether this delivery has the reservation already: the process before it died.
  static bool is_granted_again(const std::optional<ReplyRecord>& record,
                               const ReservationRequest& request) {
    return record && record->state == RecordState::kPending && record->delivery == request.delivery;
  }

  /// Why nothing may be reserved, as far as this transaction sees; nothing where it may.
  [[nodiscard]] std::optional<Reservation> find_refusal(const Transaction& txn,
                                                        const std::optional<ReplyRecord>& record,
                                                        const ReservationRequest& request) const {
    if (is_answered(record, request)) return Reservation::kAnswered;
    if (is_granted_again(record, request)) return std::nullopt;
    if (find_reached_limit(txn, request) != nullptr) return Reservation::kRateLimited;
    return std::nullopt;
  }

  // --- rate limits ---

  [[nodiscard]] ReplyTally find_tally(const Transaction& txn, const std::string& counter) const {
    const auto value = txn.get(tables_.limits(), key_part(counter));
    if (!value) return {};
    auto tally = decode_tally(*value);
    if (!tally) environment_.fail("read", "a damaged counter");
    return *std::move(tally);
  }
  void store_tally(Transaction& txn, const CountedLimit& counted, const ReplyTally& tally) {
    const std::string key = key_part(counted.counter);
    if (tally.entries().empty()) return txn.erase(tables_.limits(), key);
    txn.put(tables_.limits(), key, encode(tally, counted.limit.period));
  }

  [[nodiscard]] const CountedLimit* find_reached_limit(const Transaction& txn,
                                                       const ReservationRequest& request) const {
    const auto reached =
        std::find_if(request.limits.begin(), request.limits.end(), [&](const auto& counted) {
          return !find_tally(txn, counted.counter).has_room(counted.limit, request.now);
        });
    return reached == request.limits.end() ? nullptr : &*reached;
  }
  void count(Transaction& txn, const ReservationRequest& request) {
    for (const auto& counted : request.limits) {
      auto tally = find_tally(txn, counted.counter);
      tally.add(counted.limit, request.now);
      store_tally(txn, counted, tally);
    }
  }
  void take_back(Transaction& txn, const ReservationRequest& request, Time at) {
    for (const auto& counted : request.limits) {
      auto tally = find_tally(txn, counted.counter);
      tally.take_back(counted.limit, at);
      store_tally(txn, counted, tally);
    }
  }

  static std::string delivery_name(const ReservationRequest& request) {
    return record_key(request.key) + '\0' + request.delivery;
  }
  void unlock(const ReservationRequest& request) const {
    lmdb::unlock_delivery(environment_, record_key(request.key), request.delivery);
  }

  Environment environment_;
  lmdb::Tables tables_;
  std::set<std::string> tried_before_;  // deliveries whose reservation was another process's first
};

}  // namespace

std::unique_ptr<ReplyCache> open_lmdb_cache(const std::string& path, CacheAccess access) {
  if (access == CacheAccess::kExisting) status_of_cache(path);
  return std::make_unique<LmdbCache>(path, access);
}

}  // namespace inforeply
