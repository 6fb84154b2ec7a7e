// The envelope: what the mail server says on the command line, apart from the message.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

struct Recipient {
  std::string address;   ///< whom the mail server delivers to
  std::string original;  ///< before its aliases; empty where it did not say
};

struct Envelope {
  /// As given, without angle brackets; empty for the null sender. Nothing where the mail server did
  /// not say: then the message's return path counts.
  std::optional<std::string> sender;
  std::vector<Recipient> recipients;
  std::string queue_id;  ///< may be empty
};

/// ``, `<>` and MAILER-DAEMON without a domain (pipe(8)'s default for it) are the null sender, an
/// empty string;
/// `<a@b>` loses its brackets; anything else stays as it is.
std::string normalize_sender(std::string_view argument);

}  // namespace inforeply
