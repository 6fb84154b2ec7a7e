#include "cache/lmdb/lmdb_locks.hpp"

#include <fcntl.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <string>

#include "base/digest.hpp"

namespace inforeply::lmdb {
namespace {

struct flock lock_of(std::string_view record_key, std::string_view delivery, short type) {
  constexpr std::size_t kHexDigits = 15;  // 60 bits: far behind the file's end, within off_t
  const std::string name = digest({record_key, delivery});
  long long offset = 0;
  std::from_chars(name.data(), name.data() + kHexDigits, offset, 16);
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset | (1LL << 60U);
  lock.l_len = 1;
  return lock;
}

int descriptor_of(const Environment& environment) {
  int descriptor = -1;
  environment.require(mdb_env_get_fd(environment.get(), &descriptor), "lock");
  return descriptor;
}

}  // namespace

bool lock_delivery(const Environment& environment, std::string_view record_key,
                   std::string_view delivery) {
  auto lock = lock_of(record_key, delivery, F_WRLCK);
  if (::fcntl(descriptor_of(environment), F_OFD_SETLK, &lock) == 0) return true;
  if (errno != EAGAIN && errno != EACCES) environment.fail("lock", errno);
  return false;
}

void unlock_delivery(const Environment& environment, std::string_view record_key,
                     std::string_view delivery) {
  auto lock = lock_of(record_key, delivery, F_UNLCK);
  ::fcntl(descriptor_of(environment), F_OFD_SETLK, &lock);
}

bool is_delivery_locked(const Environment& environment, std::string_view record_key,
                        std::string_view delivery) {
  auto lock = lock_of(record_key, delivery, F_WRLCK);
  if (::fcntl(descriptor_of(environment), F_OFD_GETLK, &lock) != 0) {
    environment.fail("lock", errno);
  }
  return lock.l_type != F_UNLCK;
}

}  // namespace inforeply::lmdb
