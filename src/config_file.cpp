#include "inforeply/config_file.hpp"

#include <algorithm>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// Throws ConfigError where the line is no entry.
ConfigEntry parse_entry(const std::string& path, std::string_view line, std::size_t number) {
  const auto fail = [&](const std::string& text) { throw ConfigError(path, number, text); };
  if (!is_valid_utf8(line)) fail("not UTF-8");
  if (std::any_of(line.begin(), line.end(), [](char c) {
        return c != '\t' && has_control_characters({&c, 1});
      })) {
    fail("control character");
  }
  if (line.starts_with('[')) fail("unknown section '" + std::string(line) + "'");
  const auto equals = line.find('=');
  const std::string name(trim(line.substr(0, equals)));
  if (equals == std::string_view::npos || name.empty()) fail("expected 'name = value'");
  const auto value = trim(line.substr(equals + 1));
  if (value.empty()) fail("'" + name + "' needs a value");
  return {name, std::string(value), number};
}

}  // namespace

ConfigFile parse_config(std::string path, std::string_view text, const FaultHandler& on_fault) {
  ConfigFile file{std::move(path), {}};
  std::size_t number = 0;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark of some editors
  while (!text.empty()) {
    ++number;
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    collect_fault(on_fault, [&] { file.entries.push_back(parse_entry(file.path, line, number)); });
  }
  return file;
}

}  // namespace inforeply
