#include "mailer/openssl.hpp"

#include <dlfcn.h>

#include <string>

#include "inforeply/error.hpp"

namespace inforeply {
namespace {

/// What is not null. dlerror(3) names the library.
void* require(void* found) {
  if (found == nullptr) {
    throw Error(Fault::kMailer, std::string("cannot load OpenSSL for TLS: ") + ::dlerror());
  }
  return found;
}

void* load_once() {
  static void* const library = require(::dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL));
  return library;
}

}  // namespace

// It is looked for in libcrypto, too, which libssl has brought.
OpenSslSymbol::OpenSslSymbol(const char* name) : address(require(::dlsym(load_once(), name))) {}

const OpenSsl& openssl() {
  static const OpenSsl functions;
  return functions;
}

}  // namespace inforeply
