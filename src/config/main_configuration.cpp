#include "config/main_configuration.hpp"

#include <unistd.h>

#include <cerrno>
#include <map>
#include <string>

#include "base/folder.hpp"
#include "base/trusted_file.hpp"
#include "config/config_file.hpp"
#include "inforeply/settings.hpp"

namespace inforeply {
namespace {

constexpr const char* kDefaultPath = "/etc/inforeply/inforeply.conf";

class Reader {
 public:
  Reader(OptionTarget& target, std::string path) : target_(target), path_(std::move(path)) {
    target_.command.settings.configuration = path_;
  }

  void read(const FaultHandler& on_fault) {
    const auto file = parse_config(path_, read_trusted_file(path_, kMaxConfigFileOctets), on_fault);
    collect_fault(on_fault, [&] { require_trusted_folder(folder_of(path_)); });
    take_all(file.entries, on_fault);
    for (const auto& section : file.sections) {
      if (!section.title.empty()) {  // an empty title was reported already
        on_fault({path_, section.line, "unknown section '[" + section.title + "]'"});
      }
      take_all(section.entries, on_fault);
    }
  }

 private:
  void take_all(const std::vector<ConfigEntry>& entries, const FaultHandler& on_fault) {
    for (const auto& entry : entries)
      collect_fault(on_fault, [&] { take(entry); });
  }

  void take(const ConfigEntry& entry) {
    const auto fault = [&](const std::string& text) { throw ConfigError(path_, entry.line, text); };
    const auto* option = find_option(entry.name, kFile);
    if (option == nullptr) fault("unknown name '" + entry.name + "'");
    const auto [first, is_first] = lines_.emplace(entry.name, entry.line);
    if (!is_first && option->repeats == Repeats::kNo) {
      fault("'" + entry.name + "' is set already in line " + std::to_string(first->second));
    }
    auto& origins = target_.command.settings.origins;
    const auto& origin =
        origins.emplace(entry.name, SettingOrigin{path_, entry.line}).first->second;
    const bool is_on_command_line = origin.line == 0;
    try {
      const auto path = option->path_of == nullptr ? std::string() : option->path_of(entry.value);
      if (!path.empty() && !path.starts_with('/')) {
        throw Error(Fault::kConfiguration, "'" + entry.name + "' needs an absolute path");
      }
      if (is_on_command_line) {  // which comes first: the value here is only checked
        OptionTarget discarded;
        discarded.purpose = target_.purpose;
        option->take(discarded, entry.value);
      } else {
        option->take(target_, entry.value);
      }
    } catch (const Error& error) {
      fault(error.what());
    }
  }

  OptionTarget& target_;
  std::string path_;
  std::map<std::string, std::size_t> lines_;  // where each name was set first
};

}  // namespace

SettingOrigin Settings::origin_of(const std::string& name) const {
  const auto found = origins.find(name);
  return found == origins.end() ? SettingOrigin{"default of '" + name + "'", 0} : found->second;
}

void read_main_configuration(OptionTarget& target, const FaultHandler& on_fault) {
  const bool is_named = target.configuration.has_value();
  const std::string path = target.configuration.value_or(kDefaultPath);
  const bool is_missing =
      !is_named && ::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
  if (is_missing) return;
  collect_fault(on_fault, [&] { Reader(target, path).read(on_fault); });
}

}  // namespace inforeply
