// Where a cache on Redis or Valkey is kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/host_and_port.hpp"

namespace inforeply {

struct RedisUrl {
  enum class Kind { kServer, kSocket, kSentinel, kCluster };

  Kind kind = Kind::kServer;
  std::vector<HostAndPort> hosts{};  ///< the server, the sentinels, or nodes of the cluster
  std::string path{};                ///< of kSocket
  std::string service{};             ///< of kSentinel: by what name they know the master
  std::string user{};                ///< empty: the server's default user
  unsigned database = 0;
};

/// Whether the URL is meant for Redis, right or wrong.
bool is_redis_url(std::string_view url);

/// Reads `redis://[USER@]HOST[:PORT][/DB]`, `redis+unix:PATH[?db=N][&user=NAME]`,
/// `redis+sentinel://[USER@]HOST[:PORT],…/SERVICE[/DB]` or
/// `redis+cluster://[USER@]HOST[:PORT],…`. Throws Error (kUsage) that names the URL, without what
/// may be a password, and what is wrong.
RedisUrl parse_redis_url(std::string_view url);

}  // namespace inforeply
