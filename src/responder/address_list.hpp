// Sets of addresses and domains: `never-reply-to`, `only-reply-to`.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/trusted_file.hpp"
#include "inforeply/address.hpp"
#include "inforeply/error.hpp"

namespace inforeply {

/// The normal form of an entry: `user@host`, `@host`, or `@.domain` for it and what is below it.
/// Case folded, domain in A-labels. Nothing where it is none of them.
std::optional<std::string> normalize_address_pattern(std::string_view text);

/// Every entry, in normal form, that would cover the address.
std::vector<std::string> patterns_that_cover(const Address& address);

/// Every entry that would cover one of the addresses, or one without its `+extension`.
std::vector<std::string> patterns_that_cover_any(std::initializer_list<Address> addresses);

/// Every entry that would cover whom a reply to the envelope sender reaches: the person behind it,
/// unless a forwarder has rewritten it. The reply goes to the forwarder then, and what its address
/// says inside anybody could have written.
std::vector<std::string> patterns_that_cover_destination(const Address& sender);

/// Where indexes of large files of entries are kept, so that a look-up need not read the file.
struct IndexFolder {
  std::string path;  ///< empty: nowhere
  bool writable = false;
  /// A file that was changed less than this ago is read instead: file times are coarse, and another
  /// change might not show.
  std::chrono::nanoseconds settled_after = std::chrono::seconds(1);
};

class AddressList {
 public:
  /// False where it is no entry, but then may be the name of a file.
  bool add(std::string_view entry);

  /// A file with an entry a line; blank lines and those with a `#` in front are left out. Throws
  /// ConfigError where it cannot be opened. It is read by find.
  void add_file(FileMention mention, const IndexFolder& indexes);

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
    FileMention mention;
    IndexFolder indexes;
  };
  std::vector<std::string> entries_;  // in normal form
  std::vector<File> files_;
};

}  // namespace inforeply
