#include "responder/responder.hpp"

#include <algorithm>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {

const LanguageSettings* ReplySettings::find(std::string_view language) const {
  const auto found = std::find_if(languages.begin(), languages.end(), [&](const auto& settings) {
    return equals_ignoring_case(settings.language, language);
  });
  return found == languages.end() ? nullptr : &*found;
}

bool Author::may_speak_for(const Address& address) const {
  return !is_tenants || domain.empty() || address.ascii_domain == domain;
}

void Author::require_own(const Address& address, const std::string& name, const std::string& file,
                         std::size_t line) const {
  if (may_speak_for(address)) return;
  throw ConfigError(file, line,
                    "'" + name + "': a tenant's address must be in " + domain + ", not in " +
                        address.ascii_domain);
}

bool is_precedence(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || c == '-' || c == '_'; });
}

}  // namespace inforeply
