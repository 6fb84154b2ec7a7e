// Text with placeholders: `${subject}`, `${sender_name:-customer}` with what stands there instead
// of an empty value, vacation's `$SUBJECT`, `$$` for a dollar.
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

/// Of a fallback. Less than the longest values have that a message can give: what is composed with
/// those is no shorter than with a fallback.
inline constexpr std::size_t kMaxFallbackOctets = 250;

/// A value for every placeholder, UTF-8, each a single line. That of kSenderName is empty where the
/// sender has no display name.
struct PlaceholderValues {
  std::array<std::string, kPlaceholderCount> values;
  std::string& operator[](Placeholder p) { return values[static_cast<std::size_t>(p)]; }
  const std::string& operator[](Placeholder p) const { return values[static_cast<std::size_t>(p)]; }
};

class TextTemplate {
 public:
  TextTemplate() = default;

  /// At fault, in that line of `file`, is an unknown or unclosed placeholder, and a fallback that
  /// is too long or has a placeholder in it. `line` is the number of the text's first line. A
  /// dollar before anything else is a dollar.
  TextTemplate(std::string_view text, const std::string& file, std::size_t line,
               const FaultHandler& on_fault = throw_fault);

  /// A fallback stands there as the author wrote it, in HTML as markup. Without one, the sender's
  /// address stands for a display name that is missing.
  [[nodiscard]] std::string expand(const PlaceholderValues& values) const;

  /// Whether it says nothing whatever the values are.
  [[nodiscard]] bool is_blank() const;

  /// The same octets for another template only where it says the same.
  [[nodiscard]] std::string form() const;

  /// The line of its first use without a fallback; nullopt if there is none.
  [[nodiscard]] std::optional<std::size_t> line_without_fallback(Placeholder placeholder) const;

 private:
  struct Piece {
    std::string literal;
    bool followed_by_placeholder;
    Placeholder placeholder;
    std::optional<std::string> fallback;
    std::size_t line;  // of the placeholder
  };
  std::vector<Piece> pieces_;
};

}  // namespace inforeply
