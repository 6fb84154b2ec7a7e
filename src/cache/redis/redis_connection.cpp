#include "cache/redis/redis_connection.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using Remedy = RedisFault::Remedy;

// What another server, or the same a little later, may do.
constexpr std::array<std::string_view, 6> kPassing = {"READONLY",   "LOADING",  "CLUSTERDOWN",
                                                      "MASTERDOWN", "TRYAGAIN", "UNBLOCKED"};

timeval time_left(RedisDeadline deadline) {
  using std::chrono::microseconds;
  const auto left =
      std::chrono::duration_cast<microseconds>(deadline - std::chrono::steady_clock::now());
  const auto time = std::max(left, microseconds(1000));  // zero would be no limit
  return {static_cast<time_t>(time.count() / 1'000'000),
          static_cast<suseconds_t>(time.count() % 1'000'000)};
}

redisContext* connect(const RedisPlace& place, timeval time) {
  if (!place.path.empty()) return ::redisConnectUnixWithTimeout(place.path.c_str(), time);
  const auto& [host, port] = place.server;
  if (!equals_ignoring_case(host, "localhost")) {
    return ::redisConnectWithTimeout(host.c_str(), port, time);
  }
  // RFC 6761, 6.3. A confined process can look nothing up.
  redisContext* v4 = ::redisConnectWithTimeout("127.0.0.1", port, time);
  if (v4 == nullptr || v4->err == 0) return v4;
  redisContext* v6 = ::redisConnectWithTimeout("::1", port, time);
  const bool is_v6 = v6 != nullptr && v6->err == 0;
  ::redisFree(is_v6 ? v4 : v6);
  return is_v6 ? v6 : v4;
}

}  // namespace

std::string_view text_of(const redisReply& reply) {
  const bool has_text = reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS ||
                        reply.type == REDIS_REPLY_ERROR;
  return has_text ? std::string_view(reply.str, reply.len) : std::string_view();
}

std::vector<const redisReply*> elements_of(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY) return {};
  return {reply.element, reply.element + reply.elements};
}

std::string_view error_code(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ERROR) return {};
  const auto text = text_of(reply);
  return text.substr(0, text.find(' '));
}

void require_answer(const redisReply& reply, const std::string& server) {
  if (reply.type != REDIS_REPLY_ERROR) return;
  throw RedisFault(server + ": " + to_single_line(text_of(reply)),
                   is_one_of(error_code(reply), kPassing) ? Remedy::kConnectAnew : Remedy::kNone);
}

std::string RedisPlace::name() const {
  return path.empty() ? server.name() : path;
}

RedisConnection::RedisConnection(const RedisPlace& place, RedisDeadline deadline)
    : place_(place), context_(connect(place, time_left(deadline))) {
  if (context_ == nullptr) throw RedisFault("no memory", Remedy::kNone);
  if (context_->err != 0) fail();
  ::fcntl(context_->fd, F_SETFD, FD_CLOEXEC);  // it is not the mailer's
  set_deadline(deadline);
}

void RedisConnection::set_deadline(RedisDeadline deadline) {
  ::redisSetTimeout(context_.get(), time_left(deadline));
}

void RedisConnection::append(const RedisWords& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const auto& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  const int status = ::redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()),
                                              texts.data(), sizes.data());
  if (status != REDIS_OK) fail();
}

RedisReply RedisConnection::next() {
  void* reply = nullptr;
  if (::redisGetReply(context_.get(), &reply) != REDIS_OK) fail();
  return RedisReply(static_cast<redisReply*>(reply));
}

RedisReply RedisConnection::ask(const RedisWords& words) {
  append(words);
  return next();
}

void RedisConnection::fail() const {
  const bool is_late = context_->err == REDIS_ERR_IO &&
                       (errno == EAGAIN || errno == EWOULDBLOCK || errno == ETIMEDOUT);
  const char* text = static_cast<const char*>(context_->errstr);
  throw RedisFault(
      place_.name() + ": " + (is_late ? "time is up, no answer" : to_single_line(text)),
      Remedy::kConnectAnew);
}

}  // namespace inforeply
