#include "cache/redis/redis_change.hpp"

#include <nettle/sha1.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

// ARGV holds five words for each key: whether it had a value, that value, what is to be done, the
// new value, its time to live. GET returns false for a key that is not there. It removes first: a
// full server refuses the first command that takes memory, but none after one that has written.
constexpr std::string_view kScript = R"lua(
for i = 1, #KEYS do
  local expected = ARGV[5 * i - 4] == '1' and ARGV[5 * i - 3]
  if redis.call('GET', KEYS[i]) ~= expected then return 0 end
end
for i = 1, #KEYS do
  if ARGV[5 * i - 2] == 'remove' then redis.call('DEL', KEYS[i]) end
end
for i = 1, #KEYS do
  local action, value, ttl = ARGV[5 * i - 2], ARGV[5 * i - 1], ARGV[5 * i]
  if action == 'replace' then redis.call('SET', KEYS[i], value, 'KEEPTTL')
  elseif action == 'set' and ttl == '' then redis.call('SET', KEYS[i], value)
  elseif action == 'set' then redis.call('SET', KEYS[i], value, 'PX', ttl)
  end
end
return 1
)lua";

/// By which the server knows a script.
std::string digest_of(std::string_view script) {
  sha1_ctx context{};
  sha1_init(&context);
  sha1_update(&context, script.size(), reinterpret_cast<const std::uint8_t*>(script.data()));
  std::array<std::uint8_t, SHA1_DIGEST_SIZE> octets{};
  sha1_digest(&context, octets.size(), octets.data());
  std::string digest;
  for (const auto octet : octets)
    digest += to_hex(static_cast<char>(octet));
  return fold_case(digest);
}

}  // namespace

RedisChange::RedisChange(RedisServers& servers, std::string slot,
                         const std::vector<std::string>& keys)
    : servers_(servers), slot_(std::move(slot)) {
  RedisWords words = {"MGET"};
  words.insert(words.end(), keys.begin(), keys.end());
  const auto reply = servers_.ask(slot_, words);
  servers_.require(*reply);
  const auto values = elements_of(*reply);
  if (values.size() != keys.size()) {
    throw RedisFault("MGET: not understood", RedisFault::Remedy::kNone);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    entries_.push_back({.key = keys[i]});
    if (values[i]->type == REDIS_REPLY_STRING) entries_.back().read = text_of(*values[i]);
  }
}

RedisChange::RedisChange(RedisServers& servers, std::string slot, std::string key,
                         std::optional<std::string> value)
    : servers_(servers), slot_(std::move(slot)) {
  entries_.push_back({.key = std::move(key), .read = std::move(value)});
}

void RedisChange::set(std::size_t key, std::string value,
                      std::optional<std::chrono::seconds> time_to_live) {
  auto& entry = entries_.at(key);
  entry.action = Action::kSet;
  entry.written = std::move(value);
  entry.time_to_live = time_to_live
                           ? std::to_string(std::chrono::milliseconds(*time_to_live).count())
                           : std::string();
}

void RedisChange::replace(std::size_t key, std::string value) {
  auto& entry = entries_.at(key);
  entry.action = Action::kReplace;
  entry.written = std::move(value);
}

void RedisChange::remove(std::size_t key) {
  entries_.at(key).action = Action::kRemove;
}

RedisWords RedisChange::words(std::string command, std::string script) const {
  constexpr std::array<const char*, 4> kActions = {"", "set", "replace", "remove"};
  RedisWords words = {std::move(command), std::move(script), std::to_string(entries_.size())};
  for (const auto& entry : entries_)
    words.push_back(entry.key);
  for (const auto& entry : entries_) {
    words.insert(words.end(), {entry.read ? "1" : "0", entry.read.value_or(""),
                               kActions.at(static_cast<std::size_t>(entry.action)), entry.written,
                               entry.time_to_live});
  }
  return words;
}

bool RedisChange::commit() {
  auto reply = servers_.ask(slot_, words("EVALSHA", digest_of(kScript)));
  if (error_code(*reply) == "NOSCRIPT")
    reply = servers_.ask(slot_, words("EVAL", std::string(kScript)));
  servers_.require(*reply);
  const bool done = is_done(*reply);
  if (!done) servers_.pause();
  return done;
}

bool RedisChange::is_done(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_INTEGER) {
    throw RedisFault("EVALSHA: not understood", RedisFault::Remedy::kNone);
  }
  return reply.integer == 1;
}

RedisServers::Command RedisChange::command() const {
  return {slot_, words("EVALSHA", digest_of(kScript))};
}

void RedisChange::load_script(RedisConnection& connection) {
  require_answer(*connection.ask({"SCRIPT", "LOAD", std::string(kScript)}),
                 connection.place().name());
}

}  // namespace inforeply
