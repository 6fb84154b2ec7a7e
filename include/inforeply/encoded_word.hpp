// Text in header fields: RFC 2047 both ways, with any charset iconv knows on the way in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inforeply {

/// The text of an unstructured field: encoded-words decoded, white space between two of them
/// dropped, broken ones kept as they are; raw 8-bit text taken as UTF-8 if it is, else as Latin-1.
/// Always valid UTF-8.
std::string decode_field_text(std::string_view body);

/// The same of the field's first 4 KiB, for what is cut far shorter anyway: decoding costs.
std::string decode_field_start(std::string_view body);

/// UTF-8 text as an unstructured field body, folded with LF and a space: no line with an
/// encoded-word is over 76 characters (RFC 2047, 2), no character is cut. `used` columns of the
/// first line are taken by the name of the field.
std::string encode_field_text(std::string_view text, std::size_t used);

/// A display name as a phrase (RFC 5322, 3.2.5): atoms, a quoted string or encoded-words.
std::string encode_phrase(std::string_view name, std::size_t used);

}  // namespace inforeply
