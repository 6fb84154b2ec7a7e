#include "sendmail_mailer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

constexpr std::size_t kMaxOutputOctets = 1000;  // of what the mailer prints, for the log

/// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int descriptor = -1) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

/// A running child. Killed with its process group and reaped at the latest when this goes.
class Child {
 public:
  Child(pid_t pid, Descriptor input, Descriptor output)
      : pid_(pid),
        exited_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
        input_(std::move(input)),
        output_(std::move(output)) {
    // A mailer that does not read must not stop us from noticing the time.
    ::fcntl(input_.get(), F_SETFL, O_NONBLOCK);
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

  /// Feeds it `message` and collects what it prints until it exits. False when the time is up.
  bool run(std::string_view message, Deadline deadline) {
    while (true) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      std::array<pollfd, 3> events{
          {{input_.get(), POLLOUT, 0}, {output_.get(), POLLIN, 0}, {exited_.get(), POLLIN, 0}}};
      if (::poll(events.data(), events.size(), static_cast<int>(left.count())) < 0) continue;
      if (events[0].revents != 0) feed(message);
      if (events[1].revents != 0) collect();
      if (events[2].revents != 0) {
        collect();
        return true;
      }
    }
  }

  /// The wait status, as waitpid(2) gives it.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }
  [[nodiscard]] const std::string& printed() const { return printed_; }

  /// Whether it took the whole message.
  [[nodiscard]] bool fed() const { return fed_; }

 private:
  void feed(std::string_view& message) {
    const ssize_t count = ::write(input_.get(), message.data(), message.size());
    if (count >= 0) {
      message.remove_prefix(static_cast<std::size_t>(count));
      fed_ = message.empty();
    }
    const bool failed = count < 0 && errno != EAGAIN && errno != EINTR;
    if (fed_ || failed) input_.close();
  }

  void collect() {
    std::array<char, 4096> buffer{};
    ssize_t count = 0;
    while ((count = ::read(output_.get(), buffer.data(), buffer.size())) > 0) {
      const auto room = kMaxOutputOctets - printed_.size();
      printed_.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
    }
    if (count == 0) output_.close();
  }

  pid_t pid_;
  Descriptor exited_;
  Descriptor input_;
  Descriptor output_;
  std::string printed_;
  bool fed_ = false;
};

/// posix_spawn's two parameter objects.
class SpawnParameters {
 public:
  SpawnParameters(int input, int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    // A group of its own, so that all of it can be killed; SIGPIPE as a program expects it.
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  SpawnParameters(const SpawnParameters&) = delete;
  SpawnParameters& operator=(const SpawnParameters&) = delete;
  ~SpawnParameters() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// What a status of sysexits(3) says about sending the same again. Only what speaks of this message
/// or this address is final: all else an administrator or time can mend.
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

std::string cause(int error) {
  return std::strerror(error);
}

}  // namespace

SendmailMailer::SendmailMailer(std::vector<std::string> command,
                               std::chrono::milliseconds time_limit)
    : command_(std::move(command)), time_limit_(time_limit) {
  // A mailer that exits early is told by its status, not by a signal to us.
  std::signal(SIGPIPE, SIG_IGN);
}

Submission SendmailMailer::submit(std::string_view envelope_sender, std::string_view recipient,
                                  std::string_view message) {
  std::vector<std::string> words = command_;
  words.insert(words.end(),
               {"-i", "-f", envelope_sender.empty() ? "<>" : std::string(envelope_sender), "--",
                std::string(recipient)});
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);

  auto input = make_pipe();
  auto output = make_pipe();
  if (!input || !output) return deferred("cannot make a pipe: " + cause(errno));
  const SpawnParameters parameters(input->read_end.get(), output->write_end.get());
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, argv.front(), parameters.actions(), parameters.attributes(),
                                  argv.data(), environ);
  if (error != 0) return deferred("cannot run " + command_.front() + ": " + cause(error));
  input->read_end.close();
  output->write_end.close();

  Child child(pid, std::move(input->write_end), std::move(output->read_end));
  const bool in_time = child.run(message, std::chrono::steady_clock::now() + time_limit_);
  std::string printed = child.printed().empty() ? "" : ": " + to_single_line(trim(child.printed()));
  if (!in_time) {
    return deferred("killed after " + std::to_string(time_limit_.count()) + " ms" + printed);
  }
  const int status = child.wait();
  if (!WIFEXITED(status)) {
    return deferred("died of signal " + std::to_string(WTERMSIG(status)) + printed);
  }
  const auto result = result_of(WEXITSTATUS(status));
  if (result == Submission::Result::kAccepted && !child.fed()) {
    return deferred("exited with status 0 before it had read the message" + printed);
  }
  return {result, "exit status " + std::to_string(WEXITSTATUS(status)) + printed};
}

}  // namespace inforeply
