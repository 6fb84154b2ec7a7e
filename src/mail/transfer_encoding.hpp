// Content transfer encodings (RFC 2045, 6), both ways.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inforeply {

inline constexpr std::size_t kMaxEncodedLine = 76;  // RFC 2045, 6.7 and 6.8
inline constexpr std::size_t kMaxLineOctets = 998;  // RFC 5322, 2.1.1

struct EncodedBody {
  std::string_view encoding;  ///< for Content-Transfer-Encoding
  std::string text;           ///< lines of at most kMaxLineOctets ended by LF, the last one, too
};

/// Encodes text with lines ended by LF in the shortest encoding that is right: 7bit if it fits,
/// else quoted-printable or base64. Its octets survive mail servers and mbox files: no line of a
/// quoted-printable text begins with a dot or `From `, none ends in a blank.
EncodedBody encode_text(std::string text);

/// What encode_text makes of the text has at least so many octets.
std::size_t least_encoded_size(std::string_view text);

/// Returns any octets as base64, its last line ended.
std::string encode_base64(std::string_view octets);
void append_base64(std::string_view octets, std::string& text);  ///< to whole lines of text

/// Returns the length of that many octets in base64 with its line ends.
std::size_t base64_size(std::size_t octets);

/// Decodes `text` from an encoding named in lower case. In any encoding but quoted-printable and
/// base64 it stands for itself. Never fails: what is broken is left out or kept as it is.
std::string decode_transfer_encoding(std::string_view encoding, std::string_view text);

/// Whether the text can be sent as it is: ASCII without control characters but tabs and LF, lines
/// of at most kMaxLineOctets.
bool is_7bit(std::string_view text);

}  // namespace inforeply
