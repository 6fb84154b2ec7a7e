#include "delivery/config_check.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/folder.hpp"
#include "base/held_folder.hpp"
#include "base/trusted_file.hpp"
#include "delivery/delivery_confinement.hpp"
#include "inforeply/address.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/text.hpp"
#include "mail/parameter.hpp"
#include "mailer/maildir.hpp"
#include "mailer/make_mailer.hpp"
#include "reply/composer.hpp"
#include "responder/responder.hpp"
#include "responder/responder_file.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxComparisons = 1'000'000;  // between a responder's conditions

/// Takes faults and notes. A note reads `FILE:LINE: note: text`.
struct Listener {
  const FaultHandler& on_fault;
  const FaultHandler& on_note;

  void note(const std::string& file, std::size_t line, const std::string& text) const {
    on_note({file, line, "note: " + text});
  }
};

/// The right name for a domain's folder; nullopt if `name` is no domain.
std::optional<std::string> domain_folder_name(std::string_view name) {
  while (name.ends_with('.'))
    name.remove_suffix(1);
  return parse_domain(name);
}

/// The right name for a local part's file, without its suffix; nullopt if `name` is no local part.
std::optional<std::string> local_part_name(std::string_view name) {
  const auto address = parse_address(Address{decode_hex_escapes(name, '%'), "x", "x"}.to_string());
  if (!address) return std::nullopt;
  return encode_file_name(address->local_part);
}

/// What is wrong with the name of a file or folder. `right` is the right path; empty if unknown.
std::string wrong_name(std::string_view kind, const std::string& right) {
  return "no address leads to a " + std::string(kind) + " of this name" +
         (right.empty() ? " (lower case, A-labels, / and % encoded)"
                        : ": '" + to_single_line(right) + "' would be right");
}

/// Sorted by name.
std::vector<std::filesystem::directory_entry> entries_of(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  std::vector<std::filesystem::directory_entry> entries;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    entries.push_back(*entry);
  if (error) throw ConfigError(folder.string(), 0, with_cause("cannot read", error.value()));
  std::sort(entries.begin(), entries.end());
  return entries;
}

class FolderCheck {
 public:
  FolderCheck(std::filesystem::path folder, Time now, const Listener& listener, Trust trust,
              std::vector<std::string> fcc_folders)
      : folder_(std::move(folder)),
        now_(now),
        listener_(listener),
        trust_(trust),
        fcc_folders_(std::move(fcc_folders)) {}

  /// Returns the number of responders.
  std::size_t check() {
    collect_fault(listener_.on_fault, [&] { require_trusted_folder(folder_.string()); });
    for (const auto& entry : entries_of(folder_)) {
      if (entry.path().filename().string().starts_with(kNewFolder)) continue;
      const auto own_name = entry.path().stem();
      const ReadingTerms terms{{},
                               trust_,
                               domain_folder_name(own_name.string()).value_or(""),
                               (folder_ / own_name).string(),
                               fcc_folders_};
      check_file(entry.path(), terms, [](std::string_view stem) -> std::optional<std::string> {
        if (const auto domain = domain_folder_name(stem)) return *domain;
        const auto address = parse_address(stem);  // an address: the file is one folder too high
        if (!address) return std::nullopt;
        return address->ascii_domain + "/" + encode_file_name(address->local_part);
      });
      if (is_folder(entry)) collect_fault(listener_.on_fault, [&] { check_domain(entry.path()); });
    }
    return responders_;
  }

 private:
  static bool is_folder(const std::filesystem::directory_entry& entry) {
    std::error_code ignored;
    return entry.is_directory(ignored);
  }

