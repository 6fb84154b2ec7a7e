// A reply as its reader will see it, for people who write one.
#pragma once

#include <string>
#include <string_view>

namespace inforeply {

/// The decoded fields that mail programs show, the text, and a list of the parts with their sizes,
/// with empty lines between. Of a multipart/alternative the last plain text is shown. `reply` is a
/// message as compose() gives it. The result is UTF-8. It is safe on a terminal: no control
/// characters but LF and tab.
std::string view_reply(std::string_view reply);

}  // namespace inforeply
