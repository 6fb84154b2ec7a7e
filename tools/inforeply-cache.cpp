// inforeply-cache: shows and changes the reply cache.

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "cache_commands.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/sender.hpp"

namespace inforeply {
namespace {

constexpr ToolOption kState = {"state", "STATE", "only those that are answered or pending"};
constexpr ToolOption kSince = {
    "since", "TIME",
    "only those answered then or later: a time such as 2026-12-24 or 2026-12-24T18:00Z, or 7d for "
    "that long ago"};
constexpr ToolOption kUntil = {
    "until", "TIME", "only those answered before; a date without a time of day counts to its end"};
constexpr ToolOption kSenders = {"sender", "ADDR",
                                 "only those of this sender, or a pattern: '*@example.net'"};
constexpr ToolOption kResponders = {"responder", "ADDR",
                                    "only those of this responder, or a pattern: '*@example.org'"};
constexpr ToolOption kShadow = {"shadow", nullptr,
                                "what would have been answered: the memory of shadow mode"};
constexpr ToolOption kTop = {"top", "N", "how many responders and domains to name (10)"};

bool has_option(const std::vector<ToolOption>& options, std::string_view name) {
  return std::any_of(options.begin(), options.end(),
                     [&](const ToolOption& option) { return option.name == name; });
}

const std::vector<CacheCommand>& commands() {
  static const std::vector<CacheCommand> table = {
      {"list",
       "[RESPONDER]",
       "who was answered, and when",
       "inforeply-cache list --sender '*@example.net' --since 7d --sort -answered",
       {{"format", "FORMAT",
         "table (default), json (an object a line) or csv (RFC 4180; with a ' before what a "
         "spreadsheet would take for a formula)"},
        kSenders,
        kResponders,
        kState,
        kSince,
        kUntil,
        {"limit", "N", "at most so many, the first ones in the order of --sort"},
        {"sort", "KEY",
         "by responder (default), sender, answered, expires or count; with - in front the other "
         "way round"}},
       list_records},
      {"show",
       "RESPONDER SENDER",
       "all that is known of one person",
       "inforeply-cache show info@example.org alice@example.net",
       {{"format", "FORMAT", "table (default) or json (an object a line)"}},
       show_person},
      {"forget",
       "RESPONDER SENDER | --sender ADDR | --responder ADDR [--compact]",
       "removes records, so that the next message is answered",
       "inforeply-cache forget --sender alice@example.net",
       {{"sender", "ADDR", "all that is known of this sender; with --responder, only there"},
        {"responder", "ADDR", "all that this responder has answered"},
        {"compact", nullptr, "leave no trace in the file's free pages either"}},
       forget_records},
      {"export",
       "[RESPONDER]",
       "all records as lines of JSON, for import",
       "inforeply-cache export >records.json",
       {kSenders, kResponders, kState, kSince, kUntil, {"limit", "N", "at most so many"}},
       export_records},
      {"import",
       "[FILE]",
       "stores what export, or another program, has written",
       "vacation -l | inforeply-cache import --from vacation --responder info@example.org",
       {{"from", "FORMAT",
         "json (default; as export writes it), vacation (as vacation -l prints it), postfixadmin "
         "(CSV of its table vacation_notification), gnarwl (as damnit -f '%tstamp %entry\\n' -l "
         "prints it) or qmail-autoresponder (the names of its files)"},
        {"responder", "ADDR", "with vacation, gnarwl and qmail-autoresponder: who has answered"},
        {"handle", "HANDLE",
         "not with json: what was answered; by default the handle of the responder's own reply"},
        {"interval", "DURATION",
         "not with json: for how long that counts, such as 7d, or once; by default the responder's "
         "own"},
        {"keep-going", nullptr, "store the good lines though others are bad"}},
       import_records},
      {"stats",
       "",
       "figures: records, replies by responder, domain and day, the file",
       "inforeply-cache stats --top 20",
       {{"format", "FORMAT",
         "table (default; on a terminal with pictures), json (one object) or prometheus (its text "
         "format, for the node exporter)"},
        kTop},
       show_statistics},
      {"report",
       "--html FILE",
       "the figures of stats as a page for a browser",
       "inforeply-cache report --html /var/lib/inforeply/replies.html",
       {{"html", "FILE", "the page to write; what is there already is replaced"}, kTop},
       write_report},
      {"digest",
       "RESPONDER",
       "a message to the owner: who was answered, for sendmail -t",
       "inforeply-cache digest info@example.org | /usr/sbin/sendmail -t",
       {{"since", "TIME",
         "only those answered then or later, as for list; by default since the active period "
         "began, "
         "else all"},
        {"due", "FILE",
         "for a timer: print only what has become due since FILE was changed last, or in a day if "
         "it "
         "is missing: the digest of a period that has ended, or every 30 days a reminder of a "
         "responder without an end"}},
       print_digest},
      {"check",
       "[--repair]",
       "whether the file, or the server, is sound: status 65 where it is not",
       "inforeply-cache check",
       {{"repair", nullptr,
         "mend the index, remove damaged records; if pages are damaged, save what can be read into "
         "a "
         "new file and keep the old one beside it as FILE.damaged"}},
       check_file},
      {"backup",
       "FILE",
       "a consistent copy, while deliveries go on",
       "inforeply-cache backup /var/lib/inforeply/backup.mdb",
       {},
       back_up},
  };
  return table;
}

/// The options of all commands, each name once: the command line is read before the command is
/// known.
std::vector<ToolOption> all_options() {
  std::vector<ToolOption> all = {kShadow};
  for (const auto& command : commands()) {
    for (const auto& option : command.options) {
      if (!has_option(all, option.name)) all.push_back(option);
    }
  }
  return all;
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
         tool_options_help({kShadow});
}

std::string help(const CacheCommand& command) {
  std::string summary = command.summary;
  auto options = command.options;
  options.push_back(kShadow);
  summary.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(summary.front())));
  return "Usage: inforeply-cache [--cache URL] [-c FILE] " + std::string(command.name) +
         (*command.synopsis == '\0' ? "" : " ") + command.synopsis + "\n\n" + summary +
         ".\n\nExample: " + command.example + "\n\n" + tool_options_help(options);
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
    if (!has_option(command.options, name)) {
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
  if (command.options.erase(kShadow.name) > 0) command.settings.cache.mode = ReplyMode::kShadow;
  require_own_options(known, command.options);
  command.words.erase(command.words.begin());
  return known.run(
      {known.name, command.settings, std::move(command.words), std::move(command.options)});
}

}  // namespace

void nothing_found(const RecordFilter& filter) {
  throw Error(Fault::kInput, "no record" + (filter.sender.empty() ? "" : " of " + filter.sender) +
                                 (filter.responder.empty() ? "" : " with " + filter.responder));
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

std::string CacheRequest::format(std::span<const std::string_view> known) const {
  auto format = find("format").value_or(std::string(known.front()));
  if (std::find(known.begin(), known.end(), format) != known.end()) return format;
  std::string expected;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i > 0) expected += i + 1 < known.size() ? ", " : " or ";
    expected += known[i];
  }
  usage_error("--format: expected " + expected);
}

bool CacheRequest::wants_json() const {
  static constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};
  return format(kFormats) == "json";
}

std::unique_ptr<CacheRecords> CacheRequest::open() const {
  const auto store = make_cache_store(settings_.cache);
  warn_of(*store);
  return store->open_records(CacheAccess::kExisting);
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
                  [&] { return run(parse_tool_command(argc, argv, all_options())); });
}
