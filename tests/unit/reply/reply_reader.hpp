// A reader of replies, strict where the product is lenient and without any of its code but the
// check of UTF-8: it throws BadReply at whatever a standard forbids.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inforeply/text.hpp"
#include "mail/encoded_word.hpp"

namespace inforeply::test {

using namespace std::string_literals;
using Strings = std::vector<std::string>;

struct BadReply : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void require(bool condition, const std::string& what) {
  if (!condition) throw BadReply(what);
}

inline Strings lines_of(std::string_view text) {
  Strings lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    require(end != std::string_view::npos, "a last line without its end");
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

inline unsigned hex_digit(char c) {
  const auto value = "0123456789ABCDEF"s.find(c);
  require(value != std::string::npos, "no upper-case hexadecimal digit: "s + c);
  return static_cast<unsigned>(value);
}

/// The octet that `=XX` at `at` stands for.
inline char escaped_octet(std::string_view text, std::size_t at) {
  require(at + 2 < text.size(), "a cut escape");
  return static_cast<char>(hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2]));
}

/// RFC 4648, 4, with all of its padding.
inline std::string decode_base64(std::string_view text) {
  const auto alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"s;
  require(text.size() % 4 == 0, "base64 is not padded");
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string result;
  unsigned bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto value = i < text.size() - padding ? alphabet.find(text[i]) : 0;
    require(value != std::string::npos, "not base64");
    bits = (bits << 6U) | static_cast<unsigned>(value);
    if (i % 4 == 3) {
      for (const unsigned shift : {16U, 8U, 0U})
        result += static_cast<char>(bits >> shift);
    }
  }
  return result.substr(0, result.size() - padding);
}

/// RFC 2045, 6.7.
inline std::string decode_quoted_printable(std::string_view text) {
  std::string result;
  for (const auto& line : lines_of(text)) {
    require(line.size() <= 76, "a quoted-printable line over 76");
    require(!line.ends_with(' ') && !line.ends_with('\t'), "a blank at a line's end");
    require(!line.starts_with("From "), "a line that a mailbox changes");
    const bool soft = line.ends_with('=');
    for (std::size_t i = 0; i < line.size() - (soft ? 1 : 0); ++i) {
      result += line[i] == '=' ? escaped_octet(line, i) : line[i];
      if (line[i] == '=') i += 2;
    }
    if (!soft) result += '\n';
  }
  return result;
}

inline std::string joined_base64(std::string_view text) {
  std::string joined;
  for (const auto& line : lines_of(text)) {
    require(line.size() <= 76, "a base64 line over 76");
    joined += line;
  }
  return joined;
}

inline std::string decode_base64_lines(std::string_view text) {
  std::string result = decode_base64(joined_base64(text));
  for (auto at = result.find('\n'); at != std::string::npos; at = result.find('\n', at)) {
    require(at > 0 && result[at - 1] == '\r', "a line end that is not canonical");
    result.erase(at - 1, 1);
  }
  return result;
}

/// RFC 3676, 4.1 to 4.3: the text as it was before it was broken into lines.
inline std::string unflow(std::string_view text) {
  std::string result;
  for (std::string line : lines_of(text)) {
    require(!line.starts_with('>'), "a line that reads as quoted");
    require(!line.starts_with("From "), "a line that a mailbox changes");
    const bool signature_mark = line == "-- ";
    if (signature_mark && !result.empty()) require(result.back() == '\n', "a mark in a paragraph");
    if (line.starts_with(' ')) line.erase(0, 1);
    result += line;
    if (signature_mark || !line.ends_with(' ')) result += '\n';
  }
  return result;
}

inline std::string decode_encoded_word(std::string_view word) {
  require(word.size() <= 75, "an encoded-word over 75");
  if (decode_field_text(word) == word) return std::string(word);  // of the message, and unreadable
  require(word.starts_with("=?utf-8?") && word.ends_with("?=") && word.size() > 12, "no charset");
  const std::string_view content = word.substr(10, word.size() - 12);
  require(content.find_first_of("? ") == std::string_view::npos, "a blank in an encoded-word");
  std::string text;
  if (word.substr(8, 2) == "B?") {
    text = decode_base64(content);
  } else {
    require(word.substr(8, 2) == "Q?", "no encoding");
    for (std::size_t i = 0; i < content.size(); ++i) {
      text += content[i] == '=' ? escaped_octet(content, i) : content[i] == '_' ? ' ' : content[i];
      if (content[i] == '=') i += 2;
    }
  }
  require(is_valid_utf8(text), "a cut character");
  return text;
}

