// Mail addresses: of the envelope (RFC 5321, 4.1.2, with RFC 6531's UTF-8) and of header fields
// (RFC 5322, 3.4, with its obsolete forms).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

struct Address {
  std::string local_part;    ///< what a quoted local part stands for: no quotes, no backslashes
  std::string domain;        ///< as written, or an address literal with its brackets
  std::string ascii_domain;  ///< lower case, in A-labels (RFC 5891)

  /// local@domain, the local part quoted where RFC 5321 asks for it.
  [[nodiscard]] std::string to_string() const;

  /// As to_string, with the domain in A-labels where the local part is ASCII, so that the address
  /// needs no SMTPUTF8 if it can do without.
  [[nodiscard]] std::string to_wire() const;

  /// For comparisons: case folded, domain in A-labels, never quoted.
  [[nodiscard]] std::string normalized() const;
};

/// An address of RFC 5321 (path length 254 at most, no source route) or RFC 6531. Nothing where it
/// is not one: no @, an empty or ill-formed part, control characters, broken UTF-8.
std::optional<Address> parse_address(std::string_view text);

/// The address without `+extension`: what stands behind the first of `delimiters` (as Postfix's
/// recipient_delimiter, any of its characters). A local part that begins with one keeps all.
Address without_extension(Address address, std::string_view delimiters);

/// The person behind a sender's address, the cache's idea of who was answered: case folded, domain
/// in A-labels, `+extension` dropped.
std::string canonical_sender(const Address& sender);

/// One entry of an address list in a header field.
struct Mailbox {
  std::string display_name;  ///< UTF-8, encoded-words decoded, empty if none
  std::string addr_spec;     ///< as written, without comments and routes; empty for `<>`
};

/// The mailboxes of From, To, Cc, …: groups opened, comments skipped, obsolete routes dropped,
/// `user@host (Name)` understood. Never fails; what makes no sense is left out. Linear time.
std::vector<Mailbox> parse_mailboxes(std::string_view field_body);

}  // namespace inforeply
