#include "config/config_file.hpp"

#include <algorithm>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

void require_text(const std::string& path, std::string_view line, std::size_t number) {
  if (!is_valid_utf8(line)) throw ConfigError(path, number, "not UTF-8");
  if (std::any_of(line.begin(), line.end(), [](char c) {
        return c != '\t' && has_control_characters({&c, 1});
      })) {
    throw ConfigError(path, number, "control character");
  }
}

ConfigEntry parse_entry(const std::string& path, std::string_view line, std::size_t number) {
  const auto fail = [&](const std::string& text) { throw ConfigError(path, number, text); };
  const auto equals = line.find('=');
  const std::string name(trim(line.substr(0, equals)));
  if (equals == std::string_view::npos || name.empty()) fail("expected 'name = value'");
  const auto value = trim(line.substr(equals + 1));
  if (value.empty()) fail("'" + name + "' needs a value");
  return {name, std::string(value), number};
}

std::string parse_title(const std::string& path, std::string_view line, std::size_t number) {
  const auto title = trim(line.substr(1, line.size() - 2));
  if (line.size() < 2 || !line.ends_with(']') || title.empty()) {
    throw ConfigError(path, number, "expected a section, '[when NAME]'");
  }
  return collapse_blanks(title);
}

}  // namespace

ConfigFile parse_config(std::string path, std::string_view text, const FaultHandler& on_fault) {
  ConfigFile file{std::move(path), {}, {}};
  std::size_t number = 0;
  text = without_byte_order_mark(text);
  while (!text.empty()) {
    ++number;
    const std::string_view line = trim(take_line(text));
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with('[')) file.sections.push_back({{}, number, {}});
    collect_fault(on_fault, [&] {
      require_text(file.path, line, number);
      auto& entries = file.sections.empty() ? file.entries : file.sections.back().entries;
      if (line.starts_with('[')) {
        file.sections.back().title = parse_title(file.path, line, number);
      } else {
        entries.push_back(parse_entry(file.path, line, number));
      }
    });
  }
  return file;
}

}  // namespace inforeply
