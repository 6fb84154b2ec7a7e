// Mail addresses (RFC 5321, 4.1.2, with RFC 6531's UTF-8).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace inforeply {

struct Address {
  std::string local_part;    ///< without the quotes and backslashes of a quoted one
  std::string domain;        ///< as written, or an address literal with its brackets
  std::string ascii_domain;  ///< lower case, in A-labels (RFC 5891)

  /// As address_text.
  [[nodiscard]] std::string to_string() const;

  /// As to_string, with the domain in A-labels where the local part is ASCII, so that the address
  /// needs no SMTPUTF8 if it can do without.
  [[nodiscard]] std::string to_wire() const;

  /// For comparisons: case folded, domain in A-labels, never quoted.
  [[nodiscard]] std::string normalized() const;
};

/// local_part@domain, the local part quoted where RFC 5321 asks for it.
std::string address_text(std::string_view local_part, std::string_view domain);

/// An address of RFC 5321 (path length 254 at most, no source route) or RFC 6531; dots in a local
/// part that would have to be quoted need not be. nullopt if it is
/// none: no @, an empty or ill-formed part, control characters, broken UTF-8.
std::optional<Address> parse_address(std::string_view text);

/// A domain, or an address literal, in lower case and A-labels. nullopt if it can stand in no
/// address.
std::optional<std::string> parse_domain(std::string_view text);

/// The address without its extension: what follows the first of the characters `delimiters` in the
/// local part. One that begins with such a character stays as it is.
Address without_extension(Address address, std::string_view delimiters);

/// The address that a local part stands for, as virtual domains for automatic replies are set up:
/// `user#example.org`, `user=example.org`, or `user@example.org` with or without quotes. An
/// extension may stand behind it. nullopt if it is none.
std::optional<Address> address_in_local_part(std::string_view local_part,
                                             std::string_view delimiters);

}  // namespace inforeply
