// The file of a cache: whether it is there, and the copy that backup and compaction make.
#pragma once

#include <sys/stat.h>

#include <string>

#include "cache/lmdb/lmdb.hpp"
#include "inforeply/file_replacement.hpp"

namespace inforeply {

/// The copy that a compaction makes has the cache's name with this suffix.
inline constexpr const char* kCompactSuffix = ".compact";

/// Throws Error (kCache) if there is no such file.
struct stat status_of_cache(const std::string& path);

/// Throws the same. LMDB alone would make a missing file.
lmdb::Environment open_existing(const std::string& path);

/// Leaves out the free pages. Throws Error: kCache if the cache cannot be read, the copy's own
/// fault if that cannot be written.
void copy_compactly(const lmdb::Environment& environment, const FileReplacement& copy);

/// Gives the copy the owner and the mode of the cache. Throws Error (kCache).
void keep_owner(const std::string& path, int copy);

/// Throws Error (kCache) unless the copy is as sound as a check can tell.
void require_sound_copy(const lmdb::Environment& environment, const FileReplacement& copy);

}  // namespace inforeply
