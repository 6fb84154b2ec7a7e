#include "base/shared_library.hpp"

#include <dlfcn.h>

#include <string>

namespace inforeply {

SharedLibrary::SharedLibrary(const char* file, const char* purpose, Fault fault)
    : purpose_(purpose), fault_(fault), library_(require(::dlopen(file, RTLD_NOW | RTLD_LOCAL))) {}

LibraryFunction SharedLibrary::function(const char* name) const {
  return {require(::dlsym(library_, name))};
}

/// What is not null. dlerror(3) names the library.
void* SharedLibrary::require(void* found) const {
  if (found == nullptr) {
    throw Error(fault_, "cannot load " + std::string(purpose_) + ": " + ::dlerror());
  }
  return found;
}

}  // namespace inforeply
