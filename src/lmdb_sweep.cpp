#include "lmdb_sweep.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "lmdb_locks.hpp"

namespace inforeply::lmdb {
namespace {

constexpr std::size_t kChunk = 1000;          // records read in one transaction
constexpr std::size_t kKeysAtOnce = 100'000;  // to be removed: some 10 MiB

// Between two writing transactions, so that whoever waits for one gets it: the lock is not given
// away in turn, and he who has just given it back is the first to take it again.
constexpr std::chrono::milliseconds kLetOthersWrite{1};

using Keys = std::vector<std::string>;

std::string prefix_for(const RecordFilter& filter) {
  if (filter.responder.empty()) return {};
  return filter.sender.empty() ? prefix_of(filter.responder)
                               : prefix_of(filter.responder, filter.sender);
}

bool is_selected(const ReplyRecord& record, const RecordFilter& filter) {
  return (filter.responder.empty() || record.key.responder == filter.responder) &&
         (filter.sender.empty() || record.key.sender == filter.sender);
}

/// Behind a key, in the order of the keys.
std::string after(std::string_view key) {
  return std::string(key) + '\0';
}

/// Reads records from the key `position` on, as long as they begin with `prefix`, at most `most`
/// of them. Moves `position` behind them; false where there are no more.
template <typename Take>
bool read_chunk(const Environment& environment, const Tables& tables, const std::string& prefix,
                std::string& position, std::size_t most, Take take) {
  const Transaction read(environment, Mode::kRead);
  Cursor cursor(read, tables.records());
  bool found = cursor.seek(position);
  for (; found && cursor.key().starts_with(prefix) && most > 0; found = cursor.next(), --most) {
    take(tables.require_record(cursor.key(), cursor.value()));
    position = after(cursor.key());
  }
  return found && most == 0;
}

class Purge {
 public:
  Purge(const Environment& environment, const Tables& tables, const PurgeRequest& request)
      : environment_(environment),
        tables_(tables),
        request_(request),
        prefix_(prefix_for({request.responder, {}})) {}

  std::size_t run() {
    // No index knows age; and a responder's records are few beside all that have expired.
    const bool reads_records = request_.older_than || !prefix_.empty();
    std::string position = reads_records ? prefix_ : std::string();
    for (bool more = true; more;) {
      Keys keys;
      more = reads_records ? find_by_record(keys, position) : find_by_expiry(keys, position);
      if (request_.dry_run) {
        tell(total_ += keys.size());
      } else {
        remove(keys);
      }
    }
    if (!request_.dry_run && request_.responder.empty()) purge_counters();
    return total_;
  }

 private:
  [[nodiscard]] bool is_purgeable(const ReplyRecord& record) const {
    const bool expired = record.expires_at && *record.expires_at <= request_.now;
    if (!request_.older_than || record.state == RecordState::kPending) return expired;
    return record.answered_at < request_.now - *request_.older_than;
  }

  /// Whether a process is still at work on it, whatever the clock says.
  [[nodiscard]] bool is_in_progress(const ReplyRecord& record) const {
    return record.state == RecordState::kPending &&
           is_delivery_locked(environment_, record_key(record.key), record.delivery);
  }

  /// The keys of the next records that have expired; `position` is a key of the index.
  bool find_by_expiry(Keys& keys, std::string& position) const {
    const std::string end = expiry_key(request_.now + Seconds{1}, {});
    const Transaction read(environment_, Mode::kRead);
    Cursor cursor(read, tables_.expiry());
    bool found = cursor.seek(position);
    for (; found && cursor.key() < end && keys.size() < kKeysAtOnce; found = cursor.next()) {
      keys.emplace_back(record_key_in(cursor.key()));
      position = after(cursor.key());
    }
    return found && keys.size() == kKeysAtOnce;
  }

  /// The same by reading the records themselves; `position` is a key of theirs.
  bool find_by_record(Keys& keys, std::string& position) const {
    const auto take = [&](const ReplyRecord& record) {
      if (is_purgeable(record)) keys.push_back(record_key(record.key));
    };
    bool more = true;
    while (more && keys.size() < kKeysAtOnce) {
      more = read_chunk(environment_, tables_, prefix_, position, kChunk, take);
      tell(total_ + (request_.dry_run ? keys.size() : 0));
    }
    return more;
  }

  /// Those that were answered anew since they were found stay.
  void remove(const Keys& keys) {
    in_batches(keys, [&](Transaction& write, const std::string& key) {
      const auto record = tables_.find(write, key);
      if (!record || !is_purgeable(*record) || is_in_progress(*record)) return;
      tables_.remove(write, *record);
      ++total_;
    });
  }

  void purge_counters() const {
    Keys expired;
    const auto is_expired = [&](std::string_view value) {
      return tally_expiry(value) <= request_.now;
    };
    {
      const Transaction read(environment_, Mode::kRead);
      Cursor cursor(read, tables_.limits());
      for (bool found = cursor.seek({}); found; found = cursor.next()) {
        if (is_expired(cursor.value())) expired.emplace_back(cursor.key());
      }
    }
    in_batches(expired, [&](Transaction& write, const std::string& key) {
      const auto value = write.get(tables_.limits(), key);
      if (value && is_expired(*value)) write.erase(tables_.limits(), key);
    });
  }

  /// Calls `take` with every key, so many of them in a transaction.
  template <typename Take>
  void in_batches(const Keys& keys, Take take) const {
    for (std::size_t i = 0; i < keys.size();) {
      Transaction write(environment_, Mode::kWrite);
      for (const auto end = std::min(i + request_.batch, keys.size()); i < end; ++i)
        take(write, keys[i]);
      write.commit();
      tell(total_);
      std::this_thread::sleep_for(kLetOthersWrite);
    }
  }

  void tell(std::size_t removed) const {
    if (request_.on_progress) request_.on_progress(removed);
  }

  const Environment& environment_;
  const Tables& tables_;
  const PurgeRequest& request_;
  std::string prefix_;
  std::size_t total_ = 0;
};

}  // namespace

void visit(const Environment& environment, const Tables& tables, const RecordFilter& filter,
           const std::function<bool(const ReplyRecord&)>& visit) {
  const std::string prefix = prefix_for(filter);
  std::string position = prefix;
  for (bool more = true; more;) {
    std::vector<ReplyRecord> chunk;
    more = read_chunk(environment, tables, prefix, position, kChunk, [&](ReplyRecord record) {
      if (is_selected(record, filter)) chunk.push_back(std::move(record));
    });
    for (const auto& record : chunk) {
      if (!visit(record)) return;
    }
  }
}

std::size_t forget(const Environment& environment, const Tables& tables,
                   const RecordFilter& filter) {
  const std::string prefix = prefix_for(filter);
  std::string position = prefix;
  std::size_t total = 0;
  for (bool more = true; more;) {
    Keys keys;
    more =
        read_chunk(environment, tables, prefix, position, kChunk, [&](const ReplyRecord& record) {
          if (is_selected(record, filter)) keys.push_back(record_key(record.key));
        });
    if (keys.empty()) continue;
    Transaction write(environment, Mode::kWrite);
    for (const auto& key : keys) {
      const auto record = tables.find(write, key);
      if (!record) continue;
      tables.remove(write, *record);
      ++total;
    }
    write.commit();
    std::this_thread::sleep_for(kLetOthersWrite);
  }
  return total;
}

std::size_t purge(const Environment& environment, const Tables& tables,
                  const PurgeRequest& request) {
  return Purge(environment, tables, request).run();
}

}  // namespace inforeply::lmdb
