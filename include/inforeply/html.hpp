// What an HTML document says, as plain text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inforeply {

/// The text that an HTML document shows, in lines ended by LF that are not wrapped, none of them
/// empty at the start or the end. Links are followed by `<URL>`, lists and quotations are marked as
/// in plain text mail, and the cells of a table's row stand in a line. Any octets will do: the
/// result is valid UTF-8 without control characters but LF and TAB. Time and memory grow linearly.
std::string html_to_text(std::string_view html);

/// Where more can be added at the end of what a document shows: its last `</body>` tag, or its end.
std::size_t find_body_end(std::string_view html);

}  // namespace inforeply
