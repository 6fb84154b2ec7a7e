// Where a server listens, as it stands in a URL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace inforeply {

struct HostAndPort {
  std::string host;  ///< a name or an address, without brackets
  std::uint16_t port = 0;

  [[nodiscard]] std::string name() const;  ///< as parse_host_and_port reads it

  friend bool operator==(const HostAndPort&, const HostAndPort&) = default;
};

/// Reads HOST[:PORT], where an IPv6 address stands in brackets (RFC 3986, 3.2.2). Throws Error
/// (kUsage) whose text says what is wrong, without naming the URL.
HostAndPort parse_host_and_port(std::string_view text, std::uint16_t default_port);

/// Throws Error (kUsage) in the same way unless a socket can have this path (unix(7)).
void require_socket_path(std::string_view path);

/// Whether the C library need not look the host up: it is an address or "localhost" (RFC
/// 6761, 6.3).
bool is_address(const std::string& host);

}  // namespace inforeply
