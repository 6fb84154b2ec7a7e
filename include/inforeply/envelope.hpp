// The envelope: what the mail server says on the command line or in the environment, apart from the
// message.
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

/// The variables that local(8) of Postfix, Exim and qmail set for a command of an alias, a .forward
/// or a .qmail file, which can have no arguments of its own for them. Empty where they are not set.
struct EnvelopeVariables {
  std::string sender;              ///< SENDER
  std::string recipient;           ///< RECIPIENT
  std::string original_recipient;  ///< ORIGINAL_RECIPIENT
};

/// Those of this process.
EnvelopeVariables read_envelope_variables();

/// ``, `<>` and MAILER-DAEMON without a domain (pipe(8)'s default for it) are the null sender, an
/// empty string;
/// `<a@b>` loses its brackets; anything else stays as it is.
std::string normalize_sender(std::string_view argument);

}  // namespace inforeply
