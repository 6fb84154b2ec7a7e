// `quote` of a responder file: what a reply quotes of the message that it answers.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace inforeply {

inline constexpr std::size_t kMaxQuoteLines = 20;

struct QuoteSetting {
  bool headers = false;   ///< the fields that tell which message was answered
  std::size_t lines = 0;  ///< so many lines of the message's text
};

/// `none`, `headers`, or a number of lines from 1 to kMaxQuoteLines; nullopt for anything else.
std::optional<QuoteSetting> parse_quote(std::string_view value);

}  // namespace inforeply
