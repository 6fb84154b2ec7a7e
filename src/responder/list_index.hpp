// The index of a large list file (list_file.hpp).
//
// Format: kMagic; the identity of the list file (device, inode, size, ctime as four u64); the
// number of entries and the octets of the list's path, each a u64; for each entry in normal form
// the first 64 bits of its SHA-256, in rising order; the path. Native byte order: it stays on the
// machine. It is named after device and inode, so that a list has one index whatever its names are.
#pragma once

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "inforeply/descriptor.hpp"

namespace inforeply {

enum class IndexAccess { kRead, kWrite };

/// Where the indexes of large list files are kept.
struct IndexFolder {
  std::string path;  ///< empty: no indexes
  IndexAccess access = IndexAccess::kRead;
  /// A file that changed less than this ago is read instead. File times are coarse, so another
  /// change might leave the same time.
  std::chrono::nanoseconds settled_after = std::chrono::seconds(1);
  /// When lists are no longer read, nor indexes made: by processor_time, which does not depend on
  /// what else a machine does.
  std::chrono::nanoseconds deadline = std::chrono::nanoseconds::max();
};

/// The end of the name of an index that is being written.
inline constexpr std::string_view kUnfinishedIndex = ".new";

/// The state of a list file: device, inode, size, and ctime, which nobody can set.
using ListIdentity = std::array<std::uint64_t, 4>;

ListIdentity identity_of(const struct stat& status);

/// nullopt if it cannot be told.
std::optional<ListIdentity> identity_of(const Descriptor& list);

/// Whether a change from now on would surely show in the identity: file times are coarse.
bool has_settled(const ListIdentity& identity, std::chrono::nanoseconds after);

/// Calls its argument with every entry of a list in normal form until that returns false. Throws
/// ConfigError if the list is at fault.
using ListScan = std::function<void(const std::function<bool(std::string_view)>&)>;

class ListIndex {
 public:
  /// nullopt if there is no index of the list in this state, or it is not whole.
  static std::optional<ListIndex> open(const IndexFolder& folder, const ListIdentity& identity);

  /// Writes the index of the list at `path`, unless its identity is another one in the end. Throws
  /// Error if it cannot be written or another process is writing it, and what `scan` throws.
  static void make(const IndexFolder& folder, const Descriptor& list, const ListIdentity& identity,
                   const std::string& path, const ListScan& scan);

  /// nullopt if the index cannot be read.
  [[nodiscard]] std::optional<bool> holds_any(std::span<const std::string> patterns) const;

  /// Whether the file is an index whose list is still there, in the state that was indexed.
  static bool is_in_use(const std::string& file);

 private:
  ListIndex(Descriptor file, off_t digests) : file_(std::move(file)), digests_(digests) {}
  [[nodiscard]] std::optional<bool> holds(std::uint64_t wanted) const;

  Descriptor file_;
  off_t digests_;
};

}  // namespace inforeply
