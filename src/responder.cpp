#include "inforeply/responder.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <utility>

#include "inforeply/config_file.hpp"
#include "inforeply/decision.hpp"
#include "inforeply/digest.hpp"
#include "inforeply/encoded_word.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "inforeply/trusted_file.hpp"

namespace inforeply {
namespace {

constexpr Seconds kPersonalInterval{7 * 24 * 3600};  // RFC 3834, 2
constexpr Seconds kServiceInterval{3600};

/// Fields that the responder sets itself, whatever a template says.
constexpr std::array<std::string_view, 13> kOwnFields = {
    "To",          "Cc",         "Bcc",
    "Date",        "Message-ID", "In-Reply-To",
    "References",  "Sender",     "Auto-Submitted",
    "Return-Path", "Received",   "X-Auto-Response-Suppress",
    "MIME-Version"};

bool is_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

/// Builds a Responder from the entries of its file.
class Loader {
 public:
  Loader(const std::string& path, const IndexFolder& indexes, const FaultHandler& on_fault)
      : on_fault_(on_fault),
        indexes_(indexes),
        file_(parse_config(path, read_trusted_file(path, kMaxConfigFileOctets), on_fault)) {
    responder_.file = path;
    folder_ = std::filesystem::path(path).parent_path().string();
    if (folder_.empty()) folder_ = ".";
  }

  Responder load() {
    for (const auto& entry : file_.entries)
      collect_fault(on_fault_, [&] { set(entry); });
    if (seen_.contains("text") == seen_.contains("template")) {
      on_fault_(ConfigError(file_.path, 0, "needs either 'text' or 'template'"));
    }
    // When all settings are known: a template yields to them, and 'allow-large' sets the bound.
    collect_fault(on_fault_, [&] {
      if (text_ != nullptr) {
        responder_.text = TextTemplate(read_text(*text_), path_of(*text_), 1, on_fault_);
      }
    });
    collect_fault(on_fault_, [&] {
      if (template_ != nullptr) read_template(*template_);
    });
    if (!subject_) responder_.subject = TextTemplate("Auto: ${subject}", file_.path, 0);
    if (!seen_.contains("interval")) {
      responder_.interval =
          responder_.kind == ResponderKind::kService ? kServiceInterval : kPersonalInterval;
    }
    if (responder_.active_from && responder_.active_until &&
        *responder_.active_from >= *responder_.active_until) {
      on_fault_(
          ConfigError(file_.path, seen_["active-until"], "'active-until' is before 'active-from'"));
    }
    if (responder_.handle.empty()) responder_.handle = content_handle();
    return std::move(responder_);
  }

 private:
  struct Setting {
    bool repeatable;
    void (Loader::*set)(const ConfigEntry&);
  };
  static const std::map<std::string_view, Setting>& settings();

  [[noreturn]] void fault(const ConfigEntry& entry, const std::string& text) const {
    throw ConfigError(file_.path, entry.line, text);
  }
  [[noreturn]] void bad_value(const ConfigEntry& entry, const std::string& expected) const {
    fault(entry, "'" + entry.name + " = " + entry.value + "': expected " + expected);
  }

  void set(const ConfigEntry& entry) {
    const auto setting = settings().find(entry.name);
    if (setting == settings().end()) fault(entry, "unknown name '" + entry.name + "'");
    const auto [first, is_first] = seen_.emplace(entry.name, entry.line);
    if (!is_first && !setting->second.repeatable) {
      fault(entry, "'" + entry.name + "' is set already in line " + std::to_string(first->second));
    }
    (this->*setting->second.set)(entry);
  }

  void set_kind(const ConfigEntry& entry) {
    if (entry.value == "personal") {
      responder_.kind = ResponderKind::kPersonal;
    } else if (entry.value == "group") {
      responder_.kind = ResponderKind::kGroup;
    } else if (entry.value == "service") {
      responder_.kind = ResponderKind::kService;
    } else {
      bad_value(entry, "personal, group or service");
    }
  }

