// Files that an administrator or a user wrote, and that others may not write.
#pragma once

#include <cstddef>
#include <string>

#include "inforeply/descriptor.hpp"

namespace inforeply {

/// Returns the contents of a regular file of at most `max_octets`. Throws ConfigError if it cannot
/// be read, is larger, or may be written by others.
std::string read_trusted_file(const std::string& path, std::size_t max_octets);
Descriptor open_trusted_file(const std::string& path);

/// The same of a file that holds a secret. Throws ConfigError, too, if it belongs to another
/// account than ours and root, or if that account's group or others may read or write it.
std::string read_private_file(const std::string& path, std::size_t max_octets);

/// A file that another file names.
struct FileReference {
  std::string folder;  ///< of the file that names it
  std::string name;    ///< relative to `folder`
  std::string where;   ///< the file that names it, for errors; `line` is in that file
  std::size_t line = 0;

  [[nodiscard]] std::string path() const { return folder + "/" + name; }
  [[nodiscard]] std::string base_name() const { return name.substr(name.rfind('/') + 1); }
};

/// Opens a file for reading, never outside its folder: neither by `..` nor by a symbolic link.
/// Throws ConfigError, as above, that names the reference.
Descriptor open_trusted_file(const FileReference& reference);
std::string read_trusted_file(const FileReference& reference, std::size_t max_octets);

}  // namespace inforeply
