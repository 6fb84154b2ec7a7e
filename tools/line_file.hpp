// A file or standard input that is read line by line, more than once.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "inforeply/descriptor.hpp"

namespace inforeply {

class LineFile {
 public:
  /// nullopt or "-" is standard input. What can be read only once, such as a pipe, is first copied
  /// into a nameless file in TMPDIR or /tmp. Throws Error (kInput).
  explicit LineFile(const std::optional<std::string>& path);

  [[nodiscard]] const std::string& name() const { return name_; }

  /// The next line without its end (LF or CRLF), cut at kMaxLine octets and valid until the next
  /// call. nullopt at the end of the file. Throws Error (kInput).
  std::optional<std::string_view> next();
  [[nodiscard]] std::size_t number() const { return number_; }  ///< of that line; the first is 1
  [[nodiscard]] bool is_too_long() const { return too_long_; }

  void rewind();

  static constexpr std::size_t kMaxLine = std::size_t{64} * 1024;

 private:
  void spool();
  bool fill();  ///< false at the end of the file
  [[noreturn]] void fail(const std::string& operation) const;

  std::string name_;
  Descriptor file_;
  off_t start_ = 0;
  std::string buffer_;
  std::size_t position_ = 0;
  std::size_t number_ = 0;
  bool too_long_ = false;
};

}  // namespace inforeply
