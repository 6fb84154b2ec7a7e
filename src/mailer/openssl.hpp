// OpenSSL, loaded when it is needed: that takes longer than all else a process does.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/shared_library.hpp"

namespace inforeply {

static_assert(OPENSSL_VERSION_MAJOR == 3, "these are the functions of libssl.so.3");

/// The functions that are used here, by their own names. What <openssl/ssl.h> defines as a macro
/// would call a function that is not linked.
struct OpenSsl {
  const SharedLibrary& library;

  INFOREPLY_FUNCTION(ERR_clear_error);
  INFOREPLY_FUNCTION(ERR_peek_error);
  INFOREPLY_FUNCTION(ERR_reason_error_string);
  INFOREPLY_FUNCTION(SSL_CTX_ctrl);
  INFOREPLY_FUNCTION(SSL_CTX_free);
  INFOREPLY_FUNCTION(SSL_CTX_load_verify_file);
  INFOREPLY_FUNCTION(SSL_CTX_new);
  INFOREPLY_FUNCTION(SSL_CTX_set_default_verify_paths);
  INFOREPLY_FUNCTION(SSL_CTX_set_verify);
  INFOREPLY_FUNCTION(SSL_connect);
  INFOREPLY_FUNCTION(SSL_ctrl);
  INFOREPLY_FUNCTION(SSL_free);
  INFOREPLY_FUNCTION(SSL_get0_param);
  INFOREPLY_FUNCTION(SSL_get_error);
  INFOREPLY_FUNCTION(SSL_get_verify_result);
  INFOREPLY_FUNCTION(SSL_new);
  INFOREPLY_FUNCTION(SSL_peek_ex);
  INFOREPLY_FUNCTION(SSL_read_ex);
  INFOREPLY_FUNCTION(SSL_set_fd);
  INFOREPLY_FUNCTION(SSL_shutdown);
  INFOREPLY_FUNCTION(SSL_write_ex);
  INFOREPLY_FUNCTION(TLS_client_method);
  INFOREPLY_FUNCTION(X509_VERIFY_PARAM_set1_host);
  INFOREPLY_FUNCTION(X509_VERIFY_PARAM_set1_ip_asc);
  INFOREPLY_FUNCTION(X509_VERIFY_PARAM_set_hostflags);
  INFOREPLY_FUNCTION(X509_verify_cert_error_string);
};

/// Loads the library at the first call. Throws Error (kMailer) if it or a function is missing.
const OpenSsl& openssl();

}  // namespace inforeply
