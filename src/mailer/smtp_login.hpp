// Who we are to an SMTP server that wants to know (RFC 4954).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

struct SmtpLogin {
  std::string user;
  std::string password;
};

/// What a client says for a mechanism of SASL.
struct SaslExchange {
  std::string mechanism;
  std::vector<std::string> responses;  ///< in Base64, one for each challenge
};

/// PLAIN (RFC 4616) if it is among the names that are offered, else LOGIN, which is nobody's
/// standard and asks for the same in two steps. nullopt if neither is.
std::optional<SaslExchange> choose_exchange(const SmtpLogin& login, std::string_view offered);

}  // namespace inforeply
