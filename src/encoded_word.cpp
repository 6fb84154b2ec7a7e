#include "inforeply/encoded_word.hpp"

#include <mimetic/codec/base64.h>
#include <mimetic/codec/codec.h>
#include <unistr.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "inforeply/charset.hpp"
#include "inforeply/text.hpp"
#include "inforeply/transfer_encoding.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxEncodedWord = 75;        // RFC 2047, 2
constexpr std::size_t kMaxLine = 76;               // of a line with an encoded-word
constexpr std::size_t kMaxUnbrokenWord = 900;      // a longer one might pass RFC 5322's 998
constexpr std::size_t kMaxEncodedWordRead = 1024;  // many senders exceed 75
constexpr std::size_t kMaxDecodedOctets = 4096;
constexpr std::size_t kMaxWordsInRun = 64;

/// RFC 2047, 4.2.
std::string decode_q(std::string_view text) {
  std::string blanks(text);
  std::replace(blanks.begin(), blanks.end(), '_', ' ');
  return decode_hex_escapes(blanks, '=');
}

struct EncodedWord {
  std::string charset;
  std::string octets;
};

/// Takes an encoded-word off the front of `text`; nothing, and `text` as it was, where there is
/// none.
std::optional<EncodedWord> take_encoded_word(std::string_view& text) {
  const std::string_view window = text.substr(0, kMaxEncodedWordRead);
  if (!window.starts_with("=?")) return std::nullopt;
  const auto charset_end = window.find('?', 2);
  if (charset_end == std::string_view::npos || window.substr(charset_end).size() < 3 ||
      window[charset_end + 2] != '?') {
    return std::nullopt;
  }
  const auto content_begin = charset_end + 3;
  const auto end = window.find("?=", content_begin);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view charset = window.substr(2, charset_end - 2);
  charset = charset.substr(0, charset.find('*'));  // RFC 2231, 5: a language may follow
  const std::string_view content = window.substr(content_begin, end - content_begin);
  if (!is_charset_name(charset) || !is_ascii(content) ||
      content.find_first_of(" \t") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string octets;
  switch (window[charset_end + 1]) {
    case 'B':
    case 'b':
      octets = decode_transfer_encoding("base64", content);
      break;
    case 'Q':
    case 'q':
      octets = decode_q(content);
      break;
    default:
      return std::nullopt;
  }
  text.remove_prefix(end + 2);
  return EncodedWord{to_lower_ascii(charset), std::move(octets)};
}

std::string_view skip_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// Takes a run of encoded-words in one charset off the front of `text` and converts them together:
/// some senders cut a character in two. Where that fails, only the first is taken: decoded, or as
/// written where it is the broken one. Nothing where there is none.
std::optional<std::string> take_encoded_run(std::string_view& text) {
  const std::string_view whole = text;
  auto run = take_encoded_word(text);
  if (!run) return std::nullopt;
  const EncodedWord first = *run;
  const std::string_view after_first = text;
  for (std::size_t i = 0; i < kMaxWordsInRun; ++i) {
    std::string_view ahead = skip_blanks(text);
    const auto next = take_encoded_word(ahead);
    if (!next || next->charset != run->charset) break;
    run->octets += next->octets;
    text = ahead;
  }
  if (auto decoded = to_utf8(run->octets, run->charset)) return decoded;
  text = after_first;  // one of them is broken: each stands for itself
  return to_utf8(first.octets, first.charset)
      .value_or(std::string(whole.substr(0, whole.size() - text.size())));
}

/// Octets outside encoded-words.
std::string decode_raw(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  return to_utf8(text, "ISO-8859-1").value_or("");
}

bool is_plain_in_q(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!*+-/").find(c) != std::string_view::npos;  // RFC 2047, 5 (3)
}

std::size_t q_length(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text)
    length += is_plain_in_q(c) || c == ' ' ? 1 : 3;
  return length;
}

std::size_t b_length(std::string_view text) {
  return (text.size() + 2) / 3 * 4;
}

std::string encode_q(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == ' ') {
      result += '_';
    } else if (is_plain_in_q(c)) {
      result += c;
    } else {
      result += '=' + to_hex(c);
    }
  }
  return result;
}

std::string encode_b(std::string_view text) {
  std::string result;
  mimetic::Base64::Encoder encoder(0);
  mimetic::encode(text.begin(), text.end(), encoder, std::back_inserter(result));
  return result;
}

