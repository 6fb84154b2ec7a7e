// Files in the form `name = value`, one a line, below a `[title]` those of a section; a `#` begins
// a comment only as a line's first character that is not blank, so that a value may hold one.
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
  std::string title;  ///< what stands between the brackets; empty where that is at fault
  std::size_t line;
  std::vector<ConfigEntry> entries;
};

struct ConfigFile {
  std::string path;
  std::vector<ConfigEntry> entries;  ///< those above all sections
  std::vector<ConfigSection> sections;
};

/// At fault are a line that is neither entry, `[section]`, comment nor blank, an entry without a
/// value, control characters and broken UTF-8: those lines are left out.
ConfigFile parse_config(std::string path, std::string_view text,
                        const FaultHandler& on_fault = throw_fault);

}  // namespace inforeply
