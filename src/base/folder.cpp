#include "base/folder.hpp"

#include <filesystem>

namespace inforeply {

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? std::string(1, '.') : folder.string();
}

}  // namespace inforeply