  [[nodiscard]] Address address(const ConfigEntry& entry, std::string_view text) const {
    auto parsed = parse_address(text);
    if (!parsed) bad_value(entry, "a mail address");
    return *std::move(parsed);
  }

  [[nodiscard]] Mailbox mailbox(const ConfigEntry& entry) const {
    auto mailboxes = parse_mailboxes(entry.value);
    if (mailboxes.size() != 1) bad_value(entry, "one address, such as 'Name <user@example.org>'");
    mailboxes.front().addr_spec = address(entry, mailboxes.front().addr_spec).to_wire();
    return std::move(mailboxes.front());
  }

  void set_address(const ConfigEntry& entry) {
    responder_.addresses.push_back(address(entry, entry.value));
  }
  void set_from(const ConfigEntry& entry) { responder_.from = mailbox(entry); }
  void set_reply_to(const ConfigEntry& entry) { responder_.reply_to = mailbox(entry); }
  void set_subject(const ConfigEntry& entry) {
    subject_ = true;
    responder_.subject = TextTemplate(entry.value, file_.path, entry.line, on_fault_);
  }
  void set_interval(const ConfigEntry& entry) {
    if (entry.value == "once") return;  // no interval ever ends
    responder_.interval = parse_duration(entry.value);
    if (!responder_.interval) bad_value(entry, "a duration such as 7d, 0 or once");
  }
  void set_handle(const ConfigEntry& entry) {
    if (entry.value.size() > kMaxHandleOctets) {
      fault(entry, "'handle' is over " + std::to_string(kMaxHandleOctets) + " octets");
    }
    responder_.handle = entry.value;
  }
  void set_active_from(const ConfigEntry& entry) {
    responder_.active_from = parse_time(entry.value);
    if (!responder_.active_from) bad_value(entry, "a time such as 2026-12-24 or 2026-12-24T18:00");
    responder_.active_from_text = format_local(*responder_.active_from);
  }
  void set_active_until(const ConfigEntry& entry) {
    responder_.active_until = parse_end_time(entry.value);
    if (!responder_.active_until) bad_value(entry, "a time such as 2026-12-24 or 2026-12-24T18:00");
    const bool whole_day = parse_time(entry.value) != responder_.active_until;
    responder_.active_until_text = whole_day ? entry.value : format_local(*responder_.active_until);
  }
  void set_ignore(const ConfigEntry& entry) {
    const auto reason = reason_of(entry.value);
    if (!reason) bad_value(entry, "the code of a rule, such as list");
    if (!is_soft(*reason)) fault(entry, "the rule '" + entry.value + "' cannot be switched off");
    responder_.ignored.push_back(*reason);
  }
  void set_precedence(const ConfigEntry& entry) {
    if (!is_word(entry.value)) bad_value(entry, "one word");
    set_precedence_word(entry.value);
    precedence_ = true;
  }
  void set_precedence_word(const std::string& word) {
    responder_.precedence = word == "none" ? "" : word;
  }
  void set_envelope_from(const ConfigEntry& entry) {
    if (entry.value != "<>") responder_.envelope_from = address(entry, entry.value).to_wire();
  }
  void set_allow_large(const ConfigEntry& entry) {
    if (entry.value != "yes" && entry.value != "no") bad_value(entry, "yes or no");
    responder_.allow_large = entry.value == "yes";
  }
  void set_limit(const ConfigEntry& entry) {
    responder_.limit = parse_rate_limit(entry.value);
    if (!responder_.limit) bad_value(entry, "replies in a time, such as 100/1d");
  }
  void set_never_reply_to(const ConfigEntry& entry) { add_to(responder_.never_reply_to, entry); }
  void set_only_reply_to(const ConfigEntry& entry) { add_to(responder_.only_reply_to, entry); }
  void add_to(AddressList& list, const ConfigEntry& entry) const {
    if (list.add(entry.value)) return;
    if (entry.value.starts_with('@')) bad_value(entry, "a domain behind the @");
    list.add_file({folder_, entry.value, file_.path, entry.line}, indexes_);
  }
  void set_text(const ConfigEntry& entry) { text_ = &entry; }
  void set_template(const ConfigEntry& entry) { template_ = &entry; }

