// A folder that is gone in the end, with all that is in it.
#pragma once

#include <string>

namespace inforeply {

class TemporaryFolder {
 public:
  /// Its name begins with `program`. Throws Error (kOutput).
  explicit TemporaryFolder(const std::string& program);
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace inforeply
