#include "inforeply/responder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
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
  explicit Loader(const std::string& path)
      : file_(parse_config(path, read_trusted_file(path, kMaxConfigFileOctets))) {
    responder_.file = path;
    folder_ = std::filesystem::path(path).parent_path().string();
    if (folder_.empty()) folder_ = ".";
  }

  Responder load() {
    for (const auto& entry : file_.entries)
      set(entry);
    if (seen_.contains("text") == seen_.contains("template")) {
      throw ConfigError(file_.path, 0, "needs either 'text' or 'template'");
    }
    // When all settings are known: a template yields to them, and 'allow-large' sets the bound.
    if (text_ != nullptr) responder_.text = TextTemplate(read_text(*text_), path_of(*text_), 1);
    if (template_ != nullptr) read_template(*template_);
    if (!subject_) responder_.subject = TextTemplate("Auto: ${subject}", file_.path, 0);
    if (!seen_.contains("interval")) {
      responder_.interval =
          responder_.kind == ResponderKind::kService ? kServiceInterval : kPersonalInterval;
    }
    if (responder_.active_from && responder_.active_until &&
        *responder_.active_from >= *responder_.active_until) {
      throw ConfigError(file_.path, seen_["active-until"],
                        "'active-until' is before 'active-from'");
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
    responder_.subject = TextTemplate(entry.value, file_.path, entry.line);
    subject_ = true;
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
  void set_text(const ConfigEntry& entry) { text_ = &entry; }
  void set_template(const ConfigEntry& entry) { template_ = &entry; }

  [[nodiscard]] std::string path_of(const ConfigEntry& entry) const {
    return folder_ + "/" + entry.value;
  }

  /// A text file of the reply: UTF-8, line ends made LF.
  std::string read_text(const ConfigEntry& entry) {
    const std::string path = path_of(entry);
    std::string raw = read_trusted_file_beneath(folder_, entry.value, kMaxLargeReplyOctets,
                                                file_.path, entry.line);
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
      if (raw[i] == '\r') throw ConfigError(path, line, "a carriage return without a line feed");
      if (raw[i] == '\0') throw ConfigError(path, line, "a NUL octet");
      if (raw[i] == '\n') ++line;
      text += raw[i];
    }
    for (std::size_t begin = 0, number = 1; begin < text.size(); ++number) {
      const auto end = std::min(text.find('\n', begin), text.size());
      if (!is_valid_utf8(std::string_view(text).substr(begin, end - begin))) {
        throw ConfigError(path, number, "not UTF-8");
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
    if (header.skipped_line != 0) {
      throw ConfigError(path, header.skipped_line, "expected a header field, 'Name: value'");
    }
    for (const auto& field : header.fields) {
      set_template_field(path, field);
    }
    const auto body_begin = block_end + (no_fields ? 1 : 2);
    const auto line = std::count(text.begin(), text.begin() + static_cast<long>(body_begin), '\n');
    responder_.text =
        TextTemplate(text.substr(body_begin), path, static_cast<std::size_t>(line) + 1);
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
      responder_.subject = TextTemplate(entry.value, path, field.line);
      subject_ = true;
    } else if (is("Precedence")) {
      if (!is_word(field.body))
        throw ConfigError(path, field.line, "'Precedence': expected one word");
      if (!precedence_) set_precedence_word(field.body);
    } else {
      responder_.extra_fields.push_back({field.name, TextTemplate(entry.value, path, field.line)});
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
  };
  return table;
}

class SingleResponder : public ResponderSource {
 public:
  explicit SingleResponder(std::string file) : file_(std::move(file)) {}
  [[nodiscard]] std::unique_ptr<Responder> find(const Address& /*address*/) const override {
    return std::make_unique<Responder>(load_responder(file_));
  }

 private:
  std::string file_;
};

class ResponderFolder : public ResponderSource {
 public:
  ResponderFolder(std::string folder, std::string delimiters)
      : folder_(std::move(folder)), delimiters_(std::move(delimiters)) {}

  [[nodiscard]] std::unique_ptr<Responder> find(const Address& address) const override {
    const std::string domain = folder_ + "/" + encode_file_name(address.ascii_domain);
    const auto bare = without_extension(address, delimiters_);
    for (const auto& candidate :
         {domain + "/" + encode_file_name(address.local_part) + ".conf",
          domain + "/" + encode_file_name(bare.local_part) + ".conf", domain + ".conf"}) {
      if (exists(candidate)) return std::make_unique<Responder>(load_responder(candidate));
    }
    if (!exists(folder_)) throw ConfigError(folder_, 0, "no such folder of responders");
    return nullptr;
  }

 private:
  /// Throws ConfigError where that cannot be told.
  static bool exists(const std::string& path) {
    struct stat status {};
    // lstat: a link that leads nowhere is a fault to report, not a file that is not there.
    if (::lstat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG) return false;
    throw ConfigError(path, 0, "cannot stat: " + std::generic_category().message(errno));
  }

  std::string folder_;
  std::string delimiters_;
};

}  // namespace

Responder load_responder(const std::string& file) {
  return Loader(file).load();
}

std::unique_ptr<ResponderSource> single_responder(std::string file) {
  return std::make_unique<SingleResponder>(std::move(file));
}

std::unique_ptr<ResponderSource> responder_folder(std::string folder, std::string delimiters) {
  return std::make_unique<ResponderFolder>(std::move(folder), std::move(delimiters));
}

std::string encode_file_name(std::string_view part) {
  std::string name;
  for (const char c : fold_case(part)) {
    if (c == '/' || c == '%' || (c == '.' && name.empty()) || has_control_characters({&c, 1})) {
      name += '%' + to_hex(c);
    } else {
      name += c;
    }
  }
  return name;
}

}  // namespace inforeply
