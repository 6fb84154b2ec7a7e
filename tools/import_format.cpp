#include "import_format.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <utility>
#include <vector>

#include "inforeply/cache_store.hpp"
#include "inforeply/text.hpp"
#include "reply/reply.hpp"
#include "responder/responder_source.hpp"

namespace inforeply {
namespace {

/// What a responder's reply counts as: programs that know neither handle nor interval have answered
/// in its place.
struct Terms {
  std::string responder;
  std::string handle;
  std::optional<Seconds> interval;  // nothing: for good
};

class TermsSource {
 public:
  explicit TermsSource(const CacheRequest& request) : request_(request) {
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
    const auto& settings = request.settings();
    const IndexFolder indexes{list_index_folder(settings.cache), false};
    responders_ = settings.responder.empty()
                      ? responder_folder(settings.responders, settings.recipient_delimiter, indexes)
                      : single_responder(settings.responder, settings.recipient_delimiter, indexes);
  }

  /// Valid until the next call. Throws BadLine, and ConfigError where a file cannot be used.
  const Terms& find(const std::string& address) {
    constexpr std::size_t kRemembered = 10'000;
    const auto found = known_.find(address);
    if (found != known_.end()) return found->second;
    if (known_.size() == kRemembered) known_.clear();
    return known_.emplace(address, look_up(address)).first->second;
  }

 private:
  [[nodiscard]] Terms look_up(const std::string& text) const {
    const auto address = parse_address(text);
    if (!address) throw BadLine(in_quotes(text) + " is no mail address");
    if (handle_ && interval_) {
      return {without_extension(*address, request_.settings().recipient_delimiter).normalized(),
              *handle_, *interval_};
    }
    const auto found = responders_->find(*address);
    if (!found) {
      throw BadLine("no responder for " + in_quotes(text) +
                    ": --handle and --interval can stand in for it");
    }
    const auto& own = found->responder->reply;
    return {found->address.normalized(),
            handle_ ? *handle_ : load_reply(*found->responder, own).handle,
            interval_ ? *interval_ : own.interval};
  }

  const CacheRequest& request_;
  std::optional<std::string> handle_;
  std::optional<std::optional<Seconds>> interval_;
  std::unique_ptr<ResponderSource> responders_;
  std::map<std::string, Terms, std::less<>> known_;
};

ReplyRecord answered(const Terms& terms, std::string_view sender_text, Time at) {
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

/// The lines of `vacation -l`: the address, blanks up to column 50, but none behind a longer one,
/// then when it was answered, in the form of ctime(3) and local time.
class VacationFormat : public ImportFormat {
 public:
  VacationFormat(const CacheRequest& request, const std::string& responder) {
    try {
      terms_ = TermsSource(request).find(responder);
    } catch (const BadLine& bad) {
      usage_error(std::string("--responder: ") + bad.what());
    }
  }

  ImportedLine parse(std::string_view line, std::size_t /*number*/) override {
    if (trim(line).empty()) return {};
    if (line.ends_with(kNeverDeleted)) {
      line.remove_suffix(kNeverDeleted.size());
      return {{}, in_quotes(trim(line)) + " is never answered: that goes into 'never-reply-to'"};
    }
    constexpr std::size_t kTimeOctets = std::string_view("Thu Jan  1 00:00:00 1970").size();
    if (line.size() <= kTimeOctets) throw BadLine("no line of vacation -l");
    const auto time = parse_ctime(std::string(line.substr(line.size() - kTimeOctets)));
    if (!time) throw BadLine("no line of vacation -l: no time at its end");
    return {answered(terms_, trim(line.substr(0, line.size() - kTimeOctets)), *time), {}};
  }

 private:
  static constexpr std::string_view kNeverDeleted = "(never deleted)";

  static std::optional<Time> parse_ctime(const std::string& text) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), "%a %b %e %H:%M:%S %Y", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    parts.tm_isdst = -1;
    const std::time_t seconds = std::mktime(&parts);
    if (seconds < 0) return std::nullopt;
    return Time{Seconds{seconds}};
  }

  Terms terms_;
};

/// The fields of a line of CSV (RFC 4180). A field in quotes may not go on in the next line here.
std::vector<std::string> split_csv(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && line.substr(i + 1).starts_with('"')) {
      fields.back() += c;
      ++i;
    } else if (quoted && c == '"') {
      quoted = false;
      if (i + 1 < line.size() && line[i + 1] != ',') throw BadLine("text behind a closing quote");
    } else if (!quoted && c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (!quoted && c == ',') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) throw BadLine("a quote is not closed");
  return fields;
}

/// PostfixAdmin's table vacation_notification: whose reply, to whom, when (local time where no zone
/// stands there).
class PostfixadminFormat : public ImportFormat {
 public:
  explicit PostfixadminFormat(const CacheRequest& request) : terms_(request) {}

  ImportedLine parse(std::string_view line, std::size_t number) override {
    constexpr std::string_view kByteOrderMark = "\uFEFF";
    if (number == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
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

  /// Whether it is one; it then says in which order the columns stand.
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

  /// PostgreSQL writes fractions of a second.
  static std::string without_fraction(std::string text) {
    const auto point = text.find('.');
    if (point == std::string::npos) return text;
    const auto end = text.find_first_not_of("0123456789", point + 1);
    return text.erase(point, end == std::string::npos ? end : end - point);
  }

  TermsSource terms_;
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
  if (from != "vacation") usage_error("--from: expected json, vacation or postfixadmin");
  const auto responder = request.find("responder");
  if (!responder) usage_error("--from vacation needs --responder ADDR");
  return std::make_unique<VacationFormat>(request, *responder);
}

}  // namespace inforeply
