// Who sent a message: its envelope sender (RFC 5321, 4.1.1.2), and the person behind it.
#pragma once

#include <optional>
#include <string>

#include "inforeply/address.hpp"

namespace inforeply {

/// The envelope sender of a message.
struct Sender {
  explicit Sender(std::string text);

  std::string given;               ///< as the mail server has it; empty for the null sender
  std::optional<Address> address;  ///< where the reply goes; nullopt if `given` is no mail address
  Address person;                  ///< behind the address: see person_behind

  /// The person, unless a forwarder in another domain has rewritten the address: anybody could have
  /// written what that says inside, so it is the address itself then. There must be one.
  [[nodiscard]] const Address& believed() const;

  /// As canonical_sender.
  [[nodiscard]] std::string canonical() const;
};

/// The person's own address in an envelope sender that was rewritten on its way: bounce address
/// tags (BATV: `prvs=`, `btv1==`, `msprvs1=`) taken off, forwarders' SRS0, SRS1 and `+SRS=` and
/// Gmail's `+caf_=` undone. Any other as it is.
Address person_behind(const Address& sender);

/// The cache's idea of who was answered: the person behind the address, case folded, domain in
/// A-labels, `+extension` dropped.
std::string canonical_sender(const Address& sender);

}  // namespace inforeply
