#include "mail/encoded_word.hpp"

#include <mimetic/codec/base64.h>
#include <mimetic/codec/codec.h>
#include <unistr.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "inforeply/text.hpp"
#include "mail/charset.hpp"
#include "mail/charset_label.hpp"
#include "mail/quoted_string.hpp"
#include "mail/transfer_encoding.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxEncodedWord = 75;        // RFC 2047, 2
constexpr std::size_t kMaxLine = 76;               // for a line with an encoded-word
constexpr std::size_t kMaxUnbrokenWord = 900;      // a longer word might pass RFC 5322's 998
constexpr std::size_t kMaxEncodedWordRead = 1024;  // many senders exceed 75
constexpr std::size_t kMaxWordsInRun = 64;

/// RFC 2047, 4.2.
std::string decode_q(std::string_view text) {
  std::string blanks(text);
  std::replace(blanks.begin(), blanks.end(), '_', ' ');
  return decode_hex_escapes(blanks, '=');
}

/// A long word that was folded has blanks in it.
std::string decode_b(std::string_view text) {
  std::string letters(text);
  std::erase_if(letters, [](char c) { return c == ' ' || c == '\t'; });
  return decode_transfer_encoding("base64", letters);
}

/// The pieces of an encoded-word (RFC 2047, 2), still encoded.
struct RawWord {
  std::string_view charset;
  char encoding;
  std::string_view content;
  std::size_t length;  ///< of the whole encoded-word
};

/// Returns the encoded-word at the front of `text`; nullopt if there is none. Programs write blanks
/// and 8-bit octets into encoded-words, too, which RFC 2047 forbids.
std::optional<RawWord> scan_encoded_word(std::string_view text) {
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
  if (!is_charset_name(charset)) return std::nullopt;
  if (content.find(" =?") != std::string_view::npos) return std::nullopt;  // its end is missing
  return RawWord{charset, window[charset_end + 1], content, end + 2};
}

struct EncodedWord {
  std::string charset;
  std::string octets;
};

/// Takes an encoded-word off the front of `text`. nullopt, with `text` unchanged, if there is none.
std::optional<EncodedWord> take_encoded_word(std::string_view& text) {
  const auto word = scan_encoded_word(text);
  if (!word) return std::nullopt;
  std::string octets;
  switch (word->encoding) {
    case 'B':
    case 'b':
      if (!is_ascii(word->content)) return std::nullopt;
      octets = decode_b(word->content);
      break;
    case 'Q':
    case 'q':
      octets = decode_q(word->content);
      break;
    default:
      return std::nullopt;
  }
  text.remove_prefix(word->length);
  return EncodedWord{to_lower_ascii(word->charset), std::move(octets)};
}

std::string_view skip_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// Takes a run of encoded-words in one charset off the front of `text` and converts them together:
/// some senders cut a character in two. If that fails, takes only the first word. nullopt, with
/// `text` unchanged, if there is none or its charset or content cannot be read.
std::optional<std::string> take_encoded_run(std::string_view& text) {
  std::string_view rest = text;
  const auto first = take_encoded_word(rest);
  if (!first) return std::nullopt;
  const std::string_view after_first = rest;
  std::string octets = first->octets;
  for (std::size_t i = 0; i < kMaxWordsInRun; ++i) {
    std::string_view ahead = skip_blanks(rest);
    const auto next = take_encoded_word(ahead);
    if (!next || next->charset != first->charset) break;
    octets += next->octets;
    rest = ahead;
  }
  auto decoded = to_utf8(octets, first->charset, CutCharacter::kReplaced);
  if (!decoded) {  // one word is broken: each is decoded alone
    rest = after_first;
    decoded = to_utf8(first->octets, first->charset, CutCharacter::kReplaced);
  }
  if (decoded) text = rest;
  return decoded;
}

