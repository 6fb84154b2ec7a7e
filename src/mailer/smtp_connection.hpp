// A connection to an SMTP server: commands out, replies in (RFC 5321, 4.2). No wait is without an
// end, no reply without a bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/descriptor.hpp"
#include "mailer/smtp_login.hpp"
#include "mailer/socket_wait.hpp"
#include "mailer/tls.hpp"

namespace inforeply {

constexpr std::uint16_t kSmtpPort = 25;

enum class Security {
  kNone,
  kStartTls,    ///< TLS after a command (RFC 3207), never without it
  kImplicitTls  ///< TLS from the first octet (RFC 8314)
};

/// Where an SMTP server listens and what it wants to hear.
struct SmtpServer {
  std::string host;  ///< a name or a numeric address without brackets; empty if `path` is set
  std::uint16_t port = kSmtpPort;
  std::string path{};  ///< of a socket in the file system
  Security security = Security::kNone;
  std::string ca_file{};             ///< as TlsContext takes it
  std::optional<SmtpLogin> login{};  ///< nullopt if it is used by anybody

  [[nodiscard]] std::string name() const;  ///< for messages: HOST:PORT, [IPV6]:PORT or the path
};

struct SmtpReply {
  int code = 0;                    ///< 200 to 599
  std::vector<std::string> lines;  ///< of text, without the code; at least one

  [[nodiscard]] int severity() const { return code / 100; }  ///< 2 done, 3 go on, 4 later, 5 never
  [[nodiscard]] std::string to_string() const;  ///< code and text in one bounded, printable line
};

/// Whether the server's name has to be looked up: a numeric address and `localhost` have not, as
/// loading the name service takes time.
bool is_looked_up(const SmtpServer& server);

class SmtpConnection {
 public:
  /// Connects to the first of the server's addresses that can be reached. The look-up of a name
  /// keeps to the limits of resolv.conf(5). Throws ConnectionFault.
  SmtpConnection(const SmtpServer& server, Deadline deadline);

  /// Octets from here on go through TLS; how it fails is said there.
  void start_tls(const TlsContext& context, const std::string& host, Deadline deadline);

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
  std::size_t receive(std::span<char> buffer, Deadline deadline);
  std::string read_line(Deadline deadline);

  Descriptor socket_;
  std::optional<TlsSession> tls_;
  std::string input_;  // received and not yet read
};

}  // namespace inforeply
