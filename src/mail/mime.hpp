// The parts of a MIME message (RFC 2046, 5.1), as far as its body was kept.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "mail/header.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxMimeDepth = 32;

/// What a multipart says of its parts. multipart/mixed and all others say nothing.
enum class Multipart {
  kOther,
  kAlternative,  ///< the same in several forms (RFC 2046, 5.1.4)
  kDigest,       ///< a part without Content-Type is a message (RFC 2046, 5.1.5)
};

struct MimePart {
  Header header;
  std::string_view content;  ///< encoded as it came, up to the next delimiter line; a view of the
                             ///< body, which must outlive it
  Multipart holder_type;     ///< of the multipart that holds it
  std::optional<std::size_t> holder;  ///< the index of that multipart; nullopt: the message
};

/// Returns every part below a message's multipart/*, in the order of the message, a multipart
/// before its parts. An embedded message (message/rfc822) is opaque: what it says is not said of
/// this message. Parts nested deeper than kMaxMimeDepth are opaque, too. Never fails; linear time.
std::vector<MimePart> find_mime_parts(const Header& header, std::string_view body);

}  // namespace inforeply
