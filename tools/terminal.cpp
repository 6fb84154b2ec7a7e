#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unigbrk.h>
#include <unistd.h>
#include <uniwidth.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace inforeply {
namespace {

constexpr std::size_t kUsualColumns = 80;
constexpr std::string_view kEllipsis = "\u2026";

const std::uint8_t* octets(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

}  // namespace

std::string_view environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<std::size_t> terminal_columns(std::FILE* stream) {
  const int descriptor = ::fileno(stream);
  if (::isatty(descriptor) != 1) return std::nullopt;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

bool takes_styles() {
  const auto term = environment_variable("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && environment_variable("NO_COLOR").empty() &&
         !term.empty() && term != "dumb";
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

}  // namespace inforeply
