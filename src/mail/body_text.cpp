#include "mail/body_text.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "inforeply/html.hpp"
#include "inforeply/text.hpp"
#include "mail/charset.hpp"
#include "mail/flowed.hpp"
#include "mail/mime.hpp"
#include "mail/parameter.hpp"
#include "mail/transfer_encoding.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxMetaOctets = 1024;  // where HTML names its charset (WHATWG HTML, 4.2.5.4)
constexpr std::string_view kByteOrderMark = "\uFEFF";
constexpr std::string_view kReplacement = "\uFFFD";

/// A part, or a message without parts.
struct Entity {
  const Header& header;
  std::string_view content;
  TextType type;
  bool cut;  ///< its end was not kept
};

TextType text_type_of(const Header& header, Multipart holder_type) {
  const std::string* field = header.find("Content-Type");
  if (field == nullptr) {
    return holder_type == Multipart::kDigest ? TextType::kNone : TextType::kPlain;
  }
  const auto type = leading_token(*field);
  // RFC 2045, 5.2: a malformed type counts as none.
  if (type == "text/plain" || type.find('/') == std::string::npos) return TextType::kPlain;
  return type == "text/html" ? TextType::kHtml : TextType::kNone;
}

/// Returns the value of a parameter; empty if the field or the parameter is missing.
std::string parameter(const Header& header, std::string_view field, std::string_view name) {
  const std::string* body = header.find(field);
  return body == nullptr ? std::string{} : find_parameter(*body, name).value_or("");
}

/// RFC 2183, 2.8: any disposition other than `inline` means an attachment.
bool is_disposed_as_attachment(const Header& header) {
  const std::string* field = header.find("Content-Disposition");
  const auto disposition = field == nullptr ? std::string{} : leading_token(*field);
  return !disposition.empty() && disposition != "inline";
}

bool has_file_name(const Header& header) {
  return !parameter(header, "Content-Disposition", "filename").empty() ||
         !parameter(header, "Content-Type", "name").empty();
}

/// Drops octets at the end that begin a UTF-8 character and do not complete it.
std::string_view without_cut_character(std::string_view text) {
  for (std::size_t taken = 1; taken <= std::min<std::size_t>(3, text.size()); ++taken) {
    const auto octet = static_cast<unsigned char>(text[text.size() - taken]);
    if (octet < 0x80) break;
    if (octet < 0xC0) continue;  // continues a character
    const std::size_t length = octet >= 0xF0 ? 4 : octet >= 0xE0 ? 3 : 2;
    return text.substr(0, text.size() - (length > taken ? taken : 0));
  }
  return text;
}

/// Drops a `=` or `=X` at the end.
std::string_view without_cut_escape(std::string_view text) {
  const auto mark = text.rfind('=');
  return mark != std::string_view::npos && mark + 2 >= text.size() ? text.substr(0, mark) : text;
}

/// Returns the decoded octets, without what was cut at the end: a broken character there must not
/// make the charset of all the text look wrong.
std::string octets_of(const Entity& entity) {
  const std::string* field = entity.header.find("Content-Transfer-Encoding");
  const auto encoding = field == nullptr ? std::string{} : leading_token(*field);
  if (!entity.cut) return decode_transfer_encoding(encoding, entity.content);
  const bool has_escapes = encoding == "quoted-printable";
  const auto content = has_escapes ? without_cut_escape(entity.content) : entity.content;
  return std::string(without_cut_character(decode_transfer_encoding(encoding, content)));
}

/// Returns the charset that an HTML document names in `<meta charset=…>` or `<meta … content="…;
/// charset=…">`.
std::string meta_charset(std::string_view html) {
  const auto head = to_lower_ascii(html.substr(0, kMaxMetaOctets));
  constexpr std::string_view kName = "charset=";
  const auto found = head.find(kName, std::min(head.find("<meta"), head.size()));
  if (found == std::string::npos) return {};
  const auto value = std::string_view(head).substr(found + kName.size());
  const auto begin = std::min(value.find_first_not_of("\"'"), value.size());
  const auto end = value.find_first_of(" \t\r\n\"'>;/", begin);
  const auto charset = value.substr(begin, end == value.npos ? end : end - begin);
  // In these charsets `<meta` itself could not have been read.
  return charset.starts_with("utf-16") || charset.starts_with("utf-32") ? std::string{}
                                                                        : std::string(charset);
}

std::string decode(const Entity& entity) {
  const auto octets = octets_of(entity);
  auto charset = parameter(entity.header, "Content-Type", "charset");
  if (charset.empty() && entity.type == TextType::kHtml) charset = meta_charset(octets);
  auto text = to_utf8_leniently(octets, trim(charset));
  // A charset's own form of characters or escapes may still be cut at the end.
  while (entity.cut && text.ends_with(kReplacement))
    text.resize(text.size() - kReplacement.size());
  return text;
}

