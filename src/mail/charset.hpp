// Text of any charset that mail is written in, as UTF-8. mail/charset_label.cpp says what a label
// means; the characters are those of glibc's iconv.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

/// What becomes of a character whose last octets are missing at the end of the text.
enum class CutCharacter : std::uint8_t { kRefused, kReplaced };

/// Returns the text as UTF-8. nullopt if the charset is unknown or `text` is not in it. kReplaced:
/// a character cut by the end becomes U+FFFD.
std::optional<std::string> to_utf8(std::string_view text, std::string_view charset,
                                   CutCharacter cut = CutCharacter::kRefused);

/// Returns the numbers of the lines, from 1, that are not UTF-8.
std::vector<std::size_t> lines_not_utf8(std::string_view text);

/// Returns as much of the text as can be told, for people and searches: what is not in the charset
/// becomes U+FFFD. If the charset is unknown, empty or us-ascii, 8-bit octets are UTF-8 if they all
/// are, else windows-1252. Always valid UTF-8.
std::string to_utf8_leniently(std::string_view text, std::string_view charset);

/// Converts octets that ought to have been encoded, as in a header field. They are UTF-8 if they
/// all are and have no escape of ISO-2022; else in `charset` (empty if unknown) if they all are;
/// else windows-1252. Always valid UTF-8.
std::string unlabelled_to_utf8(std::string_view text, std::string_view charset);

}  // namespace inforeply
