// What the tools share: printing, and how they end (sysexits(3)).
#pragma once

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

#include "inforeply/cache_store.hpp"
#include "inforeply/commands.hpp"
#include "inforeply/error.hpp"
#include "inforeply/exit_status.hpp"
#include "inforeply/text.hpp"

namespace inforeply {

/// The reader of standard output, such as `head`, has closed it. That is no error.
class OutputClosed : public std::exception {};

[[noreturn]] inline void output_failed() {
  if (errno == EPIPE) throw OutputClosed();
  throw system_error(Fault::kInternal, "cannot write to standard output");
}

/// Writes to standard output. Throws OutputClosed, or Error (kInternal) for another failure.
inline void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) output_failed();
}

/// A variable of the environment; empty if it is not set.
inline std::string_view environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

/// The folder for temporary files: that of TMPDIR, else /tmp.
inline std::string temporary_folder() {
  const auto named = environment_variable("TMPDIR");
  return std::string(named.empty() ? "/tmp" : named);
}

/// The domain of an address as the cache keeps it; all of it if there is no `@`.
inline std::string_view domain_of(std::string_view address) {
  return address.substr(address.rfind('@') + 1);
}

/// Ends the program with status 64.
[[noreturn]] inline void usage_error(const std::string& text) {
  throw Error(Fault::kUsage, text + " (see --help)");
}

/// Prints to standard error what an administrator should know of the cache.
inline void warn_of(const CacheStore& store) {
  for (const auto& remark : store.remarks()) {
    const bool is_fault = remark.kind == CacheRemark::Kind::kFault;
    std::fprintf(stderr, "%s: %s\n", is_fault ? "warning" : "note", remark.text.c_str());
  }
}

/// Prints what --help or --version asks for. False if neither was given.
inline bool print_about(const ToolCommand& command, const char* name, std::string (*help)()) {
  if (command.help) {
    print(help());
  } else if (command.version) {
    print(std::string(name) + " " INFOREPLY_VERSION "\n");
  }
  return command.help || command.version;
}

/// Throws Error (kUsage) if the cache has no file, which the option is about.
inline void require_file(const CacheStore& store, const std::string& option) {
  if (!store.file().empty()) return;
  throw Error(Fault::kUsage, option + ": cache " + store.name() +
                                 " has no file; inforeply-cache export writes its records");
}

inline ExitStatus status_of(Fault fault) {
  switch (fault) {
    case Fault::kUsage:
      return ExitStatus::kUsage;
    case Fault::kConfiguration:
      return ExitStatus::kConfiguration;
    case Fault::kInput:
      return ExitStatus::kNoInput;
    case Fault::kOutput:
      return ExitStatus::kCannotCreate;
    case Fault::kCache:
      return ExitStatus::kUnavailable;
    case Fault::kMailer:
    case Fault::kInternal:
      break;
  }
  return ExitStatus::kInternal;
}

/// Runs `body`; an exception becomes a line "NAME: text" on standard error and a status.
inline int run_tool(const char* name, const std::function<ExitStatus()>& body) {
  set_status_of_damage(ExitStatus::kUnavailable);
  // write(2) then returns an error for a closed pipe and for a limit on file sizes.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  auto status = ExitStatus::kInternal;
  std::string complaint;
  try {
    status = body();
    if (std::fflush(stdout) != 0) output_failed();
  } catch (const OutputClosed&) {
    status = ExitStatus::kOk;
  } catch (const Error& error) {
    status = status_of(error.fault());
    complaint = error.what();
  } catch (const std::exception& error) {
    complaint = error.what();
  }
  if (!complaint.empty()) std::fprintf(stderr, "%s: %s\n", name, to_single_line(complaint).c_str());
  return static_cast<int>(status);
}

}  // namespace inforeply
