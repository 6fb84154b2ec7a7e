// The settings of a reply, taken together: what a section inherits, what goes with what.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "config/config_file.hpp"
#include "inforeply/error.hpp"
#include "responder/responder.hpp"

namespace inforeply {

/// The setting `text.de` is `text` in the language `de`.
struct SettingName {
  std::string_view base;
  std::string_view language;  ///< empty if it has none

  explicit SettingName(std::string_view name);
};

/// The line of each name that is set, in lower case.
using SettingLines = std::map<std::string, std::size_t, std::less<>>;

/// The responder's own settings, without those that the section's replace as a group: settings that
/// make a body replace the whole body, `attach` all attachments, `subject` those of all languages.
ReplySettings inherited_settings(const ReplySettings& own, const ConfigSection& section);

/// Reports a missing body, and settings that do not go together.
void check_together(const ReplySettings& reply, const SettingLines& lines,
                    const FaultHandler& on_fault);

}  // namespace inforeply
