// Files of lines `name = value`. The lines below a `[title]` belong to that section. A `#` begins a
// comment only as the first character of a line that is not blank, so a value may hold a `#`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/error.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxConfigFileOctets = std::size_t{1024} * 1024;

struct ConfigEntry {
  std::string name;
  std::string value;  ///< trimmed, never empty
  std::size_t line;
};

struct ConfigSection {
  std::string title;  ///< the text between the brackets; empty if it is at fault
  std::size_t line;
  std::vector<ConfigEntry> entries;
};

struct ConfigFile {
  std::string path;
  std::vector<ConfigEntry> entries;  ///< those above the first section
  std::vector<ConfigSection> sections;
};

/// Faults: a line that is no entry, `[section]`, comment or blank; an entry without a value;
/// control characters; broken UTF-8. Lines at fault are left out.
ConfigFile parse_config(std::string path, std::string_view text,
                        const FaultHandler& on_fault = throw_fault);

}  // namespace inforeply
