// The locks by which processes that share a cache keep out of each other's way.
//
//   file        octet            kind        held
//   the cache   2^60 + a digest  OFD         by the process at work on a delivery (lmdb_locks.hpp)
//               2^61             OFD         by a purge
//   PATH-lock   0                process     LMDB's own: shared while it has the cache open,
//                                            exclusive while it sets up the lock file
//               2^61             OFD         the turnstile, see below
//               the whole        flock(2)    shared while a process has the cache open, exclusive
//                                            while it replaces the file
//
// LMDB's own lock is not enough for replacing the file: a process that waits for it believes what
// the lock file says of the file before. Hence the lock of flock(2).
//
// Whoever wants that lock shared passes the turnstile first. Whoever waits for it exclusively locks
// the turnstile at times, and so gets its turn however many openers follow each other.
#pragma once

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

namespace inforeply::lmdb {

inline constexpr off_t kDeliveryOctets = 1LL << 60U;  // 2^60 octets from here on
inline constexpr off_t kPurgeOctet = 1LL << 61U;
inline constexpr off_t kUsersOctet = 0;
inline constexpr off_t kTurnstileOctet = 1LL << 61U;

/// For fcntl(2).
inline struct flock octet_lock(off_t octet, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = octet;
  lock.l_len = 1;
  return lock;
}

inline int lock_octet(int file, off_t octet, int command, short type) {
  auto lock = octet_lock(octet, type);
  return ::fcntl(file, command, &lock);
}

}  // namespace inforeply::lmdb
