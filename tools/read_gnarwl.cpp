#include <algorithm>
#include <array>
#include <map>

#include "draft_readers.hpp"
#include "inforeply/address.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// Directives that say where things are, how the program runs, or how it sends: `charset`, too, as
/// it is what gnarwl makes of UTF-8.
constexpr std::array<std::string_view, 19> kWithoutMeaning = {
    "server",   "server_uri", "port",      "starttls",     "ca_cert",   "scope", "login",
    "mta",      "password",   "base",      "protocol",     "deref",     "umask", "charset",
    "loglevel", "blockfiles", "maxheader", "maxreceivers", "recvheader"};

/// Splits at the first run of blanks: a name, and all behind it.
std::pair<std::string, std::string_view> split_name(std::string_view line) {
  line = trim(line);
  const auto end = std::min(line.find(' '), line.size());
  return {std::string(line.substr(0, end)), trim(line.substr(end))};
}

/// Reads `(&(mail=$recepient)(vacationActive=TRUE))` (RFC 4515): comparisons that must all be true,
/// one of them with the recipient.
class FilterReader {
 public:
  FilterReader(GnarwlTerms& terms, const Source& filter) : terms_(terms), filter_(filter) {}

  void read() {
    terms_.address_attribute.clear();
    terms_.required.clear();
    std::size_t depth = 0;
    for (std::string_view rest = trim(filter_.text); !rest.empty(); rest = trim(rest)) {
      const char sign = rest.front();
      rest.remove_prefix(1);
      if (sign == ')' && depth > 0) {
        if (--depth == 0 && !trim(rest).empty()) refuse("there is more behind it");
        continue;
      }
      if (sign != '(') refuse("its brackets do not match");
      ++depth;
      rest = trim(rest);
      if (rest.starts_with('&')) {
        rest.remove_prefix(1);
      } else {
        const auto end = std::min(rest.find_first_of("()"), rest.size());
        add_comparison(rest.substr(0, end));
        rest.remove_prefix(end);
      }
    }
    if (depth != 0) refuse("its brackets do not match");
    if (terms_.address_attribute.empty()) {
      refuse("nothing in it is compared with " + terms_.recipient_macro);
    }
  }

 private:
  void add_comparison(std::string_view comparison) {
    const auto equals = comparison.find('=');
    if (equals == std::string_view::npos || comparison.find_first_of("|!*<>~:") < equals ||
        comparison.find('*') != std::string_view::npos) {
      refuse("only comparisons that must all be true");
    }
    const auto attribute = to_lower_ascii(trim(comparison.substr(0, equals)));
    const auto value = trim(comparison.substr(equals + 1));
    const bool is_recipient = equals_ignoring_case(value, terms_.recipient_macro);
    if (is_recipient && terms_.address_attribute.empty()) {
      terms_.address_attribute = attribute;
    } else if (with_placeholders(
                   value,
                   {{terms_.recipient_macro, {}, {}, true}, {terms_.sender_macro, {}, {}, true}},
                   Place::kAddress) != value) {
      refuse("only one comparison with the recipient, and none with the sender");
    } else {
      terms_.required.emplace_back(attribute, decode_hex_escapes(value, '\\'));
    }
  }

  [[noreturn]] void refuse(const std::string& text) const {
    throw ConfigError(filter_.name, filter_.line, "'queryfilter': " + to_single_line(text));
  }

  GnarwlTerms& terms_;
  const Source& filter_;
};

using Entry = std::map<std::string, std::vector<std::string>, std::less<>>;

/// The values of an attribute; none if it is not there.
const std::vector<std::string>& values_of(const Entry& entry, std::string_view attribute) {
  static const std::vector<std::string> none;
  const auto found = entry.find(to_lower_ascii(attribute));
  return found == entry.end() ? none : found->second;
}

/// Under this name an entry has the attributes whose values lie elsewhere: `vacationInfo:< file:…`.
constexpr const char* kElsewhere = "<";

/// Takes the next entry of an LDIF file off the front of `rest`; empty if there is none there.
Entry take_entry(std::string_view& rest) {
  Entry entry;
  std::string line;
  const auto end_line = [&] {
    const auto colon = line.find(':');
    if (colon != std::string::npos && !line.starts_with('#')) {
      const auto attribute = to_lower_ascii(line.substr(0, std::min(colon, line.find(';'))));
      const bool is_base64 = line.substr(colon).starts_with("::");
      const auto value = trim(std::string_view(line).substr(colon + (is_base64 ? 2 : 1)));
      if (!is_base64 && value.starts_with('<')) {
        entry[kElsewhere].push_back(attribute);
      } else {
        entry[attribute].push_back(is_base64 ? decode_base64(value) : std::string(value));
      }
    }
    line.clear();
  };
  while (!rest.empty()) {
    const auto next = take_line(rest);
    if (next.starts_with(' ')) {
      line += next.substr(1);
      continue;
    }
    end_line();
    if (next.empty()) return entry;
    line = next;
  }
  end_line();
  return entry;
}

Macros macros_for(const GnarwlTerms& terms, const Entry& entry, const std::string& address) {
  Macros macros = {{terms.subject_macro, "${subject}", {}, true},
                   {terms.sender_macro, "${sender}", {}, true},
                   {terms.recipient_macro, "${recipient}", address, true}};
  for (const auto& [macro, attribute] : terms.fields) {
    const auto& values = values_of(entry, attribute);
    const auto value = values.empty() ? std::string() : values.front();
    macros.push_back({macro, with_placeholders(value), value, true});
  }
  return macros;
}

