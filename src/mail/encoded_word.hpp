// Text in header fields: RFC 2047 both ways, with any charset on the way in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inforeply {

/// The text of an unstructured field: encoded-words decoded, white space between two of them
/// dropped, a character that the end of one has cut as U+FFFD. Words whose charset is not known or
/// whose content is not in it are kept as they are. Raw 8-bit text is UTF-8, else in `raw_charset`
/// (empty: not known), else windows-1252. Always valid UTF-8.
std::string decode_field_text(std::string_view body, std::string_view raw_charset = {});

/// The same of the field's first 4 KiB, for what is cut far shorter anyway: decoding costs.
std::string decode_field_start(std::string_view body, std::string_view raw_charset = {});

/// The length of the encoded-word that `text` begins with, 0 if there is none.
std::size_t encoded_word_length(std::string_view text);

/// UTF-8 text as an unstructured field body, folded with LF and a space: no line with an
/// encoded-word is over 76 characters (RFC 2047, 2), no character is cut. Words that
/// decode_field_text has kept stay, so that the program that wrote them can read them. `used`
/// columns of the first line are taken by the name of the field.
std::string encode_field_text(std::string_view text, std::size_t used);

/// A display name as a phrase (RFC 5322, 3.2.5): atoms, a quoted string or encoded-words.
std::string encode_phrase(std::string_view name, std::size_t used);

}  // namespace inforeply
