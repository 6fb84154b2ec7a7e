#include "draft.hpp"

#include <mimetic/codec/base64.h>
#include <mimetic/codec/codec.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// Written by the responder itself, or about the program that is left.
constexpr std::array<std::string_view, 14> kOwnFields = {"To",
                                                         "Date",
                                                         "Message-ID",
                                                         "In-Reply-To",
                                                         "References",
                                                         "Precedence",
                                                         "Auto-Submitted",
                                                         "MIME-Version",
                                                         "Return-Path",
                                                         "X-Mailer",
                                                         "X-Loop",
                                                         "Delivered-To",
                                                         "Received",
                                                         "X-Auto-Response-Suppress"};

/// Replies go to the sender alone.
constexpr std::array<std::string_view, 5> kOtherReaders = {"Cc", "Bcc", "Resent-To", "Resent-Cc",
                                                           "Resent-Bcc"};

struct Field {
  std::string_view name;
  std::string body;  // unfolded
  std::string_view whole;
  std::size_t line;

  [[nodiscard]] bool is(std::string_view other) const { return equals_ignoring_case(name, other); }
};

bool is_field_name(std::string_view name) {
  return !name.empty() && is_ascii(name) && !has_control_characters(name) &&
         name.find(' ') == std::string_view::npos;
}

/// The fields, and the body behind the empty line.
std::pair<std::vector<Field>, Source> split_message(const Source& source) {
  std::vector<Field> fields;
  std::string_view rest = source.text;
  for (auto number = source.line;; ++number) {
    const char* begin = rest.data();
    const auto line = take_line(rest);
    const auto octets = [&](const char* from) {
      return std::string_view(from, static_cast<std::size_t>(rest.data() - from));
    };
    const auto colon = line.find(':');
    if (line.empty() && begin != rest.data()) {
      return {fields, {source.name, std::string(rest), number + 1}};
    }
    if (!fields.empty() && (line.starts_with(' ') || line.starts_with('\t'))) {
      fields.back().body.append(" ").append(trim(line));
      fields.back().whole = octets(fields.back().whole.data());
    } else if (colon != std::string_view::npos && is_field_name(line.substr(0, colon))) {
      fields.push_back({line.substr(0, colon), std::string(trim(line.substr(colon + 1))),
                        octets(begin), number});
    } else {
      throw ConfigError(source.name, number, "expected header fields, an empty line and the text");
    }
  }
}

bool is_content_field(const Field& field) {
  return starts_with_ignoring_case(field.name, "Content-");
}

/// In lower case; empty if there is no such field.
std::string value_of(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.is(name); });
  return found == fields.end() ? std::string() : to_lower_ascii(found->body);
}

/// `text/plain` of `text/plain; charset=utf-8`.
std::string_view first_part(std::string_view value) {
  value = trim(value);
  return value.substr(0, value.find_first_of("; \t("));
}

/// Whether a text with that Content-Type is read as UTF-8.
bool is_read_as_utf8(std::string_view type) {
  const auto charset = type.find("charset");
  return charset == std::string_view::npos ||
         type.find("utf-8", charset) != std::string_view::npos ||
         type.find("us-ascii", charset) != std::string_view::npos;
}

/// Whether the text of a message of these fields is all that there is. It was found to be UTF-8,
/// whatever else a field says of it.
bool is_plain_text(const std::vector<Field>& fields, std::string_view text) {
  return std::all_of(fields.begin(), fields.end(), [&](const Field& field) {
    const auto body = to_lower_ascii(field.body);
    if (field.is("Content-Transfer-Encoding")) return body == "7bit" || body == "8bit";
    if (!field.is("Content-Type")) return !is_content_field(field);
    return first_part(body) == "text/plain" && (is_read_as_utf8(body) || !is_ascii(text));
  });
}

/// The setting for a field; empty if there is none.
std::string setting_for(const Field& field) {
  for (const auto* const name : {"from", "reply-to", "subject"})
    if (field.is(name)) return name;
  return {};
}

bool starts_with_macro(std::string_view text, const Macro& macro) {
  return macro.in_any_case ? starts_with_ignoring_case(text, macro.name)
                           : text.starts_with(macro.name);
}

void require_size(const Source& source, std::size_t octets) {
  if (octets > kMaxDraftOctets) {
    throw ConfigError(source.name, source.line,
                      "over " + std::to_string(kMaxDraftOctets) + " octets with what is filled in");
  }
}

/// The body of an entity with placeholders where a template has them: in its texts that are shown.
/// All else stays octet for octet. Throws ConfigError if a text cannot have them.
class EntityBody {
 public:
  EntityBody(const Macros& macros, const Source& whole) : macros_(macros), whole_(whole) {}

