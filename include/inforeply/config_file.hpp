// Files in the form `name = value`, one a line; a `#` begins a comment only as a line's first
// character that is not blank, so that a value may hold one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

inline constexpr std::size_t kMaxConfigFileOctets = std::size_t{1024} * 1024;

struct ConfigEntry {
  std::string name;
  std::string value;  ///< trimmed, never empty
  std::size_t line;
};

struct ConfigFile {
  std::string path;
  std::vector<ConfigEntry> entries;
};

/// Throws ConfigError for a line that is neither entry, comment nor blank, for an entry without a
/// value, a section (none are known), control characters and broken UTF-8.
ConfigFile parse_config(std::string path, std::string_view text);

/// The contents of a regular file of at most `max_octets`. Throws ConfigError where it cannot be
/// read, is larger, or may be written by others.
std::string read_trusted_file(const std::string& path, std::size_t max_octets);

/// The same for a `name` given in a file in `folder`: relative to it, and never outside it, neither
/// by
/// `..` nor by a symbolic link. `where` and `line` name the mention in an error.
std::string read_trusted_file_beneath(const std::string& folder, const std::string& name,
                                      std::size_t max_octets, const std::string& where,
                                      std::size_t line);

}  // namespace inforeply
