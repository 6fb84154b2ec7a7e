#include <algorithm>
#include <map>

#include "draft_readers.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/text.hpp"
#include "other_programs.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kProgram = "qmail-autoresponder";
constexpr std::string_view kWithArgument = "nstO";

struct Option {
  std::string value;
  const Source* file;
  std::size_t line;
};

class QmailReader {
 public:
  QmailReader(const std::string& address, const QmailFolder& folder,
              const FaultHandler& on_left_out)
      : folder_(folder), on_left_out_(on_left_out) {
    draft_.address = address;
  }

  Draft read() {
    read_qmail_file();
    Source message = folder_.message;
    if (!folder_.configuration.text.empty()) {
      message = or_else(read_configuration(), message);
    } else {
      for (const auto& file : folder_.options)
        options_[file.name.substr(file.name.rfind('/') + 1)] = {first_line(file.text), &file, 1};
    }
    if (message.text.empty()) throw ConfigError(message.name, 0, "there is no message");
    set_message(draft_, message,
                {{"%S", "${subject}"},
                 {"%s", "${sender}"},
                 {"%r", "${recipient}", draft_.address},
                 {"%%", "%", "%"}},
                on_left_out_);
    set_interval();
    for (const auto& [name, option] : options_)
      set(name, option);
    return std::move(draft_);
  }

 private:
  static std::string first_line(std::string_view text) { return std::string(take_line(text)); }
  static Source or_else(const Source& first, const Source& second) {
    return trim(first.text).empty() ? second : first;
  }

  /// The command line of qmail-autoresponder(1).
  void read_qmail_file() {
    const std::map<char, std::string> names = {
        {'n', "msglimit"}, {'s', "subject_prefix"}, {'t', "timelimit"}};
    const auto& file = folder_.qmail;
    std::string_view rest = file.text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
      take_options(piped_arguments(take_line(rest), kProgram), kWithArgument,
                   [&](char letter, const std::string& argument) {
                     const auto equals = std::min(argument.find('='), argument.size());
                     const auto name = names.find(letter);
                     if (letter == 'c') {
                       options_["copymsg"] = {"1", &file, number};
                     } else if (letter == 'O') {
                       const bool is_set = equals < argument.size();
                       options_[argument.substr(0, equals)] = {
                           is_set ? argument.substr(equals + 1) : "1", &file, number};
                     } else if (name != names.end()) {
                       options_[name->second] = {argument, &file, number};
                     }
                   });
    }
  }

  /// Returns the text behind the options.
  Source read_configuration() {
    const auto& file = folder_.configuration;
    std::string_view rest = file.text;
    std::size_t number = 1;
    for (; !rest.empty(); ++number) {
      const auto line = take_line(rest);
      if (line.empty()) break;
      const auto equals = line.find('=');
      if (line.starts_with('#') || equals == std::string_view::npos) continue;
      options_[std::string(line.substr(0, equals))] = {std::string(line.substr(equals + 1)), &file,
                                                       number};
    }
    return {file.name, std::string(rest), number + 1};
  }

  /// Of several replies in the time, a limit for one person keeps count.
  void set_interval() {
    const auto take = [&](const char* name, unsigned long long otherwise) {
      const auto found = options_.extract(name);
      if (!found) return otherwise;
      const auto& option = found.mapped();
      const auto number = parse_number(trim(option.value));
      if (!number) refuse(option, std::string("'") + name + "': expected a number");
      return *number;
    };
    constexpr unsigned long long kHour = 3600;
    const auto time = std::to_string(take("timelimit", kHour)) + "s";
    const auto limit = take("msglimit", 1);
    draft_.set("interval", limit == 1 ? time : "0");
    if (limit != 1) draft_.set("limit-person", std::to_string(limit) + "/" + time);
  }

  void set(const std::string& name, const Option& option) {
    if (name == "bcc") {
      draft_.set(name, option.value);
    } else if (name == "subject_prefix") {
      std::erase_if(draft_.settings,
                    [](const auto& setting) { return setting.first == "subject"; });
      draft_.set("subject", with_placeholders(option.value) + "${subject}");
    } else if (name == "starttime" || name == "endtime") {
      set_time(name == "starttime" ? "active-from" : "active-until", option);
    } else if (name == "copymsg" && !is_no(option.value)) {
      leave_out(option, "'copymsg': 'quote' shows at most 20 lines of a message");
    } else if (!is_no(option.value) && name != "numlines" && name != "separator" &&
               !name.starts_with("header")) {
      leave_out(option, "'" + to_single_line(name) + "' has no counterpart");
    }
  }

  void set_time(const std::string& name, const Option& option) {
    const auto& value = option.value;
    constexpr std::size_t kDate = std::string_view("2026-12-24").size();
    if (const auto time = time_of(value)) {
      if (*time != Time{}) draft_.set(name, format_utc(*time));
    } else if (parse_time(value)) {
      draft_.set(name, value.size() == kDate ? value + "T00:00" : value);
    } else if (!value.starts_with("0000-00-00")) {
      refuse(option, "'" + to_single_line(value) + "' is no time such as 2026-12-24 18:00:00");
    }
  }

  /// Without it the responder would answer where the program did not.
  [[noreturn]] static void refuse(const Option& option, const std::string& text) {
    throw ConfigError(option.file->name, option.line, text);
  }

  void leave_out(const Option& option, const std::string& text) {
    on_left_out_({option.file->name, option.line, text});
  }

  const QmailFolder& folder_;
  const FaultHandler& on_left_out_;
  Draft draft_;
  std::map<std::string, Option, std::less<>> options_;
};

}  // namespace

std::string qmail_message_file(const Source& qmail) {
  std::string_view rest = qmail.text;
  while (!rest.empty()) {
    const auto words = piped_arguments(take_line(rest), kProgram);
    if (words.empty()) continue;
    const auto files = take_options(words, kWithArgument, [](char, const std::string&) {});
    return files.size() > 1 ? files.front() : "message.txt";
  }
  throw ConfigError(qmail.name, 0, "calls no qmail-autoresponder");
}

Draft read_qmail_autoresponder(const std::string& address, const QmailFolder& folder,
                               const FaultHandler& on_left_out) {
  return QmailReader(address, folder, on_left_out).read();
}

}  // namespace inforeply
