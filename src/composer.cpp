#include "inforeply/composer.hpp"

#include <algorithm>

#include "inforeply/digest.hpp"
#include "inforeply/encoded_word.hpp"
#include "inforeply/error.hpp"
#include "inforeply/flowed.hpp"
#include "inforeply/text.hpp"
#include "inforeply/transfer_encoding.hpp"

namespace inforeply {
namespace {

/// The display name that belongs to the sender's address in From, Sender or Resent-From.
std::string display_name_of(const Message& message, const std::string& canonical) {
  std::string name;
  const auto is_sender = [&](const Mailbox& mailbox) {
    const auto address = parse_address(mailbox.addr_spec);
    if (!address || canonical_sender(*address) != canonical) return false;
    name = ellipsize(trim(to_single_line(mailbox.display_name)), kMaxSubjectCharacters);
    return true;
  };
  for (const std::string_view field : {"From", "Sender", "Resent-From"}) {
    const std::string* body = message.header.find(field);
    if (body != nullptr && find_mailbox(*body, is_sender)) break;
  }
  return name;
}

PlaceholderValues placeholder_values(const ReplyRequest& request, const Mailbox& sender) {
  PlaceholderValues values;
  values[Placeholder::kSubject] = ellipsize(request.message.subject(), kMaxSubjectCharacters);
  values[Placeholder::kSender] = sender.addr_spec;
  values[Placeholder::kSenderName] =
      sender.display_name.empty() ? sender.addr_spec : sender.display_name;
  values[Placeholder::kRecipient] = request.recipient.to_string();
  values[Placeholder::kDate] = format_local(request.now);
  values[Placeholder::kActiveFrom] = request.responder.active_from_text;
  values[Placeholder::kActiveUntil] = request.responder.active_until_text;
  values[Placeholder::kMessageId] = request.message.message_id();
  for (auto& value : values.values) {
    value = to_single_line(value);
  }
  return values;
}

std::string field(std::string_view name, std::string_view body) {
  return std::string(name) + ": " + std::string(body) + "\n";
}

std::string text_field(std::string_view name, std::string_view text) {
  return field(name, encode_field_text(trim(to_single_line(text)), name.size() + 2));
}

/// One mailbox: `Name <address>`, the address on a line of its own where both are too long for one.
std::string mailbox_field(std::string_view name, const Mailbox& mailbox) {
  if (mailbox.display_name.empty()) return field(name, mailbox.addr_spec);
  const std::string phrase = encode_phrase(mailbox.display_name, name.size() + 2);
  const auto last_line = phrase.size() - (phrase.rfind('\n') + 1);
  const auto used = phrase.find('\n') == std::string::npos ? name.size() + 2 : 0;
  const bool fits = used + last_line + mailbox.addr_spec.size() + 3 <= kMaxEncodedLine;
  return field(name, phrase + (fits ? " <" : "\n <") + mailbox.addr_spec + ">");
}

/// References by RFC 5322, 3.6.4: the parent's, or its In-Reply-To if that names one message, and
/// the parent itself. Of a long thread the first and the latest are kept.
std::string references(const Message& message, const std::string& parent) {
  std::vector<std::string> ids;
  if (const std::string* body = message.header.find("References")) ids = parse_message_ids(*body);
  if (ids.empty()) {
    if (const std::string* body = message.header.find("In-Reply-To")) {
      ids = parse_message_ids(*body);
      if (ids.size() != 1) ids.clear();
    }
  }
  ids.push_back(parent);
  if (ids.size() > kMaxReferences) {
    const auto surplus = static_cast<std::ptrdiff_t>(ids.size() - kMaxReferences);
    ids.erase(ids.begin() + 1, ids.begin() + 1 + surplus);
  }
  std::string result;
  for (const auto& id : ids)
    result += (result.empty() ? "" : "\n ") + id;
  return result;
}

std::string message_id(const ReplyRequest& request) {
  const std::string answered = request.message.message_id();
  const std::string name =
      digest({request.responder_id, request.canonical, request.responder.handle,
              answered.empty() ? request.message.fingerprint : answered});
  return std::string(kMessageIdMark) + name + "@" + request.recipient.ascii_domain + ">";
}

/// The content fields, an empty line and the encoded text.
std::string text_part(std::string_view text) {
  const EncodedBody body = encode_text(to_flowed(text));
  return field("Content-Type", "text/plain; charset=utf-8; format=flowed") +
         field("Content-Transfer-Encoding", body.encoding) + "\n" + body.text;
}

}  // namespace

std::string compose(const ReplyRequest& request) {
  const Responder& responder = request.responder;
  const Message& message = request.message;
  const Mailbox sender = {display_name_of(message, request.canonical),
                          person_behind(request.sender).to_wire()};
  const PlaceholderValues values = placeholder_values(request, sender);

  const Mailbox from = responder.from.value_or(Mailbox{{}, request.recipient.to_wire()});
  std::string reply = mailbox_field("From", from);
  reply += mailbox_field("To", sender);
  if (responder.reply_to) reply += mailbox_field("Reply-To", *responder.reply_to);
  reply += text_field("Subject", ellipsize(trim(to_single_line(responder.subject.expand(values))),
                                           kMaxSubjectCharacters));
  reply += field("Date", format_rfc5322(request.now));
  reply += field("Message-ID", message_id(request));
  if (const std::string parent = message.message_id(); !parent.empty()) {
    reply += field("In-Reply-To", parent);
    reply += field("References", references(message, parent));
  }
  reply += field("Auto-Submitted", "auto-replied");
  if (!responder.precedence.empty()) reply += field("Precedence", responder.precedence);
  reply += field("X-Auto-Response-Suppress", "All");
  for (const auto& extra : responder.extra_fields) {
    reply += text_field(extra.name, extra.body.expand(values));
  }
  reply += field("MIME-Version", "1.0");
  reply += text_part(responder.text.expand(values));

  const std::size_t limit = responder.allow_large ? kMaxLargeReplyOctets : kMaxReplyOctets;
  if (reply.size() > limit) {
    throw ConfigError(responder.file, 0,
                      "the reply has " + std::to_string(reply.size()) + " octets, more than " +
                          std::to_string(limit) +
                          (responder.allow_large ? "" : " (see 'allow-large')"));
  }
  return reply;
}

}  // namespace inforeply
