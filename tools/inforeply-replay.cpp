// inforeply-replay: what the responder would have done with stored mail. Sends nothing.

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "figures.hpp"
#include "inforeply/address.hpp"
#include "inforeply/commands.hpp"
#include "inforeply/replay.hpp"
#include "mail_store.hpp"
#include "progress.hpp"
#include "replay_report.hpp"
#include "replay_table.hpp"
#include "report_page.hpp"
#include "temporary_folder.hpp"
#include "terminal.hpp"
#include "tool.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kNamedPeople = 10;

const std::vector<ToolOption>& own_options() {
  static const std::vector<ToolOption> options = {
      {"responders", "DIR", "the folder of responder files, instead of the configuration's"},
      {"responder", "FILE", "this responder for every recipient"},
      {"recipient", "ADDR",
       "whom the messages were delivered to; else Delivered-To, X-Original-To, Envelope-To, To or "
       "Cc says it"},
      {"against", "OTHER",
       "a folder of responder files, or one responder file: shows only what differs from it"},
      {"all", nullptr, "a line also for each message that is not answered"},
      {"format", "FORMAT", "table (default) or json (an object a line, of every message)"},
      {"html", "FILE", "write a page for a browser, too"},
  };
  return options;
}

std::string help() {
  return "Usage: inforeply-replay [-c FILE] [--responders DIR | --responder FILE] MAIL...\n\n"
         "Tells what the responder would have done with mail that is stored in a maildir,\n"
         "mbox files or single files, in the order of the messages' dates. Nothing is\n"
         "sent; who was answered is remembered in a temporary folder.\n\n"
         "Example: inforeply-replay --responder new.conf --recipient info@example.org \\\n"
         "             ~/Maildir\n\n" +
         tool_options_help(own_options(), CacheOption::kOmit);
}

class Interrupted : public std::exception {};

/// Takes note of the first signal that would end the process, so that it ends in order. The second
/// one ends it.
class Interruption {
 public:
  Interruption() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      struct sigaction before {};
      ::sigaction(number, nullptr, &before);
      if (before.sa_handler == SIG_IGN) continue;  // as of nohup(1)
      struct sigaction action {};
      action.sa_handler = [](int received) { caught = received; };
      action.sa_flags = static_cast<int>(SA_RESETHAND);
      ::sigaction(number, &action, nullptr);
    }
  }
  /// 0: none came.
  static int signal() { return caught; }

 private:
  static inline volatile std::sig_atomic_t caught = 0;
};

/// The settings with their memory in the temporary folder.
Settings with_memory(Settings settings, const std::string& file) {
  settings.cache = {file};
  return settings;
}

/// `path`: a folder of responder files, or one responder file.
Settings with_responders(Settings settings, const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw system_error(Fault::kInput, "cannot read " + to_single_line(path));
  }
  const bool is_folder = S_ISDIR(status.st_mode);
  settings.responders = is_folder ? path : settings.responders;
  settings.responder = is_folder ? "" : path;
  return settings;
}

constexpr char kBetween = '\t';  // of a line's parts: comes before all that they hold

/// The people that were answered, a line each in order, in a file: there may be very many.
class People {
 public:
  People(Replay& replay, const std::string& file) : file_(std::fopen(file.c_str(), "w+")) {
    if (file_ == nullptr) throw system_error(Fault::kOutput, "cannot make " + file);
    replay.visit_answered([&](const std::string& responder, const std::string& sender) {
      const auto line = to_single_line(responder) + kBetween + to_single_line(sender) + "\n";
      if (std::fputs(line.c_str(), file_) < 0)
        throw system_error(Fault::kOutput, "cannot write a temporary file");
      ++count_;
    });
    std::rewind(file_);
  }
  People(const People&) = delete;
  People& operator=(const People&) = delete;
  ~People() { std::fclose(file_); }

  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// The next one; nullopt after the last.
  std::optional<std::string> next() {
    std::string line;
    for (int c = std::fgetc(file_); c != EOF && c != '\n'; c = std::fgetc(file_))
      line += static_cast<char>(c);
    return line.empty() ? std::nullopt : std::optional(line);
  }

 private:
  std::FILE* file_;
  std::uint64_t count_ = 0;
};

struct Difference {
  std::uint64_t count = 0;
  std::vector<std::string> first;

