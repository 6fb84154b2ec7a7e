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
  /// False if it is no entry; it may then be the name of a file.
  bool add(std::string_view entry);

  /// A file with one entry a line; blank lines and lines that begin with `#` are left out. Throws
  /// ConfigError if it cannot be opened or is too large. Its entries are read later, by find.
  void add_file(FileReference reference, const IndexFolder& indexes);

  [[nodiscard]] bool empty() const { return entries_.empty() && files_.empty(); }

  /// An entry that is one of the patterns, else the name of a file that holds such an entry. Throws
  /// ConfigError for a file that cannot be read and for a line in it that is no entry.
  [[nodiscard]] std::optional<std::string> find(std::span<const std::string> patterns) const;

  /// Whether `other` is not empty and this list has each of its entries, or a domain that covers
  /// it, and each of its files. Files are compared by path. Comparisons are taken off `budget`;
  /// false if it does not suffice.
  [[nodiscard]] bool covers(const AddressList& other, std::size_t& budget) const;

  /// Reads the files only to find their faults.
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
