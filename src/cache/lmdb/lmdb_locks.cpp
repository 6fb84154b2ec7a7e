#include "cache/lmdb/lmdb_locks.hpp"

#include <fcntl.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <string>
#include <utility>

#include "base/digest.hpp"
#include "cache/lmdb/octet_lock.hpp"

namespace inforeply::lmdb {
namespace {

off_t octet_of(std::string_view record_key, std::string_view delivery) {
  constexpr std::size_t kHexDigits = 15;  // 60 bits
  const std::string name = digest({record_key, delivery});
  long long octet = 0;
  std::from_chars(name.data(), name.data() + kHexDigits, octet, 16);
  return kDeliveryOctets + octet;
}

}  // namespace

DeliveryLock::DeliveryLock(const Environment& environment, std::string_view record_key,
                           std::string_view delivery)
    : octet_(octet_of(record_key, delivery)), file_(environment.descriptor()) {
  if (lock_octet(file_, octet_, F_OFD_SETLK, F_WRLCK) == 0) return;
  if (errno != EAGAIN && errno != EACCES) environment.fail("lock", errno);
  file_ = -1;
}

DeliveryLock::DeliveryLock(DeliveryLock&& other) noexcept
    : octet_(other.octet_), file_(std::exchange(other.file_, -1)) {}

void DeliveryLock::unlock() {
  if (is_held()) lock_octet(std::exchange(file_, -1), octet_, F_OFD_SETLK, F_UNLCK);
}

bool is_delivery_locked(const Environment& environment, std::string_view record_key,
                        std::string_view delivery) {
  auto lock = octet_lock(octet_of(record_key, delivery), F_WRLCK);
  if (::fcntl(environment.descriptor(), F_OFD_GETLK, &lock) != 0) {
    environment.fail("lock", errno);
  }
  return lock.l_type != F_UNLCK;
}

}  // namespace inforeply::lmdb
