#include "inforeply/check.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include "inforeply/address.hpp"
#include "inforeply/composer.hpp"
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
                       const FaultHandler& on_fault) {
  if (path.extension() != kSuffix) return 0;
  if (!is_findable(path.stem().string())) {
    on_fault({path.string(), 0,
              "no address leads to a file of this name (lower case, A-labels, / and % encoded)"});
  }
  check_responder(path.string(), on_fault);
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

/// As to any message: a reply that is too large is found before the first one comes.
void check_reply(const Responder& responder) {
  const Message message = parse_message("From: sender@example.com\n\n");
  const auto address = *parse_address("sender@example.com");
  compose({message, responder, address, address, {}, {}, {}});
}

}  // namespace

void check_responder(const std::string& file, const FaultHandler& on_fault) {
  bool good = true;
  const auto note = [&](const ConfigError& fault) {
    good = false;
    on_fault(fault);
  };
  collect_fault(note, [&] {
    const Responder responder = load_responder(file, {}, note);
    responder.never_reply_to.check_files(note);
    responder.only_reply_to.check_files(note);
    if (good) check_reply(responder);
  });
}

std::size_t check_responder_folder(const std::string& folder, const FaultHandler& on_fault) {
  std::size_t responders = 0;
  collect_fault(on_fault, [&] {
    for (const auto& entry : entries_of(folder)) {
      std::error_code ignored;
      responders += check_file(entry.path(), is_domain_name, on_fault);
      if (!entry.is_directory(ignored)) continue;
      std::size_t in_folder = 0;
      collect_fault(on_fault, [&] {
        for (const auto& inner : entries_of(entry.path())) {
          in_folder += check_file(inner.path(), is_local_part_name, on_fault);
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
  ConfigurationCheck check{std::move(faults), 1};
  const auto collect = [&](const ConfigError& fault) { check.faults.push_back(fault); };
  if (settings.responder.empty()) {
    check.responders = check_responder_folder(settings.responders, collect);
  } else {
    check_responder(settings.responder, collect);
  }
  put_in_order(check.faults);
  return check;
}

}  // namespace inforeply
