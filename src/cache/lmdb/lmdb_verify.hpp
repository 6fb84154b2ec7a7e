// Whether LMDB can be trusted with a file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cache/lmdb/lmdb.hpp"

namespace inforeply::lmdb {

/// Looks at every page: "page 7: its keys are not in order"; nullopt if all are sound. Takes time
/// and, in a bitmap, memory in proportion to the pages, whatever they hold. Throws Error (kCache)
/// if the file cannot be read.
std::optional<std::string> find_page_fault(const Environment& environment);

/// Whether each page of a damaged file is free, or lists the free ones. Empty if that cannot be
/// told for sure. Nobody may have the file open.
std::vector<bool> find_free_pages(int file);

/// Throws Error (kCache) that names the fault of the pages, if there is one.
void require_sound_pages(const Environment& environment);

}  // namespace inforeply::lmdb
