#include <algorithm>
#include <set>

#include "draft_readers.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/text.hpp"
#include "sieve_tokens.hpp"

namespace inforeply {
namespace {

using Kind = SieveToken::Kind;

constexpr std::size_t kMaxDepth = 16;  // of blocks and of tests
constexpr std::size_t kDateOctets = std::string_view("2026-12-24").size();

/// Reads by recursive descent (RFC 5228, 8.2) the commands that are known; any other is a fault.
class SieveReader {
 public:
  SieveReader(const std::string& address, const Source& script, const FaultHandler& on_left_out)
      : script_(script), tokens_(script), on_left_out_(on_left_out) {
    draft_.address = address;
  }

  Draft read() {
    while (tokens_.next().kind != Kind::kEnd)
      read_command(0);
    if (!has_vacation_) tokens_.fail(0, "has no vacation action");
    return std::move(draft_);
  }

 private:
  [[noreturn]] void refuse(const SieveToken& token) const {
    tokens_.fail(token.line, "'" + to_single_line(token.text) +
                                 "': only a vacation action can be carried over, within dates");
  }

  void read_command(std::size_t depth) {
    const auto command = tokens_.take(Kind::kIdentifier, "a command");
    if (command.text == "if") {
      read_condition(command, depth);
      return;
    }
    if (command.text == "require") {
      for (const auto& name : take_strings())
        required_.insert(name);
    } else if (command.text == "vacation" && !has_vacation_) {
      read_vacation();
    } else if (command.text != "keep" && (command.text != "stop" || !has_vacation_)) {
      refuse(command);
    }
    tokens_.take_sign(';');
  }

  /// The vacation action must be within it.
  void read_condition(const SieveToken& command, std::size_t depth) {
    if (has_vacation_ || depth == kMaxDepth) refuse(command);
    read_test(0);
    tokens_.take_sign('{');
    while (!tokens_.next().is_sign('}'))
      read_command(depth + 1);
    tokens_.take();
    if (!has_vacation_) refuse(command);
  }

  void read_test(std::size_t depth) {
    const auto test = tokens_.take(Kind::kIdentifier, "a test");
    if (test.text == "currentdate") {
      read_date_test(test);
    } else if (test.text == "allof" && depth < kMaxDepth) {
      if (!tokens_.next().is_sign('(')) tokens_.take_sign('(');
      do {
        tokens_.take();
        read_test(depth + 1);
      } while (tokens_.next().is_sign(','));
      tokens_.take_sign(')');
    } else if (test.text == "false") {
      draft_.is_active = false;
    } else if (test.text != "true") {
      refuse(test);
    }
  }

  /// RFC 5260, 5.
  void read_date_test(const SieveToken& test) {
    std::string relation = "eq";
    std::string zone;
    while (tokens_.next().kind == Kind::kTag) {
      const auto tag = tokens_.take();
      if (tag.text == "value") {
        relation = take_string();
      } else if (tag.text == "zone") {
        zone = take_string();
      } else if (tag.text == "comparator") {
        const auto comparator = take_string();  // these compare full dates alike
        if (comparator != "i;octet" && comparator != "i;ascii-casemap") refuse(tag);
      } else if (tag.text != "is") {
        refuse(tag);
      }
    }
    const auto part = to_lower_ascii(take_string());
    const auto line = tokens_.next().line;
    const auto keys = take_strings();
    const bool is_date = part == "date";
    if (keys.size() != 1 || (!is_date && part != "iso8601")) refuse(test);
    const auto& key = keys.front();
    if (!parse_time(key) || (key.size() == kDateOctets) != is_date) {
      tokens_.fail(line, "'" + to_single_line(key) + "' is no " + part);
    }
    const auto offset = offset_of(zone, test);
    const auto at = [&](const char* time) { return is_date ? key + time + offset : key; };
    const auto* const begin = "T00:00";
    const auto* const end = "T24:00";
    if (relation == "eq" && is_date) {
      set_limit(test, "active-from", at(begin));
      set_limit(test, "active-until", at(end));
    } else if (relation == "ge" || relation == "gt") {
      set_limit(test, "active-from", at(relation == "ge" ? begin : end));
    } else if (relation == "le" || relation == "lt") {
      set_limit(test, "active-until", at(relation == "le" ? end : begin));
    } else {
      refuse(test);
    }
  }

  void set_limit(const SieveToken& test, const std::string& name, const std::string& value) {
    if (!draft_.get(name).empty()) refuse(test);
    draft_.set(name, value);
  }

