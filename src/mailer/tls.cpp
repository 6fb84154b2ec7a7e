#include "mailer/tls.hpp"

#include <poll.h>

#include <cerrno>

#include "inforeply/error.hpp"
#include "mailer/openssl.hpp"

namespace inforeply {
namespace {

/// What OpenSSL says went wrong first.
std::string openssl_cause() {
  const auto& api = openssl();
  const auto* reason = api.ERR_reason_error_string(api.ERR_peek_error());
  return reason != nullptr ? reason : "OpenSSL names no cause";
}

}  // namespace

TlsContext::TlsContext(const std::string& ca_file)
    : context_(openssl().SSL_CTX_new(openssl().TLS_client_method()), openssl().SSL_CTX_free) {
  const auto& api = openssl();
  if (!context_) throw Error(Fault::kMailer, "cannot set up TLS: " + openssl_cause());
  api.SSL_CTX_set_verify(get(), SSL_VERIFY_PEER, nullptr);
  api.SSL_CTX_ctrl(get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  const int is_loaded = ca_file.empty() ? api.SSL_CTX_set_default_verify_paths(get())
                                        : api.SSL_CTX_load_verify_file(get(), ca_file.c_str());
  if (is_loaded != 1) {
    throw Error(Fault::kMailer, "cannot read the certificates of " +
                                    (ca_file.empty() ? "the system" : ca_file) + ": " +
                                    openssl_cause());
  }
}

TlsSession::TlsSession(const TlsContext& context, int socket, std::string host, Deadline deadline)
    : socket_(socket),
      host_(std::move(host)),
      ssl_(openssl().SSL_new(context.get()), openssl().SSL_free) {
  if (!ssl_ || openssl().SSL_set_fd(ssl_.get(), socket_) != 1 || !expect_certificate_of_host()) {
    throw ConnectionFault("cannot set up TLS: " + openssl_cause());
  }
  complete([&] { return openssl().SSL_connect(ssl_.get()); }, deadline);
}

TlsSession::~TlsSession() {
  if (!is_broken_) openssl().SSL_shutdown(ssl_.get());
}

/// Returns false if there is no memory.
bool TlsSession::expect_certificate_of_host() {
  const auto& api = openssl();
  auto* expected = api.SSL_get0_param(ssl_.get());
  if (api.X509_VERIFY_PARAM_set1_ip_asc(expected, host_.c_str()) == 1) return true;
  api.X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // A server with several names is told which of them is meant (RFC 6066, 3).
  return api.X509_VERIFY_PARAM_set1_host(expected, host_.data(), host_.size()) == 1 &&
         api.SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                      host_.data()) == 1;
}

/// Returns the event of poll(2) that the operation waits for, 0 if it is done. Throws
/// ConnectionFault.
template <typename Operation>
short TlsSession::attempt(Operation operation) {
  const auto& api = openssl();
  api.ERR_clear_error();
  errno = 0;
  const int result = operation();
  if (result > 0) return 0;
  const int system_error = errno;
  const int error = api.SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return POLLIN;
  if (error == SSL_ERROR_WANT_WRITE) return POLLOUT;
  is_broken_ = error != SSL_ERROR_ZERO_RETURN;
  throw ConnectionFault(cause_of(error, system_error));
}

std::string TlsSession::cause_of(int error, int system_error) const {
  const auto& api = openssl();
  const bool is_cut_off =
      ERR_GET_REASON(api.ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (error == SSL_ERROR_ZERO_RETURN || is_cut_off) return kClosed;
  if (error == SSL_ERROR_SYSCALL) return with_cause(kLost, system_error);
  const auto verified = api.SSL_get_verify_result(ssl_.get());
  if (verified == X509_V_OK) return openssl_cause();
  return "the certificate of " + host_ +
         " is not accepted: " + api.X509_verify_cert_error_string(verified);
}

template <typename Operation>
void TlsSession::complete(Operation operation, Deadline deadline) {
  while (const short event = attempt(operation)) {
    if (wait_for(socket_, event, deadline) == 0) throw ConnectionFault(kNoAnswer);
  }
}

bool TlsSession::send(std::string_view octets, Deadline deadline) {
  while (!octets.empty()) {
    std::size_t count = 0;
    short event = 0;
    try {
      event = attempt(
          [&] { return openssl().SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &count); });
    } catch (const ConnectionFault&) {
      return false;
    }
    octets.remove_prefix(count);
    if (event == 0) continue;
    const short events = wait_for(socket_, static_cast<short>(event | POLLIN), deadline);
    // If it is left here, a part of what was to be sent must not follow later.
    is_broken_ = events == 0 || ((events & event) == 0 && is_answered());
    if (events == 0) throw ConnectionFault(kTakesNoMore);
    if (is_broken_) return false;
  }
  return true;
}

/// Not all that a server sends is an answer: keys are renewed, too. The end of the connection is.
bool TlsSession::is_answered() {
  try {
    char first = 0;
    std::size_t count = 0;
    return attempt([&] { return openssl().SSL_peek_ex(ssl_.get(), &first, 1, &count); }) == 0;
  } catch (const ConnectionFault&) {
    return true;
  }
}

std::size_t TlsSession::receive(std::span<char> buffer, Deadline deadline) {
  std::size_t count = 0;
  complete([&] { return openssl().SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count); },
           deadline);
  return count;
}

}  // namespace inforeply
