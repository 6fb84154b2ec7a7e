// Who is at work on which delivery.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "cache/lmdb/lmdb.hpp"

namespace inforeply::lmdb {

/// A lock of the open file description on one octet of the cache's file, far behind its end and
/// chosen by a digest of the record's key and the delivery. The kernel drops it when the process
/// dies, however it dies, and no clock has a say in it. The Environment must stay open as long.
class DeliveryLock {
 public:
  /// Tries to take it. Throws Error (kCache) if the file cannot be locked.
  DeliveryLock(const Environment& environment, std::string_view record_key,
               std::string_view delivery);
  DeliveryLock(DeliveryLock&& other) noexcept;
  DeliveryLock& operator=(DeliveryLock&&) = delete;
  ~DeliveryLock() { unlock(); }

  /// False if another process, or another Environment of this one, holds it.
  [[nodiscard]] bool is_held() const { return file_ >= 0; }
  void unlock();

 private:
  off_t octet_;
  int file_;  // -1 if it is not held
};

/// Whether another process, or another Environment of this one, holds the lock.
bool is_delivery_locked(const Environment& environment, std::string_view record_key,
                        std::string_view delivery);

}  // namespace inforeply::lmdb
