// The media type of a file to attach.
#pragma once

#include <string>
#include <string_view>

namespace inforeply {

/// Whether the text has the form token/token, neither longer than RFC 6838, 4.2 allows.
bool is_media_type(std::string_view text);

/// Returns the media type for a file name's extension, in any case: from the system's table
/// (mime.types(5); Debian's package media-types), else from a short list, else
/// application/octet-stream. That replaces message/* and multipart/*, too: base64 is forbidden
/// there (RFC 2045, 6.4). Always of the form token/token. A table counts as none if it cannot be
/// read, others may write it, or it is over 1 MiB.
std::string media_type_of(std::string_view file_name, const std::string& table = "/etc/mime.types");

}  // namespace inforeply
