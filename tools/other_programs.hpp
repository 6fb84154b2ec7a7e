// What other programs write and both inforeply-convert and inforeply-cache read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "inforeply/clock.hpp"

namespace inforeply {

/// Seconds since the epoch. nullopt if it is no such number, or none of these centuries.
std::optional<Time> time_of(std::string_view seconds);

/// A time without its fraction of a second, which PostgreSQL writes. A zone behind it stays.
std::string without_fraction(std::string time);

/// A line of `vacation -l`.
struct ListedSender {
  std::string address;              ///< or a domain with an `@` in front
  std::optional<Time> answered_at;  ///< nullopt: is never answered
  bool may_be_cut = false;          ///< whether it may be the beginning of a longer address
};

/// nullopt if it is no such line.
///
/// There stand an address, blanks up to column 50 (none behind a longer address), and the local
/// time of the answer as ctime(3) writes it, or `(never deleted)`. The BSDs' vacation prints the
/// first 40 octets of the address, and a time of -1 for whom is never answered.
std::optional<ListedSender> parse_vacation_listing(std::string_view line);

}  // namespace inforeply
