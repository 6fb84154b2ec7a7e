#include "reply/reply_template.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>
#include <utility>

#include "inforeply/text.hpp"
#include "mail/charset.hpp"
#include "mail/encoded_word.hpp"
#include "mail/flowed.hpp"
#include "mail/media_type.hpp"
#include "mail/mime.hpp"
#include "mail/parameter.hpp"
#include "mail/quoted_string.hpp"
#include "mail/transfer_encoding.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxParts = 100;

constexpr std::array<std::string_view, 13> kOwnFields = {
    "To",          "Cc",         "Bcc",
    "Date",        "Message-ID", "In-Reply-To",
    "References",  "Sender",     "Auto-Submitted",
    "Return-Path", "Received",   "X-Auto-Response-Suppress",
    "MIME-Version"};

bool is_content_field(const HeaderField& field) {
  return starts_with_ignoring_case(field.name, "Content-");
}

/// A piece of the file, and the number of its first line for faults.
struct Piece {
  std::string_view text;
  std::size_t line;

  [[nodiscard]] Piece from(std::size_t begin) const {
    const auto lines = std::count(text.begin(), text.begin() + static_cast<long>(begin), '\n');
    return {text.substr(begin), line + static_cast<std::size_t>(lines)};
  }
  std::string_view take_line() {
    ++line;
    return inforeply::take_line(text);
  }
};

bool is_delimiter(std::string_view line, std::string_view boundary) {
  return line.starts_with("--") && line.substr(2).starts_with(boundary) &&
         trim(line.substr(2 + boundary.size())).empty();
}

/// Whether a value in a text of that type could be taken for markup.
bool is_markup(std::string_view type) {
  return type.find("html") != std::string_view::npos || type == "text/xml" ||
         type.ends_with("+xml");
}

class TemplateReader {
 public:
  TemplateReader(const std::string& path, const FaultHandler& on_fault)
      : path_(path), on_fault_(on_fault) {}

  ReplyTemplate read(std::string_view text) {
    if (!text.starts_with('\n') && text.find("\n\n") == std::string_view::npos) {
      fault(1, "expected header fields, an empty line and the text");
    }
    const auto whole = split_header({text, 1});
    ReplyTemplate result;
    for (const auto& field : whole.first.fields) {
      if (!is_content_field(field)) result.fields.push_back(field);
    }
    // A message saved as a template may have many Received fields, which no reply gets.
    check_repeats(whole.first, [](const HeaderField& field) {
      return !is_content_field(field) && !is_own_field(field.name);
    });
    collect_fault(on_fault_, [&] { result.body = read_entity(whole.first, whole.second, 1); });
    return result;
  }

 private:
  [[noreturn]] void fault(std::size_t line, const std::string& text) const {
    throw ConfigError(path_, line, text);
  }

  /// In an empty part, the empty line may belong to the delimiter that follows.
  std::pair<Header, Piece> split_header(const Piece& entity) {
    const bool no_fields = entity.text.starts_with('\n');
    const auto end = no_fields ? 0 : std::min(entity.text.find("\n\n"), entity.text.size());
    const auto block = entity.text.substr(0, end);
    Header header = parse_header(block);
    if (header.has_gap) fault(entity.line, "over " + std::to_string(kMaxFields) + " header fields");
    for (auto& field : header.fields)
      field.line += entity.line - 1;
    check_lines({block, entity.line});
    const auto body = std::min(end + (no_fields ? 1 : 2), entity.text.size());
    return {std::move(header), entity.from(body)};
  }

  void check_lines(Piece block) {
    for (bool first = true; !block.text.empty(); first = false) {
      const auto number = block.line;
      const auto line = block.take_line();
      const bool continues = !first && (line.starts_with(' ') || line.starts_with('\t'));
      if (!is_valid_utf8(line)) on_fault_({path_, number, "not UTF-8"});
      if (!continues && parse_header(line).skipped_line != 0) {
        on_fault_({path_, number, "expected a header field, 'Name: value'"});
      }
    }
  }

  template <typename IsRead>
  void check_repeats(const Header& header, const IsRead& is_read) {
    std::set<std::string> seen;
    for (const auto& field : header.fields) {
      if (is_read(field) && !seen.insert(to_lower_ascii(field.name)).second) {
        on_fault_({path_, field.line, "a second '" + field.name + "'"});
      }
    }
  }