  [[nodiscard]] std::string path_of(const ConfigEntry& entry) const {
    return folder_ + "/" + entry.value;
  }

  /// A text file of the reply: UTF-8, line ends made LF.
  std::string read_text(const ConfigEntry& entry) {
    const std::string path = path_of(entry);
    std::string raw =
        read_trusted_file({folder_, entry.value, file_.path, entry.line}, kMaxLargeReplyOctets);
    if (raw.size() > kMaxReplyOctets && !responder_.allow_large) {
      fault(entry, "'" + entry.value + "': larger than " + std::to_string(kMaxReplyOctets) +
                       " octets (see 'allow-large')");
    }
    content_ = digest({raw});
    if (raw.starts_with("\xEF\xBB\xBF")) raw.erase(0, 3);
    std::string text;
    std::size_t line = 1;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '\r' && i + 1 < raw.size() && raw[i + 1] == '\n') continue;
      if (raw[i] == '\r') on_fault_({path, line, "a carriage return without a line feed"});
      if (raw[i] == '\0') on_fault_({path, line, "a NUL octet"});
      if (raw[i] == '\n') ++line;
      text += raw[i];
    }
    for (std::size_t begin = 0, number = 1; begin < text.size(); ++number) {
      const auto end = std::min(text.find('\n', begin), text.size());
      if (!is_valid_utf8(std::string_view(text).substr(begin, end - begin))) {
        on_fault_({path, number, "not UTF-8"});
      }
      begin = end + 1;
    }
    return text;
  }

  void read_template(const ConfigEntry& entry) {
    const std::string path = path_of(entry);
    const std::string text = read_text(entry);
    const bool no_fields = text.starts_with('\n');
    const auto block_end = no_fields ? 0 : text.find("\n\n");
    if (block_end == std::string::npos) {
      throw ConfigError(path, 0, "expected header fields, an empty line and the text");
    }
    const auto block = text.substr(0, block_end);
    const Header header = parse_header(block);
    if (header.skipped_line != 0) report_lines_that_are_no_fields(path, block);
    for (const auto& field : header.fields) {
      collect_fault(on_fault_, [&] { set_template_field(path, field); });
    }
    const auto body_begin = block_end + (no_fields ? 1 : 2);
    const auto line = std::count(text.begin(), text.begin() + static_cast<long>(body_begin), '\n');
    responder_.text =
        TextTemplate(text.substr(body_begin), path, static_cast<std::size_t>(line) + 1, on_fault_);
  }

  void report_lines_that_are_no_fields(const std::string& path, std::string_view block) {
    for (std::size_t number = 1; !block.empty(); ++number) {
      const auto line = block.substr(0, block.find('\n'));
      block.remove_prefix(std::min(line.size() + 1, block.size()));
      const bool continues = number > 1 && (line.starts_with(' ') || line.starts_with('\t'));
      if (continues || parse_header(line).skipped_line == 0) continue;
      on_fault_({path, number, "expected a header field, 'Name: value'"});
    }
  }

  void set_template_field(const std::string& path, const HeaderField& field) {
    const auto is = [&](std::string_view name) { return equals_ignoring_case(field.name, name); };
    const ConfigEntry entry{to_lower_ascii(field.name), decode_field_text(field.body), field.line};
    if (is("Content-Type") || is("Content-Transfer-Encoding")) {
      require_plain_utf8(path, field);
    } else if (is_one_of(field.name, kOwnFields) || field.body.empty()) {
      return;
    } else if (is("From")) {
      if (!responder_.from) responder_.from = template_mailbox(path, field);
    } else if (is("Reply-To")) {
      if (!responder_.reply_to) responder_.reply_to = template_mailbox(path, field);
    } else if (is("Subject")) {
      if (subject_) return;
      responder_.subject = TextTemplate(entry.value, path, field.line, on_fault_);
      subject_ = true;
    } else if (is("Precedence")) {
      if (!is_word(field.body))
        throw ConfigError(path, field.line, "'Precedence': expected one word");
      if (!precedence_) set_precedence_word(field.body);
    } else {
      responder_.extra_fields.push_back(
          {field.name, TextTemplate(entry.value, path, field.line, on_fault_)});
    }
  }

