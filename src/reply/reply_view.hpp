// A reply as its reader sees it: for people who write one.
#pragma once

#include <string>
#include <string_view>

namespace inforeply {

/// The fields that mail programs show, decoded; an empty line; the text, of multipart/alternative
/// the plain one that comes last; an empty line and a list of the parts with their sizes. `reply`
/// is a message as compose() gives it. UTF-8 without control characters but LF and tabs, so that a
/// terminal can be trusted with it.
std::string view_reply(std::string_view reply);

}  // namespace inforeply
