// Sets of addresses and domains: `never-reply-to`, `only-reply-to`.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/trusted_file.hpp"
#include "inforeply/error.hpp"
#include "responder/list_file.hpp"

namespace inforeply {

class AddressList {
 public:
  /// False where it is no entry, but then may be the name of a file.
  bool add(std::string_view entry);

  /// A file with an entry a line; blank lines and those with a `#` in front are left out. Throws
  /// ConfigError where it cannot be opened. It is read by find.
  void add_file(FileReference reference, const IndexFolder& indexes);

  [[nodiscard]] bool empty() const { return entries_.empty() && files_.empty(); }

  /// The entry, or the name of the file, that has one of the patterns. Throws ConfigError for a
  /// file that cannot be read and for a line in it that is no entry.
  [[nodiscard]] std::optional<std::string> find(std::span<const std::string> patterns) const;

  /// Whether `other` is not empty and each of its entries and files is in this list, or covered by
  /// a domain in it; files are not read. False where it would take over `budget` comparisons, which
  /// is reduced by those that are made.
  [[nodiscard]] bool covers(const AddressList& other, std::size_t& budget) const;

  /// Reads the files, for their faults alone.
  void check_files(const FaultHandler& on_fault) const;

 private:
  struct File {
    FileReference reference;
    IndexFolder indexes;
  };
  std::vector<std::string> entries_;  // in normal form
  std::vector<File> files_;
};

}  // namespace inforeply
