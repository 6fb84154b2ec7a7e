#include "inforeply/responder_writer.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "base/digest.hpp"
#include "base/folder.hpp"
#include "base/held_folder.hpp"
#include "base/trusted_file.hpp"
#include "config/config_edit.hpp"
#include "config/config_file.hpp"
#include "delivery/config_check.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/file_replacement.hpp"
#include "inforeply/text.hpp"
#include "mail/encoded_word.hpp"
#include "mail/transfer_encoding.hpp"
#include "reply/composer.hpp"
#include "reply/reply.hpp"
#include "responder/placeholder.hpp"
#include "responder/responder_file.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kPartSuffix = ".new";
constexpr std::size_t kDigestDigits = 16;
// Longer than any delivery takes, which may have read the old file just before it was replaced.
constexpr Seconds kTextOutlives{600};

/// The settings whose texts are in files, and the suffixes of these.
struct TextFile {
  std::string_view setting;
  std::string_view suffix;
};
constexpr std::array kTextFiles = {TextFile{"text", ".txt"}, TextFile{"html", ".html"},
                                   TextFile{"template", ".eml"}};

[[noreturn]] void fail_with_errno(const std::string& operation) {
  throw system_error(Fault::kOutput, "cannot " + operation);
}

CandidateFile own_file(const Settings& settings, const Address& address) {
  if (!settings.responder.empty()) {
    throw Error(Fault::kConfiguration,
                "'responder = " + settings.responder + "' answers for all addresses");
  }
  return open_responders(settings, IndexAccess::kRead)->candidates(address).front();
}

/// `text` for `text.de`.
std::string_view without_language(std::string_view setting) {
  return setting.substr(0, setting.find('.'));
}

const TextFile* find_text_file(std::string_view setting) {
  const auto* const found =
      std::find_if(kTextFiles.begin(), kTextFiles.end(),
                   [&](const TextFile& file) { return file.setting == without_language(setting); });
  return found == kTextFiles.end() ? nullptr : found;
}

/// As it is read for a reply.
std::string normalized(std::string_view text) {
  return with_lf_ends(without_byte_order_mark(text));
}

/// Throws ConfigError for a value that would not stand alone in its line.
std::string checked_value(const std::string& name, std::string_view value) {
  const auto refuse = [&](const std::string& text) { throw ConfigError(name, 0, text); };
  value = trim(value);
  if (value.empty()) refuse("needs a value");
  if (!is_valid_utf8(value)) refuse("not UTF-8");
  if (has_control_characters(value)) refuse("a control character, or a second line");
  return std::string(value);
}

/// UTF-8 text as encoded-words (RFC 2047), whatever is in it: also words that look like those.
std::string in_encoded_words(std::string_view text) {
  constexpr std::size_t kMaxOctets = 45;  // in a word of at most 75 characters
  std::string words;
  while (!text.empty()) {
    std::size_t size = 0;
    while (size < text.size()) {
      const auto character = next_character(text.substr(size)).second;
      if (size + character > kMaxOctets) break;
      size += character;
    }
    words += (words.empty() ? "=?utf-8?B?" : " =?utf-8?B?") + encode_base64(text.substr(0, size));
    words.pop_back();  // the line end
    words += "?=";
    text.remove_prefix(size);
  }
  return words;
}

/// A subject as the value of its setting, in which encoded-words are decoded.
std::string subject_value(const std::string& name, std::string_view text) {
  auto subject = checked_value(name, text);
  const auto shown = literal_of(subject).value_or(subject);
  if (ellipsize(shown, kMaxSubjectCharacters) != shown) {
    throw ConfigError(name, 0, "over " + std::to_string(kMaxSubjectCharacters) + " characters");
  }
  return decode_field_text(subject) == subject ? subject : in_encoded_words(subject);
}

StoredResponder read_stored(const Settings& settings, const CandidateFile& place, StatedText& file,
                            const FaultHandler& on_fault) {
  StoredResponder stored;
  stored.file = place.path;
  const auto name = place.path.substr(settings.responders.size() + 1);
  auto found = read_trusted_file_beneath(settings.responders, name, kMaxConfigFileOctets);
  if (!found) return stored;
  file = std::move(*found);
  stored.exists = true;
  stored.changed_at = Time{Seconds{file.status.st_mtim.tv_sec}};
  for (const auto& entry : parse_config(place.path, file.text, pass_over).entries) {
    add_value(stored.settings, entry.name, entry.value);
    if (without_language(entry.name) == "subject") {
      stored.texts.emplace(entry.name, decode_field_text(entry.value));
    } else if (find_text_file(entry.name) != nullptr) {
      collect_fault(on_fault, [&] {
        const FileReference reference{place.folder, entry.value, place.path, entry.line};
        stored.texts.emplace(entry.name,
                             normalized(read_trusted_file(reference, kMaxLargeReplyOctets)));
      });
    }
  }
  return stored;
}

