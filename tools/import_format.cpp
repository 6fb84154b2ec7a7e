#include "import_format.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "csv.hpp"
#include "inforeply/reply_terms.hpp"
#include "inforeply/sender.hpp"
#include "inforeply/text.hpp"
#include "other_programs.hpp"

namespace inforeply {
namespace {

/// How a reply of another program is remembered: those programs know neither handles nor intervals,
/// so these are the responder's own.
class ImportTerms {
 public:
  explicit ImportTerms(const CacheRequest& request)
      : request_(request), responders_(request.settings()) {
    if (const auto handle = request.find("handle")) {
      if (handle->empty() || handle->size() > kMaxHandleOctets) {
        usage_error("--handle: expected 1 to " + std::to_string(kMaxHandleOctets) + " octets");
      }
      handle_ = handle;
    }
    if (const auto interval = request.find("interval")) {
      const bool once = *interval == "once";
      interval_.emplace(once ? std::nullopt : parse_duration(*interval));
      if (!once && !*interval_) usage_error("--interval: expected a duration such as 7d, or once");
    }
  }

  /// Valid until the next call. Throws BadLine, or ConfigError if a file cannot be used.
  const ReplyTerms& find(const std::string& address) {
    constexpr std::size_t kRemembered = 10'000;
    const auto found = known_.find(address);
    if (found != known_.end()) return found->second;
    if (known_.size() == kRemembered) known_.clear();
    return known_.emplace(address, look_up(address)).first->second;
  }

 private:
  [[nodiscard]] ReplyTerms look_up(const std::string& text) const {
    const auto address = parse_address(text);
    if (!address) throw BadLine(in_quotes(text) + " is no mail address");
    if (handle_ && interval_) {
      return {without_extension(*address, request_.settings().recipient_delimiter).normalized(),
              *handle_, *interval_};
    }
    auto terms = responders_.find(*address);
    if (!terms) {
      throw BadLine("no responder for " + in_quotes(text) +
                    ": --handle and --interval can stand in for it");
    }
    if (handle_) terms->handle = *handle_;
    if (interval_) terms->interval = *interval_;
    return *std::move(terms);
  }

  const CacheRequest& request_;
  std::optional<std::string> handle_;
  std::optional<std::optional<Seconds>> interval_;
  ReplyTermsSource responders_;
  std::map<std::string, ReplyTerms, std::less<>> known_;
};

ReplyRecord answered(const ReplyTerms& terms, std::string_view sender_text, Time at) {
  const auto sender = parse_address(sender_text);
  if (!sender) throw BadLine(in_quotes(sender_text) + " is no mail address");
  ReplyRecord record;
  record.key = {terms.responder, canonical_sender(*sender), terms.handle};
  record.state = RecordState::kAnswered;
  record.answered_at = at;
  if (terms.interval) record.expires_at = at + *terms.interval;
  record.count = 1;
  return record;
}

/// Lines that do not say whose replies they are.
class FormatOfOneResponder : public ImportFormat {
 protected:
  explicit FormatOfOneResponder(const CacheRequest& request) {
    const auto responder = request.find("responder");
    if (!responder) usage_error("--from " + *request.find("from") + " needs --responder ADDR");
    try {
      terms_ = ImportTerms(request).find(*responder);
    } catch (const BadLine& bad) {
      usage_error(std::string("--responder: ") + bad.what());
    }
  }

  ImportedLine answered_at(std::string_view sender, Time time) {
    ImportedLine line{answered(terms_, sender, time), {}};
    if (terms_.interval == Seconds{0} && !std::exchange(has_told_, true)) {
      line.note = "'interval = 0': 'limit-person' does not count what was answered before";
    }
    return line;
  }
  static ImportedLine never_answered(std::string_view sender) {
    return {{}, in_quotes(sender) + " is never answered: that goes into 'never-reply-to'"};
  }

 private:
  ReplyTerms terms_;
  bool has_told_ = false;
};

/// Lines of `vacation -l`.
class VacationFormat : public FormatOfOneResponder {
 public:
  explicit VacationFormat(const CacheRequest& request) : FormatOfOneResponder(request) {}

  ImportedLine parse(std::string_view line, std::size_t /*number*/) override {
    if (trim(line).empty()) return {};
    const auto listed = parse_vacation_listing(line);
    if (!listed) throw BadLine("no line of vacation -l");
    if (!listed->answered_at) return never_answered(listed->address);
    if (listed->may_be_cut) {
      return {{},
              in_quotes(listed->address) + " may be the beginning of a longer address: left out"};
    }
    return answered_at(listed->address, *listed->answered_at);
  }
};

/// Lines of `damnit -f '%tstamp %entry\n' -l FILE`, of a file in gnarwl's folder `block`: the time
/// in seconds since the epoch, and who was answered then.
class GnarwlFormat : public FormatOfOneResponder {
 public:
  explicit GnarwlFormat(const CacheRequest& request) : FormatOfOneResponder(request) {}

