#include "responder/responder_file.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "base/folder.hpp"
#include "base/trusted_file.hpp"
#include "config/config_file.hpp"
#include "inforeply/cache_records.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "mail/encoded_word.hpp"
#include "mail/language.hpp"
#include "responder/section_settings.hpp"
#include "responder/setting_reader.hpp"

namespace inforeply {
namespace {

constexpr Seconds kPersonalInterval{7 * 24 * 3600};  // RFC 3834, 2
constexpr Seconds kServiceInterval{3600};
constexpr std::size_t kMaxSectionNameOctets = 48;
constexpr std::size_t kMaxResponderFileOctets = std::size_t{256} * 1024;
// Each section inherits what stands above all sections, so these numbers multiply.
constexpr std::size_t kMaxSections = 100;
constexpr std::size_t kMaxFiles = 50;  // of `attach`, and as many of `inline`
constexpr std::size_t kMaxLanguages = 50;
constexpr std::size_t kMaxLists = 20;  // in a file: a delivery may have to read each
constexpr std::chrono::seconds kMaxReadingOfLists{20};  // of processor time, all of them
constexpr std::size_t kMaxWeeklyTimes = 50;             // of a responder or a section
constexpr std::size_t kMaxPatterns = 100;  // in a file: a delivery may have to compile each

/// The settings that `.LANGUAGE` may follow.
constexpr std::array<std::string_view, 3> kLanguageSettings = {"text", "html", "subject"};

/// A section's name appears in the log and in its handle.
bool is_section_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxSectionNameOctets &&
         std::none_of(name.begin(), name.end(), [](char c) {
           return std::string_view(" /<>\"\\[]").find(c) != std::string_view::npos;
         });
}

/// Patterns cost more to compile than all the rest to read. A delivery compiles only those that it
/// comes to.
enum class ReadingDepth { kForDelivery, kAll };

ReadingTerms with_folder(ReadingTerms terms, const std::string& file) {
  if (terms.folder.empty()) terms.folder = folder_of(file);
  return terms;
}

/// Builds a Responder from the entries of its file.
class Loader {
 public:
  Loader(const std::string& path, const ReadingTerms& terms, const FaultHandler& on_fault,
         ReadingDepth depth)
      : Loader(read_owned_file(path, kMaxResponderFileOctets, terms.trust), path, terms, on_fault,
               depth) {}

  Responder load() {
    for (const auto& folder : std::set<std::string>{terms_.folder, folder_of(file_.path)}) {
      collect_fault(on_fault_, [&] { require_trusted_folder(folder, terms_.trust); });
    }
    find_time_zone();
    set_all(file_.entries, kOfResponder);
    if (!seen_.contains("interval")) {
      responder_.reply.interval =
          responder_.kind == ResponderKind::kService ? kServiceInterval : kPersonalInterval;
    }
    const auto& schedule = responder_.schedule;
    if (schedule.from && schedule.until && *schedule.from >= *schedule.until) {
      on_fault_(
          ConfigError(file_.path, seen_["active-until"], "'active-until' is before 'active-from'"));
    }
    check_together(responder_.reply, seen_, on_fault_);
    if (file_.sections.size() > kMaxSections) {
      on_fault_(ConfigError(file_.path, file_.sections[kMaxSections].line,
                            "over " + std::to_string(kMaxSections) + " sections"));
      file_.sections.erase(file_.sections.begin() + kMaxSections, file_.sections.end());
    }
    for (const auto& section : file_.sections)
      collect_fault(on_fault_, [&] { load_section(section); });
    return std::move(responder_);
  }

 private:
  using Setter = void (Loader::*)(const ConfigEntry& entry);
  enum Place : unsigned { kOfResponder = 1, kOfSection = 2, kOfBoth = 3 };
  struct Setting {
    bool repeatable;
    Place place;
    Setter set;
  };
  static const std::map<std::string_view, Setting>& settings();

