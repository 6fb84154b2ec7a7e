// inforeply-cache show.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "cache_commands.hpp"
#include "figures.hpp"
#include "inforeply/json.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// What happens to the sender's next message if its reply has the same handle.
std::string fate_of(const ReplyRecord& record, Time now) {
  const bool is_pending = record.state == RecordState::kPending;
  if (!(is_pending ? record.is_leased_at(now) : record.counts_at(now))) return "answered again";
  const auto end = is_pending ? record.answered_at + kLease : record.expires_at;
  if (!end) return "left unanswered for good";
  std::string text = "left unanswered until ";
  append_utc(text, *end);
  return text;
}

/// In whole numbers of the largest unit that fits: "3 days".
std::string span_of(Seconds span) {
  static constexpr std::array<std::pair<std::string_view, long>, 5> kUnits = {
      {{"year", 365L * 86400}, {"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}}};
  for (const auto& [name, seconds] : kUnits) {
    const auto number = span.count() / seconds;
    if (number == 0 && seconds > 1) continue;
    return counted(static_cast<std::uint64_t>(number), name);
  }
  return {};
}

std::string with_distance(Time time, Time now) {
  std::string text;
  append_utc(text, time);
  return text +
         (time <= now ? " (" + span_of(now - time) + " ago)" : " (in " + span_of(time - now) + ")");
}

void print_block(const ReplyRecord& record, Time now) {
  const auto line = [](std::string_view name, std::string_view value) {
    std::string text(name);
    text.resize(14, ' ');
    print(text + shown_safely(value) + "\n");
  };
  line("responder", record.key.responder);
  line("sender", record.key.sender);
  if (!record.key.forwarder.empty()) line("forwarder", record.key.forwarder);
  line("handle", record.key.handle);
  line("state",
       record.state == RecordState::kAnswered ? "answered" : "pending: a reply is on its way");
  line(record.state == RecordState::kAnswered ? "answered at" : "reserved at",
       with_distance(record.answered_at, now));
  line("expires at", record.expires_at ? with_distance(*record.expires_at, now) : "never");
  line("replies", std::to_string(record.count));
  line("message id", record.message_id.empty() ? "-" : record.message_id);
  line("now:", fate_of(record, now));
}

void print_json(const ReplyRecord& record, Time now) {
  std::string line = to_json(record);
  line.pop_back();
  line += ",\"now\":";
  append_json_string(line, fate_of(record, now));
  print(line + "}\n");
}

}  // namespace

ExitStatus show_person(const CacheRequest& request) {
  const auto& arguments = request.arguments(2, 2);
  const RecordFilter filter = {request.responder_name(arguments[0]),
                               CacheRequest::sender_name(arguments[1])};
  const bool json = request.wants_json();
  const Time now = SystemClock().now();
  std::size_t shown = 0;
  request.open()->visit(filter, [&](const ReplyRecord& record) {
    if (json) {
      print_json(record, now);
    } else {
      if (shown > 0) print("\n");
      print_block(record, now);
    }
    ++shown;
    return true;
  });
  if (shown == 0) nothing_found(filter);
  return ExitStatus::kOk;
}

}  // namespace inforeply
