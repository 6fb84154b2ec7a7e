// What is set about the reply cache.
#pragma once

#include <string>

namespace inforeply {

struct CacheSettings {
  std::string url;                    ///< as make_cache_store takes it
  std::string redis_password_file{};  ///< its first line is the password; empty: there is none
  unsigned redis_wait = 0;            ///< so many replicas must have a reservation
};

}  // namespace inforeply