  /// `usual_type` is the type of an entity without a Content-Type field.
  TemplateEntity read_entity(const Header& header, const Piece& body, std::size_t depth,
                             const std::string& usual_type = "text/plain") {
    const std::string* type_field = header.find("Content-Type");
    const std::string type = type_field == nullptr ? usual_type : leading_token(*type_field);
    TemplateEntity entity;
    check_repeats(header, is_content_field);
    for (const auto& field : header.fields) {
      if (is_content_field(field) && !equals_ignoring_case(field.name, "Content-Type") &&
          !equals_ignoring_case(field.name, "Content-Transfer-Encoding")) {
        entity.fields += kept_field(field);
      }
      if (&field.body == type_field && !is_media_type(type)) {
        fault(field.line, "'Content-Type': expected a type such as text/plain");
      }
    }
    const bool sealed = type == "multipart/signed" || type == "multipart/encrypted";
    const std::string* disposition = header.find("Content-Disposition");
    const bool attached = disposition != nullptr && leading_token(*disposition) == "attachment";
    if (type.starts_with("multipart/") && !sealed) {
      read_parts(entity, type, *header.find("Content-Type"), body, depth);
    } else if (type.starts_with("text/") && !attached) {
      read_text(entity, type, header, body);
    } else {
      read_other(entity, type_field == nullptr ? type : *type_field, header, body);
    }
    return entity;
  }

  void read_parts(TemplateEntity& entity, const std::string& type, const std::string& type_field,
                  const Piece& body, std::size_t depth) {
    const auto boundary = find_parameter(type_field, "boundary");
    if (!boundary || boundary->empty()) fault(body.line, "'" + type + "' without a boundary");
    if (depth > kMaxMimeDepth) fault(body.line, "multiparts nested too deep");
    entity.multipart = type.substr(type.find('/') + 1) + parameters_of(type_field, {"boundary"});
    const char* part_type =  // RFC 2046, 5.1.5
        type == "multipart/digest" ? "message/rfc822" : "text/plain";
    for (const auto& part : split_parts(body, *boundary)) {
      if (++parts_ > kMaxParts) fault(part.line, "over " + std::to_string(kMaxParts) + " parts");
      collect_fault(on_fault_, [&] {
        const auto [header, content] = split_header(part);
        entity.parts.push_back(read_entity(header, content, depth + 1, part_type));
      });
    }
  }

  /// RFC 2046, 5.1.1.
  [[nodiscard]] std::vector<Piece> split_parts(const Piece& body,
                                               const std::string& boundary) const {
    std::vector<Piece> parts;
    bool closed = false;
    for (Piece rest = body; !rest.text.empty() && !closed;) {
      const char* line_begin = rest.text.data();
      const auto line = rest.take_line();
      closed = is_delimiter(line, boundary + "--");
      if (closed || is_delimiter(line, boundary)) {
        if (!parts.empty()) {  // the line end before the delimiter belongs to it
          auto& last = parts.back().text;
          last = last.substr(0, static_cast<std::size_t>(line_begin - last.data()));
          if (last.ends_with('\n')) last.remove_suffix(1);
        }
        if (!closed) parts.push_back(rest);
      }
    }
    if (parts.empty()) fault(body.line, "no line '--" + to_single_line(boundary) + "' here");
    if (!closed) {
      fault(body.line, "no line '--" + to_single_line(boundary) + "--' ends the multipart here");
    }
    return parts;
  }

  void read_text(TemplateEntity& entity, const std::string& type, const Header& header,
                 const Piece& body) {
    const std::string* type_field = header.find("Content-Type");
    const std::string field = type_field == nullptr ? type : *type_field;
    std::string text = decode_transfer_encoding(encoding_of(header), body.text);
    const auto charset = find_parameter(field, "charset");
    // An author's 8-bit text is UTF-8. Only for a stranger's is the charset guessed.
    const bool is_ascii_or_none = !charset || equals_ignoring_case(*charset, "us-ascii");
    const auto converted = to_utf8(text, is_ascii_or_none ? "utf-8" : *charset);
    if (!converted) fault(body.line + first_broken_line(text, charset), broken_text(charset));
    text = without_carriage_returns(*converted);
    const auto is_parameter = [&](std::string_view name, std::string_view value) {
      const auto found = find_parameter(field, name);
      return found && equals_ignoring_case(*found, value);
    };
    if (type == "text/plain" && !is_parameter("format", "fixed")) entity.form = TextForm::kPlain;
    if (is_markup(type)) entity.form = TextForm::kHtml;
    if (is_parameter("format", "flowed")) {
      text = from_flowed(text, is_parameter("delsp", "yes") ? DelSp::kYes : DelSp::kNo);
    }
    entity.content_type = type + parameters_of(field, {"charset", "format", "delsp"});
    entity.text = TextTemplate(text, path_, body.line, on_fault_);
  }

