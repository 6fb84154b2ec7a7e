// Small, total functions on text: none of them throws on any input.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inforeply {

/// Space, tab, CR and LF at both ends are left out.
std::string_view trim(std::string_view text);

/// Every run of such blanks as a single space, none at the ends.
std::string collapse_blanks(std::string_view text);

/// ASCII letters only; bytes of UTF-8 sequences stay as they are.
std::string to_lower_ascii(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool is_one_of(std::string_view text, std::span<const std::string_view> names);  ///< in any case
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);

/// True where `pattern` (`*` for any run of characters) covers all of `text`. ASCII letters match
/// in either case. At most text times pattern steps.
bool matches_glob(std::string_view text, std::string_view pattern);

/// The parts between `separator`, trimmed, empty ones left out.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The first line without its LF; `text` loses it and the LF.
std::string_view take_line(std::string_view& text);

/// A decimal number and nothing else: digits only, no sign, no overflow.
std::optional<unsigned long long> parse_number(std::string_view text);

/// Two hexadecimal digits for an octet, in upper case.
std::string to_hex(char octet);

/// The value of a hexadecimal digit in either case.
std::optional<unsigned> hex_value(char digit);

/// Every `=XX`, for the mark `=`, as the octet that it stands for; what is no such escape as it is.
std::string decode_hex_escapes(std::string_view text, char mark);

bool is_ascii(std::string_view text);
bool has_control_characters(std::string_view text);  ///< below 0x20, or 0x7F
bool is_valid_utf8(std::string_view text);

/// The code point at the start of UTF-8 text and its length in octets, which is 0 where there is no
/// valid one.
std::pair<char32_t, std::size_t> next_character(std::string_view text);

/// Nothing but white space and characters without a shape of their own, by Unicode's rules.
bool is_blank(std::string_view text);

/// Lower case by Unicode's rules, normalised to NFC; what is not UTF-8 as to_lower_ascii.
std::string fold_case(std::string_view text);

/// For looking for one text in another: case folded by Unicode's rules (`STRASSE` as `straße`),
/// normalised to NFKC, runs of blanks as one. What is not UTF-8 as collapse_blanks, in lower case.
std::string fold_for_search(std::string_view text);

/// At most `max_characters` of valid UTF-8; what is longer ends in an ellipsis, which counts, and
/// is never cut inside a grapheme cluster (a letter with its accents, an emoji with its modifiers).
std::string ellipsize(std::string_view text, std::size_t max_characters);

/// Control characters (also Unicode's C1, line and paragraph separators) become spaces, and what is
/// not UTF-8 becomes U+FFFD: text from a stranger, safe to put into one line.
std::string to_single_line(std::string_view text);

/// Without Unicode's directional embeddings, overrides and isolates, and their ends: one that a
/// stranger does not end turns the text behind it round. What is not UTF-8 stays as it is.
std::string without_direction_changes(std::string_view text);

/// Text as HTML, safe in content and in quoted attribute values.
std::string escape_html(std::string_view text);

/// For a value between < and > in a log line: what could end the value or the line, and all that is
/// not printable UTF-8, appears as \xNN. At most `max_octets` are kept, then "...".
std::string escape_for_log(std::string_view text, std::size_t max_octets = 320);

}  // namespace inforeply
