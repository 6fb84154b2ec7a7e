// What ends the work on a recipient or on the whole run.
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

/// "configuration", "cache", … as the log prints it.
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

 private:
  std::string file_;
  std::size_t line_;
};

/// Is told the faults of a file one by one. Where it returns, the reader leaves out what is at
/// fault and goes on.
using FaultHandler = std::function<void(const ConfigError&)>;

/// Ends the reading with the first fault.
[[noreturn]] void throw_fault(const ConfigError& fault);

/// For what nobody needs to be told.
inline void pass_over(const ConfigError& /*fault*/) {}

/// Does one step of a reader, and hands the fault that ends it to the handler.
template <typename Step>
void collect_fault(const FaultHandler& on_fault, Step step) {
  try {
    step();
  } catch (const ConfigError& fault) {
    on_fault(fault);
  }
}

/// The account that this process runs as: its name, or `uid N` where it has none.
std::string running_account();

/// RLIMIT_FSIZE (getrlimit(2)); nullopt for no limit.
std::optional<std::uint64_t> file_size_limit();

/// "OPERATION OBJECT: cause" for an errno(3). Where permission is refused, "OPERATION OBJECT as
/// ACCOUNT: cause": who is refused is half of what there is to mend. Where a limit on the size of
/// files may be the reason, its name and value, too: local(8) sets one for commands that it runs.
std::string with_cause(const std::string& operation_and_object, int error);

/// The same, of errno itself.
Error system_error(Fault fault, const std::string& operation_and_object);

}  // namespace inforeply
