// A folder in which one process at a time changes files, and who may do what with those.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string>
#include <string_view>

#include "inforeply/descriptor.hpp"

namespace inforeply {

/// The rights of a file, whatever the umask is.
struct FileRights {
  uid_t owner;
  gid_t group;
  mode_t mode;

  /// `file` is its name. Throws Error (kOutput) if it cannot get that owner, or if it cannot get
  /// that group and the mode gives the group more than others.
  void apply(int descriptor, const std::string& file) const;
};

/// Those of a new file in a folder. It belongs to the account that runs, or if that is root, to the
/// folder's owner; whoever may read the folder may read it.
FileRights rights_in(const struct stat& folder);

/// What a new folder is called until it has its rights; the account's number follows. A killed
/// process may leave it, to the next one of that account.
inline constexpr std::string_view kNewFolder = ".new.";

/// A folder below another one, made if it is missing, and removed again if nothing came into it.
/// While it exists, all other processes wait that want to hold the same folder.
class HeldFolder {
 public:
  /// A symbolic link may lead to another folder below `above`, not out of it. Throws Error
  /// (kOutput), also if others hold the folder for ten seconds.
  HeldFolder(const std::string& above, const std::string& name);
  HeldFolder(const HeldFolder&) = delete;
  HeldFolder& operator=(const HeldFolder&) = delete;
  ~HeldFolder();

  [[nodiscard]] struct stat status() const;
  /// Makes durable what was removed.
  void sync() const;

 private:
  [[nodiscard]] FileRights new_rights() const;
  const std::string& open();
  bool take_place();
  [[nodiscard]] bool is_at(const std::string& path) const;

  std::string above_;
  std::string name_;
  std::string path_;
  std::string new_name_;
  std::string new_path_;
  Descriptor folder_;
  bool is_new_ = false;
};

}  // namespace inforeply
