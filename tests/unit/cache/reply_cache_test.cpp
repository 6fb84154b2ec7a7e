#include <gtest/gtest.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cache/open_cache.hpp"
#include "cache/redis/redis_servers.hpp"
#include "fixtures.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

constexpr Time kNow{Seconds{1'800'000'000}};
constexpr Seconds kDay{24 * 3600};
constexpr Seconds kWeek{7 * 24 * 3600};

ReservationRequest request(const std::string& delivery) {
  return {.key = {"info@example.org", "alice@example.net", "winter"},
          .message_id = "<1@example.net>",
          .delivery = delivery,
          .is_named = true,
          .interval = kWeek,
          .limits = {}};
}

/// What a reservation comes to. One that is granted stays pending, and nobody holds it any more.
ReserveOutcome reserve(ReplyCache& cache, const ReservationRequest& wanted, Time now = kNow) {
  return cache.reserve(wanted, now).outcome;
}
/// A reservation that must be granted; whoever has it holds it.
std::unique_ptr<Reservation> hold(ReplyCache& cache, const ReservationRequest& wanted,
                                  Time now = kNow) {
  auto result = cache.reserve(wanted, now);
  EXPECT_EQ(result.outcome, ReserveOutcome::kGranted);
  return std::move(result.reservation);
}

/// What every kind of cache promises. INFOREPLY_TEST_CACHE names another one than a new file of
/// LMDB: servers that are there for this, and are emptied.
class ReplyCacheTest : public ::testing::Test {
 protected:
  std::unique_ptr<OpenCache> open() { return open_cache({url()}, CacheAccess::kCreate); }
  [[nodiscard]] std::string path() const { return folder_.path("cache.mdb"); }
  [[nodiscard]] std::string url() const {
    const char* url = std::getenv("INFOREPLY_TEST_CACHE");
    return url == nullptr ? "lmdb:" + path() : std::string(url);
  }
  [[nodiscard]] bool has_file() const { return !is_redis_url(url()); }

  ReplyCacheTest() {
    if (!has_file()) ask_all_servers({"FLUSHALL"});
  }
  void ask_all_servers(const RedisWords& words) const {
    RedisServers servers(url(), parse_redis_url(url()), "");
    servers.attempt([&] {
      for (const auto& master : servers.masters())
        require_answer(*servers.connect(master).ask(words), master.name());
    });
  }
  /// On servers a delivery that was killed is held for a time that is longer than any run.
  void let_holds_end() const {
    ask_all_servers({"EVAL",
                     "for _, key in ipairs(redis.call('KEYS', 'inforeply:1:hold:*')) do "
                     "redis.call('DEL', key) end return 1",
                     "0"});
  }

  std::vector<ReplyRecord> records(const RecordFilter& filter = {}) {
    std::vector<ReplyRecord> found;
    cache_->visit(filter, [&](const ReplyRecord& record) {
      found.push_back(record);
      return true;
    });
    return found;
  }
  /// Another process with the cache open: it does `work`, then is killed without a chance to clean
  /// up or to end the reservation that it holds.
  void in_killed_process(const std::function<std::unique_ptr<Reservation>(OpenCache&)>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto own = open();
      const auto held = work(*own);
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    if (!has_file()) let_holds_end();
  }
  /// The same, but it ends by itself.
  void in_other_process(const std::function<void(OpenCache&)>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      work(*open());
      ::_exit(HasFailure() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  ReserveOutcome reserve(const ReservationRequest& wanted, Time now = kNow) {
    return inforeply::reserve(*cache_, wanted, now);
  }
  std::unique_ptr<Reservation> hold(const ReservationRequest& wanted, Time now = kNow) {
    return inforeply::hold(*cache_, wanted, now);
  }
  void answer(const ReservationRequest& wanted, Time now = kNow) { hold(wanted, now)->confirm(); }

  test::TemporaryFolder folder_;
  std::unique_ptr<OpenCache> cache_ = open();
};

/// And what is so in a file of LMDB alone.
class ReplyCacheInAFile : public ReplyCacheTest {};

TEST_F(ReplyCacheTest, AnswersAPersonOnceInTheInterval) {
  answer(request("first"));
  EXPECT_EQ(reserve(request("second"), kNow + kWeek - Seconds{1}), ReserveOutcome::kAnswered);
  EXPECT_EQ(reserve(request("second"), kNow + kWeek), ReserveOutcome::kGranted);
}

TEST_F(ReplyCacheTest, TellsRespondersSendersAndHandlesApart) {
  answer(request("first"));
  for (const ReplyKey& other : {ReplyKey{"sales@example.org", "alice@example.net", "winter"},
                                ReplyKey{"info@example.org", "bob@example.net", "winter"},
                                ReplyKey{"info@example.org", "alice@example.net", "summer"}}) {
    auto wanted = request("second");
    wanted.key = other;
    hold(wanted)->release();
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
    const Time later = kNow + Seconds{2 * 3600};
    EXPECT_EQ(reserve(wanted, later), ReserveOutcome::kAnswered);
    wanted.is_named = false;  // then it may be another copy of the message as well
    hold(wanted, later)->release();
  }
}

TEST_F(ReplyCacheTest, AnswersOnlyTheFirstMessageWithoutAnInterval) {
  auto wanted = request("first");
  wanted.interval = std::nullopt;
  answer(wanted);
  EXPECT_EQ(reserve(request("second"), kNow + kDay * 36500), ReserveOutcome::kAnswered);
  EXPECT_EQ(records().front().expires_at, std::nullopt);
}

TEST_F(ReplyCacheTest, ReleaseLeavesNothingThatSilencesTheSender) {
  hold(request("first"))->release();
  EXPECT_TRUE(records().empty());
  EXPECT_EQ(cache_->purge({kNow + kWeek, {}, 10, PurgeMode::kCount}), 0U)
      << "the expiry index is empty as well";
  EXPECT_EQ(reserve(request("second")), ReserveOutcome::kGranted);
}

TEST_F(ReplyCacheTest, ReleaseSparesWhatAnotherDeliveryHolds) {
  auto second = request("second");
  second.interval = Seconds{0};
  const auto first = hold(request("first"));
  const auto held = hold(second);
  first->release();
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records().front().delivery, "second");
}

TEST_F(ReplyCacheTest, APendingReservationCountsForOtherMessagesUntilItsLeaseRunsOut) {
  hold(request("first")).reset();
  EXPECT_EQ(reserve(request("second"), kNow + kLease - Seconds{1}), ReserveOutcome::kAnswered);
  EXPECT_EQ(reserve(request("second"), kNow + kLease), ReserveOutcome::kGranted);
}

TEST_F(ReplyCacheInAFile, AReservationFromBeforeTheMachineWasStartedCountsToTheEndOfTheInterval) {
  hold(request("first")).reset();
  auto second = request("second");
  second.booted_at = kNow + Seconds{1};
  EXPECT_EQ(reserve(second, kNow + kLease), ReserveOutcome::kAnswered);
  EXPECT_EQ(reserve(second, kNow + kWeek - Seconds{1}), ReserveOutcome::kAnswered);
  auto first = request("first");
  first.booted_at = second.booted_at;
  hold(first, kNow + kDay)->release();  // the mail server tries again
  EXPECT_EQ(reserve(second, kNow + kDay + kWeek), ReserveOutcome::kGranted);
}

TEST_F(ReplyCacheInAFile, AConfirmationChangesOneOctetOfTheFile) {
  auto held = hold(request("first"));
  const auto before = test::read_file(path());
  held->confirm();
  const auto after = test::read_file(path());
  ASSERT_EQ(before.size(), after.size());
  int changed = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    changed += before[i] != after[i] ? 1 : 0;
  EXPECT_EQ(changed, 1);
  EXPECT_EQ(reserve(request("first")), ReserveOutcome::kAnswered);
}

TEST_F(ReplyCacheTest, WhatIsForgottenMeanwhileIsNotConfirmed) {
  const auto held = hold(request("first"));
  EXPECT_EQ(cache_->forget({}), 1U);
  held->confirm();
  EXPECT_TRUE(records().empty());
}

/// From alice, through a forwarder if it is named.
ReservationRequest request_through(const std::string& forwarder, const std::string& delivery) {
  auto wanted = request(delivery);
  wanted.key.forwarder = forwarder;
  return wanted;
}

TEST_F(ReplyCacheTest, WhoWasAnsweredDirectlyIsNotAnsweredThroughAForwarder) {
  answer(request("first"));
  EXPECT_EQ(reserve(request_through("f.example", "second")), ReserveOutcome::kAnswered);
}

TEST_F(ReplyCacheTest, WhatWentThroughAForwarderSilencesThatWayAlone) {
  answer(request_through("f.example", "first"));
  EXPECT_EQ(reserve(request_through("f.example", "second")), ReserveOutcome::kAnswered);
  EXPECT_EQ(records().front().key.forwarder, "f.example");
  answer(request_through("g.example", "third"));
  answer(request("fourth"));
  EXPECT_EQ(records({{}, "alice@example.net"}).size(), 3U);
  EXPECT_EQ(cache_->forget({{}, "alice@example.net"}), 3U);
}

TEST_F(ReplyCacheTest, TheLongestKeysHaveRoomForAForwarder) {
  auto wanted = request_through(std::string(250, 'f') + ".example", "first");
  wanted.key.responder = std::string(240, 'x') + "@example.org";
  wanted.key.sender = std::string(240, 'y') + "@example.org";
  wanted.key.handle = std::string(kMaxHandleOctets, 'h');
  answer(wanted);
  EXPECT_EQ(reserve(wanted), ReserveOutcome::kAnswered);
  EXPECT_EQ(records().front().key.handle, wanted.key.handle);
  EXPECT_EQ(cache_->purge({kNow + kWeek, {}, 10}), 1U);
}

TEST_F(ReplyCacheTest, WhatNobodyKnowsTheOutcomeOfIsTriedThreeTimes) {
  for (unsigned tries = 1; tries <= kMaxTries; ++tries) {
    auto result = cache_->reserve(request("first"), kNow);
    ASSERT_EQ(result.outcome, ReserveOutcome::kGranted);
    EXPECT_EQ(result.tries, tries);
  }
  EXPECT_EQ(reserve(request("first")), ReserveOutcome::kGivenUp);
  EXPECT_EQ(records().front().state, RecordState::kAnswered);
  EXPECT_EQ(reserve(request("first")), ReserveOutcome::kAnswered);
  EXPECT_EQ(reserve(request("second"), kNow + kWeek - Seconds{1}), ReserveOutcome::kAnswered);
}

TEST_F(ReplyCacheTest, ATryThatIsKnownToHaveFailedIsNone) {
  hold(request("first")).reset();
  for (int times = 0; times < 10; ++times)
    hold(request("first"))->release();
  EXPECT_EQ(cache_->reserve(request("first"), kNow).tries, 2U);
}

TEST_F(ReplyCacheTest, ABusyMemberOfALimitLeavesTheOthersTheirShare) {
  const auto reserve_for = [&](const std::string& member) {
    static int number = 0;
    auto wanted = request(std::to_string(++number));
    wanted.key.sender = std::to_string(number) + "@example.net";
    wanted.limits = {{"main limit", "all", {10, kDay, "10/1d"}, member}};
    return reserve(wanted);
  };
  for (int times = 0; times < 10; ++times)
    EXPECT_EQ(reserve_for("busy"), ReserveOutcome::kGranted);
  EXPECT_EQ(reserve_for("busy"), ReserveOutcome::kRateLimited);
  for (const char* other : {"a", "b", "c", "d", "e"}) {
    EXPECT_EQ(reserve_for(other), ReserveOutcome::kGranted);
    EXPECT_EQ(reserve_for(other), ReserveOutcome::kGranted);
    EXPECT_EQ(reserve_for(other), ReserveOutcome::kRateLimited);
  }
  EXPECT_EQ(reserve_for("f"), ReserveOutcome::kRateLimited) << "twice the limit in all";
}

TEST_F(ReplyCacheTest, TheSameDeliveryIsInProgressWhileItsHolderLives) {
  const auto first = hold(request("first"));
  const pid_t child = ::fork();
  if (child == 0) {
    const bool busy = inforeply::reserve(*open(), request("first")) == ReserveOutcome::kInProgress;
    ::_exit(busy ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(ReplyCacheTest, TheSameDeliveryIsGrantedAgainWhenItsHolderWasKilled) {
  in_killed_process([](OpenCache& cache) { return inforeply::hold(cache, request("first")); });
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records().front().state, RecordState::kPending);
  EXPECT_EQ(reserve(request("second")), ReserveOutcome::kAnswered);
  EXPECT_EQ(reserve(request("first")), ReserveOutcome::kGranted);
}

TEST_F(ReplyCacheTest, AReservationThatIsDroppedStaysPendingAsIfItsHolderWasKilled) {
  hold(request("first")).reset();
  ASSERT_EQ(records().size(), 1U);
  EXPECT_EQ(records().front().state, RecordState::kPending);
  in_other_process([](OpenCache& cache) {
    EXPECT_EQ(inforeply::reserve(cache, request("second")), ReserveOutcome::kAnswered);
    inforeply::hold(cache, request("first"))->release();
  });
  EXPECT_EQ(records().size(), 1U) << "it may have been sent";
}

TEST_F(ReplyCacheTest, AReplyThatMayHaveBeenSentSilencesOthersAlthoughTheNextTryFails) {
  in_killed_process([](OpenCache& cache) { return inforeply::hold(cache, request("first")); });
  for (int tries = 0; tries < 2; ++tries) {
    in_other_process([](OpenCache& cache) { inforeply::hold(cache, request("first"))->release(); });
    EXPECT_EQ(reserve(request("second")), ReserveOutcome::kAnswered);
  }
  EXPECT_EQ(reserve(request("first")), ReserveOutcome::kGranted);
}

TEST_F(ReplyCacheTest, AReservationSilencesOthersWhileItsHolderLivesWhateverTheClockSays) {
  constexpr Seconds kYear{365 * 24 * 3600};
  const auto first = hold(request("first"));
  for (const Time now : {kNow + kLease, kNow + kYear, kNow - kYear}) {
    in_other_process([&](OpenCache& cache) {
      EXPECT_EQ(inforeply::reserve(cache, request("second"), now), ReserveOutcome::kAnswered);
    });
  }
  first->release();
  in_other_process([&](OpenCache& cache) {
    EXPECT_EQ(inforeply::reserve(cache, request("second"), kNow + kLease),
              ReserveOutcome::kGranted);
  });
}

TEST_F(ReplyCacheTest, APurgeSparesAReservationWhileItsHolderLives) {
  auto first = hold(request("first"));
  in_other_process([](OpenCache& cache) {
    for (const auto mode : {PurgeMode::kCount, PurgeMode::kRemove}) {
      EXPECT_EQ(cache.purge({kNow + kWeek, {}, 10, mode}), 0U);
      EXPECT_EQ(cache.purge({kNow + kWeek, Seconds{0}, 10, mode}), 0U);
    }
  });
  EXPECT_EQ(records().size(), 1U);
  first.reset();
  in_other_process([](OpenCache& cache) { EXPECT_EQ(cache.purge({kNow + kWeek, {}, 10}), 1U); });
}

TEST_F(ReplyCacheTest, AnAnswerOutlivesTheProcessThatGaveIt) {
  in_killed_process([](OpenCache& cache) {
    auto held = inforeply::hold(cache, request("first"));
    held->confirm();
    return held;
  });
  EXPECT_EQ(reserve(request("first")), ReserveOutcome::kAnswered);
}

TEST_F(ReplyCacheTest, AnEntryFromTheFutureCountsWithinTheClocksTolerance) {
  answer(request("first"), kNow + kClockTolerance);
  EXPECT_EQ(reserve(request("second"), kNow), ReserveOutcome::kAnswered);
  EXPECT_EQ(reserve(request("second"), kNow - Seconds{1}), ReserveOutcome::kGranted);
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
  const auto found = records({long_local + "@example.org", long_local + "a@example.net"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().key.sender, long_local + "a@example.net");
  EXPECT_EQ(found.front().key.responder, long_local + "@example.org");
}

TEST_F(ReplyCacheTest, VisitsInOrderAndOnlyWhatIsAskedFor) {
  for (const char* responder : {"b@example.org", "a@example.org", "a@example.org.evil.example"}) {
    for (const char* sender : {"y@example.net", "x@example.net"}) {
      auto wanted = request("first");
      wanted.key = {responder, sender, "winter"};
      answer(wanted);
    }
  }
  auto of_a = records({"a@example.org", {}});
  if (!has_file()) {  // servers know no order
    std::sort(of_a.begin(), of_a.end(), [](const ReplyRecord& a, const ReplyRecord& b) {
      return a.key.sender < b.key.sender;
    });
  }
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
  EXPECT_EQ(reserve(request("second")), ReserveOutcome::kGranted);
}

CountedLimit counted(const std::string& counter, std::uint32_t replies,
                     Seconds period = Seconds{3600}) {
  // Of several servers another may have it than the records.
  return {"limit", counter, {replies, period, {}}, {}, counter.starts_with("all") ? counter : ""};
}

class LimitTest : public ReplyCacheTest {
 protected:
  /// The n-th sender's first message, under these limits.
  static ReservationRequest of_sender(int n, std::vector<CountedLimit> limits) {
    auto wanted = request("first");
    wanted.key.sender = std::to_string(n) + "@example.net";
    wanted.limits = std::move(limits);
    return wanted;
  }
  /// How many more replies the counter has room for, by what a reservation would get.
  int room(const std::string& counter, Time now = kNow, std::uint32_t replies = 3) {
    std::vector<std::unique_ptr<Reservation>> held;
    for (int n = 1000;; ++n) {
      auto result = cache_->reserve(of_sender(n, {counted(counter, replies)}), now);
      if (result.outcome != ReserveOutcome::kGranted) break;
      held.push_back(std::move(result.reservation));
    }
    for (const auto& reservation : held)
      reservation->release();
    return static_cast<int>(held.size());
  }
  /// The counter of the limit that a reservation is told to have reached; empty if it has not.
  std::string reached(const ReservationRequest& wanted) {
    const auto result = cache_->reserve(wanted, kNow);
    EXPECT_EQ(result.outcome == ReserveOutcome::kRateLimited, result.reached.has_value());
    return result.reached ? result.reached->counter : "";
  }
};

TEST_F(LimitTest, AReservationCountsAndAReachedLimitStoresNothing) {
  EXPECT_EQ(room("all"), 3);
  for (int n = 0; n < 3; ++n) {
    EXPECT_EQ(reserve(of_sender(n, {counted("all", 3)})), ReserveOutcome::kGranted);
  }
  const auto fourth = of_sender(3, {counted("all", 3)});
  EXPECT_EQ(reserve(fourth), ReserveOutcome::kRateLimited);
  EXPECT_EQ(records().size(), 3U);
  EXPECT_EQ(reserve(fourth), ReserveOutcome::kRateLimited) << "refusals do not count";
  EXPECT_EQ(reached(fourth), "all");
  EXPECT_EQ(reserve(of_sender(3, {counted("other", 3)})), ReserveOutcome::kGranted);
}

TEST(Rfc3834, R32_ALimitKeepsRepliesFromBeingAFlood) {
  const test::TemporaryFolder folder;
  const auto cache = open_cache({folder.path("cache.mdb")}, CacheAccess::kCreate);
  int sent = 0;
  for (int second = 0; second < 1000; ++second) {  // each message with a sender of its own
    auto wanted = request("first");
    wanted.key.sender = std::to_string(second) + "@example.net";
    wanted.limits = {counted("all", 10, Seconds{600})};
    const Time now = kNow + Seconds{second};
    if (reserve(*cache, wanted, now) == ReserveOutcome::kGranted) ++sent;
  }
  EXPECT_EQ(sent, 20);
}

TEST_F(LimitTest, ALimitThatHasBeenReachedEndsWithItsPeriod) {
  for (int n = 0; n < 3; ++n)
    answer(of_sender(n, {counted("all", 3)}), kNow + Seconds{n});
  const Time end = kNow + Seconds{3600};
  EXPECT_EQ(room("all", end - Seconds{1}), 0);
  EXPECT_EQ(room("all", end), 1);
  EXPECT_EQ(room("all", end + Seconds{1}), 2);
  EXPECT_EQ(room("all", end + Seconds{2}), 3);
}

TEST_F(LimitTest, ARecentAnswerGoesBeforeALimitAndDoesNotCount) {
  const auto first = of_sender(0, {counted("all", 1)});
  answer(first);
  auto second = first;
  second.delivery = "second";
  EXPECT_EQ(reserve(second), ReserveOutcome::kAnswered);
  EXPECT_EQ(reserve(first), ReserveOutcome::kAnswered);
  EXPECT_EQ(reserve(of_sender(1, {counted("all", 1)})), ReserveOutcome::kRateLimited);
}

TEST_F(LimitTest, OneReservationCountsAgainstAllItsLimitsOrNone) {
  const std::vector<CountedLimit> both = {counted("wide", 3), counted("narrow", 1)};
  EXPECT_EQ(reserve(of_sender(0, both)), ReserveOutcome::kGranted);
  EXPECT_EQ(room("wide"), 2);
  const auto refused = of_sender(1, both);
  EXPECT_EQ(reserve(refused), ReserveOutcome::kRateLimited);
  EXPECT_EQ(room("wide"), 2);
  EXPECT_EQ(reached(refused), "narrow");
}

TEST_F(LimitTest, OfSeveralReachedOnesTheFirstIsNamed) {
  const std::vector<CountedLimit> limits = {counted("a", 1), counted("b", 1)};
  EXPECT_EQ(reserve(of_sender(0, limits)), ReserveOutcome::kGranted);
  EXPECT_EQ(reached(of_sender(1, limits)), "a");
}

TEST_F(LimitTest, AReleasedReservationCountsNoMore) {
  const std::vector<CountedLimit> both = {counted("all", 3), counted("other", 3)};
  const auto first = hold(of_sender(0, both));
  EXPECT_EQ(room("all"), 2);
  first->release();
  EXPECT_EQ(room("all"), 3);
  EXPECT_EQ(room("other"), 3);
}

TEST_F(LimitTest, AConfirmedReplyCountsOnce) {
  answer(of_sender(0, {counted("all", 3)}));
  EXPECT_EQ(room("all"), 2);
}

TEST_F(LimitTest, ADeliveryTriedAgainIsCountedOnceAndGoesWhereTheLimitIsReached) {
  const std::vector<CountedLimit> limits = {counted("all", 1)};
  in_killed_process([&](OpenCache& cache) { return inforeply::hold(cache, of_sender(0, limits)); });
  EXPECT_EQ(reserve(of_sender(1, limits)), ReserveOutcome::kRateLimited);
  EXPECT_EQ(reserve(of_sender(0, limits), kNow + Seconds{60}), ReserveOutcome::kGranted);
  EXPECT_EQ(room("all", kNow + Seconds{60}), 2) << "of three";
}

TEST_F(LimitTest, ADeliveryTriedAgainCountsOnEvenIfItFailsThen) {
  const std::vector<CountedLimit> limits = {counted("all", 3)};
  in_killed_process([&](OpenCache& cache) { return inforeply::hold(cache, of_sender(0, limits)); });
  hold(of_sender(0, limits), kNow + Seconds{60})->release();
  EXPECT_EQ(room("all", kNow + Seconds{60}), 2) << "the first try may have sent it";
}

TEST_F(LimitTest, AReservationThatAnotherHasReplacedIsTakenBackAsWell) {
  auto wanted = of_sender(0, {counted("all", 3)});
  wanted.interval = Seconds{0};
  const auto first = hold(wanted);
  wanted.delivery = "second";
  const auto second = hold(wanted);
  EXPECT_EQ(room("all"), 1);
  first->release();
  EXPECT_EQ(records().size(), 1U);
  EXPECT_EQ(room("all"), 2);
  second->release();
  EXPECT_EQ(room("all"), 3);
}

TEST_F(LimitTest, ALongCounterIsKeptApartFromAnother) {
  const std::string prefix = "responder " + std::string(300, 'x');
  answer(of_sender(0, {counted(prefix + "a", 3)}));
  EXPECT_EQ(room(prefix + "a"), 2);
  EXPECT_EQ(room(prefix + "b"), 3);
}

TEST_F(LimitTest, OutlivesTheProcess) {
  in_killed_process([&](OpenCache& cache) {
    auto held = inforeply::hold(cache, of_sender(0, {counted("all", 3)}));
    held->confirm();
    return held;
  });
  EXPECT_EQ(room("all"), 2);
}

/// So many processes at once, each with as many senders, of whose replies every `fails`-th fails:
/// how many replies were sent.
int sent_by_processes(const std::string& url, std::uint32_t replies, int fails) {
  constexpr int kProcesses = 4;
  constexpr int kSenders = 15;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    const auto own = open_cache({url}, CacheAccess::kCreate);
    int sent = 0;
    for (int n = 0; n < kSenders; ++n) {
      auto wanted = request("first");
      wanted.key.sender = std::to_string(process * kSenders + n) + "@example.net";
      wanted.limits = {counted("all", replies)};
      const auto reservation = own->reserve(wanted, kNow).reservation;
      if (!reservation) continue;
      if (n % fails == fails - 1) {
        reservation->release();
      } else {
        reservation->confirm();
        ++sent;
      }
    }
    ::_exit(sent);
  }
  int sent = 0;
  for (const pid_t child : children) {
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    sent += WEXITSTATUS(status);
  }
  return sent;
}

TEST_F(LimitTest, IsNeverExceededHoweverManyProcessesAnswerAtOnce) {
  cache_.reset();
  EXPECT_EQ(sent_by_processes(url(), 20, 1000), 20);
  cache_ = open();
  EXPECT_EQ(records().size(), 20U);
  EXPECT_EQ(room("all", kNow, 20), 0);
}

TEST_F(LimitTest, IsNeverExceededWhereRepliesFailAtTheSameTime) {
  cache_.reset();
  const int sent = sent_by_processes(url(), 20, 3);
  cache_ = open();
  EXPECT_LE(sent, 20);
  EXPECT_EQ(records().size(), static_cast<std::size_t>(sent));
  EXPECT_EQ(room("all", kNow, 20), 20 - sent);
}

class LimitInAFile : public LimitTest {};

TEST_F(LimitInAFile, APurgeLeavesACounterUntilItsPeriodIsOver) {
  answer(of_sender(0, {counted("all", 3)}));
  cache_->purge({kNow + Seconds{3599}, {}, 10});
  EXPECT_EQ(room("all"), 2);
  // Seen from then, as now it would not be counted in any case.
  cache_->purge({kNow + Seconds{3600}, {}, 10, PurgeMode::kCount});
  EXPECT_EQ(room("all"), 2) << "a dry run";
  cache_->purge({kNow + Seconds{3600}, {}, 10});
  EXPECT_EQ(room("all"), 3);
}

TEST_F(LimitInAFile, APurgeRemovesAnyNumberOfCountersAndCountsThemNot) {
  for (int n = 0; n < 25; ++n)
    answer(of_sender(n, {counted("domain " + std::to_string(n), 1)}));
  EXPECT_EQ(cache_->purge({kNow + Seconds{3600}, {}, 10}), 0U);
  for (int n = 0; n < 25; ++n) {
    EXPECT_EQ(reserve(of_sender(100 + n, {counted("domain " + std::to_string(n), 1)})),
              ReserveOutcome::kGranted);
  }
}

TEST_F(LimitTest, ForgettingASenderDoesNotMakeRoom) {
  answer(of_sender(0, {counted("all", 3)}));
  EXPECT_EQ(cache_->forget({{}, "0@example.net"}), 1U);
  EXPECT_EQ(room("all"), 2);
}

/// Removes the database of counters: a file as it was before there were any.
void drop_counters(const std::string& path) {
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi limits = 0;
  ASSERT_EQ(mdb_env_create(&env), 0);
  ASSERT_EQ(mdb_env_set_maxdbs(env, 3), 0);
  ASSERT_EQ(mdb_env_open(env, path.c_str(), MDB_NOSUBDIR, 0600), 0);
  ASSERT_EQ(mdb_txn_begin(env, nullptr, 0, &txn), 0);
  ASSERT_EQ(mdb_dbi_open(txn, "limits", 0, &limits), 0);
  ASSERT_EQ(mdb_drop(txn, limits, 1), 0);
  ASSERT_EQ(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
}

TEST_F(LimitInAFile, AFileThatIsOlderThanLimitsIsCompleted) {
  for (const CacheAccess access : {CacheAccess::kCreate, CacheAccess::kExisting}) {
    if (records().empty()) answer(request("first"));
    cache_.reset();
    drop_counters(path());
    cache_ = open_cache({path()}, access);
    EXPECT_EQ(records().size(), 1U);
    EXPECT_EQ(room("all"), 3);
    cache_.reset();
    cache_ = open();
    EXPECT_EQ(room("all"), 3);
  }
}

class PurgeTest : public ReplyCacheTest {
 protected:
  /// Ten senders, answered a day apart: the first ten days ago.
  void SetUp() override {
    for (int days = 10; days > 0; --days) {
      auto wanted = request("first");
      wanted.key.sender = std::to_string(days) + "@example.net";
      answer(wanted, kNow - kDay * days);
    }
  }
};

TEST_F(PurgeTest, RemovesWhatHasExpiredInBatches) {
  EXPECT_EQ(cache_->purge({kNow, {}, 3}), 4U);  // answered 10, 9, 8 and 7 days ago
  EXPECT_EQ(records().size(), 6U);
  EXPECT_EQ(cache_->purge({kNow, {}, 3}), 0U);
}

TEST_F(PurgeTest, ADryRunCountsAndRemovesNothing) {
  EXPECT_EQ(cache_->purge({kNow, {}, 3, PurgeMode::kCount}), 4U);
  EXPECT_EQ(cache_->purge({kNow, kDay * 2, 3, PurgeMode::kCount}), 8U);
  EXPECT_EQ(records().size(), 10U);
}

TEST_F(PurgeTest, OlderThanGoesByTheTimeOfTheAnswer) {
  EXPECT_EQ(cache_->purge({kNow, kDay * 2, 3}), 8U);  // those of 2 and 1 days ago stay
  EXPECT_EQ(records().size(), 2U);
}

TEST_F(PurgeTest, APendingReservationGoesOnlyAfterItsIntervalAndItsLease) {
  for (const Seconds interval : {Seconds{60}, kWeek}) {
    auto wanted = request("pending");
    wanted.interval = interval;
    ASSERT_EQ(reserve(wanted), ReserveOutcome::kGranted);
    const Time end = kNow + std::max(interval, kLease);
    cache_->purge({end - Seconds{1}, Seconds{0}, 100});
    EXPECT_EQ(records().size(), 1U);
    EXPECT_EQ(cache_->purge({end, {}, 100}), 1U);
  }
}

TEST_F(PurgeTest, AnAnswerRenewedIsNotPurgedByItsOldDate) {
  auto wanted = request("again");
  wanted.key.sender = "10@example.net";
  answer(wanted);
  EXPECT_EQ(cache_->purge({kNow, {}, 100}), 3U);
  EXPECT_EQ(records({{}, "10@example.net"}).size(), 1U);
}

TEST_F(PurgeTest, WhatIsAnsweredAnewWhileItRunsStays) {
  auto wanted = request("again");
  PurgeRequest expired{kNow, {}, 1};
  bool is_answered = false;
  expired.on_progress = [&](std::size_t removed) {
    if (removed != 1 || std::exchange(is_answered, true)) return;
    for (const auto& record : records()) {  // one that is yet to be removed
      if (*record.expires_at <= kNow) wanted.key.sender = record.key.sender;
    }
    answer(wanted);
  };
  EXPECT_EQ(cache_->purge(expired), 3U) << "of four";
  EXPECT_EQ(records({{}, wanted.key.sender}).size(), 1U);
}

TEST_F(ReplyCacheInAFile, OnlyTheOwnerMayReadTheFile) {
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(ReplyCacheInAFile, TheFileStaysSmallWhateverTheMap) {
  EXPECT_LT(std::filesystem::file_size(path()), 1024U * 1024U);
}

/// The message of the error that opening gives, and the file as it was.
void expect_refused(const std::string& path, const std::string& content, const std::string& cause) {
  try {
    open_cache({path}, CacheAccess::kCreate);
    ADD_FAILURE() << "opened " << path;
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kCache);
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(cause), std::string::npos) << error.what();
  }
  EXPECT_EQ(test::read_file(path), content);
}

TEST(ReplyCacheFile, AFileThatIsNoCacheIsRefusedAndLeftAsItIs) {
  const test::TemporaryFolder folder;
  const std::string text(100'000, 'x');
  expect_refused(folder.write("notes.txt", text), text, "not an LMDB file");
}

TEST(ReplyCacheFile, AFileOfANewerFormatIsRefusedAndLeftAsItIs) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("cache.mdb");
  open_cache({path}, CacheAccess::kCreate);
  std::string content = test::read_file(path);
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
  EXPECT_THROW(open_cache({folder.path("folder")}, CacheAccess::kCreate), Error);
  EXPECT_FALSE(std::filesystem::exists(folder.path("folder-lock")));
}

TEST(ReplyCacheFile, InspectionDoesNotMakeACacheOfAnEmptyFile) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("empty", "");
  EXPECT_THROW(open_cache({path}, CacheAccess::kExisting), Error);
  EXPECT_NO_THROW(open_cache({folder.write("to-fill", "")}, CacheAccess::kCreate));
}

TEST(ReplyCacheFile, WhatRootMakesBelongsToTheOwnerOfTheFolder) {
  if (::geteuid() != 0) return;  // nobody else can give a file away
  const test::TemporaryFolder folder;
  constexpr uid_t kOwner = 4242;
  ASSERT_EQ(::chown(folder.path().c_str(), kOwner, kOwner), 0);
  for (const CacheAccess access : {CacheAccess::kCreate, CacheAccess::kExisting}) {
    open_cache({folder.path("cache.mdb")}, access);
    for (const char* name : {"cache.mdb", "cache.mdb-lock"}) {
      struct stat status {};
      ASSERT_EQ(::stat(folder.path(name).c_str(), &status), 0);
      EXPECT_EQ(status.st_uid, kOwner) << name;
    }
    std::filesystem::remove(folder.path("cache.mdb-lock"));  // as after a restored backup
  }
}

/// A new file, of which only the first page was written.
void make_half(const std::string& path) {
  open_cache({path}, CacheAccess::kCreate);
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(::sysconf(_SC_PAGESIZE)));
}

TEST(ReplyCacheFile, AFileThatWasMadeByHalfIsMadeAnew) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("cache.mdb");
  make_half(path);
  for (int opened = 0; opened < 2; ++opened) {
    const auto cache = open_cache({path}, CacheAccess::kCreate);
    EXPECT_EQ(reserve(*cache, request("first")), ReserveOutcome::kGranted);
  }
}

TEST(ReplyCacheFile, AFileInUseThatLostAllButItsFirstPageIsRefusedAndLeftAsItIs) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("cache.mdb");
  hold(*open_cache({path}, CacheAccess::kCreate), request("first"));
  const auto page = static_cast<std::uintmax_t>(::sysconf(_SC_PAGESIZE));
  std::filesystem::resize_file(path, page);
  EXPECT_THROW(open_cache({path}, CacheAccess::kCreate), Error);
  EXPECT_EQ(std::filesystem::file_size(path), page);
}

TEST(ReplyCacheFile, OfManyThatFindAFileMadeByHalfAllCanUseIt) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("cache.mdb");
  make_half(path);
  std::vector<pid_t> children;
  for (int n = 0; n < 20; ++n) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    auto wanted = request("first");
    wanted.key.sender = std::to_string(n) + "@example.net";
    const auto cache = open_cache({path}, CacheAccess::kCreate);
    const auto reservation = cache->reserve(wanted, kNow).reservation;
    if (reservation) reservation->confirm();
    ::_exit(reservation ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  std::size_t records = 0;
  open_cache({path}, CacheAccess::kExisting)->visit({}, [&](const ReplyRecord& /*record*/) {
    ++records;
    return true;
  });
  EXPECT_EQ(records, children.size());
}

TEST(ReplyCacheFile, AMissingFolderIsAnErrorAndNotMade) {
  const test::TemporaryFolder folder;
  expect_refused(folder.path("missing/cache.mdb"), "", "No such file or directory");
  EXPECT_FALSE(std::filesystem::exists(folder.path("missing")));
}

TEST(ReplyCacheFile, InspectionDoesNotMakeAFile) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(open_cache({folder.path("cache.mdb")}, CacheAccess::kExisting), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ReplyCacheUrl, NamesAFileOrServers) {
  for (const char* url : {"lmdb:/var/lib/inforeply/cache.mdb", "/var/lib/inforeply/cache.mdb",
                          "redis://localhost", "redis+unix:/run/redis.sock"}) {
    EXPECT_NO_THROW(check_cache_url(url)) << url;
  }
  for (const char* url : {"", "lmdb:", "rediss://localhost", "redis:", "sqlite://x"}) {
    EXPECT_THROW(check_cache_url(url), Error) << url;
  }
}

}  // namespace
}  // namespace inforeply
