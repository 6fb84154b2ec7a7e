#include "cache/open_cache.hpp"

#include <array>
#include <string>
#include <utility>

#include "cache/lmdb/lmdb_store.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

struct CacheKind {
  std::string_view scheme;
  std::unique_ptr<CacheStore> (*make)(std::string place);  ///< from the text after the scheme
};

template <typename Store>
std::unique_ptr<CacheStore> make(std::string place) {
  return std::make_unique<Store>(std::move(place));
}

/// A URL without a scheme is of the first kind.
constexpr std::array<CacheKind, 1> kKinds = {{{"lmdb:", make<LmdbStore>}}};

}  // namespace

std::unique_ptr<CacheStore> make_cache_store(std::string_view url) {
  const auto* kind = kKinds.data();
  std::string_view place = url;
  for (const auto& known : kKinds) {
    if (!url.starts_with(known.scheme)) continue;
    kind = &known;
    place.remove_prefix(known.scheme.size());
  }
  const bool is_redis = url.starts_with("redis:") || url.starts_with("rediss:");
  if (!is_redis && !place.empty() && place.find("://") == std::string_view::npos) {
    return kind->make(std::string(place));
  }
  throw Error(Fault::kUsage, "cache '" + to_single_line(url) + "': " +
                                 (is_redis ? "Redis is not built in" : "expected lmdb:PATH"));
}

void check_cache_url(std::string_view url) {
  make_cache_store(url);
}

std::string list_index_folder(std::string_view url) {
  const std::string file = make_cache_store(url)->file();
  return file.empty() ? file : file + "-lists";
}

std::unique_ptr<OpenCache> open_cache(std::string_view url, CacheAccess access) {
  return make_cache_store(url)->open(access);
}

std::unique_ptr<CacheRecords> CacheStore::open_records(CacheAccess access) const {
  return open(access);
}

}  // namespace inforeply
