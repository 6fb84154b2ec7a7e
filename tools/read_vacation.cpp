#include <algorithm>

#include "draft_readers.hpp"
#include "inforeply/text.hpp"
#include "other_programs.hpp"

namespace inforeply {
namespace {

std::string with_domain(std::string_view name, const Draft& draft) {
  const bool is_address = name.find('@') != std::string_view::npos;
  return std::string(name).append(is_address ? "" : draft.address.substr(draft.address.rfind('@')));
}

class CommandLine {
 public:
  CommandLine(Draft& draft, const Source& file, std::size_t line, const FaultHandler& on_left_out)
      : draft_(draft), file_(file), line_(line), on_left_out_(on_left_out) {}

  /// Options of the BSDs' and of Debian's vacation. The login behind them is an alias, too.
  void take(const std::vector<std::string>& words) {
    const auto others = take_options(
        words, "acfmrstCR",
        [this](char option, const std::string& argument) { take_option(option, argument); });
    if (!others.empty()) add_alias(others.back());
  }

 private:
  void add_alias(std::string_view name) {
    const auto alias = with_domain(name, draft_);
    const bool is_known =
        std::any_of(draft_.settings.begin(), draft_.settings.end(), [&](const auto& setting) {
          return setting.first == "address" && equals_ignoring_case(setting.second, alias);
        });
    if (!is_known && !equals_ignoring_case(alias, draft_.address)) draft_.set("address", alias);
  }

  void take_option(char option, std::string_view argument) {
    const bool is_address = argument.find('@') != std::string_view::npos;
    if (option == 'a') {
      add_alias(argument);
    } else if (option == 'r') {
      const auto days = parse_number(argument);
      draft_.set("interval", !days ? "once" : *days == 0 ? "0" : std::to_string(*days) + "d");
    } else if (option == 'c' && is_address) {
      draft_.set("bcc", argument);
    } else if (option == 'j') {
      draft_.set("ignore", "not-addressed");
    } else if (std::string_view("dfmzU").find(option) == std::string_view::npos) {
      on_left_out_({file_.name, line_,
                    "'-" + std::string(1, option) + (argument.empty() ? "" : " ") +
                        to_single_line(argument) + "' has no counterpart"});
    }
  }

  Draft& draft_;
  const Source& file_;
  std::size_t line_;
  const FaultHandler& on_left_out_;
};

void read_forward(Draft& draft, const Source& file, const FaultHandler& on_left_out) {
  std::string_view rest = file.text;
  bool found = false;
  for (auto number = file.line; !rest.empty(); ++number) {
    const auto words = piped_arguments(take_line(rest), "vacation");
    if (words.empty()) continue;
    found = true;
    CommandLine(draft, file, number, on_left_out).take(words);
  }
  if (!found) throw ConfigError(file.name, 0, "calls no vacation");
}

void read_listing(Draft& draft, const Source& file, const FaultHandler& on_left_out) {
  std::string_view rest = file.text;
  for (auto number = file.line; !rest.empty(); ++number) {
    const auto line = take_line(rest);
    if (trim(line).empty()) continue;
    const auto listed = parse_vacation_listing(line);
    if (!listed) throw ConfigError(file.name, number, "no line of vacation -l");
    if (listed->answered_at) continue;
    if (listed->may_be_cut) {
      on_left_out({file.name, number,
                   "'" + to_single_line(listed->address) +
                       "' is never answered, but may be the beginning of a longer address"});
    } else {
      draft.set("never-reply-to", with_domain(listed->address, draft));
    }
  }
}

}  // namespace

Draft read_vacation(const std::string& address, const Source& message,
                    const std::optional<Source>& forward, const std::optional<Source>& listing,
                    const FaultHandler& on_left_out) {
  Draft draft{address, true, {}, {}, false};
  set_message(draft, message, {{"$SUBJECT", "${subject}"}}, on_left_out);
  if (forward) read_forward(draft, *forward, on_left_out);
  if (listing) read_listing(draft, *listing, on_left_out);
  return draft;
}

}  // namespace inforeply
