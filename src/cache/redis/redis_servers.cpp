#include "cache/redis/redis_servers.hpp"

#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using Kind = RedisUrl::Kind;
using Remedy = RedisFault::Remedy;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kAttemptTime{5};
constexpr std::chrono::seconds kConnectTime{3};
constexpr std::chrono::seconds kSentinelTime{1};  // one that hangs must leave time for others
constexpr int kMaxRedirections = 5;

}  // namespace

RedisServers::RedisServers(std::string name, RedisUrl url, std::string password, ReplyMode mode)
    : name_(std::move(name)),
      url_(std::move(url)),
      password_(std::move(password)),
      keys_(mode),
      first_node_(static_cast<std::size_t>(::getpid())) {}

void RedisServers::fail(const RedisFault& fault) const {
  const std::string text = "cannot use cache " + name_ + ": " + fault.what();
  if (fault.remedy() == Remedy::kNone) throw RedisRefusal(Fault::kCache, text);
  throw Error(Fault::kCache, text);
}

void RedisServers::begin() {
  deadline_ = steady_clock::now() + kAttemptTime;
}

void RedisServers::disconnect() {
  last_ = nullptr;
  ++first_node_;  // the one before may take connections and never answer
  entry_.reset();
  places_.clear();
  connections_.clear();
}

void RedisServers::log_in(RedisConnection& connection) const {
  const auto name = connection.place().name();
  if (!url_.user.empty()) {
    require_answer(*connection.ask({"AUTH", url_.user, password_}), name);
  } else if (!password_.empty()) {
    require_answer(*connection.ask({"AUTH", password_}), name);
  }
}

RedisConnection& RedisServers::connect(const RedisPlace& place) {
  auto& known = connections_[place];
  if (!known) {
    const auto limit = std::min(deadline_, steady_clock::now() + kConnectTime);
    auto connection = std::make_unique<RedisConnection>(place, limit);
    connection->set_deadline(deadline_);
    log_in(*connection);
    if (url_.database != 0) {
      require_answer(*connection->ask({"SELECT", std::to_string(url_.database)}), place.name());
    }
    known = std::move(connection);
  }
  known->set_deadline(deadline_);
  return *known;
}

/// One of the sentinels knows where the master is. They share the password, if they want any.
RedisPlace RedisServers::ask_sentinels() {
  std::string trouble;
  for (const auto& host : url_.hosts) {
    try {
      const RedisPlace place{host, {}};
      RedisConnection sentinel(place, std::min(deadline_, steady_clock::now() + kSentinelTime));
      const RedisWords question = {"SENTINEL", "get-master-addr-by-name", url_.service};
      auto reply = sentinel.ask(question);
      if (error_code(*reply) == "NOAUTH") {
        log_in(sentinel);
        reply = sentinel.ask(question);
      }
      require_answer(*reply, place.name());
      const auto words = elements_of(*reply);
      const auto port = words.size() == 2 ? parse_number(text_of(*words[1])) : std::nullopt;
      if (port && *port <= UINT16_MAX) {
        return {{std::string(text_of(*words[0])), static_cast<std::uint16_t>(*port)}, {}};
      }
      trouble = place.name() + ": knows no master of the name '" + url_.service + "'";
    } catch (const RedisFault& fault) {
      trouble = fault.what();
    }
  }
  throw RedisFault("no sentinel tells the master, the last said: " + trouble, Remedy::kConnectAnew);
}

RedisPlace RedisServers::find_entry() {
  if (url_.kind == Kind::kSocket) return {{}, url_.path};
  if (url_.kind == Kind::kSentinel) return ask_sentinels();
  if (url_.kind == Kind::kServer) return {url_.hosts.front(), {}};
  // Any node that is there knows the others.
  for (std::size_t i = 0;; ++i) {
    RedisPlace node{url_.hosts[(first_node_ + i) % url_.hosts.size()], {}};
    try {
      connect(node);
      return node;
    } catch (const RedisFault&) {
      if (i + 1 == url_.hosts.size()) throw;
    }
  }
}

RedisPlace RedisServers::place_of(const std::string& slot) {
  const auto known = places_.find(slot);
  if (known != places_.end()) return known->second;
  if (!entry_) entry_ = find_entry();
  return *entry_;
}