  /// `line`: of People.
  void add(const std::string& line) {
    if (++count > kNamedPeople) return;
    const auto between = line.find(kBetween);
    first.push_back(line.substr(between + 1) + " by " + line.substr(0, between));
  }
};

/// Who is answered by one configuration alone: of the first, and of the second.
std::pair<Difference, Difference> compare(People& people, People& others) {
  std::pair<Difference, Difference> difference;
  auto person = people.next();
  auto other = others.next();
  while (person || other) {
    const bool is_alone = person && (!other || *person < *other);
    const bool is_other_alone = other && (!person || *other < *person);
    if (is_alone) difference.first.add(*person);
    if (is_other_alone) difference.second.add(*other);
    if (!is_other_alone) person = people.next();
    if (!is_alone) other = others.next();
  }
  return difference;
}

/// Empty if there is none.
std::string describe(const Difference& difference, const char* more_or_fewer) {
  const auto count = difference.count;
  if (count == 0) return {};
  std::string text = std::to_string(count) + " " + more_or_fewer +
                     (count == 1 ? " person" : " people") + " would be answered";
  for (std::size_t i = 0; i < difference.first.size(); ++i)
    text += (i == 0 ? ": " : ", ") + difference.first[i];
  return text + (count > difference.first.size() ? ", ..." : "") + "\n";
}

bool is_same(const ReplayResult& a, const ReplayResult& b) {
  return a.action == b.action && a.reason == b.reason && a.section == b.section;
}

class Run {
 public:
  explicit Run(const ToolCommand& command)
      : command_(command), wants_json_(wants_json()), terminal_(find_terminal()) {
    auto settings = command.settings;
    if (has("recipient") && !parse_address(command.options.at("recipient")))
      usage_error("--recipient: no address: " + command.options.at("recipient"));
    if (has("responders") && has("responder"))
      usage_error("--responders and --responder do not go together");
    for (const auto* option : {"responders", "responder"}) {
      if (has(option)) settings = with_responders(settings, command.options.at(option));
    }
    replay_.emplace(with_memory(settings, folder_.path() + "/cache.mdb"));
    if (has("against")) {
      other_.emplace(with_memory(with_responders(settings, command.options.at("against")),
                                 folder_.path() + "/other.mdb"));
    }
  }

  ExitStatus run() {
    Progress progress(Progress::Audience::kTerminal);
    std::size_t read = 0;
    progress.begin("reading");
    for (const auto& path : command_.words)
      store_.add(path, [&] { count(progress, read); });
    if (store_.size() == 0) throw Error(Fault::kInput, "no message found");
    if (!wants_json_) print(table_heading(terminal_, other_.has_value()));
    progress.begin("replaying", store_.size());
    std::size_t replayed = 0;
    store_.visit([&](const KeptMessage& message) {
      const auto& done = replay(message);
      if (is_shown(done)) {
        progress.clear();
        print(wants_json_ ? json_line(done) : table_row(terminal_, done));
      }
      count(progress, replayed);
    });
    progress.clear();
    finish();
    if (figures_.deferred() == 0) return ExitStatus::kOk;
    std::fprintf(stderr, "inforeply-replay: %s could not be decided: %s\n",
                 counted(figures_.deferred(), "message").c_str(),
                 to_single_line(figures_.first_trouble()).c_str());
    return ExitStatus::kConfiguration;
  }

 private:
  static void end_if_interrupted() {
    if (Interruption::signal() != 0) throw Interrupted();
  }
  static void count(Progress& progress, std::size_t& messages) {
    end_if_interrupted();
    progress.report(++messages);
  }
  [[nodiscard]] bool has(const std::string& option) const {
    return command_.options.contains(option);
  }
  [[nodiscard]] bool wants_json() const {
    if (!has("format")) return false;
    const auto& format = command_.options.at("format");
    if (format != "table" && format != "json") usage_error("--format: expected table or json");
    return format == "json";
  }

  [[nodiscard]] bool is_known(const std::string& address) const {
    return replay_->knows(address) || (other_ && other_->knows(address));
  }

