// The tags and texts of an HTML document, in its order.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace inforeply {

/// The attributes that say something about the text.
enum class HtmlAttribute { kAlt, kHidden, kHref, kStart, kStyle };
inline constexpr std::array<std::string_view, 5> kHtmlAttributeNames = {"alt", "hidden", "href",
                                                                        "start", "style"};

struct HtmlToken {
  enum class Kind { kText, kStartTag, kEndTag };

  Kind kind = Kind::kText;
  std::size_t start = 0;  ///< position in the document
  std::string text;       ///< decoded, or a tag's name in lower case
  std::array<std::optional<std::string_view>, kHtmlAttributeNames.size()> attributes;  ///< raw

  [[nodiscard]] bool has(HtmlAttribute attribute) const;
  [[nodiscard]] std::string value(HtmlAttribute attribute) const;  ///< decoded; "" if there is none
};

/// Reads as section 13.2.5 of the HTML standard does, but leaves out comments, declarations and the
/// content of elements that hold no markup (scripts, styles, titles).
class HtmlTokenizer {
 public:
  explicit HtmlTokenizer(std::string_view html) : size_(html.size()), rest_(html) {}

  /// nullopt at the end. A token's attributes are views into the document.
  std::optional<HtmlToken> next();

 private:
  HtmlToken read_text();
  std::optional<HtmlToken> read_tag();
  void read_attribute(HtmlToken& token);
  std::string_view read_value();
  void skip_comment();
  void skip_raw_text(std::string_view name);
  std::string_view take(std::size_t count);

  std::size_t size_;
  std::string_view rest_;
};

}  // namespace inforeply
