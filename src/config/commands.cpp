#include "inforeply/commands.hpp"

#include <array>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <sstream>
#include <utility>

#include "config/command_line.hpp"
#include "config/main_configuration.hpp"
#include "config/option_table.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace po = boost::program_options;

namespace inforeply {
namespace {

OptionForm form_of(const Option& option) {
  return {option.name, option.argument != nullptr, option.repeats == Repeats::kYes};
}

/// The option of that place that is written as `--name` or `-f`.
std::optional<OptionForm> find_form(std::string_view written, Place place) {
  if (written.starts_with("--")) {
    const auto* option = find_option(written.substr(2), place);
    return option == nullptr ? std::nullopt : std::optional(form_of(*option));
  }
  for (const auto& option : all_options()) {
    if (option.letter == written[1] && (option.places & place) != 0) return form_of(option);
  }
  return std::nullopt;
}

CommandLine parse_responder_line(int argc, const char* const* argv) {
  return parse_command_line(
      argc, argv, [](std::string_view written) { return find_form(written, kResponder); });
}

bool is_question(const CommandLine& line) {
  return line.has("help") || line.has("version");
}

void take_command_line(OptionTarget& target, const CommandLine& line, Place place) {
  for (const auto& [name, value] : line.options) {
    find_option(name, place)->take(target, value);
    target.command.settings.origins[name] = {"option --" + name, 0};
  }
}

void take_recipients(OptionTarget& target, const std::vector<std::string>& words,
                     const EnvelopeVariables& variables) {
  auto& recipients = target.command.envelope.recipients;
  for (const auto& address : words)
    recipients.push_back({address, {}});
  if (recipients.empty() && !variables.recipient.empty()) {
    recipients.push_back({variables.recipient, variables.original_recipient});
  }
  const auto& originals = target.original_recipients;
  if (originals.size() > recipients.size()) {
    throw Error(Fault::kUsage, "more original recipients than recipients");
  }
  for (std::size_t i = 0; i < originals.size(); ++i)
    recipients[i].original = originals[i];
}

void require_dry_run(const ResponderCommand& command) {
  if (command.dry_run) return;
  if (command.explain) throw Error(Fault::kUsage, "--explain needs --dry-run");
  if (command.show) throw Error(Fault::kUsage, "--show needs --dry-run");
}

/// Such a check is a dry run for one recipient.
void take_delivery_check(ResponderCommand& command, const std::vector<std::string>& words) {
  if (!command.check_to.empty() && command.check_delivery.empty())
    throw Error(Fault::kUsage, "--to needs --check-delivery");
  if (command.check_delivery.empty()) return;
  if (!words.empty())
    throw Error(Fault::kUsage, "--check-delivery takes one address and no recipients");
  command.dry_run = true;
  command.envelope.recipients = {{command.check_delivery, {}}};
  if (!command.check_to.empty()) command.envelope.sender = command.check_to;
}

std::string help_of(const Option& option) {
  if (option.default_value == nullptr) return option.help;
  return std::string(option.help) + "; by default " + option.default_value;
}

void add_option(po::options_description& options, const std::string& names, const char* argument,
                const std::string& help) {
  if (argument == nullptr) {
    options.add_options()(names.c_str(), help.c_str());
  } else {
    options.add_options()(names.c_str(), po::value<std::string>()->value_name(argument),
                          help.c_str());
  }
}

po::options_description described(const char* title, bool (*is_wanted)(unsigned places)) {
  po::options_description options(title);
  for (const auto& option : all_options()) {
    if (!is_wanted(option.places)) continue;
    std::string names = option.name;
    if (option.letter != 0) names += std::string(",") + option.letter;
    add_option(options, names, option.argument, help_of(option));
  }
  return options;
}

po::options_description general_options() {
  return described("General", [](unsigned places) { return places == (kResponder | kTools); });
}

}  // namespace

Settings default_settings() {
  return default_target().command.settings;
}

ResponderCommand parse_responder_command(int argc, const char* const* argv,
                                         const EnvelopeVariables& variables) {
  const auto line = parse_responder_line(argc, argv);
  if (is_question(line)) {
    ResponderCommand command;
    command.help = line.has("help");
    command.version = line.has("version");
    return command;
  }
  OptionTarget target = default_target();
  auto& command = target.command;
  take_command_line(target, line, kResponder);
  require_dry_run(command);
  if (command.check_config) {
    read_main_configuration(target,
                            [&](const ConfigError& fault) { command.faults.push_back(fault); });
    return command;
  }
  take_delivery_check(command, line.words);
  if (command.dry_run) target.purpose = Purpose::kInspection;
  read_main_configuration(target, throw_fault);
  if (!command.check_delivery.empty()) return command;
  take_recipients(target, line.words, variables);
  if (line.words.empty() && variables.sender)
    command.last_sender = normalize_sender(*variables.sender);
  // A dry run on a terminal has a sample message, which brings its own recipient.
  if (command.envelope.recipients.empty() && !command.dry_run) {
    throw Error(Fault::kUsage, "no recipient (see --help)");
  }
  return command;
}

LogFormat find_log_format(int argc, const char* const* argv) {
  OptionTarget target = default_target();
  target.purpose = Purpose::kInspection;
  try {
    for (const auto& [name, value] : parse_responder_line(argc, argv).options) {
      if (name == "config") target.configuration = value;
    }
    read_main_configuration(target, pass_over);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): what was read before it counts
  }
  return target.command.settings.log_format;
}

