#include "drawing_area.hpp"

#include <algorithm>

#include "inforeply/text.hpp"
#include "terminal.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxColumns = 200;  // a longer bar says no more

/// The first of these that is set says it (POSIX, 8.2).
bool is_utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto locale = to_lower_ascii(environment_variable(name));
    if (!locale.empty()) return locale.ends_with("utf-8") || locale.ends_with("utf8");
  }
  return false;
}

}  // namespace

DrawingArea find_drawing_area() {
  DrawingArea area;
  const auto columns = terminal_columns();
  if (!columns) return area;
  area.is_terminal = true;
  area.has_colours =
      environment_variable("NO_COLOR").empty() && environment_variable("TERM") != "dumb";
  area.has_blocks = is_utf8_locale();
  area.columns = std::min(*columns, kMaxColumns);
  return area;
}

std::string cut_to_columns(std::string_view text, std::size_t columns) {
  std::string cut(text);
  for (std::size_t characters = columns; display_width(cut) > columns && characters > 0;
       --characters)
    cut = ellipsize(text, characters);
  return cut;
}

std::string left_align(std::string_view text, std::size_t columns) {
  auto cut = cut_to_columns(text, columns);
  return cut.append(columns - std::min(columns, display_width(cut)), ' ');
}

std::string right_align(std::string_view text, std::size_t columns) {
  auto cut = cut_to_columns(text, columns);
  return cut.insert(0, columns - std::min(columns, display_width(cut)), ' ');
}

}  // namespace inforeply
