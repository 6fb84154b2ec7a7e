// The promise of reply_cache.hpp, by random sequences of what may happen to a cache, each step
// compared with the model. The deliveries are processes of their own that live, die and try again.
//
// A reply counts as sent as soon as the mailer has it, be it confirmed afterwards or not. If the
// process dies in between, nobody can know: the same delivery sends the same reply again, with the
// same Message-ID, and that is one reply. If the mail server does not try again within the lease,
// another message may be answered. Only then can a person get two within the interval, as otherwise
// a reply could be lost.

#include "cache/reply_cache_model.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cache/cache_process.hpp"
#include "fixtures.hpp"
#include "inforeply/cache_store.hpp"

namespace inforeply {
namespace {

using test::CacheProcess;
using test::PromisedCache;

constexpr Time kStart{Seconds{1'800'000'000}};
constexpr Seconds kHour{3600};
constexpr Seconds kYear{365 * 24 * 3600};
constexpr Seconds kPeriod{1800};  // of the limit

struct Interval {
  const char* handle;
  std::optional<Seconds> value;
};
constexpr std::array<Interval, 4> kIntervals{{{"always", Seconds{0}},
                                              {"hour", kHour},
                                              {"week", Seconds{7 * 24 * 3600}},
                                              {"once", std::nullopt}}};
constexpr int kPersons = 3;
constexpr int kKinds = kPersons * static_cast<int>(kIntervals.size());
constexpr int kProcesses = 3;

/// A task is a message with its recipient, that the mail server delivers until it is done. Its
/// number says all about it.
ReservationRequest request_of(int task, bool is_limited) {
  const int kind = task % kKinds;
  const auto& interval = kIntervals[static_cast<std::size_t>(kind / kPersons)];
  ReservationRequest request;
  request.key = {"info@example.org", std::to_string(kind % kPersons) + "@example.net",
                 interval.handle};
  request.message_id = "<" + std::to_string(task) + "@example.net>";
  request.delivery = "delivery " + std::to_string(task);
  request.is_named = task / kKinds % 4 != 3;
  request.interval = interval.value;
  if (is_limited) {
    request.limits = {{"limit", "all", {4, kPeriod, {}}},
                      {"limit", request.key.sender, {2, kPeriod, {}}}};
  }
  return request;
}

/// What may happen in a sequence.
struct World {
  bool clock_is_right;  ///< it goes on only as time goes by
  bool has_administrator;
  bool is_limited;
};

struct Step {
  enum class Kind { kDeliver, kTryAgain, kEnd, kClock, kPurge, kForget, kImport };
  Kind kind;
  std::uint32_t choice;  ///< what is delivered; of the others, which of what is there by then
};

std::vector<Step> random_steps(std::uint32_t seed, const World& world) {
  std::mt19937 random(seed);
  std::vector<Step> steps(8 + random() % 32);
  const auto favourite = random() % kKinds;
  for (auto& step : steps) {
    constexpr std::array<Step::Kind, 20> kKindsOfSteps{
        {Step::Kind::kDeliver,  Step::Kind::kDeliver,  Step::Kind::kDeliver,  Step::Kind::kDeliver,
         Step::Kind::kTryAgain, Step::Kind::kTryAgain, Step::Kind::kTryAgain, Step::Kind::kTryAgain,
         Step::Kind::kEnd,      Step::Kind::kEnd,      Step::Kind::kEnd,      Step::Kind::kEnd,
         Step::Kind::kEnd,      Step::Kind::kClock,    Step::Kind::kClock,    Step::Kind::kClock,
         Step::Kind::kPurge,    Step::Kind::kPurge,    Step::Kind::kForget,   Step::Kind::kImport}};
    const std::size_t known = kKindsOfSteps.size() - (world.has_administrator ? 0 : 2);
    step = {kKindsOfSteps[random() % known], static_cast<std::uint32_t>(random())};
    // Most deliveries are of one person, or they would not meet.
    if (step.kind == Step::Kind::kDeliver) {
      const auto kind = random() % 4 == 0 ? random() % kKinds : favourite;
      step.choice = static_cast<std::uint32_t>(kind + kKinds * (random() % 4));
    }
  }
  return steps;
}

/// Carries out a sequence, and says what was not as it should be.
class Sequence {
 public:
  Sequence(std::vector<std::unique_ptr<CacheProcess>>& processes, const World& world)
      : processes_(processes), world_(world), held_(processes.size()) {}
  Sequence(const Sequence&) = delete;
  Sequence& operator=(const Sequence&) = delete;
  ~Sequence() {
    for (std::size_t i = 0; i < held_.size(); ++i) {
      if (held_[i]) processes_[i]->close();
    }
  }

  /// Returns the first fault; empty if all was well.
  std::string carry_out(const std::vector<Step>& steps) {
    try {
      for (const auto& step : steps) {
        take(step);
        compare();
        if (!fault_.empty()) return fault_;
      }
      finish_all();
      compare();
    } catch (const std::exception& error) {
      fault_ = error.what();
    }
    return fault_;
  }
  [[nodiscard]] const std::string& story() const { return story_; }

 private:
  struct Task {
    int number;
    bool is_done = false;
    std::optional<Time> refused_at;  ///< as the sender was answered recently
  };
  struct Sent {
    std::string delivery;
    Time reserved;
    std::optional<Time> confirmed;
  };

  void take(const Step& step) {
    switch (step.kind) {
      case Step::Kind::kDeliver:
        tasks_.push_back(
            {static_cast<int>(tasks_.size()) * kKinds * 4 + static_cast<int>(step.choice),
             false,
             {}});
        return attempt(tasks_.back());
      case Step::Kind::kTryAgain:
        return attempt_again(step.choice);
      case Step::Kind::kEnd:
        return end_process(step.choice);
      case Step::Kind::kClock:
        return set_clock(step.choice);
      case Step::Kind::kPurge:
        return purge(step.choice);
      case Step::Kind::kForget:
        return forget(step.choice);
      case Step::Kind::kImport:
        return import(step.choice);
    }
  }

  void tell(const std::string& what) {
    story_ += "  " + std::to_string((now_ - kStart).count()) + " s: " + what + "\n";
  }
  void expect(bool condition, const std::string& fault) {
    if (!condition && fault_.empty()) fault_ = fault;
  }

  [[nodiscard]] ReservationRequest request(const Task& task) const {
    return request_of(task.number, world_.is_limited);
  }
  [[nodiscard]] static std::string name_of(const ReservationRequest& wanted) {
    return wanted.delivery + " (" + wanted.key.sender + ", " + wanted.key.handle +
           (wanted.is_named ? "" : ", unnamed") + ")";
  }

  // --- deliveries ---

  void attempt(Task& task) {
    std::size_t free = 0;
    while (free < held_.size() && held_[free])
      ++free;
    if (free == held_.size()) return;
    const auto wanted = request(task);
    const auto result =
        processes_[free]->reserve(path(), task.number * 2 + (world_.is_limited ? 1 : 0), now_);
    tell("reserve " + name_of(wanted) + " = " + name_of(result));
    const auto promised = model_.reserve(wanted, now_);
    expect(result == promised, "it should be " + name_of(promised));
    if (result == ReserveOutcome::kGranted) {
      held_[free] = {&task, now_};
      task.is_done = false;  // whatever an earlier try was told
      expect_only_one(wanted);
    } else if (result != ReserveOutcome::kInProgress) {
      task.is_done = true;
      if (result == ReserveOutcome::kAnswered) task.refused_at = now_;
    }
  }

  /// Also one that is done: the mail server may not have heard of it, or another recipient's
  /// delivery failed.
  void attempt_again(std::uint32_t choice) {
    if (tasks_.empty()) return;
    Task& task = tasks_[choice % tasks_.size()];
    // Without a queue ID, one that is done cannot be told from a copy.
    if (task.is_done && !request(task).is_named) return;
    attempt(task);
  }

  /// The promise itself: what is granted now must be no second reply.
  void expect_only_one(const ReservationRequest& wanted) {
    const auto key = PromisedCache::key_of(wanted.key);
    if (wanted.interval == Seconds{0} || is_meddled_with_) return;
    expect(model_.holders_of(key) == 1, "two processes answer one person");
    if (!world_.clock_is_right) return;
    for (const auto& sent : sent_[key]) {
      if (sent.delivery == wanted.delivery && !sent.confirmed) continue;
      const bool is_over = sent.confirmed
                               ? wanted.interval && now_ >= sent.reserved + *wanted.interval
                               : now_ >= sent.reserved + kLease;
      expect(is_over, "a second reply, after that to " + sent.delivery);
    }
  }

  void end_process(std::uint32_t choice) {
    const std::size_t process = choice / 16 % held_.size();
    if (!held_[process]) return;
    Task& task = *held_[process]->task;
    const auto wanted = request(task);
    auto& sent = sent_[PromisedCache::key_of(wanted.key)];
    const Time reserved = held_[process]->reserved;
    held_[process].reset();
    switch (choice % 8) {
      case 0:
      case 1:
        processes_[process]->release();
        model_.release(wanted, reserved);
        return tell("release " + name_of(wanted));
      case 2:
        processes_[process]->close();
        model_.die(wanted);
        return tell("end before it is sent " + name_of(wanted));
      case 3:
        processes_[process]->close();
        model_.die(wanted);
        sent.push_back({wanted.delivery, reserved, {}});
        return tell("end after it was sent " + name_of(wanted));
      case 4:
        processes_[process]->kill();
        model_.die(wanted);
        sent.push_back({wanted.delivery, reserved, {}});
        return tell("kill " + name_of(wanted));
      default:
        processes_[process]->confirm();
        model_.confirm(wanted);
        task.is_done = true;
        std::erase_if(sent,
                      [&](const Sent& earlier) { return earlier.delivery == wanted.delivery; });
        sent.push_back({wanted.delivery, reserved, now_});
        return tell("confirm " + name_of(wanted));
    }
  }

  /// The mail server tries again until all is done; then nothing may be lost.
  void finish_all() {
    for (std::uint32_t process = 0; process < held_.size(); ++process)
      end_process(process * 16 + 7);
    for (auto& task : tasks_) {
      if (task.is_done) continue;
      attempt(task);
      expect(task.is_done || held_.front(), "it is neither answered nor refused");
      end_process(7);
    }
    for (const auto& task : tasks_) {
      const auto wanted = request(task);
      const auto key = PromisedCache::key_of(wanted.key);
      if (!task.refused_at || !world_.clock_is_right || world_.is_limited || is_meddled_with_)
        continue;
      bool is_answered = false;
      for (const auto& sent : sent_[key]) {
        is_answered = is_answered || sent.delivery == wanted.delivery || !wanted.interval ||
                      !sent.confirmed || sent.reserved + *wanted.interval > *task.refused_at ||
                      *sent.confirmed >= *task.refused_at || wanted.interval == Seconds{0};
      }
      expect(is_answered, "nobody has answered the sender of " + wanted.delivery);
    }
  }

  // --- what else happens ---

  void set_clock(std::uint32_t choice) {
    constexpr std::array<Seconds, 8> kSteps{{Seconds{1}, Seconds{60}, kLease - Seconds{1}, kLease,
                                             kPeriod, kHour, 7 * 24 * kHour, kYear}};
    const Seconds step = kSteps[choice % kSteps.size()];
    now_ += !world_.clock_is_right && choice / kSteps.size() % 2 == 1 ? -step : step;
    tell("the clock goes on");
  }

  void purge(std::uint32_t choice) {
    PurgeRequest wanted{now_, {}, 1 + choice / 2 % 3};
    if (world_.has_administrator && choice % 2 == 1) {
      wanted.older_than = choice / 8 % 2 == 1 ? kHour : Seconds{0};
      is_meddled_with_ = true;
    }
    const auto removed = open_cache({path()}, CacheAccess::kCreate)->purge(wanted);
    tell(std::string("purge") + (wanted.older_than ? " older" : "") + " = " +
         std::to_string(removed));
    expect(removed == model_.purge(wanted), "the number is wrong");
  }

  void forget(std::uint32_t choice) {
    const RecordFilter filter{
        choice % 3 == 1 ? "info@example.org" : "",
        choice % 3 == 2 ? "" : std::to_string(choice / 3 % 3) + "@example.net"};
    is_meddled_with_ = true;
    const auto removed = open_cache({path()}, CacheAccess::kCreate)->forget(filter);
    tell("forget " + filter.sender + " = " + std::to_string(removed));
    expect(removed == model_.forget(filter), "the number is wrong");
  }

  void import(std::uint32_t choice) {
    const auto wanted = request_of(static_cast<int>(choice % kKinds), false);
    ReplyRecord record{wanted.key, RecordState::kAnswered, now_, {}, 3, "<imported@x>", {}};
    if (choice / 16 % 3 == 0) record.state = RecordState::kPending;
    record.answered_at += (static_cast<int>(choice / 64 % 5) - 3) * kHour / 2;
    if (choice / 512 % 4 != 0) record.expires_at = record.answered_at + kHour;
    is_meddled_with_ = true;
    const auto stored = open_cache({path()}, CacheAccess::kCreate)->put({{record}});
    tell("import " + record.key.sender + ", " + record.key.handle + " = " + std::to_string(stored));
    expect(stored == model_.put(record), "the number is wrong");
  }

  // --- the comparison ---

  void compare() {
    auto promised = model_.records().begin();
    open_cache({path()}, CacheAccess::kCreate)->visit({}, [&](const ReplyRecord& record) {
      if (promised == model_.records().end()) {
        expect(false, "an unknown record of " + record.key.sender);
        return false;
      }
      expect(is_equal(record, promised->second),
             "the record of " + record.key.sender + ", " + record.key.handle + " is wrong");
      ++promised;
      return true;
    });
    expect(promised == model_.records().end(), "a record is missing");
    const auto check = make_cache_store({path()})->check(
        CheckMode::kReport, [&](const std::string& fault) { expect(false, fault); });
    expect(check.is_sound() && check.records == model_.records().size(), "it is not sound");
  }

  static bool is_equal(const ReplyRecord& a, const ReplyRecord& b) {
    return PromisedCache::key_of(a.key) == PromisedCache::key_of(b.key) && a.state == b.state &&
           a.answered_at == b.answered_at && a.expires_at == b.expires_at && a.count == b.count &&
           a.message_id == b.message_id && a.delivery == b.delivery && a.tries == b.tries;
  }

  static std::string name_of(ReserveOutcome outcome) {
    constexpr std::array<const char*, 5> kNames{
        {"granted", "answered", "in progress", "rate limited", "given up"}};
    return kNames[static_cast<std::size_t>(outcome)];
  }

  /// In memory if possible: nothing here is about disks.
  static std::filesystem::path parent() {
    return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path();
  }
  [[nodiscard]] std::string path() const { return folder_.path("cache.mdb"); }

  struct Held {
    Task* task;
    Time reserved;
  };

  std::vector<std::unique_ptr<CacheProcess>>& processes_;
  World world_;
  std::vector<std::optional<Held>> held_;  // by the process of the same number
  test::TemporaryFolder folder_{parent()};
  PromisedCache model_;
  Time now_ = kStart;
  std::deque<Task> tasks_;
  std::map<PromisedCache::Key, std::vector<Sent>> sent_;
  /// An administrator changed what is remembered: what was sent before is no measure any more.
  bool is_meddled_with_ = false;
  std::string story_;
  std::string fault_;
};

class ReplyCacheModelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < kProcesses; ++i) {
      processes_.push_back(std::make_unique<CacheProcess>(
          [](int task) { return request_of(task / 2, task % 2 == 1); }));
    }
  }

