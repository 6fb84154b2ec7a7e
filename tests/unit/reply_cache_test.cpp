#include "inforeply/reply_cache.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

constexpr Time kNow{Seconds{1'800'000'000}};
constexpr Seconds kDay{24 * 3600};
constexpr Seconds kWeek{7 * 24 * 3600};

ReservationRequest request(const std::string& delivery, Time now = kNow) {
  return {{"info@example.org", "alice@example.net", "winter"},
          "<1@example.net>",
          delivery,
          true,
          kWeek,
          {},
          now};
}

class ReplyCacheTest : public ::testing::Test {
 protected:
  std::unique_ptr<ReplyCache> open() { return open_cache("lmdb:" + path(), CacheAccess::kCreate); }
  [[nodiscard]] std::string path() const { return folder_.path("cache.mdb"); }

  std::vector<ReplyRecord> records(const RecordFilter& filter = {}) {
    std::vector<ReplyRecord> found;
    cache_->visit(filter, [&](const ReplyRecord& record) { found.push_back(record); });
    return found;
  }
  /// Another process with the cache open: it does `work`, then is killed without a chance to clean
  /// up.
  void in_killed_process(const std::function<void(ReplyCache&)>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto own = open();
      work(*own);
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
  }
  void answer(const ReservationRequest& wanted) {
    ASSERT_EQ(cache_->reserve(wanted), Reservation::kGranted);
    cache_->confirm(wanted);
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<ReplyCache> cache_ = open();
};

TEST_F(ReplyCacheTest, AnswersAPersonOnceInTheInterval) {
  answer(request("first"));
  EXPECT_EQ(cache_->reserve(request("second", kNow + kWeek - Seconds{1})), Reservation::kAnswered);
  EXPECT_EQ(cache_->reserve(request("second", kNow + kWeek)), Reservation::kGranted);
}

TEST_F(ReplyCacheTest, TellsRespondersSendersAndHandlesApart) {
  answer(request("first"));
  for (const ReplyKey& other : {ReplyKey{"sales@example.org", "alice@example.net", "winter"},
                                ReplyKey{"info@example.org", "bob@example.net", "winter"},
                                ReplyKey{"info@example.org", "alice@example.net", "summer"}}) {
    auto wanted = request("second");
    wanted.key = other;
    EXPECT_EQ(cache_->reserve(wanted), Reservation::kGranted);
    cache_->release(wanted);
  }
}

TEST_F(ReplyCacheTest, AnswersEveryMessageWithAnIntervalOfZero) {
  for (const char* delivery : {"first", "second"}) {
    auto wanted = request(delivery);
    wanted.interval = Seconds{0};
    answer(wanted);
  }
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records().front().count, 2U);
}

TEST_F(ReplyCacheTest, ADeliveryThatIsDoneIsNotAnsweredAgainHoweverLateItIsTried) {
  for (const Seconds interval : {Seconds{0}, Seconds{3600}}) {
    auto wanted = request("tried again");
    wanted.interval = interval;
    wanted.key.handle = std::to_string(interval.count());
    answer(wanted);
    wanted.now += Seconds{2 * 3600};
    EXPECT_EQ(cache_->reserve(wanted), Reservation::kAnswered);
    wanted.is_named = false;  // then it may be another copy of the message as well
    EXPECT_EQ(cache_->reserve(wanted), Reservation::kGranted);
    cache_->release(wanted);
  }
}

TEST_F(ReplyCacheTest, AnswersOnlyTheFirstMessageWithoutAnInterval) {
  auto wanted = request("first");
  wanted.interval = std::nullopt;
  answer(wanted);
  EXPECT_EQ(cache_->reserve(request("second", kNow + kDay * 36500)), Reservation::kAnswered);
  EXPECT_EQ(records().front().expires_at, std::nullopt);
}

TEST_F(ReplyCacheTest, ReleaseLeavesNothingThatSilencesTheSender) {
  ASSERT_EQ(cache_->reserve(request("first")), Reservation::kGranted);
  cache_->release(request("first"));
  EXPECT_TRUE(records().empty());
  EXPECT_EQ(cache_->purge({kNow + kWeek, {}, 10, true}), 0U) << "the expiry index is empty as well";
  EXPECT_EQ(cache_->reserve(request("second")), Reservation::kGranted);
}

TEST_F(ReplyCacheTest, ReleaseSparesWhatAnotherDeliveryHolds) {
  auto second = request("second");
  second.interval = Seconds{0};
  ASSERT_EQ(cache_->reserve(request("first")), Reservation::kGranted);
  ASSERT_EQ(cache_->reserve(second), Reservation::kGranted);
  cache_->release(request("first"));
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records().front().delivery, "second");
}

TEST_F(ReplyCacheTest, APendingReservationCountsForOtherMessagesUntilItsLeaseRunsOut) {
  ASSERT_EQ(cache_->reserve(request("first")), Reservation::kGranted);
  EXPECT_EQ(cache_->reserve(request("second", kNow + kLease - Seconds{1})), Reservation::kAnswered);
  EXPECT_EQ(cache_->reserve(request("second", kNow + kLease)), Reservation::kGranted);
}

TEST_F(ReplyCacheTest, TheSameDeliveryIsInProgressWhileItsHolderLives) {
  ASSERT_EQ(cache_->reserve(request("first")), Reservation::kGranted);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool busy = open()->reserve(request("first")) == Reservation::kInProgress;
    ::_exit(busy ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(ReplyCacheTest, TheSameDeliveryIsGrantedAgainWhenItsHolderWasKilled) {
  in_killed_process([](ReplyCache& cache) { cache.reserve(request("first")); });
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records().front().state, RecordState::kPending);
  EXPECT_EQ(cache_->reserve(request("second")), Reservation::kAnswered);
  EXPECT_EQ(cache_->reserve(request("first")), Reservation::kGranted);
}

TEST_F(ReplyCacheTest, AnAnswerOutlivesTheProcessThatGaveIt) {
  in_killed_process([](ReplyCache& cache) {
    cache.reserve(request("first"));
    cache.confirm(request("first"));
  });
  EXPECT_EQ(cache_->reserve(request("first")), Reservation::kAnswered);
}

TEST_F(ReplyCacheTest, AnEntryFromTheFutureCountsWithinTheClocksTolerance) {
  answer(request("first", kNow + kClockTolerance));
  EXPECT_EQ(cache_->reserve(request("second", kNow)), Reservation::kAnswered);
  EXPECT_EQ(cache_->reserve(request("second", kNow - Seconds{1})), Reservation::kGranted);
}

TEST_F(ReplyCacheTest, RemembersAllThatTheRecordSays) {
  answer(request("first"));
  ASSERT_EQ(records().size(), 1U);
  const auto record = records().front();
  EXPECT_EQ(record.key.responder, "info@example.org");
  EXPECT_EQ(record.key.sender, "alice@example.net");
  EXPECT_EQ(record.key.handle, "winter");
  EXPECT_EQ(record.state, RecordState::kAnswered);
  EXPECT_EQ(record.answered_at, kNow);
  EXPECT_EQ(record.expires_at, kNow + kWeek);
  EXPECT_EQ(record.count, 1U);
  EXPECT_EQ(record.message_id, "<1@example.net>");
}

TEST_F(ReplyCacheTest, TellsLongAddressesApartAndKeepsThemWhole) {
  const std::string long_local(240, 'x');
  for (const char* end : {"a", "b"}) {
    auto wanted = request("first");
    wanted.key.sender = long_local + end + "@example.net";
    wanted.key.responder = long_local + "@example.org";
    wanted.key.handle = std::string(128, 'h');
    answer(wanted);
  }
  ASSERT_EQ(records().size(), 2U);
  const auto one = records({long_local + "@example.org", long_local + "a@example.net"});
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one.front().key.sender, long_local + "a@example.net");
  EXPECT_EQ(one.front().key.responder, long_local + "@example.org");
}

TEST_F(ReplyCacheTest, VisitsInOrderAndOnlyWhatIsAskedFor) {
  for (const char* responder : {"b@example.org", "a@example.org", "a@example.org.evil.example"}) {
    for (const char* sender : {"y@example.net", "x@example.net"}) {
      auto wanted = request("first");
      wanted.key = {responder, sender, "winter"};
      answer(wanted);
    }
  }
  const auto of_a = records({"a@example.org", {}});
  ASSERT_EQ(of_a.size(), 2U);
  EXPECT_EQ(of_a[0].key.sender, "x@example.net");
  EXPECT_EQ(of_a[1].key.sender, "y@example.net");
  EXPECT_EQ(records({{}, "x@example.net"}).size(), 3U);
  EXPECT_EQ(records({"b@example.org", "y@example.net"}).size(), 1U);
  EXPECT_EQ(records().size(), 6U);
}

TEST_F(ReplyCacheTest, ForgetsWhatIsSelectedAndSaysHowMany) {
  answer(request("first"));
  auto other = request("first");
  other.key.sender = "bob@example.net";
  answer(other);
  EXPECT_EQ(cache_->forget({{}, "alice@example.net"}), 1U);
  EXPECT_EQ(cache_->forget({{}, "alice@example.net"}), 0U);
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records().front().key.sender, "bob@example.net");
  EXPECT_EQ(cache_->reserve(request("second")), Reservation::kGranted);
}

