// What is set about the reply cache.
#pragma once

#include <string>

#include "inforeply/reply_mode.hpp"

namespace inforeply {

struct CacheSettings {
  [[nodiscard]] CacheSettings in(ReplyMode other_mode) const {
    auto settings = *this;
    settings.mode = other_mode;
    return settings;
  }

  std::string url;                    ///< as make_cache_store takes it
  std::string redis_password_file{};  ///< its first line is the password; empty: there is none
  unsigned redis_wait = 0;            ///< so many replicas must have a reservation
  ReplyMode mode = ReplyMode::kLive;  ///< each mode has a memory of its own
};

}  // namespace inforeply
