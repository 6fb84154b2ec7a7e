// The entries of address lists: `user@host`, `@host`, and `@.domain` for a domain and all below it.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/address.hpp"

namespace inforeply {

/// The normal form of an entry: `user@host`, `@host`, or `@.domain` for it and what is below it.
/// Case folded, domain in A-labels. nullopt if it is none of them.
std::optional<std::string> normalize_address_pattern(std::string_view text);

/// Every entry, in normal form, that covers the address, or all that the pattern (in normal form)
/// covers.
std::vector<std::string> patterns_that_cover(const Address& address);
std::vector<std::string> patterns_that_cover(const std::string& pattern);

/// Every entry that covers one of the addresses, or one without its `+extension`.
std::vector<std::string> patterns_that_cover_any(std::initializer_list<Address> addresses);

}  // namespace inforeply