class PurgeTest : public ReplyCacheTest {
 protected:
  /// Ten senders, answered a day apart: the first ten days ago.
  void SetUp() override {
    for (int days = 10; days > 0; --days) {
      auto wanted = request("first", kNow - kDay * days);
      wanted.key.sender = std::to_string(days) + "@example.net";
      answer(wanted);
    }
  }
};

TEST_F(PurgeTest, RemovesWhatHasExpiredInBatches) {
  EXPECT_EQ(cache_->purge({kNow, {}, 3, false}), 4U);  // answered 10, 9, 8 and 7 days ago
  EXPECT_EQ(records().size(), 6U);
  EXPECT_EQ(cache_->purge({kNow, {}, 3, false}), 0U);
}

TEST_F(PurgeTest, ADryRunCountsAndRemovesNothing) {
  EXPECT_EQ(cache_->purge({kNow, {}, 3, true}), 4U);
  EXPECT_EQ(cache_->purge({kNow, kDay * 2, 3, true}), 8U);
  EXPECT_EQ(records().size(), 10U);
}

TEST_F(PurgeTest, OlderThanGoesByTheTimeOfTheAnswer) {
  EXPECT_EQ(cache_->purge({kNow, kDay * 2, 3, false}), 8U);  // those of 2 and 1 days ago stay
  EXPECT_EQ(records().size(), 2U);
}

