// The command lines of the programs, with the main configuration read in.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "inforeply/log_format.hpp"
#include "inforeply/settings.hpp"

namespace inforeply {

/// The settings that hold without a command line and a configuration file.
Settings default_settings();

/// Reads the responder's command line and the configuration file that it names. `variables` count
/// only if the command line names no recipient. Throws Error (kUsage) and, unless the file is only
/// to be checked, ConfigError. Addresses come from strangers: an option's argument is always the
/// next word, whatever it looks like, and all words behind `--` are recipients.
ResponderCommand parse_responder_command(int argc, const char* const* argv,
                                         const EnvelopeVariables& variables);

/// The log's format that this command line asks for, as far as it and the configuration file can be
/// read: for the report of a fault in them.
LogFormat find_log_format(int argc, const char* const* argv);

/// Whether this command line asks for a look at something, not for a delivery, as far as it can be
/// parsed: for the report of a fault in it.
bool is_inspection(int argc, const char* const* argv);

std::string responder_help();

/// A tool's command line: the options it shares with the responder (`--cache`, `-c`, `--help`,
/// `--version`), and its own.
struct ToolCommand {
  Settings settings;
  std::vector<std::string> words;              ///< arguments that are no options
  std::map<std::string, std::string> options;  ///< the tool's own that were given; of a flag ""
  bool help = false;
  bool version = false;
};

struct ToolOption {
  const char* name;
  const char* argument;  ///< its name in the help; null for a flag
  const char* help;
};

/// Throws Error (kUsage) or ConfigError.
ToolCommand parse_tool_command(int argc, const char* const* argv,
                               const std::vector<ToolOption>& own_options);

enum class CacheOption { kOmit, kInclude };
std::string tool_options_help(const std::vector<ToolOption>& own_options,
                              CacheOption cache_option = CacheOption::kInclude);

}  // namespace inforeply
