// A process of its own that works with a reply cache as the responder does, at our command.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "cache/open_cache.hpp"

namespace inforeply::test {

class CacheProcess {
 public:
  /// What a delivery asks for, by two numbers that mean something to both sides.
  using MakeRequest = std::function<ReservationRequest(int task)>;

  explicit CacheProcess(MakeRequest make_request) : make_request_(std::move(make_request)) {
    start();
  }
  CacheProcess(const CacheProcess&) = delete;
  CacheProcess& operator=(const CacheProcess&) = delete;
  ~CacheProcess() { stop(); }

  /// Opens the cache and reserves. It stays open if that is granted.
  ReserveOutcome reserve(const std::string& path, int task, Time now) {
    return static_cast<ReserveOutcome>(ask(Order::Kind::kReserve, path, task, now));
  }
  /// Each closes the cache afterwards.
  void confirm() { ask(Order::Kind::kConfirm, {}, 0, {}); }
  void release() { ask(Order::Kind::kRelease, {}, 0, {}); }
  void close() { ask(Order::Kind::kClose, {}, 0, {}); }

  /// Dies in the middle of what it does; another takes its place.
  void kill() {
    stop();
    start();
  }

 private:
  struct Order {
    enum class Kind { kReserve, kConfirm, kRelease, kClose };
    Kind kind;
    int task;
    Time now;
    std::array<char, 256> path;
  };

  void start() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw std::runtime_error("socketpair failed");
    }
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      work(ends[1]);
    }
    ::close(ends[1]);
    socket_ = ends[0];
  }

  void stop() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(socket_);
  }

  int ask(Order::Kind kind, const std::string& path, int task, Time now) {
    Order order{kind, task, now, {}};
    if (path.size() >= order.path.size()) throw std::invalid_argument("too long: " + path);
    std::copy(path.begin(), path.end(), order.path.begin());
    int answer = -1;
    if (::send(socket_, &order, sizeof order, 0) != sizeof order ||
        ::recv(socket_, &answer, sizeof answer, 0) != sizeof answer || answer < 0) {
      throw std::runtime_error("the cache failed in another process");
    }
    return answer;
  }

  [[noreturn]] void work(int socket) const {
    std::unique_ptr<ReplyCache> cache;
    std::unique_ptr<Reservation> held;  // before the cache is closed
    Order order{};
    while (::recv(socket, &order, sizeof order, 0) == sizeof order) {
      int answer = 0;
      try {
        answer = obey(order, cache, held);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        answer = -1;
      }
      if (::send(socket, &answer, sizeof answer, 0) != sizeof answer) break;
    }
    ::_exit(0);
  }

  int obey(const Order& order, std::unique_ptr<ReplyCache>& cache,
           std::unique_ptr<Reservation>& held) const {
    auto outcome = ReserveOutcome::kGranted;
    if (order.kind == Order::Kind::kReserve) {
      cache = open_cache({order.path.data()}, CacheAccess::kCreate);
      auto result = cache->reserve(make_request_(order.task), order.now);
      outcome = result.outcome;
      held = std::move(result.reservation);
      if (held) return static_cast<int>(outcome);
    } else if (order.kind == Order::Kind::kConfirm) {
      held->confirm();
    } else if (order.kind == Order::Kind::kRelease) {
      held->release();
    }
    held.reset();
    cache.reset();
    return static_cast<int>(outcome);
  }

  MakeRequest make_request_;
  pid_t pid_ = -1;
  int socket_ = -1;
};

}  // namespace inforeply::test
