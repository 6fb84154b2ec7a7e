#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "cache/lmdb/cache_copy.hpp"
#include "cache/lmdb/cache_format.hpp"
#include "cache/lmdb/lmdb.hpp"
#include "cache/lmdb/lmdb_tables.hpp"
#include "cache/reply_cache.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/error.hpp"
#include "inforeply/replacement.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using lmdb::Cursor;
using lmdb::Environment;
using lmdb::Mode;
using lmdb::Tables;
using lmdb::Transaction;

constexpr std::size_t kChunk = 1000;  // entries looked at in one transaction

/// The path of a cache that is there.
std::string existing_path(std::string_view url) {
  std::string path = cache_path(url);
  status_of_cache(path);
  return path;
}

MDB_stat stat_of(const Transaction& txn, MDB_dbi table) {
  MDB_stat stat{};
  txn.environment().require(mdb_stat(txn.get(), table, &stat), "read");
  return stat;
}

std::size_t pages_of(const MDB_stat& stat) {
  return stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
}

/// LMDB keeps lists of the pages that are free in a table of its own, the first one. A list begins
/// with its length.
std::size_t count_free_pages(const Transaction& txn) {
  constexpr MDB_dbi kFreeTable = 0;
  std::size_t pages = 0;
  Cursor cursor(txn, kFreeTable);
  for (bool found = cursor.seek({}); found; found = cursor.next()) {
    std::size_t count = 0;
    if (cursor.value().size() >= sizeof count) {
      std::memcpy(&count, cursor.value().data(), sizeof count);
    }
    pages += count;
  }
  return pages;
}

/// LMDB tells of its slots for readers in text, a line each that begins with the process; what it
/// tells as a number counts those that are free again, too.
std::size_t count_other_readers(const Environment& environment) {
  std::size_t readers = 0;
  const auto count = [](const char* line, void* counter) {
    char* end = nullptr;
    const long process = std::strtol(line, &end, 10);
    if (end != line && process != ::getpid()) ++*static_cast<std::size_t*>(counter);
    return 0;
  };
  if (mdb_reader_list(environment.get(), count, &readers) < 0) {
    environment.fail("read", "no list of its readers");
  }
  return readers;
}

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
  /// What a key needs to be mended; called again in a writing transaction.
  using Mend = std::function<void(Transaction&)>;

  /// Looks at every entry in reading transactions that are short, then mends in a writing one what
  /// is still at fault.
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
      // Only now: no delivery waits for a listener that is slow.
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

void require_usable_cache(std::string_view url) {
  const std::string path = cache_path(url);
  const auto require = [](const std::string& what, const std::string& file, int access) {
    // Of the account whose rights count, not of the one that started it.
    if (::faccessat(AT_FDCWD, file.c_str(), access, AT_EACCESS) != 0) {
      throw system_error(Fault::kCache, "cannot " + what);
    }
  };
  const auto require_folder = [&] {
    auto folder = std::filesystem::path(path).parent_path().string();
    if (folder.empty()) folder = ".";
    require("make files in " + folder + ", the folder of cache " + path, folder + "/.",
            W_OK | X_OK);
  };
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) {
      throw system_error(Fault::kCache, "cannot open cache " + path);
    }
    return require_folder();
  }
  require("open cache " + path, path, R_OK | W_OK);
  const std::string lock_file = path + "-lock";
  if (::access(lock_file.c_str(), F_OK) == 0) {
    require("open " + lock_file + ", the lock file of cache " + path, lock_file, R_OK | W_OK);
  } else {
    require_folder();
  }
  // What is empty or half made the next delivery makes anew.
  if (Environment::is_half_made(path) || status.st_size == 0) return;
  // Without a lock, which would be a change: only what begins the file is read.
  lmdb::require_own_format(Environment(path, lmdb::Use::kAlone), CacheAccess::kCreate);
}

CacheFileSize measure_cache(std::string_view url) {
  const Environment environment(existing_path(url));
  const Tables tables(environment, CacheAccess::kExisting);
  CacheFileSize size;
  size.octets = static_cast<std::uint64_t>(status_of_cache(environment.path()).st_size);
  size.readers = count_other_readers(environment);
  const Transaction read(environment, Mode::kRead);
  MDB_envinfo info{};
  environment.require(mdb_env_info(environment.get(), &info), "read");
  size.map_octets = info.me_mapsize;
  size.max_readers = info.me_maxreaders;
  size.page_octets = stat_of(read, tables.records()).ms_psize;
  // The last page may be of a later transaction, whose new pages then count as used.
  size.free_pages = count_free_pages(read);
  size.used_pages = info.me_last_pgno + 1 - std::min(size.free_pages, info.me_last_pgno);
  for (const auto& [name, table] :
       {std::pair("records", tables.records()), std::pair("expiry", tables.expiry()),
        std::pair("limits", tables.limits())}) {
    const auto stat = stat_of(read, table);
    size.tables.push_back({name, stat.ms_entries, pages_of(stat), stat.ms_depth});
  }
  return size;
}

CacheCheck check_cache(std::string_view url, CheckMode mode,
                       const std::function<void(const std::string&)>& on_fault) {
  const Environment environment(existing_path(url));
  return Checker(environment, mode, on_fault).check();
}

std::uint64_t back_up_cache(std::string_view url, const std::string& path) {
  const Environment environment(existing_path(url));
  const Tables tables(environment, CacheAccess::kExisting);  // a cache, not any LMDB file
  for (const auto& own : {environment.path(), environment.path() + "-lock"}) {
    std::error_code error;
    if (std::filesystem::equivalent(own, path, error)) {
      throw Error(Fault::kUsage, "cannot replace " + path + ": it is the cache itself");
    }
  }
  Replacement copy(path, ".part", Fault::kOutput);
  copy_compactly(environment, copy);
  struct stat status {};
  if (::fstat(copy.descriptor(), &status) != 0)
    throw system_error(Fault::kOutput, "cannot write " + path);
  copy.take_place();
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace inforeply
