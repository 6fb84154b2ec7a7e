// The marks of messages that want no answer, as data: header fields, and the addresses of mail
// systems and robots. To add a mark, extend the tables in marks.cpp; decisions, `--explain` and the
// tests follow.
//
// Fields that people's own programs put on ordinary mail are no marks, nor are words in a subject
// or text. Services write Feedback-ID on both kinds of mail, so some of its values are no marks. Of
// filters' verdicts only bad ones count: who forges one silences only the forger's own mail.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mail/header.hpp"
#include "responder/reason.hpp"

namespace inforeply {

/// How a field body is compared. Comments, case and the kind of blanks do not count.
enum class Matcher : std::uint8_t {
  kPresent,              ///< the field is there, even if it is empty
  kTokenIs,              ///< the text before the first `;` is one of the values
  kTokenIsNot,           ///< the text before the first `;` is none of the values
  kWordIs,               ///< the first word, ended by a blank, `,` or `;`, is one of the values
  kListContains,         ///< a part of the list, separated by `,` or `;`, is one of the values
  kBeginsWith,           ///< the body begins with one of the values
  kMessageIdBeginsWith,  ///< a msg-id in the body begins with a value (find_message_id)
  kMatchesNone,          ///< the body is none of the values; `*`: any characters
  kNumberAtLeast,        ///< the first word is a number no less than the value
  kParameterIs,          ///< values `token|name|value`: the token with that parameter
  kFileNameEnds,         ///< `filename` or `name`, decoded, ends in one of the values
};

/// Where the field is looked for.
enum class Scope : std::uint8_t {
  kMessage,   ///< the message's own header
  kParts,     ///< the message's own header and those of its MIME parts
  kEnclosed,  ///< only the headers of enclosed messages
};

struct HeaderMark {
  Reason reason;
  std::string_view field;  ///< `*`: any characters
  Matcher matcher;
  std::string_view values;  ///< in lower case, separated by `|`
  std::string_view source;  ///< who says so: a standard's section, or who writes the field
  Scope scope = Scope::kMessage;
};

/// Ordered by reason.
std::span<const HeaderMark> header_marks();

/// The part of the field body that carries the mark, without comments: an element of a list, a file
/// name, or the whole body. nullopt if the field does not carry the mark.
std::optional<std::string> find_match(const HeaderMark& mark, const HeaderField& field);
inline bool matches(const HeaderMark& mark, const HeaderField& field) {
  return find_match(mark, field).has_value();
}

/// How a sender's address is compared. Case does not count.
enum class SenderMatcher : std::uint8_t {
  kName,            ///< the local part, with or without its `+extension`
  kNamePattern,     ///< the same with `*` for any characters and `0` for digits
  kAddressPattern,  ///< the whole address, with the same signs
  kWords,  ///< words of the local part, whatever separates them: `noreply` is in `no-reply`
           ///< and `orders.no_reply2`, but not in `juno.reply`
};

/// An envelope sender, or a From or Sender address, that is no person's.
struct SenderMark {
  SenderMatcher matcher;
  std::string_view text;
  std::string_view source;
};

std::span<const SenderMark> sender_marks();

/// The mark of an address, or of a bare name if `domain` is empty. Null if it may be a person's.
/// The local part is without quotes (RFC 5321, 4.1.2).
const SenderMark* find_sender_mark(std::string_view local_part, std::string_view domain);

/// Display names that only mail systems have, in lower case.
std::span<const std::string_view> system_display_names();

}  // namespace inforeply
