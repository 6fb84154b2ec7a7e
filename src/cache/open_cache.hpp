// Opens a reply cache of any kind. A new kind of cache is a folder beside this file, with a
// CacheStore and an OpenCache of its own, and a row in the table of open_cache.cpp.
#pragma once

#include <memory>

#include "cache/reply_cache.hpp"
#include "inforeply/cache_records.hpp"
#include "inforeply/cache_store.hpp"

namespace inforeply {

/// What each kind of cache implements.
class OpenCache : public ReplyCache, public CacheRecords {
 public:
  /// From now on changes need not survive a crash of the machine, and so wait for no disk.
  virtual void relax_durability() {}
};

/// Throws as make_cache_store and CacheStore::open_records do.
std::unique_ptr<OpenCache> open_cache(const CacheSettings& settings, CacheAccess access);

}  // namespace inforeply
