// BatchSize: how many records go into one write transaction.

#include "inforeply/batch_size.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>

namespace inforeply {
namespace {

constexpr std::chrono::duration<double> kNoTime{0};
constexpr std::chrono::duration<double> kWanted = BatchSize::kWanted;
constexpr std::size_t kLeast = BatchSize::kLeast;

/// What it comes to on a disk where a record takes so long, and the commit of any number.
std::size_t settled(BatchSize size, std::chrono::duration<double> record,
                    std::chrono::duration<double> commit = kNoTime) {
  for (int i = 0; i < 50; ++i) {
    const auto count = size.get();
    size.learn(count, static_cast<double>(count) * record + commit);
  }
  return size.get();
}

TEST(BatchSize, ComesToWhatTakesAsLongAsWanted) {
  EXPECT_NEAR(static_cast<double>(settled(BatchSize(10'000), kWanted / 4000)), 4000, 5);
  EXPECT_NEAR(static_cast<double>(settled(BatchSize(10'000), kWanted / 4000, kWanted / 2)), 2000,
              5);
}

TEST(BatchSize, StaysInItsBounds) {
  EXPECT_EQ(settled(BatchSize(10'000), kNoTime), 10'000U);
  EXPECT_EQ(settled(BatchSize(10'000), kWanted), kLeast);
  EXPECT_EQ(settled(BatchSize(10'000), kWanted / 4000, 3 * kWanted), kLeast);
  for (const std::size_t most : {std::size_t{1}, kLeast - 1}) {
    EXPECT_EQ(BatchSize(most).get(), most);
    EXPECT_EQ(settled(BatchSize(most), kNoTime), most);
    EXPECT_EQ(settled(BatchSize(most), kWanted), most);
  }
}

TEST(BatchSize, ChangesByHalfAtMost) {
  BatchSize size(10'000);
  size.learn(kLeast, kNoTime);
  EXPECT_EQ(size.get(), 2 * kLeast);
  size.learn(2 * kLeast, kNoTime);
  EXPECT_EQ(size.get(), 4 * kLeast);
  size.learn(4 * kLeast, 100 * kWanted);
  EXPECT_EQ(size.get(), 2 * kLeast);
}

TEST(BatchSize, LearnsNothingFromABatchThatWasNotFull) {
  BatchSize size(10'000);
  size.learn(kLeast - 1, kNoTime);
  EXPECT_EQ(size.get(), kLeast);
}

}  // namespace
}  // namespace inforeply
