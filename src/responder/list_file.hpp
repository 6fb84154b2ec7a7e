// A file of addresses and domains, one a line, and its index.
//
// A small file is read. To read megabytes would cost each delivery too much, so the first delivery
// that uses a large file makes an index of it, and a new one when the file has changed. An index
// only saves time: it may be removed, and if it cannot be written, the list is read.
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
#include "responder/list_index.hpp"

namespace inforeply {

inline constexpr std::uint64_t kMaxListOctets = std::uint64_t{64} * 1024 * 1024;
inline constexpr std::size_t kMaxListLines = 2'000'000;

class ListFile {
 public:
  /// Throws ConfigError if it cannot be opened or is larger than kMaxListOctets.
  explicit ListFile(FileReference reference);

  /// Whether the file has one of the patterns, which are in normal form. Throws ConfigError for a
  /// line that is no entry, too many lines, or if the time for reading is over.
  [[nodiscard]] bool contains_any(std::span<const std::string> patterns,
                                  const IndexFolder& indexes) const;

  void check(const FaultHandler& on_fault) const;

 private:
  [[noreturn]] void fail_as_too_large() const;
  /// Calls `visit` with every entry in normal form until it returns false.
  void scan(const std::function<bool(std::string_view)>& visit, const FaultHandler& on_fault,
            std::chrono::nanoseconds deadline) const;

  /// Looks in the index, which is made if it is missing and the folder is writable. nullopt if
  /// there is no index.
  [[nodiscard]] std::optional<bool> look_up(std::span<const std::string> patterns,
                                            const IndexFolder& folder) const;
  /// Makes none if the list is changing. Throws as ListIndex::make.
  void make_index(const IndexFolder& folder, const ListIdentity& identity) const;

  FileReference reference_;
  Descriptor file_;
};

}  // namespace inforeply
