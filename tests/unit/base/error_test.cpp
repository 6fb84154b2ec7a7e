#include "inforeply/error.hpp"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace inforeply {
namespace {

TEST(ErrorTest, ARefusalNamesTheAccountThatRuns) {
  const std::string name = ::getpwuid(::geteuid())->pw_name;
  EXPECT_EQ(with_cause("cannot open x", EACCES),
            "cannot open x as " + name + ": Permission denied");
  EXPECT_EQ(with_cause("cannot open x", EPERM),
            "cannot open x as " + name + ": Operation not permitted");
  errno = EACCES;
  EXPECT_EQ(std::string(system_error(Fault::kCache, "cannot open x").what()),
            "cannot open x as " + name + ": Permission denied");
}

TEST(ErrorTest, OtherCausesHaveNothingToDoWithTheAccount) {
  EXPECT_EQ(with_cause("cannot open x", ENOENT), "cannot open x: No such file or directory");
}

}  // namespace
}  // namespace inforeply
