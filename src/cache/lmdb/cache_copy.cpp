#include "cache/lmdb/cache_copy.hpp"

#include "inforeply/error.hpp"

namespace inforeply {

struct stat status_of_cache(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw system_error(Fault::kCache, "cannot open cache " + path);
  }
  return status;
}

lmdb::Environment open_existing(const std::string& path) {
  status_of_cache(path);
  return lmdb::Environment(path);
}

void copy_compactly(const lmdb::Environment& environment, const FileReplacement& copy) {
  const int status = mdb_env_copyfd2(environment.get(), copy.descriptor(), MDB_CP_COMPACT);
  if (status == MDB_SUCCESS) return;
  const std::string attempt = "cannot copy cache " + environment.path() + " to " + copy.part();
  // LMDB's own errors are negative, and about what it reads.
  if (status < 0) throw Error(Fault::kCache, attempt + ": " + mdb_strerror(status));
  throw Error(copy.fault(), with_cause(attempt, status));
}

}  // namespace inforeply
