#include "responder/responder.hpp"

#include <algorithm>

#include "inforeply/text.hpp"

namespace inforeply {

const LanguageSettings* ReplySettings::find(std::string_view language) const {
  const auto found = std::find_if(languages.begin(), languages.end(), [&](const auto& settings) {
    return equals_ignoring_case(settings.language, language);
  });
  return found == languages.end() ? nullptr : &*found;
}

bool is_precedence(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || c == '-' || c == '_'; });
}

}  // namespace inforeply
