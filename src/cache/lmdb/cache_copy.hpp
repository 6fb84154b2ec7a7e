// A cache's file: whether it is there, and a copy of it, as backup and compaction make it.
#pragma once

#include <sys/stat.h>

#include <string>

#include "cache/lmdb/lmdb.hpp"
#include "inforeply/replacement.hpp"

namespace inforeply {

/// What the copy that a compaction makes is called, behind the cache's own name.
inline constexpr const char* kCompactSuffix = ".compact";

/// Throws Error (kCache) if there is no such file.
struct stat status_of_cache(const std::string& path);

/// The same; LMDB alone would make a file that is missing.
lmdb::Environment open_existing(const std::string& path);

/// Without the pages that are free. Throws Error: kCache where the cache cannot be read, and of the
/// copy's fault where that cannot be written.
void copy_compactly(const lmdb::Environment& environment, const Replacement& copy);

}  // namespace inforeply
