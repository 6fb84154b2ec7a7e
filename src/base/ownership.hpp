// Who owns the files that this process makes.
#pragma once

#include <string>

namespace inforeply {

/// Gives `path` the owner of `model`, a file or folder, if this process runs as root: the account
/// that deliveries run as must be able to use what root creates. Returns false, with errno set, on
/// failure.
bool hand_over(const std::string& path, const std::string& model);

}  // namespace inforeply