/// An unfolded body that is either all encoded-words or plain text.
inline std::string decode_text(std::string_view body) {
  if (body.find("=?") == std::string_view::npos) return std::string(body);
  std::string result;
  for (const auto word : split(body, ' '))
    result += decode_encoded_word(word);
  return result;
}

struct Field {
  std::string name;
  std::string body;  ///< unfolded
};

inline bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// A reply, or a part of one.
struct Received {
  std::vector<Field> fields;
  std::string encoded_body;
  std::vector<Received> parts;  ///< of a multipart

  [[nodiscard]] Strings names() const {
    Strings result;
    for (const auto& field : fields)
      result.push_back(field.name);
    return result;
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const Field& field) { return field.name == name; });
  }
  /// The body of the one field of that name.
  [[nodiscard]] std::string operator[](std::string_view name) const {
    for (const auto& field : fields) {
      if (field.name == name) return field.body;
    }
    throw BadReply("no field " + std::string(name));
  }

  /// Such as `text/plain`.
  [[nodiscard]] std::string type() const {
    const std::string body = (*this)["Content-Type"];
    return body.substr(0, body.find(';'));
  }
  /// Its structure: `mixed(alternative(text/plain, text/html), image/png)`.
  [[nodiscard]] std::string shape() const {
    if (parts.empty()) return type();
    std::string inner;
    for (const auto& part : parts)
      inner += (inner.empty() ? "" : ", ") + part.shape();
    return type().substr("multipart/"s.size()) + "(" + inner + ")";
  }
  /// The first entity of that type, itself included, depth first.
  [[nodiscard]] const Received& first(std::string_view wanted) const {
    const Received* found = find(wanted);
    require(found != nullptr, "no entity of the type " + std::string(wanted));
    return *found;
  }
  [[nodiscard]] const Received* find(std::string_view wanted) const {
    if (type() == wanted) return this;
    for (const auto& part : parts) {
      if (const Received* found = part.find(wanted)) return found;
    }
    return nullptr;
  }

  /// The octets of an attachment.
  [[nodiscard]] std::string octets() const {
    const std::string encoding = (*this)["Content-Transfer-Encoding"];
    if (encoding == "7bit") return encoded_body;
    if (encoding == "quoted-printable") return decode_quoted_printable(encoded_body);
    require(encoding == "base64", "unknown encoding");
    return decode_base64(joined_base64(encoded_body));
  }
  /// The lines of a text.
  [[nodiscard]] std::string lines() const {
    require(parts.empty(), "a multipart has no text");
    const bool is_base64 = (*this)["Content-Transfer-Encoding"] == "base64";
    return is_base64 ? decode_base64_lines(encoded_body) : octets();
  }
  /// A text, without the line breaks of format=flowed.
  [[nodiscard]] std::string text() const {
    const std::string content = lines();
    return (*this)["Content-Type"].find("; format=flowed") == std::string::npos ? content
                                                                                : unflow(content);
  }
  /// The text above the lines that are quoted, and those lines.
  [[nodiscard]] std::pair<std::string, std::string> text_and_quote() const {
    const std::string content = lines();
    const auto begin = content.starts_with('>') ? 0 : content.find("\n>") + 1;
    const auto quote = begin == 0 && !content.starts_with('>') ? content.size() : begin;
    for (const auto& line : lines_of(content.substr(quote)))
      require(line.starts_with('>'), "text below a quote: " + line);
    return {unflow(content.substr(0, quote)), content.substr(quote)};
  }
};

inline Received read_entity(std::string_view text);

