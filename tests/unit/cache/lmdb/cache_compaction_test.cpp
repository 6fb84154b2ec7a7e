// The compaction beside deliveries, beside other programs that know LMDB alone, and killed.

#include <gtest/gtest.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cache/open_cache.hpp"
#include "fixtures.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/error.hpp"

namespace {
/// Called around rename(2) in this process, where the new file takes the place of the old one.
std::function<void()> before_rename;  // NOLINT(*-avoid-non-const-global-variables)
std::function<void()> after_rename;   // NOLINT(*-avoid-non-const-global-variables)
}  // namespace

/// In place of libc's.
extern "C" int rename(const char* from, const char* to) noexcept {
  if (before_rename) before_rename();
  const auto status = static_cast<int>(::syscall(SYS_rename, from, to));
  if (after_rename) after_rename();
  return status;
}

namespace inforeply {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{Seconds{1'800'000'000}};
constexpr Seconds kWeek{7 * 24 * 3600};
constexpr int kSomeRecords = 5000;

ReservationRequest request(const std::string& sender) {
  return {{"info@example.org", sender, "winter"},
          "<1@example.net>",
          "delivery " + sender,
          true,
          kWeek,
          {}};
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  ::_exit(99);
}

/// Runs `work` in a process of its own, which ends with status 0 unless it throws.
pid_t start(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

int finish(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Counters that all processes of a test see.
struct Shared {
  std::atomic<int> compactions{0};
  std::atomic<bool> stop{false};
};

/// By which one process tells another that it may go on.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    for (const int end : ends_)
      ::close(end);
  }
  void tell() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
  void wait() const {
    char octet = 0;
    EXPECT_EQ(::read(ends_[0], &octet, 1), 1);
  }

 private:
  std::array<int, 2> ends_{};
};

class CompactionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto cache = open();
    std::vector<ReplyRecord> records;
    for (int number = 0; number < kSomeRecords; ++number) {
      records.push_back({{"old@example.org", std::to_string(number), "winter"},
                         RecordState::kAnswered,
                         kNow,
                         kNow + kWeek,
                         1,
                         "<old@example.net>",
                         "d"});
    }
    cache->put(records);
    cache->forget({"old@example.org", "0"});
  }
  void TearDown() override {
    EXPECT_TRUE(is_sound());
    EXPECT_FALSE(std::filesystem::exists(path() + ".compact"));
    ::munmap(shared_, sizeof *shared_);
  }

  [[nodiscard]] std::unique_ptr<OpenCache> open() const {
    return open_cache({path()}, CacheAccess::kCreate);
  }
  [[nodiscard]] std::string path() const { return folder_.path("cache.mdb"); }
  [[nodiscard]] bool is_sound() const {
    return make_cache_store({path()})
        ->check(CheckMode::kReport, [](const std::string& fault) { ADD_FAILURE() << fault; })
        .is_sound();
  }

  /// All records of a responder as SENDER/COUNT; a sender that is there twice would show.
  [[nodiscard]] std::multiset<std::string> senders(const std::string& responder) const {
    std::multiset<std::string> found;
    open()->visit({responder, {}}, [&](const ReplyRecord& record) {
      EXPECT_EQ(record.state, RecordState::kAnswered) << record.key.sender;
      found.insert(record.key.sender + "/" + std::to_string(record.count));
      return true;
    });
    return found;
  }
  void expect_old_records() const {
    EXPECT_EQ(senders("old@example.org").size(), static_cast<std::size_t>(kSomeRecords - 1));
  }

  /// Deliveries one after another, each with the cache opened anew as by a process of its own,
  /// until it is enough. Every fifth fails to submit its reply. Returns how many there were.
  [[nodiscard]] int deliver(const std::string& who, int at_least) const {
    int number = 0;
    for (; number < at_least || !shared_->stop; ++number) {
      const auto cache = open();
      const auto wanted = request(who + "." + std::to_string(number));
      const auto reservation = cache->reserve(wanted, kNow).reservation;
      if (!reservation) throw std::runtime_error("not granted: " + wanted.key.sender);
      number % 5 == 0 ? reservation->release() : reservation->confirm();
      const auto again = cache->reserve(wanted, kNow);
      if (again.outcome == ReserveOutcome::kAnswered ? number % 5 == 0 : number % 5 != 0) {
        throw std::runtime_error("not remembered: " + wanted.key.sender);
      }
      if (number % 5 == 0) again.reservation->release();
    }
    return number;
  }
  /// Several processes that deliver; what they have confirmed must be there in the end.
  void start_deliveries() {
    constexpr int kProcesses = 3;
    constexpr int kAtLeast = 30;
    for (int who = 0; who < kProcesses; ++who) {
      workers_.push_back(start([this, who] {
        const int done = deliver(std::to_string(who), kAtLeast);
        std::ofstream(folder_.path("done." + std::to_string(who))) << done;
      }));
    }
  }
  void finish_deliveries() {
    shared_->stop = true;
    std::multiset<std::string> expected;
    for (std::size_t who = 0; who < workers_.size(); ++who) {
      ASSERT_EQ(finish(workers_[who]), 0);
      int done = 0;
      std::ifstream(folder_.path("done." + std::to_string(who))) >> done;
      for (int number = 0; number < done; ++number) {
        if (number % 5 != 0)
          expected.insert(std::to_string(who) + "." + std::to_string(number) + "/1");
      }
    }
    EXPECT_EQ(senders("info@example.org"), expected);
    expect_old_records();
  }

