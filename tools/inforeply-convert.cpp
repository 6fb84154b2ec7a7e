// inforeply-convert: responder files from the settings of other programs.

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "draft_readers.hpp"
#include "inforeply/address.hpp"
#include "inforeply/commands.hpp"
#include "inforeply/responder_writer.hpp"
#include "inforeply/text.hpp"
#include "input.hpp"
#include "temporary_folder.hpp"
#include "tool.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxInputOctets = std::size_t{256} * 1024 * 1024;

const std::vector<ToolOption>& own_options() {
  static const std::vector<ToolOption> options = {
      {"address", "ADDR", "whose settings they are, if they do not say it"},
      {"interval", "DURATION", "one reply to a person in this time (7d), whatever they say"},
      {"listing", "FILE", "of vacation: what 'vacation -l' prints, for who is never answered"},
      {"off", nullptr, "write responders that are switched off"},
      {"dry-run", nullptr, "write nothing, print what would be written"},
      {"responders", "DIR", "the folder of responder files, instead of the configuration's"},
  };
  return options;
}

std::string help() {
  return "Usage: inforeply-convert [options] vacation MESSAGE [FORWARD]\n"
         "       inforeply-convert [options] sieve SCRIPT\n"
         "       inforeply-convert [options] postfixadmin TABLE\n"
         "       inforeply-convert [options] gnarwl CONFIGURATION LDIF\n"
         "       inforeply-convert [options] qmail-autoresponder FOLDER [QMAIL]\n\n"
         "Writes responder files from the settings of another program, and lists what it\n"
         "could not carry over: the exit status is then 65. No responder is replaced. A\n"
         "file named - is standard input.\n\n"
         "Examples:\n"
         "  inforeply-convert --address kim@example.org sieve ~/.dovecot.sieve\n"
         "  inforeply-convert --dry-run postfixadmin vacation.csv\n\n" +
         tool_options_help(own_options(), CacheOption::kOmit);
}

Source read_source(const std::string& path) {
  const auto text = read_users_file(path, kMaxInputOctets);
  return {input_name(path), with_lf_ends(without_byte_order_mark(text))};
}

/// Of a file that need not be there.
Source read_source_if_any(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::symlink_status(path, ignored);
  return std::filesystem::exists(status) ? read_source(path) : Source{path, {}};
}

/// A folder for a dry run, in which responders get the owners that they would have in `responders`.
class TrialFolder {
 public:
  explicit TrialFolder(const std::string& responders) { make_like(responders, path()); }
  [[nodiscard]] const std::string& path() const { return folder_.path(); }

  /// Makes a domain's folder like the one that is there.
  void add(const std::filesystem::path& there) const {
    const auto own = std::filesystem::path(path()) / there.filename();
    std::error_code ignored;
    std::filesystem::create_directory(own, there, ignored);
    make_like(there, own);
  }

 private:
  static void make_like(const std::filesystem::path& model, const std::filesystem::path& folder) {
    struct stat status {};
    if (::geteuid() != 0 || ::stat(model.c_str(), &status) != 0) return;
    if (::chown(folder.c_str(), status.st_uid, status.st_gid) != 0) {
      throw system_error(Fault::kOutput, "cannot give " + folder.string() + " its owner");
    }
  }

  TemporaryFolder folder_{"inforeply-convert"};
};

class Conversion {
 public:
  explicit Conversion(const ToolCommand& command)
      : words_(command.words), options_(command.options), settings_(command.settings) {
    if (const auto responders = find("responders")) {
      settings_.responders = *responders;
      settings_.responder.clear();
    }
    if (const auto address = find("address")) {
      const auto parsed = parse_address(*address);
      if (!parsed) usage_error("--address: no mail address");
      address_ = parsed->to_string();
    }
    if (has("dry-run")) trial_.emplace(settings_.responders);
  }

  ExitStatus run() {
    collect_fault(on_left_out_, [&] {
      for (auto& draft : read())
        collect_fault(on_left_out_, [&] { write(draft); });
    });
    if (!has("dry-run")) {
      std::printf("wrote %zu responder%s\n", written_, written_ == 1 ? "" : "s");
    }
    return is_complete_ ? ExitStatus::kOk : ExitStatus::kBadData;
  }

 private:
  [[nodiscard]] bool has(const std::string& name) const { return options_.contains(name); }
  [[nodiscard]] std::optional<std::string> find(const std::string& name) const {
    const auto found = options_.find(name);
    return found == options_.end() ? std::nullopt : std::optional(found->second);
  }

  void require(std::size_t least, std::size_t most, bool needs_address) const {
    const auto given = words_.size() - 1;
    if (given < least || given > most) usage_error(words_.front() + ": wrong number of files");
    if (needs_address != has("address")) {
      usage_error(words_.front() + (needs_address ? " needs --address" : ": no --address there"));
    }
    if (has("listing") && words_.front() != "vacation") usage_error("--listing is of vacation");
  }

  std::vector<Draft> read() {
    const std::string format = words_.empty() ? "" : words_.front();
    if (format == "vacation") return {read_vacation_files()};
    if (format == "sieve") {
      require(1, 1, true);
      return {read_sieve(address_, read_source(words_[1]), on_left_out_)};
    }
    if (format == "postfixadmin") {
      require(1, 1, false);
      return read_postfixadmin(read_source(words_[1]), on_left_out_);
    }
    if (format == "gnarwl") return read_gnarwl_files();
    if (format == "qmail-autoresponder") return {read_qmail_files()};
    usage_error("expected vacation, sieve, postfixadmin, gnarwl or qmail-autoresponder");
  }

