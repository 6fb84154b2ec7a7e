// Having a cache's file for oneself, to replace it. octet_lock.hpp lists the locks.
#pragma once

#include <chrono>
#include <string>

#include "inforeply/descriptor.hpp"
#include "inforeply/file_replacement.hpp"

namespace inforeply {

/// While it exists, nobody else has the cache open, and nobody opens it.
///
/// Our programs keep out by flock(2). Other programs know only LMDB, whose users lock the first
/// octet of the lock file: shared while they have the cache open, exclusive while the first of them
/// sets up the lock file and the others wait. That lock is taken here too. It belongs to the
/// process, so that LMDB in this process takes it for its own when it opens the new file as the
/// first.
class ExclusiveAccess {
 public:
  /// Waits for the others. Throws Error (kCache), which names the operation, if they still have it
  /// open when the patience is at its end.
  ExclusiveAccess(const std::string& path, std::chrono::milliseconds patience,
                  const std::string& operation);

  void replace_by(FileReplacement& copy) const;

 private:
  [[nodiscard]] bool try_lock() const;

  const std::string& path_;
  Descriptor file_;
};

}  // namespace inforeply
