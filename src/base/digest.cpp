#include "base/digest.hpp"

#include <nettle/sha2.h>

#include <array>
#include <cstdint>

#include "inforeply/text.hpp"

namespace inforeply {

std::string digest(std::initializer_list<std::string_view> parts) {
  sha256_ctx context;
  sha256_init(&context);
  for (const auto part : parts) {
    const std::uint64_t size = part.size();
    std::array<std::uint8_t, 8> length{};
    for (std::size_t i = 0; i < length.size(); ++i) {
      length.at(i) = static_cast<std::uint8_t>(size >> (8 * i));
    }
    sha256_update(&context, length.size(), length.data());
    sha256_update(&context, part.size(), reinterpret_cast<const std::uint8_t*>(part.data()));
  }
  std::array<std::uint8_t, 16> hash{};
  sha256_digest(&context, hash.size(), hash.data());
  std::string hex;
  for (const std::uint8_t octet : hash) {
    hex += to_hex(static_cast<char>(octet));
  }
  return to_lower_ascii(hex);
}

std::uint64_t short_digest(std::string_view text) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, text.size(), reinterpret_cast<const std::uint8_t*>(text.data()));
  std::array<std::uint8_t, sizeof(std::uint64_t)> hash{};
  sha256_digest(&context, hash.size(), hash.data());
  std::uint64_t bits = 0;
  for (const std::uint8_t octet : hash) {
    bits = bits << 8U | octet;
  }
  return bits;
}

}  // namespace inforeply
