#include "mailer/smtp_login.hpp"

#include <nettle/base64.h>

#include <cstddef>
#include <cstdint>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

std::string to_base64(std::string_view octets) {
  std::string text(BASE64_ENCODE_RAW_LENGTH(octets.size()), '\0');
  base64_encode_raw(text.data(), octets.size(),
                    reinterpret_cast<const std::uint8_t*>(octets.data()));
  return text;
}

}  // namespace

std::optional<SaslExchange> choose_exchange(const SmtpLogin& login, std::string_view offered) {
  const auto& [user, password] = login;
  const auto names = split(offered, ' ');
  if (is_one_of("PLAIN", names)) {
    using std::string_literals::operator""s;
    return SaslExchange{"PLAIN", {to_base64("\0"s + user + "\0"s + password)}};
  }
  if (is_one_of("LOGIN", names))
    return SaslExchange{"LOGIN", {to_base64(user), to_base64(password)}};
  return std::nullopt;
}

}  // namespace inforeply
