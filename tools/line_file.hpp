// A file that is read line by line, more than once: standard input, too.
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
  /// Nothing, or "-", is standard input. What cannot be read twice, such as a pipe, is copied into
  /// a file without a name first, in TMPDIR or /tmp. Throws Error (kInput).
  explicit LineFile(const std::optional<std::string>& path);

  [[nodiscard]] const std::string& name() const { return name_; }

  /// The next line without its end (LF or CRLF), valid until the next call; nothing at the end of
  /// the file. What is longer than kMaxLine is cut there. Throws Error (kInput).
  std::optional<std::string_view> next();
  [[nodiscard]] std::size_t number() const { return number_; }  ///< of that line, from 1 on
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
