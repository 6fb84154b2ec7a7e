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
  const Sender& sender;      ///< who gets the reply; has an address
  const Address& recipient;  ///< the address that the sender used
  std::string responder_id;  ///< the responder's address, for the Message-ID
  Time now;
};

/// The index of the text that suits the message's Accept-Language, else its Content-Language (RFC
/// 3282; RFC 4647, 3.4). That of the default if none does.
std::size_t choose_text(const Reply& reply, const Message& message);

/// Whether an entity of a template is a text that a reader sees in the message. To most programs a
/// text with a file name is an attachment, whatever its disposition.
bool is_shown_text(const TemplateEntity& entity);

/// The whole message, with LF line ends. The same request gives the same octets, Message-ID
/// included. A reply over its size limit (RFC 3834, 2) goes without the quote and with only the
/// parent in References. Throws Error (kConfiguration) if even that is over the limit.
std::string compose(const ReplyRequest& request);

/// Throws the same if some message could make the reply too large for compose().
void check_size(const Responder& responder, const Reply& reply);

}  // namespace inforeply
