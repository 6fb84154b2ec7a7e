// Text in header fields: RFC 2047 both ways. Decodes any charset.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inforeply {

/// Returns the text of an unstructured field body. Encoded-words are decoded, and white space
/// between two of them is dropped; a character cut at the end of a word becomes U+FFFD. Words stay
/// as they are if their charset is unknown or their content is not in it. Raw 8-bit text is UTF-8,
/// else in `raw_charset` (empty if unknown), else windows-1252. Always valid UTF-8.
std::string decode_field_text(std::string_view body, std::string_view raw_charset = {});

inline constexpr std::size_t kMaxFieldStartOctets = 4096;

/// The same for the first kMaxFieldStartOctets, for text that is cut far shorter anyway: decoding
/// costs.
std::string decode_field_start(std::string_view body, std::string_view raw_charset = {});

/// Returns the length of the encoded-word at the front of `text`, 0 if there is none.
std::size_t encoded_word_length(std::string_view text);

/// Returns UTF-8 text as an unstructured field body, folded with LF and a space. No line with an
/// encoded-word is over 76 characters (RFC 2047, 2), and no character is cut. Words that
/// decode_field_text kept stay: the program that wrote them can read them. The field name takes
/// `used` columns of the first line.
std::string encode_field_text(std::string_view text, std::size_t used);

/// Returns a display name as a phrase (RFC 5322, 3.2.5): atoms, a quoted string or encoded-words.
std::string encode_phrase(std::string_view name, std::size_t used);

}  // namespace inforeply
