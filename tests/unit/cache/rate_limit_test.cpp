#include "inforeply/rate_limit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace inforeply {
namespace {

constexpr Time kNow{Seconds{1'800'000'000}};
constexpr Seconds kHour{3600};

RateLimit limit_of(std::uint32_t replies, Seconds period = kHour) {
  return {replies, period, {}};
}

TEST(RateLimit, IsANumberOfRepliesInATime) {
  const struct {
    const char* text;
    std::uint32_t replies;
    Seconds period;
  } cases[] = {
      {"1/1s", 1, Seconds{1}},
      {"100/1h", 100, kHour},
      {"20/90m", 20, Seconds{5400}},
      {" 5 / 1d ", 5, Seconds{24 * 3600}},
      {"4294967295/52w", std::numeric_limits<std::uint32_t>::max(), Seconds{52 * 7 * 24 * 3600}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto limit = parse_rate_limit(c.text);
    ASSERT_TRUE(limit);
    EXPECT_EQ(limit->replies, c.replies);
    EXPECT_EQ(limit->period, c.period);
    EXPECT_EQ(limit->text, c.text);
  }
}

TEST(RateLimit, IsNothingElse) {
  for (const char* text :
       {"", "/", "100", "100/", "/1h", "0/1h", "100/0s", "100/0", "-1/1h", "1/-1h", "4294967296/1h",
        "100 per 1h", "1.5/1h", "100/1h/1h", "100/h", "once/1h", "100/7", "0x10/1h", "+1/1h"}) {
    EXPECT_FALSE(parse_rate_limit(text)) << text;
  }
}

TEST(ReplyTally, HasRoomForSoManyInAnySpanOfThePeriod) {
  ReplyTally tally;
  const auto limit = limit_of(3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(tally.has_room(limit, kNow + Seconds{i * 10}));
    tally.add(limit, kNow + Seconds{i * 10});
  }
  EXPECT_FALSE(tally.has_room(limit, kNow + Seconds{20}));
  EXPECT_FALSE(tally.has_room(limit, kNow + kHour - Seconds{1}));
  EXPECT_TRUE(tally.has_room(limit, kNow + kHour));
  tally.add(limit, kNow + kHour);
  EXPECT_FALSE(tally.has_room(limit, kNow + kHour));
  EXPECT_FALSE(tally.has_room(limit, kNow + kHour + Seconds{9}));
  EXPECT_TRUE(tally.has_room(limit, kNow + kHour + Seconds{10}));
}

TEST(ReplyTally, ForgetsWhatTheLimitDoesNotAskFor) {
  ReplyTally tally;
  for (int i = 0; i < 10; ++i)
    tally.add(limit_of(3), kNow + Seconds{i * 1000});
  EXPECT_EQ(tally.entries().size(), 4U);  // of the last hour
  EXPECT_EQ(tally.entries().front().at, kNow + Seconds{6000});
}

TEST(ReplyTally, TakesBackWhatWasNotSent) {
  const auto limit = limit_of(2);
  ReplyTally tally;
  tally.add(limit, kNow);
  tally.add(limit, kNow + Seconds{5});
  tally.take_back(limit, kNow);
  EXPECT_TRUE(tally.has_room(limit, kNow + Seconds{5}));
  tally.add(limit, kNow + Seconds{6});
  EXPECT_FALSE(tally.has_room(limit, kNow + kHour));
  EXPECT_TRUE(tally.has_room(limit, kNow + kHour + Seconds{5}));
}

TEST(ReplyTally, TakesBackNobodyElses) {
  const auto limit = limit_of(1);
  ReplyTally tally;
  tally.take_back(limit, kNow);
  EXPECT_TRUE(tally.entries().empty());
  tally.add(limit, kNow);
  tally.take_back(limit, kNow + Seconds{1});
  EXPECT_FALSE(tally.has_room(limit, kNow));
  // The reply of then was sent slowly, and its time is over; another one has been counted since.
  tally.add(limit, kNow + kHour);
  tally.take_back(limit, kNow);
  EXPECT_FALSE(tally.has_room(limit, kNow + kHour));
}

TEST(ReplyTally, CountsWhatAClockThatSteppedBackHasLeftInTheFuture) {
  const auto limit = limit_of(1);
  ReplyTally tally;
  tally.add(limit, kNow);
  EXPECT_FALSE(tally.has_room(limit, kNow - Seconds{1}));
  EXPECT_FALSE(tally.has_room(limit, kNow - limit.period));
  EXPECT_TRUE(tally.has_room(limit, kNow - limit.period - Seconds{1}));
  const RateLimit of_a_week{1, Seconds{7 * 24 * 3600}, {}};
  EXPECT_FALSE(tally.has_room(of_a_week, kNow - kClockTolerance));
  EXPECT_TRUE(tally.has_room(of_a_week, kNow - kClockTolerance - Seconds{1}));
}

TEST(ReplyTally, ForgetsWhatAWrongClockHasLeft) {
  const auto limit = limit_of(1);
  ReplyTally tally;
  tally.add(limit, kNow + kClockTolerance + Seconds{1});
  tally.add(limit, kNow);
  ASSERT_EQ(tally.entries().size(), 1U);
  EXPECT_EQ(tally.entries().front().at, kNow);
}

TEST(ReplyTally, KeepsItsEntriesInOrderWhateverTheClockDoes) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> step(-100, 100);
  const auto limit = limit_of(1000);
  ReplyTally tally;
  Time now = kNow;
  for (int i = 0; i < 2000; ++i) {
    now += Seconds{step(random)};
    tally.add(limit, now);
    const auto& entries = tally.entries();
    ASSERT_TRUE(std::is_sorted(entries.begin(), entries.end(),
                               [](const auto& a, const auto& b) { return a.at < b.at; }));
    ASSERT_LE(entries.size(), ReplyTally::kMaxEntries);
  }
}

/// All replies with their times: what a tally would be with any amount of room.
class NaiveTally {
 public:
  [[nodiscard]] bool has_room(const RateLimit& limit, Time now) const {
    return std::count_if(times_.begin(), times_.end(), [&](Time at) {
             return at > now - limit.period && at <= now + kClockTolerance;
           }) < static_cast<std::ptrdiff_t>(limit.replies);
  }
  void add(Time now) { times_.push_back(now); }
  void take_back(Time at) {
    const auto found = std::find(times_.begin(), times_.end(), at);
    if (found != times_.end()) times_.erase(found);
  }

 private:
  std::vector<Time> times_;
};

enum class Failures { kNone, kSome };

/// Replies at random times, of which some may fail and be taken back. Calls `compare` with what
/// both tallies say before each.
template <typename Compare>
void run_randomly(const RateLimit& limit, Failures failures, unsigned seed, Compare compare) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> step(0, 120);
  std::uniform_int_distribution<int> one_in_five(0, 4);
  ReplyTally tally;
  NaiveTally naive;
  Time now = kNow;
  for (int i = 0; i < 3000; ++i) {
    now += Seconds{step(random)};
    const bool room = tally.has_room(limit, now);
    compare(room, naive.has_room(limit, now));
    if (!room) continue;
    tally.add(limit, now);
    naive.add(now);
    if (failures == Failures::kSome && one_in_five(random) == 0) {
      tally.take_back(limit, now);
      naive.take_back(now);
    }
    ASSERT_LE(tally.entries().size(), ReplyTally::kMaxEntries);
  }
}

TEST(ReplyTally, IsExactForAsManyAsItHasEntries) {
  for (const auto failures : {Failures::kNone, Failures::kSome}) {
    for (const std::uint32_t replies : {1U, 2U, 7U, 50U}) {
      for (unsigned seed = 0; seed < 5; ++seed) {
        run_randomly(limit_of(replies), failures, seed,
                     [](bool room, bool expected) { ASSERT_EQ(room, expected); });
      }
    }
  }
}

TEST(ReplyTally, IsNeverTooLenientForMore) {
  for (const auto failures : {Failures::kNone, Failures::kSome}) {
    for (const std::uint32_t replies : {65U, 100U, 1000U}) {
      int refused = 0;
      for (unsigned seed = 0; seed < 5; ++seed) {
        run_randomly(limit_of(replies, Seconds{24 * 3600}), failures, seed,
                     [&](bool room, bool expected) {
                       ASSERT_TRUE(expected || !room);
                       refused += room ? 0 : 1;
                     });
      }
      EXPECT_GT(refused, 0);
    }
  }
}

TEST(ReplyTally, GrantsNearlyAllThatItMayForMore) {
  constexpr std::uint32_t kReplies = 1000;
  const auto limit = limit_of(kReplies, Seconds{24 * 3600});
  ReplyTally tally;
  int granted = 0;
  for (int second = 0; second < 10 * 24 * 3600; second += 60) {
    if (!tally.has_room(limit, kNow + Seconds{second})) continue;
    tally.add(limit, kNow + Seconds{second});
    ++granted;
  }
  EXPECT_GE(granted, 10 * 900);
  EXPECT_LE(granted, 10 * 1000);
}

}  // namespace
}  // namespace inforeply
