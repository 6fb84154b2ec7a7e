// The one way in which a cache on Redis is changed.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cache/redis/redis_servers.hpp"

namespace inforeply {

/// Values of keys in one slot that were read, and what is to become of them. They are changed in
/// one atomic step, unless somebody changed one of them meanwhile. All throws RedisFault.
class RedisChange {
 public:
  /// Reads the values.
  RedisChange(RedisServers& servers, std::string slot, const std::vector<std::string>& keys);
  /// Takes the values as read before.
  RedisChange(RedisServers& servers, std::string slot, std::string key,
              std::optional<std::string> value);

  [[nodiscard]] const std::string& key(std::size_t key) const { return entries_.at(key).key; }
  [[nodiscard]] const std::optional<std::string>& value(std::size_t key) const {
    return entries_.at(key).read;
  }

  /// nullopt: it stays for ever.
  void set(std::size_t key, std::string value, std::optional<std::chrono::seconds> time_to_live);
  /// For as long as the value before would stay.
  void replace(std::size_t key, std::string value);
  void remove(std::size_t key);

  /// False, after a pause, if a value is no longer as it was read; then nothing was changed. Throws
  /// RedisFault, too, if the step has no time left for another try.
  [[nodiscard]] bool commit();

  /// What commit() asks, for several changes at once (RedisServers::ask_all), after the script was
  /// loaded. is_done() tells from an answer what commit() returns.
  [[nodiscard]] RedisServers::Command command() const;
  static void load_script(RedisConnection& connection);
  static bool is_done(const redisReply& reply);

 private:
  enum class Action { kNone, kSet, kReplace, kRemove };
  struct Entry {
    std::string key;
    std::optional<std::string> read{};
    Action action = Action::kNone;
    std::string written{};
    std::string time_to_live{};  // milliseconds; empty: for ever
  };
  [[nodiscard]] RedisWords words(std::string command, std::string script) const;

  RedisServers& servers_;
  std::string slot_;
  std::vector<Entry> entries_;
};

}  // namespace inforeply
