// Changing a configuration file line by line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

/// Returns the text of a configuration file in which the setting has these values above all
/// sections, a line each; without values its lines are removed. A line that has the value already,
/// and all others, stay as they are. The values are trimmed, not empty, and on one line.
std::string with_setting(std::string_view text, std::string_view name,
                         const std::vector<std::string>& values);

}  // namespace inforeply
