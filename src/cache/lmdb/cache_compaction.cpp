// The work on a cache that needs others to stay away: the lock of a purge, and the compaction.
// octet_lock.hpp lists the locks.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <thread>
#include <utility>

#include "cache/lmdb/cache_copy.hpp"
#include "cache/lmdb/exclusive_access.hpp"
#include "cache/lmdb/lmdb.hpp"
#include "cache/lmdb/lmdb_store.hpp"
#include "cache/lmdb/lmdb_tables.hpp"
#include "cache/lmdb/lmdb_verify.hpp"
#include "cache/lmdb/octet_lock.hpp"
#include "inforeply/error.hpp"
#include "inforeply/file_replacement.hpp"

namespace inforeply {
namespace {

using lmdb::Cursor;
using lmdb::Environment;
using lmdb::Mode;
using lmdb::Tables;
using lmdb::Transaction;
using lmdb::Use;

class FilePurgeLock : public PurgeLock {
 public:
  explicit FilePurgeLock(Descriptor file) : file_(std::move(file)) {}

 private:
  Descriptor file_;
};

/// Throws Error (kCache) unless the copy has exactly the entries of the original.
void require_same_entries(const Environment& original, const Environment& copy) {
  const Tables original_tables(original, CacheAccess::kExisting);
  const Tables copied_tables(copy, CacheAccess::kExisting);
  const Transaction read_original(original, Mode::kRead);
  const Transaction read_copy(copy, Mode::kRead);
  for (const auto table : {&Tables::records, &Tables::expiry, &Tables::limits}) {
    Cursor first(read_original, (original_tables.*table)());
    Cursor second(read_copy, (copied_tables.*table)());
    bool found = first.seek({});
    bool same = found == second.seek({});
    while (same && found) {
      same = first.key() == second.key() && first.value() == second.value();
      found = first.next();
      same = same && found == second.next();
    }
    if (!same) original.fail("compact", "the copy is not complete");
  }
}

}  // namespace

std::unique_ptr<PurgeLock> LmdbStore::try_lock_for_purge() const {
  Descriptor file(::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) throw system_error(Fault::kCache, "cannot open cache " + path_);
  if (lmdb::lock_octet(file.get(), lmdb::kPurgeOctet, F_OFD_SETLK, F_WRLCK) == 0) {
    return std::make_unique<FilePurgeLock>(std::move(file));
  }
  if (errno == EAGAIN || errno == EACCES) return nullptr;
  throw system_error(Fault::kCache, "cannot lock cache " + path_);
}

Compaction LmdbStore::compact(std::chrono::milliseconds patience) {
  status_of_cache(path_);
  if (std::filesystem::is_symlink(path_)) {
    throw Error(Fault::kCache, "cannot compact cache " + path_ + ": it is a symbolic link");
  }
  {  // It must be a sound cache with all its tables before any file is made beside it.
    const Environment environment(path_);
    require_sound_pages(environment);
    const Tables tables(environment, CacheAccess::kExisting);
  }
  const ExclusiveAccess access(path_, patience, "compact");
  Compaction result;
  result.octets_before = static_cast<std::uint64_t>(status_of_cache(path_).st_size);
  FileReplacement copy(path_, kCompactSuffix, Fault::kCache);
  {
    const Environment environment(path_, Use::kAlone);
    copy_compactly(environment, copy);
    keep_owner(path_, copy.descriptor());
    // Before the copy replaces the original.
    const Environment copied(copy.part(), Use::kAlone);
    require_sound_pages(copied);
    require_same_entries(environment, copied);
  }
  access.replace_by(copy);
  result.octets_after = static_cast<std::uint64_t>(status_of_cache(path_).st_size);
  return result;
}

}  // namespace inforeply
