// inforeply-purge: removes expired records from the reply cache. For cron.

#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>

#include "figures.hpp"
#include "inforeply/address.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/commands.hpp"
#include "inforeply/index_purge.hpp"
#include "progress.hpp"
#include "tool.hpp"

namespace inforeply {
namespace {

// A batch is one write transaction: deliveries wait for its end.
constexpr unsigned long long kMaxBatch = 100'000;
// Longer than any run of the responder.
constexpr Seconds kDefaultPatience{180};
constexpr Seconds kMaxPatience{24 * 3600};

const std::vector<ToolOption>& own_options() {
  static const std::vector<ToolOption> options = {
      {"older-than", "DURATION",
       "instead of what has expired: what was answered longer ago than this duration (90d), "
       "expired or not"},
      {"responder", "ADDR", "only the records of this address"},
      {"batch", "N",
       "the most records removed in one write transaction (10000); deliveries wait for each, so "
       "that there are fewer where it would take over 10 ms"},
      {"compact", nullptr,
       "afterwards make the file as small as it can be; deliveries wait for that, and it is not "
       "done while another process keeps the cache open"},
      {"patience", "DURATION", "how long to wait for others that hold the cache (3m), 1s at least"},
      {"dry-run", nullptr, "only count"},
      {"quiet", nullptr, "say nothing but what went wrong"},
  };
  return options;
}

/// Ends the program if a step takes too long. LMDB waits without limit for a process that holds its
/// lock, even for a stopped one. All changes are made in transactions, so nothing is lost.
class Watchdog {
 public:
  Watchdog(const std::string& cache, Seconds patience)
      : patience_(static_cast<unsigned>(patience.count())) {
    complaint = "inforeply-purge: cannot write cache " + cache + ": another process holds it\n";
    std::signal(SIGALRM, give_up);
    step();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() { ::alarm(0); }
  /// The next step begins.
  void step() const { ::alarm(patience_); }

 private:
  static void give_up(int /*signal*/) {
    [[maybe_unused]] const auto written =
        ::write(STDERR_FILENO, complaint.data(), complaint.size());
    ::_exit(static_cast<int>(ExitStatus::kUnavailable));
  }

  static inline std::string complaint;
  unsigned patience_;
};

struct Task {
  CacheSettings cache;
  std::string indexes;  // the folder of list indexes; empty: they stay
  PurgeRequest request;
  Seconds patience = kDefaultPatience;
  bool compact = false;
  bool quiet = false;
};

Seconds duration_of(const std::string& name, const std::string& value) {
  const auto duration = parse_duration(value);
  if (!duration) usage_error("--" + name + ": expected a duration such as 90d");
  return *duration;
}

std::size_t batch_of(const std::string& value) {
  const auto number = parse_number(value);
  if (!number || *number == 0 || *number > kMaxBatch) {
    usage_error("--batch: expected a number from 1 to " + std::to_string(kMaxBatch));
  }
  return *number;
}

Seconds patience_of(const std::string& value) {
  const auto patience = duration_of("patience", value);
  if (patience < Seconds{1} || patience > kMaxPatience) {
    usage_error("--patience: expected a duration from 1s to 1d");
  }
  return patience;
}

std::string responder_of(const std::string& value, const Settings& settings) {
  const auto address = parse_address(value);
  if (!address) usage_error("--responder: '" + value + "' is not a mail address");
  return without_extension(*address, settings.recipient_delimiter).normalized();
}

Task read_task(const ToolCommand& command) {
  if (!command.words.empty()) {
    usage_error("unexpected argument '" + command.words.front() + "'");
  }
  Task task;
  task.cache = command.settings.cache;
  task.request.now = SystemClock().now();
  for (const auto& [name, value] : command.options) {
    if (name == "compact") task.compact = true;
    if (name == "quiet") task.quiet = true;
    if (name == "dry-run") task.request.mode = PurgeMode::kCount;
    if (name == "older-than") task.request.older_than = duration_of(name, value);
    if (name == "responder") task.request.responder = responder_of(value, command.settings);
    if (name == "batch") task.request.batch = batch_of(value);
    if (name == "patience") task.patience = patience_of(value);
  }
  if (task.request.responder.empty()) task.indexes = list_index_folder(task.cache);
  if (task.request.mode == PurgeMode::kCount && task.compact)
    usage_error("--compact does not go with --dry-run");
  return task;
}

class Stopwatch {
 public:
  [[nodiscard]] std::string elapsed() const {
    return format_duration(std::chrono::steady_clock::now() - start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// How many records were removed, or would be.
std::size_t remove_records(const Task& task, Progress& progress) {
  const Watchdog watchdog(task.cache.url, task.patience);
  const auto cache = make_cache_store(task.cache)->open_records(CacheAccess::kExisting);
  PurgeRequest request = task.request;
  request.on_progress = [&](std::size_t count) {
    watchdog.step();
    progress.report(count);
  };
  std::size_t total = 0;
  if (progress.is_shown() && request.mode == PurgeMode::kRemove) {
    progress.begin("counting");
    request.mode = PurgeMode::kCount;
    total = cache->purge(request);
    request.mode = PurgeMode::kRemove;
  }
  progress.begin(request.mode == PurgeMode::kCount ? "counting" : "removing", total);
  const auto count = cache->purge(request);
  progress.clear();
  return count;
}

/// ", 2 index files out of use", if there are any.
std::string remove_indexes(const Task& task) {
  const auto count = task.indexes.empty() ? 0 : purge_list_indexes(task.indexes, task.request.mode);
  return count == 0 ? std::string() : ", " + counted(count, "index file") + " out of use";
}

std::string compact(const Task& task, Progress& progress) {
  const Stopwatch watch;
  progress.begin("compacting");
  const auto sizes = make_cache_store(task.cache)->compact(task.patience);
  progress.clear();
  return "compacted from " + format_size(sizes.octets_before) + " to " +
         format_size(sizes.octets_after) + " in " + watch.elapsed();
}

/// Whether there is anything that the server does not do by itself.
bool is_due(const Task& task) {
  return task.request.older_than || !task.request.responder.empty() ||
         !make_cache_store(task.cache)->expires_by_itself();
}

ExitStatus purge(const Task& task) {
  const std::string memory = task.cache.mode == ReplyMode::kShadow ? "shadow: " : "";
  const auto say = [&](const std::string& line) {
    if (!task.quiet) print(memory + line + "\n");
  };
  const auto store = make_cache_store(task.cache);
  if (task.compact) require_file(*store, "--compact");
  if (!is_due(task)) {
    say("nothing to do: the server removes what has expired" + remove_indexes(task));
    try {
      warn_of(*store);
    } catch (const Error& error) {  // the indexes are not kept there
      std::fprintf(stderr, "inforeply-purge: %s\n", to_single_line(error.what()).c_str());
    }
    return ExitStatus::kOk;
  }
  Progress progress(task.quiet ? Progress::Audience::kNobody : Progress::Audience::kTerminal);
  if (task.request.mode == PurgeMode::kCount) {
    const std::string records = counted(remove_records(task, progress), "record");
    say("would remove " + records + remove_indexes(task));
    return ExitStatus::kOk;
  }
  const auto lock = make_cache_store(task.cache)->try_lock_for_purge();
  if (!lock) {
    say("nothing done: another inforeply-purge is at work");
    return ExitStatus::kOk;
  }
  const Stopwatch watch;
  std::string summary = "removed " + counted(remove_records(task, progress), "record");
  summary += " in " + watch.elapsed();
  try {
    summary += remove_indexes(task);
    if (task.compact) summary += ", " + compact(task, progress);
  } catch (...) {
    progress.clear();
    say(summary);
    throw;
  }
  say(summary);
  return ExitStatus::kOk;
}

/// Purges the memories that there are. If there is none, the live one is missed.
ExitStatus purge_all(const Task& task) {
  Task shadow = task;
  shadow.cache.mode = ReplyMode::kShadow;
  const bool has_shadow = is_due(task) && make_cache_store(shadow.cache)->exists();
  if (!has_shadow || make_cache_store(task.cache)->exists()) {
    const auto status = purge(task);
    if (status != ExitStatus::kOk || !has_shadow) return status;
    shadow.indexes.clear();
  }
  return purge(shadow);
}

std::string help() {
  return "Usage: inforeply-purge [options]\n\n"
         "Removes the records that have expired from the reply cache, while mail is\n"
         "delivered, and the indexes of address lists that are gone or have changed. A\n"
         "second one beside a running one does nothing.\n\n"
         "Examples:\n"
         "  inforeply-purge --quiet                     for cron\n"
         "  inforeply-purge --older-than 90d --dry-run  count by age instead\n"
         "  inforeply-purge --compact                   and give space back to the disk\n\n" +
         tool_options_help(own_options());
}

}  // namespace
}  // namespace inforeply

int main(int argc, char** argv) {
  using namespace inforeply;  // NOLINT(google-build-using-namespace)
  return run_tool("inforeply-purge", [&] {
    const auto command = parse_tool_command(argc, argv, own_options());
    if (print_about(command, "inforeply-purge", help)) return ExitStatus::kOk;
    return purge_all(read_task(command));
  });
}