  Loader(const OwnedText& read, const std::string& path, const ReadingTerms& terms,
         const FaultHandler& on_fault, ReadingDepth depth)
      : on_fault_(on_fault),
        terms_(with_folder(terms, path)),
        depth_(depth),
        reader_(path, terms_, {read.is_tenants, terms.domain}),
        file_(parse_config(path, read.text, on_fault)) {
    terms_.indexes.deadline = processor_time() + kMaxReadingOfLists;
    responder_.file = path;
    responder_.author = {read.is_tenants, terms.domain};
    responder_.reply.file = path;
  }

  void set_all(const std::vector<ConfigEntry>& entries, Place place) {
    seen_.clear();
    for (const auto& entry : entries)
      collect_fault(on_fault_, [&] { set(entry, place); });
  }

  void set(const ConfigEntry& entry, Place place) {
    const SettingName name(entry.name);
    const auto setting = settings().find(name.base);
    const bool may_have_language = is_one_of(name.base, kLanguageSettings);
    if (setting == settings().end() || (entry.name != name.base && !may_have_language)) {
      reader_.fault(entry, "unknown name '" + entry.name + "'");
    }
    if ((setting->second.place & place) == 0) {
      reader_.fault(entry, "'" + entry.name + "' " +
                               (place == kOfSection ? "stands above all sections"
                                                    : "stands in a section '[when NAME]'"));
    }
    const auto [first, is_first] = seen_.emplace(to_lower_ascii(entry.name), entry.line);
    if (!is_first && !setting->second.repeatable) {
      reader_.fault(entry,
                    "'" + entry.name + "' is set already in line " + std::to_string(first->second));
    }
    reply_->set.emplace(name.base);
    (this->*setting->second.set)(entry);
  }

  void load_section(const ConfigSection& section) {
    if (section.title.empty()) return;  // reported already
    const auto fault_here = [&](const std::string& text) {
      throw ConfigError(file_.path, section.line, text);
    };
    constexpr std::string_view kWhen = "when ";
    if (!section.title.starts_with(kWhen)) {
      fault_here("unknown section '[" + section.title + "]', expected '[when NAME]'");
    }
    const std::string name = section.title.substr(kWhen.size());
    if (!is_section_name(name)) {
      fault_here("'[" + section.title + "]': expected one word of at most " +
                 std::to_string(kMaxSectionNameOctets) + " octets for its name");
    }
    for (const auto& other : responder_.sections) {
      if (other.reply.section != name) continue;
      fault_here("'[" + section.title + "]' is there already in line " +
                 std::to_string(other.reply.line));
    }
    Section loaded{{}, inherited_settings(responder_.reply, section)};
    loaded.reply.section = name;
    loaded.reply.line = section.line;
    reply_ = &loaded.reply;
    conditions_ = &loaded.conditions;
    set_all(section.entries, kOfSection);
    if (!seen_.contains("handle") && !loaded.reply.handle.empty()) {
      loaded.reply.handle += "/" + name;  // not the same reply as the responder's own
      if (loaded.reply.handle.size() > kMaxHandleOctets) {
        fault_here("'handle = " + loaded.reply.handle + "' is over " +
                   std::to_string(kMaxHandleOctets) + " octets");
      }
    }
    check_together(loaded.reply, seen_, on_fault_);
    if (loaded.conditions.empty()) {
      fault_here("'[" + section.title +
                 "]' needs a condition: sender, subject-contains, subject-matches, "
                 "body-contains or time");
    }
    responder_.sections.push_back(std::move(loaded));
  }

  void set_kind(const ConfigEntry& entry) { responder_.kind = reader_.kind(entry); }
  void set_enabled(const ConfigEntry& entry) {
    responder_.is_enabled = reader_.yes_or_no(entry);
    responder_.enabled_line = entry.line;
  }
  void set_mode(const ConfigEntry& entry) {
    responder_.mode = reader_.mode(entry);
    responder_.mode_line = entry.line;
  }

