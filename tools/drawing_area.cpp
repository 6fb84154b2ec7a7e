#include "drawing_area.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <uniwidth.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxColumns = 200;  // a longer bar says no more

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

/// The first of these that is set says it (POSIX, 8.2).
bool is_utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto locale = to_lower_ascii(variable(name));
    if (!locale.empty()) return locale.ends_with("utf-8") || locale.ends_with("utf8");
  }
  return false;
}

}  // namespace

DrawingArea find_drawing_area() {
  DrawingArea terminal;
  terminal.is_terminal = ::isatty(STDOUT_FILENO) == 1;
  if (!terminal.is_terminal) return terminal;
  terminal.has_colours = variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  terminal.has_blocks = is_utf8_locale();
  struct winsize size {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.columns = std::min<std::size_t>(size.ws_col, kMaxColumns);
  }
  return terminal;
}

std::size_t columns_of(std::string_view text) {
  const int width =
      u8_width(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), "UTF-8");
  return width > 0 ? static_cast<std::size_t>(width) : 0;
}

std::string cut_to_columns(std::string_view text, std::size_t columns) {
  std::string cut(text);
  for (std::size_t characters = columns; columns_of(cut) > columns && characters > 0; --characters)
    cut = ellipsize(text, characters);
  return cut;
}

std::string left_align(std::string_view text, std::size_t columns) {
  auto cut = cut_to_columns(text, columns);
  return cut.append(columns - std::min(columns, columns_of(cut)), ' ');
}

std::string right_align(std::string_view text, std::size_t columns) {
  auto cut = cut_to_columns(text, columns);
  return cut.insert(0, columns - std::min(columns, columns_of(cut)), ' ');
}

}  // namespace inforeply
