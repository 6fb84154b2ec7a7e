// The options of all programs and the names of the main configuration, a row each: its forms, its
// default, what it sets, and its help.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/settings.hpp"

namespace inforeply {

enum class Purpose { kDelivery, kInspection };

/// What options set.
struct OptionTarget {
  ResponderCommand command;                      ///< its settings are those of all programs
  std::string configuration;                     ///< `--config`; empty if it is not given
  std::vector<std::string> original_recipients;  ///< the n-th belongs to the n-th recipient
  Purpose purpose = Purpose::kDelivery;
};

/// Where an option may stand, as bits.
enum Place : unsigned { kResponder = 1, kTools = 2, kFile = 4 };

enum class Repeats { kNo, kYes };

struct Option {
  const char* name;
  char letter;           ///< `-f` beside `--sender`; 0: none
  const char* argument;  ///< what the help calls it; null for a flag
  const char* standard;  ///< the value where it stands nowhere; null: none
  unsigned places;
  Repeats repeats;
  void (*take)(OptionTarget& target, const std::string& value);  ///< throws Error (kUsage)
  const char* help;
};

std::span<const Option> all_options();

/// Null if there is none of that name in that place.
const Option* find_option(std::string_view name, Place place);

/// A target with every default.
OptionTarget default_target();

}  // namespace inforeply
