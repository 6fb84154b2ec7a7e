#include "decision/authentication.hpp"

#include <algorithm>
#include <utility>

#include "inforeply/text.hpp"
#include "mail/quoted_string.hpp"

namespace inforeply {
namespace {

constexpr const char* kBlanks = " \t\r\n";

/// The first word, in lower case.
std::string word_of(std::string_view text) {
  return to_lower_ascii(text.substr(0, text.find_first_of(kBlanks)));
}

/// The value of a property, `header.d=example.org`; empty if it is not there.
std::string property_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const auto word = text.substr(0, text.find_first_of(kBlanks));
    const auto equals = std::min(word.find('='), word.size());
    if (equals_ignoring_case(word.substr(0, equals), name)) {
      return to_lower_ascii(unquoted(word.substr(std::min(equals + 1, word.size()))));
    }
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return {};
}

/// `dmarc=RESULT` or `dmarc/1 = RESULT`, with its properties behind it.
std::optional<MethodResult> parse_result(std::string_view section) {
  const auto equals = section.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto method = section.substr(0, equals);
  auto domain = property_of(section, "header.d");
  if (domain.empty()) {
    const auto identity = property_of(section, "header.i");
    domain = identity.substr(identity.rfind('@') + 1);
  }
  return {{to_lower_ascii(trim(method.substr(0, method.find('/')))),
           word_of(trim(section.substr(equals + 1))), std::move(domain)}};
}

}  // namespace

AuthenticationResults parse_authentication_results(std::string_view body) {
  const std::string bare = strip_comments(body);
  const auto sections = split_unquoted(bare, ';');
  AuthenticationResults found;
  if (sections.empty()) return found;
  const auto name = word_of(sections.front());
  const bool is_named = name.starts_with('"') || name.find('=') == std::string::npos;
  if (is_named) found.authserv_id = unquoted(name);
  for (const auto section : std::span(sections).subspan(is_named ? 1 : 0)) {
    if (auto result = parse_result(section)) found.results.push_back(*std::move(result));
  }
  return found;
}

std::optional<AuthenticationResult> find_dmarc_result(const Header& header,
                                                      std::span<const std::string> trusted) {
  for (const auto& field : header.fields) {
    if (!equals_ignoring_case(field.name, "Authentication-Results")) continue;
    const auto found = parse_authentication_results(field.body);
    const bool is_trusted = std::any_of(
        trusted.begin(), trusted.end(),
        [&](const std::string& name) { return equals_ignoring_case(name, found.authserv_id); });
    if (!is_trusted) return std::nullopt;
    for (const auto& found_by : found.results) {
      if (found_by.method == "dmarc") return {{&field, found_by.result}};
    }
  }
  return std::nullopt;
}

}  // namespace inforeply
