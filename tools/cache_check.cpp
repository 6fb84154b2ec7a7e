// inforeply-cache check, backup.

#include <string>

#include "cache_commands.hpp"
#include "figures.hpp"
#include "inforeply/cache_store.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kShownFaults = 20;

std::string summary_of(const CacheCheck& check, CheckMode mode) {
  if (!check.servers.empty()) {
    std::string text;
    for (const auto& server : check.servers)
      text += server + "\n";
    const bool is_repaired = mode == CheckMode::kRepair && check.server_faults == 0;
    return text + counted(check.records, "record") + ", " + std::to_string(check.damaged) +
           " damaged: " +
           (check.is_sound() ? "sound"
            : is_repaired    ? "repaired"
                             : "not sound");
  }
  if (!check.has_sound_pages && mode == CheckMode::kReport) {
    return "the file is damaged, --repair saves what can be read: not sound";
  }
  std::string text = "format " + std::to_string(check.version) + ", " +
                     counted(check.records, "record") + ", " + std::to_string(check.damaged) +
                     " damaged, " + std::to_string(check.not_indexed) + " not in the index, " +
                     std::to_string(check.stray) + " stray in the index, " +
                     counted(check.dead_readers, "dead reader") + " cleared: ";
  if (check.is_sound()) return text + "sound";
  if (!check.damaged_file.empty()) {
    text += "these could be read; the damaged file is " + to_single_line(check.damaged_file) + ": ";
  }
  return text + (mode == CheckMode::kRepair ? "repaired" : "not sound");
}

}  // namespace

ExitStatus check_file(const CacheRequest& request) {
  request.arguments(0, 0);
  const auto mode = request.has("repair") ? CheckMode::kRepair : CheckMode::kReport;
  std::size_t faults = 0;
  const auto check =
      make_cache_store(request.settings().cache)->check(mode, [&](const std::string& fault) {
        if (++faults <= kShownFaults) print(fault + "\n");
      });
  if (faults > kShownFaults) {
    print("... and " + std::to_string(faults - kShownFaults) + " more\n");
  }
  print(summary_of(check, mode) + "\n");
  const bool is_mended = mode == CheckMode::kRepair && check.server_faults == 0;
  return check.is_sound() || is_mended ? ExitStatus::kOk : ExitStatus::kBadData;
}

ExitStatus back_up(const CacheRequest& request) {
  const auto& file = request.arguments(1, 1).front();
  const auto octets = make_cache_store(request.settings().cache)->back_up(file);
  print("wrote " + format_size(octets) + " to " + to_single_line(file) + "\n");
  return ExitStatus::kOk;
}

}  // namespace inforeply
