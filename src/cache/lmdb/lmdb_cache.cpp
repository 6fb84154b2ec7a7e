// The reply cache in LMDB, whose handles are in lmdb.hpp; what it writes is in cache_format.hpp.
//
// From the reservation to its end the delivery is locked (lmdb_locks.hpp). By that lock a retry
// knows that nobody is at work on its delivery any more, and another message knows that somebody
// still is, even if the lease seems to have run out because the clock was set meanwhile. The lock
// is taken before the pending record is written and dropped after the record is settled: a pending
// record without the lock shows that its holder died.

#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cache/lmdb/cache_copy.hpp"
#include "cache/lmdb/cache_format.hpp"
#include "cache/lmdb/lmdb_locks.hpp"
#include "cache/lmdb/lmdb_store.hpp"
#include "cache/lmdb/lmdb_sweep.hpp"
#include "cache/lmdb/lmdb_tables.hpp"
#include "cache/open_cache.hpp"
#include "cache/reservation_rules.hpp"

namespace inforeply {
namespace {

using lmdb::DeliveryLock;
using lmdb::Environment;
using lmdb::Mode;
using lmdb::Tables;
using lmdb::Transaction;

using Limits = std::vector<CountedLimit>;

ReplyTally find_tally(const Tables& tables, const Transaction& txn, const std::string& key) {
  const auto value = txn.get(tables.limits(), key);
  if (!value) return {};
  auto tally = decode_tally(*value);
  if (!tally) tables.environment().fail("read", "a damaged counter");
  return *std::move(tally);
}

/// Counts a reply against all limits, or takes it back, as `change` says.
void change_tallies(const Tables& tables, Transaction& txn, const Limits& limits,
                    void (ReplyTally::*change)(const RateLimit&, Time), Time at) {
  for (const auto& counted : limits) {
    for (const auto* counter : {&counted.counter, &counted.member}) {
      if (counter->empty()) continue;
      const std::string key = key_part(*counter);
      auto tally = find_tally(tables, txn, key);
      (tally.*change)(counted.limit, at);
      if (tally.entries().empty()) {
        txn.erase(tables.limits(), key);
      } else {
        const bool is_member = counter == &counted.member;
        txn.put(tables.limits(), key,
                encode(tally, counted.limit.period, is_member ? 0 : counted.limit.replies));
      }
    }
  }
}

/// Marks the request's own pending record, if it is still there: with an interval of 0 it may be
/// another delivery's by now, or it was forgotten. `write` must have changed nothing.
void mark_answered(const Tables& tables, Transaction write, const ReservationRequest& request,
                   const std::string& key) {
  const auto record = tables.find(write, key);
  if (!is_reserved_for(request, record) || tables.mark_answered(write, key)) return;
  tables.store(write, confirm_record(*record), record);
  write.commit();
}

class LmdbReservation : public Reservation {
 public:
  LmdbReservation(const Tables& tables, ReservationRequest request, std::string key,
                  Time reserved_at, bool may_be_sent, DeliveryLock lock)
      : tables_(tables),
        request_(std::move(request)),
        key_(std::move(key)),
        reserved_at_(reserved_at),
        may_be_sent_(may_be_sent),
        lock_(std::move(lock)) {}

  void confirm() override {
    mark_answered(tables_, Transaction(tables_.environment(), Mode::kWrite), request_, key_);
    lock_.unlock();
  }

  void release() override {
    Transaction write(tables_.environment(), Mode::kWrite);
    auto record = tables_.find(write, key_);
    const bool is_ours = is_reserved_for(request_, record);
    if (may_be_sent_) {
      if (is_ours) {
        --record->tries;  // this try is known to have sent nothing
        tables_.store(write, *record, record);
      }
    } else {
      if (is_ours) tables_.remove(write, *record);
      // It was counted even if another delivery has replaced it, as happens with an interval of 0.
      change_tallies(tables_, write, request_.limits, &ReplyTally::take_back, reserved_at_);
    }
    write.commit();
    lock_.unlock();
  }

