#include "cache/lmdb/lmdb_damage.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <csignal>
#include <cstddef>

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
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT}) {
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
  for (const int signal : {SIGSEGV, SIGFPE, SIGABRT}) {
    EXPECT_EXIT((expect_damage_of("/a/cache.mdb"), call(+[] { return 0; }), fail_by(signal)),
                is_no_report, "");
  }
}

TEST(Damage, AValueBehindTheEndOfTheFileIsFoundWhenLmdbReturnsIt) {
  constexpr std::size_t kOctets = 65'536;
  void* map = ::mmap(nullptr, 2 * kOctets, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_EQ(::mprotect(map, kOctets, PROT_READ), 0);
  touch({kOctets, map});
  EXPECT_EXIT((expect_damage_of("/a/cache.mdb"), touch({kOctets + 1, map})),
              ::testing::ExitedWithCode(75), kReport);
  ::munmap(map, 2 * kOctets);
}

}  // namespace
}  // namespace inforeply::lmdb
