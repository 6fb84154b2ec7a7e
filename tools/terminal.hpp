// A terminal as a person sees it: how wide it is, what it can show, how wide a text is.
#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace inforeply {

/// The parameters of SGR (ECMA-48, 8.3.117).
enum class Style { kPlain = 0, kBold = 1, kDim = 2, kGreen = 32, kCyan = 36 };

struct Terminal {
  std::size_t columns = 80;      ///< 80 if it does not tell
  bool takes_sequences = false;  ///< escape sequences: not with TERM=dumb or without TERM
  bool takes_styles = false;     ///< and NO_COLOR (https://no-color.org) is empty or not set
  bool has_blocks = false;       ///< Unicode's block elements: the locale is one of UTF-8

  /// The text in that style, or as it is if the terminal takes none.
  [[nodiscard]] std::string styled(std::string text, Style style) const;
};

/// nullopt if the stream is no terminal.
std::optional<Terminal> find_terminal(std::FILE* stream = stdout);

/// The columns that UTF-8 text without control characters takes.
std::size_t display_width(std::string_view text);

/// At most `columns` of the text. Longer text ends in an ellipsis, which counts, and is never cut
/// inside a grapheme cluster.
std::string fit(std::string_view text, std::size_t columns);

/// The same, filled up with spaces behind the text, or before it.
std::string left_align(std::string_view text, std::size_t columns);
std::string right_align(std::string_view text, std::size_t columns);

}  // namespace inforeply
