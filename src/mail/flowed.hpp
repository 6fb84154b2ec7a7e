// Text in the form `format=flowed` (RFC 3676), both ways. Lines end in LF.
#pragma once

#include <string>
#include <string_view>

namespace inforeply {

/// What a line's leading `>`s are: text, or the marks of a quotation, a blank behind them.
enum class QuoteMarks { kNone, kRead };

/// Long paragraphs are broken at blanks, quoted ones with their marks in each line, and what the
/// format would take for a mark of its own is protected. Blanks at the end of a line are lost, but
/// for those of a signature's mark. The last line is ended.
std::string to_flowed(std::string_view text, QuoteMarks marks = QuoteMarks::kNone);

enum class DelSp { kNo, kYes };  ///< RFC 3676, 3: whether the blank of a soft line break goes

/// The paragraphs that it stands for, a line each; quoted ones keep a `>` for each level in front,
/// then a blank.
std::string from_flowed(std::string_view text, DelSp delsp);

}  // namespace inforeply
