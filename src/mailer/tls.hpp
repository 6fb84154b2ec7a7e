// TLS on a connection (RFC 8446, RFC 5246), by OpenSSL, with a server whose certificate is
// verified.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "mailer/socket_wait.hpp"

// OpenSSL's own names of its types.
struct ssl_ctx_st;
struct ssl_st;

namespace inforeply {

/// What all connections have in common: the certificates that are trusted.
class TlsContext {
 public:
  /// Loads OpenSSL. Trusts the certificates of `ca_file` (PEM), the system's if it is empty. Throws
  /// Error (kMailer) if the library is missing or the file holds no certificate.
  explicit TlsContext(const std::string& ca_file);

  [[nodiscard]] ssl_ctx_st* get() const { return context_.get(); }

 private:
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
};

/// A connection from its handshake on. Its functions keep to what SmtpConnection promises of them.
class TlsSession {
 public:
  /// Agrees on TLS 1.2 or later with the server at the other end of a non-blocking socket, which
  /// stays the caller's. The server's certificate must be one for `host`, a name or a numeric
  /// address (RFC 7817). Throws ConnectionFault, which says why it is not.
  TlsSession(const TlsContext& context, int socket, std::string host, Deadline deadline);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();  ///< says that nothing follows, if there is room for it

  [[nodiscard]] bool send(std::string_view octets, Deadline deadline);
  std::size_t receive(std::span<char> buffer, Deadline deadline);

 private:
  template <typename Operation>
  short attempt(Operation operation);
  template <typename Operation>
  void complete(Operation operation, Deadline deadline);
  bool expect_certificate_of_host();
  [[nodiscard]] std::string cause_of(int error, int system_error) const;
  bool is_answered();

  int socket_;
  std::string host_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  bool is_broken_ = false;  // nothing may be sent any more
};

}  // namespace inforeply
