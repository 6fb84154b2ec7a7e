#include "inforeply/reply_terms.hpp"

#include "reply/reply.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {

ReplyTermsSource::ReplyTermsSource(const Settings& settings)
    : responders_(open_responders(settings, IndexAccess::kRead)) {}

ReplyTermsSource::~ReplyTermsSource() = default;

std::optional<ReplyTerms> ReplyTermsSource::find(const Address& address) const {
  const auto found = responders_->find(address);
  if (!found) return std::nullopt;
  const auto& responder = *found->responder;
  const auto period = responder.schedule.period_near(SystemClock().now());
  return ReplyTerms{found->address.normalized(),
                    load_reply(responder, responder.reply, period).handle,
                    responder.reply.interval};
}

}  // namespace inforeply
