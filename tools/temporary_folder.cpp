#include "temporary_folder.hpp"

#include <cstdlib>
#include <filesystem>

#include "inforeply/error.hpp"
#include "tool.hpp"

namespace inforeply {

TemporaryFolder::TemporaryFolder(const std::string& program)
    : path_(temporary_folder() + "/" + program + "-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) {
    throw system_error(Fault::kOutput, "cannot make the folder " + path_);
  }
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace inforeply
