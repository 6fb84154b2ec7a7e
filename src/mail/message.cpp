#include "mail/message.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/digest.hpp"
#include "inforeply/envelope.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "mail/encoded_word.hpp"
#include "mail/mime.hpp"
#include "mail/parameter.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kMboxMark = "From ";

/// Fields that the final delivery may write above Return-Path (Postfix, Exim). A Return-Path below
/// any other field may be the sender's own invention.
constexpr std::array<std::string_view, 4> kDeliveryFields = {"Delivered-To", "X-Original-To",
                                                             "Envelope-To", "Delivery-Date"};

/// Takes a line "From SENDER DATE" off `block` and returns the sender; nullopt if there is none.
std::optional<std::string> take_mbox_line(std::string_view& block) {
  if (!block.starts_with(kMboxMark)) return std::nullopt;
  const auto line = trim(take_line(block).substr(kMboxMark.size()));
  // A quoted local part may hold blanks.
  std::size_t sender_end = 0;
  for (bool quoted = false; sender_end < line.size(); ++sender_end) {
    const char c = line[sender_end];
    if (c == '"') quoted = !quoted;
    if (c == '\\' && quoted) ++sender_end;
    if (!quoted && (c == ' ' || c == '\t')) break;
  }
  return normalize_sender(line.substr(0, sender_end));
}

bool is_of_delivery(const HeaderField& field) {
  return is_one_of(field.name, kDeliveryFields);
}

/// A digest of the fields that stay the same when the mail server tries again.
std::string fingerprint_of(const Header& header) {
  std::string fields;
  for (const auto& field : header.fields) {
    if (!is_of_delivery(field)) fields += field.name + ':' + field.body + '\n';
  }
  return digest({fields});
}

std::optional<std::string> find_return_path(const Header& header) {
  for (const auto& field : header.fields) {
    if (equals_ignoring_case(field.name, "Return-Path")) {
      return normalize_sender(strip_comments(field.body));
    }
    if (!is_of_delivery(field)) return std::nullopt;
  }
  return std::nullopt;
}

/// Returns the length of the header block: up to the first empty line, or all of the text. An mbox
/// line on top counts as part of it.
std::size_t header_length(std::string_view text) {
  std::size_t line = 0;
  while (line < text.size()) {
    const auto end = text.find('\n', line);
    if (end == std::string_view::npos) return text.size();
    // A gateway that converted line ends twice leaves more than one CR.
    if (text.find_first_not_of('\r', line) == end) return line;
    line = end + 1;
  }
  return text.size();
}

std::string charset_of(const Header& header) {
  const std::string* field = header.find("Content-Type");
  return field == nullptr ? "" : find_parameter(*field, "charset").value_or("");
}

bool is_lone_cr(std::string_view text, std::size_t at) {
  return text[at] == '\r' && (at + 1 == text.size() || text[at + 1] != '\n');
}

/// Returns the text with LF for CR if it mostly ends its lines in CR alone, as old mail systems do;
/// the mail server may have put a few lines of its own on top. Empty if there is nothing to repair:
/// a CR here and there is no line end.
std::string repair_line_ends(std::string_view text) {
  std::ptrdiff_t lone = 0;
  for (auto at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1)) {
    if (is_lone_cr(text, at)) ++lone;
  }
  if (lone <= std::count(text.begin(), text.end(), '\n')) return {};
  std::string repaired(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_lone_cr(text, i)) repaired[i] = '\n';
  }
  return repaired;
}

}  // namespace

bool Message::is_empty() const {
  return header.fields.empty() && header.skipped_line == 0 && body.empty();
}

std::string Message::message_id() const {
  const std::string* field = header.find("Message-ID");
  if (field == nullptr) return {};
  const auto ids = parse_message_ids(*field);
  return ids.empty() ? std::string{} : ids.front();
}

std::string Message::subject() const {
  const std::string* field = header.find("Subject");
  return field == nullptr ? std::string{} : std::string(trim(to_single_line(decoded(*field))));
}

std::string Message::raw_charset(std::string_view field_body) const {
  if (is_ascii(field_body) && !has_control_characters(field_body)) return {};
  if (auto charset = charset_of(header); !charset.empty()) return charset;
  for (const auto& part : find_mime_parts(header, body)) {
    if (auto charset = charset_of(part.header); !charset.empty()) return charset;
  }
  return {};
}

std::string Message::decoded(std::string_view field_body) const {
  return decode_field_start(field_body, raw_charset(field_body));
}

Message parse_message(std::string_view text) {
  const std::string repaired = repair_line_ends(text);
  if (!repaired.empty()) text = repaired;
  Message message;
  const auto length = header_length(text);
  message.header_truncated = length > kMaxHeaderOctets;
  if (!message.header_truncated && length < text.size()) {
    const auto body = text.substr(text.find('\n', length) + 1);  // behind the empty line
    message.body = body.substr(0, kMaxBodyOctets);
  }
  text = text.substr(0, std::min(length, kMaxHeaderOctets));
  const auto mbox_sender = take_mbox_line(text);
  message.header = parse_header(text);
  message.return_path = find_return_path(message.header);
  if (!message.return_path) message.return_path = mbox_sender;
  message.fingerprint = fingerprint_of(message.header);
  return message;
}

Message read_message(int file_descriptor) {
  // One empty line more than the longest block, which tells that block from a longer one.
  constexpr std::size_t kMaxKept = kMaxHeaderOctets + 2 + kMaxBodyOctets;
  constexpr std::size_t kReadOctets = std::size_t{64} * 1024;
  std::string kept;
  // Neither cleared nor on the stack, so that a short message touches few pages of it.
  const auto buffer = std::make_unique_for_overwrite<char[]>(kReadOctets);
  while (true) {
    const ssize_t count = ::read(file_descriptor, buffer.get(), kReadOctets);
    if (count == 0) return parse_message(kept);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(Fault::kInput, "cannot read the message");
    const auto room = kMaxKept - kept.size();
    kept.append(buffer.get(), std::min(room, static_cast<std::size_t>(count)));
  }
}

}  // namespace inforeply
