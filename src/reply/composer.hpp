// The reply as a MIME message (RFC 3834, 3.1; RFC 5322; RFC 2045).
#pragma once

#include <string>

#include "inforeply/address.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/sender.hpp"
#include "mail/message.hpp"
#include "reply/reply.hpp"
#include "responder/responder.hpp"

namespace inforeply {

inline constexpr std::size_t kMaxSubjectCharacters = 256;
inline constexpr std::size_t kMaxReferences = 20;

struct ReplyRequest {
  const Message& message;
  const Responder& responder;
  const Reply& reply;        ///< one of the responder's
  const Sender& sender;      ///< whom the reply is for; has an address
  const Address& recipient;  ///< the address that the sender used
  std::string responder_id;  ///< the responder's address, for the Message-ID
  Time now;
};

/// Which of the reply's texts suits the message: by its Accept-Language, else its Content-Language
/// (RFC 3282; RFC 4647, 3.4); the default where none does.
std::size_t choose_text(const Reply& reply, const Message& message);

/// Whether an entity of a template is a text that a reader sees in the message: one with a file
/// name is an attachment to most programs, whatever its disposition.
bool is_shown_text(const TemplateEntity& entity);

/// The whole message, lines ended by LF. The same request gives the same octets, Message-ID
/// included. A reply that is over its size limit (RFC 3834, 2) goes without the quote and with the
/// parent alone in References; throws Error (kConfiguration) where it is over the limit even so.
std::string compose(const ReplyRequest& request);

/// Throws the same where some message could make the reply so large; then compose() never does.
void check_size(const Responder& responder, const Reply& reply);

}  // namespace inforeply
