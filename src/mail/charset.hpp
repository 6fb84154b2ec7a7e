// Text of any charset that mail is written in, as UTF-8. What a label means is a table in
// mail/charset_label.cpp; the characters are those of glibc's iconv.
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

/// nullopt if the charset is not known or `text` is not in it. kReplaced: a character cut by the
/// end is U+FFFD.
std::optional<std::string> to_utf8(std::string_view text, std::string_view charset,
                                   CutCharacter cut = CutCharacter::kRefused);

/// The numbers of the lines, from 1, that are not UTF-8.
std::vector<std::size_t> lines_not_utf8(std::string_view text);

/// As much of it as can be told, for people and searches: U+FFFD for what is not in the charset.
/// Where the charset is unknown, empty or us-ascii, 8-bit octets are UTF-8 if they all are, else
/// windows-1252. Always valid UTF-8.
std::string to_utf8_leniently(std::string_view text, std::string_view charset);

/// Octets that ought to have been encoded, as those of a header field: UTF-8 if they all are and no
/// escape of ISO-2022 is among them, else in `charset` (empty: not known) if they are in it, else
/// windows-1252. Always valid UTF-8.
std::string unlabelled_to_utf8(std::string_view text, std::string_view charset);

}  // namespace inforeply
