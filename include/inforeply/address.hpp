// Mail addresses: of the envelope (RFC 5321, 4.1.2, with RFC 6531's UTF-8) and of header fields
// (RFC 5322, 3.4, with its obsolete forms).
#pragma once

#include <functional>
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

/// An address of RFC 5321 (path length 254 at most, no source route) or RFC 6531; dots in a local
/// part that would have to be quoted need not be. Nothing where it
/// is not one: no @, an empty or ill-formed part, control characters, broken UTF-8.
std::optional<Address> parse_address(std::string_view text);

/// A domain, or an address literal, in lower case and A-labels. Nothing where it could stand in no
/// address.
std::optional<std::string> parse_domain(std::string_view text);

/// The address without `+extension`: what stands behind the first of the characters
/// `delimiters`. A local part that begins with one keeps all.
Address without_extension(Address address, std::string_view delimiters);

/// The address that a local part stands for, as virtual domains for automatic replies are set up:
/// `user#example.org`, `user=example.org`, or `user@example.org` with or without quotes. An
/// extension may stand behind it. Nothing where it is none.
std::optional<Address> address_in_local_part(std::string_view local_part,
                                             std::string_view delimiters);

/// The person's own address in an envelope sender that was rewritten on its way: bounce address
/// tags (BATV: `prvs=`, `btv1==`, `msprvs1=`) taken off, forwarders' SRS0, SRS1 and `+SRS=` and
/// Gmail's `+caf_=` undone. Any other as it is.
Address person_behind(const Address& sender);

/// The cache's idea of who was answered: the person behind the address, case folded, domain in
/// A-labels, `+extension` dropped.
std::string canonical_sender(const Address& sender);

/// One entry of an address list in a header field.
struct Mailbox {
  std::string display_name;  ///< UTF-8, encoded-words decoded, empty if none
  std::string addr_spec;     ///< as written, without comments and routes; empty for `<>`. May be no
                             ///< address: a bare `MAILER-DAEMON`
};

/// Whether `is_wanted` says so of one of the mailboxes of From, To, Cc, …, asked in their order
/// until it does. Groups are opened, comments skipped, obsolete routes dropped, `user@host (Name)`
/// understood. Never fails; what makes no sense is left out. Linear time, constant memory.
/// `raw_charset` is that of raw 8-bit text in a display name, as decode_field_text takes it.
bool find_mailbox(std::string_view field_body, const std::function<bool(const Mailbox&)>& is_wanted,
                  std::string_view raw_charset = {});

/// What is wrong with the brackets, quotes and separators of text that somebody meant to be one
/// mailbox (RFC 5322, 3.4), in a few words; empty where nothing is. find_mailbox would make the
/// best of it, which is right for what strangers write.
std::string find_mailbox_fault(std::string_view text);

/// Where the text is one mailbox without such a fault and with a valid address, that, the address
/// as to_wire writes it.
std::optional<Mailbox> parse_one_mailbox(std::string_view text);

/// All of them: for a field that is known to be short.
std::vector<Mailbox> parse_mailboxes(std::string_view field_body);

}  // namespace inforeply
