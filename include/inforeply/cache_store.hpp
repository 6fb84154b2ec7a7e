// Where a reply cache is kept: whether that can be used, how full it is, whether it is sound,
// copies of it. The records themselves are in cache_records.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/cache_records.hpp"

namespace inforeply {

class OpenCache;  // src/cache/open_cache.hpp

enum class CacheAccess { kCreate, kExisting };

struct TableSize {
  std::string name;
  std::size_t entries = 0;
  std::size_t pages = 0;
  std::size_t depth = 0;  ///< pages from the root to an entry
};

/// What a kind of cache does not know of itself is 0.
struct CacheFileSize {
  std::uint64_t octets = 0;
  std::size_t page_octets = 0;
  std::size_t used_pages = 0;
  std::size_t free_pages = 0;  ///< of the file, to be used again
  std::uint64_t map_octets = 0;
  std::size_t readers = 0;  ///< places of readers taken by other processes
  std::size_t max_readers = 0;
  std::vector<TableSize> tables;
};

enum class CheckMode { kReport, kRepair };

struct CacheCheck {
  std::size_t records = 0;
  std::size_t damaged = 0;         ///< records, and counters of limits, that cannot be read
  std::size_t not_indexed = 0;     ///< records without their entry in the index by expiry
  std::size_t stray = 0;           ///< entries there without their record
  std::size_t dead_readers = 0;    ///< left behind by processes that were killed; cleared
  unsigned long long version = 0;  ///< of the format
  [[nodiscard]] bool is_sound() const { return damaged + not_indexed + stray == 0; }
};

/// Keeps a second purge from running beside the first, until it or its process ends.
class PurgeLock {
 public:
  PurgeLock() = default;
  PurgeLock(const PurgeLock&) = delete;
  PurgeLock& operator=(const PurgeLock&) = delete;
  virtual ~PurgeLock() = default;
};

struct Compaction {
  std::uint64_t octets_before = 0;
  std::uint64_t octets_after = 0;
};

/// One per kind of cache. Its functions open the cache for themselves and throw Error (kCache) if
/// there is none or it cannot be opened. A process that has the cache open must call none of them:
/// when they close it, LMDB's locks are gone for all of the process (POSIX), and other processes
/// take its readers for dead.
class CacheStore {
 public:
  CacheStore() = default;
  CacheStore(const CacheStore&) = delete;
  CacheStore& operator=(const CacheStore&) = delete;
  virtual ~CacheStore() = default;

  /// What messages call the cache.
  [[nodiscard]] virtual std::string name() const = 0;
  /// The path of its file; empty if it has none.
  [[nodiscard]] virtual std::string file() const = 0;

  /// `kCreate` makes a missing file, never a missing folder.
  [[nodiscard]] virtual std::unique_ptr<OpenCache> open(CacheAccess access) const = 0;
  [[nodiscard]] std::unique_ptr<CacheRecords> open_records(CacheAccess access) const;

  /// Throws Error (kCache) if a delivery by the account that runs could neither open nor make the
  /// cache. Changes nothing, and waits for nobody.
  virtual void require_usable() const = 0;

  [[nodiscard]] virtual CacheFileSize measure() const = 0;

  /// Compares every record with the index by expiry, reads the counters of limits, and tells
  /// `on_fault` each fault as a line. kRepair mends the index and removes what is damaged, as a
  /// delivery that meets it is deferred. Deliveries go on; what they change is no fault.
  virtual CacheCheck check(CheckMode mode,
                           const std::function<void(const std::string&)>& on_fault) const = 0;

  /// Null if another process holds the lock.
  [[nodiscard]] virtual std::unique_ptr<PurgeLock> try_lock_for_purge() const = 0;

  /// Writes a consistent copy, while deliveries go on. It replaces `path` at once or not at all.
  /// Returns its size in octets. Throws Error, and leaves nothing behind: kOutput if the copy
  /// cannot be written; kUsage if `path` is the cache itself, or the cache has no file.
  [[nodiscard]] virtual std::uint64_t back_up(const std::string& path) const = 0;

  /// Replaces the file by a copy without free pages. No delivery loses a record: the compaction
  /// waits, at most for `patience`, until nobody has the cache open, and whoever opens it then
  /// waits for the new file. Throws Error, with nothing changed: kCache if others had it open all
  /// the time, kUsage if it has no file. A kill leaves either the old or the new file, and a whole
  /// one.
  virtual Compaction compact(std::chrono::milliseconds patience) = 0;
};

/// The store that a cache URL names: `lmdb:PATH`, or a bare path, which means the same. Throws
/// Error (kUsage) if the URL is not understood.
std::unique_ptr<CacheStore> find_cache_store(std::string_view url);

/// Throws as find_cache_store does.
void check_cache_url(std::string_view url);

/// The folder beside the cache where indexes of address lists are kept; empty if the cache has no
/// file. Throws as find_cache_store does.
std::string list_index_folder(std::string_view url);

}  // namespace inforeply
