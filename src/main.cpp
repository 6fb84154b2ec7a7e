// inforeply: the responder.

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "cache/open_cache.hpp"
#include "decision/decision.hpp"
#include "delivery/config_check.hpp"
#include "delivery/delivery.hpp"
#include "delivery/delivery_confinement.hpp"
#include "delivery/sample.hpp"
#include "inforeply/commands.hpp"
#include "inforeply/error.hpp"
#include "inforeply/exit_status.hpp"
#include "inforeply/text.hpp"
#include "mailer/make_mailer.hpp"
#include "mailer/sendmail_mailer.hpp"

namespace inforeply {
namespace {

constexpr std::chrono::seconds kRunTimeLimit{120};
// The last part, which no slow step may use: a step of a cache on servers that hang takes ten.
constexpr std::chrono::seconds kTimeToFinish{15};
constexpr int kLargeOctets = 128 * 1024;

/// Printed if the sample message is not answered.
constexpr std::string_view kSampleHint =
    "\nThis was a sample message: -f ADDRESS names another sender, --explain tells why.\n";

/// Printed if a delivery is started on a terminal: it would seem to hang.
constexpr const char* kTerminalHint =
    "inforeply: reading the message from the terminal; end it with Ctrl-D\n";

/// Handles the time limit and signals that end us; does only what is safe in a signal handler. A
/// reserved reply is granted again at the mail server's next try, so the mailer must not go on.
void end_by_signal(int /*signal*/) {
  constexpr std::string_view kText = "inforeply: deferred: ended by a signal or after 120 s\n";
  kill_running_mailer();
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kText.data(), kText.size());
  ::_exit(static_cast<int>(ExitStatus::kTemporaryFailure));
}

/// If a standard stream is closed, the next file opened would take its place, perhaps the cache:
/// the log would be written into it.
void fill_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // Standard input is only opened for writing, so that reading the message fails as it should.
    if (::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDWR) < 0) {
      ::_exit(static_cast<int>(ExitStatus::kTemporaryFailure));
    }
  }
}

/// We inherit the mail server's signal settings, so we make our own. A closed pipe or a limit on
/// file sizes comes as an error from write(2). The status of a child is kept.
void set_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);
  for (const int signal : {SIGALRM, SIGTERM, SIGINT, SIGHUP}) {
    std::signal(signal, end_by_signal);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Makes glibc return large pieces of memory to the system when they are freed. By default it keeps
/// pieces no larger than the largest freed so far.
void give_back_large_memory() {
  ::mallopt(M_MMAP_THRESHOLD, kLargeOctets);
}

ExitStatus print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) throw system_error(Fault::kInternal, "cannot write");
  return ExitStatus::kOk;
}

/// What is known of the delivery when an error ends it.
struct Progress {
  std::optional<Time> now;  ///< --now
  std::optional<Seconds> give_up_after = Seconds{2 * 24 * 3600};
  bool is_inspection = false;  ///< nothing is delivered
  std::optional<Message> message;
};

ExitStatus respond(const ResponderCommand& command, Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  const auto& settings = command.settings;
  const auto log = make_log(settings.log);
  const auto responders =
      open_responders(settings, command.dry_run ? IndexAccess::kRead : IndexAccess::kWrite);
  confine_delivery(command, *responders, *log);
  Message& message = progress.message.emplace();
  Envelope envelope = command.envelope;
  auto now = command.now;
  const bool is_terminal = ::isatty(STDIN_FILENO) == 1;
  const bool is_sample = command.dry_run && is_terminal;
  if (is_sample) {
    now = take_sample(message, envelope, now, *responders);
  } else {
    if (is_terminal) std::fputs(kTerminalHint, stderr);
    message = read_message(STDIN_FILENO);
  }
  if (envelope.recipients.empty()) throw Error(Fault::kUsage, "no recipient (see --help)");
  const SystemClock system_clock;
  const FixedClock fixed_clock(now.value_or(Time{}));
  const auto& clock = now ? static_cast<const Clock&>(fixed_clock) : system_clock;
  if (!envelope.sender && !message.return_path) envelope.sender = command.last_sender;
  Delivery delivery(
      {clock, *responders, *log, [&] { return open_cache(settings.cache, CacheAccess::kCreate); },
       [&] { return make_mailer(settings.mailer); }, settings,
       start + kRunTimeLimit - kTimeToFinish},
      message, std::move(envelope));
  if (command.dry_run) {
    const std::string text =
        delivery.preview(command.explain ? Explanation::kInclude : Explanation::kOmit,
                         command.show ? PreviewForm::kView : PreviewForm::kMessage);
    const bool is_hint_due = is_sample && text.starts_with("verdict: suppress");
    return print(text + (is_hint_due ? std::string(kSampleHint) : ""));
  }
  return delivery.run() == DeliveryStatus::kDone ? ExitStatus::kOk : ExitStatus::kTemporaryFailure;
}