/// As many whole characters of `text` as fit into `room` octets once encoded. Where more follow, in
/// B they are such that there is no padding, if they can be: some programs, such as GMime
/// 3.2.13, join the words before they decode them, and end at the first padding.
std::size_t fitting_prefix(std::string_view text, bool use_q, std::size_t room) {
  std::size_t fits = 0;
  std::size_t unpadded = 0;
  while (fits < text.size()) {
    const int length =
        u8_mblen(reinterpret_cast<const std::uint8_t*>(text.data() + fits), text.size() - fits);
    const auto next = fits + static_cast<std::size_t>(std::max(length, 1));
    const auto candidate = text.substr(0, next);
    if ((use_q ? q_length(candidate) : b_length(candidate)) > room) break;
    fits = next;
    if (fits % 3 == 0) unpadded = fits;
  }
  return use_q || fits == text.size() || unpadded == 0 ? fits : unpadded;
}

std::string encode_words(std::string_view text, std::size_t used) {
  const bool use_q = q_length(text) <= b_length(text);
  const std::string opening = use_q ? "=?utf-8?Q?" : "=?utf-8?B?";
  const std::size_t frame = opening.size() + 2;
  std::string result;
  std::size_t column = used;
  while (!text.empty()) {
    const std::size_t space_left = column < kMaxLine ? kMaxLine - column : 0;
    const std::size_t room = std::min(space_left, kMaxEncodedWord);
    const auto fits = room > frame ? fitting_prefix(text, use_q, room - frame) : 0;
    if (fits > 0) {
      const auto part = text.substr(0, fits);
      result += opening + (use_q ? encode_q(part) : encode_b(part)) + "?=";
      text.remove_prefix(fits);
    }
    if (!text.empty()) {
      result += "\n ";
      column = 1;
    }
  }
  return result;
}

/// Breaks before blanks so that lines stay within kMaxLine where they can.
std::string fold_words(std::string_view text, std::size_t used) {
  std::string result;
  std::size_t column = used;
  while (!text.empty()) {
    const auto word_begin = std::min(text.find_first_not_of(' '), text.size());
    const auto word_end = std::min(text.find(' ', word_begin), text.size());
    if (word_begin > 0 && column + word_end > kMaxLine && column > 1) {
      result += '\n';
      column = 0;
    }
    result += text.substr(0, word_end);
    column += word_end;
    text.remove_prefix(word_end);
  }
  return result;
}

/// Whether text can stand in a field as it is.
bool is_plain_field_text(std::string_view text) {
  if (!is_ascii(text) || has_control_characters(text) ||
      text.find("=?") != std::string_view::npos || trim(text) != text) {
    return false;
  }
  while (!text.empty()) {
    const auto word_begin = std::min(text.find_first_not_of(' '), text.size());
    const auto word_end = std::min(text.find(' ', word_begin), text.size());
    if (word_end > kMaxUnbrokenWord) return false;
    text.remove_prefix(word_end);
  }
  return true;
}

}  // namespace

std::string decode_field_text(std::string_view body) {
  std::string result;
  bool after_encoded_word = false;
  while (!body.empty()) {
    std::string_view ahead = after_encoded_word ? skip_blanks(body) : body;
    if (const auto decoded = take_encoded_run(ahead)) {
      result += *decoded;
      body = ahead;
      after_encoded_word = true;
    } else {
      const auto next = std::min(body.find("=?", 1), body.size());
      result += decode_raw(body.substr(0, next));
      body.remove_prefix(next);
      after_encoded_word = false;
    }
  }
  return result;
}

std::string decode_field_start(std::string_view body) {
  if (body.size() <= kMaxDecodedOctets) return decode_field_text(body);
  auto end = kMaxDecodedOctets;
  const auto continues_character = [&] {
    return (static_cast<unsigned char>(body[end]) >> 6U) == 2;
  };
  for (int i = 0; i < 3 && continues_character(); ++i) {
    --end;
  }
  return decode_field_text(body.substr(0, end));
}

std::string encode_field_text(std::string_view text, std::size_t used) {
  return is_plain_field_text(text) ? fold_words(text, used) : encode_words(text, used);
}

std::string encode_phrase(std::string_view name, std::size_t used) {
  constexpr std::string_view kSpecials = "()<>[]:;@\\,.\"";
  if (!is_plain_field_text(name)) return encode_words(name, used);
  if (name.find_first_of(kSpecials) == std::string_view::npos) return fold_words(name, used);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  quoted += '"';
  return is_plain_field_text(quoted) ? fold_words(quoted, used) : encode_words(name, used);
}

}  // namespace inforeply
