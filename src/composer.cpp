#include "inforeply/composer.hpp"

#include <mimetic/codec/base64.h>
#include <mimetic/codec/codec.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "inforeply/digest.hpp"
#include "inforeply/encoded_word.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxEncodedLine = 76;         // RFC 2045, 6.7 and 6.8
constexpr std::size_t kMaxPlainLine = 78;           // RFC 5322, 2.1.1
constexpr std::size_t kFlowedLine = 66;             // RFC 3676, 4.2 (72 at most), with room for =XX
constexpr std::size_t kMaxLineOctets = 998;         // RFC 5322, 2.1.1
constexpr std::string_view kSignatureMark = "-- ";  // RFC 3676, 4.3

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

/// The blank behind which to break a line that is too long, near kFlowedLine columns. A piece that
/// is only blanks, or that would be taken for a signature's mark, is no place for it.
std::optional<std::size_t> find_break(std::string_view line) {
  constexpr auto kNone = std::string_view::npos;
  const auto first_word = line.find_first_not_of(' ');
  const auto is_good = [&](std::size_t blank) {
    return blank > first_word && line.substr(0, blank + 1) != kSignatureMark &&
           blank + 1 < line.size();
  };
  auto blank = line.rfind(' ', kFlowedLine - 1);
  while (blank != kNone && !is_good(blank)) {
    blank = blank == 0 ? kNone : line.rfind(' ', blank - 1);
  }
  if (blank != kNone) return blank;
  blank = line.find(' ', kFlowedLine);
  while (blank != kNone && !is_good(blank)) {
    blank = line.find(' ', blank + 1);
  }
  if (blank != kNone) return blank;
  return std::nullopt;
}

/// One paragraph broken into lines, each break marked by a trailing blank.
std::string flow(std::string_view line) {
  std::string result;
  while (line.size() > kMaxPlainLine) {
    const auto blank = find_break(line);
    if (!blank) break;
    result += line.substr(0, *blank + 1);
    result += '\n';
    line.remove_prefix(*blank + 1);
  }
  result += line;
  return result;
}

/// format=flowed (RFC 3676): a blank at the end of a line would join it to the next, so those of
/// the source go; lines that begin with a blank, `>` or `From ` are stuffed with one.
std::string to_flowed(std::string_view text) {
  std::string broken;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line != kSignatureMark) {
      line = line.substr(0, line.find_last_not_of(' ') + 1);
      broken += flow(line);
    } else {
      broken += line;
    }
    broken += '\n';
  }
  std::string stuffed;
  for (std::string_view rest = broken; !rest.empty();) {
    const auto end = std::min(rest.find('\n') + 1, rest.size());
    if (rest.front() == ' ' || rest.front() == '>' || rest.starts_with("From ")) stuffed += ' ';
    stuffed += rest.substr(0, end);
    rest.remove_prefix(end);
  }
  return stuffed;
}

bool fits_7bit(std::string_view text) {
  std::size_t column = 0;
  for (const char c : text) {
    column = c == '\n' ? 0 : column + 1;
    const bool plain = c == '\n' || c == '\t' || (c >= ' ' && c < 0x7F);
    if (!plain || column > kMaxLineOctets) return false;
  }
  return true;
}

/// RFC 2045, 6.7, for text: line ends stay line ends.
std::string encode_quoted_printable(std::string_view text) {
  const auto is_plain = [&](std::size_t i, bool begins_line) {
    const char c = text[i];
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    if (c == ' ' || c == '\t') return !ends_line;
    // A lone dot ends a message for SMTP, and mailboxes change a "From " at the start of a line.
    if (begins_line && (c == '.' || text.substr(i).starts_with("From "))) return false;
    return c > ' ' && c < 0x7F && c != '=';
  };
  std::string result;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      result += '\n';
      column = 0;
      continue;
    }
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    const std::size_t room = kMaxEncodedLine - (ends_line ? 0 : 1);  // for the `=` of a soft break
    if (column + (is_plain(i, column == 0) ? 1 : 3) > room) {
      result += "=\n";
      column = 0;
    }
    if (is_plain(i, column == 0)) {
      result += text[i];
      column += 1;
    } else {
      result += '=' + to_hex(text[i]);
      column += 3;
    }
  }
  return result;
}

std::string encode_base64(std::string_view text) {
  std::string lines;  // line ends of text are CRLF in canonical form (RFC 2045, 6.8)
  for (const char c : text)
    lines += c == '\n' ? std::string("\r\n") : std::string(1, c);
  std::string result;
  mimetic::Base64::Encoder encoder(kMaxEncodedLine);
  mimetic::encode(lines.begin(), lines.end(), encoder, std::back_inserter(result));
  if (!result.ends_with('\n')) result += '\n';
  return result;
}

/// The content fields, an empty line and the encoded text.
std::string text_part(std::string_view text) {
  const std::string flowed = to_flowed(text);
  std::string encoding = "7bit";
  std::string body = flowed;
  if (!fits_7bit(flowed)) {
    encoding = "quoted-printable";
    body = encode_quoted_printable(flowed);
    if (std::string base64 = encode_base64(flowed); base64.size() < body.size()) {
      encoding = "base64";
      body = std::move(base64);
    }
  }
  return field("Content-Type", "text/plain; charset=utf-8; format=flowed") +
         field("Content-Transfer-Encoding", encoding) + "\n" + body;
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
