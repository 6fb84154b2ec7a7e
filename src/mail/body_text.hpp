// What the sender wrote: the text of a message, out of its parts, encodings and charsets.
#pragma once

#include <cstddef>
#include <string>

#include "mail/message.hpp"
#include "mail/mime.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxBodyTextOctets = std::size_t{64} * 1024;

/// The first text of the message that says anything, as UTF-8: lines ended by LF, the last one,
/// too; of control characters only LF and tabs; a paragraph of flowed text (RFC 3676) in one line.
/// Of multipart/alternative (RFC 2046, 5.1.4) plain text rather than HTML. Attachments, whatever
/// has a file name, and embedded messages are not what the sender wrote. The empty string where
/// there is none. Never fails: of a broken or cut text as much as can be told.
std::string body_text(const Message& message);

enum class TextType { kNone, kPlain, kHtml };

/// What a reader is shown of a part by itself: kNone if it is no text, is attached or has a file
/// name.
TextType shown_text_type(const MimePart& part);

/// The text of a part as body_text gives it, but for the bound; HTML as text.
std::string whole_text(const MimePart& part);

}  // namespace inforeply
