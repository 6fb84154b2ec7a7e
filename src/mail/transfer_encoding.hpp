// Content transfer encodings (RFC 2045, 6), both ways.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inforeply {

inline constexpr std::size_t kMaxEncodedLine = 76;  // RFC 2045, 6.7 and 6.8
inline constexpr std::size_t kMaxLineOctets = 998;  // RFC 5322, 2.1.1

struct EncodedBody {
  std::string_view encoding;  ///< of Content-Transfer-Encoding
  std::string text;           ///< lines of at most kMaxLineOctets ended by LF, the last one, too
};

/// Text with lines ended by LF in the encoding that is right and shortest: 7bit where it fits, else
/// quoted-printable or base64. Its octets survive mail servers and mailboxes: no line of a
/// quoted-printable text begins with a dot or `From `, none ends in a blank.
EncodedBody encode_text(std::string_view text);

/// Any octets as base64, its last line ended.
std::string encode_base64(std::string_view octets);
void append_base64(std::string_view octets, std::string& text);  ///< to text that is lines

/// The length of that many octets in base64 with its line ends.
std::size_t base64_size(std::size_t octets);

/// The octets that `text` stands for in an encoding, named in lower case; what is not
/// quoted-printable or base64 stands for itself. Never fails: what is broken is left out or kept as
/// it is.
std::string decode_transfer_encoding(std::string_view encoding, std::string_view text);

/// Whether it can be sent as it is: ASCII without control characters but tabs, lines of at most
/// kMaxLineOctets.
bool is_7bit(std::string_view text);

}  // namespace inforeply