/// The account that deliveries run as; nullopt if nothing tells.
std::optional<uid_t> account_of_deliveries(const Settings& settings) {
  const auto cache = make_cache_store(settings.cache)->file();
  struct stat status {};
  if (const passwd* account = settings.user.empty() ? nullptr : ::getpwnam(settings.user.c_str())) {
    return account->pw_uid;
  }
  if (cache.empty() || ::stat(folder_of(cache).c_str(), &status) != 0) return std::nullopt;
  return status.st_uid;  // no other account can keep a cache there
}

/// How far deliveries trust a file of this owner: they may run as another account than we do.
Trust trust_of_deliveries(const Settings& settings, uid_t owner) {
  if (settings.trust_responders != Trust::kOwner || owner == 0) return settings.trust_responders;
  if (account_of_deliveries(settings) != owner) return Trust::kNone;
  return owner == ::geteuid() ? Trust::kOwner : Trust::kAll;
}

/// The same fault of a file that may be an administrator's, if we only knew.
ConfigError with_hint(const ConfigError& fault) {
  if (fault.text().find("a tenant's") == std::string::npos) return fault;
  return {fault.file(), fault.line(),
          fault.text() +
              " (if deliveries run as the owner of this file, set 'user' in the main "
              "configuration)"};
}

/// New texts, which are gone again unless they are kept.
class NewFiles {
 public:
  NewFiles() = default;
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;
  ~NewFiles() {
    for (const auto& path : paths_)
      ::unlink(path.c_str());
  }
  void add(const std::string& path) { paths_.push_back(path); }
  void keep() { paths_.clear(); }

 private:
  std::vector<std::string> paths_;
};

}  // namespace

void add_value(std::vector<SettingValues>& settings, std::string_view name, std::string value) {
  auto known = std::find_if(settings.begin(), settings.end(),
                            [&](const SettingValues& other) { return other.name == name; });
  if (known == settings.end()) known = settings.insert(known, {std::string(name), {}});
  known->values.push_back(std::move(value));
}

std::optional<std::string> StoredResponder::find(std::string_view name) const {
  for (const auto& setting : settings) {
    if (setting.name == name) return setting.values.front();
  }
  return std::nullopt;
}

StoredResponder read_responder(const Settings& settings, const Address& address) {
  constexpr int kTries = 3;  // a text may be removed just after the file that named it was read
  const auto place = own_file(settings, address);
  StatedText file;
  for (int i = 1; i < kTries; ++i) {
    try {
      return read_stored(settings, place, file, throw_fault);
    } catch (const ConfigError&) {  // NOLINT(bugprone-empty-catch): tried again
    }
  }
  return read_stored(settings, place, file, throw_fault);
}

struct ResponderWriter::State {
  Settings settings;
  CandidateFile place;
  std::string stem;  // the name of the responder file without its suffix
  HeldFolder folder;
  StatedText current;  // the responder file; read with `stored`
  StoredResponder stored;
  FileRights rights;
  std::map<std::string, std::string> names;  // of the draft, by the paths of its texts
  NewFiles new_files;

  State(const Settings& all, CandidateFile candidate)
      : settings(all),
        place(std::move(candidate)),
        stem(std::filesystem::path(place.path).stem().string()),
        folder(all.responders, std::filesystem::path(place.folder).filename().string()),
        stored(read_stored(settings, place, current, pass_over)),
        rights(find_rights()) {}

