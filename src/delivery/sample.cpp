#include "delivery/sample.hpp"

#include <algorithm>
#include <string>

#include "inforeply/address.hpp"

namespace inforeply {
namespace {

constexpr const char* kSender = "sample.sender@example.com";
constexpr const char* kRecipient = "you@example.org";  // if the responder names no address

}  // namespace

Time take_sample(Message& message, Envelope& envelope, std::optional<Time> now,
                 const ResponderSource& responders) {
  const bool is_given = !envelope.recipients.empty();
  const auto found_by =
      parse_address(is_given ? envelope.recipients.front().address : std::string(kRecipient));
  const auto found = found_by ? responders.find(*found_by) : std::nullopt;
  if (!is_given) {
    const bool is_named = found && !found->responder->addresses.empty();
    envelope.recipients.push_back(
        {is_named ? found->responder->addresses.front().to_string() : kRecipient, {}});
  }
  if (!envelope.sender) envelope.sender = kSender;
  Time time = now.value_or(SystemClock().now());
  if (found && !now) {
    const Schedule& schedule = found->responder->schedule;
    const auto next = schedule.next_periods(time, 1);
    if (next.empty() && schedule.until) time = *schedule.until - Seconds{1};
    if (!next.empty() && next.front().from) time = std::max(time, *next.front().from);
  }
  const std::string sender = envelope.sender->empty() ? kSender : *envelope.sender;
  message = parse_message("From: =?utf-8?Q?Anna_M=C3=BCller?= <" + sender +
                          ">\nTo: " + envelope.recipients.front().address +
                          "\nSubject: =?utf-8?Q?A_sample_message_=E2=80=93_ein_Beispiel?=\nDate: " +
                          format_rfc5322(time) + "\nMessage-ID: <sample." +
                          std::to_string(time.time_since_epoch().count()) +
                          "@example.com>\n\nHello,\n\n"
                          "this is a sample message.\n\nAnna\n");
  return time;
}

}  // namespace inforeply
