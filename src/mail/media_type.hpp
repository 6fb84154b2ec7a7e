// The media type of a file to attach.
#pragma once

#include <string>
#include <string_view>

namespace inforeply {

/// Whether it has the form token/token, neither longer than RFC 6838, 4.2 allows.
bool is_media_type(std::string_view text);

/// By the extension of its name, in any case, from the system's table (mime.types(5); Debian's
/// package media-types), or for a few common ones without it; else application/octet-stream, which
/// stands for message/* and multipart/* too: base64 is forbidden there (RFC 2045, 6.4).
/// Always of the form token/token. A table that cannot be read, that others may write or that is
/// over 1 MiB is as good as none.
std::string media_type_of(std::string_view file_name, const std::string& table = "/etc/mime.types");

}  // namespace inforeply
