// What the recipient's own mail system found out about a message's author: Authentication-Results
// (RFC 8601).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "mail/header.hpp"

namespace inforeply {

struct AuthenticationResult {
  const HeaderField* field;  ///< of the header
  std::string result;        ///< "pass", "fail", …, in lower case
};

/// The DMARC result (RFC 7489, 11.2) of a system with one of the trusted authserv-ids. Systems put
/// their fields on top: below one with another authserv-id all may be the sender's own invention
/// (RFC 8601, 1.2 and 5) and does not count. Nothing where none says anything of DMARC.
std::optional<AuthenticationResult> find_dmarc_result(const Header& header,
                                                      std::span<const std::string> trusted);

}  // namespace inforeply
