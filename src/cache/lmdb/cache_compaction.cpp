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
#include "cache/lmdb/lmdb.hpp"
#include "cache/lmdb/lmdb_store.hpp"
#include "cache/lmdb/lmdb_tables.hpp"
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

constexpr std::chrono::milliseconds kAskAgain{10};
// How long the turnstile holds up new deliveries while those at work come to their end, and how
// long it then lets them pass: a delivery may wait for its mailer for a minute.
constexpr std::chrono::milliseconds kTurnstileClosed{1000};
constexpr std::chrono::milliseconds kTurnstileOpen{2000};

class FilePurgeLock : public PurgeLock {
 public:
  explicit FilePurgeLock(Descriptor file) : file_(std::move(file)) {}

 private:
  Descriptor file_;
};

void keep_owner(const std::string& path, int copy) {
  const auto status = status_of_cache(path);
  if (::fchown(copy, status.st_uid, status.st_gid) != 0 ||
      ::fchmod(copy, status.st_mode & 07777U) != 0) {
    throw system_error(Fault::kCache, "cannot set the owner of the copy of cache " + path);
  }
}

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

/// While it exists, nobody else has the cache open, and nobody opens it.
///
/// Our programs keep out by flock(2). Other programs know only LMDB, whose users lock the first
/// octet of the lock file: shared while they have the cache open, exclusive while the first of them
/// sets up the lock file and the others wait. That lock is taken here too. It belongs to the
/// process, so that LMDB in this process takes it for its own when it opens the new file as the
/// first.
class ExclusiveAccess {
 public:
  ExclusiveAccess(const std::string& path, std::chrono::milliseconds patience)
      : path_(path),
        file_(::open((path + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (!file_.is_open()) throw system_error(Fault::kCache, "cannot lock cache " + path);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto change = std::chrono::steady_clock::now();
    bool closed = false;
    while (!try_lock()) {
      const auto now = std::chrono::steady_clock::now();
      if (now >= deadline) {
        throw Error(Fault::kCache, "cannot compact cache " + path + ": others have it open");
      }
      if (now >= change) {
        closed = !closed;
        lmdb::lock_octet(file_.get(), lmdb::kTurnstileOctet, F_OFD_SETLK,
                         closed ? F_WRLCK : F_UNLCK);
        change = now + (closed ? kTurnstileClosed : kTurnstileOpen);
      }
      std::this_thread::sleep_for(kAskAgain);
    }
  }

  /// The lock file says which transaction was the last, and LMDB believes it more than the file: a
  /// process that waits in mdb_env_open() would find the new file empty. If we are killed before
  /// the lock file is set up again, an empty one makes that process fail.
  void replace_by(FileReplacement& copy) const {
    if (::ftruncate(file_.get(), 0) != 0) {
      throw system_error(Fault::kCache, "cannot write the lock file of cache " + path_);
    }
    copy.take_place();
    const Environment first(path_, Use::kFirst);
    // With a second transaction, both of its first pages tell it from a half made file.
    Transaction write(first, Mode::kWrite);
    write.put(write.open_database(nullptr, 0), kVersionKey, std::to_string(kFormatVersion));
    write.commit();
  }

 private:
  [[nodiscard]] bool try_lock() const {
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return false;
    if (lmdb::lock_octet(file_.get(), lmdb::kUsersOctet, F_SETLK, F_WRLCK) == 0) return true;
    ::flock(file_.get(), LOCK_UN);
    return false;
  }

  const std::string& path_;
  Descriptor file_;
};

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
  {  // It must be a cache with all its tables before any file is made beside it.
    const Environment environment(path_);
    const Tables tables(environment, CacheAccess::kExisting);
  }
  const ExclusiveAccess access(path_, patience);
  Compaction result;
  result.octets_before = static_cast<std::uint64_t>(status_of_cache(path_).st_size);
  FileReplacement copy(path_, kCompactSuffix, Fault::kCache);
  {
    const Environment environment(path_, Use::kAlone);
    copy_compactly(environment, copy);
    keep_owner(path_, copy.descriptor());
    // Before the copy replaces the original.
    require_same_entries(environment, Environment(copy.part(), Use::kAlone));
  }
  access.replace_by(copy);
  result.octets_after = static_cast<std::uint64_t>(status_of_cache(path_).st_size);
  return result;
}

}  // namespace inforeply
