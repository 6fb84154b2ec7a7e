#include "mailer/smtp_connection.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/host_and_port.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

// RFC 5321, 4.5.3.1.5, asks for 512 octets; servers send longer ones.
constexpr std::size_t kMaxLineOctets = 2048;
constexpr std::size_t kMaxReplyLines = 128;
constexpr std::size_t kMaxShownOctets = 500;  // of a reply, for the log
constexpr std::chrono::milliseconds kConnectAgain{10};

/// An address to connect to.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* address() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

template <typename SocketAddress>
Endpoint to_endpoint(const SocketAddress& address) {
  Endpoint endpoint;
  std::memcpy(&endpoint.storage, &address, sizeof address);
  endpoint.length = sizeof address;
  return endpoint;
}

Endpoint socket_file(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  return to_endpoint(address);
}

/// Adds a numeric address, nothing if `host` is none.
void add_numeric(const std::string& host, std::uint16_t port, std::vector<Endpoint>& endpoints) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    endpoints.push_back(to_endpoint(v4));
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    endpoints.push_back(to_endpoint(v6));
  }
}

void add_looked_up(const SmtpServer& server, std::vector<Endpoint>& endpoints) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const auto port = std::to_string(server.port);
  const int error = ::getaddrinfo(server.host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) {
    throw ConnectionFault(server.name() + ": " +
                          (error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const auto* entry = found; entry != nullptr; entry = entry->ai_next) {
    Endpoint endpoint;
    std::memcpy(&endpoint.storage, entry->ai_addr, entry->ai_addrlen);
    endpoint.length = entry->ai_addrlen;
    endpoints.push_back(endpoint);
  }
}

/// The addresses that are known without a look-up; none if there has to be one.
std::vector<Endpoint> known_endpoints(const SmtpServer& server) {
  std::vector<Endpoint> endpoints;
  if (!server.path.empty()) {
    endpoints.push_back(socket_file(server.path));
  } else if (equals_ignoring_case(server.host, "localhost")) {  // RFC 6761, 6.3
    add_numeric("127.0.0.1", server.port, endpoints);
    add_numeric("::1", server.port, endpoints);
  } else {
    add_numeric(server.host, server.port, endpoints);
  }
  return endpoints;
}

std::vector<Endpoint> endpoints_of(const SmtpServer& server) {
  auto endpoints = known_endpoints(server);
  if (endpoints.empty()) add_looked_up(server, endpoints);
  return endpoints;
}

/// Returns an errno, or 0 if the socket is connected.
int connect_socket(int descriptor, const Endpoint& endpoint, Deadline deadline) {
  while (::connect(descriptor, endpoint.address(), endpoint.length) != 0) {
    if (errno == EAGAIN) {  // a socket in the file system whose queue is full; poll(2) cannot tell
      const auto pause = std::min(kConnectAgain, time_left(deadline));
      if (pause.count() == 0) return ETIMEDOUT;
      ::poll(nullptr, 0, static_cast<int>(pause.count()));
    } else if (errno == EINPROGRESS || errno == EINTR) {
      if (wait_for(descriptor, POLLOUT, deadline) == 0) return ETIMEDOUT;
      int error = 0;
      socklen_t length = sizeof error;
      ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length);
      return error;
    } else {
      return errno;
    }
  }
  return 0;
}

Descriptor connect_to(const SmtpServer& server, Deadline deadline) {
  int error = 0;
  const auto endpoints = endpoints_of(server);
  auto untried = static_cast<int>(endpoints.size());
  for (const auto& endpoint : endpoints) {
    // One that does not answer leaves time for the others.
    const auto share = std::chrono::steady_clock::now() + time_left(deadline) / untried--;
    const int family = endpoint.address()->sa_family;
    Descriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    error = socket.is_open() ? connect_socket(socket.get(), endpoint, share) : errno;
    if (error != 0) continue;
    // What we send is whole; the end of a long message would wait for a delayed acknowledgement.
    const int on = 1;
    if (family != AF_UNIX) {
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return socket;
  }
  throw ConnectionFault(with_cause(server.name(), error));
}

/// Whether a line begins as a reply does (RFC 5321, 4.2).
bool has_reply_code(std::string_view line) {
  return line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && is_digit(line[1]) &&
         is_digit(line[2]) && (line.size() == 3 || line[3] == ' ' || line[3] == '-');
}

std::string shown(std::string_view text) {
  return to_single_line(trim(text.substr(0, kMaxShownOctets)));
}

}  // namespace

