// Who owns the files that this process makes.
#pragma once

#include <string>

namespace inforeply {

/// Gives `path` the owner of `model`, a file or folder, if this process runs as root: what root
/// makes must be usable by the account that deliveries run as. False, with errno set, if that
/// fails.
bool hand_over(const std::string& path, const std::string& model);

}  // namespace inforeply
