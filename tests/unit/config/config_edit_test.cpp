#include "config/config_edit.hpp"

#include <gtest/gtest.h>

namespace inforeply {
namespace {

TEST(ConfigEdit, ChangesTheValueAndNothingElse) {
  EXPECT_EQ(with_setting("# a = 0\n  a =\t 1 \r\nb = 2\n", "a", {"3"}),
            "# a = 0\n  a =\t 3 \r\nb = 2\n");
  EXPECT_EQ(with_setting("a=1", "a", {"1"}), "a=1");
  EXPECT_EQ(with_setting("\xEF\xBB\xBF"
                         "a=1",
                         "a", {"2"}),
            "\xEF\xBB\xBF"
            "a=2");
}

TEST(ConfigEdit, AddsBehindTheLastEntryAboveAllSections) {
  EXPECT_EQ(with_setting("", "a", {"1", "2"}), "a = 1\na = 2\n");
  EXPECT_EQ(with_setting("b = 2", "a", {"1"}), "b = 2\na = 1\n");
  EXPECT_EQ(with_setting("b = 2\n\n# note\n[when x]\nc = 3\n", "a", {"1"}),
            "b = 2\na = 1\n\n# note\n[when x]\nc = 3\n");
  EXPECT_EQ(with_setting("# note\n[when x]\na = 3\n", "a", {"1"}),
            "# note\na = 1\n[when x]\na = 3\n");
}

TEST(ConfigEdit, RemovesWhatHasNoValueLeft) {
  EXPECT_EQ(with_setting("a = 1\nb = 2\na = 3\n[when x]\na = 4\n", "a", {}),
            "b = 2\n[when x]\na = 4\n");
  EXPECT_EQ(with_setting("a = 1\nb = 2\na = 3\n", "a", {"5"}), "a = 5\nb = 2\n");
}

TEST(ConfigEdit, MendsALineWithoutAValue) {
  EXPECT_EQ(with_setting("a =\nb = 2\n", "a", {"1"}), "a = 1\nb = 2\n");
  EXPECT_EQ(with_setting("a\nb = 2\n", "a", {"1"}), "a = 1\nb = 2\n");
}

TEST(ConfigEdit, TakesNamesThatOnlyBeginAlikeForOthers) {
  EXPECT_EQ(with_setting("text.de = x\n", "text", {"y"}), "text.de = x\ntext = y\n");
}

}  // namespace
}  // namespace inforeply
