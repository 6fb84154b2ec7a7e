// Header fields (RFC 5322, 2.2, 3.6) as data.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

/// Of a header block with more fields, the first thousand and at least the last thousand are kept,
/// as a field of three octets takes 72 in memory. Mail servers and filters add fields at the ends,
/// where no sender can push them out; the fields left out in the middle are the sender's own.
inline constexpr std::size_t kMaxFields = 3000;

struct HeaderField {
  std::string name;  ///< as written
  std::string body;  ///< unfolded and trimmed; otherwise the octets of the message
  std::size_t line;  ///< number of its first line in the block, from 1
};

struct Header {
  std::vector<HeaderField> fields;  ///< in the order of the message
  std::size_t skipped_line = 0;     ///< number of the first line that belongs to no field; 0: none
  bool has_gap = false;             ///< fields in the middle were left out

  /// Returns the body of the first field of that name, in any case; null if there is none.
  [[nodiscard]] const std::string* find(std::string_view name) const;
};

/// Reads a header block: LF or CRLF, folded fields, blanks before the colon (obsolete syntax).
/// Skips lines that are no field and continue none, and fields in the middle of over kMaxFields.
/// Never fails; linear time.
Header parse_header(std::string_view block);

/// Returns the field body with a blank for each comment (RFC 5322, 3.2.2) outside quoted strings,
/// trimmed. An unclosed comment reaches to the end.
std::string strip_comments(std::string_view body);

/// Returns `type/subtype` or any other token before the first `;`, in lower case, without comments;
/// empty if there is none.
std::string leading_token(std::string_view body);

inline constexpr std::size_t kMaxMessageIdOctets = 250;

/// Returns every msg-id (RFC 5322, 3.6.4) of a field body in order, with its angle brackets. Ids
/// with blanks, control characters, 8-bit octets or over kMaxMessageIdOctets are left out. If the
/// field has nothing but ids, those without brackets count, too, and get them.
std::vector<std::string> parse_message_ids(std::string_view body);

/// Returns the msg-id with that beginning (in any case, with its angle bracket) and with a wanted
/// domain from anywhere in a field body, however damaged: with brackets, without, in quotes or in a
/// sentence. Empty if there is none.
std::string find_message_id(
    std::string_view body, std::string_view beginning,
    const std::function<bool(std::string_view domain)>& is_wanted = [](auto) { return true; });

}  // namespace inforeply
