// A file of addresses and domains, one a line, and its index.
//
// A small file is read. To read megabytes would cost each delivery too much, so the first delivery
// that uses a large file makes an index of it, and a new one when the file has changed. An index
// only saves time: it may be removed, and if it cannot be written, the list is read.
//
// Format of an index: kMagic; the identity of the list file (device, inode, size, ctime as four
// u64); the number of entries as a u64; for each entry in normal form the first 64 bits of its
// SHA-256, in rising order. Native byte order: it stays on the machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/trusted_file.hpp"
#include "inforeply/error.hpp"

namespace inforeply {

enum class IndexAccess { kRead, kWrite };

/// Where the indexes of large list files are kept.
struct IndexFolder {
  std::string path;  ///< empty: no indexes
  IndexAccess access = IndexAccess::kRead;
  /// A file that changed less than this ago is read instead. File times are coarse, so another
  /// change might leave the same time.
  std::chrono::nanoseconds settled_after = std::chrono::seconds(1);
};

class ListFile {
 public:
  /// Throws ConfigError if it cannot be opened.
  explicit ListFile(FileReference reference);

  /// Whether the file has one of the patterns, which are in normal form. Throws ConfigError for a
  /// line that is no entry.
  [[nodiscard]] bool contains_any(std::span<const std::string> patterns,
                                  const IndexFolder& indexes) const;

  void check(const FaultHandler& on_fault) const;

 private:
  /// Calls `visit` with every entry in normal form until it returns false.
  void scan(const std::function<bool(std::string_view)>& visit, const FaultHandler& on_fault) const;

  /// Looks in the index, which is made if it is missing and the folder is writable. nullopt if
  /// there is no index.
  [[nodiscard]] std::optional<bool> look_up(std::span<const std::string> patterns,
                                            const IndexFolder& folder) const;
  /// Throws Error if the index cannot be written or another process is writing it. Makes none if
  /// the list is changing.
  void make_index(const IndexFolder& folder, const std::string& path) const;

  FileReference reference_;
  Descriptor file_;
};

}  // namespace inforeply
