// What an HTML document says, as plain text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inforeply {

/// Returns the text that an HTML document shows: unwrapped lines ended by LF, none empty at the
/// start or the end. Links are followed by `<URL>`, lists and quotations are marked as in plain
/// text mail, the cells of a table row stand in one line. Takes any octets. The result is valid
/// UTF-8 without control characters but LF and TAB. Time and memory grow linearly.
std::string html_to_text(std::string_view html);

/// Returns where to append to what a document shows: its last `</body>` tag, or its end.
std::size_t find_body_end(std::string_view html);

}  // namespace inforeply
