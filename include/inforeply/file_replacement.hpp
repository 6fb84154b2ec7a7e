// A file that is written in full or not at all, and then takes the place of the old file.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "inforeply/descriptor.hpp"
#include "inforeply/error.hpp"

namespace inforeply {

/// The new file (the part file) is written beside the old one, under its name with a suffix, and
/// removed unless it takes the place. A part file left by a killed process is removed, too. Throws
/// Error of the given fault that names the file and the cause; also if another process is writing
/// the same part file.
class FileReplacement {
 public:
  /// Whether a symbolic link at `path` is followed to its file, or is itself replaced.
  enum class Link { kIsFollowed, kIsReplaced };

  /// Creates the part file for `path`. Throws if `path` exists and is no regular file.
  FileReplacement(const std::string& path, std::string_view suffix, Fault fault, mode_t mode = 0600,
                  Link link = Link::kIsFollowed);
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;
  ~FileReplacement();

  [[nodiscard]] int descriptor() const { return file_.get(); }
  [[nodiscard]] const std::string& part() const { return part_; }
  [[nodiscard]] Fault fault() const { return fault_; }

  void write(std::string_view text);
  /// Puts the file in its place. It is durable when this returns.
  void take_place();

 private:
  [[noreturn]] void fail(const std::string& operation, const std::string& path) const;
  void create(mode_t mode);
  void remove_leftover() const;
  [[nodiscard]] bool is_own() const;

  Fault fault_;
  std::string path_;
  std::string part_;
  Descriptor file_;  // locked (flock(2)) while it is open; a leftover is not
};

}  // namespace inforeply
