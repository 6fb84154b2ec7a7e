#include "config/config_edit.hpp"

#include <algorithm>
#include <optional>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// Takes the first line and its end off the front of `text`. Returns both.
std::string_view take_whole_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
  text.remove_prefix(line.size());
  return line;
}

/// The name of the setting in a line; nullopt if it is a comment or blank.
std::optional<std::string_view> name_in(std::string_view line) {
  line = trim(without_byte_order_mark(line));
  if (line.empty() || line.starts_with('#')) return std::nullopt;
  return trim(line.substr(0, line.find('=')));
}

/// A line `name = value` with another value: all that stands before and behind it stays.
std::string with_value(std::string_view line, std::string_view value) {
  const auto equals = line.find('=');
  const auto end = line.find_last_not_of(" \t\r\n") + 1;
  const auto begin = line.find_first_not_of(" \t", std::min(equals, end) + 1);
  if (equals == std::string_view::npos || begin >= end) {  // at fault: it has none
    return std::string(name_in(line).value_or("")) + " = " + std::string(value) + "\n";
  }
  if (line.substr(begin, end - begin) == value) return std::string(line);
  return std::string(line.substr(0, begin)).append(value).append(line.substr(end));
}

}  // namespace

std::string with_setting(std::string_view text, std::string_view name,
                         const std::vector<std::string>& values) {
  std::string result;
  std::size_t written = 0;
  std::optional<std::size_t> behind_entries;
  while (!text.empty()) {
    std::string_view rest = text;
    const auto line = take_whole_line(rest);
    const auto found = name_in(line);
    if (found && found->starts_with('[')) break;
    text = rest;
    if (found == name && written == values.size()) continue;
    result += found == name ? with_value(line, values[written++]) : line;
    if (found) behind_entries = result.size();
  }
  std::string added;
  for (; written < values.size(); ++written)
    added.append(name).append(" = ").append(values[written]).append("\n");
  const auto place = behind_entries.value_or(result.size());
  if (!added.empty() && place > 0 && result[place - 1] != '\n') added.insert(0, 1, '\n');
  return result.insert(place, added).append(text);
}

}  // namespace inforeply
