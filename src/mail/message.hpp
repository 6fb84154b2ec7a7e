// The incoming message: bounded parts of its header and body, read once from a file descriptor.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "mail/header.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxHeaderOctets = std::size_t{256} * 1024;
inline constexpr std::size_t kMaxBodyOctets = std::size_t{64} * 1024;

/// Begins the Message-ID of every reply that this program sends.
inline constexpr std::string_view kMessageIdMark = "<inforeply.";

struct Message {
  Header header;
  bool header_truncated = false;  ///< the header block was longer than kMaxHeaderOctets
  std::string body;               ///< its first kMaxBodyOctets; empty if the header is truncated

  /// The reverse-path that the mail server wrote on top: `Return-Path:` above every field but those
  /// of the delivery, else an mbox `From ` line. Empty for the null path. nullopt if there is
  /// neither (RFC 3834, 4: From, Sender and Reply-To are no substitute).
  std::optional<std::string> return_path;

  /// Names a message without Message-ID, and recognises it when it is tried again: a digest of its
  /// header fields, without those that the delivery adds, whose dates change between tries.
  std::string fingerprint;

  /// Whether nothing was read but perhaps an empty line.
  [[nodiscard]] bool is_empty() const;

  /// The first msg-id of Message-ID, with its angle brackets, or empty.
  [[nodiscard]] std::string message_id() const;

  /// Returns the likely charset of raw octets in a field body: the one declared for the body of the
  /// message or, in a multipart, for the first part that declares any. Empty if there are no such
  /// octets or no part declares any.
  [[nodiscard]] std::string raw_charset(std::string_view field_body) const;

  /// The start of a field body as UTF-8, decoded (decode_field_start).
  [[nodiscard]] std::string decoded(std::string_view field_body) const;

  /// The Subject as UTF-8 in one line, or empty.
  [[nodiscard]] std::string subject() const;
};

/// Reads to the end of the file, keeping a bounded part. Throws Error (kInput) if reading fails.
Message read_message(int file_descriptor);

/// The same for a header block and body in memory.
Message parse_message(std::string_view text);

}  // namespace inforeply
