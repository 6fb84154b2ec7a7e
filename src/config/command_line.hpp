// Takes a command line apart into options and other words, by the rules of getopt(3).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

struct CommandLine {
  struct Given {
    std::string name;  ///< the option's, without dashes
    std::string value;
  };
  std::vector<Given> options;
  std::vector<std::string> words;  ///< all that are not options

  [[nodiscard]] bool has(std::string_view option) const;
};

/// How an option is written.
struct OptionForm {
  std::string name;
  bool has_argument = false;
  bool repeats = false;
};

/// Finds an option by `--name`, or by its letter as `-f`. nullopt if the option is unknown.
using FindForm = std::function<std::optional<OptionForm>(std::string_view)>;

/// The argument of an option is the rest of the word or the whole next word, even if that is empty
/// or looks like an option. After `--` nothing is an option. Throws Error (kUsage).
CommandLine parse_command_line(int argc, const char* const* argv, const FindForm& find_form);

}  // namespace inforeply
