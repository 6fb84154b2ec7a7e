// Reading a whole file that a command line names.
#pragma once

#include <cstddef>
#include <string>

namespace inforeply {

/// The content of a file, or of standard input if `path` is "-". Throws Error (kInput), or
/// ConfigError if it is over `max_octets`: a fault of what is called `name`.
std::string read_input(const std::string& name, const std::string& path, std::size_t max_octets);

/// The same of a file in a user's home. Root must not be led to what the user may not read: for
/// root it also throws ConfigError if a symbolic link is on the way, or if the file belongs to
/// another account than its folder, unless the folder is root's.
std::string read_users_file(const std::string& path, std::size_t max_octets);

/// The file as messages call it.
std::string input_name(const std::string& path);

}  // namespace inforeply