  [[nodiscard]] FileRights find_rights() const {
    if (!stored.exists) return rights_in(folder.status());
    const auto& status = current.status;
    if (status.st_uid != ::geteuid() && ::geteuid() != 0) {  // as ours it might be trusted more
      throw Error(Fault::kOutput, "cannot change " + place.path + " as " + running_account() +
                                      ": it belongs to another account");
    }
    return {status.st_uid, status.st_gid, status.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO)};
  }

  [[nodiscard]] std::string path_of(const std::string& name) const {
    return place.folder + "/" + name;
  }

  /// The digest in the name of a text of this responder; nullopt if it has no such name.
  [[nodiscard]] std::optional<std::string_view> digest_in(std::string_view name) const {
    if (!name.starts_with(stem + ".")) return std::nullopt;
    name.remove_prefix(stem.size() + 1);
    const auto digits = name.substr(0, kDigestDigits);
    const bool is_digest = digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    const bool is_text = std::any_of(kTextFiles.begin(), kTextFiles.end(), [&](const auto& file) {
      return file.suffix == name.substr(digits.size());
    });
    return is_digest && is_text ? std::optional(digits) : std::nullopt;
  }

  [[nodiscard]] bool is_ours(const std::string& name) const {
    const auto digits = digest_in(name);
    if (!digits) return false;
    bool is_right = false;
    collect_fault(pass_over, [&] {
      const FileReference file{place.folder, name, place.path, 0, Trust::kAll};
      is_right = digest({read_trusted_file(file, kMaxLargeReplyOctets)}).starts_with(*digits);
    });
    return is_right;
  }

  /// What a killed process may have left half written.
  [[nodiscard]] bool is_leftover(std::string_view name) const {
    if (!name.ends_with(kPartSuffix)) return false;
    name.remove_suffix(kPartSuffix.size());
    return name == stem + std::string(kResponderSuffix) || digest_in(name);
  }

  /// Removes leftovers, and texts of ours that no responder file names, nor `other_text`. Returns
  /// whether there were any. Texts stay, with a note, while a responder file cannot be read.
  bool remove_texts(std::string_view other_text, std::vector<ConfigError>& notes) {
    std::error_code error;
    std::set<std::string> unused;
    // Those of the domain, by the name that was asked for and by the folder's own.
    const std::string suffix(kResponderSuffix);
    std::set<std::string> responders{
        place.folder + suffix, std::filesystem::canonical(place.folder, error).string() + suffix};
    bool has_removed = false;
    for (std::filesystem::directory_iterator entry(place.folder, error);
         !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      const auto name = entry->path().filename().string();
      if (name.ends_with(kResponderSuffix)) responders.insert(entry->path().string());
      if (is_ours(name)) unused.insert(name);
      if (is_leftover(name)) has_removed |= ::unlink(path_of(name).c_str()) == 0;
    }
    if (error) unused.clear();
    const auto keep_named = [&](std::string_view named_in) {
      std::erase_if(unused, [&](const auto& name) { return named_in.find(name) != named_in.npos; });
    };
    keep_named(other_text);
    for (const auto& path : responders) {
      if (unused.empty()) break;
      // What is out of reach is not missing.
      if (std::filesystem::status(path, error).type() == std::filesystem::file_type::not_found)
        continue;
      try {
        keep_named(read_trusted_file(path, kMaxConfigFileOctets));
      } catch (const ConfigError& fault) {  // it may name any of them
        unused.clear();
        notes.emplace_back(fault.file(), fault.line(),
                           "note: " + fault.text() + ": texts of others are kept");
      }
    }
    for (const auto& name : unused)
      has_removed |= ::unlink(path_of(name).c_str()) == 0;
    return has_removed;
  }

  /// Writes the text into a file of its own, unless it is a subject. Returns the setting's value.
  std::string write_text(const std::string& name, const std::string& given) {
    const auto* const form = find_text_file(name);
    if (form == nullptr) return subject_value(name, given);
    const auto content = normalized(given);
    auto value =
        stem + "." + digest({content}).substr(0, kDigestDigits) + std::string(form->suffix);
    const auto path = path_of(value);
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) new_files.add(path);
    FileReplacement file(path, kPartSuffix, Fault::kOutput, S_IRUSR | S_IWUSR,
                         FileReplacement::Link::kIsReplaced);
    rights.apply(file.descriptor(), path);
    file.write(content);
    file.take_place();
    names[path] = name;
    return value;
  }

  /// The text of the changed responder file, whose texts are written.
  std::string changed_by(const ResponderDraft& draft, const FaultHandler& on_fault) {
    std::string changed = current.text;
    for (const auto& setting : draft.settings) {
      collect_fault(on_fault, [&] {
        std::vector<std::string> values;
        for (const auto& value : setting.values)
          values.push_back(checked_value(setting.name, value));
        changed = with_setting(changed, setting.name, values);
      });
    }
    for (const auto& text_of : draft.texts) {
      collect_fault(on_fault, [&] {
        std::vector<std::string> values;
        if (text_of.second) values.push_back(write_text(text_of.first, *text_of.second));
        changed = with_setting(changed, text_of.first, values);
      });
    }
    return changed;
  }

  [[nodiscard]] ReadingTerms terms() const {
    return {{},
            trust_of_deliveries(settings, rights.owner),
            place.address.ascii_domain,
            place.folder,
            settings.fcc_folders};
  }

  /// As --check-config does, for the deliveries.
  void check(const std::string& file, const FaultHandler& on_fault,
             const FaultHandler& on_note = pass_over) const {
    const bool is_account_known = settings.trust_responders != Trust::kOwner || rights.owner == 0 ||
                                  account_of_deliveries(settings);
    collect_fault(on_fault, [&] { require_trusted_folder(settings.responders); });
    check_responder(
        file, SystemClock().now(),
        [&](const ConfigError& fault) { on_fault(is_account_known ? fault : with_hint(fault)); },
        on_note, terms());
  }

  /// Whether nothing is answered, from now on.
  [[nodiscard]] bool is_off(const std::string& file) const {
    bool is_off = false;
    collect_fault(pass_over, [&] {
      const auto responder = load_responder(file, terms(), pass_over);
      const auto& until = responder.schedule.until;
      is_off = !responder.is_enabled || (until && *until <= SystemClock().now());
    });
    return is_off;
  }

  /// A fault of a setting above all sections by its name: that line is never put in place.
  [[nodiscard]] ConfigError named(const ConfigError& fault, const std::string& changed) const {
    if (fault.file() != place.path) return fault;
    for (const auto& entry : parse_config(place.path, changed, pass_over).entries) {
      if (entry.line == fault.line()) return {entry.name, 0, fault.text()};
    }
    return fault;
  }

  /// Adds faults, each once, with the names that whoever made the draft knows.
  [[nodiscard]] FaultHandler collector(std::vector<ConfigError>& into,
                                       const std::string& part) const {
    return [&into, part, this](const ConfigError& fault) {
      const auto name = names.find(fault.file());
      const auto told = fault.file() == part  ? fault.in(place.path)
                        : name != names.end() ? fault.in(name->second)
                                              : fault;
      const bool is_known = std::any_of(into.begin(), into.end(), [&](const ConfigError& other) {
        return std::string_view(other.what()) == told.what();
      });
      if (!is_known) into.push_back(told);
    };
  }
};

