// The reply cache in LMDB, whose handles are in lmdb.hpp; what it writes is in cache_format.hpp.
//
// An open-file-description lock on one octet of the file, far behind its end and chosen by a digest
// of key and delivery, is held from the reservation to its end. The kernel drops it when the
// process dies: that is how a retry knows that nobody is at work on its delivery any more.

#include "lmdb_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "cache_format.hpp"
#include "inforeply/digest.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "lmdb.hpp"

namespace inforeply {
namespace {

using lmdb::Cursor;
using lmdb::Environment;
using lmdb::Mode;
using lmdb::Transaction;

class LmdbCache : public ReplyCache {
 public:
  LmdbCache(const std::string& path, CacheAccess access) : environment_(path) {
    open_databases(access);
  }

  Reservation reserve(const ReservationRequest& request) override {
    const std::string key = record_key(request.key);
    {
      const Transaction read(environment_, Mode::kRead);
      if (const auto refusal = find_refusal(read, find(read, key), request)) return *refusal;
    }
    if (!lock_delivery(request)) return Reservation::kInProgress;
    try {
      Transaction write(environment_, Mode::kWrite);
      const auto earlier = find(write, key);
      if (const auto refusal = find_refusal(write, earlier, request)) {
        unlock_delivery(request);
        return *refusal;
      }
      // It counts once, and when it is sent.
      if (is_granted_again(earlier, request)) take_back(write, request, earlier->answered_at);
      count(write, request);
      store(write, {request.key, RecordState::kPending, request.now, request.now + kLease,
                    earlier ? earlier->count : 0, request.message_id, request.delivery});
      write.commit();
    } catch (...) {
      unlock_delivery(request);
      throw;
    }
    return Reservation::kGranted;
  }

  const CountedLimit* find_reached(const ReservationRequest& request) override {
    return find_reached_limit(Transaction(environment_, Mode::kRead), request);
  }

  void confirm(const ReservationRequest& request) override {
    Transaction write(environment_, Mode::kWrite);
    const auto earlier = find(write, record_key(request.key));
    std::optional<Time> expires_at;
    if (request.interval) expires_at = request.now + *request.interval;
    store(write, {request.key, RecordState::kAnswered, request.now, expires_at,
                  (earlier ? earlier->count : 0) + 1, request.message_id, request.delivery});
    write.commit();
    unlock_delivery(request);
  }

  void release(const ReservationRequest& request) override {
    Transaction write(environment_, Mode::kWrite);
    const auto record = find(write, record_key(request.key));
    if (is_granted_again(record, request)) remove(write, *record);
    // Another delivery may have taken its place, where the interval is 0: it was counted all the
    // same.
    take_back(write, request, request.now);
    write.commit();
    unlock_delivery(request);
  }

  void visit(const RecordFilter& filter,
             const std::function<void(const ReplyRecord&)>& visit) override {
    const Transaction read(environment_, Mode::kRead);
    scan(read, filter, [&](const ReplyRecord& record) {
      visit(record);
      return true;
    });
  }

  std::size_t forget(const RecordFilter& filter) override {
    Transaction write(environment_, Mode::kWrite);
    std::vector<ReplyRecord> found;
    scan(write, filter, [&](const ReplyRecord& record) {
      found.push_back(record);
      return true;
    });
    for (const auto& record : found)
      remove(write, record);
    write.commit();
    return found.size();
  }

  std::size_t purge(const PurgeRequest& request) override {
    std::size_t total = 0;
    std::string position;  // where the next batch begins
    while (true) {
      const auto batch =
          request.older_than ? find_older(request, position) : find_expired(request, position);
      if (batch.empty()) break;
      total += request.dry_run ? batch.size() : remove_batch(request, batch);
    }
    if (!request.dry_run) purge_counters(request);
    return total;
  }

