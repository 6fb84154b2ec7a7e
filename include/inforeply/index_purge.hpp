// Removal of the indexes of address lists that nobody uses any more.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "inforeply/cache_records.hpp"

namespace inforeply {

/// Removes the indexes of lists that are gone or have changed, and what killed processes have left,
/// and returns their number. Other files stay. `folder` may be missing. Throws Error (kCache) if it
/// cannot be read or an index cannot be removed.
std::size_t purge_list_indexes(const std::string& folder, PurgeMode mode);

}  // namespace inforeply