  void check_domain(const std::filesystem::path& folder) {
    collect_fault(listener_.on_fault, [&] { require_trusted_folder(folder.string(), trust_); });
    const std::string name = folder.filename().string();
    auto domain = domain_folder_name(name);
    const auto responders_before = responders_;
    const ReadingTerms terms{{}, trust_, domain.value_or(""), {}, fcc_folders_};
    for (const auto& entry : entries_of(folder)) {
      check_file(entry.path(), terms, [&](std::string_view stem) -> std::optional<std::string> {
        if (stem.empty()) return domain;  // it is meant for the whole domain
        if (const auto at = "@" + name; stem.ends_with(at)) stem.remove_suffix(at.size());
        const auto local_part = local_part_name(stem);
        if (!local_part) return std::nullopt;
        return domain.value_or(name) + "/" + *local_part;
      });
      if (is_folder(entry)) note_too_deep(entry.path(), domain.value_or(name));
    }
    // A folder without responders may hold files that the responders of whole domains name.
    if (responders_ != responders_before && domain != name) {
      listener_.note(folder.string(), 0, wrong_name("folder", domain ? *domain : ""));
    }
  }

  /// `right_name` takes the file's name without suffix and returns the right path below the folder,
  /// also without suffix.
  template <typename RightName>
  void check_file(const std::filesystem::path& path, const ReadingTerms& terms,
                  RightName right_name) {
    const std::string name = path.filename().string();
    const bool has_suffix = name.ends_with(kResponderSuffix);
    if (!is_configuration_name(name)) return;
    const auto right = right_name(name.substr(0, name.size() - kResponderSuffix.size()));
    const std::filesystem::path right_path = right ? *right + std::string(kResponderSuffix) : "";
    if (right_path.filename() != name) {
      listener_.note(path.string(), 0, wrong_name("file", right_path.string()));
    }
    if (!has_suffix) return;
    check_responder(path.string(), now_, listener_.on_fault, listener_.on_note, terms);
    ++responders_;
  }

  /// Notes files that are one folder too deep. A folder that cannot be read is passed over.
  void note_too_deep(const std::filesystem::path& folder, const std::string& domain) const {
    collect_fault(pass_over, [&] {
      for (const auto& entry : entries_of(folder)) {
        if (entry.path().extension() != kResponderSuffix) continue;
        const auto name = local_part_name(entry.path().stem().string());
        const std::string right =
            name ? domain + "/" + *name + std::string(kResponderSuffix) : std::string();
        listener_.note(entry.path().string(), 0, wrong_name("file", right));
      }
    });
  }

  std::filesystem::path folder_;
  Time now_;
  const Listener& listener_;
  Trust trust_;
  std::vector<std::string> fcc_folders_;
  std::size_t responders_ = 0;
};

/// Sorts by file and line, and keeps each once: several responders may name one file.
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

/// Whether a template has a part that is not blank.
bool says_anything(const TemplateEntity& entity) {
  return (entity.text ? !entity.text->is_blank() : entity.multipart.empty()) ||
         std::any_of(entity.parts.begin(), entity.parts.end(), says_anything);
}

void note_empty_texts(const Reply& reply, const Listener& listener) {
  const auto note = [&](const std::optional<FileReference>& file) {
    if (file) listener.note(file->where, file->line, "'" + file->name + "' is empty");
  };
  for (const auto& text : reply.texts) {
    const auto* settings = reply.settings.find(text.language);
    if (settings == nullptr) continue;
    if (text.text && text.text->is_blank()) note(settings->text);
    if (text.html && text.html->is_blank()) note(settings->html);
  }
  if (reply.body && !says_anything(*reply.body)) note(reply.settings.template_file);
}

/// Notes what RFC 3834 asks of replies and only the author can do.
void note_deviations(const Responder& responder, const Reply& reply, const Listener& listener) {
  const ReplySettings& settings = reply.settings;
  const auto note_html = [&](std::size_t line) {
    listener.note(responder.file, line,
                  "a reply should have a text of its own beside the HTML (RFC 3834, 3.2)");
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
    listener.note(
        responder.file, settings.line,
        "'from' of a service should have a display name that says what it is (RFC 3834, 3.1.1)");
  }
}

