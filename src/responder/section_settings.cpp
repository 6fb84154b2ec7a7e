#include "responder/section_settings.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// These settings together make a reply's body. A section that has one of them inherits none of the
/// others.
constexpr std::array<std::string_view, 4> kBodySettings = {"text", "html", "template", "inline"};

bool is_body_setting(const ConfigEntry& entry) {
  return is_one_of(SettingName(entry.name).base, kBodySettings);
}

}  // namespace

SettingName::SettingName(std::string_view name)
    : base(name.substr(0, name.find('.'))),
      language(name.substr(std::min(base.size() + 1, name.size()))) {}

ReplySettings inherited_settings(const ReplySettings& own, const ConfigSection& section) {
  const auto has = [&](const auto& is_wanted) {
    return std::any_of(section.entries.begin(), section.entries.end(), is_wanted);
  };
  ReplySettings reply = own;
  const bool has_body = has(is_body_setting);
  if (has([](const auto& entry) { return entry.name == "subject"; })) {
    for (auto& language : reply.languages)
      language.subject.reset();
  }
  if (has_body) {
    const auto* plain = reply.find({});
    std::vector<LanguageSettings> subject_alone;
    if (plain != nullptr && plain->subject) subject_alone.push_back({{}, plain->subject, {}, {}});
    reply.languages = std::move(subject_alone);
    reply.all_languages = false;
    reply.default_language.clear();  // it was that of another text
    reply.template_file.reset();
    reply.inline_images.clear();
    reply.set.erase("subject");  // so that the Subject of the section's template counts
  }
  if (has_body || has([](const auto& entry) { return entry.name == "attach"; })) {
    reply.attachments.clear();
  }
  return reply;
}

void check_together(const ReplySettings& reply, const SettingLines& lines,
                    const FaultHandler& on_fault) {
  const auto fault_at = [&](const std::string& name, const std::string& text) {
    const auto line = lines.find(to_lower_ascii(name));
    on_fault({reply.file, line == lines.end() ? reply.line : line->second, text});
  };
  bool has_text = false;
  bool has_html = false;
  bool has_language = false;
  for (const auto& language : reply.languages) {
    const bool has_body = language.text || language.html;
    has_text = has_text || language.text.has_value();
    has_html = has_html || language.html.has_value();
    if (language.language.empty()) continue;
    has_language = true;
    if (has_body && equals_ignoring_case(language.language, reply.default_language)) {
      fault_at("language", "'language = " + reply.default_language + "' is that of 'text." +
                               language.language + "', too");
    }
    if (language.subject && !has_body) {
      fault_at("subject." + language.language, "'subject." + language.language +
                                                   "' without 'text." + language.language +
                                                   "' or 'html." + language.language + "'");
    }
  }
  if (reply.template_file && (has_text || has_html || has_language)) {
    fault_at("template", "'template' does not go with 'text' and 'html'");
  }
  if (reply.template_file && !reply.default_language.empty()) {
    fault_at("language", "'language' does not go with 'template'");
  }
  if (!reply.template_file && !has_text && !has_html) {
    fault_at({}, "needs 'text', 'html' or 'template'");
  }
  if (!reply.inline_images.empty() && !has_html) fault_at("inline", "'inline' needs 'html'");
  if (reply.all_languages && !has_language) {
    fault_at("languages", "'languages = all' needs a language, such as 'text.de'");
  }
}

}  // namespace inforeply
