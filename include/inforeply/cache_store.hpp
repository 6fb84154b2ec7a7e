// The place where a reply cache is kept: whether it is usable, how full and how sound it is, copies
// of it. The records themselves are in cache_records.hpp.
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
#include "inforeply/cache_settings.hpp"
#include "inforeply/exit_status.hpp"

namespace inforeply {

class OpenCache;     // src/cache/open_cache.hpp
struct Permissions;  // src/base/confinement.hpp

enum class CacheAccess { kCreate, kExisting };

struct TableSize {
  std::string name;
  std::size_t entries = 0;
  std::size_t pages = 0;
  std::size_t depth = 0;  ///< pages from the root to an entry
};

struct CacheFileSize {
  /// False if the cache has no file.
  [[nodiscard]] bool is_known() const { return !tables.empty(); }

  std::uint64_t octets = 0;
  std::size_t page_octets = 0;
  std::size_t used_pages = 0;
  std::size_t free_pages = 0;  ///< in the file, to be used again
  std::uint64_t map_octets = 0;
  std::size_t readers = 0;  ///< reader slots that other processes hold
  std::size_t max_readers = 0;
  std::vector<TableSize> tables;
};

enum class CheckMode { kReport, kRepair };

struct CacheCheck {
  std::size_t records = 0;
  std::size_t damaged = 0;           ///< records and limit counters that cannot be read
  std::size_t not_indexed = 0;       ///< records without an entry in the expiry index
  std::size_t stray = 0;             ///< entries in the expiry index without a record
  std::size_t dead_readers = 0;      ///< reader slots of killed processes; cleared
  unsigned long long version = 0;    ///< of the cache's format
  bool has_sound_pages = true;       ///< false: nothing else could be looked at before a repair
  std::string damaged_file;          ///< where the repair has left the file with the damaged pages
  std::vector<std::string> servers;  ///< of a cache without a file: a line on each
  std::size_t server_faults = 0;
  [[nodiscard]] bool is_sound() const {
    return has_sound_pages && damaged + not_indexed + stray + server_faults == 0;
  }
};

/// What an administrator should know of the way in which a cache is kept.
struct CacheRemark {
  enum class Kind { kFault, kNote };
  Kind kind;
  std::string text;
};

/// Keeps a second purge from running until this lock or its process ends.
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

/// One class per kind of cache. Its functions open the cache themselves and throw Error (kCache) if
/// there is none or opening fails. A process that has the cache open must not call them: when they
/// close it, the process loses all its LMDB locks (POSIX), and other processes take its readers for
/// dead.
class CacheStore {
 public:
  CacheStore() = default;
  CacheStore(const CacheStore&) = delete;
  CacheStore& operator=(const CacheStore&) = delete;
  virtual ~CacheStore() = default;

  /// The name of the cache in messages.
  [[nodiscard]] virtual std::string name() const = 0;
  /// The path of its file; empty if it has none.
  [[nodiscard]] virtual std::string file() const = 0;

  /// Whether there is one: a file, or a record on the servers. Throws Error (kCache) if that cannot
  /// be told.
  [[nodiscard]] virtual bool exists() const = 0;

  /// Opens the cache. `kCreate` creates a missing file, never a missing folder.
  [[nodiscard]] virtual std::unique_ptr<OpenCache> open(CacheAccess access) const = 0;
  [[nodiscard]] std::unique_ptr<CacheRecords> open_records(CacheAccess access) const;

  /// Throws Error (kCache) if a delivery under this account could neither open nor create the
  /// cache. Changes nothing, and waits for no other process.
  virtual void require_usable() const = 0;

  /// What is wrong, or not known, with how the servers of the cache are set up.
  [[nodiscard]] virtual std::vector<CacheRemark> remarks() const { return {}; }

  /// Whether records that have expired go without a purge.
  [[nodiscard]] virtual bool expires_by_itself() const { return false; }

  /// Permits what a delivery reaches beside the file of the cache.
  virtual void permit(Permissions& /*permissions*/) const {}

  [[nodiscard]] virtual CacheFileSize measure() const = 0;

  /// Looks at every page of the file, then compares every record with the expiry index, reads the
  /// limit counters, and passes each fault to `on_fault` as a line. kRepair mends the index and
  /// removes what is damaged: a delivery that meets damage is deferred. Deliveries go on; their
  /// changes are no faults. If pages are damaged, kRepair saves what can be read into a new file
  /// while nobody has the cache open. Throws Error (kCache), with nothing changed, if nothing can.
  virtual CacheCheck check(CheckMode mode,
                           const std::function<void(const std::string&)>& on_fault) const = 0;

  /// Throws Error (kCache) that names the fault if the cache has damaged pages.
  virtual void require_sound() const = 0;

  /// Returns null if another process holds the lock.
  [[nodiscard]] virtual std::unique_ptr<PurgeLock> try_lock_for_purge() const = 0;

  /// Writes a consistent copy while deliveries go on, and returns its size in octets. The copy
  /// replaces `path` at once or not at all. Throws Error, and leaves nothing behind: kCache if it
  /// would not be sound, kOutput if the copy cannot be written, kUsage if `path` is the cache
  /// itself or the cache has no file.
  [[nodiscard]] virtual std::uint64_t back_up(const std::string& path) const = 0;

  /// Replaces the file by a copy without free pages. No delivery loses a record: the compaction
  /// waits, at most for `patience`, until nobody has the cache open, and whoever opens it then
  /// waits for the new file. Throws Error, with nothing changed: kCache if others had it open all
  /// the time, kUsage if it has no file. If killed, it leaves either the old or the new file,
  /// whole.
  virtual Compaction compact(std::chrono::milliseconds patience) = 0;
};

/// The status with which the process ends, after a line on standard error and in syslog, when
/// damage of the cache comes as a signal while it is read. kTemporaryFailure unless this is called.
void set_status_of_damage(ExitStatus status);

/// Returns the store that a cache URL names: `lmdb:PATH`, or a bare path, which means the same; or
/// one of Redis (src/cache/redis/redis_url.hpp). In shadow mode it is `PATH-shadow`, or has other
/// keys on the same servers. Throws Error (kUsage) if the URL is not understood.
std::unique_ptr<CacheStore> make_cache_store(const CacheSettings& settings);

/// Throws as make_cache_store does.
void check_cache_url(std::string_view url);

/// Returns the folder for the indexes of address lists: beside the live cache, or, if that has no
/// file, /var/lib/inforeply/lists. Throws as make_cache_store does.
std::string list_index_folder(const CacheSettings& settings);

}  // namespace inforeply