  /// Another program, which knows nothing of us: it opens the file as LMDB does and reads.
  static int read_as_foreigner(const std::string& path, unsigned flags,
                               const std::function<void()>& while_open = {}) {
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    mdb_env_create(&env);
    mdb_env_set_maxdbs(env, 4);
    int status = mdb_env_open(env, path.c_str(), MDB_NOSUBDIR | flags, 0600);
    if (status == 0) status = mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn);
    if (status == 0 && while_open) while_open();
    if (txn != nullptr) mdb_txn_abort(txn);
    mdb_env_close(env);
    return status;
  }

  test::TemporaryFolder folder_;
  Shared* shared_ = new (::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared;
  std::vector<pid_t> workers_;
};

TEST_F(CompactionTest, MakesTheFileSmallerAndKeepsEveryRecord) {
  open()->forget({"old@example.org", {}});
  const auto wanted = request("alice");
  {
    const auto cache = open();
    const auto reservation = cache->reserve(wanted, kNow).reservation;
    ASSERT_NE(reservation, nullptr);
    reservation->confirm();
  }
  const auto before = std::filesystem::file_size(path());
  const auto sizes = make_cache_store({path()})->compact(1s);
  EXPECT_EQ(sizes.octets_before, before);
  EXPECT_EQ(sizes.octets_after, std::filesystem::file_size(path()));
  EXPECT_LT(sizes.octets_after, before / 4);
  EXPECT_EQ(senders("info@example.org"), std::multiset<std::string>{"alice/1"});
  EXPECT_EQ(open()->reserve(wanted, kNow).outcome, ReserveOutcome::kAnswered);
}

TEST_F(CompactionTest, KeepsTheOwnerAndTheModeOfTheFile) {
  ASSERT_EQ(::chmod(path().c_str(), 0640), 0);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path().c_str(), 4242, 4243), 0);
  }
  struct stat before {};
  struct stat after {};
  ASSERT_EQ(::stat(path().c_str(), &before), 0);
  make_cache_store({path()})->compact(1s);
  ASSERT_EQ(::stat(path().c_str(), &after), 0);
  EXPECT_NE(before.st_ino, after.st_ino);
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
}

TEST_F(CompactionTest, LosesNothingBesideDeliveries) {
  start_deliveries();
  const pid_t foreigner = start([this] {
    for (unsigned round = 0; !shared_->stop; ++round) {
      read_as_foreigner(path(), round % 2 == 0 ? MDB_RDONLY : 0);
      std::this_thread::sleep_for(1ms);
    }
  });
  const pid_t compactor = start([this] {
    while (shared_->compactions < 20) {
      make_cache_store({path()})->compact(60s);
      ++shared_->compactions;
    }
  });
  EXPECT_EQ(finish(compactor), 0);
  finish_deliveries();
  EXPECT_EQ(finish(foreigner), 0);
}

TEST_F(CompactionTest, LosesNothingBesideDeliveriesWhenItIsKilledAtAnyTime) {
  start_deliveries();
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same in every run
  std::uniform_int_distribution<int> microseconds(0, 30'000);
  for (int round = 0; round < 60; ++round) {
    const pid_t compactor = start([this] {
      for (;;) {
        make_cache_store({path()})->compact(60s);
        ++shared_->compactions;
      }
    });
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds(random)));
    ::kill(compactor, SIGKILL);
    finish(compactor);
  }
  finish_deliveries();
  make_cache_store({path()})->compact(1s);  // which removes what they have left
}

TEST_F(CompactionTest, KilledBeforeOrAfterTheNewFileTakesItsPlaceItLeavesAWholeOne) {
  for (auto* const moment : {&before_rename, &after_rename}) {
    const pid_t compactor = start([&] {
      *moment = die;
      make_cache_store({path()})->compact(1s);
    });
    EXPECT_TRUE(WIFSIGNALED(finish(compactor)));
    EXPECT_TRUE(is_sound());
    expect_old_records();
    const bool is_left = std::filesystem::exists(path() + ".compact");
    open()->purge({.now = {}, .mode = PurgeMode::kCount});
    EXPECT_EQ(std::filesystem::exists(path() + ".compact"), is_left);
    ASSERT_NE(make_cache_store({path()})->try_lock_for_purge(), nullptr);
    open()->purge({.now = {}});
    EXPECT_FALSE(std::filesystem::exists(path() + ".compact"));
  }
}

