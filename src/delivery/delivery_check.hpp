// `--check-delivery`: what a receiver finds in a reply: before it leaves, and in one that arrived.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inforeply/settings.hpp"
#include "mail/message.hpp"

namespace inforeply {

struct Finding {
  enum class Kind : std::uint8_t { kOk, kNote, kFault };
  Kind kind;
  std::string text;  ///< one line
};

/// A reply as this program hands it to the mailer.
struct OutgoingReply {
  std::string message;
  std::string envelope_sender;    ///< empty: the null sender
  std::string responder_address;  ///< whose mail is answered
  std::string mailer;             ///< as check_mailer_spec takes it
};

/// What can be seen before the mail server has it: addresses, length, form.
std::vector<Finding> check_outgoing(const OutgoingReply& reply);

/// What became on the way of a reply of the same responder: its signatures, what the receiver made
/// of it, what was lost or changed. No signature is verified: the receiver has done so.
std::vector<Finding> check_arrived(const Message& arrived, const OutgoingReply& reply);

/// Composes the reply of `command.check_delivery` to a sample message. With `check_to` submits it
/// to that address, else checks it, or the reply that comes from the file descriptor, if any does.
/// Throws Error.
std::vector<Finding> check_delivery(const ResponderCommand& command, int file_descriptor);

}  // namespace inforeply
