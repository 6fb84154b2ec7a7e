// Folders of files.
#pragma once

#include <string>

namespace inforeply {

/// The folder that the file lies in: `/etc` for `/etc/passwd`, `.` for `passwd`.
std::string folder_of(const std::string& path);

}  // namespace inforeply