bool is_inspection(int argc, const char* const* argv) {
  constexpr std::array<std::string_view, 3> kInspections = {"dry-run", "check-config",
                                                            "check-delivery"};
  bool is_found = false;
  // A fault ends the parsing, so what is not known may have an argument only the second time.
  for (const bool has_argument : {false, true}) {
    const auto find_any_form = [&](std::string_view written) {
      const auto form = find_form(written, kResponder);
      if (form && is_one_of(form->name, kInspections)) is_found = true;
      return form ? form : OptionForm{std::string(written), has_argument, true};
    };
    try {
      parse_command_line(argc, argv, find_any_form);
      break;
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): what was found before it counts
    }
  }
  return is_found;
}

std::string responder_help() {
  std::ostringstream text;
  text << "Usage: inforeply [options] -f SENDER -- RECIPIENT...\n"
          "       inforeply [options]\n\n"
          "Answers the message on standard input, if an automatic answer is due (RFC 3834).\n"
          "Without a recipient, for a command in an alias, RECIPIENT and ORIGINAL_RECIPIENT\n"
          "of the environment count, and SENDER where nothing else names the sender.\n\n"
       << described("Delivery", [](unsigned places) { return places == kResponder; }) << '\n'
       << described("Also in the configuration file, as 'name = value'",
                    [](unsigned places) { return (places & kResponder) && (places & kFile); })
       << "\nOnly in the configuration file:\n";
  for (const auto& option : all_options()) {
    if (option.places != kFile) continue;
    std::string form = std::string("  ") + option.name + " = " + option.argument + "  ";
    form.resize(std::max<std::size_t>(form.size(), 31), ' ');
    text << form << help_of(option) << '\n';
  }
  text << '\n'
       << general_options()
       << "\nExit status: 0 dealt with, answered or not; 75 to be tried again.\n";
  return text.str();
}

ToolCommand parse_tool_command(int argc, const char* const* argv,
                               const std::vector<ToolOption>& own_options) {
  const auto find_own = [&](std::string_view name) -> const ToolOption* {
    for (const auto& option : own_options) {
      if (option.name == name) return &option;
    }
    return nullptr;
  };
  const auto find = [&](std::string_view written) -> std::optional<OptionForm> {
    const auto* own = written.starts_with("--") ? find_own(written.substr(2)) : nullptr;
    if (own == nullptr) return find_form(written, kTools);
    return OptionForm{own->name, own->argument != nullptr, false};
  };
  auto line = parse_command_line(argc, argv, find);
  ToolCommand command;
  command.help = line.has("help");
  command.version = line.has("version");
  command.words = std::move(line.words);
  if (is_question(line)) return command;
  // A tool's own option may have the name of a setting but means something else.
  std::erase_if(line.options, [&](const CommandLine::Given& given) {
    if (find_own(given.name) == nullptr) return false;
    command.options[given.name] = given.value;
    return true;
  });
  OptionTarget target = default_target();
  target.purpose = Purpose::kInspection;
  take_command_line(target, line, kTools);
  read_main_configuration(target, throw_fault);
  command.settings = std::move(target.command.settings);
  return command;
}

std::string tool_options_help(const std::vector<ToolOption>& own_options,
                              CacheOption cache_option) {
  po::options_description options("Options");
  for (const auto& option : own_options)
    add_option(options, option.name, option.argument, option.help);
  for (const auto& option : all_options()) {
    const bool is_of_cache = (option.places & kTools) && (option.places & kFile);
    if (!is_of_cache || cache_option == CacheOption::kOmit) continue;
    add_option(options, option.name, option.argument, help_of(option));
  }
  options.add(general_options());
  std::ostringstream text;
  text << options;
  return text.str();
}

}  // namespace inforeply