/// Notes when the responder switches on and off next.
void note_schedule(const Responder& responder, Time now, const Listener& listener) {
  constexpr std::size_t kShownPeriods = 3;
  const auto& [zone, from, until, weekly, calendar] = responder.schedule;
  if (responder.schedule_line == 0) return;
  const TimeZone::Use use(zone);
  std::string text;
  for (const auto& period : responder.schedule.next_periods(now, kShownPeriods)) {
    text += text.empty() ? "" : "; ";
    if (period.from) text += "on " + format_minute(*period.from, zone);
    if (period.until)
      text += (period.from ? ", off " : "off ") + format_minute(*period.until, zone);
    if (!period.from && !period.until) text += "always on";
  }
  if (text.empty() && until && *until <= now) {
    text =
        "'active-until = " + describe_end(*until, zone) + "' is over: nothing is answered any more";
  } else if (text.empty()) {
    text = "no more events are in sight: nothing is answered";
  }
  listener.note(responder.file, responder.schedule_line, text);
}

/// Notes sections that never match because an earlier section covers them.
void note_unreachable_sections(const Responder& responder, const Listener& listener) {
  std::vector<Conditions> earlier;
  std::size_t budget = kMaxComparisons;
  for (const auto& section : responder.sections) {
    auto conditions = section.conditions.folded();
    const auto covering = std::find_if(earlier.begin(), earlier.end(), [&](const auto& before) {
      return before.cover(conditions, budget);
    });
    if (covering != earlier.end()) {
      const auto& first =
          responder.sections[static_cast<std::size_t>(covering - earlier.begin())].reply;
      listener.note(responder.file, section.reply.line,
                    "'[when " + section.reply.section + "]' is never reached: '[when " +
                        first.section + "]' in line " + std::to_string(first.line) +
                        " matches whatever it would");
    }
    earlier.push_back(std::move(conditions));
  }
}

/// Reads the files of a reply and composes it. So a reply that some message would make too large is
/// found before one is due.
void check_reply(const Responder& responder, const ReplySettings& settings,
                 const Listener& listener) {
  bool good = true;
  const auto note = [&](const ConfigError& fault) {
    good = false;
    listener.on_fault(fault);
  };
  try {
    if (settings.fcc) require_maildir(*settings.fcc);
  } catch (const Error& error) {
    listener.on_fault({settings.file, settings.fcc_line, error.what()});
  }
  collect_fault(listener.on_fault, [&] {
    const Reply reply = load_reply(responder, settings, {}, note);
    note_deviations(responder, reply, listener);
    if (!good) return;
    note_empty_texts(reply, listener);
    check_size(responder, reply);
  });
}

/// Runs a step that uses a setting, unless the setting is at fault already. A fault is reported
/// with the setting's line.
template <typename Step>
void check_setting(const Settings& settings, const std::string& name,
                   std::vector<ConfigError>& faults, Step step) {
  const auto origin = settings.origin_of(name);
  const bool is_at_fault = std::any_of(faults.begin(), faults.end(), [&](const ConfigError& fault) {
    return fault.file() == origin.file && fault.line() == origin.line;
  });
  if (is_at_fault) return;
  try {
    step();
  } catch (const SettingError& error) {  // one that belongs to it
    const auto place = settings.origin_of(error.setting());
    faults.emplace_back(place.file, place.line, error.what());
  } catch (const Error& error) {
    faults.emplace_back(origin.file, origin.line, error.what());
  }
}

void note_shadow(const std::string& file, std::size_t line, const FaultHandler& on_note) {
  on_note({file, line, "note: 'mode = shadow': nothing is sent"});
}

/// local(8) runs commands of aliases under this limit (postconf(5), mailbox_size_limit). LMDB's
/// file never shrinks: removed records only leave free pages.
void note_cache_size(const std::string& path, const FaultHandler& on_note) {
  constexpr std::uint64_t kPostfixDefault = 51'200'000;
  const auto limit = file_size_limit();
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return;
  const auto octets = static_cast<std::uint64_t>(status.st_size);
  if (octets < limit.value_or(kPostfixDefault) / 2) return;
  on_note({path, 0,
           "note: it has " + std::to_string(octets) + " octets. Where it grows to " +
               (limit ? std::to_string(*limit) + ", this process may not write to it (RLIMIT_FSIZE)"
                      : std::to_string(kPostfixDefault) +
                            ", deliveries run from an alias or .forward file are deferred, unless "
                            "Postfix's mailbox_size_limit is changed")});
}

}  // namespace

