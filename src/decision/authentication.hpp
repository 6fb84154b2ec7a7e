// What the recipient's own mail system found out about a message's author: Authentication-Results
// (RFC 8601).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "mail/header.hpp"

namespace inforeply {

struct AuthenticationResult {
  const HeaderField* field;  ///< in the header
  std::string result;        ///< "pass", "fail", …, in lower case
};

/// The DMARC result (RFC 7489, 11.2) of a system whose authserv-id is trusted. Systems add their
/// fields at the top. So all below a field of another system may be the sender's invention and does
/// not count (RFC 8601, 1.2 and 5). nullopt if no trusted field has a DMARC result.
std::optional<AuthenticationResult> find_dmarc_result(const Header& header,
                                                      std::span<const std::string> trusted);

}  // namespace inforeply
