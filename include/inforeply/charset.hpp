// Text in any charset that iconv knows, as UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

/// Whether it may be one's name: iconv loads code for it, so nothing but a name goes there.
bool is_charset_name(std::string_view name);

/// Nothing where iconv does not know the charset or `text` is not in it.
std::optional<std::string> to_utf8(std::string_view text, std::string_view charset);

/// The numbers of the lines, from 1, that are not UTF-8.
std::vector<std::size_t> lines_not_utf8(std::string_view text);

/// As much of it as can be told, for people and searches: U+FFFD for what is not in the charset.
/// Where the charset is unknown, empty or us-ascii, 8-bit octets are UTF-8 if they all are, else
/// Latin-1. Always valid UTF-8.
std::string to_utf8_leniently(std::string_view text, std::string_view charset);

}  // namespace inforeply
