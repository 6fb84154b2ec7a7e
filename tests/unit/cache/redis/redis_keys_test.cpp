#include "cache/redis/redis_keys.hpp"

#include <gtest/gtest.h>

#include <string>

#include "cache/record_format.hpp"

namespace inforeply::redis {
namespace {

const ReplyKey kKey{"info@example.org", "alice+x@example.net", "winter"};
const KeyNames kLive(ReplyMode::kLive);
const KeyNames kShadow(ReplyMode::kShadow);

TEST(RedisKeys, AreReadable) {
  const auto key = record_key(kKey);
  EXPECT_EQ(kLive.record(key), "inforeply:1:{info@example.org}:alice+x@example.net:winter");
  EXPECT_EQ(kLive.hold(key, "d1"),
            "inforeply:1:hold:{info@example.org}:alice+x@example.net:winter:d1");
  EXPECT_EQ(kLive.limit("all", "all x"), "inforeply:1:limit:{all}:all%20x");
}

TEST(RedisKeys, AStrangersAddressIsNeitherASlotNorAPattern) {
  for (const std::string text : {"}:{", "a}b", "*", "?[x]\\", "%", "a:b", "\xC3\xA4", "{}", "\n"}) {
    const ReplyKey key{text + "@r.example", text + "@s.example", text, text};
    const auto stored = record_key(key);
    const auto name = kLive.record(stored);
    EXPECT_EQ(kLive.record_key_in(name), stored) << name;
    EXPECT_EQ(name.find('{'), name.rfind('{'));
    EXPECT_EQ(name.find('}'), name.rfind('}'));
    EXPECT_EQ(name.find_first_of("*?[]\\\n"), std::string::npos) << name;
  }
}

TEST(RedisKeys, PatternsSelect) {
  EXPECT_EQ(kLive.pattern_of({}), "inforeply:1:{*}:*:*");
  EXPECT_EQ(kLive.pattern_of({"info@example.org", {}}), "inforeply:1:{info@example.org}:*:*");
  EXPECT_EQ(kLive.pattern_of({{}, "a*@example.net"}), "inforeply:1:{*}:a%2A@example.net:*");
}

TEST(RedisKeys, OtherNamesAreNoRecords) {
  for (const char* name : {"", "inforeply:1:hold:{a}:b:c:d", "inforeply:1:limit:{a}:b",
                           "inforeply:2:{a}:b:c", "inforeply:1:{a"}) {
    EXPECT_EQ(kLive.record_key_in(name), std::nullopt) << name;
  }
}

TEST(RedisKeys, OfTheShadowAreOthers) {
  const auto key = record_key(kKey);
  const auto name = kShadow.record(key);
  EXPECT_EQ(name, "inforeply:1:shadow:{info@example.org}:alice+x@example.net:winter");
  EXPECT_EQ(kShadow.record_key_in(name), key);
  EXPECT_EQ(kLive.record_key_in(name), std::nullopt);
  EXPECT_EQ(kShadow.record_key_in(kLive.record(key)), std::nullopt);
  EXPECT_TRUE(kShadow.is_limit(kShadow.limit("all", "x")));
  EXPECT_FALSE(kLive.is_limit(kShadow.limit("all", "x")));
  EXPECT_EQ(kShadow.pattern_of({}), "inforeply:1:shadow:{*}:*:*");
  EXPECT_EQ(kShadow.pattern_of_all(), "inforeply:1:shadow:*");
}

}  // namespace
}  // namespace inforeply::redis