 private:
  const Tables& tables_;
  ReservationRequest request_;
  std::string key_;
  Time reserved_at_;
  bool may_be_sent_;  // by the process that had the reservation before
  DeliveryLock lock_;
};

class LmdbCache : public OpenCache {
 public:
  LmdbCache(const std::string& path, CacheAccess access)
      : environment_(path), tables_(environment_, access) {}

  void relax_durability() override { ::mdb_env_set_flags(environment_.get(), MDB_NOSYNC, 1); }

  ReserveResult reserve(const ReservationRequest& request, Time now) override {
    std::string key = record_key(request.key);
    {
      const Transaction read(environment_, Mode::kRead);
      auto result = ask(read, tables_.find(read, key), request, now);
      const bool is_given_up = result.outcome == ReserveOutcome::kGivenUp;
      if (result.outcome != ReserveOutcome::kGranted && !is_given_up) return result;
    }
    DeliveryLock lock(environment_, key, request.delivery);
    if (!lock.is_held()) return {ReserveOutcome::kInProgress};
    Transaction write(environment_, Mode::kWrite);
    const auto earlier = tables_.find(write, key);
    auto result = ask(write, earlier, request, now);
    if (result.outcome == ReserveOutcome::kGivenUp) {
      mark_answered(tables_, std::move(write), request, key);
    }
    if (result.outcome != ReserveOutcome::kGranted) return result;
    const bool may_be_sent = is_reserved_for(request, earlier);
    // A reply counts once, and when it is sent.
    if (may_be_sent) {
      change_tallies(tables_, write, request.limits, &ReplyTally::take_back, earlier->answered_at);
    }
    change_tallies(tables_, write, request.limits, &ReplyTally::add, now);
    const auto record = reserve_record(request, earlier, now);
    tables_.store(write, record, earlier);
    write.commit();
    result.tries = record.tries;
    result.reservation = std::make_unique<LmdbReservation>(tables_, request, std::move(key), now,
                                                           may_be_sent, std::move(lock));
    return result;
  }

  void visit(const RecordFilter& filter,
             const std::function<bool(const ReplyRecord&)>& visit) override {
    lmdb::visit(tables_, filter, visit);
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

  std::size_t forget(const RecordFilter& filter) override { return lmdb::forget(tables_, filter); }

  std::map<std::string, std::size_t> reached_limits(Time now) override {
    return lmdb::reached_limits(tables_, now);
  }

  std::size_t purge(const PurgeRequest& request) override {
    // The leftover of a killed compaction may be what fills the disk. No compaction is under way,
    // as that would need the cache for itself.
    if (request.mode == PurgeMode::kRemove) {
      ::unlink((environment_.path() + kCompactSuffix).c_str());
    }
    return lmdb::purge(tables_, request);
  }

 private:
  /// What a reservation gives, as this transaction sees it; of kGranted only the outcome.
  [[nodiscard]] ReserveResult ask(const Transaction& txn, std::optional<ReplyRecord> own,
                                  const ReservationRequest& request, Time now) const {
    KnownRecords known{std::move(own), std::nullopt};
    if (const auto key = direct_key(request)) known.direct = tables_.find(txn, record_key(*key));
    const auto is_at_work = [&](const ReplyRecord& record) {
      return lmdb::is_delivery_locked(environment_, record_key(record.key), record.delivery);
    };
    const auto outcome = decide(request, known, is_at_work, now);
    if (outcome != ReserveOutcome::kGranted || is_reserved_for(request, known.own)) {
      return {outcome};
    }
    const auto tally_of = [&](const std::string& counter) {
      return find_tally(tables_, txn, key_part(counter));
    };
    for (const auto& counted : request.limits) {
      if (!has_room(counted, tally_of, now)) {
        return {ReserveOutcome::kRateLimited, nullptr, counted};
      }
    }
    return {outcome};
  }

  Environment environment_;
  Tables tables_;
};

}  // namespace

std::unique_ptr<OpenCache> LmdbStore::open(CacheAccess access) const {
  if (access == CacheAccess::kExisting) status_of_cache(path_);
  return std::make_unique<LmdbCache>(path_, access);
}

}  // namespace inforeply
