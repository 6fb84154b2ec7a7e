#include "cache/lmdb/cache_copy.hpp"

#include <unistd.h>

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
  const int status =
      lmdb::call(mdb_env_copyfd2, environment.get(), copy.descriptor(), MDB_CP_COMPACT);
  if (status == MDB_SUCCESS) return;
  const std::string attempt = "cannot copy cache " + environment.path() + " to " + copy.part();
  // LMDB's own errors are negative, and about what it reads.
  if (status < 0) throw Error(Fault::kCache, attempt + ": " + mdb_strerror(status));
  throw Error(copy.fault(), with_cause(attempt, status));
}

void keep_owner(const std::string& path, int copy) {
  const auto status = status_of_cache(path);
  if (::fchown(copy, status.st_uid, status.st_gid) != 0 ||
      ::fchmod(copy, status.st_mode & 07777U) != 0) {
    throw system_error(Fault::kCache, "cannot set the owner of the copy of cache " + path);
  }
}

}  // namespace inforeply
