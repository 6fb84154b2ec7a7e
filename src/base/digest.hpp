// A short name for a piece of content.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace inforeply {

/// The first 128 bits of SHA-256 over the parts, as 32 hexadecimal digits. Each part is preceded by
/// its length, so that ("ab","c") and ("a","bc") differ.
std::string digest(std::initializer_list<std::string_view> parts);

/// The first 64 bits of SHA-256 of the text: for tables that store nothing else of the text.
std::uint64_t short_digest(std::string_view text);

}  // namespace inforeply