  /// `+0100` as ISO 8601 has it.
  [[nodiscard]] std::string offset_of(const std::string& zone, const SieveToken& test) const {
    constexpr std::size_t kHours = 3;
    if (zone.empty()) return {};
    const bool has_sign = zone.front() == '+' || zone.front() == '-';
    if (!has_sign || zone.size() != kHours + 2 || !parse_number(std::string_view(zone).substr(1))) {
      refuse(test);
    }
    return zone.substr(0, kHours) + ":" + zone.substr(kHours);
  }

  /// RFC 5230, 4; RFC 6131.
  void read_vacation() {
    has_vacation_ = true;
    bool is_mime = false;
    while (tokens_.next().kind == Kind::kTag) {
      const auto tag = tokens_.take();
      if (tag.text == "mime") {
        is_mime = true;
      } else if (tag.text == "fcc") {
        take_string();
        on_left_out_({script_.name, tag.line, "':fcc': 'fcc' keeps a copy, in a Maildir"});
      } else {
        set_argument(tag);
      }
    }
    const auto line = tokens_.next().line;
    const Source reason{script_.name, take_string(), line};
    if (is_mime) {
      read_mime(reason);
    } else {
      set_text(draft_, reason);
    }
  }

  void set_argument(const SieveToken& tag) {
    if (tag.text == "days") {
      const auto days = tokens_.take(Kind::kNumber, "a number").number;
      draft_.set("interval", std::to_string(std::max(days, 1ULL)) + "d");
    } else if (tag.text == "seconds") {
      const auto seconds = tokens_.take(Kind::kNumber, "a number").number;
      draft_.set("interval", seconds == 0 ? "0" : std::to_string(seconds) + "s");
      if (constexpr auto kDay = 86'400ULL; seconds < kDay) {
        on_left_out_(
            {script_.name, tag.line,
             "':seconds': Pigeonhole makes less than sieve_vacation_min_period, which is a "
             "day by default, that much; here it counts as it is"});
      }
    } else if (tag.text == "subject") {
      draft_.set("subject", with_placeholders(take_string()));
    } else if (tag.text == "from" || tag.text == "handle") {
      draft_.set(tag.text, take_string());
    } else if (tag.text == "addresses") {
      for (const auto& mailbox : take_strings()) {
        const auto address = address_of(mailbox);
        if (!equals_ignoring_case(address, draft_.address)) draft_.set("address", address);
      }
    } else {
      refuse(tag);
    }
  }

  /// `kim@ora.com` of `Kim Dent <kim@ora.com>`, which Nextcloud writes.
  static std::string_view address_of(std::string_view mailbox) {
    mailbox = trim(mailbox);
    const auto open = mailbox.rfind('<');
    if (open == std::string_view::npos || !mailbox.ends_with('>')) return mailbox;
    return trim(mailbox.substr(open + 1, mailbox.size() - open - 2));
  }

  /// The arguments of the action go before the fields of the entity.
  void read_mime(const Source& reason) {
    Draft entity;
    set_message(entity, reason, {}, on_left_out_);
    for (const auto& [name, value] : entity.settings)
      if (draft_.get(name).empty()) draft_.set(name, value);
    draft_.body = std::move(entity.body);
    draft_.is_template = entity.is_template;
    draft_.source = std::move(entity.source);
    draft_.source_line = entity.source_line;
  }

  std::string take_string() {
    auto token = tokens_.take(Kind::kString, "a text in quotes");
    if ((required_.contains("variables") || required_.contains("encoded-character")) &&
        token.text.find("${") != std::string::npos) {
      tokens_.fail(token.line, "'${' of a variable cannot be carried over");
    }
    return std::move(token.text);
  }

  std::vector<std::string> take_strings() {
    if (!tokens_.next().is_sign('[')) return {take_string()};
    std::vector<std::string> strings;
    do {
      tokens_.take();
      strings.push_back(take_string());
    } while (tokens_.next().is_sign(','));
    tokens_.take_sign(']');
    return strings;
  }

  const Source& script_;
  SieveTokens tokens_;
  const FaultHandler& on_left_out_;
  Draft draft_;
  std::set<std::string> required_;
  bool has_vacation_ = false;
};

}  // namespace

Draft read_sieve(const std::string& address, const Source& script,
                 const FaultHandler& on_left_out) {
  return SieveReader(address, script, on_left_out).read();
}

}  // namespace inforeply
