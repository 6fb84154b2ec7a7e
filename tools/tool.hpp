// What the tools share: printing, and how they end (sysexits(3)).
#pragma once

#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

#include "inforeply/error.hpp"
#include "inforeply/exit_status.hpp"
#include "inforeply/text.hpp"

namespace inforeply {

/// Throws Error (kInternal) where standard output cannot take it.
inline void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    throw system_error(Fault::kInternal, "cannot write to standard output");
  }
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
  // A limit on file sizes comes as an error from write(2).
  std::signal(SIGXFSZ, SIG_IGN);
  auto status = ExitStatus::kInternal;
  std::string complaint;
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is told as a disk that is full is
  try {
    status = body();
    if (std::fflush(stdout) != 0)
      throw system_error(Fault::kInternal, "cannot write to standard output");
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
