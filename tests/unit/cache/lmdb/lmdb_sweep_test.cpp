// Going through many records while they change: visit, forget, purge, and storing many at once.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/open_cache.hpp"
#include "fixtures.hpp"
#include "inforeply/cache_store.hpp"

namespace inforeply {
namespace {

constexpr Time kNow{Seconds{1'800'000'000}};
constexpr Seconds kHour{3600};
constexpr Seconds kDay{24 * 3600};
constexpr Seconds kWeek{7 * 24 * 3600};
constexpr std::size_t kMany = 2500;  // more than are read in two transactions

/// Senders in the order of their numbers.
std::string numbered(std::size_t number) {
  const std::string digits = std::to_string(number);
  return std::string(6 - digits.size(), '0') + digits + "@example.net";
}

ReplyRecord record(std::string sender, Time answered_at = kNow,
                   std::optional<Seconds> interval = kWeek) {
  ReplyRecord record;
  record.key = {"info@example.org", std::move(sender), "winter"};
  record.state = RecordState::kAnswered;
  record.answered_at = answered_at;
  if (interval) record.expires_at = answered_at + *interval;
  record.count = 1;
  record.message_id = "<1@example.net>";
  record.delivery = "first";
  return record;
}

class SweepTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder_.path("cache.mdb"); }

  void put_many(Time answered_at, const std::string& responder = "info@example.org") {
    std::vector<ReplyRecord> records;
    for (std::size_t number = 0; number < kMany; ++number) {
      records.push_back(record(numbered(number), answered_at));
      records.back().key.responder = responder;
    }
    ASSERT_EQ(cache_->put(records), kMany);
  }
  void put(const ReplyRecord& record) { ASSERT_EQ(cache_->put({&record, 1}), 1U); }

  std::vector<std::string> senders(const RecordFilter& filter = {}) {
    std::vector<std::string> found;
    cache_->visit(filter, [&](const ReplyRecord& record) {
      found.push_back(record.key.sender);
      return true;
    });
    return found;
  }
  std::optional<ReplyRecord> find(const std::string& sender) {
    std::optional<ReplyRecord> found;
    cache_->visit({"info@example.org", sender}, [&](const ReplyRecord& record) {
      found = record;
      return true;
    });
    return found;
  }
  PurgeRequest purge_at(Time now, std::size_t batch = 100) {
    PurgeRequest request;
    request.now = now;
    request.batch = batch;
    return request;
  }
  /// A reply that so many limits count for an hour.
  void count_against(std::size_t limits) {
    ReservationRequest wanted{{"info@example.org", "alice@example.net", "winter"},
                              "<1@example.net>",
                              "first",
                              true,
                              kWeek,
                              {}};
    for (std::size_t number = 0; number < limits; ++number)
      wanted.limits.push_back({"limit", std::to_string(number), {1, kHour, {}}});
    const auto reservation = cache_->reserve(wanted, kNow).reservation;
    ASSERT_NE(reservation, nullptr);
    reservation->confirm();
  }
  std::size_t counters() {
    cache_.reset();
    const auto size = make_cache_store({path()})->measure();
    cache_ = open_cache({path()}, CacheAccess::kExisting);
    const auto limits = std::find_if(size.tables.begin(), size.tables.end(),
                                     [](const TableSize& table) { return table.name == "limits"; });
    return limits->entries;
  }
  /// The index by expiry agrees with the records.
  void TearDown() override {
    cache_.reset();
    EXPECT_TRUE(
        make_cache_store({path()})
            ->check(CheckMode::kReport, [](const std::string& fault) { ADD_FAILURE() << fault; })
            .is_sound());
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<OpenCache> cache_ = open_cache({path()}, CacheAccess::kCreate);
};

TEST_F(SweepTest, AVisitSeesEveryRecordOnceInOrderHoweverManyThereAre) {
  put_many(kNow);
  const auto found = senders();
  ASSERT_EQ(found.size(), kMany);
  for (std::size_t number = 0; number < kMany; ++number)
    ASSERT_EQ(found[number], numbered(number));
}

TEST_F(SweepTest, AVisitStopsWhenItIsToldTo) {
  put_many(kNow);
  for (const std::size_t stop : {1U, 999U, 1000U, 1001U, 2000U}) {
    std::size_t seen = 0;
    cache_->visit({}, [&](const ReplyRecord& /*record*/) { return ++seen < stop; });
    EXPECT_EQ(seen, stop);
  }
}

TEST_F(SweepTest, AVisitorMayChangeWhatItVisits) {
  put_many(kNow);
  std::size_t seen = 0;
  cache_->visit({}, [&](const ReplyRecord& visited) {  // no lock of a transaction is in the way
    ++seen;
    if (seen % 500 == 0) cache_->forget({"info@example.org", visited.key.sender});
    if (seen == 10) cache_->forget({"info@example.org", numbered(1500)});
    if (seen == 20) put(record("zz@example.net"));
    return true;
  });
  EXPECT_EQ(seen, kMany) << "one that went, and one that came";
  EXPECT_EQ(senders().size(), kMany - kMany / 500);
}

TEST_F(SweepTest, ForgetsAnyNumberAndOnlyWhatIsSelected) {
  put_many(kNow);
  put_many(kNow, "info@example.org.evil.example");
  put(record("zz@example.net"));
  EXPECT_EQ(cache_->forget({"info@example.org", {}}), kMany + 1);
  EXPECT_EQ(senders().size(), kMany);
  EXPECT_EQ(cache_->forget({{}, numbered(7)}), 1U);
  EXPECT_EQ(cache_->forget({}), kMany - 1);
}

TEST_F(SweepTest, PurgesAnyNumberInBatchesOfAnySize) {
  for (const std::size_t batch : {std::size_t{99}, kMany, 10 * kMany}) {
    put_many(kNow);
    put(record("zz@example.net", kNow + Seconds{1}));
    EXPECT_EQ(cache_->purge(purge_at(kNow + kWeek, batch)), kMany);
    EXPECT_EQ(senders(), std::vector<std::string>{"zz@example.net"});
    cache_->forget({});
  }
}

TEST_F(SweepTest, PurgesOneRespondersRecordsAlone) {
  put_many(kNow, "a@example.org");
  put_many(kNow, "b@example.org");
  put(record("zz@example.net", kNow + kDay));
  auto request = purge_at(kNow + kWeek);
  request.responder = "a@example.org";
  request.mode = PurgeMode::kCount;
  EXPECT_EQ(cache_->purge(request), kMany);
  request.mode = PurgeMode::kRemove;
  EXPECT_EQ(cache_->purge(request), kMany);
  EXPECT_EQ(cache_->purge(request), 0U);
  EXPECT_EQ(senders({"b@example.org", {}}).size(), kMany);
  request.responder = "info@example.org";
  EXPECT_EQ(cache_->purge(request), 0U) << "has not expired";
  request.older_than = kDay;
  EXPECT_EQ(cache_->purge(request), 1U);
}

TEST_F(SweepTest, APurgeLeavesWhatIsAnsweredAnewMeanwhile) {
  for (const bool by_age : {false, true}) {
    cache_->forget({});
    put_many(kNow);
    auto request = purge_at(kNow + kWeek, 100);
    if (by_age) request.older_than = kDay;
    bool is_first = true;
    request.on_progress = [&](std::size_t removed) {
      if (removed == 0 || !is_first) return;
      is_first = false;
      put(record(numbered(kMany - 1), kNow + kWeek));  // which it has found already
    };
    EXPECT_EQ(cache_->purge(request), kMany - 1);
    ASSERT_EQ(senders(), std::vector<std::string>{numbered(kMany - 1)});
    EXPECT_EQ(find(numbered(kMany - 1))->answered_at, kNow + kWeek);
  }
}

TEST_F(SweepTest, PurgesTheFewThatHaveExpiredAmongMany) {
  put_many(kNow + kDay);
  put_many(kNow + kDay, "other@example.org");
  for (std::size_t number = 0; number < kMany; number += 100)
    put(record(numbered(number) + ".au", kNow));
  EXPECT_EQ(cache_->purge(purge_at(kNow + kWeek, 3)), kMany / 100);
  EXPECT_EQ(senders().size(), 2 * kMany);
}

TEST_F(SweepTest, PurgesMoreThanAreFoundAtOnce) {
  constexpr std::size_t kVeryMany = 45'000;  // of two days; some 20,000 are found at once
  std::vector<ReplyRecord> records;
  for (std::size_t number = 0; number < kVeryMany; ++number)
    records.push_back(record(numbered(number), kNow - kDay * (number % 3)));
  ASSERT_EQ(cache_->put(records), kVeryMany);
  auto request = purge_at(kNow + kWeek - kDay);
  request.mode = PurgeMode::kCount;
  EXPECT_EQ(cache_->purge(request), kVeryMany / 3 * 2);
  request.mode = PurgeMode::kRemove;
  // Where it will go on, and at the end of each day.
  bool is_first = true;
  request.on_progress = [&](std::size_t removed) {
    if (removed == 0 || !is_first) return;
    is_first = false;
    for (std::size_t number = 29'990; number < 30'010; ++number)
      ASSERT_EQ(cache_->forget({"info@example.org", numbered(number)}), 1U);
    for (std::size_t number = kVeryMany - 9; number < kVeryMany; ++number)
      ASSERT_EQ(cache_->forget({"info@example.org", numbered(number)}), 1U);
  };
  EXPECT_EQ(cache_->purge(request), kVeryMany / 3 * 2 - 13 - 6);
  EXPECT_EQ(senders().size(), kVeryMany / 3 - 7 - 3);
}

TEST_F(SweepTest, PurgesWhatHasExpiredOnManyDaysToTheSecond) {
  std::vector<ReplyRecord> records;
  for (std::size_t number = 0; number < kMany; ++number)  // more days than are read at once
    records.push_back(record(numbered(number), kNow - kDay * (number % 1000)));
  ASSERT_EQ(cache_->put(records), kMany);
  const Time now = kNow - 3 * kDay;
  EXPECT_EQ(cache_->purge(purge_at(now - Seconds{1})), kMany - 33) << "those of 0 to 10 days stay";
  EXPECT_EQ(cache_->purge(purge_at(now)), 3U);
  EXPECT_EQ(senders().size(), 30U);
}

TEST_F(SweepTest, PurgesAtAnyTimeThatAClockMayTell) {
  put(record("first@example.net", Time{}, Seconds{0}));
  put(record("now@example.net"));
  constexpr Time kEnd = Time::max() - kWeek;
  put(record("last@example.net", kEnd));
  EXPECT_EQ(cache_->purge(purge_at(Time{} - Seconds{1})), 0U);
  EXPECT_EQ(cache_->purge(purge_at(Time::min())), 0U);
  EXPECT_EQ(cache_->purge(purge_at(Time{})), 1U);
  EXPECT_EQ(cache_->purge(purge_at(kEnd)), 1U);
  EXPECT_EQ(cache_->purge(purge_at(Time::max())), 1U);
}

TEST_F(SweepTest, WhoIsToldOfADryRunMayReadTheCache) {
  put_many(kNow);
  auto request = purge_at(kNow + kWeek);
  request.mode = PurgeMode::kCount;
  std::size_t told = 0;
  request.on_progress = [&](std::size_t /*found*/) {
    ++told;
    EXPECT_EQ(senders().size(), kMany);
  };
  EXPECT_EQ(cache_->purge(request), kMany);
  EXPECT_GE(told, 3U) << "not only in the end";
}

TEST_F(SweepTest, APurgeTellsAfterEveryBatchHowManyWent) {
  constexpr std::size_t kBatch = 250;
  put_many(kNow);
  auto request = purge_at(kNow + kWeek, kBatch);
  std::vector<std::size_t> told = {0};
  request.on_progress = [&](std::size_t removed) { told.push_back(removed); };
  cache_->purge(request);
  for (std::size_t i = 1; i < told.size(); ++i) {
    EXPECT_LE(told[i - 1], told[i]);
    EXPECT_LE(told[i], told[i - 1] + kBatch);
  }
  EXPECT_EQ(told.back(), kMany);
}

TEST_F(SweepTest, ADryRunTellsHowManyItHasFoundAndRemovesNothing) {
  put_many(kNow);
  for (const bool by_age : {false, true}) {
    auto request = purge_at(kNow + kWeek);
    if (by_age) request.older_than = kDay;
    request.mode = PurgeMode::kCount;
    std::vector<std::size_t> told;
    request.on_progress = [&](std::size_t found) { told.push_back(found); };
    EXPECT_EQ(cache_->purge(request), kMany);
    ASSERT_FALSE(told.empty());
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_EQ(told.back(), kMany);
  }
  EXPECT_EQ(senders().size(), kMany);
}

TEST_F(SweepTest, WhatNeverExpiresGoesByAgeAlone) {
  put(record("alice@example.net", kNow, std::nullopt));
  EXPECT_EQ(cache_->purge(purge_at(kNow + 1000 * kDay)), 0U);
  auto request = purge_at(kNow + 10 * kDay);
  request.older_than = 10 * kDay;
  EXPECT_EQ(cache_->purge(request), 0U) << "not older, but as old";
  request.older_than = 10 * kDay - Seconds{1};
  EXPECT_EQ(cache_->purge(request), 1U);
}

TEST_F(SweepTest, OnlyAPurgeOfAllRespondersRemovesCounters) {
  count_against(1);
  auto request = purge_at(kNow + kHour);
  request.responder = "info@example.org";
  cache_->purge(request);
  EXPECT_EQ(counters(), 1U);
  request.responder.clear();
  request.mode = PurgeMode::kCount;
  cache_->purge(request);
  EXPECT_EQ(counters(), 1U);
  request.mode = PurgeMode::kRemove;
  cache_->purge(request);
  EXPECT_EQ(counters(), 0U);
}

TEST_F(SweepTest, RemovesMoreCountersThanAreReadAtOnce) {
  constexpr std::size_t kVeryMany = 25'000;
  count_against(kVeryMany);
  cache_->purge(purge_at(kNow + kHour - Seconds{1}));
  EXPECT_EQ(counters(), kVeryMany);
  cache_->purge(purge_at(kNow + kHour));
  EXPECT_EQ(counters(), 0U);
}

TEST_F(SweepTest, OfTwoRecordsTheNewerOneStays) {
  put(record("alice@example.net", kNow));
  for (const Seconds age : {Seconds{1}, Seconds{0}}) {
    auto older = record("alice@example.net", kNow - age);
    older.count = 9;
    EXPECT_EQ(cache_->put({&older, 1}), 0U);
    EXPECT_EQ(find("alice@example.net")->count, 1U);
  }
  auto newer = record("alice@example.net", kNow + Seconds{1});
  newer.count = 2;
  put(newer);
  EXPECT_EQ(find("alice@example.net")->count, 2U);
  EXPECT_EQ(cache_->purge(purge_at(kNow + kWeek)), 0U) << "its old place in the index is gone";
  EXPECT_EQ(cache_->purge(purge_at(kNow + kWeek + Seconds{1})), 1U);
}

TEST_F(SweepTest, StoresManyAtOnceAndSaysHowMany) {
  std::vector<ReplyRecord> records = {record("a@example.net"), record("b@example.net"),
                                      record("a@example.net", kNow - kDay),
                                      record("a@example.net", kNow + kDay)};
  EXPECT_EQ(cache_->put(records), 3U);
  EXPECT_EQ(find("a@example.net")->answered_at, kNow + kDay);
  EXPECT_EQ(cache_->put({}), 0U);
}

}  // namespace
}  // namespace inforeply
