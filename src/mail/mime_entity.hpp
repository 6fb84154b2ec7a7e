// MIME entities to be sent (RFC 2045, RFC 2046): a leaf with its encoded body, or a multipart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mail/header.hpp"

namespace inforeply {

struct MimeEntity {
  std::string fields;     ///< content fields but that of a multipart's type, each ended by LF
  std::string body;       ///< of a leaf: encoded, its last line ended
  std::string_view file;  ///< of a leaf instead: octets to be written in base64, not copied before;
                          ///< they must outlive the entity
  std::string multipart;  ///< subtype and parameters, such as `mixed`; empty for a leaf
  std::vector<MimeEntity> parts;
};

/// A field with its line end. `body` is folded already.
std::string field_line(std::string_view name, std::string_view body);

/// A leaf of text: encoded as is right for it. `parameters` follow the type: `; charset=utf-8`.
MimeEntity text_entity(std::string_view content_type, std::string_view text);

/// A multipart of the parts; where there is but one, that part itself.
MimeEntity multipart_of(std::string_view subtype, std::vector<MimeEntity> parts);

/// `head`, which is other fields, then the entity's fields, an empty line and its body. Boundaries
/// are made from `seed`, so that the same entity gives the same octets; none of them occurs in any
/// body.
std::string write_entity(const MimeEntity& entity, std::string_view seed, std::string head = {});

}  // namespace inforeply
