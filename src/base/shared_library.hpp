// A shared library that is loaded when it is needed: that takes longer than all else a process
// does.
#pragma once

#include "inforeply/error.hpp"

namespace inforeply {

/// A function of such a library, which becomes a pointer of the type that is asked for.
struct LibraryFunction {
  void* address;

  template <typename Function>
  operator Function*() const {
    return reinterpret_cast<Function*>(address);
  }
};

/// A member of the name and type of a function that a header declares, in a struct that has its
/// `library`.
// NOLINTNEXTLINE(bugprone-macro-parentheses): a name that is declared stands in none
#define INFOREPLY_FUNCTION(name) decltype(&::name) name = library.function(#name)

class SharedLibrary {
 public:
  /// Loads it. `purpose` is for messages, as "OpenSSL for TLS". Throws Error (`fault`).
  SharedLibrary(const char* file, const char* purpose, Fault fault);
  SharedLibrary(const SharedLibrary&) = delete;
  SharedLibrary& operator=(const SharedLibrary&) = delete;
  // It stays loaded until the process ends: others may have handed it our memory.
  ~SharedLibrary() = default;

  /// A function of it, or of a library that it has brought. Throws Error if there is none.
  [[nodiscard]] LibraryFunction function(const char* name) const;

 private:
  void* require(void* found) const;

  const char* purpose_;
  Fault fault_;
  void* library_;
};

}  // namespace inforeply
