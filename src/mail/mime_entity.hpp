// MIME entities to be sent (RFC 2045, RFC 2046): a leaf with its encoded body, or a multipart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mail/header.hpp"

namespace inforeply {

struct MimeEntity {
  std::string fields;     ///< content fields except Content-Type of a multipart, each ended by LF
  std::string body;       ///< of a leaf: encoded, its last line ended
  std::string_view file;  ///< of a leaf, instead of `body`: octets to write in base64; they must
                          ///< outlive the entity, as they are not copied
  std::string multipart;  ///< subtype and parameters, such as `mixed`; empty for a leaf
  std::vector<MimeEntity> parts;
};

/// Returns a field with its line end. `body` is folded already.
std::string field_line(std::string_view name, std::string_view body);

/// Returns a leaf of text, encoded as suits it. `content_type`: `text/plain; charset=utf-8`.
MimeEntity text_entity(std::string_view content_type, std::string text);

/// Returns a multipart of the parts; if there is only one part, that part itself.
MimeEntity multipart_of(std::string_view subtype, std::vector<MimeEntity> parts);

/// Returns `head` (other fields), the entity's fields, an empty line and its body. Boundaries are
/// made from `seed`, so that the same entity gives the same octets; none of them occurs in any
/// body.
std::string write_entity(const MimeEntity& entity, std::string_view seed, std::string head = {});

}  // namespace inforeply
