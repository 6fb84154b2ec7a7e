// Quoted strings (RFC 5322, 3.2.4; RFC 5321, 4.1.2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

/// The text in quotes, with a backslash before each quote and backslash in it.
std::string quoted_string(std::string_view text);

/// What a quoted string stands for; any other text as it is.
std::string unquoted(std::string_view text);

/// The length of the quoted string that `text` begins with, its quotes counted. npos if it is not
/// closed.
std::size_t quoted_string_length(std::string_view text);

/// The text without its backslashes, but for those that another one stands before.
std::string without_backslashes(std::string_view text);

/// The parts between `separator` that stands in no quoted string, trimmed, empty ones left out.
std::vector<std::string_view> split_unquoted(std::string_view text, char separator);

}  // namespace inforeply
