#include "config/option_table.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "inforeply/commands.hpp"

namespace inforeply {
namespace {

TEST(Options, HaveNamesAndLettersOfTheirOwn) {
  std::set<std::string> names;
  std::set<char> letters;
  for (const auto& option : all_options()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_TRUE(option.letter == 0 || letters.insert(option.letter).second) << option.name;
  }
}

TEST(Options, AreAllInTheHelp) {
  const std::string help = responder_help();
  for (const auto& option : all_options()) {
    const bool in_file_alone = option.places == kFile;
    const std::string form = in_file_alone ? std::string(option.name) + " = " + option.argument
                                           : "--" + std::string(option.name);
    EXPECT_NE(help.find(form), std::string::npos) << form;
    EXPECT_TRUE(option.argument != nullptr || (option.places & kFile) == 0) << option.name;
  }
}

TEST(Options, AreFoundWhereTheyMayStand) {
  EXPECT_NE(find_option("limit", kFile), nullptr);
  EXPECT_EQ(find_option("limit", kResponder), nullptr);
  EXPECT_EQ(find_option("dry-run", kFile), nullptr);
  EXPECT_NE(find_option("cache", kTools), nullptr);
  EXPECT_EQ(find_option("mailer", kTools), nullptr);
  EXPECT_EQ(find_option("", kFile), nullptr);
}

TEST(Options, NameAFileEvenIfItsNameIsEmpty) {
  OptionTarget target = default_target();
  EXPECT_FALSE(target.configuration);
  find_option("config", kResponder)->take(target, "");
  EXPECT_EQ(target.configuration, "");
}

TEST(Options, HaveTheirDefaults) {
  const Settings settings = default_settings();
  EXPECT_EQ(settings.responder, "");
  EXPECT_EQ(settings.responders, "/etc/inforeply/responders");
  EXPECT_EQ(settings.cache.url, "lmdb:/var/lib/inforeply/cache.mdb");
  EXPECT_EQ(settings.mailer.spec, "/usr/sbin/sendmail");
  EXPECT_EQ(settings.log, "syslog");
  EXPECT_EQ(settings.recipient_delimiter, "+");
  EXPECT_TRUE(settings.log_addresses);
  EXPECT_EQ(settings.give_up_after, kDefaultGiveUpAfter);
  EXPECT_EQ(settings.mode, ReplyMode::kLive);
  EXPECT_TRUE(settings.fcc_folders.empty());
  EXPECT_FALSE(settings.limit);
  EXPECT_TRUE(settings.origins.empty());
}

}  // namespace
}  // namespace inforeply
