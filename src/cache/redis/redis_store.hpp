// The servers of a cache on Redis or Valkey as a whole. open() is defined in redis_cache.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cache/redis/redis_servers.hpp"
#include "cache/redis/redis_url.hpp"
#include "inforeply/cache_settings.hpp"
#include "inforeply/cache_store.hpp"

namespace inforeply {

class RedisStore : public CacheStore {
 public:
  /// Throws as parse_redis_url does.
  explicit RedisStore(const CacheSettings& settings);

  [[nodiscard]] std::string name() const override;
  [[nodiscard]] std::string file() const override { return {}; }
  [[nodiscard]] bool exists() const override;
  [[nodiscard]] std::unique_ptr<OpenCache> open(CacheAccess access) const override;
  void require_usable() const override;
  [[nodiscard]] std::vector<CacheRemark> remarks() const override;
  [[nodiscard]] bool expires_by_itself() const override { return true; }
  void permit(Permissions& permissions) const override;
  [[nodiscard]] CacheFileSize measure() const override { return {}; }
  CacheCheck check(CheckMode mode,
                   const std::function<void(const std::string&)>& on_fault) const override;
  void require_sound() const override {}
  [[nodiscard]] std::unique_ptr<PurgeLock> try_lock_for_purge() const override;
  [[nodiscard]] std::uint64_t back_up(const std::string& path) const override;
  Compaction compact(std::chrono::milliseconds patience) override;

 private:
  /// Throws ConfigError if the password's file cannot be used.
  [[nodiscard]] RedisServers servers() const;

  CacheSettings settings_;
  RedisUrl url_;
};

}  // namespace inforeply