/// Prints every fault of the configuration, one a line, then the notes.
ExitStatus check_config(const ResponderCommand& command) {
  ::alarm(0);  // no mail waits for it
  const auto check = check_configuration(command.settings, command.faults,
                                         command.now.value_or(SystemClock().now()));
  std::string text;
  for (const auto* list : {&check.faults, &check.notes}) {
    for (const auto& line : *list)
      text += to_single_line(line.what()) + "\n";
  }
  if (check.faults.empty())
    text += "no fault found, responders: " + std::to_string(check.responders) + "\n";
  print(text);
  return check.faults.empty() ? ExitStatus::kOk : ExitStatus::kTemporaryFailure;
}

ExitStatus run(int argc, char** argv, Progress& progress) {
  constexpr std::array<std::string_view, 3> kInspections = {"-n", "--dry-run", "--check-config"};
  progress.is_inspection = std::any_of(
      argv, argv + argc, [&](std::string_view word) { return is_one_of(word, kInspections); });
  const ResponderCommand command = parse_responder_command(argc, argv, read_envelope_variables());
  progress.now = command.now;
  progress.give_up_after = command.settings.give_up_after;
  progress.is_inspection = command.dry_run || command.check_config;
  if (command.help) return print(responder_help());
  if (command.version) return print("inforeply " INFOREPLY_VERSION "\n");
  return command.check_config ? check_config(command) : respond(command, progress);
}

/// Ends a delivery that could not even begin: it is deferred, unless the message is late already.
/// Reports to both places, as no log is chosen yet. The mail server keeps what is printed here.
ExitStatus give_up(const std::exception& error, Progress& progress) {
  bool is_given_up = false;
  try {
    const bool has_message = !progress.is_inspection && ::isatty(STDIN_FILENO) != 1;
    if (!progress.message && has_message) {
      ::tzset();  // for the times in the log
      confine({});
      progress.message = read_message(STDIN_FILENO);
    }
    is_given_up =
        has_message && is_late(*progress.message, progress.now.value_or(SystemClock().now()),
                               progress.give_up_after);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): `error` is what counts
  }
  for (const char* spec : {"syslog", "stderr"}) {
    make_log(spec)->write(
        Severity::kError,
        std::string("inforeply: ") + (is_given_up ? "late" : "deferred") + ": " + error.what());
  }
  return is_given_up ? ExitStatus::kOk : ExitStatus::kTemporaryFailure;
}

}  // namespace
}  // namespace inforeply

int main(int argc, char** argv) {
  using inforeply::ExitStatus;
  auto status = ExitStatus::kTemporaryFailure;
  try {
    inforeply::fill_standard_streams();
    inforeply::set_signals();
    inforeply::give_back_large_memory();
    ::alarm(static_cast<unsigned>(inforeply::kRunTimeLimit.count()));
    inforeply::Progress progress;
    try {
      status = inforeply::run(argc, argv, progress);
    } catch (const std::exception& error) {
      status = inforeply::give_up(error, progress);
    }
  } catch (...) {  // not even memory to report: still, the message must not bounce
    status = ExitStatus::kTemporaryFailure;
  }
  return static_cast<int>(status);
}
