// A connection to an SMTP server: commands out, replies in (RFC 5321, 4.2). No wait is without an
// end, no reply without a bound.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/descriptor.hpp"

namespace inforeply {

constexpr std::uint16_t kSmtpPort = 25;

/// Where an SMTP server listens.
struct SmtpServer {
  std::string host;  ///< a name or a numeric address without brackets; empty if `path` is set
  std::uint16_t port = kSmtpPort;
  std::string path{};  ///< of a socket in the file system

  [[nodiscard]] std::string name() const;  ///< for messages: HOST:PORT, [IPV6]:PORT or the path
};

/// The connection cannot be used any more; one line says why.
class ConnectionFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct SmtpReply {
  int code = 0;                    ///< 200 to 599
  std::vector<std::string> lines;  ///< of text, without the code; at least one

  [[nodiscard]] int severity() const { return code / 100; }  ///< 2 done, 3 go on, 4 later, 5 never
  [[nodiscard]] std::string to_string() const;  ///< code and text in one bounded, printable line
};

class SmtpConnection {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// Connects to the first of the server's addresses that can be reached. A numeric address and
  /// `localhost` are not looked up, as loading the name service takes time; the look-up of a name
  /// keeps to the limits of resolv.conf(5). Throws ConnectionFault.
  SmtpConnection(const SmtpServer& server, Deadline deadline);

  /// Returns false if the server takes no more: it has answered early or closed the connection, and
  /// read_reply tells which. Throws ConnectionFault at the deadline.
  [[nodiscard]] bool send(std::string_view octets, Deadline deadline);

  /// Throws ConnectionFault at the deadline, if the connection ends, and for what is not a reply.
  SmtpReply read_reply(Deadline deadline);

  /// Whether the server has said more than it was asked: then its replies are no longer those to
  /// our commands.
  [[nodiscard]] bool has_unread_input() const { return !input_.empty(); }

  /// Our end's address as an address literal (RFC 5321, 4.1.3).
  [[nodiscard]] std::string own_address_literal() const;

 private:
  std::string read_line(Deadline deadline);

  Descriptor socket_;
  std::string input_;  // received and not yet read
};

}  // namespace inforeply
