// The file of a reply cache as a whole: how full it is, whether it is sound, copies of it.
//
// All functions take a cache URL and, where nothing else is said, throw as open_cache does with
// CacheAccess::kExisting. None may
// be called by a process that has the cache open: when they close it, LMDB's locks are gone for all
// of the process (POSIX), and others take its readers for dead.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

struct TableSize {
  std::string name;
  std::size_t entries = 0;
  std::size_t pages = 0;
  std::size_t depth = 0;  ///< pages from the root to an entry
};

struct CacheFileSize {
  std::uint64_t octets = 0;
  std::size_t page_octets = 0;
  std::size_t used_pages = 0;
  std::size_t free_pages = 0;  ///< of the file, to be used again
  std::uint64_t map_octets = 0;
  std::size_t readers = 0;  ///< places of readers that are taken, by others than this process
  std::size_t max_readers = 0;
  std::vector<TableSize> tables;
};

/// Throws Error (kCache) where a delivery by the account that runs could not open the cache, or
/// make it where there is none. Changes nothing, and does not wait for anybody.
void require_usable_cache(std::string_view url);

CacheFileSize measure_cache(std::string_view url);

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

/// Reads every record and the index by expiry against each other, and the counters of limits, and
/// tells `on_fault` what is wrong, a line each. With kRepair the index is mended and what is
/// damaged goes: a delivery that meets it is deferred. Deliveries go on meanwhile; what they change
/// is no fault.
CacheCheck check_cache(std::string_view url, CheckMode mode,
                       const std::function<void(const std::string&)>& on_fault);

/// A consistent copy, while deliveries go on. It replaces `path` at once or not at all. Returns its
/// size in octets. Throws Error (kOutput) where it cannot be written, (kUsage) where it is the
/// cache itself; then nothing is left of it.
std::uint64_t back_up_cache(std::string_view url, const std::string& path);

/// Keeps a second purge from running beside the first. Null where another process holds it; it is
/// given back when the lock, or the process, ends.
class PurgeLock {
 public:
  virtual ~PurgeLock() = default;
};
std::unique_ptr<PurgeLock> try_lock_for_purge(std::string_view url);

struct Compaction {
  std::uint64_t octets_before = 0;
  std::uint64_t octets_after = 0;
};

/// Replaces the file by a copy without free pages. No delivery can lose an entry to it: it waits,
/// at most as long as it may, until nobody has the cache open, and whoever opens it then waits for
/// the new file. Throws Error (kCache), with nothing changed, where others have it open until the
/// end. Where the process is killed, either the old file or the new one is in place, and whole.
Compaction compact_cache(std::string_view url, std::chrono::milliseconds patience);

/// What a compaction that was killed may have left beside the cache.
void remove_unfinished_copy(std::string_view url, const PurgeLock& lock);

}  // namespace inforeply
