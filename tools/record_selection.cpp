#include "record_selection.hpp"

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr unsigned long long kMaxLimit = 1'000'000'000'000;

bool is_pattern(std::string_view text) {
  return text.find('*') != std::string_view::npos;
}

/// In the spelling of the cache: lower case, and a domain without wildcards in A-labels.
std::string folded_pattern(const std::string& pattern) {
  const auto at = pattern.rfind('@');
  if (at != std::string::npos && !is_pattern(pattern.substr(at))) {
    if (const auto domain = parse_domain(pattern.substr(at + 1))) {
      return fold_case(pattern.substr(0, at + 1)) + *domain;
    }
  }
  return fold_case(pattern);
}

}  // namespace

std::optional<Time> time_option(const CacheRequest& request, const std::string& name, Time now,
                                std::optional<Time> (*parse)(std::string_view, const TimeZone&)) {
  const auto text = request.find(name);
  if (!text) return std::nullopt;
  if (const auto ago = parse_duration(*text)) return now - *ago;
  const auto time = parse(*text, {});
  if (!time) {
    usage_error("--" + name +
                ": expected a time such as 2026-12-24 or 2026-12-24T18:00Z, or a duration such "
                "as 7d");
  }
  return time;
}

RecordSelection::RecordSelection(const CacheRequest& request, Time now) {
  select_responder(request);
  select_sender(request);
  if (const auto state = request.find("state")) {
    if (*state != "answered" && *state != "pending") {
      usage_error("--state: expected answered or pending");
    }
    state_ = *state == "answered" ? RecordState::kAnswered : RecordState::kPending;
  }
  since_ = time_option(request, "since", now, parse_time);
  until_ = time_option(request, "until", now, parse_end_time);
  if (const auto limit = request.find("limit")) {
    const auto number = parse_number(*limit);
    if (!number || *number == 0 || *number > kMaxLimit) {
      usage_error("--limit: expected a number of records");
    }
    limit_ = *number;
  }
}

void RecordSelection::select_responder(const CacheRequest& request) {
  const auto& arguments = request.arguments(0, 1);
  const auto option = request.find("responder");
  if (!arguments.empty() && option) usage_error("RESPONDER and --responder do not go together");
  if (arguments.empty() && !option) return;
  const std::string& text = option ? *option : arguments.front();
  if (is_pattern(text)) {
    responder_pattern_ = folded_pattern(text);
  } else {
    filter_.responder = request.responder_name(text);
  }
}

void RecordSelection::select_sender(const CacheRequest& request) {
  const auto text = request.find("sender");
  if (!text) return;
  if (is_pattern(*text)) {
    sender_pattern_ = folded_pattern(*text);
  } else {
    filter_.sender = CacheRequest::sender_name(*text);
  }
}

bool RecordSelection::contains(const ReplyRecord& record) const {
  return (responder_pattern_.empty() || matches_glob(record.key.responder, responder_pattern_)) &&
         (sender_pattern_.empty() || matches_glob(record.key.sender, sender_pattern_)) &&
         (!state_ || record.state == *state_) && (!since_ || record.answered_at >= *since_) &&
         (!until_ || record.answered_at < *until_);
}

void RecordSelection::visit(CacheRecords& cache,
                            const std::function<bool(const ReplyRecord&)>& visit) const {
  cache.visit(filter_,
              [&](const ReplyRecord& record) { return !contains(record) || visit(record); });
}

void RecordSelection::visit_limited(CacheRecords& cache,
                                    const std::function<void(const ReplyRecord&)>& visit) const {
  std::size_t taken = 0;
  this->visit(cache, [&](const ReplyRecord& record) {
    visit(record);
    return ++taken != limit_;
  });
}

}  // namespace inforeply
