#include "inforeply/absence_digest.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <string>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/commands.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

using Kind = DigestOccasion::Kind;

constexpr Seconds kDay{24 * 3600};
const Time kBegin = *parse_time("2026-01-01T00:00Z");
const Time kEnd = *parse_time("2026-02-01T00:00Z");

class AbsenceDigestTest : public ::testing::Test {
 protected:
  AbsenceDigest digest(const std::string& lines) {
    static_cast<void>(folder_.write("info.txt", "Hello\n"));
    file_ = folder_.write("info.conf", "text = info.txt\n" + lines);
    Settings settings = default_settings();
    settings.responder = file_;
    settings.cache.url = folder_.path("cache.mdb");
    return {settings, *parse_address("info@example.org")};
  }

  test::TemporaryFolder folder_;
  std::string file_;
};

constexpr const char* kPeriod =
    "active-from = 2026-01-01T00:00Z\nactive-until = 2026-02-01T00:00Z\n";

TEST_F(AbsenceDigestTest, IsDueOnceWhenThePeriodHasEnded) {
  const auto with_period = digest(kPeriod);
  EXPECT_FALSE(with_period.due(kEnd - kDay, kEnd - Seconds{1}));
  const auto due = with_period.due(kEnd - Seconds{1}, kEnd);
  ASSERT_TRUE(due);
  EXPECT_EQ(due->kind, Kind::kPeriodEnded);
  EXPECT_EQ(due->from, kBegin);
  EXPECT_EQ(due->until, kEnd);
  EXPECT_FALSE(with_period.due(kEnd, kEnd + kDay));
}

TEST_F(AbsenceDigestTest, TellsOfAllPeriodsThatEndedSinceTheLastRun) {
  const auto due = digest("timezone = Etc/UTC\nactive-on = 02:00-02:10,02:20-02:30\n")
                       .due(kBegin + Seconds{7000}, kBegin + Seconds{9001});
  ASSERT_TRUE(due);
  EXPECT_EQ(due->from, kBegin + Seconds{7200});
  EXPECT_EQ(due->until, kBegin + Seconds{9000});
}

TEST_F(AbsenceDigestTest, IsDueAfterRunsThatWereMissed) {
  EXPECT_TRUE(digest(kPeriod).due(kBegin, kEnd + 20 * kDay));
}

TEST_F(AbsenceDigestTest, OfAPeriodWithoutABeginningTellsAll) {
  const auto due = digest("active-until = 2026-02-01T00:00Z\n").due(kBegin, kEnd);
  ASSERT_TRUE(due);
  EXPECT_EQ(due->from, std::nullopt);
  EXPECT_TRUE(due->includes(Time{}, 1));
  EXPECT_TRUE(due->includes(kEnd - Seconds{1}, 1));
  EXPECT_FALSE(due->includes(kEnd, 1));
  EXPECT_TRUE(due->includes(kEnd, 2));
}

TEST_F(AbsenceDigestTest, RemindsEveryThirtyDaysOfAResponderWithoutAnEnd) {
  const auto endless = digest("active-from = 2026-01-01T00:00Z\n");
  std::vector<int> days;
  for (int day = -40; day <= 100; ++day) {
    const Time now = kBegin + day * kDay + Seconds{600};
    const auto due = endless.due(now - kDay, now);
    if (!due) continue;
    EXPECT_EQ(due->kind, Kind::kStillOn);
    EXPECT_EQ(due->from, kBegin);
    days.push_back(day);
  }
  EXPECT_EQ(days, (std::vector<int>{30, 60, 90}));
  EXPECT_TRUE(endless.due(kBegin, kBegin + 100 * kDay));
}

TEST_F(AbsenceDigestTest, RemindsOfNoResponderThatIsSwitchedOff) {
  const auto off = digest("active-from = 2026-01-01T00:00Z\nenabled = no\n");
  EXPECT_FALSE(off.due(kBegin, kBegin + 40 * kDay));
}

TEST_F(AbsenceDigestTest, CountsFromTheChangeOfTheFileIfNothingSaysTheBeginning) {
  const auto endless = digest("");
  const timespec changed{kBegin.time_since_epoch().count(), 0};
  const std::array<timespec, 2> times = {changed, changed};
  ASSERT_EQ(::utimensat(AT_FDCWD, file_.c_str(), times.data(), 0), 0);
  EXPECT_FALSE(endless.due(kBegin + 28 * kDay, kBegin + 29 * kDay));
  const auto due = endless.due(kBegin + 29 * kDay, kBegin + 30 * kDay);
  ASSERT_TRUE(due);
  EXPECT_EQ(due->from, kBegin);
}

TEST_F(AbsenceDigestTest, TellsWhoeverAsksOfTheActivePeriod) {
  const auto with_period = digest(kPeriod);
  EXPECT_EQ(with_period.asked({}, kBegin + kDay).from, kBegin);
  EXPECT_EQ(with_period.asked({}, kBegin - kDay).from, std::nullopt);
  EXPECT_EQ(with_period.asked(kEnd, kBegin + kDay).from, kEnd);
  EXPECT_EQ(digest("").asked({}, kBegin).from, std::nullopt);
}

TEST_F(AbsenceDigestTest, OfAPeriodIsTheSameMessageEachTime) {
  const auto with_period = digest(kPeriod);
  const auto id_at = [&](Time now) {
    const auto text = with_period.compose({Kind::kPeriodEnded, kBegin, kEnd}, {}, now);
    const auto begin = text.find("\nMessage-ID: ");
    return text.substr(begin, text.find('\n', begin + 1) - begin);
  };
  EXPECT_EQ(id_at(kEnd), id_at(kEnd + kDay));
}

TEST_F(AbsenceDigestTest, NeedsAResponder) {
  Settings settings = default_settings();
  settings.responders = folder_.path();
  settings.cache.url = folder_.path("cache.mdb");
  try {
    const AbsenceDigest none(settings, *parse_address("info@example.org"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    EXPECT_STREQ(error.what(), "info@example.org has no responder");
  }
}

}  // namespace
}  // namespace inforeply
