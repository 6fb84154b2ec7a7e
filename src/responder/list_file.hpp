// A file of addresses and domains, a line each, and its index.
//
// A small file is read. For a large one that would cost every delivery the reading of megabytes, so
// an index of it is made by the first delivery that comes across it, and again when the file has
// changed. Index files are only a saving: any of them may be removed, and where none can be
// written the list is read.
//
// Format of an index: kMagic, the identity of the list file (device, inode, size, ctime as four
// u64), the number of its entries as a u64, then of every entry in normal form the first 64
// bits of its SHA-256, in rising order. Native byte order: it stays on the machine.
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

/// Where indexes of large files of entries are kept, so that a look-up need not read the file.
struct IndexFolder {
  std::string path;  ///< empty: nowhere
  IndexAccess access = IndexAccess::kRead;
  /// A file that was changed less than this ago is read instead: file times are coarse, and another
  /// change might not show.
  std::chrono::nanoseconds settled_after = std::chrono::seconds(1);
};

class ListFile {
 public:
  /// Throws ConfigError where it cannot be opened.
  explicit ListFile(FileReference reference);

  /// Whether one of the patterns, in normal form, is in it. Throws ConfigError for a line that is
  /// no entry.
  [[nodiscard]] bool contains_any(std::span<const std::string> patterns,
                                  const IndexFolder& indexes) const;

  void check(const FaultHandler& on_fault) const;

 private:
  /// Calls `visit` with every entry in normal form until it returns false.
  void scan(const std::function<bool(std::string_view)>& visit, const FaultHandler& on_fault) const;

  /// By the index, which is made if it is missing and the folder is writable. nullopt if there is
  /// none.
  [[nodiscard]] std::optional<bool> look_up(std::span<const std::string> patterns,
                                            const IndexFolder& folder) const;
  /// Throws Error if it cannot be written or another process is writing it. Leaves none if the
  /// list is changing.
  void make_index(const IndexFolder& folder, const std::string& path) const;

  FileReference reference_;
  Descriptor file_;
};

}  // namespace inforeply