  void read_other(TemplateEntity& entity, const std::string& type_field, const Header& header,
                  const Piece& body) {
    const std::string encoding = encoding_of(header);
    std::string text(body.text);
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    const bool may_stay = is_7bit(text);
    const bool is_identity = encoding.empty() || encoding == "8bit" || encoding == "binary";
    // Sealed parts and enclosed messages must not be encoded (RFC 1847, 2.1; RFC 2046, 5.2.1).
    if (!may_stay && leading_token(type_field).find("multipart/") == 0) {
      fault(body.line, "what is signed or encrypted needs to be ASCII");
    }
    if (!may_stay && leading_token(type_field).starts_with("message/")) {
      fault(body.line, "an enclosed message needs to be ASCII");
    }
    entity.fields =
        field_line("Content-Type", leading_token(type_field) + parameters_of(type_field, {})) +
        field_line("Content-Transfer-Encoding", !may_stay     ? "base64"
                                                : is_identity ? "7bit"
                                                              : encoding) +
        entity.fields;
    entity.body = may_stay ? text : encode_base64(decode_transfer_encoding(encoding, body.text));
  }

  [[nodiscard]] std::string encoding_of(const Header& header) const {
    constexpr std::array<std::string_view, 5> kKnown = {"7bit", "8bit", "binary",
                                                        "quoted-printable", "base64"};
    const std::string* field = header.find("Content-Transfer-Encoding");
    if (field == nullptr) return {};
    std::string encoding = leading_token(*field);
    for (const auto& other : header.fields) {
      if (&other.body == field && !is_one_of(encoding, kKnown)) {
        fault(other.line,
              "'Content-Transfer-Encoding': expected 7bit, 8bit, binary, "
              "quoted-printable or base64");
      }
    }
    return encoding;
  }

  static std::string broken_text(const std::optional<std::string>& charset) {
    return charset ? "the text is not in its charset '" + to_single_line(*charset) + "'"
                   : "not UTF-8";
  }

  /// How many lines precede the first that is not UTF-8; 0 if a charset is named. Fits the lines of
  /// the file only without a transfer encoding.
  static std::size_t first_broken_line(std::string_view text,
                                       const std::optional<std::string>& charset) {
    if (charset) return 0;
    const auto lines = lines_not_utf8(text);
    return lines.empty() ? 0 : lines.front() - 1;
  }

  static std::string without_carriage_returns(std::string text) {
    std::erase(text, '\r');
    return text;
  }

  /// The parameters of a Content-Type or Content-Disposition field without those in `left_out`.
  /// They are written anew, as a template's need not be valid in a message.
  static std::string parameters_of(std::string_view body,
                                   std::initializer_list<std::string_view> left_out) {
    std::string text;
    std::vector<std::string> seen(left_out.begin(), left_out.end());
    const std::string bare = strip_comments(body);
    for (const auto section : split_unquoted(bare, ';')) {
      const auto equals = section.find('=');
      if (equals == std::string_view::npos) continue;
      auto name = to_lower_ascii(trim(section.substr(0, std::min(equals, section.find('*')))));
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
      if (const auto value = find_parameter(body, name)) text += encode_parameter(name, *value);
      seen.push_back(std::move(name));
    }
    return text;
  }

  static std::string kept_field(const HeaderField& field) {
    if (equals_ignoring_case(field.name, "Content-Disposition")) {
      return field_line(field.name, leading_token(field.body) + parameters_of(field.body, {}));
    }
    return field_line(field.name,
                      encode_field_text(trim(to_single_line(decode_field_text(field.body))),
                                        field.name.size() + 2));
  }

  const std::string& path_;
  const FaultHandler& on_fault_;
  std::size_t parts_ = 0;  // so far
};

}  // namespace

bool is_own_field(std::string_view name) {
  return is_one_of(name, kOwnFields);
}

ReplyTemplate parse_reply_template(const std::string& path, std::string_view text,
                                   const FaultHandler& on_fault) {
  return TemplateReader(path, on_fault).read(text);
}

}  // namespace inforeply
