#include "inforeply/text.hpp"

#include <unicase.h>
#include <unictype.h>
#include <unigbrk.h>
#include <uninorm.h>
#include <unistr.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace inforeply {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kEllipsis = "\u2026";

char lower_ascii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

const std::uint8_t* octets(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

/// False for control, format, private and unassigned characters, line and paragraph separators.
bool is_printable(ucs4_t c) {
  return !uc_is_general_category_withtable(
      c, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp);
}

/// Whether the character would end or disturb a line: Unicode's categories Cc, Zl and Zp.
bool breaks_line(ucs4_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

/// Applies a libunistring case function. ASCII, and what is not UTF-8, goes to to_lower_ascii.
std::string transformed(std::string_view text, decltype(&u8_tolower) fold, uninorm_t form) {
  if (is_ascii(text) || !is_valid_utf8(text)) return to_lower_ascii(text);
  std::size_t length = 0;
  const std::unique_ptr<std::uint8_t, decltype(&std::free)> folded(
      fold(octets(text), text.size(), nullptr, form, nullptr, &length), &std::free);
  if (!folded) return to_lower_ascii(text);
  return {reinterpret_cast<const char*>(folded.get()), length};
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string collapse_blanks(std::string_view text) {
  std::string result;
  for (const char c : trim(text)) {
    const bool blank = kBlanks.find(c) != std::string_view::npos;
    if (!blank) result += c;
    if (blank && !result.ends_with(' ')) result += ' ';
  }
  return result;
}

std::string to_lower_ascii(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower_ascii);
  return result;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_ascii(x) == lower_ascii(y); });
}

bool is_one_of(std::string_view text, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return equals_ignoring_case(text, name); });
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

bool matches_glob(std::string_view text, std::string_view pattern) {
  // On a mismatch only the last star needs to take one character more.
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t after_star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_text = t;
    } else if (p < pattern.size() && lower_ascii(pattern[p]) == lower_ascii(text[t])) {
      ++p;
      ++t;
    } else if (after_star != std::string_view::npos) {
      p = after_star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (const auto part = trim(text.substr(0, end)); !part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

std::string with_lf_ends(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || !text.substr(i + 1).starts_with('\n')) result += text[i];
  }
  return result;
}

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

std::optional<unsigned long long> parse_number(std::string_view text) {
  unsigned long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string to_hex(char octet) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(octet);
  return {kDigits[value >> 4U], kDigits[value & 15U]};
}

std::optional<unsigned> hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  const char lower = lower_ascii(digit);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return std::nullopt;
}

std::string decode_hex_escapes(std::string_view text, char mark) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_room = text[i] == mark && i + 2 < text.size();
    const auto high = has_room ? hex_value(text[i + 1]) : std::nullopt;
    const auto low = has_room ? hex_value(text[i + 2]) : std::nullopt;
    if (high && low) {
      result += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_valid_utf8(std::string_view text) {
  return u8_check(octets(text), text.size()) == nullptr;
}

std::pair<char32_t, std::size_t> next_character(std::string_view text) {
  ucs4_t character = 0;
  const int length = u8_mbtoucr(&character, octets(text), text.size());
  return {character, length > 0 ? static_cast<std::size_t>(length) : 0};
}

bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const auto [character, length] = next_character(text);
    if (!uc_is_property_white_space(character) && !uc_is_property_format_control(character) &&
        !uc_is_property_zero_width(character)) {
      return false;
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return true;
}

std::string fold_case(std::string_view text) {
  return transformed(text, u8_tolower, UNINORM_NFC);
}

std::string fold_for_search(std::string_view text) {
  return collapse_blanks(transformed(text, u8_casefold, UNINORM_NFKC));
}

std::string ellipsize(std::string_view text, std::size_t max_characters) {
  if (u8_mbsnlen(octets(text), text.size()) <= max_characters) return std::string(text);
  if (max_characters == 0) return {};
  // u8_grapheme_next(3) looks at pairs only, which is not enough for flags and joined emoji.
  std::vector<char> is_break(text.size());
  u8_grapheme_breaks(octets(text), text.size(), is_break.data());
  std::size_t characters = 0;
  std::size_t safe_end = 0;  // end of the last grapheme cluster that fits beside the ellipsis
  for (std::size_t at = 0; at < text.size() && characters < max_characters;) {
    if (is_break[at] != 0) safe_end = at;
    const auto length = next_character(text.substr(at)).second;
    at += std::max<std::size_t>(length, 1);
    ++characters;
  }
  return std::string(trim(text.substr(0, safe_end))) + std::string(kEllipsis);
}

std::string to_single_line(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto [character, length] = next_character(text);
    if (length == 0) {
      result += "\uFFFD";
    } else if (breaks_line(character)) {
      result += ' ';
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

std::string without_direction_changes(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto [c, length] = next_character(text);
    const auto taken = text.substr(0, std::max<std::size_t>(length, 1));
    const bool changes = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    if (!changes) result += taken;
    text.remove_prefix(taken.size());
  }
  return result;
}

std::string shown_safely(std::string_view text) {
  if (is_ascii(text) && !has_control_characters(text)) return std::string(text);
  return without_direction_changes(to_single_line(text));
}

std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string escape_for_log(std::string_view text, std::size_t max_octets) {
  std::string result;
  const bool cut = text.size() > max_octets;
  if (cut) text = text.substr(0, max_octets);
  while (!text.empty()) {
    auto [character, length] = next_character(text);
    const bool harmless = length != 0 && is_printable(character) &&
                          std::string_view(" <>\"\\").find(text.front()) == std::string_view::npos;
    length = std::max<std::size_t>(length, 1);
    for (const char c : text.substr(0, length)) {
      result += harmless ? std::string(1, c) : "\\x" + to_lower_ascii(to_hex(c));
    }
    text.remove_prefix(length);
  }
  return cut ? result + "..." : result;
}

}  // namespace inforeply
