#include "mail/parameter.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "inforeply/text.hpp"
#include "mail/charset.hpp"
#include "mail/header.hpp"
#include "mail/quoted_string.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxLine = 75;          // and a semicolon; RFC 5322, 2.1.1 asks for 78
constexpr std::size_t kMaxConversions = 100;  // each may load code for a charset into iconv
constexpr std::string_view kCharset = "utf-8''";

bool is_token_character(char c) {
  constexpr std::string_view kSpecials = "()<>@,;:\\\"/[]?=";
  return c > ' ' && c < 0x7F && kSpecials.find(c) == std::string_view::npos;
}

/// Whether the character stands for itself in an extended value (RFC 2231, 7).
bool is_attribute_character(char c) {
  return is_token_character(c) && std::string_view("*'%").find(c) == std::string_view::npos;
}

/// `name*=text`, `name*0=text` or `name*0*=text`.
struct Piece {
  std::optional<unsigned long long> number;
  bool encoded = false;
  std::string text;  ///< without quotes, otherwise as written
};

/// All forms of a parameter in a field, in the order of the field unless stated otherwise.
struct Mentions {
  std::vector<std::string> plain;  ///< `name=`
  std::vector<Piece> extended;     ///< `name*=`
  std::vector<Piece> continued;    ///< `name*0=` and `name*0*=`, in the order of their numbers
};

/// Reads the mark between a name and the equals sign: `*0` or `*0*`.
Piece parse_continuation(std::string_view mark, std::string value) {
  const auto digits = mark.substr(1, mark.find('*', 1) - 1);
  return {parse_number(digits), mark.ends_with('*'), std::move(value)};
}

Mentions find_mentions(std::string_view body, std::string_view name) {
  Mentions mentions;
  const std::string bare = strip_comments(body);
  for (const auto section : split_unquoted(bare, ';')) {
    const auto equals = section.find('=');
    if (equals == std::string_view::npos) continue;
    const auto attribute = trim(section.substr(0, equals));
    const auto star = std::min(attribute.find('*'), attribute.size());
    if (!equals_ignoring_case(trim(attribute.substr(0, star)), name)) continue;
    const auto mark = attribute.substr(star);
    auto value = unquoted(trim(section.substr(equals + 1)));
    if (mark.empty()) {
      mentions.plain.push_back(std::move(value));
    } else if (mark == "*") {
      mentions.extended.push_back({0, true, std::move(value)});
    } else {
      mentions.continued.push_back(parse_continuation(mark, std::move(value)));
    }
  }
  std::stable_sort(
      mentions.continued.begin(), mentions.continued.end(),
      [](const Piece& a, const Piece& b) { return a.number.value_or(0) < b.number.value_or(0); });
  return mentions;
}

std::string octets_of(const Piece& piece) {
  return piece.encoded ? decode_hex_escapes(piece.text, '%') : piece.text;
}

/// Takes `charset'language'` off the front of `text`. Returns the charset; nullopt if it is
/// missing.
std::optional<std::string> take_charset(std::string& text) {
  const auto charset_end = text.find('\'');
  if (charset_end == std::string::npos) return std::nullopt;
  const auto language_end = text.find('\'', charset_end + 1);
  if (language_end == std::string::npos) return std::nullopt;
  const std::string charset = text.substr(0, charset_end);
  text.erase(0, language_end + 1);
  return charset;
}

/// Returns the value by the rules of RFC 2231; nullopt if `first` is encoded but names no charset.
std::optional<std::string> value_of(Piece first, const std::vector<Piece>& following) {
  std::string charset;
  if (first.encoded) {
    auto named = take_charset(first.text);
    if (!named) return std::nullopt;
    charset = std::move(*named);
  }
  std::string octets = octets_of(first);
  unsigned long long next = 1;
  for (const auto& piece : following) {
    if (piece.number != next) continue;  // repeated or behind a gap, as they are in order
    octets += octets_of(piece);
    ++next;
  }
  return to_utf8_leniently(octets, charset);
}

std::optional<std::string> value_of_continued(const std::vector<Piece>& pieces) {
  const auto first = std::find_if(pieces.begin(), pieces.end(),
                                  [](const Piece& piece) { return piece.number == 0U; });
  return first == pieces.end() ? std::nullopt : value_of(*first, pieces);
}

std::optional<std::string> first_extended_value(const std::vector<Piece>& extended) {
  return extended.empty() ? std::nullopt : value_of(extended.front(), {});
}

std::string percent_encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += is_attribute_character(c) ? std::string(1, c) : "%" + to_hex(c);
  }
  return result;
}

/// Whether a token or a quoted string can hold the value. Many programs would decode what looks
/// like an encoded-word.
bool is_plain(std::string_view value) {
  return is_ascii(value) && !has_control_characters(value) &&
         value.find("=?") == std::string_view::npos;
}

/// Takes as many whole characters off the front of `value` as fit into `room` octets once encoded,
/// but at least one.
std::string take_encoded(std::string_view& value, std::size_t room) {
  std::string result;
  while (!value.empty()) {
    const auto length = std::max<std::size_t>(next_character(value).second, 1);
    const auto encoded = percent_encoded(value.substr(0, length));
    if (!result.empty() && result.size() + encoded.size() > room) break;
    result += encoded;
    value.remove_prefix(length);
  }
  return result;
}

std::string encode_continued(std::string_view name, std::string_view value) {
  std::string result;
  for (std::size_t number = 0; !value.empty(); ++number) {
    std::string line = " " + std::string(name) + "*" + std::to_string(number) + "*=";
    if (number == 0) line += kCharset;
    const auto room = kMaxLine - std::min(kMaxLine, line.size());
    result += ";\n" + line + take_encoded(value, room);
  }
  return result;
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

std::optional<std::string> find_parameter(std::string_view body, std::string_view name) {
  const Mentions mentions = find_mentions(body, name);
  if (auto value = first_extended_value(mentions.extended)) return value;
  if (auto value = value_of_continued(mentions.continued)) return value;
  return mentions.plain.empty() ? std::nullopt : std::optional(mentions.plain.front());
}

std::vector<std::string> find_parameters(std::string_view body, std::string_view name) {
  Mentions mentions = find_mentions(body, name);
  std::vector<std::string> values = std::move(mentions.plain);
  if (auto value = value_of_continued(mentions.continued)) values.push_back(std::move(*value));
  for (std::size_t i = 0; i < std::min(mentions.extended.size(), kMaxConversions); ++i) {
    if (auto value = value_of(mentions.extended[i], {})) values.push_back(std::move(*value));
  }
  std::string all;
  for (const auto& piece : mentions.extended) {
    values.push_back(octets_of(piece));
    all += values.back();
  }
  for (const auto& piece : mentions.continued)
    all += octets_of(piece);
  if (!mentions.continued.empty()) values.push_back(std::move(all));
  return values;
}

std::string encode_parameter(std::string_view name, std::string_view value) {
  const std::string begin = " " + std::string(name);
  if (is_plain(value)) {
    const std::string line =
        begin + "=" + (is_token(value) ? std::string(value) : quoted_string(value));
    if (line.size() <= kMaxLine) return ";\n" + line;
  }
  const std::string line = begin + "*=" + std::string(kCharset) + percent_encoded(value);
  if (line.size() <= kMaxLine) return ";\n" + line;
  return encode_continued(name, value);
}

}  // namespace inforeply
