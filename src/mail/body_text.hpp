// What the sender wrote: the text of a message, taken out of its parts, encodings and charsets.
#pragma once

#include <cstddef>
#include <string>

#include "mail/message.hpp"
#include "mail/mime.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxBodyTextOctets = std::size_t{64} * 1024;

/// Returns the first text of the message that says anything, as UTF-8. Every line ends in LF; tabs
/// are the only other control characters. A paragraph of flowed text (RFC 3676) is one line. In
/// multipart/alternative (RFC 2046, 5.1.4) plain text wins over HTML. Attachments, parts with a
/// file name and embedded messages do not count. Empty if there is no text. Never fails: a broken
/// or cut text is returned as far as it can be told.
std::string body_text(const Message& message);

enum class TextType { kNone, kPlain, kHtml };

/// Returns what a reader is shown of a part by itself: kNone if it is no text, is attached or has a
/// file name.
TextType shown_text_type(const MimePart& part);

/// Returns the text of a part as body_text does, but of any length; HTML as text.
std::string whole_text(const MimePart& part);

}  // namespace inforeply