/// `MOVED 3999 127.0.0.1:6381`. Without a host it is the one that answered.
RedisPlace RedisServers::target_of(std::string_view redirection, const RedisPlace& from) const {
  if (url_.kind != Kind::kCluster) {
    throw RedisFault("the server is a node of a cluster: use redis+cluster://", Remedy::kNone);
  }
  const auto target = redirection.substr(redirection.rfind(' ') + 1);
  const auto colon = target.rfind(':');
  const auto port =
      colon == std::string_view::npos ? std::nullopt : parse_number(target.substr(colon + 1));
  if (!port || *port > UINT16_MAX) {
    throw RedisFault("not understood: " + to_single_line(redirection), Remedy::kConnectAnew);
  }
  std::string host(target.substr(0, colon));
  if (host.empty() || host == "?") host = from.server.host;
  return {{std::move(host), static_cast<std::uint16_t>(*port)}, {}};
}

void RedisServers::require(const redisReply& reply) const {
  require_answer(reply, last_ == nullptr ? name_ : last_->place().name());
}

void RedisServers::pause() const {
  const auto now = steady_clock::now();
  std::minstd_rand chance(static_cast<unsigned>(now.time_since_epoch().count()) ^
                          static_cast<unsigned>(::getpid()));
  const std::chrono::microseconds time(std::uniform_int_distribution(200, 8000)(chance));
  if (now + time >= deadline_) {
    throw RedisFault("time is up, others are always faster, or a slot is on its way",
                     Remedy::kNone);
  }
  std::this_thread::sleep_for(time);
}

RedisReply RedisServers::ask(const std::string& slot, const RedisWords& words) {
  RedisPlace place = place_of(slot);
  bool is_moving = false;
  for (int redirections = 0; redirections <= kMaxRedirections;) {
    auto& connection = connect(place);
    last_ = &connection;
    if (is_moving) require_answer(*connection.ask({"ASKING"}), place.name());
    auto reply = connection.ask(words);
    const auto code = error_code(*reply);
    if (code == "TRYAGAIN" || code == "BUSY") {  // while a slot moves, or a script runs
      pause();
    } else if (code == "MOVED" || code == "ASK") {
      is_moving = code == "ASK";
      place = target_of(text_of(*reply), place);
      if (!is_moving) places_[slot] = place;
      ++redirections;
    } else {
      return reply;
    }
  }
  throw RedisFault("redirected too often", Remedy::kConnectAnew);
}

void RedisServers::wait_for_replicas(unsigned replicas) {
  if (last_ == nullptr) return;
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - steady_clock::now());
  const auto time = std::max<std::int64_t>(left.count() / 2, 1);
  const auto reply = last_->ask({"WAIT", std::to_string(replicas), std::to_string(time)});
  require(*reply);
  if (reply->integer < static_cast<long long>(replicas)) {
    throw RedisFault("redis-wait = " + std::to_string(replicas) + ": only " +
                         std::to_string(reply->integer) + " replicas have it",
                     Remedy::kNone);
  }
}

std::vector<RedisReply> RedisServers::ask_all(const std::vector<Command>& commands,
                                              const RedisPlace* at) {
  std::vector<RedisConnection*> asked;
  for (const auto& command : commands) {
    asked.push_back(&connect(at != nullptr ? *at : place_of(command.slot)));
    asked.back()->append(command.words);
  }
  std::vector<RedisReply> replies;
  replies.reserve(asked.size());
  for (auto* connection : asked)
    replies.push_back(connection->next());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const auto code = error_code(*replies[i]);
    const bool is_elsewhere = code == "MOVED" || code == "ASK" || code == "TRYAGAIN";
    if (is_elsewhere) replies[i] = ask(commands[i].slot, commands[i].words);
    if (error_code(*replies[i]) == "WRONGTYPE") continue;  // the value is at fault, not the server
    require_answer(*replies[i], asked[i]->place().name());
  }
  return replies;
}

std::vector<RedisPlace> RedisServers::masters() {
  if (!entry_) entry_ = find_entry();
  if (url_.kind != Kind::kCluster) return {*entry_};
  const auto reply = connect(*entry_).ask({"CLUSTER", "SLOTS"});
  require_answer(*reply, entry_->name());
  std::set<RedisPlace> places;  // a master may have several ranges of slots
  for (const auto* range : elements_of(*reply)) {
    const auto parts = elements_of(*range);  // first slot, last slot, master, replicas
    const auto master =
        parts.size() < 3 ? std::vector<const redisReply*>() : elements_of(*parts[2]);
    if (master.size() < 2) throw RedisFault("CLUSTER SLOTS: not understood", Remedy::kNone);
    std::string host(text_of(*master[0]));
    if (host.empty() || host == "?") host = entry_->server.host;
    if (master[1]->integer <= 0 || master[1]->integer > UINT16_MAX) {
      throw RedisFault("CLUSTER SLOTS: not understood", Remedy::kNone);
    }
    places.insert(
        RedisPlace{{std::move(host), static_cast<std::uint16_t>(master[1]->integer)}, {}});
  }
  return {places.begin(), places.end()};
}

}  // namespace inforeply
