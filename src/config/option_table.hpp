// One table of all programs' options and all names of the main configuration. A row holds an
// option's forms, its default, what it sets, and its help.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/settings.hpp"

namespace inforeply {

enum class Purpose { kDelivery, kInspection };

/// What options set.
struct OptionTarget {
  ResponderCommand command;                      ///< its settings serve all programs
  std::optional<std::string> configuration;      ///< `--config`
  std::vector<std::string> original_recipients;  ///< the n-th belongs to the n-th recipient
  Purpose purpose = Purpose::kDelivery;
};

/// Where an option may stand, as bits.
enum Place : unsigned { kResponder = 1, kTools = 2, kFile = 4 };

enum class Repeats { kNo, kYes };

struct Option {
  const char* name;
  char letter;                ///< as `-f` for `--sender`; 0: none
  const char* argument;       ///< its argument's name in the help; null for a flag
  const char* default_value;  ///< if the option stands nowhere; null: none
  unsigned places;
  Repeats repeats;
  /// Checks the value and sets what it means. Throws Error.
  void (*take)(OptionTarget& target, const std::string& value);
  const char* help;
  /// The path that a value names: it must be absolute in a file, as a relative one would depend on
  /// where the mail server stands. Null: values name no path.
  std::string (*path_of)(const std::string& value) = nullptr;
};

std::span<const Option> all_options();

/// Null if that place has no option of that name.
const Option* find_option(std::string_view name, Place place);

/// A target in which each option has its default value.
OptionTarget default_target();

}  // namespace inforeply
