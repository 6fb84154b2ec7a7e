// Text with placeholders: `${subject}`; `${sender_name:-customer}` with a fallback for an empty
// value; vacation's `$SUBJECT`; `$$` for a dollar.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/error.hpp"

namespace inforeply {

enum class Placeholder : std::uint8_t {
  kSubject,
  kSender,
  kSenderName,
  kRecipient,
  kDate,
  kActiveFrom,
  kActiveUntil,
  kNextOpen,
  kMessageId,
};
inline constexpr std::size_t kPlaceholderCount = 9;

/// Less than the longest values that a message can give. So a reply with the longest values is no
/// shorter than one with fallbacks.
inline constexpr std::size_t kMaxFallbackOctets = 250;

/// A value for each placeholder: one line of UTF-8. That of kSenderName is empty if the sender has
/// no display name.
struct PlaceholderValues {
  std::array<std::string, kPlaceholderCount> values;
  std::string& operator[](Placeholder p) { return values[static_cast<std::size_t>(p)]; }
  const std::string& operator[](Placeholder p) const { return values[static_cast<std::size_t>(p)]; }
};

class TextTemplate {
 public:
  TextTemplate() = default;

  /// `line` is the number of the text's first line in `file`. Faults: an unknown or unclosed
  /// placeholder; a fallback that is too long or has a placeholder in it. Any other dollar is a
  /// dollar.
  TextTemplate(std::string_view text, const std::string& file, std::size_t line,
               const FaultHandler& on_fault = throw_fault);

  /// Fills in the values. A fallback is inserted as the author wrote it, in HTML as markup. A
  /// display name that is missing and has no fallback becomes the sender's address.
  [[nodiscard]] std::string expand(const PlaceholderValues& values) const;

  /// The same, which stops where the result would be longer: nullopt.
  [[nodiscard]] std::optional<std::string> expand_within(std::size_t max_octets,
                                                         const PlaceholderValues& values) const;

  /// Whether it is blank whatever the values are.
  [[nodiscard]] bool is_blank() const;

  /// The text, if it has no placeholders.
  [[nodiscard]] std::optional<std::string> literal() const;

  /// Two templates have the same form only if they say the same.
  [[nodiscard]] std::string form() const;

  /// The line where the placeholder first stands without a fallback; nullopt if it never does.
  [[nodiscard]] std::optional<std::size_t> line_without_fallback(Placeholder placeholder) const;

 private:
  // Small, as a text may be nothing but placeholders.
  struct Piece {
    std::uint32_t end;           // of the text before the placeholder, where its fallback begins
    std::uint32_t fallback_end;  // where the text behind the placeholder begins
    std::uint32_t line;          // of the placeholder
    Placeholder placeholder;
    bool has_fallback;
  };
  struct Content {
    std::string text;  // with fallbacks, without placeholders
    std::vector<Piece> pieces;
  };

  /// Calls `on_literal` with what stands between placeholders, `on_mention` with each and its
  /// fallback.
  template <typename Literal, typename Mention>
  void visit(const Literal& on_literal, const Mention& on_mention) const;

  // Shared, as every section inherits the subjects. Null: an empty text.
  std::shared_ptr<const Content> content_;
};

}  // namespace inforeply
