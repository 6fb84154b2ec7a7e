#include "mailer/openssl.hpp"

namespace inforeply {

const OpenSsl& openssl() {
  static const SharedLibrary library("libssl.so.3", "OpenSSL for TLS", Fault::kMailer);
  static const OpenSsl functions{library};
  return functions;
}

}  // namespace inforeply