  [[nodiscard]] std::string fill(const std::vector<Field>& fields, const Source& body,
                                 const std::string& usual_type = "text/plain",
                                 std::size_t depth = 0) const {
    auto type = value_of(fields, "Content-Type");
    if (type.empty()) type = usual_type;
    const auto name = first_part(type);
    if (name == "multipart/signed" || name == "multipart/encrypted") return body.text;
    if (name.starts_with("multipart/")) return fill_parts(fields, body, name, depth);
    const bool is_attached = first_part(value_of(fields, "Content-Disposition")) == "attachment";
    if (!name.starts_with("text/") || is_attached) return body.text;
    const std::string encoding(first_part(value_of(fields, "Content-Transfer-Encoding")));
    if (encoding == "base64" || encoding == "quoted-printable") {
      const auto text =
          encoding == "base64" ? decode_base64(body.text) : decode_hex_escapes(body.text, '=');
      if (with_placeholders(text, macros_) == text) return body.text;
      fail(body, "a dollar or a macro in " + encoding + " (8bit can have it)");
    }
    auto text = with_placeholders(body.text, macros_);
    if (!is_read_as_utf8(type) && !is_ascii(text)) {
      fail(body, "the text is UTF-8, its Content-Type says another charset");
    }
    return text;
  }

 private:
  /// As the template's reader parts them (RFC 2046, 5.1.1).
  [[nodiscard]] std::string fill_parts(const std::vector<Field>& fields, const Source& body,
                                       std::string_view type, std::size_t depth) const {
    constexpr std::size_t kMaxDepth = 10;
    if (depth == kMaxDepth) fail(body, "multiparts nested too deep");
    const auto delimiter = "--" + boundary_of(fields);
    const std::string usual = type == "multipart/digest" ? "message/rfc822" : "text/plain";
    std::string result;
    Source part{body.name, {}, 0};  // line 0: what is in front of the first delimiter
    std::string_view rest = body.text;
    for (auto number = body.line; !rest.empty(); ++number) {
      const char* const begin = rest.data();
      const auto line = take_line(rest);
      const std::string_view octets(begin, static_cast<std::size_t>(rest.data() - begin));
      const bool is_last =
          line.starts_with(delimiter + "--") && trim(line.substr(delimiter.size() + 2)).empty();
      const bool is_delimiter =
          is_last || (line.starts_with(delimiter) && trim(line.substr(delimiter.size())).empty());
      if (!is_delimiter) {
        part.text += octets;
        continue;
      }
      result.append(part.line == 0 ? part.text : filled_part(part, usual, depth)).append(octets);
      require_size(whole_, result.size());
      if (is_last) return result.append(rest);
      part = {body.name, {}, number + 1};
    }
    fail(body, "no line '" + to_single_line(delimiter) + "--' ends the multipart here");
  }

  [[nodiscard]] std::string filled_part(const Source& part, const std::string& usual_type,
                                        std::size_t depth) const {
    const auto [fields, body] = split_message(part);
    return part.text.substr(0, part.text.size() - body.text.size()) +
           fill(fields, body, usual_type, depth + 1);
  }

  static std::string boundary_of(const std::vector<Field>& fields) {
    for (const auto& field : fields) {
      if (!field.is("Content-Type")) continue;
      const auto at = to_lower_ascii(field.body).find("boundary=");
      if (at == std::string::npos) continue;
      const auto value =
          std::string_view(field.body).substr(at + std::string_view("boundary=").size());
      if (value.starts_with('"')) return std::string(value.substr(1, value.find('"', 1) - 1));
      return std::string(value.substr(0, value.find_first_of("; \t")));
    }
    return {};
  }

  [[noreturn]] static void fail(const Source& source, const std::string& text) {
    throw ConfigError(source.name, source.line, text);
  }

  const Macros& macros_;
  const Source& whole_;
};

void require_utf8(const Source& source) {
  if (is_valid_utf8(source.text)) return;
  auto number = source.line;
  std::string_view rest = source.text;
  while (is_valid_utf8(take_line(rest)))
    ++number;
  throw ConfigError(source.name, number, "not UTF-8 (iconv -f ISO-8859-1 -t UTF-8 may make it so)");
}

void set_body(Draft& draft, const Source& source, std::string body) {
  require_size(source, body.size());
  draft.body = std::move(body);
  if (!draft.body.ends_with('\n')) draft.body += '\n';
  draft.source = source.name;
  draft.source_line = source.line;
}

void require_text(const Source& source) {
  require_utf8(source);
  if (is_blank(source.text)) throw ConfigError(source.name, source.line, "there is no text");
}

}  // namespace

void Draft::set(const std::string& name, std::string_view value) {
  auto line = collapse_blanks(to_single_line(value));
  if (!line.empty()) settings.emplace_back(name, std::move(line));
}

std::string_view Draft::get(std::string_view name) const {
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const auto& setting) { return setting.first == name; });
  return found == settings.end() ? std::string_view() : std::string_view(found->second);
}

