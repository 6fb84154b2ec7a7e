// Strings in JSON.
#pragma once

#include <string>
#include <string_view>

namespace inforeply {

/// A JSON string with its quotes (RFC 8259, 7). What is not UTF-8 becomes U+FFFD, once for each
/// maximal part of a character (Unicode 15, 3.9). What would disturb a line or a terminal is
/// escaped.
void append_json_string(std::string& into, std::string_view text);

}  // namespace inforeply