  ImportedLine parse(std::string_view line, std::size_t /*number*/) override {
    if (trim(line).empty()) return {};
    const auto blank = std::min(line.find(' '), line.size());
    const auto time = time_of(line.substr(0, blank));
    if (!time) throw BadLine("expected a time in seconds, a blank and an address");
    return answered_at(trim(line.substr(blank)), *time);
  }
};

/// Names of files in a folder of qmail-autoresponder: TIME.PROCESS.SENDER, with a ':' for each '/'
/// in the sender. Other files lie there, too.
class QmailFormat : public FormatOfOneResponder {
 public:
  explicit QmailFormat(const CacheRequest& request) : FormatOfOneResponder(request) {}

  ImportedLine parse(std::string_view line, std::size_t /*number*/) override {
    const auto process = std::min(line.find('.'), line.size());
    const auto sender = line.find('.', process + 1);
    const auto time = time_of(line.substr(0, process));
    if (!time || sender == std::string_view::npos ||
        !parse_number(line.substr(process + 1, sender - process - 1))) {
      return {};
    }
    std::string address(line.substr(sender + 1));
    std::replace(address.begin(), address.begin() + static_cast<long>(address.rfind('@') + 1), ':',
                 '/');
    return answered_at(address, *time);
  }
};

/// The fields of a line of CSV. A quoted field ends in its line.
std::vector<std::string> split_csv(std::string_view line) {
  try {
    return take_csv_record(line);
  } catch (const BadCsv& bad) {
    throw BadLine(bad.what());
  }
}

/// PostfixAdmin's table vacation_notification: whose reply, to whom, and when. A time without a
/// zone is local.
class PostfixadminFormat : public ImportFormat {
 public:
  explicit PostfixadminFormat(const CacheRequest& request) : terms_(request) {}

  ImportedLine parse(std::string_view line, std::size_t number) override {
    if (trim(line).empty()) return {};
    const auto fields = split_csv(line);
    if (number == 1 && take_header(fields)) return {};
    if (fields.size() != kNames.size()) {
      throw BadLine("expected three fields: on_vacation, notified, notified_at");
    }
    const auto& time_text = fields[column_[2]];
    const auto time = parse_time(without_fraction(time_text));
    if (!time || *time < Time{}) throw BadLine(in_quotes(time_text) + " is no time");
    try {
      return {answered(terms_.find(fields[column_[0]]), fields[column_[1]], *time), {}};
    } catch (const ConfigError& error) {
      throw BadLine(error.what());
    }
  }

 private:
  static constexpr std::array<std::string_view, 3> kNames = {"on_vacation", "notified",
                                                             "notified_at"};

  /// Whether the fields are the columns' names. If so, the columns are taken in their order.
  bool take_header(const std::vector<std::string>& fields) {
    column_ = {0, 1, 2};
    if (fields.size() != kNames.size()) return false;
    std::array<std::size_t, kNames.size()> order{};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      const auto found = std::find_if(fields.begin(), fields.end(), [&](const std::string& field) {
        return equals_ignoring_case(trim(field), kNames[i]);
      });
      if (found == fields.end()) return false;
      order[i] = static_cast<std::size_t>(found - fields.begin());
    }
    column_ = order;
    return true;
  }

  ImportTerms terms_;
  std::array<std::size_t, kNames.size()> column_{0, 1, 2};
};

void refuse_options(const CacheRequest& request, const std::string& from,
                    std::initializer_list<const char*> names) {
  for (const std::string name : names) {
    if (!request.has(name)) continue;
    usage_error(std::string("--").append(name).append(" does not go with --from ").append(from));
  }
}

}  // namespace

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMaxCharacters = 100;
  return "'" + ellipsize(to_single_line(text), kMaxCharacters) + "'";
}

std::unique_ptr<ImportFormat> make_import_format(const CacheRequest& request) {
  const auto from = request.find("from").value_or("json");
  if (from == "json") {
    refuse_options(request, from, {"responder", "handle", "interval"});
    return make_json_format();
  }
  if (from == "postfixadmin") {
    refuse_options(request, from, {"responder"});
    return std::make_unique<PostfixadminFormat>(request);
  }
  if (from == "vacation") return std::make_unique<VacationFormat>(request);
  if (from == "gnarwl") return std::make_unique<GnarwlFormat>(request);
  if (from == "qmail-autoresponder") return std::make_unique<QmailFormat>(request);
  usage_error("--from: expected json, vacation, postfixadmin, gnarwl or qmail-autoresponder");
}

}  // namespace inforeply
