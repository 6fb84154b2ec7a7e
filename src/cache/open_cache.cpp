#include "cache/open_cache.hpp"

#include <string>
#include <string_view>

#include "cache/lmdb/lmdb_store.hpp"
#include "cache/redis/redis_store.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kLmdb = "lmdb:";
constexpr const char* kListIndexes = "/var/lib/inforeply/lists";

}  // namespace

std::unique_ptr<CacheStore> make_cache_store(const CacheSettings& settings) {
  if (is_redis_url(settings.url)) return std::make_unique<RedisStore>(settings);
  std::string_view path = settings.url;
  if (path.starts_with(kLmdb)) path.remove_prefix(kLmdb.size());
  if (path.empty() || path.find("://") != std::string_view::npos) {
    throw Error(Fault::kUsage,
                "cache '" + to_single_line(settings.url) + "': expected lmdb:PATH or redis:…");
  }
  const bool is_shadow = settings.mode == ReplyMode::kShadow;
  return std::make_unique<LmdbStore>(std::string(path) + (is_shadow ? "-shadow" : ""));
}

void check_cache_url(std::string_view url) {
  make_cache_store({std::string(url)});
}

std::string list_index_folder(const CacheSettings& settings) {
  const std::string file = make_cache_store(settings.in(ReplyMode::kLive))->file();
  return file.empty() ? kListIndexes : file + "-lists";
}

std::unique_ptr<OpenCache> open_cache(const CacheSettings& settings, CacheAccess access) {
  return make_cache_store(settings)->open(access);
}

std::unique_ptr<CacheRecords> CacheStore::open_records(CacheAccess access) const {
  return open(access);
}

}  // namespace inforeply
