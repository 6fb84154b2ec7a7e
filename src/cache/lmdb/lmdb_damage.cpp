#include "cache/lmdb/lmdb_damage.hpp"

#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "inforeply/cache_store.hpp"
#include "inforeply/exit_status.hpp"

namespace inforeply {
namespace {

// NOLINTBEGIN(*-avoid-non-const-global-variables): a signal handler is given nothing.
int status_of_damage = static_cast<int>(ExitStatus::kTemporaryFailure);
/// As long as a path may be.
std::array<char, 4096 + 64> damage_report{};
/// The fault may be that the stack has no room.
std::array<char, std::size_t{64} * 1024> signal_stack{};
struct Expected {
  int signal;
  struct sigaction before;
};
std::array<Expected, 4> expected_signals{
    {{SIGSEGV, {}}, {SIGBUS, {}}, {SIGFPE, {}}, {SIGABRT, {}}}};
// NOLINTEND(*-avoid-non-const-global-variables)

void end(int /*signal*/) {
  ::_exit(status_of_damage);
}

[[noreturn]] void report_damage() {
  const std::size_t length = std::strlen(damage_report.data());
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, damage_report.data(), length);
  // syslog(3) allocates: it may meet the same damage once more, or wait for ever for a lock that
  // the allocator held when it found that.
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const auto& expected : expected_signals) {
    std::signal(expected.signal, end);
    ::sigaddset(&signals, expected.signal);
  }
  ::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  std::signal(SIGALRM, end);
  ::alarm(1);
  ::syslog(LOG_MAIL | LOG_ERR, "%s", damage_report.data());
  ::_exit(status_of_damage);
}

/// SIGBUS can only be about the cache, the one file that we read as memory.
void on_signal(int signal) {
  if (lmdb::in_lmdb != 0 || signal == SIGBUS) report_damage();
  for (const auto& expected : expected_signals) {
    if (expected.signal == signal) ::sigaction(signal, &expected.before, nullptr);
  }
  ::raise(signal);  // delivered when this returns
}

bool catch_signals() {
  stack_t stack{};
  stack.ss_sp = signal_stack.data();
  stack.ss_size = signal_stack.size();
  ::sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK;
  for (auto& expected : expected_signals)
    ::sigaction(expected.signal, &action, &expected.before);
  return true;
}

}  // namespace

void set_status_of_damage(ExitStatus status) {
  status_of_damage = static_cast<int>(status);
}

namespace lmdb {

void expect_damage_of(const std::string& path) {
  std::snprintf(damage_report.data(), damage_report.size(),
                "%s: cannot read cache %s: damaged, or the disk is full\n",
                ::program_invocation_short_name, path.c_str());
  static const bool caught = catch_signals();
  static_cast<void>(caught);
}

void report_assertion(MDB_env* /*environment*/, const char* /*text*/) {
  report_damage();
}

void touch(const MDB_val& val) {
  constexpr std::size_t kStep = 512;  // the smallest page
  in_lmdb = 1;
  const volatile char* data = static_cast<const char*>(val.mv_data);
  for (std::size_t i = 0; i < val.mv_size; i += kStep)
    static_cast<void>(data[i]);
  if (val.mv_size > 0) static_cast<void>(data[val.mv_size - 1]);
  in_lmdb = 0;
}

}  // namespace lmdb
}  // namespace inforeply
