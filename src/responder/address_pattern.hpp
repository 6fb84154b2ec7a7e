// The entries of address lists: `user@host`, `@host`, and `@.domain` for a domain and all below it.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/address.hpp"

namespace inforeply {

/// The normal form of an entry: case folded, the domain in A-labels. nullopt if it is no entry.
std::optional<std::string> normalize_address_pattern(std::string_view text);

/// Every entry that covers the address or the pattern, all in normal form. For `a@x.org` these are
/// `a@x.org`, `@x.org`, `@.x.org` and `@.org`.
std::vector<std::string> patterns_that_cover(const Address& address);
std::vector<std::string> patterns_that_cover(const std::string& pattern);

/// The same for several addresses, each with and without its `+extension`.
std::vector<std::string> patterns_that_cover_any(std::initializer_list<Address> addresses);

}  // namespace inforeply
