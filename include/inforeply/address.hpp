// Mail addresses (RFC 5321, 4.1.2, with RFC 6531's UTF-8).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace inforeply {

inline constexpr std::size_t kMaxAddressOctets = 254;  ///< RFC 5321, 4.5.3.1.3, without brackets

struct Address {
  std::string local_part;    ///< without the quotes and backslashes of a quoted string
  std::string domain;        ///< as written; an address literal keeps its brackets
  std::string ascii_domain;  ///< lower case, in A-labels (RFC 5891)

  /// local_part@domain, as address_text writes it.
  [[nodiscard]] std::string to_string() const;

  /// As to_string, but with the domain in A-labels if the local part is ASCII: then the address
  /// needs no SMTPUTF8.
  [[nodiscard]] std::string to_wire() const;

  /// For comparisons: case folded, domain in A-labels, never quoted.
  [[nodiscard]] std::string normalized() const;
};

/// Returns local_part@domain, with the local part quoted if RFC 5321 requires it.
std::string address_text(std::string_view local_part, std::string_view domain);

/// Reads an address of RFC 5321 (at most 254 octets, no source route) or RFC 6531. Dots for which
/// RFC 5321 wants the local part quoted may stand unquoted. nullopt if it is no address: no @, an
/// empty or ill-formed part, control characters, broken UTF-8.
std::optional<Address> parse_address(std::string_view text);

/// Reads a domain or an address literal, and returns it in lower case and A-labels. nullopt if no
/// address can have it.
std::optional<std::string> parse_domain(std::string_view text);

/// Returns the address without its extension: the first of the characters `delimiters` in the local
/// part and all behind it. A local part that begins with such a character stays as it is.
Address without_extension(Address address, std::string_view delimiters);

/// Returns the address that a local part stands for, as virtual domains for automatic replies are
/// set up: `user#example.org`, `user=example.org`, or `user@example.org` with or without quotes. An
/// extension may follow. nullopt if it stands for none.
std::optional<Address> address_in_local_part(std::string_view local_part,
                                             std::string_view delimiters);

}  // namespace inforeply
