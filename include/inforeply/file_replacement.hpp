// A file that is written in full or not at all, and then takes the place of the one before it.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "inforeply/descriptor.hpp"
#include "inforeply/error.hpp"

namespace inforeply {

/// Grows beside its place, under its name with a suffix, and is removed unless it takes the place.
/// What a process that was killed has left under that name is removed, too; where another process
/// is at work on the same, an Error says so. All errors are of the fault that was given, and name
/// the file and the cause.
class FileReplacement {
 public:
  /// What a symbolic link at `path` means: the file that it leads to, or itself.
  enum class Link { kIsFollowed, kIsReplaced };

  /// Of the file that `path` names. Throws if that is there and no regular file.
  FileReplacement(const std::string& path, std::string_view suffix, Fault fault, mode_t mode = 0600,
                  Link link = Link::kIsFollowed);
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;
  ~FileReplacement();

  [[nodiscard]] int descriptor() const { return file_.get(); }
  [[nodiscard]] const std::string& part() const { return part_; }
  [[nodiscard]] Fault fault() const { return fault_; }

  void write(std::string_view text);
  /// Durable when it returns.
  void take_place();

 private:
  [[noreturn]] void fail(const std::string& operation, const std::string& path) const;
  void create(mode_t mode);
  void remove_leftover() const;
  [[nodiscard]] bool is_own() const;

  Fault fault_;
  std::string path_;
  std::string part_;
  Descriptor file_;  // locked (flock(2)) as long as it is open: that tells it from a leftover
};

}  // namespace inforeply