/// RFC 2046, 5.1.1: the lines between the delimiters, each of which stands where it should, with
/// nothing before the first and after the last.
inline std::vector<Received> read_parts(std::string_view body, const std::string& boundary) {
  require(boundary.size() <= 70, "a boundary over 70");
  const std::string delimiter = "--" + boundary;
  require(body.starts_with(delimiter + "\n"), "a multipart does not begin with its boundary");
  std::vector<Received> parts;
  body.remove_prefix(delimiter.size() + 1);
  for (bool closed = false; !closed;) {
    const auto end = body.find("\n" + delimiter);
    require(end != std::string_view::npos, "a multipart without its end");
    parts.push_back(read_entity(body.substr(0, end)));
    body.remove_prefix(end + 1 + delimiter.size());
    closed = body.starts_with("--");
    if (!closed) {
      require(body.starts_with('\n'), "a line that begins like a boundary");
      body.remove_prefix(1);
    }
  }
  require(body == "--\n", "something follows the end of a multipart");
  return parts;
}

/// The text of a message, or of a part, which may lack the end of its last line.
inline Received read_entity(std::string_view text) {
  Received entity;
  const auto header_end = text.find("\n\n");
  require(header_end != std::string_view::npos, "no empty line");
  for (const auto& line : lines_of(text.substr(0, header_end + 1))) {
    require(is_printable_ascii(line), "not printable ASCII: " + line);
    const bool has_encoded_word = line.find(" =?") != std::string::npos;
    require(line.size() <= (has_encoded_word ? 76U : 998U), "too long: " + line);
    if (line.starts_with(' ')) {
      require(line.find_first_not_of(' ') != std::string::npos, "a fold of blanks only");
      require(!entity.fields.empty(), "a fold of nothing");
      entity.fields.back().body += line;
      continue;
    }
    const auto colon = line.find(": ");
    require(colon != std::string::npos && line.find(' ') > colon, "no field: " + line);
    require(!entity.has(line.substr(0, colon)), "twice: " + line);
    entity.fields.push_back({line.substr(0, colon), line.substr(colon + 2)});
  }
  entity.encoded_body = text.substr(header_end + 2);
  const std::string type = entity["Content-Type"];
  const auto boundary = type.find(" boundary=\"");
  // What is signed is read by nobody but its reader.
  if (!type.starts_with("multipart/") || type.starts_with("multipart/signed")) return entity;
  require(boundary != std::string::npos, "a multipart without a boundary");
  const auto begin = boundary + " boundary=\""s.size();
  entity.parts = read_parts(entity.encoded_body, type.substr(begin, type.find('"', begin) - begin));
  return entity;
}

inline Received read_reply(std::string_view text) {
  require(text.ends_with('\n'), "a last line without its end");
  for (auto line : lines_of(text)) {
    std::replace(line.begin(), line.end(), '\t', ' ');
    require(is_printable_ascii(line), "not printable ASCII: " + line);
    require(line.size() <= 998, "too long: " + line);
  }
  Received reply = read_entity(text);
  require(reply["MIME-Version"] == "1.0", "no MIME");
  return reply;
}

struct NameAndAddress {
  std::string name;
  std::string address;
};

/// The one mailbox of an unfolded field.
inline NameAndAddress read_mailbox(std::string_view body) {
  const auto angle = body.rfind('<');
  if (angle == std::string_view::npos) return {{}, std::string(body)};
  require(body.ends_with('>') && angle > 1 && body[angle - 1] == ' ', "no mailbox");
  const std::string_view address = body.substr(angle + 1, body.size() - angle - 2);
  std::string_view phrase = body.substr(0, angle - 1);
  if (!phrase.starts_with('"')) {
    require(phrase.find("=?") != std::string_view::npos ||
                phrase.find_first_of("()<>[]:;@\\,.\"") == std::string_view::npos,
            "a special in an atom");
    return {decode_text(trim(phrase)), std::string(address)};
  }
  std::string name;
  for (std::size_t i = 1; i + 1 < phrase.size(); ++i) {
    require(phrase[i] != '"', "a quoted string that ends early");
    if (phrase[i] == '\\') ++i;
    name += phrase[i];
  }
  require(phrase.ends_with('"') && phrase.size() > 1, "a quoted string that does not end");
  return {name, std::string(address)};
}

}  // namespace inforeply::test
