// What the tests of the readers of other programs' settings share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "draft_readers.hpp"

namespace inforeply::test {

/// What a reader could not carry over, as `file:line: text`.
class LeftOut {
 public:
  [[nodiscard]] FaultHandler handler() {
    return [this](const ConfigError& error) { lines_.emplace_back(error.what()); };
  }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

/// The settings as lines of a responder file.
inline std::string settings_of(const Draft& draft) {
  std::string text;
  for (const auto& [name, value] : draft.settings)
    text.append(name).append(" = ").append(value).append("\n");
  return text;
}

/// The fault that ends the reading; empty if none does.
template <typename Read>
std::string fault_of(const Read& read) {
  try {
    read();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace inforeply::test
