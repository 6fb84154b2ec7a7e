// The languages that a sender reads (RFC 3282), and which of ours is nearest (RFC 4647).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/header.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxWantedLanguages = 20;

/// Whether the text has the form of RFC 5646, 2.1, in any case: two to eight letters, then `-` and
/// one to eight letters or digits any number of times, in at most 64 octets. The tag need not be
/// registered. Private and grandfathered tags (`x-`, `i-`) are refused.
bool is_language_tag(std::string_view text);

/// Returns the language ranges of the Accept-Language fields, the highest `q` first, otherwise in
/// order. Ranges that are malformed or have `q=0` are left out. If no such field says anything,
/// Content-Language counts: people write in languages that they read. The ranges are tags or `*`,
/// in lower case, at most kMaxWantedLanguages.
std::vector<std::string> wanted_languages(const Header& header);

/// Returns the index in `available` for the first of the `wanted` ranges that finds a tag. A range
/// finds its own tag, else its beginning (RFC 4647, 3.4: `de-at` finds `de`), else the first tag
/// that specialises it (`pt` finds `pt-br`). `*` finds nothing: the default is for the caller.
std::optional<std::size_t> find_language(const std::vector<std::string>& wanted,
                                         const std::vector<std::string>& available);

}  // namespace inforeply