bool ends_line(char32_t c) {
  return c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_control(char32_t c) {
  return (c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0);
}

/// Turns every line end (CRLF, CR or Unicode's) into LF, and drops control characters except tabs.
std::string clean(std::string_view text) {
  std::string result;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    // A gateway that converted line ends twice leaves more than one CR.
    if (const auto crs = std::min(text.find_first_not_of('\r'), text.size()); crs > 0) {
      text.remove_prefix(crs);
      if (!text.starts_with('\n')) result.append(crs, '\n');
      continue;
    }
    const auto [character, length] = next_character(text);
    if (ends_line(character)) {
      result += '\n';
    } else if (!is_control(character)) {
      result += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

std::string undo_flowing(const Entity& entity, std::string text) {
  if (!equals_ignoring_case(parameter(entity.header, "Content-Type", "format"), "flowed")) {
    return text;
  }
  const bool delsp = equals_ignoring_case(parameter(entity.header, "Content-Type", "delsp"), "yes");
  return from_flowed(text, delsp ? DelSp::kYes : DelSp::kNo);
}

std::string bounded(std::string_view text) {
  if (text.size() >= kMaxBodyTextOctets) {
    text = without_cut_character(text.substr(0, kMaxBodyTextOctets - 1));
  }
  std::string result(text);
  if (!result.ends_with('\n')) result += '\n';
  return result;
}

std::string whole_text_of(const Entity& entity) {
  auto text = clean(decode(entity));
  return entity.type == TextType::kHtml ? clean(html_to_text(text))
                                        : undo_flowing(entity, std::move(text));
}

/// Empty if the text is blank, as some mailers leave the plain text beside their HTML.
std::string text_of(const Entity& entity) {
  const auto text = whole_text_of(entity);
  return is_blank(text) ? std::string{} : bounded(text);
}

bool is_attached(const Header& header) {
  return is_disposed_as_attachment(header) || has_file_name(header);
}

/// Looks for the sender's text among the parts of a multipart message.
class PartReader {
 public:
  explicit PartReader(const Message& message)
      : message_(message), parts_(find_mime_parts(message.header, message.body)) {
    for (const auto& part : parts_) {
      attached_.push_back((part.holder && attached_[*part.holder]) || is_attached(part.header));
    }
  }

  [[nodiscard]] std::string find() const {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      auto text = text_of_part(i);
      if (text.empty()) continue;
      if (type_of(i) == TextType::kPlain) return text;
      const auto plain = plain_alternative(i);
      return plain.empty() ? text : plain;
    }
    return {};
  }

 private:
  [[nodiscard]] TextType type_of(std::size_t i) const {
    return attached_[i] ? TextType::kNone : text_type_of(parts_[i].header, parts_[i].holder_type);
  }

  [[nodiscard]] std::string text_of_part(std::size_t i) const {
    const auto type = type_of(i);
    const auto& content = parts_[i].content;
    const std::string_view body = message_.body;
    const bool cut = body.size() == kMaxBodyOctets &&
                     content.data() + content.size() == body.data() + body.size();
    if (type == TextType::kNone) return {};
    return text_of({parts_[i].header, content, type, cut});
  }

  /// Returns the plain text alternative of this part, or of a multipart that holds it. Plain text
  /// elsewhere, such as the footer of a mailing list, is no alternative.
  [[nodiscard]] std::string plain_alternative(std::size_t i) const {
    for (std::optional at = i; at; at = parts_[*at].holder) {
      if (parts_[*at].holder_type != Multipart::kAlternative) continue;
      for (std::size_t other = 0; other < parts_.size(); ++other) {
        if (!is_alternative(other, *at) || type_of(other) != TextType::kPlain) continue;
        if (auto text = text_of_part(other); !text.empty()) return text;
      }
    }
    return {};
  }
  [[nodiscard]] bool is_alternative(std::size_t i, std::size_t other) const {
    return parts_[i].holder == parts_[other].holder &&
           parts_[i].holder_type == Multipart::kAlternative;
  }

  const Message& message_;
  std::vector<MimePart> parts_;
  std::vector<bool> attached_;
};

bool is_multipart(const Header& header) {
  const std::string* field = header.find("Content-Type");
  return field != nullptr && leading_token(*field).starts_with("multipart/");
}

}  // namespace

TextType shown_text_type(const MimePart& part) {
  return is_attached(part.header) ? TextType::kNone : text_type_of(part.header, part.holder_type);
}

std::string whole_text(const MimePart& part) {
  const auto type = text_type_of(part.header, part.holder_type);
  return type == TextType::kNone ? std::string{}
                                 : whole_text_of({part.header, part.content, type, false});
}

std::string body_text(const Message& message) {
  if (is_multipart(message.header)) return PartReader(message).find();
  const auto type = text_type_of(message.header, Multipart::kOther);
  // A file name alone is no reason: there is nothing that the text could be attached to.
  if (type == TextType::kNone || is_disposed_as_attachment(message.header)) return {};
  return text_of({message.header, message.body, type, message.body.size() == kMaxBodyOctets});
}

}  // namespace inforeply
