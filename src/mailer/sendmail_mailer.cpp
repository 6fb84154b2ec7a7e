#include "mailer/sendmail_mailer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "inforeply/descriptor.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxOutputOctets = 1000;  // of what the mailer prints, for the log

/// The process group of the running mailer, for a signal handler; 0 if none runs.
std::atomic<pid_t> running_mailer{0};
static_assert(std::atomic<pid_t>::is_always_lock_free);

/// Returns the message as a file in memory, at its beginning. Not a pipe: if we were killed in the
/// middle of the message, the mailer would take what it has for the whole.
Descriptor message_file(std::string_view message) {
  Descriptor file(::memfd_create("message", MFD_CLOEXEC));
  const bool is_ready =
      file.is_open() && write_all(file.get(), message) && ::lseek(file.get(), 0, SEEK_SET) == 0;
  return is_ready ? std::move(file) : Descriptor();
}

/// A running child. Killed and reaped, with its process group, when this ends without wait().
class Child {
 public:
  /// `output` is the reading end of the child's output.
  Child(pid_t pid, Descriptor output)
      : pid_(pid),
        exited_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
        output_(std::move(output)) {
    running_mailer = pid;
    ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) {
      ::kill(-pid_, SIGKILL);
      wait();
    }
  }

  /// Collects the child's output until the child exits. Returns false if the time is up first.
  bool run(std::chrono::steady_clock::time_point deadline) {
    while (exited_.is_open()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      std::array<pollfd, 2> events{{{output_.get(), POLLIN, 0}, {exited_.get(), POLLIN, 0}}};
      if (::poll(events.data(), events.size(), static_cast<int>(left.count())) < 0) {
        if (errno == EINTR) continue;
        return false;
      }
      if (events[0].revents != 0) collect();
      if (events[1].revents != 0) return true;
    }
    return false;
  }

  /// Returns the wait status, as waitpid(2) gives it; nullopt if waitpid(2) fails.
  std::optional<int> wait() {
    int status = 0;
    pid_t waited = 0;
    while ((waited = ::waitpid(pid_, &status, 0)) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    running_mailer = 0;
    if (waited < 0) return std::nullopt;
    return status;
  }

  /// Reads a bounded part of the output that is there now: it may never end.
  void collect() {
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
    if (count > 0) {
      const auto room = kMaxOutputOctets - printed_.size();
      printed_.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
    } else if (count == 0) {
      output_.close();
    }
  }
  [[nodiscard]] const std::string& printed() const { return printed_; }

 private:
  pid_t pid_;
  Descriptor exited_;
  Descriptor output_;
  std::string printed_;
};

/// The signals that a program ignores or handles here (main.cpp): the command gets them as usual.
constexpr std::array kChangedSignals = {SIGPIPE, SIGXFSZ, SIGALRM, SIGTERM, SIGINT, SIGHUP};

/// Starts a command that reads `input` and prints to `output`, in a process group of its own, so
/// that all that it starts can be killed with it. Returns 0, or what errno(3) says of the fault.
/// posix_spawn(3) would take 130 system calls more: it asks for every signal whether it is handled.
int spawn(char* const* argv, int input, int output, pid_t& pid) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);  // the child shares this memory: no handler may run
  volatile int error = 0;
  const pid_t parent = ::getpid();
  // NOLINTBEGIN(clang-analyzer-*): the child does nothing but system calls, and tells its fault
  pid = ::vfork();
  if (pid == 0) {
    for (const int signal : kChangedSignals)
      std::signal(signal, SIG_DFL);
    // If we are killed, the mailer must not go on: the next try would send the same again.
    const bool is_ready =
        ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent && ::setpgid(0, 0) == 0 &&
        ::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
        ::dup2(output, STDERR_FILENO) >= 0 && ::close_range(STDERR_FILENO + 1, ~0U, 0) == 0 &&
        ::sigprocmask(SIG_SETMASK, &before, nullptr) == 0;
    if (is_ready) ::execv(argv[0], argv);
    error = errno;
    ::_exit(EX_OSERR);
  }
  // NOLINTEND(clang-analyzer-*)
  if (pid < 0) error = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (error != 0 && pid > 0) ::waitpid(pid, nullptr, 0);
  return error;
}

/// What an exit status of sysexits(3) says about sending the same again. Only a fault of this
/// message or this address is final; an administrator or time can mend all others.
Submission::Result result_of(int exit_status) {
  switch (exit_status) {
    case EX_OK:
      return Submission::Result::kAccepted;
    case EX_DATAERR:
    case EX_NOUSER:
    case EX_NOHOST:
      return Submission::Result::kRefused;
    default:
      return Submission::Result::kDeferred;
  }
}

Submission deferred(std::string detail) {
  return {Submission::Result::kDeferred, std::move(detail)};
}

/// The mailer ran, and may have taken the message before it ended.
Submission unknown(std::string detail) {
  return {Submission::Result::kUnknown, std::move(detail)};
}

}  // namespace

SendmailMailer::SendmailMailer(std::vector<std::string> command) : command_(std::move(command)) {}

Submission SendmailMailer::submit(std::string_view envelope_sender, std::string_view recipient,
                                  std::string_view message,
                                  std::chrono::steady_clock::time_point deadline) {
  std::vector<std::string> words = command_;
  words.insert(words.end(),
               {"-i", "-f", envelope_sender.empty() ? "<>" : std::string(envelope_sender), "--",
                std::string(recipient)});
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (auto& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);

  Descriptor input = message_file(message);
  std::array<int, 2> ends{-1, -1};
  if (!input.is_open() || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return deferred(with_cause("cannot prepare to run the mailer", errno));
  }
  Descriptor output(ends[0]);
  Descriptor output_of_child(ends[1]);
  pid_t pid = 0;
  const int error = spawn(argv.data(), input.get(), output_of_child.get(), pid);
  if (error != 0) return deferred(with_cause("cannot run " + command_.front(), error));
  output_of_child.close();

  Child child(pid, std::move(output));
  const bool in_time = child.run(deadline);
  child.collect();
  const std::string printed =
      child.printed().empty() ? "" : ": " + to_single_line(trim(child.printed()));
  if (!in_time) return unknown("killed, its time was up" + printed);
  const auto status = child.wait();
  if (!status) return unknown(with_cause("its exit status is lost", errno) + printed);
  if (!WIFEXITED(*status)) {
    return unknown("died of signal " + std::to_string(WTERMSIG(*status)) + printed);
  }
  const int exit_status = WEXITSTATUS(*status);
  return {result_of(exit_status), "exit status " + std::to_string(exit_status) + printed};
}

void kill_running_mailer() {
  if (const pid_t group = running_mailer; group > 0) ::kill(-group, SIGKILL);
}

}  // namespace inforeply
