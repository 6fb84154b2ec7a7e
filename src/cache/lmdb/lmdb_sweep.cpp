#include "cache/lmdb/lmdb_sweep.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <queue>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cache/lmdb/lmdb_locks.hpp"
#include "cache/reservation_rules.hpp"
#include "inforeply/batch_size.hpp"

namespace inforeply::lmdb {
namespace {

constexpr std::size_t kChunk = 1000;            // records read in one transaction
constexpr std::size_t kKeysAtOnce = 20'000;     // to be removed: 10 MiB at most
constexpr std::size_t kEntriesAtOnce = 20'000;  // read of another table in one transaction

// Between two writing transactions, so that a process that waits for one gets it: the lock knows no
// queue, and whoever has just given it back is the first to take it again.
constexpr std::chrono::microseconds kLetOthersWrite{300};

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

/// The least key that is greater than `key`.
std::string after(std::string_view key) {
  return std::string(key) + '\0';
}

/// Reads at most `most` entries from the key `position` on, as long as their keys begin with
/// `prefix`. Moves `position` behind them. False if there are no more.
template <typename Take>
bool read_chunk(const Environment& environment, MDB_dbi table, const std::string& prefix,
                std::string& position, std::size_t most, Take take) {
  const Transaction read(environment, Mode::kRead);
  Cursor cursor(read, table);
  bool found = cursor.seek(position);
  for (; found && cursor.key().starts_with(prefix) && most > 0; found = cursor.next(), --most) {
    take(cursor.key(), cursor.value());
    position = after(cursor.key());
  }
  return found && most == 0;
}

/// Reads the next kChunk records in the same way.
template <typename Take>
bool read_records(const Tables& tables, const std::string& prefix, std::string& position,
                  Take take) {
  return read_chunk(tables.environment(), tables.records(), prefix, position, kChunk,
                    [&](std::string_view key, std::string_view value) {
                      take(tables.require_record(key, value));
                    });
}

/// The keys of what has expired, in the order of the records, so that those on one page come
/// together. The index has that order within each day, so several days are merged.
class ExpiredKeys {
 public:
  ExpiredKeys(const Tables& tables, Time now)
      : tables_(tables), now_(now), last_day_(day_of(now)) {}

  /// Adds the next keys. False at the end.
  bool find(Keys& keys) {
    const Transaction read(tables_.environment(), Mode::kRead);
    if (positions_.empty()) find_days(read);
    if (positions_.empty()) return false;
    merge(read, keys);
    return true;
  }

 private:
  static constexpr std::size_t kDaysAtOnce = 400;

  void find_days(const Transaction& read) {
    Cursor cursor(read, tables_.expiry());
    while (positions_.size() < kDaysAtOnce && next_day_ <= last_day_ &&
           cursor.seek(day_prefix(static_cast<std::uint32_t>(next_day_))) &&
           day_in(cursor.key()) <= last_day_) {
      positions_.emplace_back(cursor.key());
      next_day_ = std::uint64_t{day_in(cursor.key())} + 1;
    }
  }

  void merge(const Transaction& read, Keys& keys) {
    std::vector<Cursor> cursors;
    cursors.reserve(positions_.size());
    const auto comes_later = [&](std::size_t a, std::size_t b) {
      return record_key_in(cursors[a].key()) > record_key_in(cursors[b].key());
    };
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(comes_later)> days(
        comes_later);
    for (const auto& position : positions_) {
      auto& cursor = cursors.emplace_back(read, tables_.expiry());
      if (cursor.seek(position) && day_in(cursor.key()) == day_in(position)) {
        days.push(cursors.size() - 1);
      }
    }
    for (std::size_t entries = 0; !days.empty() && entries < kEntriesAtOnce; ++entries) {
      auto& cursor = cursors[days.top()];
      const auto day = day_in(cursor.key());
      if (expiry_in(cursor.value()) <= now_) keys.emplace_back(record_key_in(cursor.key()));
      const auto index = days.top();
      days.pop();
      if (cursor.next() && day_in(cursor.key()) == day) days.push(index);
    }
    positions_.clear();
    for (; !days.empty(); days.pop())
      positions_.emplace_back(cursors[days.top()].key());
  }

  const Tables& tables_;
  Time now_;
  std::uint32_t last_day_;
  std::uint64_t next_day_ = 0;  // the first that may not be begun yet
  Keys positions_;              // in the index, of the days under way
};

class Purge {
 public:
  Purge(const Tables& tables, const PurgeRequest& request)
      : tables_(tables),
        request_(request),
        prefix_(prefix_for({request.responder, {}})),
        batch_(request.batch) {}

  std::size_t run() {
    // No index knows the age, and one responder's records are few beside all that have expired.
    if (request_.older_than || !prefix_.empty()) {
      std::string position = prefix_;
      for (bool more = true; more;) {
        Keys keys;
        more = find_by_record(keys, position);
        remove(keys);
      }
    } else {
      ExpiredKeys expired(tables_, request_.now);
      for (Keys keys; expired.find(keys); keys.clear())
        remove(keys);
    }
    if (request_.mode == PurgeMode::kRemove && request_.responder.empty()) purge_counters();
    return total_;
  }

