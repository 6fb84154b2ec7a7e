#include "cache/lmdb/lmdb_damage.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>

#include "inforeply/cache_store.hpp"

namespace inforeply::lmdb {
namespace {

constexpr const char* kReport = "cannot read cache /a/cache.mdb: damaged, or the disk is full\n$";

int fail_by(int signal) {
  std::raise(signal);
  return 0;
}

/// As LMDB might on a damaged tree.
int recurse(volatile std::size_t* depth) {
  volatile char room[4096] = {};
  *depth = *depth + 1;
  if (*depth == 0) return 0;
  return recurse(depth) + room[0];
}

int exhaust_the_stack() {
  volatile std::size_t depth = 0;
  return recurse(&depth);
}

TEST(Damage, FaultsInLmdbEndAsDamageOfTheCache) {
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT}) {
    EXPECT_EXIT((expect_damage_of("/a/cache.mdb"), call(fail_by, signal)),
                ::testing::ExitedWithCode(75), kReport);
  }
  EXPECT_EXIT((expect_damage_of("/a/cache.mdb"), call(exhaust_the_stack)),
              ::testing::ExitedWithCode(75), kReport);
  EXPECT_EXIT((expect_damage_of("/a/cache.mdb"), report_assertion(nullptr, "x > 1")),
              ::testing::ExitedWithCode(75), kReport);
}

TEST(Damage, HasTheStatusThatTheProgramSets) {
  EXPECT_EXIT((set_status_of_damage(ExitStatus::kUnavailable), expect_damage_of("/a/cache.mdb"),
               call(fail_by, SIGSEGV)),
              ::testing::ExitedWithCode(69), kReport);
}

TEST(Damage, FaultsOfOursStayWhatTheyAre) {
  const auto is_no_report = [](int status) {  // but a signal, or a sanitizer's own report
    return !WIFEXITED(status) || WEXITSTATUS(status) != 75;
  };
  for (const int signal : {SIGSEGV, SIGABRT}) {
    EXPECT_EXIT((expect_damage_of("/a/cache.mdb"), call([] { return 0; }), fail_by(signal)),
                is_no_report, "");
  }
}

TEST(Damage, AValueBehindTheEndOfTheFileIsFoundWhenLmdbReturnsIt) {
  MDB_val value{std::size_t{1} << 40U, std::malloc(1)};
  EXPECT_EXIT((expect_damage_of("/a/cache.mdb"), touch(value)), ::testing::ExitedWithCode(75),
              kReport);
  std::free(value.mv_data);
}

}  // namespace
}  // namespace inforeply::lmdb
