#include "cache/redis/redis_keys.hpp"

#include <gtest/gtest.h>

#include <string>

#include "cache/record_format.hpp"

namespace inforeply::redis {
namespace {

const ReplyKey kKey{"info@example.org", "alice+x@example.net", "winter"};

TEST(RedisKeys, AreReadable) {
  const auto key = record_key(kKey);
  EXPECT_EQ(record_name(key), "inforeply:1:{info@example.org}:alice+x@example.net:winter");
  EXPECT_EQ(hold_name(key, "d1"),
            "inforeply:1:hold:{info@example.org}:alice+x@example.net:winter:d1");
  EXPECT_EQ(limit_name("all", "all x"), "inforeply:1:limit:{all}:all%20x");
}

TEST(RedisKeys, AStrangersAddressIsNeitherASlotNorAPattern) {
  for (const std::string text : {"}:{", "a}b", "*", "?[x]\\", "%", "a:b", "\xC3\xA4", "{}", "\n"}) {
    const ReplyKey key{text + "@r.example", text + "@s.example", text, text};
    const auto stored = record_key(key);
    const auto name = record_name(stored);
    EXPECT_EQ(record_key_in(name), stored) << name;
    EXPECT_EQ(name.find('{'), name.rfind('{'));
    EXPECT_EQ(name.find('}'), name.rfind('}'));
    EXPECT_EQ(name.find_first_of("*?[]\\\n"), std::string::npos) << name;
  }
}

TEST(RedisKeys, PatternsSelect) {
  EXPECT_EQ(pattern_of({}), "inforeply:1:{*}:*:*");
  EXPECT_EQ(pattern_of({"info@example.org", {}}), "inforeply:1:{info@example.org}:*:*");
  EXPECT_EQ(pattern_of({{}, "a*@example.net"}), "inforeply:1:{*}:a%2A@example.net:*");
}

TEST(RedisKeys, OtherNamesAreNoRecords) {
  for (const char* name : {"", "inforeply:1:hold:{a}:b:c:d", "inforeply:1:limit:{a}:b",
                           "inforeply:2:{a}:b:c", "inforeply:1:{a"}) {
    EXPECT_EQ(record_key_in(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace inforeply::redis
