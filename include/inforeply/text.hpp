// Small functions on text. None of them throws on any input.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inforeply {

/// Returns the text without space, tab, CR and LF at both ends.
std::string_view trim(std::string_view text);

/// Replaces every run of space, tab, CR and LF by a single space, and leaves none at the ends.
std::string collapse_blanks(std::string_view text);

/// Changes ASCII letters only; bytes of UTF-8 sequences stay as they are.
std::string to_lower_ascii(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool is_one_of(std::string_view text, std::span<const std::string_view> names);  ///< ignoring case
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);

/// Whether `pattern` (`*` for any run of characters) covers all of `text`. ASCII letters match in
/// either case. Takes at most text times pattern steps.
bool matches_glob(std::string_view text, std::string_view pattern);

/// Returns the parts between separators, trimmed, without empty parts.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Some editors put that mark (U+FEFF in UTF-8) in front of a file.
std::string_view without_byte_order_mark(std::string_view text);

/// Each CR LF becomes LF; a CR alone stays.
std::string with_lf_ends(std::string_view text);

/// Takes the first line and its LF off the front of `text`. Returns the line without the LF.
std::string_view take_line(std::string_view& text);

/// Reads a decimal number: digits only. nullopt if there is anything else, or on overflow.
std::optional<unsigned long long> parse_number(std::string_view text);

/// Returns two hexadecimal digits for an octet, in upper case.
std::string to_hex(char octet);

/// Returns the value of a hexadecimal digit in either case; nullopt if it is none.
std::optional<unsigned> hex_value(char digit);

/// Replaces every `=XX`, for the mark `=`, by the octet it stands for. The rest stays as it is.
std::string decode_hex_escapes(std::string_view text, char mark);

/// Of ASCII alone.
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_letter_or_digit(char c) {
  return is_letter(c) || is_digit(c);
}

bool is_ascii(std::string_view text);
bool has_control_characters(std::string_view text);  ///< below 0x20, or 0x7F
bool is_valid_utf8(std::string_view text);

/// Returns the code point at the start of UTF-8 text and its length in octets. The length is 0 if
/// there is no valid code point.
std::pair<char32_t, std::size_t> next_character(std::string_view text);

/// Whether the text is only white space and characters without a shape, by Unicode's rules.
bool is_blank(std::string_view text);

/// In lower case by Unicode's rules, normalised to NFC; text that is not UTF-8: as to_lower_ascii.
std::string fold_case(std::string_view text);

/// Prepares text for searching: case folded by Unicode's rules (`STRASSE` as `straße`), normalised
/// to NFKC, runs of blanks as one. In text that is not UTF-8, only ASCII letters become lower case.
std::string fold_for_search(std::string_view text);

/// At most `max_characters` of valid UTF-8. A longer text ends in an ellipsis, which counts; no
/// grapheme cluster (a letter with its accents, an emoji with its modifiers) is cut in two.
std::string ellipsize(std::string_view text, std::size_t max_characters);

/// Makes a stranger's text safe to put into one line: control characters (also Unicode's C1, line
/// and paragraph separators) become spaces, and octets that are not UTF-8 become U+FFFD.
std::string to_single_line(std::string_view text);

/// Removes Unicode's directional embeddings, overrides and isolates, and their ends: a stranger who
/// leaves one open turns the text behind it round. Octets that are not UTF-8 stay as they are.
std::string without_direction_changes(std::string_view text);

/// Both at once: a stranger's text that disturbs neither its line nor the words beside it.
std::string shown_safely(std::string_view text);

/// Returns text as HTML, safe in content and in quoted attribute values.
std::string escape_html(std::string_view text);

/// Escapes a value between < and > in a log line: what could end the value or the line, and all
/// that is not printable UTF-8, becomes \xNN. At most `max_octets` are kept, then "..." follows.
std::string escape_for_log(std::string_view text, std::size_t max_octets = 320);

}  // namespace inforeply
