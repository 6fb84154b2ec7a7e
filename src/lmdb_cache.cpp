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

#include "cache_format.hpp"
#include "inforeply/digest.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "lmdb_sweep.hpp"
#include "lmdb_tables.hpp"

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
    if (!lock_delivery(request)) return Reservation::kInProgress;
    try {
      Transaction write(environment_, Mode::kWrite);
      const auto earlier = tables_.find(write, key);
      if (const auto refusal = find_refusal(write, earlier, request)) {
        unlock_delivery(request);
        return *refusal;
      }
      // It counts once, and when it is sent.
      if (is_granted_again(earlier, request)) take_back(write, request, earlier->answered_at);
      count(write, request);
      tables_.store(write, {request.key, RecordState::kPending, request.now, request.now + kLease,
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
    const auto earlier = tables_.find(write, record_key(request.key));
    std::optional<Time> expires_at;
    if (request.interval) expires_at = request.now + *request.interval;
    tables_.store(write,
                  {request.key, RecordState::kAnswered, request.now, expires_at,
                   (earlier ? earlier->count : 0) + 1, request.message_id, request.delivery});
    write.commit();
    unlock_delivery(request);
  }

  void release(const ReservationRequest& request) override {
    Transaction write(environment_, Mode::kWrite);
    const auto record = tables_.find(write, record_key(request.key));
    if (is_granted_again(record, request)) tables_.remove(write, *record);
    // Another delivery may have taken its place, where the interval is 0: it was counted all the
    // same.
    take_back(write, request, request.now);
    write.commit();
    unlock_delivery(request);
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
      tables_.store(write, record);
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
  lmdb::Tables tables_;
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
