// What a reply quotes of the message that it answers: little, and by default nothing. RFC 3834, 3.2
// wants no significant content: if the sender is forged, the reply goes to somebody else.
#pragma once

#include <cstddef>
#include <string>

#include "mail/message.hpp"
#include "responder/quote_setting.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxQuoteOctets = std::size_t{2} * 1024;  ///< with all its marks
inline constexpr std::size_t kMaxQuotedFieldCharacters = 256;
inline constexpr std::size_t kMaxQuotedLineCharacters = 512;  ///< for a paragraph in one line

/// UTF-8 lines, each after `> ` and ended by LF, at most kMaxQuoteLines and kMaxQuoteOctets. Empty
/// if there is nothing to quote. The sender's own quotes (lines that begin with `>`) and signature
/// are left out. Several blank lines become one bare `>`, which counts only for kMaxQuoteLines. If
/// the text goes on, the last line ends in an ellipsis. There are no control characters and no
/// bidirectional overrides or isolates, which would disturb the text around.
std::string quoted(const Message& message, QuoteSetting setting);

}  // namespace inforeply
