// The languages that a sender reads (RFC 3282), and which of ours is the nearest (RFC 4647).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/header.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxWantedLanguages = 20;

/// A tag of the form of RFC 5646, 2.1, in any case: two to eight letters, then `-` and one to eight
/// letters or digits any number of times, in at most 64 octets. Whether it is registered is not
/// asked; private and grandfathered tags (`x-`, `i-`) are none.
bool is_language_tag(std::string_view text);

/// The language ranges of the Accept-Language fields, those with the highest `q` first, otherwise
/// in their order. What is refused by `q=0` or malformed is left out. Where no such field says
/// anything, those of Content-Language: people write in languages that they read. Tags or `*`, in
/// lower case, at most kMaxWantedLanguages.
std::vector<std::string> wanted_languages(const Header& header);

/// The index of the tag in `available` for the first of the `wanted` ranges that has one: itself,
/// or cut from its end until it is there (RFC 4647, 3.4: `de-at` finds `de`), or else the first one
/// that specialises it (`pt` finds `pt-br`). `*` finds nothing: the default is for the caller.
std::optional<std::size_t> find_language(const std::vector<std::string>& wanted,
                                         const std::vector<std::string>& available);

}  // namespace inforeply