TEST_F(PurgeTest, APendingReservationGoesOnlyAfterItsLease) {
  auto wanted = request("pending");
  ASSERT_EQ(cache_->reserve(wanted), Reservation::kGranted);
  EXPECT_EQ(cache_->purge({kNow + kLease - Seconds{1}, Seconds{0}, 100, false}), 10U);
  EXPECT_EQ(records().size(), 1U);
  EXPECT_EQ(cache_->purge({kNow + kLease, {}, 100, false}), 1U);
}

TEST_F(PurgeTest, AnAnswerRenewedIsNotPurgedByItsOldDate) {
  auto wanted = request("again");
  wanted.key.sender = "10@example.net";
  answer(wanted);
  EXPECT_EQ(cache_->purge({kNow, {}, 100, false}), 3U);
  EXPECT_EQ(records({{}, "10@example.net"}).size(), 1U);
}

TEST_F(ReplyCacheTest, OnlyTheOwnerMayReadTheFile) {
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(ReplyCacheTest, TheFileStaysSmallWhateverTheMap) {
  EXPECT_LT(std::filesystem::file_size(path()), 1024U * 1024U);
}

/// The message of the error that opening gives, and the file as it was.
void expect_refused(const std::string& path, const std::string& content, const std::string& cause) {
  try {
    open_cache(path, CacheAccess::kCreate);
    ADD_FAILURE() << "opened " << path;
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kCache);
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(cause), std::string::npos) << error.what();
  }
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), content);
}

