#include "inforeply/check.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include "inforeply/address.hpp"
#include "inforeply/composer.hpp"
#include "inforeply/parameter.hpp"
#include "inforeply/responder.hpp"
#include "inforeply/responder_source.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kSuffix = ".conf";

bool is_domain_name(const std::string& name) {
  return parse_domain(name) == name;
}

/// Whether encode_file_name gives this name to any local part.
bool is_local_part_name(const std::string& name) {
  const std::string local_part = decode_hex_escapes(name, '%');
  const auto address = parse_address(Address{local_part, "x", "x"}.to_string());
  return address && address->local_part == local_part && encode_file_name(local_part) == name;
}

/// In the order of their names.
std::vector<std::filesystem::directory_entry> entries_of(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  std::vector<std::filesystem::directory_entry> entries;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    entries.push_back(*entry);
  if (error) throw ConfigError(folder.string(), 0, "cannot read: " + error.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::size_t check_file(const std::filesystem::path& path, bool (*is_findable)(const std::string&),
                       const FaultHandler& on_fault, const FaultHandler& on_note) {
  if (path.extension() != kSuffix) return 0;
  if (!is_findable(path.stem().string())) {
    on_fault({path.string(), 0,
              "no address leads to a file of this name (lower case, A-labels, / and % encoded)"});
  }
  check_responder(path.string(), on_fault, on_note);
  return 1;
}

/// By file and line, each once: several responders may name one file.
void put_in_order(std::vector<ConfigError>& faults) {
  const auto place_of = [](const ConfigError& fault) {
    return std::tuple(std::string_view(fault.file()), fault.line(), std::string_view(fault.what()));
  };
  std::sort(faults.begin(), faults.end(),
            [&](const ConfigError& a, const ConfigError& b) { return place_of(a) < place_of(b); });
  const auto end = std::unique(
      faults.begin(), faults.end(),
      [&](const ConfigError& a, const ConfigError& b) { return place_of(a) == place_of(b); });
  faults.erase(end, faults.end());
}

/// Whether a template shows a text of this type, `text/plain` or `text/html`.
bool shows(const TemplateEntity& entity, std::string_view type) {
  return (is_shown_text(entity) && leading_token(entity.content_type) == type) ||
         std::any_of(entity.parts.begin(), entity.parts.end(),
                     [&](const TemplateEntity& part) { return shows(part, type); });
}

/// What RFC 3834 asks of replies and cannot be done without the author.
void note_deviations(const Responder& responder, const Reply& reply, const FaultHandler& on_note) {
  const ReplySettings& settings = reply.settings;
  const auto note = [&](std::size_t line, const std::string& text) {
    on_note({responder.file, line, "note: " + text});
  };
  const auto note_html = [&](std::size_t line) {
    note(line, "a reply should have a text of its own beside the HTML (RFC 3834, 3.2)");
  };
  const bool is_service = responder.kind == ResponderKind::kService;
  for (const auto& language : settings.languages) {
    if (!is_service && language.html && !language.text) note_html(language.html->line);
  }
  const bool is_html_alone =
      reply.body && shows(*reply.body, "text/html") && !shows(*reply.body, "text/plain");
  if (!is_service && is_html_alone) note_html(settings.template_file->line);
  if (is_service && !settings.template_file &&
      (!settings.from || settings.from->display_name.empty())) {
    note(settings.line,
         "'from' of a service should have a display name that says what it is (RFC 3834, 3.1.1)");
  }
}

/// Reads what a reply consists of and composes it: one that some message makes too large is found
/// before the first one is due.
void check_reply(const Responder& responder, const ReplySettings& settings,
                 const FaultHandler& on_fault, const FaultHandler& on_note) {
  bool good = true;
  const auto note = [&](const ConfigError& fault) {
    good = false;
    on_fault(fault);
  };
  collect_fault(on_fault, [&] {
    const Reply reply = load_reply(responder, settings, note);
    note_deviations(responder, reply, on_note);
    if (good) check_size(responder, reply);
  });
}

}  // namespace

void check_responder(const std::string& file, const FaultHandler& on_fault,
                     const FaultHandler& on_note) {
  collect_fault(on_fault, [&] {
    const Responder responder = load_responder(file, {}, on_fault);
    responder.never_reply_to.check_files(on_fault);
    responder.only_reply_to.check_files(on_fault);
    for (const auto& section : responder.sections)
      section.conditions.sender.check_files(on_fault);
    // Even so the files of the replies are looked at: their faults are others.
    check_reply(responder, responder.reply, on_fault, on_note);
    for (const auto& section : responder.sections)
      check_reply(responder, section.reply, on_fault, on_note);
  });
}

std::size_t check_responder_folder(const std::string& folder, const FaultHandler& on_fault,
                                   const FaultHandler& on_note) {
  std::size_t responders = 0;
  collect_fault(on_fault, [&] {
    for (const auto& entry : entries_of(folder)) {
      std::error_code ignored;
      responders += check_file(entry.path(), is_domain_name, on_fault, on_note);
      if (!entry.is_directory(ignored)) continue;
      std::size_t in_folder = 0;
      collect_fault(on_fault, [&] {
        for (const auto& inner : entries_of(entry.path())) {
          in_folder += check_file(inner.path(), is_local_part_name, on_fault, on_note);
        }
      });
      // Another folder may hold what responders of whole domains name.
      if (in_folder != 0 && !is_domain_name(entry.path().filename().string())) {
        on_fault({entry.path().string(), 0,
                  "no address leads to a folder of this name (lower case, A-labels)"});
      }
      responders += in_folder;
    }
  });
  return responders;
}

ConfigurationCheck check_configuration(const Settings& settings, std::vector<ConfigError> faults) {
  ConfigurationCheck check{std::move(faults), {}, 1};
  const auto collect = [&](const ConfigError& fault) { check.faults.push_back(fault); };
  const auto note = [&](const ConfigError& text) { check.notes.push_back(text); };
  if (settings.responder.empty()) {
    check.responders = check_responder_folder(settings.responders, collect, note);
  } else {
    check_responder(settings.responder, collect, note);
  }
  put_in_order(check.faults);
  put_in_order(check.notes);
  return check;
}

}  // namespace inforeply
