// What is set about the submission of replies.
#pragma once

#include <string>

namespace inforeply {

struct MailerSettings {
  std::string spec;             ///< as check_mailer_spec takes it
  std::string user{};           ///< of an SMTP server; empty: none
  std::string password_file{};  ///< of that user
  std::string ca_file{};        ///< PEM, instead of the system's certificates; empty: those
};

}  // namespace inforeply