  Draft read_vacation_files() {
    require(1, 2, true);
    const auto listing = find("listing");
    const auto message = read_source(words_[1]);
    auto draft = read_vacation(
        address_, message, words_.size() > 2 ? std::optional(read_source(words_[2])) : std::nullopt,
        listing ? std::optional(read_source(*listing)) : std::nullopt, on_left_out_);
    if (draft.get("interval").empty() && !has("interval")) {
      on_left_out_({message.name, 0,
                    "vacation keeps its interval where nobody can read it: --interval 7d says that "
                    "it is the usual one"});
    }
    return draft;
  }

  std::vector<Draft> read_gnarwl_files() {
    require(2, 2, false);
    const auto terms = read_gnarwl_configuration(read_source(words_[1]), on_left_out_);
    const auto text_of = [](const std::string& file) {
      return file.empty() ? std::string() : read_source(file).text;
    };
    return read_gnarwl(terms, read_source(words_[2]), text_of(terms.header_file),
                       text_of(terms.footer_file), on_left_out_);
  }

  Draft read_qmail_files() {
    require(1, 2, true);
    const std::filesystem::path folder = words_[1];
    QmailFolder files;
    std::filesystem::path message = "message.txt";
    if (words_.size() > 2) {
      files.qmail = read_source(words_[2]);
      message = qmail_message_file(files.qmail);
    }
    files.configuration = read_source_if_any(folder / "config.txt");
    for (const auto* const name : kQmailOptions) {
      auto file = read_source_if_any(folder / name);
      if (!file.text.empty()) files.options.push_back(std::move(file));
    }
    if (message.is_absolute() || message != message.lexically_normal().filename()) {
      throw ConfigError(files.qmail.name, 0, "the message is not in the folder");
    }
    files.message = read_source_if_any(folder / message);
    return read_qmail_autoresponder(address_, files, on_left_out_);
  }

  /// The draft as the writer takes it.
  [[nodiscard]] ResponderDraft responder_of(const Draft& draft) const {
    ResponderDraft result;
    const auto add = [&](const std::string& name, const std::string& value) {
      add_value(result.settings, name, value);
    };
    for (const auto& [name, value] : draft.settings)
      if (name != "interval" || !has("interval")) add(name, value);
    if (const auto interval = find("interval")) add("interval", *interval);
    if (!draft.is_active || has("off")) add("enabled", "no");
    result.texts.emplace(draft.is_template ? "template" : "text", draft.body);
    return result;
  }

  /// A dry run writes all into a folder of its own, for the faults that only then are found.
  void write(const Draft& draft) {
    const auto address = parse_address(draft.address).value();
    const auto responder = responder_of(draft);
    const auto fault = [&](const std::string& text) {
      return ConfigError(draft.source, draft.source_line, draft.address + ": " + text);
    };
    const auto require_new = [&](const StoredResponder& stored) {
      if (stored.exists) throw fault("has a responder already (inforeply-set --remove removes it)");
    };
    auto settings = settings_;
    if (trial_) {
      const auto there = read_responder(settings_, address);
      require_new(there);
      trial_->add(std::filesystem::path(there.file).parent_path());
      settings.responders = trial_->path();
    }
    ResponderWriter writer(settings, address);
    require_new(writer.stored());
    const auto result = writer.write(responder);
    for (const auto& found : result.faults)  // of a file that is not there
      on_left_out_(fault(found.text()));
    if (!result.faults.empty()) return;
    ++written_;
    if (trial_) show(draft, responder);
  }

  static void show(const Draft& draft, const ResponderDraft& responder) {
    print("# " + to_single_line(draft.address) + "\n");
    for (const auto& setting : responder.settings)
      for (const auto& value : setting.values)
        print(setting.name + " = " + value + "\n");
    print(std::string(draft.is_template ? "template" : "text") + ":\n" + draft.body + "\n");
  }

  /// The options that may be files of their own.
  static constexpr std::array<const char*, 12> kQmailOptions = {
      "copymsg",    "no_inreplyto", "msglimit",  "numlines", "timelimit", "subject_prefix",
      "headerkeep", "headerstrip",  "separator", "bcc",      "starttime", "endtime"};

  const std::vector<std::string>& words_;
  const std::map<std::string, std::string>& options_;
  Settings settings_;
  std::string address_;
  std::optional<TrialFolder> trial_;  // of a dry run
  bool is_complete_ = true;
  std::size_t written_ = 0;
  FaultHandler on_left_out_ = [this](const ConfigError& fault) {
    std::fprintf(stderr, "%s\n", to_single_line(fault.what()).c_str());
    is_complete_ = false;
  };
};

ExitStatus run(const ToolCommand& command) {
  if (print_about(command, "inforeply-convert", help)) return ExitStatus::kOk;
  return Conversion(command).run();
}

}  // namespace
}  // namespace inforeply

int main(int argc, char** argv) {
  using namespace inforeply;  // NOLINT(google-build-using-namespace)
  return run_tool("inforeply-convert",
                  [&] { return run(parse_tool_command(argc, argv, own_options())); });
}