bool is_used(const GnarwlTerms& terms, std::string_view attribute) {
  const auto is_it = [&](const auto& name) { return equals_ignoring_case(name, attribute); };
  return is_it(terms.address_attribute) || is_it(terms.text_attribute) ||
         std::any_of(terms.required.begin(), terms.required.end(),
                     [&](const auto& pair) { return is_it(pair.first); }) ||
         std::any_of(terms.fields.begin(), terms.fields.end(),
                     [&](const auto& pair) { return is_it(pair.second); });
}

/// Whether what the query asks for is true of the entry.
bool is_wanted(const GnarwlTerms& terms, const Entry& entry) {
  return std::all_of(terms.required.begin(), terms.required.end(), [&](const auto& pair) {
    const auto& values = values_of(entry, pair.first);
    return std::any_of(values.begin(), values.end(),
                       [&](const auto& value) { return equals_ignoring_case(value, pair.second); });
  });
}

}  // namespace

GnarwlTerms read_gnarwl_configuration(const Source& file, const FaultHandler& on_left_out) {
  GnarwlTerms terms;
  terms.required = {{"vacationactive", "TRUE"}};
  std::string_view rest = file.text;
  std::optional<Source> filter;
  for (auto number = file.line; !rest.empty(); ++number) {
    const auto [word, rest_of_line] = split_name(take_line(rest));
    if (rest_of_line.empty() || word.starts_with('#')) continue;
    const auto name = to_lower_ascii(word);
    const std::string value(rest_of_line);
    if (name == "map_sender") {
      terms.sender_macro = value;
    } else if (name == "map_receiver") {
      terms.recipient_macro = value;
    } else if (name == "map_subject") {
      terms.subject_macro = value;
    } else if (name == "map_field") {
      const auto [macro, attribute] = split_name(value);
      if (!attribute.empty()) terms.fields.emplace_back(macro, attribute);
    } else if (name == "queryfilter") {
      filter = Source{file.name, value, number};
    } else if (name == "result") {
      terms.text_attribute = value;
    } else if (name == "forceheader") {
      terms.header_file = value;
    } else if (name == "forcefooter") {
      terms.footer_file = value;
    } else if (name == "blockexpire") {
      const auto hours = parse_number(value);
      if (!hours) throw ConfigError(file.name, number, "'blockexpire': expected a number of hours");
      terms.interval = *hours == 0 ? "0" : std::to_string(*hours) + "h";
    } else if (name == "blacklist") {
      on_left_out({file.name, number,
                   "'blacklist': remove the responders of the addresses that 'damnit -l " +
                       to_single_line(value) + "' lists"});
    } else if (name == "badheaders") {
      on_left_out({file.name, number, "'badheaders': the rules decide what is automatic mail"});
    } else if (!is_one_of(name, kWithoutMeaning)) {
      on_left_out({file.name, number, "'" + to_single_line(name) + "' has no counterpart"});
    }
  }
  if (filter) FilterReader(terms, *filter).read();
  return terms;
}

std::vector<Draft> read_gnarwl(const GnarwlTerms& terms, const Source& ldif,
                               const std::string& header, const std::string& footer,
                               const FaultHandler& on_left_out) {
  std::vector<Draft> drafts;
  bool is_anybody_there = false;
  std::string_view rest = ldif.text;
  auto line = ldif.line;
  for (const char* counted = rest.data(); !rest.empty();) {
    line += static_cast<std::size_t>(std::count(counted, rest.data(), '\n'));
    counted = rest.data();
    const auto entry = take_entry(rest);
    for (const auto& attribute : values_of(entry, kElsewhere)) {
      if (!is_used(terms, attribute)) continue;
      on_left_out({ldif.name, line, "'" + to_single_line(attribute) + "' names a file or a URL"});
    }
    const auto& addresses = values_of(entry, terms.address_attribute);
    const auto& texts = values_of(entry, terms.text_attribute);
    if (addresses.empty() || texts.empty()) continue;
    is_anybody_there = true;
    if (texts.size() > 1) {
      on_left_out({ldif.name, line,
                   "'" + to_single_line(terms.text_attribute) + "': only its first value counts"});
    }
    // It answers for each address on its own.
    for (const auto& address : addresses) {
      collect_fault(on_left_out, [&] {
        if (!parse_address(address)) {
          throw ConfigError(ldif.name, line,
                            "'" + to_single_line(address) + "' is no mail address");
        }
        Draft draft{address, is_wanted(terms, entry), {}, {}, false};
        for (const auto& other : addresses)
          if (other != address) draft.set("address", other);
        draft.set("interval", terms.interval);
        set_message(draft,
                    {ldif.name,
                     std::string(header).append(texts.front()).append("\n").append(footer), line},
                    macros_for(terms, entry, address), on_left_out);
        drafts.push_back(std::move(draft));
      });
    }
  }
  if (!is_anybody_there) {
    on_left_out({ldif.name, 0,
                 "nobody there has '" + to_single_line(terms.address_attribute) + "' and '" +
                     to_single_line(terms.text_attribute) + "'"});
  }
  return drafts;
}

}  // namespace inforeply
