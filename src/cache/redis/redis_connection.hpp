// A connection to one server that speaks the protocol of Redis.
#pragma once

#include <hiredis/hiredis.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/host_and_port.hpp"

namespace inforeply {

using RedisDeadline = std::chrono::steady_clock::time_point;
using RedisWords = std::vector<std::string>;  ///< a command and its arguments

struct RedisReplyDeleter {
  void operator()(redisReply* reply) const { ::freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, RedisReplyDeleter>;

/// The octets of a string, a status or an error; empty for anything else.
std::string_view text_of(const redisReply& reply);
/// The elements of an array; none of anything else.
std::vector<const redisReply*> elements_of(const redisReply& reply);
/// The first word of an error, "MOVED"; empty if the reply is none.
std::string_view error_code(const redisReply& reply);

/// A server does not do what was asked. One line says why.
class RedisFault : public std::runtime_error {
 public:
  enum class Remedy { kNone, kConnectAnew };
  RedisFault(const std::string& what, Remedy remedy) : std::runtime_error(what), remedy_(remedy) {}
  /// kConnectAnew: another server may have taken its place, or it had to be connected anew. What
  /// was asked may have been done.
  [[nodiscard]] Remedy remedy() const { return remedy_; }

 private:
  Remedy remedy_;
};

/// Throws RedisFault, which names the server, for an error.
void require_answer(const redisReply& reply, const std::string& server);

struct RedisPlace {
  HostAndPort server{};
  std::string path{};  ///< of a socket in the file system, instead of `server`

  [[nodiscard]] std::string name() const;
  friend bool operator<(const RedisPlace& a, const RedisPlace& b) {
    return std::tie(a.path, a.server.host, a.server.port) <
           std::tie(b.path, b.server.host, b.server.port);
  }
};

/// All functions throw RedisFault (kConnectAnew) if the connection is lost or the time is up. After
/// that it must not be used.
class RedisConnection {
 public:
  RedisConnection(const RedisPlace& place, RedisDeadline deadline);

  [[nodiscard]] const RedisPlace& place() const { return place_; }
  void set_deadline(RedisDeadline deadline);

  /// Returns the server's answer, which may be an error.
  RedisReply ask(const RedisWords& words);

  /// For several commands at once: each is appended, then each answer taken.
  void append(const RedisWords& words);
  RedisReply next();

 private:
  struct Closer {
    void operator()(redisContext* context) const { ::redisFree(context); }
  };
  [[noreturn]] void fail() const;

  RedisPlace place_;
  std::unique_ptr<redisContext, Closer> context_;
};

}  // namespace inforeply
