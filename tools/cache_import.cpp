// inforeply-cache import.
//
// All is read twice: first it is checked, then stored, so that a bad line in the end finds nothing
// stored yet.

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cache_commands.hpp"
#include "import_format.hpp"
#include "inforeply/batch_size.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/text.hpp"
#include "line_file.hpp"

namespace inforeply {
namespace {

/// Records stored in one write transaction, which deliveries wait for.
constexpr std::size_t kLargestBatch = 4000;

/// Bad lines that are told before it is given up, unless it is to go on: the file is another's.
constexpr std::size_t kMaxBadLines = 100;

struct LineCounts {
  std::size_t good = 0;
  std::size_t bad = 0;
};

using Take = std::function<void(ReplyRecord)>;
/// Is told of a line by number what is wrong with it, or what should be known of it.
using Tell = std::function<void(std::size_t, const std::string&)>;

LineCounts read_lines(LineFile& file, ImportFormat& format, std::size_t max_bad, const Take& take,
                      const Tell& tell) {
  LineCounts counts;
  while (const auto line = file.next()) {
    try {
      if (file.is_too_long()) {
        throw BadLine("longer than " + std::to_string(LineFile::kMaxLine) + " octets");
      }
      auto parsed = format.parse(*line, file.number());
      if (!parsed.note.empty()) tell(file.number(), parsed.note);
      if (!parsed.record) continue;
      ++counts.good;
      take(*std::move(parsed.record));
    } catch (const BadLine& bad) {
      tell(file.number(), bad.what());
      if (++counts.bad == max_bad) break;
    }
  }
  return counts;
}

class BatchWriter {
 public:
  explicit BatchWriter(CacheRecords& cache) : cache_(cache) {}

  void add(ReplyRecord record) {
    batch_.push_back(std::move(record));
    if (batch_.size() >= size_.get()) flush();
  }
  void flush() {
    const auto start = std::chrono::steady_clock::now();
    try {
      stored_ += cache_.put(batch_);
    } catch (const Error& error) {
      throw Error(error.fault(), std::string(error.what()) + "; stored " + std::to_string(stored_) +
                                     " records before: import them all once more");
    }
    // With the wait for those that write just then: it is small beside a batch.
    size_.learn(batch_.size(), std::chrono::steady_clock::now() - start);
    batch_.clear();
  }
  [[nodiscard]] std::size_t stored() const { return stored_; }

 private:
  CacheRecords& cache_;
  std::vector<ReplyRecord> batch_;
  BatchSize size_{kLargestBatch};
  std::size_t stored_ = 0;
};

std::string number_of_records(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " record" : " records");
}

}  // namespace

ExitStatus import_records(const CacheRequest& request) {
  const auto& arguments = request.arguments(0, 1);
  const bool keep_going = request.has("keep-going");
  const auto format = make_import_format(request);
  LineFile file(arguments.empty() ? std::nullopt : std::optional(arguments.front()));

  const auto tell = [&](std::size_t number, const std::string& text) {
    std::fprintf(stderr, "%s:%zu: %s\n", to_single_line(file.name()).c_str(), number, text.c_str());
  };
  const auto checked = read_lines(
      file, *format, keep_going ? 0 : kMaxBadLines, [](const ReplyRecord& /*record*/) {}, tell);
  if (checked.bad > 0 && !keep_going) {
    std::fprintf(stderr,
                 "inforeply-cache: nothing was stored; --keep-going stores the good lines\n");
    return ExitStatus::kBadData;
  }

  const auto cache = find_cache_store(request.settings().cache)->open_records(CacheAccess::kCreate);
  BatchWriter writer(*cache);
  file.rewind();
  const auto read = read_lines(
      file, *format, 0, [&](ReplyRecord record) { writer.add(std::move(record)); },
      [](std::size_t /*number*/, const std::string& /*text*/) {});
  writer.flush();
  if (read.good != checked.good || read.bad != checked.bad) {
    throw Error(Fault::kInput, file.name() + " was changed while it was read");
  }
  print("stored " + number_of_records(writer.stored()) + ", " +
        std::to_string(read.good - writer.stored()) + " there already\n");
  if (read.bad == 0) return ExitStatus::kOk;
  std::fprintf(stderr, "inforeply-cache: left out %zu bad %s\n", read.bad,
               read.bad == 1 ? "line" : "lines");
  return ExitStatus::kBadData;
}

}  // namespace inforeply