  /// Whom a message was delivered to. One responder for all stands for whoever is in To, but not of
  /// mail that its owner has sent, which is often kept beside.
  Recipient recipient_of(const StoredMessage& stored) {
    if (has("recipient")) return {command_.options.at("recipient"), {}};
    if (!stored.recipient.empty()) return {stored.recipient, stored.original};
    const auto& addressees = stored.addressees;
    const auto known = std::find_if(addressees.begin(), addressees.end(),
                                    [&](const auto& address) { return is_known(address); });
    if (known != addressees.end()) {
      ++guessed_;
      return {*known, {}};
    }
    const bool is_for_all = replay_->is_for_all() || (other_ && other_->is_for_all());
    if (is_for_all && !addressees.empty() && !is_known(stored.sender)) {
      ++guessed_;
      return {addressees.front(), {}};
    }
    ++unknown_;
    return is_for_all || addressees.empty() ? Recipient{} : Recipient{addressees.front(), {}};
  }

  const ReplayedMessage& replay(const KeptMessage& message) {
    const auto stored = read_stored_message(message.text, SystemClock().now());
    const auto [recipient, original] = recipient_of(stored);
    const Envelope envelope{stored.sender, {{recipient, original}}, place_of(message)};
    const auto deliver = [&](Replay& replay) {
      return replay.deliver(message.text, envelope, message.date);
    };
    last_.emplace(ReplayedMessage{message, stored.sender, recipient, deliver(*replay_), {}});
    if (other_) last_->other = deliver(*other_);
    figures_.add(*last_);
    return *last_;
  }

  [[nodiscard]] bool is_shown(const ReplayedMessage& replayed) const {
    if (replayed.other) return !is_same(replayed.result, *replayed.other);
    return wants_json_ || has("all") || replayed.result.action == ReplayAction::kReply;
  }

  void finish() {
    People people(*replay_, folder_.path() + "/people");
    if (has("html")) write_page(command_.options.at("html"), figures_.html(people.count()));
    if (wants_json_) return;
    print("\n" + counted(figures_.messages(), "message") + ", " +
          std::to_string(figures_.replies()) + " would be answered, to " +
          std::to_string(people.count()) + (people.count() == 1 ? " person\n" : " people\n"));
    if (other_) {
      People others(*other_, folder_.path() + "/others");
      const auto [more, fewer] = compare(people, others);
      const auto text = describe(more, "more") + describe(fewer, "fewer");
      print(text.empty() ? "the same people would be answered\n" : text);
    }
    for (const auto& figure : figures_.results())
      print("  " + left_align(figure.name, 28) + right_align(std::to_string(figure.number), 9) +
            "\n");
    if (guessed_ > 0) print(counted(guessed_, "recipient") + " taken from To or Cc\n");
    if (unknown_ > 0) {
      print(counted(unknown_, "message") +
            " without a recipient that has a responder (--recipient names it)\n");
    }
    if (store_.gone() > 0) print(counted(store_.gone(), "message") + " moved or gone meanwhile\n");
    if (store_.strangers() > 0) {
      print(counted(store_.strangers(), "file") + " without a message, such as " +
            to_single_line(store_.first_stranger()) + "\n");
    }
  }

  const ToolCommand& command_;
  bool wants_json_;
  std::optional<Terminal> terminal_;
  TemporaryFolder folder_{"inforeply-replay"};
  MailStore store_{folder_.path(), end_if_interrupted};
  std::optional<Replay> replay_;
  std::optional<Replay> other_;
  std::optional<ReplayedMessage> last_;
  ReplayFigures figures_;
  std::size_t guessed_ = 0;  // recipients, from To or Cc
  std::size_t unknown_ = 0;  // recipients
};

ExitStatus run(const ToolCommand& command) {
  if (print_about(command, "inforeply-replay", help)) return ExitStatus::kOk;
  if (command.words.empty()) usage_error("no mail: name a maildir, an mbox file or a message");
  const Interruption interruption;
  try {
    return Run(command).run();
  } catch (const std::exception&) {
    if (Interruption::signal() == 0) throw;
  }
  std::signal(Interruption::signal(), SIG_DFL);
  std::raise(Interruption::signal());
  return ExitStatus::kInternal;
}

}  // namespace
}  // namespace inforeply

int main(int argc, char** argv) {
  using namespace inforeply;  // NOLINT(google-build-using-namespace)
  return run_tool("inforeply-replay",
                  [&] { return run(parse_tool_command(argc, argv, own_options())); });
}
