#include "cache/lmdb/lmdb_cache.hpp"
#include "cache/reply_cache.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {

bool ReplyRecord::counts_at(Time now) const {
  return answered_at <= now + kClockTolerance && (!expires_at || now < *expires_at);
}

std::string cache_path(std::string_view url) {
  constexpr std::string_view kLmdb = "lmdb:";
  const std::string name = "cache '" + to_single_line(url) + "'";
  if (url.starts_with("redis:") || url.starts_with("rediss:")) {
    throw Error(Fault::kUsage, name + ": Redis is not built in");
  }
  if (url.starts_with(kLmdb)) url.remove_prefix(kLmdb.size());
  if (url.empty() || url.find("://") != std::string_view::npos) {
    throw Error(Fault::kUsage, name + ": expected lmdb:PATH");
  }
  return std::string(url);
}

void check_cache_url(std::string_view url) {
  cache_path(url);
}

std::string list_index_folder(std::string_view url) {
  return cache_path(url) + "-lists";
}

std::unique_ptr<ReplyCache> open_cache(std::string_view url, CacheAccess access) {
  return open_lmdb_cache(cache_path(url), access);
}

}  // namespace inforeply
