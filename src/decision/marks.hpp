// The marks by which messages show that no answer is wanted, as data: header fields, and the
// addresses of mail systems and robots. Extend the tables in marks.cpp; decisions, `--explain` and
// the tests follow.
//
// A field that people's own programs put on ordinary mail is no mark (of Feedback-ID, which
// services for both kinds of mail write, some values are none), nor is what stands in a subject or
// a text. Verdicts of filters count only where they are bad ones: a forged one silences nobody but
// its author.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mail/header.hpp"
#include "responder/reason.hpp"

namespace inforeply {

/// How a field's body is read. Comments do not count, nor do case and the kind of blanks.
enum class Matcher : std::uint8_t {
  kPresent,              ///< the field is there, even with nothing in it
  kTokenIs,              ///< all before the first `;` is one of the values
  kTokenIsNot,           ///< … is none of them
  kWordIs,               ///< the first word, which a blank, `,` or `;` ends, is one of them
  kListContains,         ///< one of the parts between `,` and `;` is one of them
  kBeginsWith,           ///< the body begins with one of them
  kMessageIdBeginsWith,  ///< a msg-id in it does (find_message_id)
  kMatchesNone,          ///< the body is none of them; `*` for any characters
  kNumberAtLeast,        ///< the first word is a number no less than the value
  kParameterIs,          ///< the values are `token`, `name`, `value`: the token with that parameter
  kFileNameEnds,         ///< the parameter `filename` or `name`, decoded, ends in one of them
};

/// Where the field is looked for.
enum class Scope : std::uint8_t {
  kMessage,   ///< the message's own header
  kParts,     ///< and those of the parts below its multipart/*
  kEnclosed,  ///< those of the messages in such parts, instead
};

struct HeaderMark {
  Reason reason;
  std::string_view field;  ///< `*` for any characters
  Matcher matcher;
  std::string_view values;  ///< in lower case, between `|`
  std::string_view source;  ///< who says so: a standard's section, or who writes the field
  Scope scope = Scope::kMessage;
};

/// Ordered by reason.
std::span<const HeaderMark> header_marks();

/// What of the field's body carries the mark, without comments: the value of a list that does, a
/// file's name, else all. Nothing where it does not carry it.
std::optional<std::string> find_match(const HeaderMark& mark, const HeaderField& field);
inline bool matches(const HeaderMark& mark, const HeaderField& field) {
  return find_match(mark, field).has_value();
}

/// How a sender's address is compared, in any case.
enum class SenderMatcher : std::uint8_t {
  kName,            ///< the local part, with or without its `+extension`
  kNamePattern,     ///< the same with `*` for any characters and `0` for digits
  kAddressPattern,  ///< the whole address, with the same signs
  kWords,  ///< words of the local part, whatever separates them: `noreply` is in `no-reply`
           ///< and `orders.no_reply2`, but not in `juno.reply`
};

/// An envelope sender, or a mailbox of From and Sender, that is no person's.
struct SenderMark {
  SenderMatcher matcher;
  std::string_view text;
  std::string_view source;
};

std::span<const SenderMark> sender_marks();

/// The mark of an address, or of a bare name with an empty `domain`; null where it may be a person.
/// The local part is without quotes (RFC 5321, 4.1.2).
const SenderMark* find_sender_mark(std::string_view local_part, std::string_view domain);

/// Display names that only mail systems have, in lower case.
std::span<const std::string_view> system_display_names();

}  // namespace inforeply