TEST(ReplyCacheFile, AFileThatIsNoCacheIsRefusedAndLeftAsItIs) {
  const test::TemporaryFolder folder;
  const std::string text(100'000, 'x');
  expect_refused(folder.write("notes.txt", text), text, "not an LMDB file");
}

TEST(ReplyCacheFile, AFileOfANewerFormatIsRefusedAndLeftAsItIs) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("cache.mdb");
  open_cache(path, CacheAccess::kCreate);
  std::ifstream made(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(made), {});
  // The key "inforeply" and its value "1" lie side by side in the page of the unnamed database.
  const std::string version_node = "inforeply1";
  std::size_t changed = 0;
  for (auto at = content.find(version_node); at != std::string::npos;
       at = content.find(version_node, at + 1), ++changed) {
    content[at + version_node.size() - 1] = '2';
  }
  ASSERT_GT(changed, 0U);
  expect_refused(folder.write("newer.mdb", content), content, "its format is '2'");
}

TEST(ReplyCacheFile, AForeignFileGetsNoLockFileBesideIt) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("notes.txt", "short");
  expect_refused(path, "short", "not an LMDB file");
  EXPECT_FALSE(std::filesystem::exists(path + "-lock"));
  std::filesystem::create_directory(folder.path("folder"));
  EXPECT_THROW(open_cache(folder.path("folder"), CacheAccess::kCreate), Error);
  EXPECT_FALSE(std::filesystem::exists(folder.path("folder-lock")));
}

TEST(ReplyCacheFile, InspectionDoesNotMakeACacheOfAnEmptyFile) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("empty", "");
  EXPECT_THROW(open_cache(path, CacheAccess::kExisting), Error);
  EXPECT_NO_THROW(open_cache(folder.write("to-fill", ""), CacheAccess::kCreate));
}

TEST(ReplyCacheFile, WhatRootMakesBelongsToTheOwnerOfTheFolder) {
  if (::geteuid() != 0) return;  // nobody else can give a file away
  const test::TemporaryFolder folder;
  constexpr uid_t kOwner = 4242;
  ASSERT_EQ(::chown(folder.path().c_str(), kOwner, kOwner), 0);
  for (const CacheAccess access : {CacheAccess::kCreate, CacheAccess::kExisting}) {
    open_cache(folder.path("cache.mdb"), access);
    for (const char* name : {"cache.mdb", "cache.mdb-lock"}) {
      struct stat status {};
      ASSERT_EQ(::stat(folder.path(name).c_str(), &status), 0);
      EXPECT_EQ(status.st_uid, kOwner) << name;
    }
    std::filesystem::remove(folder.path("cache.mdb-lock"));  // as after a restored backup
  }
}

TEST(ReplyCacheFile, AMissingFolderIsAnErrorAndNotMade) {
  const test::TemporaryFolder folder;
  expect_refused(folder.path("missing/cache.mdb"), "", "No such file or directory");
  EXPECT_FALSE(std::filesystem::exists(folder.path("missing")));
}

TEST(ReplyCacheFile, InspectionDoesNotMakeAFile) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(open_cache(folder.path("cache.mdb"), CacheAccess::kExisting), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ReplyCacheUrl, OnlyLmdbIsBuiltIn) {
  EXPECT_NO_THROW(check_cache_url("lmdb:/var/lib/inforeply/cache.mdb"));
  EXPECT_NO_THROW(check_cache_url("/var/lib/inforeply/cache.mdb"));
  for (const char* url : {"", "lmdb:", "redis://localhost", "sqlite://x"}) {
    EXPECT_THROW(check_cache_url(url), Error) << url;
  }
}

}  // namespace
}  // namespace inforeply
