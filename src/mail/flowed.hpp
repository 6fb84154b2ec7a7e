// Text in the form `format=flowed` (RFC 3676), both ways. Lines end in LF.
#pragma once

#include <string>
#include <string_view>

namespace inforeply {

/// What a line's leading `>`s are: text, or quote marks, which a blank may follow.
enum class QuoteMarks { kNone, kRead };

/// Breaks long paragraphs at blanks; quoted ones repeat their marks in each line. Protects what the
/// format would take for a mark of its own. Blanks at the end of a line are lost, except in a
/// signature's mark. The last line is ended.
std::string to_flowed(std::string_view text, QuoteMarks marks = QuoteMarks::kNone);

enum class DelSp { kNo, kYes };  ///< whether a soft line break loses its blank: RFC 3676, 3

/// Returns the paragraphs that the text stands for, a line each. A quoted paragraph begins with a
/// `>` for each level, then a blank.
std::string from_flowed(std::string_view text, DelSp delsp);

}  // namespace inforeply