  /// The settings of the entry's language, which are made if there are none yet.
  LanguageSettings& language_of(const ConfigEntry& entry) {
    const SettingName name(entry.name);
    if (name.base != entry.name && !is_language_tag(name.language)) {
      reader_.fault(entry, "'" + entry.name + "': expected a language such as 'de' behind the dot");
    }
    auto& all = reply_->languages;
    const auto found = std::find_if(all.begin(), all.end(), [&](const LanguageSettings& known) {
      return equals_ignoring_case(known.language, name.language);
    });
    if (found != all.end()) return *found;
    if (all.size() == kMaxLanguages) {
      reader_.fault(entry, "over " + std::to_string(kMaxLanguages) + " languages");
    }
    all.push_back({std::string(name.language), {}, {}, {}});
    return all.back();
  }

  void set_address(const ConfigEntry& entry) {
    responder_.addresses.push_back(reader_.address(entry));
  }
  void set_from(const ConfigEntry& entry) { reply_->from = reader_.own_mailbox(entry); }
  void set_reply_to(const ConfigEntry& entry) { reply_->reply_to = reader_.own_mailbox(entry); }
  void set_subject(const ConfigEntry& entry) {
    // Decoded, as people copy encoded-words out of Sieve scripts and other programs.
    language_of(entry).subject =
        TextTemplate(decode_field_text(entry.value), file_.path, entry.line, on_fault_);
  }
  void set_text(const ConfigEntry& entry) { language_of(entry).text = reader_.reference(entry); }
  void set_html(const ConfigEntry& entry) { language_of(entry).html = reader_.reference(entry); }
  void set_languages(const ConfigEntry& entry) {
    if (entry.value != "all") reader_.bad_value(entry, "all");
    reply_->all_languages = true;
  }
  void set_language(const ConfigEntry& entry) {
    if (!is_language_tag(entry.value)) reader_.bad_value(entry, "a language such as de");
    reply_->default_language = entry.value;
  }
  void set_template(const ConfigEntry& entry) { reply_->template_file = reader_.reference(entry); }
  void set_inline(const ConfigEntry& entry) { add_file(reply_->inline_images, entry); }
  void set_attach(const ConfigEntry& entry) { add_file(reply_->attachments, entry); }
  void add_file(std::vector<FileReference>& files, const ConfigEntry& entry) const {
    if (files.size() == kMaxFiles) {
      reader_.fault(entry, "over " + std::to_string(kMaxFiles) + " times '" + entry.name + "'");
    }
    files.push_back(reader_.reference(entry));
  }
  void set_quote(const ConfigEntry& entry) { reply_->quote = reader_.quote(entry); }
  void set_interval(const ConfigEntry& entry) { reply_->interval = reader_.interval(entry); }
  void set_handle(const ConfigEntry& entry) {
    if (entry.value.size() > kMaxHandleOctets) {
      reader_.fault(entry, "'handle' is over " + std::to_string(kMaxHandleOctets) + " octets");
    }
    reply_->handle = entry.value;
  }
  /// The other times of the file are of this zone wherever it stands.
  void find_time_zone() {
    for (const auto& entry : file_.entries) {
      if (entry.name == "timezone") {
        responder_.schedule.zone = TimeZone::find(entry.value).value_or(TimeZone());
      }
    }
  }
  void set_timezone(const ConfigEntry& entry) {
    if (!TimeZone::find(entry.value)) reader_.bad_value(entry, "a time zone such as Europe/Berlin");
  }
  /// Where the schedule is set, for notes on it.
  Schedule& schedule_at(const ConfigEntry& entry) {
    auto& line = responder_.schedule_line;
    line = line == 0 ? entry.line : std::min(line, entry.line);
    return responder_.schedule;
  }
  void set_active_from(const ConfigEntry& entry) {
    auto& schedule = schedule_at(entry);
    schedule.from = reader_.time(entry, schedule.zone);
  }
  void set_active_until(const ConfigEntry& entry) {
    auto& schedule = schedule_at(entry);
    schedule.until = reader_.time(entry, schedule.zone);
  }
  void set_active_on(const ConfigEntry& entry) { add_weekly(schedule_at(entry), entry); }
  void set_time(const ConfigEntry& entry) {
    conditions_->time.zone = responder_.schedule.zone;
    add_weekly(conditions_->time, entry);
    reply_->is_timed = true;
  }
  void add_weekly(Schedule& schedule, const ConfigEntry& entry) const {
    auto times = reader_.weekly_times(entry);
    if (schedule.weekly.size() == kMaxWeeklyTimes) {
      reader_.fault(entry,
                    "over " + std::to_string(kMaxWeeklyTimes) + " times '" + entry.name + "'");
    }
    schedule.weekly.push_back(std::move(times));
  }
  void set_calendar(const ConfigEntry& entry) {
    auto& schedule = schedule_at(entry);
    const auto file = reader_.reference(entry);
    const auto text = read_owned_file(file, kMaxCalendarOctets).text;
    try {
      // An event that cannot be understood is left out: calendars are made by other programs.
      schedule.calendar.add_file(text, file.path(), schedule.zone,
                                 depth_ == ReadingDepth::kAll ? on_fault_ : pass_over);
    } catch (const ConfigError&) {
      throw;
    } catch (const Error& missing) {  // the library
      reader_.fault(entry, missing.what());
    }
  }
  void set_ignore(const ConfigEntry& entry) {
    responder_.ignored.push_back(reader_.soft_rule(entry));
  }
  void set_precedence(const ConfigEntry& entry) {
    if (!is_precedence(entry.value)) reader_.bad_value(entry, "one word");
    reply_->precedence = entry.value == "none" ? "" : entry.value;
  }
  void set_envelope_from(const ConfigEntry& entry) {
    reply_->envelope_from = entry.value == "<>" ? "" : reader_.own_address(entry).to_wire();
  }
  void set_bcc(const ConfigEntry& entry) { reply_->bcc = reader_.own_address(entry); }
  void set_fcc(const ConfigEntry& entry) {
    reply_->fcc = reader_.maildir(entry);
    reply_->fcc_line = entry.line;
  }
  void set_allow_large(const ConfigEntry& entry) { reply_->allow_large = reader_.yes_or_no(entry); }
  void set_limit(const ConfigEntry& entry) { responder_.limit = reader_.rate_limit(entry); }
  void set_limit_person(const ConfigEntry& entry) {
    responder_.limit_person = reader_.rate_limit(entry);
  }
  void set_never_reply_to(const ConfigEntry& entry) { add_to(responder_.never_reply_to, entry); }
  void set_only_reply_to(const ConfigEntry& entry) { add_to(responder_.only_reply_to, entry); }
  void set_sender(const ConfigEntry& entry) { add_to(conditions_->sender, entry); }
  void add_to(AddressList& list, const ConfigEntry& entry) {
    if (list.add(entry.value)) return;
    if (entry.value.starts_with('@')) reader_.bad_value(entry, "a domain behind the @");
    if (++lists_ > kMaxLists) {
      reader_.fault(entry, "over " + std::to_string(kMaxLists) + " files of addresses");
    }
    list.add_file(reader_.reference(entry), terms_.indexes);
  }
  void set_subject_contains(const ConfigEntry& entry) {
    conditions_->subject_contains.push_back(reader_.searched(entry));
  }
  void set_body_contains(const ConfigEntry& entry) {
    conditions_->body_contains.push_back(reader_.searched(entry));
  }
  void set_subject_matches(const ConfigEntry& entry) {
    if (entry.value.size() > kMaxPatternOctets) {
      reader_.fault(
          entry, "'" + entry.name + "' is over " + std::to_string(kMaxPatternOctets) + " octets");
    }
    if (++patterns_ > kMaxPatterns) {
      reader_.fault(entry, "over " + std::to_string(kMaxPatterns) + " times '" + entry.name + "'");
    }
    conditions_->subject_matches.emplace_back(entry.value, file_.path, entry.line);
    if (depth_ == ReadingDepth::kAll) conditions_->subject_matches.back().check();
  }

