// inforeply: the responder.

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <atomic>
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
#include "delivery/delivery_check.hpp"
#include "delivery/delivery_confinement.hpp"
#include "delivery/log_line.hpp"
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

/// Printed if a dry run got nothing, as by ssh without a terminal.
constexpr const char* kNoMessageHint =
    "inforeply: there is no message on standard input; on a terminal a sample message is "
    "answered\n";

std::atomic<LogFormat> format_of_log{LogFormat::kText};

/// The message is late: if this run is ended, too, no other may follow, for it would bounce.
std::atomic<bool> is_last_run{false};

/// Handles the time limit and signals that end us; does only what is safe in a signal handler. A
/// reserved reply is granted again at the mail server's next try, so the mailer must not go on.
void end_by_signal(int /*signal*/) {
  constexpr std::string_view kText = "inforeply: deferred: ended by a signal or after 120 s\n";
  constexpr std::string_view kLateText = "inforeply: late: ended by a signal or after 120 s\n";
  constexpr std::string_view kJson =
      R"({"action":"deferred","reason":null,"detail":"ended by a signal or after 120 s"})"
      "\n";
  constexpr std::string_view kLateJson =
      R"({"action":"suppressed","reason":"late","detail":"ended by a signal or after 120 s"})"
      "\n";
  kill_running_mailer();
  const bool is_json = format_of_log == LogFormat::kJson;
  const auto report = is_last_run ? (is_json ? kLateJson : kLateText) : (is_json ? kJson : kText);
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, report.data(), report.size());
  ::_exit(static_cast<int>(is_last_run ? ExitStatus::kOk : ExitStatus::kTemporaryFailure));
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
  std::optional<Seconds> give_up_after = kDefaultGiveUpAfter;
  bool is_inspection = false;  ///< nothing is delivered
  std::optional<Message> message;
};

ExitStatus respond(const ResponderCommand& command, Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  const auto& settings = command.settings;
  const auto log = make_log(settings.log, settings.log_format);
  auto responders =
      open_responders(settings, command.dry_run ? IndexAccess::kRead : IndexAccess::kWrite);
  // Their Maildirs are looked for before the process is confined.
  if (!settings.fcc_folders.empty()) responders = remembering(std::move(responders));
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
    if (command.dry_run && message.is_empty()) std::fputs(kNoMessageHint, stderr);
  }
  if (envelope.recipients.empty()) throw Error(Fault::kUsage, "no recipient (see --help)");
  const SystemClock system_clock;
  const FixedClock fixed_clock(now.value_or(Time{}));
  const auto& clock = now ? static_cast<const Clock&>(fixed_clock) : system_clock;
  if (!envelope.sender && !message.return_path) envelope.sender = command.last_sender;
  is_last_run = !command.dry_run && is_late(message, clock.now(), settings.give_up_after);
  Delivery delivery(
      {clock, *responders, *log,
       [&](Severity severity, const LogLine& line) {
         log->write_formatted(severity, format_log_line(line, settings.log_format));
       },
       [&](ReplyMode mode) { return open_cache(settings.cache.in(mode), CacheAccess::kCreate); },
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

/// Prints what a receiver finds in a reply, a finding a line.
ExitStatus print_delivery_check(const ResponderCommand& command) {
  constexpr std::array<std::string_view, 3> kNames = {"ok: ", "note: ", "fault: "};
  auto status = ExitStatus::kOk;
  std::string text;
  for (const auto& finding : check_delivery(command, STDIN_FILENO)) {
    text += kNames.at(static_cast<std::size_t>(finding.kind));
    text += shown_safely(finding.text) + "\n";
    if (finding.kind == Finding::Kind::kFault) status = ExitStatus::kTemporaryFailure;
  }
  print(text);
  return status;
}

ResponderCommand parse_command(int argc, char** argv, Progress& progress) {
  try {
    return parse_responder_command(argc, argv, read_envelope_variables());
  } catch (const Error&) {
    progress.is_inspection = is_inspection(argc, argv);
    format_of_log = find_log_format(argc, argv);
    throw;
  }
}

ExitStatus run(int argc, char** argv, Progress& progress) {
  const ResponderCommand command = parse_command(argc, argv, progress);
  format_of_log = command.settings.log_format;
  progress.now = command.now;
  progress.give_up_after = command.settings.give_up_after;
  progress.is_inspection = command.dry_run || command.check_config;
  if (command.help) return print(responder_help());
  if (command.version) return print("inforeply " INFOREPLY_VERSION "\n");
  if (command.check_config) return check_config(command);
  return command.check_delivery.empty() ? respond(command, progress)
                                        : print_delivery_check(command);
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
  const auto* known = dynamic_cast<const Error*>(&error);
  LogLine line;
  line.action = is_given_up ? "suppressed" : "deferred";
  line.reason = is_given_up ? code_of(Reason::kLate)
                            : name_of(known != nullptr ? known->fault() : Fault::kInternal);
  line.detail = error.what();
  for (const char* spec : {"syslog", "stderr"})
    make_log(spec)->write(Severity::kError, format_failed_run(line, format_of_log));
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
