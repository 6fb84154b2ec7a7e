// Who sent a message: its envelope sender (RFC 5321, 4.1.1.2), and the person behind it.
#pragma once

#include <optional>
#include <string>

#include "inforeply/address.hpp"

namespace inforeply {

/// The envelope sender of a message.
struct Sender {
  explicit Sender(std::string text);

  std::string given;               ///< as the mail server gave it; empty for the null sender
  std::optional<Address> address;  ///< where the reply goes; nullopt if `given` is no mail address
  Address person;                  ///< behind the address: see person_behind; empty without one

  /// Returns the domain of the forwarder that has rewritten the address; empty if nobody outside
  /// the person's own domain has. Anybody could have written the address inside, so what it says is
  /// believed only of that forwarder. `address` must have a value.
  [[nodiscard]] std::string forwarder() const;

  /// Returns the person, or the address itself if a forwarder has rewritten it. `address` must have
  /// a value.
  [[nodiscard]] const Address& believed() const;

  /// What canonical_sender returns for the address. `address` must have a value.
  [[nodiscard]] std::string canonical() const;
};

/// Returns the person's own address behind an envelope sender that was rewritten on its way. Bounce
/// address tags (BATV: `prvs=`, `btv1==`, `msprvs1=`) are taken off; forwarders' SRS0, SRS1 and
/// `+SRS=` and Gmail's `+caf_=` are undone. Any other address stays as it is.
Address person_behind(const Address& sender);

/// Returns the cache's name for a sender who was answered: the person behind the address, case
/// folded, domain in A-labels, without `+extension`.
std::string canonical_sender(const Address& sender);

}  // namespace inforeply
