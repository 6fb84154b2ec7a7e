#include "inforeply/settings.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cerrno>
#include <cstddef>
#include <map>
#include <sstream>

#include "base/log.hpp"
#include "base/trusted_file.hpp"
#include "config/config_file.hpp"
#include "inforeply/address.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "mailer/mailer.hpp"

namespace po = boost::program_options;

namespace inforeply {
namespace {

constexpr const char* kDefaultConfig = "/etc/inforeply/inforeply.conf";
constexpr const char* kWords = "words";

/// An argument that is any text, called `name` in the help.
po::typed_value<std::string>* text(const char* name) {
  return po::value<std::string>()->value_name(name);
}

po::options_description general_options() {
  po::options_description options("General");
  auto add = options.add_options();
  add("config,c", text("FILE"),
      "main configuration, by default /etc/inforeply/inforeply.conf, which may be missing");
  add("help,h", "this text");
  add("version", "the program's version");
  return options;
}

po::options_description delivery_options() {
  po::options_description options("Delivery");
  auto add = options.add_options();
  add("sender,f", text("ADDR"),
      "envelope sender; '', '<>' and MAILER-DAEMON are the null sender. Without it the "
      "Return-Path or mbox line at the top of the message counts");

  add("dry-run,n",
      "decide and compose, print it, touch neither cache nor mailer; on a terminal the message "
      "is a sample, so that you can look at a reply: inforeply -n --show --responder FILE");
  add("show", "with --dry-run: print the reply as its reader sees it, not as it is sent");
  add("explain", "with --dry-run: print every rule with its outcome");
  add("check-config", "read the configuration and every responder, print every fault");
  add("now", text("TIME"), "for tests: seconds since the epoch to take as now");
  return options;
}

void add_cache_option(po::options_description& options) {
  options.add_options()("cache", text("URL"),
                        "lmdb:PATH, the reply cache; by default lmdb:/var/lib/inforeply/cache.mdb");
}

/// What may stand on the responder's command line as well as in the main configuration.
po::options_description shared_options() {
  po::options_description options("Also in the configuration file, as 'name = value'");
  auto add = options.add_options();

  add("original-recipient", po::value<std::vector<std::string>>()->value_name("ADDR")->composing(),
      "the n-th belongs to the n-th recipient: its address before aliases");
  add("queue-id", text("ID"), "for the log, and to recognise a delivery tried again");
  add("responder", text("FILE"), "use this responder for every recipient");
  add("responders", text("DIR"), "responder files by address (/etc/inforeply/responders)");
  add_cache_option(options);
  add("mailer", text("SPEC"),
      "absolute path of a sendmail command, perhaps with options (/usr/sbin/sendmail)");
  add("log", text("SPEC"), "syslog (default) or stderr");
  return options;
}

/// Names that only the configuration file knows.
po::options_description file_options() {
  po::options_description options;
  for (const char* name :
       {"recipient-delimiter", "user", "log-addresses", "limit", "limit-sender-domain"}) {
    options.add_options()(name, text(name));
  }
  for (const char* name : {"autoreply-domain", "trusted-authserv"}) {
    options.add_options()(name, po::value<std::vector<std::string>>()->composing());
  }
  return options;
}

po::options_description hidden_words() {
  po::options_description options;
  options.add_options()(kWords, po::value<std::vector<std::string>>());
  return options;
}

/// For options that take an argument, the rule of getopt(3): the argument is the rest of the word
/// or the whole next word, whatever it looks like, even empty. Boost would take `-n` in `-f -n` for
/// an option of ours and refuse `--name=`.
std::vector<po::option> take_option_with_argument(const po::options_description& known,
                                                  std::vector<std::string>& words) {
  const std::string word = words.front();
  if (word.size() < 2 || word[0] != '-' || word == "--") return {};
  const bool is_long = word[1] == '-';
  const auto equals = is_long ? word.find('=') : std::string::npos;
  const std::string name = is_long ? word.substr(2, equals - 2) : word.substr(0, 2);
  const auto* description = known.find_nothrow(name, false);
  if (description == nullptr || description->semantic()->max_tokens() == 0) return {};

  words.erase(words.begin());
  std::string argument;
  if (equals != std::string::npos) {
    argument = word.substr(equals + 1);
  } else if (!is_long && word.size() > 2) {
    argument = word.substr(2);
  } else if (!words.empty()) {
    argument = words.front();
    words.erase(words.begin());
  } else {
    throw Error(Fault::kUsage, "option '" + word + "' needs an argument");
  }
  po::option option(name, {argument});
  option.original_tokens = {word};
  return {option};
}

po::variables_map parse_words(int argc, const char* const* argv,
                              const po::options_description& options) {
  po::options_description all;
  all.add(options).add(hidden_words());
  po::positional_options_description positional;
  positional.add(kWords, -1);
  po::variables_map values;
  try {
    po::store(
        po::command_line_parser(argc, argv)
            .options(all)
            .positional(positional)
            .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
            .extra_style_parser([&](std::vector<std::string>& words) {
              return take_option_with_argument(options, words);
            })
            .run(),
        values);
  } catch (const po::error& error) {
    throw Error(Fault::kUsage, error.what());
  }
  return values;
}

std::string text_of(const po::variables_map& values, const std::string& name,
                    const std::string& otherwise = {}) {
  return values.count(name) == 0 ? otherwise : values[name].as<std::string>();
}

std::vector<std::string> texts_of(const po::variables_map& values, const std::string& name) {
  return values.count(name) == 0 ? std::vector<std::string>{}
                                 : values[name].as<std::vector<std::string>>();
}

enum class Purpose { kDelivery, kInspection };

/// Run as somebody else, we would leave files behind that the account cannot use.
void require_account(const std::string& name, Purpose purpose) {
  if (purpose == Purpose::kInspection) return;
  const passwd* account = ::getpwnam(name.c_str());
  if (account == nullptr)
    throw Error(Fault::kConfiguration, "user = " + name + ": no such account");
  if (account->pw_uid != ::geteuid()) {
    throw Error(Fault::kConfiguration,
                "user = " + name + ": the account that runs is " + running_account());
  }
}

/// In a file, a relative path would depend on where the mail server happens to stand.
void require_absolute(const std::string& name, std::string_view value) {
  if (name == "cache" && value.starts_with("lmdb:")) value.remove_prefix(5);
  const bool is_path = name == "cache" || name == "responder" || name == "responders";
  if (is_path && !value.starts_with('/')) {
    throw Error(Fault::kConfiguration, "'" + name + "' needs an absolute path");
  }
}

/// Throws Error (kUsage) for a value that its reader would not take.
void check_value(const std::string& name, const std::string& value) {
  if (name == "cache") check_cache_url(value);
  if (name == "mailer") check_mailer_spec(value);
  if (name == "log") make_log(value);
  if (name == "log-addresses" && value != "yes" && value != "no") {
    throw Error(Fault::kUsage, "'log-addresses' is yes or no");
  }
  if ((name == "limit" || name == "limit-sender-domain") && !parse_rate_limit(value)) {
    throw Error(Fault::kUsage,
                "'" + name + " = " + value + "': expected replies in a time, such as 100/1h");
  }
  if (name == "trusted-authserv" && value.find_first_of(" \t;,()\"") != std::string::npos) {
    throw Error(Fault::kUsage, "'trusted-authserv = " + value + "': expected one authserv-id");
  }
  if (name == "recipient-delimiter" && value.find_first_of("@.\"") != std::string::npos) {
    throw Error(Fault::kUsage,
                "'recipient-delimiter = " + value + "': expected characters such as +, or none");
  }
  if (name == "autoreply-domain" && !parse_domain(value)) {
    throw Error(Fault::kUsage, "'autoreply-domain = " + value + "': expected a domain");
  }
}

/// Adds the entries of the main configuration to `values`, where the command line has not set them,
/// and says in `settings` which file that is and where they stand.
void add_config_file(po::variables_map& values, Settings& settings, Purpose purpose,
                     const FaultHandler& on_fault) {
  const bool named = values.count("config") != 0;
  const std::string path = text_of(values, "config", kDefaultConfig);
  if (!named && ::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) return;
  settings.configuration = path;
  po::options_description known = shared_options();
  known.add(file_options());

  po::parsed_options parsed(&known);
  std::map<std::string, std::size_t> seen;  // name to line
  const auto take = [&](const ConfigEntry& entry) {
    const auto fault = [&](const std::string& text) { throw ConfigError(path, entry.line, text); };
    const auto* description = known.find_nothrow(entry.name, false);
    if (description == nullptr) fault("unknown name '" + entry.name + "'");
    const auto [first, is_first] = seen.emplace(entry.name, entry.line);
    if (!is_first && !description->semantic()->is_composing()) {
      fault("'" + entry.name + "' is set already in line " + std::to_string(first->second));
    }
    settings.origins.emplace(entry.name, SettingOrigin{path, entry.line});
    try {
      check_value(entry.name, entry.value);
      require_absolute(entry.name, entry.value);
      if (entry.name == "user") require_account(entry.value, purpose);
    } catch (const Error& error) {
      fault(error.what());
    }
    if (values.count(entry.name) != 0) return;  // the command line has it
    parsed.options.emplace_back(entry.name, std::vector<std::string>{entry.value});
  };
  collect_fault(on_fault, [&] {
    const std::string text = read_trusted_file(path, kMaxConfigFileOctets);
    const ConfigFile file = parse_config(path, text, on_fault);
    for (const auto& entry : file.entries)
      collect_fault(on_fault, [&] { take(entry); });
    for (const auto& section : file.sections) {
      if (!section.title.empty()) {  // else it was at fault
        on_fault({path, section.line, "unknown section '[" + section.title + "]'"});
      }
      for (const auto& entry : section.entries)
        collect_fault(on_fault, [&] { take(entry); });
    }
  });
  po::store(parsed, values);
}

std::optional<RateLimit> limit_of(const po::variables_map& values, const std::string& name) {
  return parse_rate_limit(text_of(values, name));
}

Settings settings_from(po::variables_map& values, Purpose purpose,
                       const FaultHandler& on_fault = throw_fault) {
  for (const char* name : {"cache", "mailer", "log"}) {
    if (values.count(name) != 0) check_value(name, text_of(values, name));
  }
  Settings settings;
  for (const auto& [name, value] : values)
    settings.origins[name] = {"option --" + name, 0};
  add_config_file(values, settings, purpose, on_fault);
  settings.responder = text_of(values, "responder");
  settings.responders = text_of(values, "responders", settings.responders);
  settings.cache = text_of(values, "cache", settings.cache);
  settings.mailer = text_of(values, "mailer", settings.mailer);
  settings.log = text_of(values, "log", settings.log);
  settings.recipient_delimiter =
      text_of(values, "recipient-delimiter", settings.recipient_delimiter);
  if (settings.recipient_delimiter == "none") settings.recipient_delimiter.clear();
  settings.log_addresses = text_of(values, "log-addresses", "yes") == "yes";
  for (const auto& text : texts_of(values, "autoreply-domain")) {
    if (auto domain = parse_domain(text)) {
      settings.autoreply_domains.push_back(*std::move(domain));
    }
  }
  settings.trusted_authserv = texts_of(values, "trusted-authserv");
  settings.limit = limit_of(values, "limit");
  settings.limit_sender_domain = limit_of(values, "limit-sender-domain");
  return settings;
}

Envelope envelope_from(const po::variables_map& values, const EnvelopeVariables& variables) {
  Envelope envelope;
  if (values.count("sender") != 0) envelope.sender = normalize_sender(text_of(values, "sender"));
  envelope.queue_id = text_of(values, "queue-id");
  for (auto& address : texts_of(values, kWords))
    envelope.recipients.push_back({address, {}});
  if (envelope.recipients.empty() && !variables.recipient.empty()) {
    envelope.recipients.push_back({variables.recipient, variables.original_recipient});
  }
  const auto originals = texts_of(values, "original-recipient");
  if (originals.size() > envelope.recipients.size()) {
    throw Error(Fault::kUsage, "more original recipients than recipients");
  }
  for (std::size_t i = 0; i < originals.size(); ++i) {
    envelope.recipients[i].original = originals[i];
  }
  return envelope;
}

po::options_description tool_options(const std::vector<ToolOption>& own_options) {
  po::options_description options("Options");
  for (const auto& option : own_options) {
    if (option.argument == nullptr) {
      options.add_options()(option.name, option.help);
    } else {
      options.add_options()(option.name, text(option.argument), option.help);
    }
  }
  add_cache_option(options);
  options.add(general_options());
  return options;
}

}  // namespace

SettingOrigin Settings::origin_of(const std::string& name) const {
  const auto found = origins.find(name);
  return found == origins.end() ? SettingOrigin{"default of '" + name + "'", 0} : found->second;
}

ResponderCommand parse_responder_command(int argc, const char* const* argv,
                                         const EnvelopeVariables& variables) {
  po::options_description options;
  options.add(delivery_options()).add(shared_options()).add(general_options());
  po::variables_map values = parse_words(argc, argv, options);
  ResponderCommand command;
  command.help = values.count("help") != 0;
  command.version = values.count("version") != 0;
  if (command.help || command.version) return command;

  command.explain = values.count("explain") != 0;
  command.dry_run = values.count("dry-run") != 0;
  if (command.explain && !command.dry_run) {
    throw Error(Fault::kUsage, "--explain needs --dry-run");
  }
  command.show = values.count("show") != 0;
  if (command.show && !command.dry_run) throw Error(Fault::kUsage, "--show needs --dry-run");
  if (values.count("now") != 0) {
    const auto seconds = parse_number(text_of(values, "now"));
    if (!seconds || *seconds > 100'000'000'000ULL) {
      throw Error(Fault::kUsage,
                  "--now " + text_of(values, "now") + ": expected seconds since the epoch");
    }
    command.now = Time{Seconds{static_cast<Seconds::rep>(*seconds)}};
  }
  command.check_config = values.count("check-config") != 0;
  if (command.check_config) {
    command.settings = settings_from(values, Purpose::kDelivery, [&](const ConfigError& fault) {
      command.faults.push_back(fault);
    });
    return command;
  }
  command.settings =
      settings_from(values, command.dry_run ? Purpose::kInspection : Purpose::kDelivery);
  command.envelope = envelope_from(values, variables);
  if (values.count(kWords) == 0) command.last_sender = normalize_sender(variables.sender);
  // A dry run on a terminal has a sample message, with a recipient of its own.
  if (command.envelope.recipients.empty() && !command.dry_run) {
    throw Error(Fault::kUsage, "no recipient (see --help)");
  }
  return command;
}

std::string responder_help() {
  std::ostringstream text;
  text << "Usage: inforeply [options] -f SENDER -- RECIPIENT...\n"
          "       inforeply [options]\n\n"
          "Answers the message on standard input, if an automatic answer is due (RFC 3834).\n"
          "Without a recipient, for a command in an alias, RECIPIENT and ORIGINAL_RECIPIENT\n"
          "of the environment count, and SENDER where nothing else names the sender.\n\n"
       << delivery_options() << '\n'
       << shared_options() << '\n'
       << "Only in the configuration file:\n"
          "  recipient-delimiter = CHARS  characters that begin an extension (+), or none\n"
          "  user = NAME                  the account to run as; by default any\n"
          "  log-addresses = yes|no       no: only the domains of addresses (yes)\n"
          "  autoreply-domain = DOMAIN    local parts are addresses, user#example.org\n"
          "  trusted-authserv = ID        whose Authentication-Results count\n"
          "  limit = N/DURATION           replies in all\n"
          "  limit-sender-domain = N/DURATION  the same to senders in one domain\n\n"
       << general_options()
       << "\nExit status: 0 dealt with, answered or not; 75 to be tried again.\n";
  return text.str();
}

ToolCommand parse_tool_command(int argc, const char* const* argv,
                               const std::vector<ToolOption>& own_options) {
  po::variables_map values = parse_words(argc, argv, tool_options(own_options));
  ToolCommand command;
  command.help = values.count("help") != 0;
  command.version = values.count("version") != 0;
  command.words = texts_of(values, kWords);
  if (command.help || command.version) return command;
  for (const auto& option : own_options) {
    if (values.count(option.name) == 0) continue;
    command.options[option.name] = option.argument == nullptr ? "" : text_of(values, option.name);
  }
  // A tool's own option may have the name of a setting, and is another thing.
  po::variables_map shared;
  for (const auto& [name, value] : values) {
    if (!command.options.contains(name)) shared.insert({name, value});
  }
  command.settings = settings_from(shared, Purpose::kInspection);
  return command;
}

std::string tool_options_help(const std::vector<ToolOption>& own_options) {
  std::ostringstream text;
  text << tool_options(own_options);
  return text.str();
}

}  // namespace inforeply