std::string with_placeholders(std::string_view text, const Macros& macros, Place place) {
  const bool is_text = place == Place::kText;
  std::string result;
  while (!text.empty() && result.size() <= kMaxDraftOctets) {
    const auto macro = std::find_if(macros.begin(), macros.end(), [&](const Macro& candidate) {
      return starts_with_macro(text, candidate);
    });
    if (macro != macros.end()) {
      result += is_text ? macro->placeholder : macro->plain;
      text.remove_prefix(macro->name.size());
    } else {
      if (is_text && text.front() == '$') result += '$';
      result += text.front();
      text.remove_prefix(1);
    }
  }
  return result;
}

bool is_no(std::string_view value) {
  return value.empty() || std::string_view("0fFnN").find(value.front()) != std::string_view::npos;
}

std::vector<std::string> take_options(const std::vector<std::string>& words,
                                      std::string_view with_argument,
                                      const std::function<void(char, const std::string&)>& take) {
  std::vector<std::string> others;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word.size() < 2 || word.front() != '-') {
      others.push_back(word);
      continue;
    }
    for (std::size_t at = 1; at < word.size(); ++at) {
      if (with_argument.find(word[at]) == std::string_view::npos) {
        take(word[at], {});
        continue;
      }
      const bool is_next = at + 1 == word.size() && i + 1 < words.size();
      take(word[at], is_next ? words[++i] : word.substr(at + 1));
      break;
    }
  }
  return others;
}

std::vector<std::string> piped_arguments(std::string_view line, std::string_view program) {
  constexpr std::string_view kShellSigns = "|&;<>()";
  const std::string end_of_command = ";";  // which no word is
  const auto pipe = line.find('|');
  if (pipe == std::string_view::npos) return {};
  auto rest = line.substr(pipe + 1);  // "|command" or |"command"
  const bool is_quoted = line.substr(0, pipe).ends_with('"') || rest.starts_with('"');
  if (rest.starts_with('"')) rest.remove_prefix(1);
  std::vector<std::string> words(1);
  char quote = '\0';
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const bool is_escaped = is_quoted && rest[i] == '\\' && i + 1 < rest.size();
    if (is_escaped) ++i;
    const char c = rest[i];
    if (is_quoted && c == '"' && !is_escaped) break;  // behind it are other addresses
    const bool is_bare = quote == '\0';
    if ((c == '"' || c == '\'') && (is_bare || quote == c)) {
      quote = is_bare ? c : '\0';
    } else if (is_bare && c == '#' && words.back().empty()) {
      break;  // a comment
    } else if (is_bare && kShellSigns.find(c) != std::string_view::npos) {
      if (parse_number(words.back())) words.pop_back();  // of `2>&1`
      words.insert(words.end(), {end_of_command, ""});
    } else if (is_bare && trim({&c, 1}).empty()) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  std::erase(words, "");
  const auto called = std::find_if(words.begin(), words.end(), [&](const std::string& word) {
    return word.substr(word.rfind('/') + 1) == program;
  });
  if (called == words.end()) return {};
  return {called + 1, std::find(called, words.end(), end_of_command)};
}

std::string decode_base64(std::string_view text) {
  std::string result;
  mimetic::Base64::Decoder decoder;
  mimetic::decode(text.begin(), text.end(), decoder, std::back_inserter(result));
  return result;
}

void set_text(Draft& draft, const Source& source, const Macros& macros) {
  require_text(source);
  set_body(draft, source, with_placeholders(source.text, macros));
}

void set_message(Draft& draft, const Source& source, const Macros& macros,
                 const FaultHandler& on_left_out) {
  require_utf8(source);
  auto [fields, body] = split_message(source);
  std::erase_if(fields, [&](const Field& field) {
    if (is_one_of(field.name, kOtherReaders)) {
      on_left_out({source.name, field.line,
                   "'" + std::string(field.name) + "': a copy is sent by 'bcc' alone"});
      return true;
    }
    return is_one_of(field.name, kOwnFields);
  });
  require_text(body);
  const bool has_text = is_plain_text(fields, with_placeholders(body.text, macros));
  if (has_text) std::erase_if(fields, is_content_field);
  draft.is_template = !has_text || std::any_of(fields.begin(), fields.end(), [](const auto& field) {
    return setting_for(field).empty();
  });
  std::string header;
  for (const auto& field : fields) {
    const auto setting = setting_for(field);
    const bool is_address = !setting.empty() && setting != "subject";
    const auto place = is_address ? Place::kAddress : Place::kText;
    header += is_content_field(field) ? field.whole : with_placeholders(field.whole, macros, place);
    require_size(source, header.size());
    if (!draft.is_template && !setting.empty() && draft.get(setting).empty()) {
      draft.set(setting, with_placeholders(field.body, macros, place));
    }
  }
  if (!draft.is_template) {
    set_text(draft, body, macros);
  } else {
    set_body(draft, body, header + "\n" + EntityBody(macros, source).fill(fields, body));
  }
}

}  // namespace inforeply
