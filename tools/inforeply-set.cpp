// inforeply-set: shows and changes the responder of one address. For web panels and users' shells.

#include <sys/auxv.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "inforeply/address.hpp"
#include "inforeply/commands.hpp"
#include "inforeply/responder_writer.hpp"
#include "input.hpp"
#include "tool.hpp"
#include "vacation_json.hpp"
#include "vacation_settings.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxInputOctets = std::size_t{8} * 1024 * 1024;

const std::vector<ToolOption>& own_options() {
  static const std::vector<ToolOption> options = {
      {"on", nullptr, "answer"},
      {"off", nullptr, "answer nothing; all settings stay"},
      {"from-date", "TIME",
       "answer from this time on: 2026-12-24, 2026-12-24T18:00, or none for no such time"},
      {"until", "TIME", "answer up to this time, a date to its end; or none"},
      {"subject", "TEXT", "subject of the reply; '' for the usual one"},
      {"text", "FILE", "what the reply says, in UTF-8; - for standard input"},
      {"html", "FILE", "the same as HTML; '' for none"},
      {"interval", "DURATION", "one reply to a person in this time (7d), or once"},
      {"placeholders", nullptr,
       "texts and subject may have placeholders such as ${subject}, and $$ for a dollar"},
      {"json", "FILE", "take the settings from a VacationResponse of JMAP (RFC 8621)"},
      {"postfixadmin", "FILE",
       "take them from a row of PostfixAdmin's table vacation, as an object of JSON"},
      {"show", nullptr, "print the settings"},
      {"format", "FORMAT", "of --show: text (default), json (JMAP's object) or postfixadmin"},
      {"remove", nullptr, "remove the responder with its texts"},
      {"responders", "DIR", "the folder of responder files, instead of the configuration's"},
  };
  return options;
}

std::string help() {
  return "Usage: inforeply-set [options] ADDRESS\n\n"
         "Shows and changes the responder that an address has of its own. A new one is off\n"
         "until it is switched on. What no option names stays as it is in the file.\n\n"
         "Examples:\n"
         "  inforeply-set kim@example.org --on --until 2027-01-02 --text - <text\n"
         "  inforeply-set kim@example.org --off\n"
         "  inforeply-set kim@example.org --show --format json\n"
         "  inforeply-set kim@example.org --json - <vacationresponse.json\n\n" +
         tool_options_help(own_options(), CacheOption::kOmit);
}

/// A fault of what was given, not of the responder's file.
class GivenFault : public ConfigError {
 public:
  explicit GivenFault(const ConfigError& fault) : ConfigError(fault) {}
};

template <typename Read>
auto of_given(const Read& read) {
  try {
    return read();
  } catch (const ConfigError& fault) {
    throw GivenFault(fault);
  }
}

class Command {
 public:
  explicit Command(const ToolCommand& command) : command_(command), settings_(command.settings) {
    if (command.words.size() != 1) usage_error("expected one address");
    const auto& word = command.words.front();
    const auto address = parse_address(word);
    if (!address) usage_error("no mail address: " + ellipsize(to_single_line(word), 100));
    address_ = *address;
    if (has("responders")) {
      settings_.responders = option("responders");
      settings_.responder.clear();
    }
    form_ = has("placeholders") ? TextForm::kTemplate : TextForm::kLiteral;
    refuse_together({"on", "off"});
    refuse_together({"show", "remove", "json", "postfixadmin"});
    for (const auto* const alone : {"show", "remove", "json", "postfixadmin"}) {
      if (!has(alone)) continue;
      for (const auto* const change :
           {"on", "off", "from-date", "until", "subject", "text", "html", "interval"})
        refuse_together({alone, change});
    }
    const bool has_nothing_to_do =
        std::all_of(command.options.begin(), command.options.end(), [](const auto& given) {
          return given.first == "responders" || given.first == "placeholders";
        });
    if (has_nothing_to_do) usage_error("nothing to do");
    if (has("format") && !has("show")) usage_error("--format needs --show");
    const auto format = option("format");
    if (has("format") && format != "text" && format != "json" && format != "postfixadmin")
      usage_error("--format: expected text, json or postfixadmin");
    if (has("placeholders") && (has("postfixadmin") || format == "postfixadmin"))
      usage_error("--placeholders: PostfixAdmin has none");
  }

  ExitStatus run() {
    if (has("show")) return show();
    if (has("remove")) return remove();
    return change();
  }

 private:
  [[nodiscard]] bool has(const std::string& name) const { return command_.options.contains(name); }
  [[nodiscard]] std::string option(const std::string& name) const {
    const auto found = command_.options.find(name);
    return found == command_.options.end() ? "" : found->second;
  }
  void refuse_together(std::initializer_list<const char*> names) const {
    const char* first = nullptr;
    for (const auto* const name : names) {
      if (!has(name)) continue;
      if (first != nullptr)
        usage_error(std::string("--") + first + " and --" + name + " do not go together");
      first = name;
    }
  }

  [[noreturn]] void fail_without_responder() const {
    throw Error(Fault::kInput, address_.to_string() + " has no responder of its own");
  }

  void tell_of_placeholders(const VacationSettings& settings) const {
    if (settings.not_literal.empty()) return;
    std::fprintf(stderr, "inforeply-set: note: '%s' has placeholders (see --placeholders)\n",
                 settings.not_literal.c_str());
  }