  static Mailbox template_mailbox(const std::string& path, const HeaderField& field) {
    auto mailboxes = parse_mailboxes(field.body);
    const auto address =
        mailboxes.size() == 1 ? parse_address(mailboxes.front().addr_spec) : std::nullopt;
    if (!address) {
      throw ConfigError(path, field.line, "'" + field.name + "': expected one address");
    }
    return {mailboxes.front().display_name, address->to_wire()};
  }

  static void require_plain_utf8(const std::string& path, const HeaderField& field) {
    const std::string value = to_lower_ascii(field.body);
    const std::string token = leading_token(field.body);
    const bool other_charset = value.find("charset") != std::string::npos &&
                               value.find("utf-8") == std::string::npos &&
                               value.find("us-ascii") == std::string::npos;
    if ((token != "text/plain" && token != "7bit" && token != "8bit") || other_charset) {
      throw ConfigError(path, field.line,
                        "'" + field.name + ": " + to_single_line(field.body) +
                            "': only plain text in UTF-8 is supported in a template");
    }
  }

  /// A new text, a new look or a new period is a new reply; a new interval is not.
  [[nodiscard]] std::string content_handle() const {
    std::string said = content_;
    for (const auto& entry : file_.entries) {
      constexpr std::array<std::string_view, 5> kSaid = {"from", "reply-to", "subject",
                                                         "active-from", "active-until"};
      if (std::find(kSaid.begin(), kSaid.end(), entry.name) != kSaid.end()) {
        said += '\0' + entry.name + '=' + entry.value;
      }
    }
    return digest({said}).substr(0, 16);
  }

  const FaultHandler& on_fault_;
  const IndexFolder& indexes_;
  ConfigFile file_;
  std::string folder_;
  std::map<std::string, std::size_t, std::less<>> seen_;  // name to line
  std::string content_;                                   // digest of the text or template
  const ConfigEntry* text_ = nullptr;
  const ConfigEntry* template_ = nullptr;
  bool subject_ = false;
  bool precedence_ = false;
  Responder responder_;
};

const std::map<std::string_view, Loader::Setting>& Loader::settings() {
  static const std::map<std::string_view, Setting> table = {
      {"kind", {false, &Loader::set_kind}},
      {"address", {true, &Loader::set_address}},
      {"from", {false, &Loader::set_from}},
      {"reply-to", {false, &Loader::set_reply_to}},
      {"subject", {false, &Loader::set_subject}},
      {"text", {false, &Loader::set_text}},
      {"template", {false, &Loader::set_template}},
      {"interval", {false, &Loader::set_interval}},
      {"handle", {false, &Loader::set_handle}},
      {"active-from", {false, &Loader::set_active_from}},
      {"active-until", {false, &Loader::set_active_until}},
      {"ignore", {true, &Loader::set_ignore}},
      {"precedence", {false, &Loader::set_precedence}},
      {"envelope-from", {false, &Loader::set_envelope_from}},
      {"allow-large", {false, &Loader::set_allow_large}},
      {"limit", {false, &Loader::set_limit}},
      {"never-reply-to", {true, &Loader::set_never_reply_to}},
      {"only-reply-to", {true, &Loader::set_only_reply_to}},
  };
  return table;
}

}  // namespace

Responder load_responder(const std::string& file, const IndexFolder& indexes,
                         const FaultHandler& on_fault) {
  return Loader(file, indexes, on_fault).load();
}

}  // namespace inforeply
