// inforeply-purge: removes from the reply cache what silences nobody any more. For cron.

#include <string>

#include "inforeply/clock.hpp"
#include "inforeply/reply_cache.hpp"
#include "inforeply/settings.hpp"
#include "tool.hpp"

namespace inforeply {
namespace {

constexpr unsigned long long kMaxBatch = 1'000'000;

const std::vector<ToolOption>& own_options() {
  static const std::vector<ToolOption> options = {
      {"older-than", ToolOption::Argument::kRequired,
       "instead of what has expired: what was answered longer ago than this duration (90d), "
       "expired or not"},
      {"batch", ToolOption::Argument::kRequired, "records removed in one write transaction (1000)"},
      {"dry-run", ToolOption::Argument::kNone, "only count"},
      {"quiet", ToolOption::Argument::kNone, "no summary"},
  };
  return options;
}

ExitStatus purge(const ToolCommand& command) {
  const auto& options = command.options;
  if (!command.words.empty()) {
    throw Error(Fault::kUsage, "unexpected argument '" + command.words.front() + "' (see --help)");
  }
  PurgeRequest request;
  request.now = SystemClock().now();
  request.dry_run = options.contains("dry-run");
  if (const auto older_than = options.find("older-than"); older_than != options.end()) {
    request.older_than = parse_duration(older_than->second);
    if (!request.older_than)
      throw Error(Fault::kUsage, "--older-than: expected a duration such as 90d");
  }
  if (const auto batch = options.find("batch"); batch != options.end()) {
    const auto number = parse_number(batch->second);
    if (!number || *number == 0 || *number > kMaxBatch) {
      throw Error(Fault::kUsage,
                  "--batch: expected a number from 1 to " + std::to_string(kMaxBatch));
    }
    request.batch = *number;
  }
  const auto count = open_cache(command.settings.cache, CacheAccess::kExisting)->purge(request);
  if (!options.contains("quiet")) {
    print((request.dry_run ? "would remove " : "removed ") + std::to_string(count) +
          (count == 1 ? " record\n" : " records\n"));
  }
  return ExitStatus::kOk;
}

}  // namespace
}  // namespace inforeply

int main(int argc, char** argv) {
  using namespace inforeply;  // NOLINT(google-build-using-namespace)
  return run_tool("inforeply-purge", [&] {
    const auto command = parse_tool_command(argc, argv, own_options());
    if (command.help) {
      print(
          "Usage: inforeply-purge [options]\n\n"
          "Removes the records that have expired from the reply cache.\n\n"
          "Example: inforeply-purge --quiet\n\n" +
          tool_options_help(own_options()));
      return ExitStatus::kOk;
    }
    if (command.version) {
      print("inforeply-purge " INFOREPLY_VERSION "\n");
      return ExitStatus::kOk;
    }
    return purge(command);
  });
}