 private:
  void open_databases(CacheAccess access) {
    std::optional<std::string> version;
    bool complete = false;  // counters came later than the rest
    {
      Transaction read(environment_, Mode::kRead);
      const MDB_dbi main = read.open_database(nullptr, 0);
      complete = read.get(main, "limits").has_value();
      if (const auto stored = read.get(main, kVersionKey)) {
        version = std::string(*stored);
      } else if (access == CacheAccess::kExisting || !read.is_empty(main)) {
        environment_.fail("open", "an LMDB file of another program");
      }
    }
    if (version && *version != std::to_string(kFormatVersion)) {
      environment_.fail("open", "its format is '" + to_single_line(*version) +
                                    "', this program knows " + std::to_string(kFormatVersion));
    }
    Transaction txn(environment_, complete ? Mode::kRead : Mode::kWrite);
    const unsigned flags = complete ? 0 : MDB_CREATE;
    records_ = txn.open_database("records", flags);
    expiry_ = txn.open_database("expiry", flags);
    limits_ = txn.open_database("limits", flags);
    if (!version)
      txn.put(txn.open_database(nullptr, 0), kVersionKey, std::to_string(kFormatVersion));
    txn.commit();  // also of a reading transaction: it keeps the handles
  }

  [[nodiscard]] ReplyRecord require_record(std::string_view key, std::string_view value) const {
    auto record = decode(key, value);
    if (!record) environment_.fail("read", "a damaged record");
    return *std::move(record);
  }

  [[nodiscard]] std::optional<ReplyRecord> find(const Transaction& txn,
                                                std::string_view key) const {
    const auto value = txn.get(records_, key);
    if (!value) return std::nullopt;
    return require_record(key, *value);
  }

