// What a reply quotes of the message that it answers. RFC 3834, 3.2: no significant content, as the
// sender may be forged and the reply reach somebody who never wrote it; so little, and by default
// nothing.
#pragma once

#include <cstddef>
#include <string>

#include "mail/message.hpp"
#include "responder/quote_setting.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxQuoteOctets = std::size_t{2} * 1024;  ///< with all its marks
inline constexpr std::size_t kMaxQuotedFieldCharacters = 256;
inline constexpr std::size_t kMaxQuotedLineCharacters = 512;  ///< of a paragraph in one line

/// UTF-8 lines ended by LF, each behind `> `, at most kMaxQuoteLines and kMaxQuoteOctets; empty
/// where there is nothing to quote. The sender's own quotes (lines that begin with `>`) and
/// signature are left out; several blank lines are one, a bare `>`, which counts only for
/// kMaxQuoteLines. Where more of the text follows than is quoted, the last line ends in an
/// ellipsis. Nothing of it disturbs the text around: no control characters, no bidirectional
/// overrides or isolates.
std::string quoted(const Message& message, QuoteSetting setting);

}  // namespace inforeply
