// What the recipient's own mail system found out about a message's author: Authentication-Results
// (RFC 8601).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mail/header.hpp"

namespace inforeply {

struct MethodResult {
  std::string method;       ///< "spf", in lower case
  std::string result;       ///< "pass", in lower case
  std::string dkim_domain;  ///< of header.d, else of header.i; empty if neither is there
};

/// What one field says. Without an authserv-id, as Outlook writes it, that is empty: no one's.
struct AuthenticationResults {
  std::string authserv_id;  ///< in lower case unless quoted
  std::vector<MethodResult> results;
};

AuthenticationResults parse_authentication_results(std::string_view body);

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
