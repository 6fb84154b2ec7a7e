// Quoted strings (RFC 5322, 3.2.4; RFC 5321, 4.1.2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

/// Returns the text in quotes, with a backslash before each quote and backslash in it.
std::string quoted_string(std::string_view text);

/// Returns what a quoted string stands for; any other text as it is.
std::string unquoted(std::string_view text);

/// Returns the length of the quoted string at the front of `text`, with its quotes; npos if it is
/// not closed.
std::size_t quoted_string_length(std::string_view text);

/// Returns the text without its backslashes; a backslash behind another backslash stays.
std::string without_backslashes(std::string_view text);

/// Returns the parts between separators outside quoted strings, trimmed, without empty parts.
std::vector<std::string_view> split_unquoted(std::string_view text, char separator);

}  // namespace inforeply
