// The servers that hold a cache together: one, one of several that sentinels watch, or a cluster.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/redis/redis_connection.hpp"
#include "cache/redis/redis_keys.hpp"
#include "cache/redis/redis_url.hpp"
#include "inforeply/error.hpp"

namespace inforeply {

/// The servers have answered, and will not do it: what was asked last was not done.
class RedisRefusal : public Error {
 public:
  using Error::Error;
};

/// Connects when it has to, and finds the master of each slot by what the servers say.
class RedisServers {
 public:
  /// `name`: of the cache, for errors.
  RedisServers(std::string name, RedisUrl url, std::string password,
               ReplyMode mode = ReplyMode::kLive);

  /// Of what the cache keeps there.
  [[nodiscard]] const redis::KeyNames& keys() const { return keys_; }

  /// Does a step, which talks to the servers, in a time of at most twice 5 seconds: if a connection
  /// is lost or a server is no master, connects anew and does it once more. Whatever it did may
  /// have taken effect before. Throws Error (kCache) that names the cache and the cause,
  /// RedisRefusal if nothing can help.
  template <typename Step>
  auto attempt(Step step) {
    try {
      begin();
      return step();
    } catch (const RedisFault& fault) {
      if (fault.remedy() == RedisFault::Remedy::kNone) fail(fault);
      disconnect();
    }
    return attempt_once(step);
  }

  /// The same, but nothing is done once more.
  template <typename Step>
  auto attempt_once(Step step) {
    try {
      begin();
      return step();
    } catch (const RedisFault& fault) {
      if (fault.remedy() == RedisFault::Remedy::kConnectAnew) disconnect();
      fail(fault);
    }
  }

  // What follows is for steps, and throws RedisFault.

  /// Asks the master of the slot that all keys of the command are in. `slot` is what stands in
  /// their braces. Returns its answer, which may be an error.
  RedisReply ask(const std::string& slot, const RedisWords& words);

  /// Throws RedisFault that names the server for an answer of ask() that is an error.
  void require(const redisReply& reply) const;

  /// Some milliseconds, by chance, so that those who are in each other's way do not meet again.
  void pause() const;

  /// Waits until so many replicas have what was asked last. Throws RedisFault if there are fewer.
  void wait_for_replicas(unsigned replicas);

  struct Command {
    std::string slot;
    RedisWords words;
  };
  /// Asks for all commands at once, each first where it belongs as far as is known, or at `at`.
  /// Throws for an answer that is an error, but for WRONGTYPE.
  std::vector<RedisReply> ask_all(const std::vector<Command>& commands,
                                  const RedisPlace* at = nullptr);

  /// All that hold a part of the cache.
  std::vector<RedisPlace> masters();
  RedisConnection& connect(const RedisPlace& place);

 private:
  void begin();
  [[noreturn]] void fail(const RedisFault& fault) const;
  void disconnect();
  RedisPlace place_of(const std::string& slot);
  RedisPlace find_entry();
  RedisPlace ask_sentinels();
  void log_in(RedisConnection& connection) const;
  [[nodiscard]] RedisPlace target_of(std::string_view redirection, const RedisPlace& from) const;

  std::string name_;
  RedisUrl url_;
  std::string password_;
  redis::KeyNames keys_;
  std::size_t first_node_;  // of a cluster, to begin with: not the same for all processes
  RedisDeadline deadline_{};
  std::map<RedisPlace, std::unique_ptr<RedisConnection>> connections_;
  std::map<std::string, RedisPlace> places_;  // of slots that are not at `entry_`
  std::optional<RedisPlace> entry_;           // the master, or any node of a cluster
  RedisConnection* last_ = nullptr;
};

}  // namespace inforeply
