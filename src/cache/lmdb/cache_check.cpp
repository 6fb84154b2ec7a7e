// Whether the pages are sound, and whether every record, the index by expiry and the counters of
// limits fit together.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/lmdb/cache_copy.hpp"
#include "cache/lmdb/cache_format.hpp"
#include "cache/lmdb/cache_salvage.hpp"
#include "cache/lmdb/lmdb.hpp"
#include "cache/lmdb/lmdb_pages.hpp"
#include "cache/lmdb/lmdb_store.hpp"
#include "cache/lmdb/lmdb_tables.hpp"
#include "cache/lmdb/lmdb_verify.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using lmdb::Cursor;
using lmdb::Environment;
using lmdb::Mode;
using lmdb::Tables;
using lmdb::Transaction;

constexpr std::size_t kChunk = 1000;  // entries looked at in one transaction

class Checker {
 public:
  Checker(const Environment& environment, CheckMode mode,
          const std::function<void(const std::string&)>& on_fault)
      : environment_(environment),
        tables_(environment, CacheAccess::kExisting),
        mode_(mode),
        on_fault_(on_fault) {
    result_.version = kFormatVersion;
    result_.dead_readers = static_cast<std::size_t>(environment.dead_readers());
  }

  CacheCheck check() {
    for_each_chunk(tables_.records(), [&](const auto& txn, auto key, auto value) {
      return look_at_record(txn, key, value);
    });
    for_each_chunk(tables_.expiry(), [&](const auto& txn, auto key, auto /*value*/) {
      return look_at_entry(txn, key);
    });
    for_each_chunk(tables_.limits(), [&](const auto& /*txn*/, auto key, auto value) {
      return look_at_counter(key, value);
    });
    return result_;
  }

 private:
  /// Repairs what belongs to a key, in a writing transaction.
  using Mend = std::function<void(Transaction&)>;

  /// Looks at every entry in short reading transactions. An entry that is still at fault in a
  /// second look is mended in a writing transaction.
  template <typename Look>
  void for_each_chunk(MDB_dbi table, Look look) {
    std::string position;
    for (bool more = true; more;) {
      std::vector<std::string> suspects;
      more = read_chunk(table, position, suspects, look);
      if (suspects.empty()) continue;
      std::vector<std::string> faults;
      Transaction txn(environment_, mode_ == CheckMode::kRepair ? Mode::kWrite : Mode::kRead);
      for (const auto& key : suspects) {
        const auto value = txn.get(table, key);
        const auto finding = value ? look(txn, key, *value) : std::nullopt;
        if (!finding) continue;  // a delivery changed it meanwhile
        ++*finding->counter;
        faults.push_back(finding->text);
        if (mode_ == CheckMode::kRepair) finding->mend(txn);
      }
      txn.commit();
      // Only now, so that no delivery waits for a slow listener.
      for (const auto& fault : faults)
        on_fault_(fault);
    }
  }

  template <typename Look>
  bool read_chunk(MDB_dbi table, std::string& position, std::vector<std::string>& suspects,
                  Look look) {
    const Transaction read(environment_, Mode::kRead);
    Cursor cursor(read, table);
    std::size_t left = kChunk;
    bool found = cursor.seek(position);
    for (; found && left > 0; found = cursor.next(), --left) {
      if (table == tables_.records()) ++result_.records;
      if (look(read, cursor.key(), cursor.value())) suspects.emplace_back(cursor.key());
      position = std::string(cursor.key()) + '\0';
    }
    return found;
  }

  struct Finding {
    std::size_t* counter;
    std::string text;
    Mend mend;
  };

  std::optional<Finding> look_at_record(const Transaction& txn, std::string_view key,
                                        std::string_view value) {
    const auto record = decode(key, value);
    if (!record || record_key(record->key) != key) {
      return Finding{&result_.damaged, "a damaged record: " + shown(key),
                     [this, name = std::string(key)](Transaction& write) {
                       write.erase(tables_.records(), name);
                     }};
    }
    if (!record->expires_at) return std::nullopt;
    const std::string entry = expiry_key(*record->expires_at, key);
    const std::string expiry = expiry_value(*record->expires_at);
    if (txn.get(tables_.expiry(), entry) == expiry) return std::nullopt;
    return Finding{
        &result_.not_indexed, "not in the index by expiry: " + shown(key),
        [this, entry, expiry](Transaction& write) { write.put(tables_.expiry(), entry, expiry); }};
  }

  std::optional<Finding> look_at_entry(const Transaction& txn, std::string_view entry) {
    const auto key = record_key_in(entry);
    const auto value = txn.get(tables_.records(), key);
    const auto record = value ? decode(key, *value) : std::nullopt;
    if (record && record->expires_at && expiry_key(*record->expires_at, key) == entry) {
      return std::nullopt;
    }
    return Finding{&result_.stray, "in the index by expiry, but not so: " + shown(key),
                   [this, name = std::string(entry)](Transaction& write) {
                     write.erase(tables_.expiry(), name);
                   }};
  }

  std::optional<Finding> look_at_counter(std::string_view key, std::string_view value) {
    if (decode_tally(value)) return std::nullopt;
    return Finding{&result_.damaged, "a damaged counter of a limit: " + shown(key),
                   [this, name = std::string(key)](Transaction& write) {
                     write.erase(tables_.limits(), name);
                   }};
  }

  static std::string shown(std::string_view key) { return to_single_line(key); }

  const Environment& environment_;
  Tables tables_;
  CheckMode mode_;
  const std::function<void(const std::string&)>& on_fault_;
  CacheCheck result_;
};

}  // namespace

void require_sound_copy(const Environment& environment, const FileReplacement& copy) {
  const Environment copied(copy.part(), lmdb::Use::kAlone);
  auto fault = lmdb::find_page_fault(copied);
  Checker(copied, CheckMode::kReport, [&](const std::string& text) {
    if (!fault) fault = text;
  }).check();
  if (fault) environment.fail("copy", "the copy would not be sound, " + *fault);
}

namespace {

/// Throws Error (kCache) if it is not our file. A missing table of limits is none that was lost:
/// caches made before there were limits lack it.
std::optional<std::string> find_lost_table(const Environment& environment) {
  lmdb::require_own_format(environment, CacheAccess::kExisting);
  Transaction read(environment, Mode::kRead);
  for (const char* name : {"records", "expiry"}) {
    try {
      read.open_database(name, 0);
    } catch (const Error&) {
      return std::string("the table ") + name + " is lost";
    }
  }
  return std::nullopt;
}

}  // namespace

CacheCheck LmdbStore::check(CheckMode mode,
                            const std::function<void(const std::string&)>& on_fault) const {
  auto fault = lmdb::find_meta_fault(path_);
  if (!fault) {
    const Environment environment = open_existing(path_);
    fault = lmdb::find_page_fault(environment);
    if (!fault) fault = find_lost_table(environment);
    if (!fault) return Checker(environment, mode, on_fault).check();
  }
  on_fault(*fault);
  CacheCheck result;
  if (mode == CheckMode::kRepair) {
    const std::string kept = salvage(path_);
    result = Checker(open_existing(path_), mode, on_fault).check();
    result.damaged_file = kept;
  }
  result.version = kFormatVersion;
  result.has_sound_pages = false;
  return result;
}

}  // namespace inforeply
