// The reply cache in an LMDB file.
#pragma once

#include <memory>
#include <string>

#include "cache/open_cache.hpp"

namespace inforeply {

std::unique_ptr<OpenCache> open_lmdb_cache(const std::string& path, CacheAccess access);

}  // namespace inforeply