TEST_F(CompactionTest, AnotherProgramThatWaitsMeanwhileDoesNotBringTheOldLockFileAlong) {
  for (int round = 0; round < 4; ++round) {
    // An even last transaction, an odd one; the compaction ended, killed.
    open()->forget({"old@example.org", std::to_string(round + 1)});
    if (round % 2 == 0) open()->forget({"old@example.org", std::to_string(round + 100)});
    const auto before = senders("old@example.org");
    Pipe begin;
    Pipe opened;
    Pipe end;
    const pid_t foreigner = start([&] {
      begin.wait();
      read_as_foreigner(path(), MDB_RDONLY, [&] {
        opened.tell();
        end.wait();
      });
      opened.tell();  // or it was refused
    });
    const pid_t compactor = start([&] {
      before_rename = [&] {
        begin.tell();
        std::this_thread::sleep_for(200ms);  // for it to come to wait for LMDB's lock
      };
      if (round >= 2) after_rename = die;
      make_cache_store({path()})->compact(60s);
    });
    finish(compactor);
    opened.wait();
    EXPECT_EQ(senders("old@example.org"), before);
    end.tell();
    finish(foreigner);
  }
}

/// A process that keeps something open until it is told to end.
class Holder {
 public:
  template <typename Hold>
  explicit Holder(Hold hold) {
    process_ = start([&] {
      hold([&] {
        ready_.tell();
        end_.wait();
      });
    });
    ready_.wait();
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() {
    end_.tell();
    finish(process_);
  }

 private:
  Pipe ready_;
  Pipe end_;
  pid_t process_ = -1;
};

TEST_F(CompactionTest, RefusesWithNothingChangedWhileOthersHaveTheCacheOpen) {
  const std::vector<std::function<void(const std::function<void()>&)>> others = {
      [&](const auto& wait) {
        const auto cache = open();
        wait();
      },
      [&](const auto& wait) { read_as_foreigner(path(), MDB_RDONLY, wait); },
      [&](const auto& wait) { read_as_foreigner(path(), 0, wait); },
  };
  for (const auto& other : others) {
    struct stat before {};
    struct stat after {};
    ASSERT_EQ(::stat(path().c_str(), &before), 0);
    {
      const Holder holder(other);
      try {
        make_cache_store({path()})->compact(50ms);
        ADD_FAILURE() << "compacted";
      } catch (const Error& error) {
        EXPECT_EQ(error.fault(), Fault::kCache);
        EXPECT_EQ(std::string(error.what()),
                  "cannot compact cache " + path() + ": others have it open");
      }
      ASSERT_EQ(::stat(path().c_str(), &after), 0);
      EXPECT_EQ(before.st_ino, after.st_ino);
      EXPECT_FALSE(std::filesystem::exists(path() + ".compact"));
      expect_old_records();  // deliveries are not held up afterwards
    }
    EXPECT_NO_THROW(make_cache_store({path()})->compact(1s));
  }
}

TEST_F(CompactionTest, WaitsForThoseWhoHaveItOpen) {
  const pid_t delivery = start([this] {
    const auto cache = open();
    shared_->compactions = 1;
    std::this_thread::sleep_for(200ms);
  });
  while (shared_->compactions == 0)
    std::this_thread::sleep_for(1ms);
  EXPECT_NO_THROW(make_cache_store({path()})->compact(60s));
  EXPECT_EQ(finish(delivery), 0);
}

TEST_F(CompactionTest, RefusesASymbolicLinkAndAMissingFileAndMakesNothing) {
  std::filesystem::create_symlink(path(), folder_.path("link.mdb"));
  EXPECT_THROW(make_cache_store({folder_.path("link.mdb")})->compact(1s), Error);
  EXPECT_TRUE(std::filesystem::is_symlink(folder_.path("link.mdb")));
  EXPECT_THROW(make_cache_store({folder_.path("missing.mdb")})->compact(1s), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("missing.mdb")));
}

TEST_F(CompactionTest, OnlyOnePurgeHasTheLockUntilItsProcessEnds) {
  {
    const Holder holder([&](const auto& wait) {
      const auto lock = make_cache_store({path()})->try_lock_for_purge();
      wait();
    });
    EXPECT_EQ(make_cache_store({path()})->try_lock_for_purge(), nullptr);
    expect_old_records();
  }
  EXPECT_NE(make_cache_store({path()})->try_lock_for_purge(), nullptr);
}

}  // namespace
}  // namespace inforeply