bool is_plain_in_q(char c) {
  return is_letter_or_digit(c) ||
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

enum class WordEncoding : std::uint8_t { kQ, kB };

std::size_t length_in(WordEncoding encoding, std::string_view text) {
  return encoding == WordEncoding::kQ ? q_length(text) : b_length(text);
}

/// Returns the length of as many whole characters of `text` as fit into `room` octets once encoded.
/// If more follow, a B word gets no padding if possible: some programs, such as GMime 3.2.13, join
/// words before they decode them, and end at the first padding.
std::size_t fitting_prefix(std::string_view text, WordEncoding encoding, std::size_t room) {
  std::size_t fits = 0;
  std::size_t unpadded = 0;
  while (fits < text.size()) {
    const int length =
        u8_mblen(reinterpret_cast<const std::uint8_t*>(text.data() + fits), text.size() - fits);
    const auto next = fits + static_cast<std::size_t>(std::max(length, 1));
    const auto candidate = text.substr(0, next);
    if (length_in(encoding, candidate) > room) break;
    fits = next;
    if (fits % 3 == 0) unpadded = fits;
  }
  return encoding == WordEncoding::kQ || fits == text.size() || unpadded == 0 ? fits : unpadded;
}

std::string encode_words(std::string_view text, std::size_t used) {
  const auto encoding = q_length(text) <= b_length(text) ? WordEncoding::kQ : WordEncoding::kB;
  const std::string opening = encoding == WordEncoding::kQ ? "=?utf-8?Q?" : "=?utf-8?B?";
  const std::size_t frame = opening.size() + 2;
  std::string result;
  std::size_t column = used;
  while (!text.empty()) {
    const std::size_t space_left = column < kMaxLine ? kMaxLine - column : 0;
    const std::size_t room = std::min(space_left, kMaxEncodedWord);
    const auto fits = room > frame ? fitting_prefix(text, encoding, room - frame) : 0;
    if (fits > 0) {
      const auto part = text.substr(0, fits);
      result += opening + (encoding == WordEncoding::kQ ? encode_q(part) : encode_b(part)) + "?=";
      text.remove_prefix(fits);
    }
    if (!text.empty()) {
      result += "\n ";
      column = 1;
    }
  }
  return result;
}

/// Takes a word, with the blanks before it, off the front of `text`.
std::string_view take_word(std::string_view& text) {
  const auto begin = std::min(text.find_first_not_of(' '), text.size());
  const auto taken = text.substr(0, text.find(' ', begin));
  text.remove_prefix(taken.size());
  return taken;
}

/// Breaks lines before blanks to keep them within kMaxLine if possible.
std::string fold_words(std::string_view text, std::size_t used) {
  std::string result;
  std::size_t column = used;
  while (!text.empty()) {
    const auto word = take_word(text);
    const bool has_blank = word.starts_with(' ');
    // An encoded-word must not pass kMaxLine (RFC 2047, 2): a blank is added if there is none.
    const bool must_fit = !has_blank && word.starts_with("=?") && column > 0;
    if ((has_blank || must_fit) && column + word.size() > kMaxLine && column > 1) {
      result += has_blank ? "\n" : "\n ";
      column = has_blank ? 0 : 1;
    }
    result += word;
    column += word.size();
  }
  return result;
}

/// Returns the length of an encoded-word at the front of `text` that nobody here can decode, 0 if
/// there is none. A word over 75 characters could stand in no line (RFC 2047, 2).
std::size_t foreign_word_length(std::string_view text) {
  const auto word = scan_encoded_word(text);
  if (!word || word->length > kMaxEncodedWord) return 0;
  if (word->length < text.size() && text[word->length] != ' ') return 0;
  const auto whole = text.substr(0, word->length);
  const bool is_foreign =
      is_ascii(whole) && !has_control_characters(whole) && decode_field_text(whole) == whole;
  return is_foreign ? word->length : 0;
}

/// Takes the text before the first foreign word off the front of `text`; all if there is none.
std::string_view take_own_text(std::string_view& text) {
  const std::string_view whole = text;
  std::size_t length = 0;
  for (; length < whole.size(); ++length) {
    length = std::min(whole.find("=?", length), whole.size());
    const bool begins_word = length == 0 || whole[length - 1] == ' ';
    if (begins_word && foreign_word_length(whole.substr(length)) > 0) break;
  }
  length = std::min(length, whole.size());
  text = whole.substr(length);
  return whole.substr(0, length);
}

/// Whether text can stand in a field as it is. Foreign words can: the program that wrote them can
/// read them.
bool is_plain_field_text(std::string_view text) {
  if (!is_ascii(text) || has_control_characters(text) || trim(text) != text) return false;
  while (!text.empty()) {
    auto own = take_own_text(text);
    if (own.find("=?") != std::string_view::npos) return false;
    while (!own.empty()) {
      if (take_word(own).size() > kMaxUnbrokenWord) return false;
    }
    text.remove_prefix(foreign_word_length(text));
  }
  return true;
}

/// Whether the foreign words may stand in a phrase (RFC 2047, 5 (3)): to a program that cannot read
/// them `<`, `,` and the like would begin another address. A dot is harmless (RFC 5322, 4.1).
bool foreign_words_fit_phrase(std::string_view text) {
  constexpr std::string_view kEndOfWord = "()<>[]:;@\\,\"";
  while (!text.empty()) {
    take_own_text(text);
    const auto word = text.substr(0, foreign_word_length(text));
    if (word.find_first_of(kEndOfWord) != std::string_view::npos) return false;
    text.remove_prefix(word.size());
  }
  return true;
}

std::size_t column_behind(std::string_view field, std::size_t used) {
  const auto line_end = field.rfind('\n');
  return line_end == std::string_view::npos ? used + field.size() : field.size() - line_end - 1;
}

/// Encodes all but the foreign words, which stay. Blanks between two encoded-words do not count
/// (RFC 2047, 6.2), so the text's own blanks are encoded with it.
std::string encode_own_words(std::string_view text, std::size_t used) {
  std::string result;
  const auto separate = [&](std::size_t room) {
    const auto column = column_behind(result, used);
    if (column + room + 1 > kMaxLine && column > 1) {
      result += "\n ";
    } else if (!result.empty()) {
      result += ' ';
    }
  };
  while (!text.empty()) {
    const auto own = take_own_text(text);
    if (!trim(own).empty()) {
      if (!result.empty()) separate(1);
      result += encode_words(own, column_behind(result, used));
    }
    if (text.empty()) break;
    const auto length = foreign_word_length(text);
    separate(length);
    result += text.substr(0, length);
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace

std::string decode_field_text(std::string_view body, std::string_view raw_charset) {
  std::string result;
  bool after_encoded_word = false;
  while (!body.empty()) {
    std::string_view ahead = after_encoded_word ? skip_blanks(body) : body;
    if (const auto decoded = take_encoded_run(ahead)) {
      result += *decoded;
      body = ahead;
      after_encoded_word = true;
    } else {
      auto next = body.find("=?", 1);
      while (next < body.size() && !scan_encoded_word(body.substr(next)))
        next = body.find("=?", next + 1);
      next = std::min(next, body.size());
      result += unlabelled_to_utf8(body.substr(0, next), raw_charset);
      body.remove_prefix(next);
      after_encoded_word = false;
    }
  }
  return result;
}

std::size_t encoded_word_length(std::string_view text) {
  const auto word = scan_encoded_word(text);
  return word ? word->length : 0;
}

std::string decode_field_start(std::string_view body, std::string_view raw_charset) {
  if (body.size() <= kMaxFieldStartOctets) return decode_field_text(body, raw_charset);
  auto end = kMaxFieldStartOctets;
  const auto continues_character = [&] {
    return (static_cast<unsigned char>(body[end]) >> 6U) == 2;
  };
  for (int i = 0; i < 3 && continues_character(); ++i) {
    --end;
  }
  return decode_field_text(body.substr(0, end), raw_charset);
}

std::string encode_field_text(std::string_view text, std::size_t used) {
  return is_plain_field_text(text) ? fold_words(text, used) : encode_own_words(text, used);
}

std::string encode_phrase(std::string_view name, std::size_t used) {
  constexpr std::string_view kSpecials = "()<>[]:;@\\,.\"";
  if (!foreign_words_fit_phrase(name)) return encode_words(name, used);
  std::string_view rest = name;
  const bool has_foreign_word = take_own_text(rest).size() != name.size();
  if (has_foreign_word || !is_plain_field_text(name)) return encode_own_words(name, used);
  const bool is_atoms = name.find_first_of(kSpecials) == std::string_view::npos &&
                        name.find("  ") == std::string_view::npos;  // atoms have one blank between
  if (is_atoms) return fold_words(name, used);
  const std::string quoted = quoted_string(name);
  return is_plain_field_text(quoted) ? fold_words(quoted, used) : encode_own_words(name, used);
}

}  // namespace inforeply
