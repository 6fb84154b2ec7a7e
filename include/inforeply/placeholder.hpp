// Text with placeholders: `${subject}`, vacation's `$SUBJECT`, `$$` for a dollar.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/error.hpp"

namespace inforeply {

enum class Placeholder {
  kSubject,
  kSender,
  kSenderName,
  kRecipient,
  kDate,
  kActiveFrom,
  kActiveUntil,
  kMessageId,
};
inline constexpr std::size_t kPlaceholderCount = 8;

/// A value for every placeholder, UTF-8, each a single line.
struct PlaceholderValues {
  std::array<std::string, kPlaceholderCount> values;
  std::string& operator[](Placeholder p) { return values[static_cast<std::size_t>(p)]; }
  const std::string& operator[](Placeholder p) const { return values[static_cast<std::size_t>(p)]; }
};

class TextTemplate {
 public:
  TextTemplate() = default;

  /// At fault, in that line of `file`, is an unknown or unclosed placeholder. `line` is the number
  /// of the text's first line. A dollar before anything else is a dollar.
  TextTemplate(std::string_view text, const std::string& file, std::size_t line,
               const FaultHandler& on_fault = throw_fault);

  [[nodiscard]] std::string expand(const PlaceholderValues& values) const;

  /// Whether it says nothing whatever the values are.
  [[nodiscard]] bool is_blank() const;

  /// The line of its first use; nothing where it is not used.
  [[nodiscard]] std::optional<std::size_t> line_of(Placeholder placeholder) const;

 private:
  struct Piece {
    std::string literal;
    bool followed_by_placeholder;
    Placeholder placeholder;
    std::size_t line;  // of the placeholder
  };
  std::vector<Piece> pieces_;
};

}  // namespace inforeply