  std::string fault_of(const std::vector<Step>& steps, const World& world, std::string& story) {
    Sequence sequence(processes_, world);
    std::string fault = sequence.carry_out(steps);
    story = sequence.story();
    return fault;
  }

  /// The shortest sequence that can be found, by leaving steps out, that still goes wrong.
  void shrink(std::vector<Step>& steps, const World& world, std::string& story) {
    for (std::size_t length = steps.size() / 2; length > 0;) {
      bool is_shorter = false;
      for (std::size_t i = 0; i + length <= steps.size();) {
        auto rest = steps;
        const auto from = rest.begin() + static_cast<std::ptrdiff_t>(i);
        rest.erase(from, from + static_cast<std::ptrdiff_t>(length));
        std::string told;
        if (fault_of(rest, world, told).empty()) {
          ++i;
          continue;
        }
        steps = std::move(rest);
        story = std::move(told);
        is_shorter = true;
      }
      if (!is_shorter) length /= 2;
    }
  }

  void try_sequences(const World& world) {
#ifdef __SANITIZE_ADDRESS__
    constexpr std::uint32_t kSequences = 100;  // each process that is started costs much more
#else
    constexpr std::uint32_t kSequences = 600;
#endif
    for (std::uint32_t seed = 0; seed < kSequences; ++seed) {
      auto steps = random_steps(seed, world);
      std::string story;
      if (fault_of(steps, world, story).empty()) continue;
      shrink(steps, world, story);
      const std::string fault = fault_of(steps, world, story);
      FAIL() << "sequence " << seed << ", shortened:\n" << story << "  " << fault;
    }
  }

  std::vector<std::unique_ptr<CacheProcess>> processes_;
};

TEST_F(ReplyCacheModelTest, KeepsThePromiseAsTimeGoesBy) {
  try_sequences({true, false, false});
}

TEST_F(ReplyCacheModelTest, KeepsThePromiseUnderLimits) {
  try_sequences({true, false, true});
}

TEST_F(ReplyCacheModelTest, DoesWhatAnAdministratorAsks) {
  try_sequences({true, true, false});
}

TEST_F(ReplyCacheModelTest, KeepsTwoProcessesApartWhateverTheClockSays) {
  try_sequences({false, false, false});
}

TEST_F(ReplyCacheModelTest, IsSoundWhateverTheClockSaysAndAnAdministratorAsks) {
  try_sequences({false, true, false});
}

}  // namespace
}  // namespace inforeply
