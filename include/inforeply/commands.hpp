// The command lines of the programs, with the main configuration read in.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "inforeply/settings.hpp"

namespace inforeply {

/// The settings without a command line and a file.
Settings default_settings();

/// The responder's command line, with the configuration file that it names read in; `variables`
/// count only where it names no recipient. Throws Error (kUsage) or, unless it is to be checked,
/// ConfigError. An option's argument is always the word behind it, whatever it looks like, and all
/// behind `--` are recipients: addresses come from strangers.
ResponderCommand parse_responder_command(int argc, const char* const* argv,
                                         const EnvelopeVariables& variables);

std::string responder_help();

/// What the tools share with the responder: `--cache`, `-c`, `--help` and `--version`, beside a
/// tool's own options.
struct ToolCommand {
  Settings settings;
  std::vector<std::string> words;              ///< what is no option
  std::map<std::string, std::string> options;  ///< the tool's own that were given; flags as ""
  bool help = false;
  bool version = false;
};

struct ToolOption {
  const char* name;
  const char* argument;  ///< what the help calls it; null for a flag
  const char* help;
};

/// Throws Error (kUsage) or ConfigError.
ToolCommand parse_tool_command(int argc, const char* const* argv,
                               const std::vector<ToolOption>& own_options);
std::string tool_options_help(const std::vector<ToolOption>& own_options);

}  // namespace inforeply
