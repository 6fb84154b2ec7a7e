// The responder file of one address, as programs read and change it for its owner.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/address.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/error.hpp"
#include "inforeply/settings.hpp"

namespace inforeply {

struct SettingValues {
  std::string name;
  std::vector<std::string> values;  ///< one, or several of a setting that may be repeated
};

/// Adds a value to the setting of that name, or a new setting.
void add_value(std::vector<SettingValues>& settings, std::string_view name, std::string value);

/// What is to change in a responder file above all sections. All else stays as it is, line by line.
struct ResponderDraft {
  std::vector<SettingValues> settings;  ///< without values, the setting is removed
  /// By `subject`, `text`, `html` or `template`, also with a language as `text.de`: what it says,
  /// with placeholders and `$$` for a dollar (see `template_of`). All but the subject go into
  /// files. nullopt: the setting is removed.
  std::map<std::string, std::optional<std::string>, std::less<>> texts;
};

/// What a responder file says above all sections.
struct StoredResponder {
  std::string file;  ///< where it is, or would be
  bool exists = false;
  Time changed_at{};
  std::vector<SettingValues> settings;                    ///< in the order of the file
  std::map<std::string, std::string, std::less<>> texts;  ///< as in a ResponderDraft

  /// The value of a setting, the first of several; nullopt if it is not set.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
};

/// The responder file that an address has of its own in the folder `responders` of the settings.
/// Throws Error if the settings name one file for all addresses, ConfigError if the file or a text
/// that it names cannot be read, or if the file is a symbolic link or is reached by one that leads
/// out of the folder.
StoredResponder read_responder(const Settings& settings, const Address& address);

struct WriteResult {
  std::vector<ConfigError> faults;  ///< if there are any, nothing has changed
  std::vector<ConfigError> notes;
  bool was_at_fault = false;  ///< the file had faults before
};

/// Changes an address's own responder file. While it exists, all others wait that want to change a
/// file of the same domain.
///
/// A text lies beside the responder file, as `kim.0123456789abcdef.txt`: its name has a digest of
/// what it says. The responder file is replaced when all texts that it names are there. A text that
/// it no longer names stays for deliveries that have just read the old file, and is removed by the
/// first change that comes ten minutes later. Only files whose name has the right digest are
/// removed, no other is ours; and only if no responder file of the domain names them.
///
/// A file keeps its owner, group and mode. A new one belongs to the account that runs, or if that
/// is root, to the folder's owner; whoever may read the folder may read it.
class ResponderWriter {
 public:
  /// Throws Error (kOutput), also if others hold the folder for ten seconds, if the file belongs to
  /// another account that this process cannot write for; ConfigError if the file cannot be read.
  ResponderWriter(const Settings& settings, const Address& address);
  ResponderWriter(const ResponderWriter&) = delete;
  ResponderWriter& operator=(const ResponderWriter&) = delete;
  ~ResponderWriter();

  /// As read_responder tells, without texts that cannot be read.
  [[nodiscard]] const StoredResponder& stored() const;

  /// Puts the changed file in place, unless --check-config would find a fault in it. One that
  /// answers nothing is put in place if it has no fault that was not there before; those are notes.
  /// Faults that the draft brings have the names of settings (`text:3: not UTF-8`), others the
  /// file. Call it once. Throws Error (kOutput).
  WriteResult write(const ResponderDraft& draft);

  /// Removes the file and its texts, also those that a killed run has left without it. Returns
  /// whether there was anything. Texts stay, with a note, while a responder file of the domain
  /// cannot be read: it may name them. Throws Error (kOutput).
  bool remove(std::vector<ConfigError>& notes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A text that says just this: `$` becomes `$$`.
std::string template_of(std::string_view literal);

/// What a text says; nullopt if it has placeholders.
std::optional<std::string> literal_of(std::string_view text_template);

}  // namespace inforeply
