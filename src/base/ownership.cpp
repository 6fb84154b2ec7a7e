#include "base/ownership.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace inforeply {

bool hand_over(const std::string& path, const std::string& model) {
  if (::geteuid() != 0) return true;
  struct stat status {};
  return ::stat(model.c_str(), &status) == 0 &&
         ::lchown(path.c_str(), status.st_uid, status.st_gid) == 0;
}

}  // namespace inforeply