ResponderWriter::ResponderWriter(const Settings& settings, const Address& address)
    : state_(std::make_unique<State>(settings, own_file(settings, address))) {}

ResponderWriter::~ResponderWriter() = default;

const StoredResponder& ResponderWriter::stored() const {
  return state_->stored;
}

WriteResult ResponderWriter::write(const ResponderDraft& draft) {
  auto& state = *state_;
  const auto& path = state.place.path;
  WriteResult result;
  const auto changed =
      state.changed_by(draft, [&](const ConfigError& fault) { result.faults.push_back(fault); });
  if (!result.faults.empty()) return result;
  FileReplacement file(path, kPartSuffix, Fault::kOutput, S_IRUSR | S_IWUSR,
                       FileReplacement::Link::kIsReplaced);
  state.rights.apply(file.descriptor(), path);
  file.write(changed);
  state.check(file.part(), state.collector(result.faults, file.part()),
              state.collector(result.notes, file.part()));
  std::vector<ConfigError> before;
  if (!result.faults.empty() && state.stored.exists) {
    state.check(path, state.collector(before, path));
    result.was_at_fault = !before.empty();
  }
  bool adds_none = true;
  for (auto& fault : result.faults) {
    const auto known = std::find_if(before.begin(), before.end(), [&](const ConfigError& other) {
      return other.file() == fault.file() && other.text() == fault.text();
    });
    adds_none = adds_none && known != before.end();
    fault = known != before.end() ? *known : state.named(fault, changed);
  }
  if (!adds_none || (!result.faults.empty() && !state.is_off(file.part()))) return result;
  for (const auto& fault : std::exchange(result.faults, {}))
    result.notes.emplace_back(fault.file(), fault.line(), "note: " + fault.text());
  file.take_place();
  state.new_files.keep();
  // What the old file did not name was out of use when that was written.
  if (state.stored.changed_at + kTextOutlives >= SystemClock().now()) return result;
  state.remove_texts(state.current.text, result.notes);
  return result;
}

bool ResponderWriter::remove(std::vector<ConfigError>& notes) {
  const bool has_file = ::unlink(state_->place.path.c_str()) == 0;
  if (!has_file && errno != ENOENT) fail_with_errno("remove " + state_->place.path);
  const bool had_texts = state_->remove_texts({}, notes);
  state_->folder.sync();
  return has_file || had_texts;
}

std::string template_of(std::string_view literal) {
  std::string text;
  for (const char c : literal)
    text.append(c == '$' ? 2 : 1, c);
  return text;
}

std::optional<std::string> literal_of(std::string_view text_template) {
  try {
    return TextTemplate(text_template, {}, 0).literal();
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

}  // namespace inforeply
