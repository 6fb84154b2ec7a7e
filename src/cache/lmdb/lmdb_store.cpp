#include "cache/lmdb/lmdb_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/folder.hpp"
#include "cache/lmdb/cache_copy.hpp"
#include "cache/lmdb/cache_format.hpp"
#include "cache/lmdb/lmdb.hpp"
#include "cache/lmdb/lmdb_tables.hpp"
#include "cache/lmdb/lmdb_verify.hpp"
#include "inforeply/error.hpp"
#include "inforeply/file_replacement.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using lmdb::Cursor;
using lmdb::Environment;
using lmdb::Mode;
using lmdb::Tables;
using lmdb::Transaction;

MDB_stat stat_of(const Transaction& txn, MDB_dbi table) {
  MDB_stat stat{};
  txn.environment().require(lmdb::call(mdb_stat, txn.get(), table, &stat), "read");
  return stat;
}

std::size_t pages_of(const MDB_stat& stat) {
  return stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
}

/// LMDB's first table holds lists of the free pages. A list begins with its length.
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

/// LMDB lists its readers as text, in lines that begin with the process. The number that it gives
/// counts also places that are free again.
std::size_t count_other_readers(const Environment& environment) {
  std::size_t readers = 0;
  const auto count = [](const char* line, void* counter) {
    char* end = nullptr;
    const long process = std::strtol(line, &end, 10);
    if (end != line && process != ::getpid()) ++*static_cast<std::size_t*>(counter);
    return 0;
  };
  if (lmdb::call(mdb_reader_list, environment.get(), +count, &readers) < 0) {
    environment.fail("read", "no list of its readers");
  }
  return readers;
}

}  // namespace

bool LmdbStore::exists() const {
  struct stat status {};
  if (::stat(path_.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw system_error(Fault::kCache, "cannot open cache " + path_);
}

void LmdbStore::require_usable() const {
  const auto require = [](const std::string& what, const std::string& file, int access) {
    // AT_EACCESS: the effective account is the one whose rights count.
    if (::faccessat(AT_FDCWD, file.c_str(), access, AT_EACCESS) != 0) {
      throw system_error(Fault::kCache, "cannot " + what);
    }
  };
  const auto require_folder = [&] {
    const std::string folder = folder_of(path_);
    require("make files in " + folder + ", the folder of cache " + path_, folder + "/.",
            W_OK | X_OK);
  };
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) {
      throw system_error(Fault::kCache, "cannot open cache " + path_);
    }
    return require_folder();
  }
  require("open cache " + path_, path_, R_OK | W_OK);
  const std::string lock_file = path_ + "-lock";
  if (::access(lock_file.c_str(), F_OK) == 0) {
    require("open " + lock_file + ", the lock file of cache " + path_, lock_file, R_OK | W_OK);
  } else {
    require_folder();
  }
  // The next delivery makes an empty or half made file anew.
  if (Environment::is_half_made(path_) || status.st_size == 0) return;
  // A lock would be a change. None is needed, as only the beginning of the file is read.
  lmdb::require_own_format(Environment(path_, lmdb::Use::kAlone), CacheAccess::kCreate);
}

CacheFileSize LmdbStore::measure() const {
  const Environment environment = open_existing(path_);
  const Tables tables(environment, CacheAccess::kExisting);
  CacheFileSize size;
  size.octets = static_cast<std::uint64_t>(status_of_cache(path_).st_size);
  size.readers = count_other_readers(environment);
  const Transaction read(environment, Mode::kRead);
  MDB_envinfo info{};
  environment.require(lmdb::call(mdb_env_info, environment.get(), &info), "read");
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

void LmdbStore::require_sound() const {
  if (::access(path_.c_str(), F_OK) != 0) return;
  require_sound_pages(Environment(path_));
}

std::uint64_t LmdbStore::back_up(const std::string& path) const {
  const Environment environment = open_existing(path_);
  require_sound_pages(environment);
  const Tables tables(environment, CacheAccess::kExisting);  // a cache, not any LMDB file
  for (const auto& own : {path_, path_ + "-lock"}) {
    std::error_code error;
    if (std::filesystem::equivalent(own, path, error)) {
      throw Error(Fault::kUsage, "cannot replace " + path + ": it is the cache itself");
    }
  }
  FileReplacement copy(path, ".part", Fault::kOutput);
  copy_compactly(environment, copy);
  require_sound_copy(environment, copy);
  struct stat status {};
  if (::fstat(copy.descriptor(), &status) != 0)
    throw system_error(Fault::kOutput, "cannot write " + path);
  copy.take_place();
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace inforeply
