#include "cache/record_format.hpp"

#include <gtest/gtest.h>

namespace inforeply {
namespace {

constexpr Seconds kHour{3600};
const Time kNow{Seconds{1'700'000'000}};
const RateLimit kLimit{2, kHour, "2/1h"};

ReplyTally tally_of(std::uint32_t replies) {
  ReplyTally tally;
  for (std::uint32_t i = 0; i < replies; ++i)
    tally.add(kLimit, kNow + Seconds{i});
  return tally;
}

TEST(StoredTally, IsReadAsItWas) {
  for (const std::uint32_t limit : {0U, 1U, 2U, 0xFFFFFFFFU}) {
    const auto tally = tally_of(2);
    const auto value = encode(tally, kHour, limit);
    const auto again = decode_tally(value);
    ASSERT_TRUE(again);
    ASSERT_EQ(again->entries().size(), 2U);
    EXPECT_EQ(again->entries().front().at, kNow);
    EXPECT_EQ(again->entries().front().replies, 1U);
    EXPECT_EQ(encode(*again, kHour, limit), value);
    EXPECT_EQ(expiry_in(value), kNow + Seconds{1} + kHour);
  }
}

TEST(StoredTally, TellsWhetherItsLimitIsReached) {
  EXPECT_FALSE(is_limit_reached(encode(tally_of(1), kHour, 2), kNow));
  const auto full = encode(tally_of(2), kHour, 2);
  EXPECT_TRUE(is_limit_reached(full, kNow + Seconds{1}));
  EXPECT_TRUE(is_limit_reached(full, kNow + kHour - Seconds{1}));
  EXPECT_FALSE(is_limit_reached(full, kNow + kHour));
}

TEST(StoredTally, WithoutALimitReachesNone) {
  EXPECT_FALSE(is_limit_reached(encode(tally_of(2), kHour), kNow + Seconds{1}));
  for (std::size_t size = 0; size < 20; ++size)
    EXPECT_FALSE(is_limit_reached(std::string(size, '\xFF'), kNow));
}

TEST(StoredTally, IsNotReachedIfItsTimesAreDamaged) {
  constexpr Seconds kFar{7'000'000'000'000'000'000};
  const auto value = encode(ReplyTally({{Time{-kFar}, 2}}), kHour, 2);
  for (const auto expires : {Time{kFar}, Time{-kFar}, kNow})
    EXPECT_FALSE(is_limit_reached(expiry_value(expires) + value.substr(8), kNow));
}

TEST(StoredTally, BringsDamagedTimesNearEnoughToReckonWith) {
  const std::string farthest = expiry_value(Time{Seconds::max()});
  const auto tally = decode_tally(farthest + farthest + std::string({1, 0, 0, 0}));
  ASSERT_TRUE(tally);
  ASSERT_EQ(tally->entries().size(), 1U);
  const auto at = tally->entries().front().at;
  EXPECT_GT(at, kNow);
  EXPECT_GT(at + kHour, at);
  EXPECT_EQ(decode_tally(encode(*tally, kHour))->entries().front().at, at);
}

TEST(StoredTally, CountsNothingForItsLimitInOlderVersions) {
  // These take what tells the limit for one more entry.
  const auto value = encode(tally_of(2), kHour, 2);
  ASSERT_EQ(value.size(), 8 + 3 * 12U);
  ReplyTally as_of_old(
      {{Time{Seconds{-(std::int64_t{1} << 32) + 2}}, 0}, {kNow, 1}, {kNow + Seconds{1}, 1}});
  EXPECT_EQ(encode(as_of_old, kHour), value);
  EXPECT_FALSE(as_of_old.has_room(kLimit, kNow + Seconds{1}));
  EXPECT_TRUE(as_of_old.has_room({3, kHour, {}}, kNow + Seconds{1}));
  as_of_old.add({3, kHour, {}}, kNow + Seconds{2});
  EXPECT_EQ(as_of_old.entries().size(), 3U);
}

TEST(KindOfLimit, IsTheFirstWordOfItsCounter) {
  EXPECT_EQ(kind_of_limit("all"), "all");
  EXPECT_EQ(kind_of_limit("domain a.example"), "domain");
  EXPECT_EQ(kind_of_limit("responder /etc/a b.conf"), "responder");
}

}  // namespace
}  // namespace inforeply
