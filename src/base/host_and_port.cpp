#include "base/host_and_port.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <optional>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw Error(Fault::kUsage, text);
}

bool is_host_name(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return is_letter_or_digit(c) || std::string_view("-._").find(c) != std::string_view::npos;
  });
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

}  // namespace

HostAndPort parse_host_and_port(std::string_view text, std::uint16_t default_port) {
  const bool is_bracketed = text.starts_with('[');
  if (is_bracketed) text.remove_prefix(1);
  const auto end = std::min(text.find(is_bracketed ? ']' : ':'), text.size());
  HostAndPort place{std::string(text.substr(0, end)), default_port};
  if (place.host.empty()) refuse("no host");
  const bool is_closed = is_bracketed && end < text.size();
  if (is_bracketed ? !is_closed || !is_ipv6(place.host) : is_ipv6(std::string(text))) {
    refuse("an IPv6 address is written in brackets, and nothing else is");
  }
  if (!is_bracketed && !is_host_name(place.host)) refuse("not the name of a host");
  const auto rest = text.substr(is_bracketed ? end + 1 : end);
  if (rest.empty()) return place;
  const auto port = rest.starts_with(':') ? parse_number(rest.substr(1)) : std::nullopt;
  if (!port || *port == 0 || *port > UINT16_MAX) {
    refuse("expected a port from 1 to 65535 behind the host");
  }
  place.port = static_cast<std::uint16_t>(*port);
  return place;
}

std::string HostAndPort::name() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

void require_socket_path(std::string_view path) {
  constexpr std::size_t kMaxPathOctets = sizeof(sockaddr_un::sun_path) - 1;
  if (!path.starts_with('/')) refuse("the path of the socket is not absolute");
  if (path.size() > kMaxPathOctets) {
    refuse("the path of the socket is longer than " + std::to_string(kMaxPathOctets) + " octets");
  }
}

bool is_address(const std::string& host) {
  in_addr address{};
  return is_ipv6(host) || ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         equals_ignoring_case(host, "localhost");
}

}  // namespace inforeply