 private:
  /// The record of a key that was found before. nullopt if it was answered anew meanwhile, or a
  /// process still is at work on it, whatever the clock says.
  [[nodiscard]] std::optional<ReplyRecord> find_purgeable(const Transaction& txn,
                                                          const std::string& key) const {
    auto record = tables_.find(txn, key);
    const bool goes = record && is_purgeable(*record, request_.now, request_.older_than) &&
                      !(record->state == RecordState::kPending &&
                        is_delivery_locked(tables_.environment(), key, record->delivery));
    return goes ? std::move(record) : std::nullopt;
  }

  /// Adds the keys of the next records to be removed, from `position` on. False at the end.
  bool find_by_record(Keys& keys, std::string& position) const {
    const auto find = [&](const ReplyRecord& record) {
      if (is_purgeable(record, request_.now, request_.older_than))
        keys.push_back(record_key(record.key));
    };
    bool more = true;
    while (more && keys.size() < kKeysAtOnce) {
      more = read_records(tables_, prefix_, position, find);
      report_progress();
    }
    return more;
  }

  void count(const Keys& keys) {
    for (std::size_t i = 0; i < keys.size();) {
      {
        const Transaction read(tables_.environment(), Mode::kRead);
        for (const auto end = std::min(i + kChunk, keys.size()); i < end; ++i)
          total_ += find_purgeable(read, keys[i]) ? 1 : 0;
      }
      report_progress();
    }
  }

  void remove(const Keys& keys) {
    report_progress();
    if (request_.mode == PurgeMode::kCount) return count(keys);
    in_batches(keys, [&](Transaction& write, const std::string& key) {
      const auto record = find_purgeable(write, key);
      if (!record) return;
      tables_.remove(write, *record);
      ++total_;
    });
  }

  void purge_counters() {
    std::string position;
    for (bool more = true; more;) {
      Keys keys;
      more = read_chunk(tables_.environment(), tables_.limits(), {}, position, kEntriesAtOnce,
                        [&](std::string_view key, std::string_view value) {
                          if (expiry_in(value) <= request_.now) keys.emplace_back(key);
                        });
      in_batches(keys, [&](Transaction& write, const std::string& key) {
        const auto value = write.get(tables_.limits(), key);
        if (value && expiry_in(*value) <= request_.now) write.erase(tables_.limits(), key);
      });
    }
  }

  /// Calls `work` with every key, in write transactions that are short.
  template <typename Work>
  void in_batches(const Keys& keys, Work work) {
    for (std::size_t i = 0; i < keys.size();) {
      Transaction write(tables_.environment(), Mode::kWrite);
      const auto start = std::chrono::steady_clock::now();
      const std::size_t begin = i;
      for (const auto end = std::min(i + batch_.get(), keys.size()); i < end; ++i)
        work(write, keys[i]);
      write.commit();
      batch_.learn(i - begin, std::chrono::steady_clock::now() - start);
      report_progress();
      std::this_thread::sleep_for(kLetOthersWrite);
    }
  }

  void report_progress() const {
    if (request_.on_progress) request_.on_progress(total_);
  }

  const Tables& tables_;
  const PurgeRequest& request_;
  std::string prefix_;
  BatchSize batch_;
  std::size_t total_ = 0;
};

}  // namespace

void visit(const Tables& tables, const RecordFilter& filter,
           const std::function<bool(const ReplyRecord&)>& visit) {
  const std::string prefix = prefix_for(filter);
  std::string position = prefix;
  for (bool more = true; more;) {
    std::vector<ReplyRecord> chunk;
    more = read_records(tables, prefix, position, [&](ReplyRecord record) {
      if (is_selected(record, filter)) chunk.push_back(std::move(record));
    });
    for (const auto& record : chunk) {
      if (!visit(record)) return;
    }
  }
}

std::size_t forget(const Tables& tables, const RecordFilter& filter) {
  const std::string prefix = prefix_for(filter);
  std::string position = prefix;
  std::size_t total = 0;
  for (bool more = true; more;) {
    Keys keys;
    more = read_records(tables, prefix, position, [&](const ReplyRecord& record) {
      if (is_selected(record, filter)) keys.push_back(record_key(record.key));
    });
    if (keys.empty()) continue;
    Transaction write(tables.environment(), Mode::kWrite);
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

std::map<std::string, std::size_t> reached_limits(const Tables& tables, Time now) {
  std::map<std::string, std::size_t> reached;
  std::string position;
  for (bool more = true; more;) {
    more = read_chunk(tables.environment(), tables.limits(), {}, position, kEntriesAtOnce,
                      [&](std::string_view key, std::string_view value) {
                        if (is_limit_reached(value, now)) ++reached[kind_of_limit(key)];
                      });
  }
  return reached;
}

std::size_t purge(const Tables& tables, const PurgeRequest& request) {
  return Purge(tables, request).run();
}

}  // namespace inforeply::lmdb
