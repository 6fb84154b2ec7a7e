// inforeply-cache: looks into the reply cache.

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "cache_commands.hpp"

namespace inforeply {
namespace {

const std::vector<ToolOption>& own_options() {
  static const std::vector<ToolOption> options = {
      {"format", ToolOption::Argument::kRequired,
       "table (default), json (an object a line), or for list csv (RFC 4180; with a ' before what "
       "a "
       "spreadsheet would take for a formula)"},
      {"sender", ToolOption::Argument::kRequired,
       "the records of this sender; list and export take a pattern, too: '*@example.net'"},
      {"responder", ToolOption::Argument::kRequired,
       "the records of this responder, or a pattern in the same way; for import, whose database "
       "vacation -l printed"},
      {"state", ToolOption::Argument::kRequired, "answered or pending"},
      {"since", ToolOption::Argument::kRequired,
       "answered then or later: a time such as 2026-12-24 or 2026-12-24T18:00Z, or 7d for that "
       "long ago"},
      {"until", ToolOption::Argument::kRequired,
       "answered before; a date without a time of day counts to its end"},
      {"limit", ToolOption::Argument::kRequired, "at most so many records"},
      {"sort", ToolOption::Argument::kRequired,
       "by responder (default), sender, answered, expires or count; with - in front the other way "
       "round"},
      {"from", ToolOption::Argument::kRequired,
       "json (default; as export writes it), vacation (as vacation -l prints it) or postfixadmin "
       "(CSV of its table vacation_notification)"},
      {"handle", ToolOption::Argument::kRequired,
       "what was answered, for those that do not say; by default the handle of the responder's own "
       "reply"},
      {"interval", ToolOption::Argument::kRequired,
       "for how long that counts, such as 7d, or once; by default the responder's own"},
      {"keep-going", ToolOption::Argument::kNone, "store the good lines though others are bad"},
      {"top", ToolOption::Argument::kRequired, "how many responders and domains to show (10)"},
      {"html", ToolOption::Argument::kRequired, "the file to write"},
      {"repair", ToolOption::Argument::kNone, "mend the index, remove what is damaged"},
  };
  return options;
}

const std::vector<CacheCommand>& commands() {
  static const std::vector<CacheCommand> table = {
      {"list",
       "[RESPONDER]",
       "who was answered, and when",
       "inforeply-cache list --sender '*@example.net' --since 7d --sort -answered",
       {"format", "sender", "responder", "state", "since", "until", "limit", "sort"},
       list_records},
      {"show",
       "RESPONDER SENDER",
       "all that is known of one person",
       "inforeply-cache show info@example.org alice@example.net",
       {"format"},
       show_person},
      {"forget",
       "RESPONDER SENDER | --sender ADDR | --responder ADDR",
       "removes records, so that the next message is answered",
       "inforeply-cache forget --sender alice@example.net",
       {"sender", "responder"},
       forget_records},
      {"export",
       "[RESPONDER]",
       "all records as lines of JSON, for import",
       "inforeply-cache export >records.json",
       {"sender", "responder", "state", "since", "until", "limit"},
       export_records},
      {"import",
       "[FILE]",
       "stores what export, or another program, has written",
       "vacation -l | inforeply-cache import --from vacation --responder info@example.org",
       {"from", "responder", "handle", "interval", "keep-going"},
       import_records},
      {"stats",
       "",
       "figures: records, replies by responder, domain and day, the file",
       "inforeply-cache stats --top 20",
       {"format", "top"},
       show_statistics},
      {"report",
       "--html FILE",
       "the same as a page for a browser",
       "inforeply-cache report --html /var/www/html/replies.html",
       {"html", "top"},
       write_report},
      {"check",
       "[--repair]",
       "whether the file is sound: status 65 where it is not",
       "inforeply-cache check",
       {"repair"},
       check_file},
      {"backup",
       "FILE",
       "a consistent copy, while deliveries go on",
       "inforeply-cache backup /var/backups/inforeply.mdb",
       {},
       back_up},
  };
  return table;
}

std::string help() {
  std::string text =
      "Usage: inforeply-cache [--cache URL] [-c FILE] COMMAND [options]\n\n"
      "Looks into the reply cache: who was answered, and when.\n\nCommands:\n";
  for (const auto& command : commands()) {
    std::string name = command.name;
    name.resize(10, ' ');
    text += "  " + name + command.summary + "\n";
  }
  return text + "\nCOMMAND --help tells its options. Example: inforeply-cache list\n\n" +
         tool_options_help({});
}

std::string help(const CacheCommand& command) {
  std::vector<ToolOption> options;
  for (const auto& option : own_options()) {
    if (std::find(command.options.begin(), command.options.end(), option.name) !=
        command.options.end()) {
      options.push_back(option);
    }
  }
  std::string summary = command.summary;
  summary.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(summary.front())));
  return "Usage: inforeply-cache [--cache URL] [-c FILE] " + std::string(command.name) + " " +
         command.synopsis + "\n\n" + summary + ".\n\nExample: " + command.example + "\n\n" +
         tool_options_help(options);
}

const CacheCommand& find_command(const std::string& name) {
  const auto found =
      std::find_if(commands().begin(), commands().end(),
                   [&](const CacheCommand& command) { return name == command.name; });
  if (found == commands().end()) usage_error("unknown command '" + name + "'");
  return *found;
}

void require_own_options(const CacheCommand& command,
                         const std::map<std::string, std::string>& options) {
  for (const auto& [name, argument] : options) {
    if (std::find(command.options.begin(), command.options.end(), name) == command.options.end()) {
      usage_error("--" + name + " does not go with '" + command.name + "'");
    }
  }
}

ExitStatus run(ToolCommand command) {
  if (command.version) {
    print("inforeply-cache " INFOREPLY_VERSION "\n");
    return ExitStatus::kOk;
  }
  if (command.help && command.words.empty()) {
    print(help());
    return ExitStatus::kOk;
  }
  if (command.words.empty()) usage_error("no command");
  const CacheCommand& known = find_command(command.words.front());
  if (command.help) {
    print(help(known));
    return ExitStatus::kOk;
  }
  require_own_options(known, command.options);
  command.words.erase(command.words.begin());
  return known.run(
      {known.name, command.settings, std::move(command.words), std::move(command.options)});
}

}  // namespace

void usage_error(const std::string& text) {
  throw Error(Fault::kUsage, text + " (see --help)");
}

const std::vector<std::string>& CacheRequest::arguments(std::size_t least, std::size_t most) const {
  if (arguments_.size() < least || arguments_.size() > most) {
    usage_error("'" + command_ + "': wrong number of arguments");
  }
  return arguments_;
}

std::optional<std::string> CacheRequest::find(const std::string& option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? std::nullopt : std::optional(found->second);
}

std::unique_ptr<ReplyCache> CacheRequest::open() const {
  return open_cache(settings_.cache, CacheAccess::kExisting);
}

namespace {

Address require_address(const std::string& text) {
  auto address = parse_address(text);
  if (!address) usage_error("'" + text + "' is not a mail address");
  return *std::move(address);
}

}  // namespace

std::string CacheRequest::responder_name(const std::string& text) const {
  return without_extension(require_address(text), settings_.recipient_delimiter).normalized();
}

std::string CacheRequest::sender_name(const std::string& text) {
  return canonical_sender(require_address(text));
}

}  // namespace inforeply

int main(int argc, char** argv) {
  using namespace inforeply;  // NOLINT(google-build-using-namespace)
  return run_tool("inforeply-cache",
                  [&] { return run(parse_tool_command(argc, argv, own_options())); });
}
