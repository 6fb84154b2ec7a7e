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
  const auto& reply = found->responder->reply;
  return ReplyTerms{found->address.normalized(), load_reply(*found->responder, reply).handle,
                    reply.interval};
}

}  // namespace inforeply
