#include "decision/authentication.hpp"

#include <algorithm>

#include "inforeply/text.hpp"
#include "mail/quoted_string.hpp"

namespace inforeply {
namespace {

/// The first word, in lower case.
std::string word_of(std::string_view text) {
  return to_lower_ascii(text.substr(0, text.find_first_of(" \t")));
}

/// The result of `dmarc=RESULT` or `dmarc/1 = RESULT`; nullopt if the section is of another method.
std::optional<std::string> dmarc_result(std::string_view section) {
  const auto equals = section.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto method = section.substr(0, equals);
  if (!equals_ignoring_case(trim(method.substr(0, method.find('/'))), "dmarc")) return std::nullopt;
  return word_of(trim(section.substr(equals + 1)));
}

}  // namespace

std::optional<AuthenticationResult> find_dmarc_result(const Header& header,
                                                      std::span<const std::string> trusted) {
  for (const auto& field : header.fields) {
    if (!equals_ignoring_case(field.name, "Authentication-Results")) continue;
    const std::string bare = strip_comments(field.body);
    const auto sections = split_unquoted(bare, ';');
    const std::string authserv_id = sections.empty() ? "" : unquoted(word_of(sections.front()));
    const bool is_trusted = std::any_of(
        trusted.begin(), trusted.end(),
        [&](const std::string& name) { return equals_ignoring_case(name, authserv_id); });
    if (!is_trusted) return std::nullopt;
    for (const auto section : sections) {
      if (auto result = dmarc_result(section)) return {{&field, *std::move(result)}};
    }
  }
  return std::nullopt;
}

}  // namespace inforeply
