// Where text is printed: a person's terminal, or a file or another program.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inforeply {

struct DrawingArea {
  bool is_terminal = false;
  bool has_colours = false;  ///< not with NO_COLOR (no-color.org) or TERM=dumb
  bool has_blocks = false;   ///< knows Unicode's block elements, by its locale
  std::size_t columns = 80;
};

/// What standard output is.
DrawingArea find_drawing_area();

/// The text in so many columns: cut, with an ellipsis, or filled up with spaces.
std::string left_align(std::string_view text, std::size_t columns);
/// The same with the spaces before it.
std::string right_align(std::string_view text, std::size_t columns);
/// Only cut.
std::string cut_to_columns(std::string_view text, std::size_t columns);

}  // namespace inforeply
