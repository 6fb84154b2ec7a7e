// A mailer that submits to an SMTP server (RFC 5321), with pipelining (RFC 2920), 8BITMIME (RFC
// 6152), SIZE (RFC 1870), SMTPUTF8 (RFC 6531) and NOTIFY=NEVER (RFC 3461) where they are offered;
// with STARTTLS (RFC 3207) and AUTH (RFC 4954) where they are set, never without them then.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "mailer/mailer.hpp"
#include "mailer/smtp_connection.hpp"
#include "mailer/tls.hpp"

namespace inforeply {

/// One connection serves all submissions. It is made for the first; if the server has ended it
/// since, it is made once more.
class SmtpMailer : public Mailer {
 public:
  /// Throws as TlsContext does if the server is used by TLS.
  explicit SmtpMailer(SmtpServer server);
  ~SmtpMailer() override;  ///< says QUIT, without waiting for the answer

  /// An answer 4xx and trouble with the connection: kDeferred. 5xx: kRefused if it speaks of this
  /// recipient or this message, kDeferred if it speaks of us, which an administrator can mend.
  /// kUnknown if the end of the message was sent and no answer came. The detail names the step that
  /// failed: "RCPT TO: 550 5.1.1 no such user".
  Submission submit(std::string_view envelope_sender, std::string_view recipient,
                    std::string_view message,
                    std::chrono::steady_clock::time_point deadline) override;

 private:
  class Session;

  SmtpServer server_;
  std::optional<TlsContext> tls_;
  std::unique_ptr<Session> session_;
};

}  // namespace inforeply
