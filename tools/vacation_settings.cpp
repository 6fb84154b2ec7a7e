#include "vacation_settings.hpp"

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kDefaultText =
    "Thank you for your message. I am away at present and will read it when I am back.\n"
    "\n"
    "This is an automatic answer.\n";

TimeZone zone_of(const StoredResponder& stored) {
  const auto name = stored.find("timezone");
  return name ? TimeZone::find(*name).value_or(TimeZone()) : TimeZone();
}

std::optional<std::string> find_text(const StoredResponder& stored, std::string_view name) {
  const auto found = stored.texts.find(name);
  return found == stored.texts.end() ? std::nullopt : std::optional(found->second);
}

/// The responder's text as `form` wants it.
std::optional<std::string> shown_text(const StoredResponder& stored, const std::string& name,
                                      TextForm form, std::string& not_literal) {
  auto text = find_text(stored, name);
  if (!text || form == TextForm::kTemplate) return text;
  if (auto literal = literal_of(*text)) return literal;
  not_literal = name;
  return text;
}

void refuse(const StoredResponder& stored, const std::string& text) {
  throw ConfigError(stored.file, 0, text);
}

std::optional<Seconds> duration_of(const std::string& interval) {
  return interval == "once" ? std::nullopt : parse_duration(interval);
}

/// Whoever sets the text wants it to be what is said.
void require_plain(const StoredResponder& stored, const std::string& name) {
  if (stored.find("template")) {
    refuse(stored, "has a template, which says it all: '" + name + "' cannot be set beside it");
  }
  for (const auto& setting : stored.settings) {
    if (setting.name.starts_with(name + ".")) {
      refuse(stored, "'" + setting.name + "' says it in another language and would stay: '" + name +
                         "' has to be changed in the file");
    }
  }
}

}  // namespace

VacationSettings shown(const StoredResponder& stored, TextForm form) {
  VacationSettings view;
  if (!stored.exists) return view;
  view.zone = zone_of(stored);
  view.is_enabled = stored.find("enabled") != "no";
  if (const auto from = stored.find("active-from")) view.from = parse_time(*from, view.zone);
  if (const auto until = stored.find("active-until"))
    view.until = parse_end_time(*until, view.zone);
  view.subject = shown_text(stored, "subject", form, view.not_literal);
  view.text = shown_text(stored, "text", form, view.not_literal);
  view.html = shown_text(stored, "html", form, view.not_literal);
  if (view.text == kDefaultText) view.text.reset();
  constexpr std::string_view kDefaultInterval = "7d";
  const bool is_service = stored.find("kind") == "service";
  const auto interval =
      stored.find("interval").value_or(is_service ? "1h" : std::string(kDefaultInterval));
  view.interval = duration_of(interval);
  return view;
}

bool is_default(const VacationChange& change) {
  const auto sets = [](const auto& wanted) { return wanted && *wanted; };
  return !change.is_enabled.value_or(false) && !change.interval && !sets(change.from) &&
         !sets(change.until) && !sets(change.subject) && !sets(change.text) && !sets(change.html);
}

ResponderDraft draft_of(const VacationChange& change, const StoredResponder& stored,
                        TextForm form) {
  const auto now = shown(stored, form);
  ResponderDraft draft;
  const auto set = [&](const std::string& name, const std::optional<std::string>& value) {
    draft.settings.push_back({name, value ? std::vector{*value} : std::vector<std::string>{}});
  };
  const bool is_enabled = change.is_enabled.value_or(now.is_enabled);
  if (is_enabled != now.is_enabled || !stored.exists) set("enabled", is_enabled ? "yes" : "no");
  const auto set_time = [&](const std::string& name, const auto& wanted, const auto& known,
                            auto parse) {
    if (!wanted) return;
    const auto time = *wanted ? parse(**wanted, now.zone) : std::nullopt;
    const bool is_known = stored.find(name).has_value() == wanted->has_value() && time == known;
    if (!is_known || (*wanted && !time)) set(name, *wanted);
  };
  set_time("active-from", change.from, now.from, parse_time);
  set_time("active-until", change.until, now.until, parse_end_time);
  if (change.interval) {
    const auto wanted = duration_of(*change.interval);
    const bool is_known =
        stored.exists && wanted == now.interval && (wanted || *change.interval == "once");
    if (!is_known) set("interval", change.interval);
  }
  const auto set_text = [&](const std::string& name, const auto& wanted, const auto& known) {
    if (!wanted || *wanted == known) return;
    require_plain(stored, name);
    const bool is_literal = *wanted && form == TextForm::kLiteral;
    draft.texts[name] = is_literal ? template_of(**wanted) : *wanted;
  };
  set_text("subject", change.subject, now.subject);
  set_text("text", change.text, now.text);
  set_text("html", change.html, now.html);
  const bool has_default = find_text(stored, "text") == kDefaultText;
  const auto will_have = [&](const std::string& name) {
    const auto found = draft.texts.find(name);
    return found == draft.texts.end() ? stored.find(name).has_value() : found->second.has_value();
  };
  if (will_have("html") && has_default && !draft.texts.contains("text")) {
    draft.texts["text"] = std::nullopt;
  } else if (!will_have("text") && !will_have("html") && !stored.find("template")) {
    draft.texts["text"] = std::string(kDefaultText);
  }
  return draft;
}

}  // namespace inforeply
