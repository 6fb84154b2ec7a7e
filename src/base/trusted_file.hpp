// Files that an administrator or a tenant wrote, and that nobody else may write.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "inforeply/descriptor.hpp"
#include "inforeply/trust.hpp"

namespace inforeply {

/// Returns the contents of a regular file of at most `max_octets`. Throws ConfigError if it cannot
/// be read, is larger, or may be written by others.
std::string read_trusted_file(const std::string& path, std::size_t max_octets);
Descriptor open_trusted_file(const std::string& path);

/// The same of a file that holds a secret. Throws ConfigError, too, if it belongs to another
/// account than ours and root, or if that account's group or others may read or write it.
std::string read_private_file(const std::string& path, std::size_t max_octets);

/// Returns the first line of such a file. Throws ConfigError, too, if that line is empty or has
/// control characters.
std::string read_password(const std::string& path);

struct OwnedText {
  std::string text;
  bool is_tenants = false;
};

/// The same for a file that may be a tenant's, whose group may not write it either. A tenant's
/// symbolic link makes the file the tenant's, and may not lead outside its folder: the account that
/// runs can read other tenants' files.
OwnedText read_owned_file(const std::string& path, std::size_t max_octets, Trust trust);

struct StatedText {
  std::string text;
  struct stat status {};
};

/// Reads a file below a folder, and what fstat(2) says of the same file; nullopt if it is missing.
/// Throws ConfigError, too, if it is a symbolic link, or if one leads out of the folder.
std::optional<StatedText> read_trusted_file_beneath(const std::string& folder,
                                                    const std::string& name,
                                                    std::size_t max_octets);

/// Whoever may write into a folder may replace any file in it, even a write-protected one. Throws
/// ConfigError if others may, or the group of a tenant's folder. A missing folder is no fault.
void require_trusted_folder(const std::string& path, Trust trust = Trust::kAll);

/// A file that another file names.
struct FileReference {
  std::string folder;  ///< that it may not lead outside of
  std::string name;    ///< relative to `folder`
  std::string where;   ///< the file that names it, for errors; `line` is in that file
  std::size_t line = 0;
  Trust trust = Trust::kOwner;

  [[nodiscard]] std::string path() const { return folder + "/" + name; }
  [[nodiscard]] std::string base_name() const { return name.substr(name.rfind('/') + 1); }
};

/// The end of the names of configuration files.
inline constexpr std::string_view kConfigurationSuffix = ".conf";

/// Whether it ends so, in any case.
bool is_configuration_name(std::string_view name);

/// Opens what is below a folder, never outside: neither by `..` nor by a link. `flags` are those of
/// open(2), `resolve` further ones of openat2(2). Not open, with errno set, on failure.
Descriptor open_beneath(const Descriptor& folder, const std::string& name, int flags,
                        unsigned resolve);

/// Opens a file for reading, never outside its folder: neither by `..` nor by a symbolic link;
/// never a configuration file, also not by a link; never from a folder below that others may write.
/// Throws ConfigError, as above, that names the reference.
Descriptor open_trusted_file(const FileReference& reference);
std::string read_trusted_file(const FileReference& reference, std::size_t max_octets);
OwnedText read_owned_file(const FileReference& reference, std::size_t max_octets);

}  // namespace inforeply
