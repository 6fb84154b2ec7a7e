#include "cache/redis/redis_url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "inforeply/error.hpp"

namespace inforeply {
namespace {

using Kind = RedisUrl::Kind;

TEST(RedisUrl, NamesOneServer) {
  const auto bare = parse_redis_url("redis://cache.example.org");
  EXPECT_EQ(bare.kind, Kind::kServer);
  EXPECT_EQ(bare.hosts, (std::vector<HostAndPort>{{"cache.example.org", 6379}}));
  EXPECT_EQ(bare.user, "");
  EXPECT_EQ(bare.database, 0U);
  const auto full = parse_redis_url("redis://mail@[2001:db8::1]:6380/3");
  EXPECT_EQ(full.hosts, (std::vector<HostAndPort>{{"2001:db8::1", 6380}}));
  EXPECT_EQ(full.user, "mail");
  EXPECT_EQ(full.database, 3U);
  EXPECT_EQ(parse_redis_url("redis://localhost/").database, 0U);
}

TEST(RedisUrl, NamesASocket) {
  const auto url = parse_redis_url("redis+unix:/run/redis/redis.sock?db=2&user=mail");
  EXPECT_EQ(url.kind, Kind::kSocket);
  EXPECT_EQ(url.path, "/run/redis/redis.sock");
  EXPECT_EQ(url.database, 2U);
  EXPECT_EQ(url.user, "mail");
}

TEST(RedisUrl, NamesSentinelsAndWhatTheyWatch) {
  const auto url = parse_redis_url("redis+sentinel://mail@a.example,b.example:1/mymaster/2");
  EXPECT_EQ(url.kind, Kind::kSentinel);
  EXPECT_EQ(url.hosts, (std::vector<HostAndPort>{{"a.example", 26379}, {"b.example", 1}}));
  EXPECT_EQ(url.service, "mymaster");
  EXPECT_EQ(url.user, "mail");
  EXPECT_EQ(url.database, 2U);
}

TEST(RedisUrl, NamesNodesOfACluster) {
  const auto url = parse_redis_url("redis+cluster://127.0.0.1:7000,127.0.0.1:7001");
  EXPECT_EQ(url.kind, Kind::kCluster);
  EXPECT_EQ(url.hosts, (std::vector<HostAndPort>{{"127.0.0.1", 7000}, {"127.0.0.1", 7001}}));
}

TEST(RedisUrl, WhatIsWrongIsToldWithoutAPassword) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"redis:", "expected redis://HOST"},
      {"redis://", "no host"},
      {"redis://a:0", "a port from 1"},
      {"redis://a:66000", "a port from 1"},
      {"redis://2001:db8::1", "in brackets"},
      {"redis://a/x", "number of a database"},
      {"redis://a/99999999999999999999", "number of a database"},
      {"redis://a,b", "several hosts"},
      {"redis://@a", "no user"},
      {"redis://:secret@a", "redis-password-file"},
      {"redis://mail:secret@a", "redis-password-file"},
      {"rediss://a", "TLS is not built in"},
      {"rediss://mail:secret@a", "TLS is not built in"},
      {"redis+unix:run/redis.sock", "not absolute"},
      {"redis+unix:/" + std::string(200, 'x'), "longer than 107 octets"},
      {"redis+unix:/s?password=secret", "expected db=N"},
      {"redis+sentinel://a", "the name of the master is missing"},
      {"redis+sentinel://a,/m", "no host"},
      {"redis+cluster://a/1", "a cluster has no databases"},
      {"redis+ssh://a", "expected redis://HOST"},
  };
  for (const auto& [url, cause] : wrong) {
    ASSERT_TRUE(is_redis_url(url));
    try {
      parse_redis_url(url);
      ADD_FAILURE() << url;
    } catch (const Error& error) {
      const std::string text = error.what();
      EXPECT_EQ(error.fault(), Fault::kUsage);
      EXPECT_NE(text.find(cause), std::string::npos) << url << ": " << text;
      if (url.find('@') != std::string::npos) {
        EXPECT_EQ(text.find("secret"), std::string::npos) << text;
      }
    }
  }
}

TEST(RedisUrl, APathIsNone) {
  EXPECT_FALSE(is_redis_url("/var/lib/redis.mdb"));
  EXPECT_FALSE(is_redis_url("lmdb:redis:"));
}

}  // namespace
}  // namespace inforeply
