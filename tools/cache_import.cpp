// inforeply-cache import.
//
// The input is read twice, to check it and to store it: so nothing is stored if its last line is
// bad.

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cache_commands.hpp"
#include "figures.hpp"
#include "import_format.hpp"
#include "inforeply/batch_size.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/text.hpp"
#include "line_file.hpp"

namespace inforeply {
namespace {

/// The most records in one write transaction: deliveries wait for its end.
constexpr std::size_t kLargestBatch = 4000;

/// After so many bad lines the file must be of another kind. Reading ends, unless --keep-going is
/// set.
constexpr std::size_t kMaxBadLines = 100;

struct LineCounts {
  std::size_t good = 0;
  std::size_t bad = 0;
  bool operator==(const LineCounts&) const = default;
};

using Take = std::function<void(ReplyRecord)>;
/// Takes the number of a line and what is wrong with it, or what a person should know of it.
using Tell = std::function<void(std::size_t, const std::string&)>;

LineCounts read_lines(LineFile& file, ImportFormat& format, std::size_t max_bad, const Take& take,
                      const Tell& tell) {
  LineCounts counts;
  while (const auto line = file.next()) {
    try {
      if (file.is_too_long()) {
        throw BadLine("longer than " + std::to_string(LineFile::kMaxLine) + " octets");
      }
      auto parsed =
          format.parse(file.number() == 1 ? without_byte_order_mark(*line) : *line, file.number());
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
    // Includes the wait for other writers, which is short beside a batch.
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

LineCounts store_lines(LineFile& file, ImportFormat& format, BatchWriter& writer) {
  const auto counts = read_lines(
      file, format, 0, [&](ReplyRecord record) { writer.add(std::move(record)); },
      [](std::size_t /*number*/, const std::string& /*text*/) {});
  writer.flush();
  return counts;
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

  const auto store = make_cache_store(request.settings().cache);
  store->require_sound();
  warn_of(*store);
  const auto cache = store->open_records(CacheAccess::kCreate);
  BatchWriter writer(*cache);
  file.rewind();
  const auto read = store_lines(file, *format, writer);
  if (read != checked) throw Error(Fault::kInput, file.name() + " was changed while it was read");
  print("stored " + counted(writer.stored(), "record") + ", " +
        std::to_string(read.good - writer.stored()) + " there already\n");
  if (read.bad == 0) return ExitStatus::kOk;
  std::fprintf(stderr, "inforeply-cache: left out %s\n", counted(read.bad, "bad line").c_str());
  return ExitStatus::kBadData;
}

}  // namespace inforeply
