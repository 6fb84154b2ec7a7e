// What becomes of a process that meets damage which LMDB did not expect.
//
// LMDB reads the file as memory and believes what it says: damage then comes as a signal in the
// middle of a call: SIGBUS where the file is too short, SIGSEGV, SIGFPE where it divides by a size,
// or SIGABRT from the allocator or LMDB's assertions. The handlers report it and end the process;
// nothing is half written, as an unfinished transaction counts for nothing. Outside of LMDB's calls
// all but SIGBUS are faults of ours and stay what they are.
#pragma once

#include <lmdb.h>

#include <csignal>
#include <string>
#include <type_traits>

namespace inforeply::lmdb {

/// From now on damage is reported of this cache.
void expect_damage_of(const std::string& path);

/// For mdb_env_set_assert().
[[noreturn]] void report_assertion(MDB_env* environment, const char* text);

/// Whether a function of LMDB's is at work.
inline volatile std::sig_atomic_t in_lmdb = 0;  // NOLINT(*-avoid-non-const-global-variables)

/// Calls a function of LMDB's.
template <typename Result, typename... Parameters>
Result call(Result (*function)(Parameters...), std::type_identity_t<Parameters>... arguments) {
  in_lmdb = 1;
  const auto result = function(arguments...);
  in_lmdb = 0;
  return result;
}

/// A deleter that calls a function of LMDB's.
template <auto close>
struct Closer {
  template <typename Handle>
  void operator()(Handle* handle) const {
    in_lmdb = 1;
    close(handle);
    in_lmdb = 0;
  }
};

/// Reads all that LMDB has returned, as part of its call: a size that is wrong shows here.
void touch(const MDB_val& val);

}  // namespace inforeply::lmdb