std::string SmtpServer::name() const {
  return path.empty() ? HostAndPort{host, port}.name() : path;
}

std::string SmtpReply::to_string() const {
  std::string text = std::to_string(code);
  for (const auto& line : lines) {
    if (text.size() > kMaxShownOctets) break;
    text += " " + line;
  }
  return shown(text);
}

bool is_looked_up(const SmtpServer& server) {
  return server.path.empty() && !is_address(server.host);
}

SmtpConnection::SmtpConnection(const SmtpServer& server, Deadline deadline)
    : socket_(connect_to(server, deadline)) {}

void SmtpConnection::start_tls(const TlsContext& context, const std::string& host,
                               Deadline deadline) {
  tls_.emplace(context, socket_.get(), host, deadline);
}

bool SmtpConnection::send(std::string_view octets, Deadline deadline) {
  if (tls_) return tls_->send(octets, deadline);
  while (!octets.empty()) {
    const ssize_t count = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      octets.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      const short events = wait_for(socket_.get(), POLLOUT | POLLIN, deadline);
      if (events == 0) throw ConnectionFault(kTakesNoMore);
      if ((events & POLLOUT) == 0) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::size_t SmtpConnection::receive(std::span<char> buffer, Deadline deadline) {
  if (tls_) return tls_->receive(buffer, deadline);
  while (true) {
    if (wait_for(socket_.get(), POLLIN, deadline) == 0) throw ConnectionFault(kNoAnswer);
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) throw ConnectionFault(kClosed);
    if (errno != EINTR && errno != EAGAIN) throw ConnectionFault(with_cause(kLost, errno));
  }
}

std::string SmtpConnection::read_line(Deadline deadline) {
  std::size_t end = 0;
  while ((end = input_.find('\n')) == std::string::npos) {
    if (input_.size() > kMaxLineOctets) throw ConnectionFault("line too long: " + shown(input_));
    std::array<char, 4096> buffer;
    input_.append(buffer.data(), receive(buffer, deadline));
  }
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  if (line.size() > kMaxLineOctets) throw ConnectionFault("line too long: " + shown(line));
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

SmtpReply SmtpConnection::read_reply(Deadline deadline) {
  SmtpReply reply;
  bool is_last = false;
  while (!is_last) {
    const auto line = read_line(deadline);
    const auto code = has_reply_code(line) ? parse_number(line.substr(0, 3)) : std::nullopt;
    if (!code || (!reply.lines.empty() && static_cast<int>(*code) != reply.code)) {
      throw ConnectionFault("not an SMTP reply: " + shown(line));
    }
    if (reply.lines.size() == kMaxReplyLines) throw ConnectionFault("reply of too many lines");
    reply.code = static_cast<int>(*code);
    is_last = line.size() == 3 || line[3] == ' ';
    reply.lines.push_back(line.size() > 4 ? line.substr(4) : "");
  }
  return reply;
}

std::string SmtpConnection::own_address_literal() const {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &length) == 0) {
    if (storage.ss_family == AF_INET) {
      const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
      ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
      return "[" + std::string(text.data()) + "]";
    }
    if (storage.ss_family == AF_INET6) {
      const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
      return "[IPv6:" + std::string(text.data()) + "]";
    }
  }
  return "[127.0.0.1]";  // a socket in the file system is of this machine
}

}  // namespace inforeply
