// Text in the form `format=flowed` (RFC 3676), both ways. Lines end in LF.
#pragma once

#include <string>
#include <string_view>

namespace inforeply {

/// Long paragraphs are broken at blanks, and what the format would take for a mark of its own is
/// protected. Blanks at the end of a line are lost, but for those of a signature's mark. The last
/// line is ended.
std::string to_flowed(std::string_view text);

/// The same of quoted lines, which have one `>` or more in front, and keep them in each line.
std::string to_flowed_quote(std::string_view text);

enum class DelSp { kNo, kYes };  ///< RFC 3676, 3: whether the blank of a soft line break goes

/// The paragraphs that it stands for, a line each; quoted ones keep a `>` for each level in front,
/// then a blank.
std::string from_flowed(std::string_view text, DelSp delsp);

}  // namespace inforeply
