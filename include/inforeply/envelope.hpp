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
  std::string original;  ///< before aliases; empty if the mail server did not say
};

struct Envelope {
  /// As given, without angle brackets; empty for the null sender. nullopt if the mail server did
  /// not say: then the message's return path counts.
  std::optional<std::string> sender;
  std::vector<Recipient> recipients;
  std::string queue_id;  ///< may be empty
};

/// The variables that Postfix's local(8), Exim and qmail set for a command in an alias, .forward or
/// .qmail file: such a command cannot get them as arguments.
struct EnvelopeVariables {
  std::optional<std::string> sender;  ///< SENDER; empty: the null sender
  std::string recipient;              ///< RECIPIENT; empty if not set, as is the next
  std::string original_recipient;     ///< ORIGINAL_RECIPIENT
};

/// Reads the variables of this process.
EnvelopeVariables read_envelope_variables();

/// Returns the empty string, the null sender, for ``, `<>` and MAILER-DAEMON without a domain
/// (pipe(8)'s default for the null sender). `<a@b>` loses its brackets; anything else stays as it
/// is.
std::string normalize_sender(std::string_view argument);

}  // namespace inforeply
