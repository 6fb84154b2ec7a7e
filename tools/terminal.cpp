#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unigbrk.h>
#include <unistd.h>
#include <uniwidth.h>

#include <cstdint>
#include <vector>

#include "inforeply/text.hpp"
#include "tool.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kEllipsis = "\u2026";

const std::uint8_t* octets(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

/// The first of these variables that is set decides (POSIX.1-2017, Base Definitions, 8.2).
bool is_utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto locale = to_lower_ascii(environment_variable(name));
    if (!locale.empty()) return locale.ends_with("utf-8") || locale.ends_with("utf8");
  }
  return false;
}

}  // namespace

std::string Terminal::styled(std::string text, Style style) const {
  if (!takes_styles || style == Style::kPlain) return text;
  return "\x1b[" + std::to_string(static_cast<int>(style)) + "m" + text + "\x1b[0m";
}

std::optional<Terminal> find_terminal(std::FILE* stream) {
  const int descriptor = ::fileno(stream);
  if (::isatty(descriptor) != 1) return std::nullopt;
  Terminal terminal;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminal.columns = size.ws_col;
  const auto kind = environment_variable("TERM");
  terminal.takes_sequences = !kind.empty() && kind != "dumb";
  terminal.takes_styles = terminal.takes_sequences && environment_variable("NO_COLOR").empty();
  terminal.has_blocks = is_utf8_locale();
  return terminal;
}

std::size_t display_width(std::string_view text) {
  const int width = u8_width(octets(text), text.size(), "UTF-8");
  return width < 0 ? text.size() : static_cast<std::size_t>(width);
}

std::string fit(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::vector<char> is_break(text.size() + 1, 1);
  u8_grapheme_breaks(octets(text), text.size(), is_break.data());
  std::size_t end = 0;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (is_break[at] == 0) continue;
    if (display_width(text.substr(0, at)) + 1 > columns) break;
    end = at;
  }
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

std::string left_align(std::string_view text, std::size_t columns) {
  auto cell = fit(text, columns);
  return cell.append(columns - display_width(cell), ' ');
}

std::string right_align(std::string_view text, std::size_t columns) {
  auto cell = fit(text, columns);
  return cell.insert(0, columns - display_width(cell), ' ');
}

}  // namespace inforeply
