// The words of a command line, taken apart by the rules of getopt(3).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

struct CommandLine {
  struct Given {
    std::string name;  ///< of the option, without dashes
    std::string value;
  };
  std::vector<Given> options;
  std::vector<std::string> words;  ///< what is no option

  [[nodiscard]] bool has(std::string_view option) const;
};

/// How an option is written.
struct OptionForm {
  std::string name;
  bool has_argument = false;
  bool repeats = false;
};

/// Finds an option by its name, `--name`, or by its letter, `-f`; nullopt if it is unknown.
using FindForm = std::function<std::optional<OptionForm>(std::string_view)>;

/// An option's argument is the rest of the word or the whole next word, whatever it looks like,
/// even empty; all behind `--` are words. Throws Error (kUsage).
CommandLine parse_command_line(int argc, const char* const* argv, const FindForm& find_form);

}  // namespace inforeply
