#include "cache/lmdb/exclusive_access.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <thread>

#include "cache/lmdb/cache_format.hpp"
#include "cache/lmdb/lmdb.hpp"
#include "cache/lmdb/octet_lock.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

using lmdb::Environment;
using lmdb::Mode;
using lmdb::Transaction;
using lmdb::Use;

constexpr std::chrono::milliseconds kAskAgain{10};
// How long the turnstile holds up new deliveries while those at work come to their end, and how
// long it then lets them pass: a delivery may wait for its mailer for a minute.
constexpr std::chrono::milliseconds kTurnstileClosed{1000};
constexpr std::chrono::milliseconds kTurnstileOpen{2000};

}  // namespace

ExclusiveAccess::ExclusiveAccess(const std::string& path, std::chrono::milliseconds patience,
                                 const std::string& operation)
    : path_(path),
      file_(::open((path + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (!file_.is_open()) throw system_error(Fault::kCache, "cannot lock cache " + path);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto change = std::chrono::steady_clock::now();
  bool closed = false;
  while (!try_lock()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) {
      std::string text = "cannot " + operation;
      text += " cache " + path + ": others have it open";
      throw Error(Fault::kCache, text);
    }
    if (now >= change) {
      closed = !closed;
      lmdb::lock_octet(file_.get(), lmdb::kTurnstileOctet, F_OFD_SETLK, closed ? F_WRLCK : F_UNLCK);
      change = now + (closed ? kTurnstileClosed : kTurnstileOpen);
    }
    std::this_thread::sleep_for(kAskAgain);
  }
}

/// The lock file says which transaction was the last, and LMDB believes it more than the file: a
/// process that waits in mdb_env_open() would find the new file empty. If we are killed before
/// the lock file is set up again, an empty one makes that process fail.
void ExclusiveAccess::replace_by(FileReplacement& copy) const {
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

bool ExclusiveAccess::try_lock() const {
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return false;
  if (lmdb::lock_octet(file_.get(), lmdb::kUsersOctet, F_SETLK, F_WRLCK) == 0) return true;
  ::flock(file_.get(), LOCK_UN);
  return false;
}

}  // namespace inforeply
