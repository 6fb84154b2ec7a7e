// The LMDB file of a reply cache as a whole. open() is defined in lmdb_cache.cpp, check() in
// cache_check.cpp, what needs others to stay away in cache_compaction.cpp.
#pragma once

#include <string>
#include <utility>

#include "inforeply/cache_store.hpp"

namespace inforeply {

class LmdbStore : public CacheStore {
 public:
  explicit LmdbStore(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] std::string name() const override { return path_; }
  [[nodiscard]] std::string file() const override { return path_; }
  [[nodiscard]] bool exists() const override;
  [[nodiscard]] std::unique_ptr<OpenCache> open(CacheAccess access) const override;
  void require_usable() const override;
  [[nodiscard]] CacheFileSize measure() const override;
  CacheCheck check(CheckMode mode,
                   const std::function<void(const std::string&)>& on_fault) const override;
  void require_sound() const override;
  [[nodiscard]] std::unique_ptr<PurgeLock> try_lock_for_purge() const override;
  [[nodiscard]] std::uint64_t back_up(const std::string& path) const override;
  Compaction compact(std::chrono::milliseconds patience) override;

 private:
  std::string path_;
};

}  // namespace inforeply
