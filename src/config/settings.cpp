#include "inforeply/settings.hpp"

namespace inforeply {

SettingOrigin Settings::origin_of(const std::string& name) const {
  const auto found = origins.find(name);
  return found == origins.end() ? SettingOrigin{"default of '" + name + "'", 0} : found->second;
}

}  // namespace inforeply