  const FaultHandler& on_fault_;
  ReadingTerms terms_;
  ReadingDepth depth_;
  SettingReader reader_;
  ConfigFile file_;
  SettingLines seen_;
  Responder responder_;
  ReplySettings* reply_ = &responder_.reply;  // whose settings are being read
  Conditions* conditions_ = nullptr;          // of the section being read; null above all sections
  std::size_t patterns_ = 0;                  // in all sections so far
  std::size_t lists_ = 0;                     // the same
};

const std::map<std::string_view, Loader::Setting>& Loader::settings() {
  static const std::map<std::string_view, Setting> table = {
      {"kind", {false, kOfResponder, &Loader::set_kind}},
      {"enabled", {false, kOfResponder, &Loader::set_enabled}},
      {"mode", {false, kOfResponder, &Loader::set_mode}},
      {"address", {true, kOfResponder, &Loader::set_address}},
      {"active-from", {false, kOfResponder, &Loader::set_active_from}},
      {"active-until", {false, kOfResponder, &Loader::set_active_until}},
      {"active-on", {true, kOfResponder, &Loader::set_active_on}},
      {"calendar", {true, kOfResponder, &Loader::set_calendar}},
      {"timezone", {false, kOfResponder, &Loader::set_timezone}},
      {"ignore", {true, kOfResponder, &Loader::set_ignore}},
      {"limit", {false, kOfResponder, &Loader::set_limit}},
      {"limit-person", {false, kOfResponder, &Loader::set_limit_person}},
      {"never-reply-to", {true, kOfResponder, &Loader::set_never_reply_to}},
      {"only-reply-to", {true, kOfResponder, &Loader::set_only_reply_to}},
      {"sender", {true, kOfSection, &Loader::set_sender}},
      {"subject-contains", {true, kOfSection, &Loader::set_subject_contains}},
      {"subject-matches", {true, kOfSection, &Loader::set_subject_matches}},
      {"body-contains", {true, kOfSection, &Loader::set_body_contains}},
      {"time", {true, kOfSection, &Loader::set_time}},
      {"from", {false, kOfBoth, &Loader::set_from}},
      {"reply-to", {false, kOfBoth, &Loader::set_reply_to}},
      {"subject", {false, kOfBoth, &Loader::set_subject}},
      {"text", {false, kOfBoth, &Loader::set_text}},
      {"html", {false, kOfBoth, &Loader::set_html}},
      {"languages", {false, kOfBoth, &Loader::set_languages}},
      {"language", {false, kOfBoth, &Loader::set_language}},
      {"template", {false, kOfBoth, &Loader::set_template}},
      {"inline", {true, kOfBoth, &Loader::set_inline}},
      {"attach", {true, kOfBoth, &Loader::set_attach}},
      {"quote", {false, kOfBoth, &Loader::set_quote}},
      {"interval", {false, kOfBoth, &Loader::set_interval}},
      {"handle", {false, kOfBoth, &Loader::set_handle}},
      {"precedence", {false, kOfBoth, &Loader::set_precedence}},
      {"envelope-from", {false, kOfBoth, &Loader::set_envelope_from}},
      {"bcc", {false, kOfBoth, &Loader::set_bcc}},
      {"fcc", {false, kOfBoth, &Loader::set_fcc}},
      {"allow-large", {false, kOfBoth, &Loader::set_allow_large}},
  };
  return table;
}

}  // namespace

Responder load_responder(const std::string& file, const ReadingTerms& terms) {
  const FaultHandler on_fault = throw_fault;
  return Loader(file, terms, on_fault, ReadingDepth::kForDelivery).load();
}

Responder load_responder(const std::string& file, const ReadingTerms& terms,
                         const FaultHandler& on_fault) {
  return Loader(file, terms, on_fault, ReadingDepth::kAll).load();
}

}  // namespace inforeply
