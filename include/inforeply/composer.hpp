// The reply as a MIME message (RFC 3834, 3.1; RFC 5322; RFC 2045).
#pragma once

#include <string>

#include "inforeply/address.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/message.hpp"
#include "inforeply/responder.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxSubjectCharacters = 256;
inline constexpr std::size_t kMaxReferences = 20;

struct ReplyRequest {
  const Message& message;
  const Responder& responder;
  const Address& sender;     ///< whom the reply is for
  const Address& recipient;  ///< the address that the sender used
  std::string canonical;     ///< the sender, canonical, for the Message-ID
  std::string responder_id;  ///< the responder's address, for the Message-ID
  Time now;
};

/// The whole message, lines ended by LF. The same request gives the same octets, Message-ID
/// included. Throws Error (kConfiguration) for a reply that is over its size limit (RFC 3834, 2).
std::string compose(const ReplyRequest& request);

}  // namespace inforeply
