// inforeply: the responder.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "inforeply/delivery.hpp"
#include "inforeply/error.hpp"
#include "inforeply/exit_status.hpp"
#include "inforeply/settings.hpp"

namespace inforeply {
namespace {

constexpr std::chrono::seconds kRunTimeLimit{120};
constexpr std::chrono::seconds kTimeToFinish{5};  // kept back from the mailer's time

/// The last resort against a run that hangs. Only what is safe in a signal handler; whatever was
/// reserved is granted again when the mail server tries again.
void give_up(int /*signal*/) {
  constexpr std::string_view kText = "inforeply: gave up after 120 s\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kText.data(), kText.size());
  ::_exit(static_cast<int>(ExitStatus::kTemporaryFailure));
}

/// A file of ours, the cache even, must not be opened in the place of a standard stream that was
/// closed: the log would be written into it.
void fill_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // Standard input only to be written to, so that reading the message fails as it should.
    ::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDWR);
  }
}

ExitStatus print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) throw system_error(Fault::kInternal, "cannot write");
  return ExitStatus::kOk;
}

ExitStatus respond(const ResponderCommand& command) {
  const auto start = std::chrono::steady_clock::now();
  const auto& settings = command.settings;
  const auto log = make_log(settings.log);
  const auto responders = settings.responder.empty()
                              ? responder_folder(settings.responders, settings.recipient_delimiter)
                              : single_responder(settings.responder);
  const SystemClock system_clock;
  const FixedClock fixed_clock(command.now.value_or(Time{}));
  const auto& clock = command.now ? static_cast<const Clock&>(fixed_clock) : system_clock;
  const auto make_timed_mailer = [&] {
    const std::chrono::milliseconds left = std::chrono::duration_cast<std::chrono::milliseconds>(
        start + kRunTimeLimit - kTimeToFinish - std::chrono::steady_clock::now());
    return make_mailer(settings.mailer,
                       std::min<std::chrono::milliseconds>(left, kMailerTimeLimit));
  };

  const Message message = read_message(STDIN_FILENO);
  Delivery delivery(
      {clock, *responders, *log, [&] { return open_cache(settings.cache, CacheAccess::kCreate); },
       make_timed_mailer, settings.recipient_delimiter, settings.log_addresses},
      message, command.envelope);
  if (command.dry_run) return print(delivery.preview(command.explain));
  return delivery.run() == DeliveryStatus::kDone ? ExitStatus::kOk : ExitStatus::kTemporaryFailure;
}

ExitStatus run(int argc, char** argv) {
  const ResponderCommand command = parse_responder_command(argc, argv);
  if (command.help) return print(responder_help());
  if (command.version) return print("inforeply " INFOREPLY_VERSION "\n");
  return respond(command);
}

/// Before a log is chosen both places are told: the mail server keeps what is printed here, too.
void report(const std::exception& error) {
  for (const char* spec : {"syslog", "stderr"}) {
    make_log(spec)->write(Severity::kError, std::string("inforeply: deferred: ") + error.what());
  }
}

}  // namespace
}  // namespace inforeply

int main(int argc, char** argv) {
  using inforeply::ExitStatus;
  auto status = ExitStatus::kTemporaryFailure;
  try {
    inforeply::fill_standard_streams();
    std::signal(SIGALRM, inforeply::give_up);
    ::alarm(static_cast<unsigned>(inforeply::kRunTimeLimit.count()));
    status = inforeply::run(argc, argv);
  } catch (const std::exception& error) {
    inforeply::report(error);
  }
  return static_cast<int>(status);
}
