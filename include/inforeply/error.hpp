// Errors that end the work on a recipient or the whole run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace inforeply {

/// Which part of the world is at fault; the log names it as the reason of a deferral.
enum class Fault { kUsage, kConfiguration, kInput, kOutput, kCache, kMailer, kInternal };

/// Returns "configuration", "cache", …, as the log prints it.
std::string_view name_of(Fault fault);

/// One line that names the operation, the object and the cause.
class Error : public std::runtime_error {
 public:
  Error(Fault fault, const std::string& what) : std::runtime_error(what), fault_(fault) {}
  [[nodiscard]] Fault fault() const { return fault_; }

 private:
  Fault fault_;
};

/// A fault in a file that an administrator or a user wrote: "FILE:LINE: text".
/// Line 0 stands for the file as a whole and is not printed.
class ConfigError : public Error {
 public:
  ConfigError(const std::string& file, std::size_t line, const std::string& text);
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] std::size_t line() const { return line_; }
  /// What is wrong, without where.
  [[nodiscard]] std::string text() const;
  /// The same fault, said of a file of another name.
  [[nodiscard]] ConfigError in(const std::string& file) const;

 private:
  std::string file_;
  std::size_t line_;
};

/// Is called with each fault of a file. If it returns, the reader leaves out the faulty part and
/// goes on.
using FaultHandler = std::function<void(const ConfigError&)>;

/// A handler that ends the reading with the first fault.
[[noreturn]] void throw_fault(const ConfigError& fault);

/// A handler for faults that nobody needs to know.
inline void pass_over(const ConfigError& /*fault*/) {}

/// Does one step of a reader. A fault that ends the step goes to the handler.
template <typename Step>
void collect_fault(const FaultHandler& on_fault, Step step) {
  try {
    step();
  } catch (const ConfigError& fault) {
    on_fault(fault);
  }
}

/// The name of the account that this process runs as, or `uid N` if it has none.
std::string running_account();

/// RLIMIT_FSIZE (getrlimit(2)) in octets; nullopt if there is no limit.
std::optional<std::uint64_t> file_size_limit();

/// Returns "OPERATION OBJECT: cause" for an errno(3). If permission is refused, the account is
/// named, too: "OPERATION OBJECT as ACCOUNT: cause". If a limit on the size of files may be the
/// reason, its name and value follow: local(8) sets one for commands that it runs.
std::string with_cause(const std::string& operation_and_object, int error);

/// Returns an Error with the text of with_cause for errno.
Error system_error(Fault fault, const std::string& operation_and_object);

}  // namespace inforeply
