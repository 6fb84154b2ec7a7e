#include "responder/address_pattern.hpp"

#include <iterator>

namespace inforeply {

std::optional<std::string> normalize_address_pattern(std::string_view text) {
  if (!text.starts_with('@')) {
    const auto address = parse_address(text);
    // `*@example.org` is a valid address, but whoever writes it means a pattern.
    if (!address || address->local_part.find('*') != std::string::npos) return std::nullopt;
    return address->normalized();
  }
  const bool and_below = text.starts_with("@.");
  const auto domain = parse_domain(text.substr(and_below ? 2 : 1));
  if (!domain) return std::nullopt;
  return (and_below ? "@." : "@") + *domain;
}

std::vector<std::string> patterns_that_cover(const std::string& pattern) {
  std::vector<std::string> patterns = {pattern};
  auto domain = std::string_view(pattern).substr(pattern.rfind('@') + 1);
  if (domain.starts_with('.')) {
    domain.remove_prefix(1);
  } else {
    patterns.push_back("@" + std::string(domain));
  }
  while (true) {
    patterns.push_back("@." + std::string(domain));
    const auto dot = domain.find('.');
    if (dot == std::string_view::npos || domain.starts_with('[')) return patterns;
    domain.remove_prefix(dot + 1);
  }
}

std::vector<std::string> patterns_that_cover(const Address& address) {
  return patterns_that_cover(address.normalized());
}

std::vector<std::string> patterns_that_cover_any(std::initializer_list<Address> addresses) {
  std::vector<std::string> patterns;
  for (const auto& address : addresses) {
    for (const auto& spelling : {address, without_extension(address, "+")}) {
      auto more = patterns_that_cover(spelling);
      patterns.insert(patterns.end(), std::make_move_iterator(more.begin()),
                      std::make_move_iterator(more.end()));
    }
  }
  return patterns;
}

}  // namespace inforeply