  /// Whether the sender is to be left in peace, by what the cache holds of him.
  static bool is_answered(const std::optional<ReplyRecord>& record,
                          const ReservationRequest& request) {
    if (!record) return false;
    // The mail server tries again for another recipient's sake, or never heard that we were done.
    const bool same = record->delivery == request.delivery;
    if (request.is_named && same && record->state == RecordState::kAnswered) return true;
    if (request.interval == Seconds{0} || !record->counts_at(request.now)) return false;
    return record->state == RecordState::kAnswered || !same;
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
    const auto value = txn.get(limits_, key_part(counter));
    if (!value) return {};
    auto tally = decode_tally(*value);
    if (!tally) environment_.fail("read", "a damaged counter");
    return *std::move(tally);
  }
  void store_tally(Transaction& txn, const CountedLimit& counted, const ReplyTally& tally) {
    const std::string key = key_part(counted.counter);
    if (tally.entries().empty()) return txn.erase(limits_, key);
    txn.put(limits_, key, encode(tally, counted.limit.period));
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
  void purge_counters(const PurgeRequest& request) {
    std::vector<std::string> expired;
    const auto is_expired = [&](std::string_view value) {
      return tally_expiry(value) <= request.now;
    };
    {
      const Transaction read(environment_, Mode::kRead);
      Cursor cursor(read, limits_);
      for (bool found = cursor.seek({}); found; found = cursor.next()) {
        if (is_expired(cursor.value())) expired.emplace_back(cursor.key());
      }
    }
    for (std::size_t i = 0; i < expired.size();) {
      Transaction write(environment_, Mode::kWrite);
      for (const auto end = std::min(i + request.batch, expired.size()); i < end; ++i) {
        const auto value = write.get(limits_, expired[i]);
        if (value && is_expired(*value)) write.erase(limits_, expired[i]);
      }
      write.commit();
    }
  }

  void store(Transaction& txn, const ReplyRecord& record) {
    const std::string key = record_key(record.key);
    if (const auto earlier = find(txn, key)) erase_expiry(txn, *earlier, key);
    txn.put(records_, key, encode(record));
    if (record.expires_at) txn.put(expiry_, expiry_key(*record.expires_at, key), {});
  }
  void remove(Transaction& txn, const ReplyRecord& record) {
    const std::string key = record_key(record.key);
    erase_expiry(txn, record, key);
    txn.erase(records_, key);
  }
  void erase_expiry(Transaction& txn, const ReplyRecord& record, std::string_view key) {
    if (record.expires_at) txn.erase(expiry_, expiry_key(*record.expires_at, key));
  }

  /// Calls `visit` with each selected record from `begin` on, until it returns false.
  template <typename Visit>
  void scan(const Transaction& txn, const RecordFilter& filter, Visit visit,
            std::string_view begin = {}) const {
    std::string prefix;
    if (!filter.responder.empty()) {
      prefix = filter.sender.empty() ? prefix_of(filter.responder)
                                     : prefix_of(filter.responder, filter.sender);
    }
    Cursor cursor(txn, records_);
    for (bool found = cursor.seek(begin.empty() ? std::string_view(prefix) : begin);
         found && cursor.key().starts_with(prefix); found = cursor.next()) {
      const auto record = require_record(cursor.key(), cursor.value());
      const bool selected =
          (filter.responder.empty() || record.key.responder == filter.responder) &&
          (filter.sender.empty() || record.key.sender == filter.sender);
      if (selected && !visit(record)) return;
    }
  }

  static bool is_purgeable(const ReplyRecord& record, const PurgeRequest& request) {
    const bool expired = record.expires_at && *record.expires_at <= request.now;
    if (!request.older_than || record.state == RecordState::kPending) return expired;
    return record.answered_at < request.now - *request.older_than;
  }

  /// The next batch of keys in the expiry index, from `position` on, which moves behind them.
  std::vector<std::string> find_expired(const PurgeRequest& request, std::string& position) const {
    const Transaction read(environment_, Mode::kRead);
    const std::string end = expiry_key(request.now + Seconds{1}, {});
    std::vector<std::string> keys;
    Cursor cursor(read, expiry_);
    for (bool found = cursor.seek(position); found && cursor.key() < end; found = cursor.next()) {
      if (keys.size() == request.batch) break;
      position = std::string(cursor.key()) + '\0';
      keys.emplace_back(record_key_in(cursor.key()));
    }
    return keys;
  }

  /// The same by age, which no index knows: reads all records, writes nothing.
  std::vector<std::string> find_older(const PurgeRequest& request, std::string& position) const {
    const Transaction read(environment_, Mode::kRead);
    std::vector<std::string> keys;
    const auto visit = [&](const ReplyRecord& record) {
      if (!is_purgeable(record, request)) return true;
      keys.push_back(record_key(record.key));
      position = keys.back() + '\0';
      return keys.size() < request.batch;
    };
    scan(read, {}, visit, std::string(position));
    return keys;
  }

  /// Removes those that are still to go: one may have been answered anew since it was found.
  std::size_t remove_batch(const PurgeRequest& request, const std::vector<std::string>& keys) {
    Transaction write(environment_, Mode::kWrite);
    std::size_t removed = 0;
    for (const auto& key : keys) {
      const auto record = find(write, key);
      if (!record || !is_purgeable(*record, request)) continue;
      remove(write, *record);
      ++removed;
    }
    write.commit();
    return removed;
  }

  // --- one process at a delivery ---

  int set_lock(const ReservationRequest& request, short type) {
    constexpr std::size_t kHexDigits = 15;  // 60 bits: far behind the file's end, within off_t
    const std::string name = digest({record_key(request.key), request.delivery});
    long long offset = 0;
    std::from_chars(name.data(), name.data() + kHexDigits, offset, 16);
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = offset | (1LL << 60U);
    lock.l_len = 1;
    int descriptor = -1;
    environment_.require(mdb_env_get_fd(environment_.get(), &descriptor), "lock");
    return ::fcntl(descriptor, F_OFD_SETLK, &lock);
  }
  /// False where another process, or another object of this one, holds it.
  bool lock_delivery(const ReservationRequest& request) {
    if (set_lock(request, F_WRLCK) == 0) return true;
    if (errno != EAGAIN && errno != EACCES) environment_.fail("lock", std::strerror(errno));
    return false;
  }
  void unlock_delivery(const ReservationRequest& request) { set_lock(request, F_UNLCK); }

  Environment environment_;
  MDB_dbi records_ = 0;
  MDB_dbi expiry_ = 0;
  MDB_dbi limits_ = 0;
};

}  // namespace

std::unique_ptr<ReplyCache> open_lmdb_cache(const std::string& path, CacheAccess access) {
  struct stat status {};
  if (access == CacheAccess::kExisting && ::stat(path.c_str(), &status) != 0) {
    throw system_error(Fault::kCache, "cannot open cache " + path);
  }
  return std::make_unique<LmdbCache>(path, access);
}

}  // namespace inforeply
