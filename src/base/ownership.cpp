#include "base/ownership.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace inforeply {

bool hand_over(const std::string& path, const std::string& model) {
  if (::geteuid() != 0) return true;
  struct stat owned {};
  if (::stat(model.c_str(), &owned) != 0) return false;
  return owned.st_uid == 0 || ::lchown(path.c_str(), owned.st_uid, owned.st_gid) == 0;
}

}  // namespace inforeply