  [[nodiscard]] ExitStatus show() const {
    const auto stored = read_responder(settings_, address_);
    const auto format = option("format");
    // JMAP has always one.
    if (!stored.exists && format != "json") fail_without_responder();
    const auto form = format == "postfixadmin" ? TextForm::kTemplate : form_;
    const auto settings = shown(stored, form);
    tell_of_placeholders(settings);
    if (format == "json") {
      print(write_vacation_response(settings));
    } else if (format == "postfixadmin") {
      print(write_postfixadmin_row(settings, address_, stored.changed_at));
    } else {
      print(described(stored, settings));
    }
    return ExitStatus::kOk;
  }

  [[nodiscard]] std::string described(const StoredResponder& stored,
                                      const VacationSettings& settings) const {
    std::string text;
    const auto add = [&](const std::string& name, const std::string& value) {
      text += name + std::string(14 - name.size(), ' ') + shown_safely(value) + "\n";
    };
    add("responder", address_.to_string());
    add("file", stored.file);
    add("state", settings.is_enabled ? "on" : "off");
    for (const auto* const name : {"active-from", "active-until", "timezone", "interval"}) {
      if (const auto value = stored.find(name)) add(name, *value);
    }
    if (settings.subject) add("subject", *settings.subject);
    const auto add_text = [&](std::string_view title, const std::string& content) {
      text.append(title).append(":\n");
      for (std::string_view rest = content; !rest.empty();)
        text.append(shown_safely(take_line(rest))).append("\n");
    };
    if (settings.text) add_text("text", *settings.text);
    if (settings.html) add_text("html", *settings.html);
    const auto usual = stored.texts.find("text");
    if (!settings.text && !settings.html && usual != stored.texts.end())
      add_text("text (the usual one)", usual->second);
    return text;
  }

  static void print_notes(const std::vector<ConfigError>& notes) {
    for (const auto& note : notes)
      print(to_single_line(note.what()) + "\n");
  }

  ExitStatus remove() {
    std::vector<ConfigError> notes;
    if (!ResponderWriter(settings_, address_).remove(notes)) fail_without_responder();
    print_notes(notes);
    return ExitStatus::kOk;
  }

  ExitStatus change() {
    auto wanted = of_given([&] { return given_change(); });
    ResponderWriter writer(settings_, address_);
    // An own file would hide the domain's.
    if (has("json") && !writer.stored().exists && is_default(wanted)) return ExitStatus::kOk;
    auto form = form_;
    if (has("postfixadmin")) {
      form = TextForm::kTemplate;
      const auto known = shown(writer.stored(), form);
      wanted = of_given([&] { return parse_postfixadmin_row(input_, address_, known); });
    }
    const auto result = writer.write(draft_of(wanted, writer.stored(), form));
    for (const auto& fault : result.faults) {
      const auto name = has("json")           ? vacation_response_name(fault.file())
                        : has("postfixadmin") ? postfixadmin_name(fault.file())
                                              : fault.file();
      std::fprintf(stderr, "%s\n", to_single_line(fault.in(name).what()).c_str());
    }
    if (result.faults.empty()) {
      print_notes(result.notes);
      return ExitStatus::kOk;
    }
    return result.was_at_fault ? ExitStatus::kConfiguration : ExitStatus::kBadData;
  }

  /// Reads all input, so that nobody waits for it with the folder locked.
  VacationChange given_change() {
    VacationChange change;
    if (has("json"))
      return parse_vacation_response(read_input("json", option("json"), kMaxInputOctets));
    if (has("postfixadmin")) {
      input_ = read_input("postfixadmin", option("postfixadmin"), kMaxInputOctets);
      return change;
    }
    const auto or_none = [&](const std::string& name, const char* none) {
      VacationChange::Change<std::string> value;
      if (!has(name)) return value;
      value = option(name) == none ? std::nullopt : std::optional(option(name));
      return value;
    };
    if (has("on") || has("off")) change.is_enabled = has("on");
    change.from = or_none("from-date", "none");
    change.until = or_none("until", "none");
    change.subject = or_none("subject", "");
    change.text = or_none("text", "");
    change.html = or_none("html", "");
    if (has("interval")) change.interval = option("interval");
    if (change.text == change.html && change.text && *change.text && **change.text == "-")
      usage_error("--text and --html cannot both be standard input");
    if (change.text && *change.text)
      change.text = read_input("text", **change.text, kMaxInputOctets);
    if (change.html && *change.html)
      change.html = read_input("html", **change.html, kMaxInputOctets);
    return change;
  }

  const ToolCommand& command_;
  Settings settings_;
  Address address_;
  TextForm form_ = TextForm::kLiteral;
  std::string input_;
};

ExitStatus run(const ToolCommand& command) {
  if (print_about(command, "inforeply-set", help)) return ExitStatus::kOk;
  const auto tell = [](const ConfigError& fault, ExitStatus status) {
    std::fprintf(stderr, "%s\n", to_single_line(fault.what()).c_str());
    return status;
  };
  try {
    return Command(command).run();
  } catch (const GivenFault& fault) {
    return tell(fault, ExitStatus::kBadData);
  } catch (const ConfigError& fault) {
    return tell(fault, ExitStatus::kConfiguration);
  }
}

}  // namespace
}  // namespace inforeply

int main(int argc, char** argv) {
  using namespace inforeply;  // NOLINT(google-build-using-namespace)
  return run_tool("inforeply-set", [&] {
    if (::getauxval(AT_SECURE) != 0) {
      throw Error(Fault::kUsage, "refuses to run with rights that its caller has not");
    }
    return run(parse_tool_command(argc, argv, own_options()));
  });
}
