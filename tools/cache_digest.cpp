// inforeply-cache digest.

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "cache_commands.hpp"
#include "frequency.hpp"
#include "inforeply/absence_digest.hpp"
#include "record_selection.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxRows = 1000;
constexpr std::size_t kPeopleCounters = 100'000;
constexpr Seconds kBeforeFirstRun{24 * 3600};

/// The rows that a digest has room for: those answered last.
class LatestRows {
 public:
  void add(DigestRow row) {
    rows_.push_back(std::move(row));
    std::push_heap(rows_.begin(), rows_.end(), is_later);
    if (rows_.size() <= kMaxRows) return;
    std::pop_heap(rows_.begin(), rows_.end(), is_later);
    rows_.pop_back();
    ++dropped_;
  }

  [[nodiscard]] std::size_t dropped() const { return dropped_; }
  /// The latest comes first.
  std::vector<DigestRow> take() && {
    std::sort_heap(rows_.begin(), rows_.end(), is_later);
    return std::move(rows_);
  }

 private:
  static bool is_later(const DigestRow& a, const DigestRow& b) {
    return std::tie(a.answered_at, b.sender, b.handle) >
           std::tie(b.answered_at, a.sender, a.handle);
  }

  std::vector<DigestRow> rows_;  // a heap, the earliest first
  std::size_t dropped_ = 0;
};

DigestAnswers gather_answers(CacheRecords& cache, const std::string& responder,
                             const DigestOccasion& occasion) {
  FrequencyCounter people(kPeopleCounters);
  LatestRows rows;
  cache.visit({responder, {}}, [&](const ReplyRecord& record) {
    if (record.state != RecordState::kAnswered ||
        !occasion.includes(record.answered_at, record.count)) {
      return true;
    }
    people.add(record.key.sender, record.count);
    const auto& key = record.key;
    const auto via = key.forwarder.empty() ? "" : " (through " + key.forwarder + ")";
    rows.add({record.answered_at, key.sender + via, record.count, key.handle});
    return true;
  });
  const auto dropped = rows.dropped();
  return {people.names(), people.is_exact(), std::move(rows).take(), dropped};
}

/// When the file of --due was changed last.
Time last_run(const std::string& file, Time now) {
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0) return Time{Seconds{status.st_mtim.tv_sec}};
  if (errno != ENOENT) throw system_error(Fault::kInput, "cannot look at " + file);
  return now - kBeforeFirstRun;
}

}  // namespace

ExitStatus print_digest(const CacheRequest& request) {
  const auto& name = request.arguments(1, 1).front();
  const auto address = parse_address(name);
  if (!address) usage_error("'" + name + "' is not a mail address");
  const Time now = SystemClock().now();
  const auto since = time_option(request, "since", now);
  const auto due = request.find("due");
  if (since && due) usage_error("--since and --due do not go together");

  const AbsenceDigest digest(request.settings(), *address);
  auto occasion = digest.asked(since, now);
  if (due) {
    const auto found = digest.due(last_run(*due, now), now);
    if (!found) return ExitStatus::kOk;
    occasion = *found;
  }
  auto answers = gather_answers(*request.open(), digest.responder(), occasion);
  answers.mode = request.settings().cache.mode;
  const bool is_news = answers.people > 0 || occasion.kind != DigestOccasion::Kind::kPeriodEnded;
  if (is_news) print(digest.compose(occasion, answers, now));
  return ExitStatus::kOk;
}

}  // namespace inforeply