void check_responder(const std::string& file, Time now, const FaultHandler& on_fault,
                     const FaultHandler& on_note, const ReadingTerms& terms) {
  const Listener listener{on_fault, on_note};
  collect_fault(on_fault, [&] {
    bool is_good = true;
    const Responder responder = load_responder(file, terms, [&](const ConfigError& fault) {
      is_good = false;
      on_fault(fault);
    });
    responder.never_reply_to.check_files(on_fault);
    responder.only_reply_to.check_files(on_fault);
    for (const auto& section : responder.sections)
      section.conditions.sender.check_files(on_fault);
    if (!responder.is_enabled) {
      listener.note(file, responder.enabled_line, "'enabled = no': nothing is answered");
    } else if (is_good) {
      note_schedule(responder, now, listener);
    }
    if (responder.mode == ReplyMode::kShadow) note_shadow(file, responder.mode_line, on_note);
    note_unreachable_sections(responder, listener);
    // The files of unreachable replies are checked, too.
    check_reply(responder, responder.reply, listener);
    for (const auto& section : responder.sections)
      check_reply(responder, section.reply, listener);
  });
}

std::size_t check_responder_folder(const std::string& folder, Time now,
                                   const FaultHandler& on_fault, const FaultHandler& on_note,
                                   Trust trust, std::vector<std::string> fcc_folders) {
  const Listener listener{on_fault, on_note};
  std::size_t responders = 0;
  collect_fault(on_fault, [&] {
    responders = FolderCheck(folder, now, listener, trust, std::move(fcc_folders)).check();
    if (responders == 0) listener.note(folder, 0, "no responder is here: nothing is answered");
  });
  return responders;
}

ConfigurationCheck check_configuration(const Settings& settings, std::vector<ConfigError> faults,
                                       Time now) {
  ConfigurationCheck check{std::move(faults), {}, 1};
  const FaultHandler collect = [&](const ConfigError& fault) { check.faults.push_back(fault); };
  const FaultHandler note = [&](const ConfigError& text) { check.notes.push_back(text); };
  const auto store = make_cache_store(settings.cache);
  const std::string cache = store->file();
  for (const auto& file : {settings.configuration, cache}) {
    if (file.empty()) continue;
    collect_fault(collect, [&] { require_trusted_folder(folder_of(file)); });
  }
  check_setting(settings, "cache", check.faults, [&] {
    store->require_usable();
    if (!cache.empty()) make_cache_store(settings.cache.in(ReplyMode::kShadow))->require_usable();
    const auto origin = settings.origin_of("cache");
    for (const auto& remark : store->remarks()) {
      const bool is_fault = remark.kind == CacheRemark::Kind::kFault;
      const auto text = (is_fault ? "" : "note: ") + remark.text;
      (is_fault ? collect : note)(ConfigError(origin.file, origin.line, text));
    }
  });
  if (settings.mode == ReplyMode::kShadow) {
    note_shadow(settings.configuration, settings.origin_of("mode").line, note);
  }
  check_setting(settings, "mailer", check.faults, [&] {
    make_mailer(settings.mailer);
    if (settings.require_confinement && !mailer_permissions(settings.mailer))
      throw SettingError("require-confinement", Fault::kConfiguration, kCommandsAreNotConfined);
  });
  if (settings.responder.empty()) {
    check.responders = check_responder_folder(settings.responders, now, collect, note,
                                              settings.trust_responders, settings.fcc_folders);
  } else {
    check_responder(settings.responder, now, collect, note,
                    {{}, settings.trust_responders, {}, {}, settings.fcc_folders});
  }
  note_cache_size(cache, note);
  put_in_order(check.faults);
  put_in_order(check.notes);
  return check;
}

}  // namespace inforeply
