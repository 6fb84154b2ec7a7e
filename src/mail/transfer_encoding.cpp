#include "mail/transfer_encoding.hpp"

#include <mimetic/codec/base64.h>
#include <mimetic/codec/codec.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// Whether an mbox file would change a line of the text.
bool has_from_line(std::string_view text) {
  return text.starts_with("From ") || text.find("\nFrom ") != std::string_view::npos;
}

/// RFC 2045, 6.7, for text: line ends stay line ends. nullopt if it is longer than `max_octets`.
std::optional<std::string> encode_quoted_printable(std::string_view text, std::size_t max_octets) {
  const auto is_plain = [&](std::size_t i, bool begins_line) {
    const char c = text[i];
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    if (c == ' ' || c == '\t') return !ends_line;
    // A lone dot ends a message in SMTP, and mbox files change a "From " at the start of a line.
    if (begins_line && (c == '.' || text.substr(i).starts_with("From "))) return false;
    return c > ' ' && c < 0x7F && c != '=';
  };
  std::string result;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (result.size() > max_octets) return std::nullopt;
    if (text[i] == '\n') {
      result += '\n';
      column = 0;
      continue;
    }
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    const std::size_t room = kMaxEncodedLine - (ends_line ? 0 : 1);  // for the `=` of a soft break
    if (column + (is_plain(i, column == 0) ? 1 : 3) > room) {
      result += "=\n";
      column = 0;
    }
    if (is_plain(i, column == 0)) {
      result += text[i];
      column += 1;
    } else {
      result += '=' + to_hex(text[i]);
      column += 3;
    }
  }
  if (result.size() > max_octets) return std::nullopt;
  return result;
}

/// With line ends as base64 has them (RFC 2045, 6.8).
std::string with_crlf(std::string_view text) {
  std::string lines;
  for (const char c : text) {
    if (c == '\n') lines += '\r';
    lines += c;
  }
  return lines;
}

/// Drops soft line breaks, and blanks that a mail server has put at the end of a line.
std::string decode_quoted_printable(std::string_view text) {
  std::string joined;
  while (!text.empty()) {
    const auto octets = text.size();
    auto line = take_line(text);
    const bool has_end = text.size() + line.size() < octets;
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    const bool soft = line.ends_with('=');
    if (soft) line.remove_suffix(1);
    joined += line;
    if (!soft && has_end) joined += '\n';
  }
  return decode_hex_escapes(joined, '=');
}

std::string decode_base64(std::string_view text) {
  std::string result;
  mimetic::Base64::Decoder decoder;
  mimetic::decode(text.begin(), text.end(), decoder, std::back_inserter(result));
  return result;
}

}  // namespace

EncodedBody encode_text(std::string text) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  if (is_7bit(text) && !has_from_line(text)) return {"7bit", std::move(text)};
  const auto line_ends = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  if (auto quoted = encode_quoted_printable(text, base64_size(text.size() + line_ends))) {
    return {"quoted-printable", *std::move(quoted)};
  }
  text = with_crlf(text);
  return {"base64", encode_base64(text)};
}

std::size_t least_encoded_size(std::string_view text) {
  const auto not_ascii =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return !is_ascii({&c, 1});
      }));
  return std::min(text.size() + 2 * not_ascii, base64_size(text.size()));
}

std::string encode_base64(std::string_view octets) {
  std::string result;
  result.reserve(base64_size(octets.size()));
  append_base64(octets, result);
  return result;
}

void append_base64(std::string_view octets, std::string& text) {
  mimetic::Base64::Encoder encoder(kMaxEncodedLine);
  mimetic::encode(octets.begin(), octets.end(), encoder, std::back_inserter(text));
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
}

std::size_t base64_size(std::size_t octets) {
  const std::size_t characters = (octets + 2) / 3 * 4;
  return characters + (characters + kMaxEncodedLine - 1) / kMaxEncodedLine;
}

std::string decode_transfer_encoding(std::string_view encoding, std::string_view text) {
  if (encoding == "base64") return decode_base64(text);
  if (encoding == "quoted-printable") return decode_quoted_printable(text);
  return std::string(text);
}

bool is_7bit(std::string_view text) {
  std::size_t column = 0;
  for (const char c : text) {
    column = c == '\n' ? 0 : column + 1;
    const bool plain = c == '\n' || c == '\t' || (c >= ' ' && c < 0x7F);
    if (!plain || column > kMaxLineOctets) return false;
  }
  return true;
}

}  // namespace inforeply
