#include "mailer/smtp_login.hpp"

#include <nettle/base64.h>

#include <cstddef>
#include <cstdint>

#include "base/trusted_file.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxPasswordFileOctets = 4096;

std::string to_base64(std::string_view octets) {
  std::string text(BASE64_ENCODE_RAW_LENGTH(octets.size()), '\0');
  base64_encode_raw(text.data(), octets.size(),
                    reinterpret_cast<const std::uint8_t*>(octets.data()));
  return text;
}

}  // namespace

std::string read_password(const std::string& file) {
  const std::string text = read_private_file(file, kMaxPasswordFileOctets);
  std::string_view rest = text;
  const auto line = take_line(rest);
  if (line.empty()) throw ConfigError(file, 0, "no password in its first line");
  if (has_control_characters(line)) throw ConfigError(file, 1, "control character");
  return std::string(line);
}

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
