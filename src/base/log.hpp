// The log: one line per recipient, to syslog or standard error.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "inforeply/log_format.hpp"

namespace inforeply {

/// kDebug is for syslog alone: standard error goes to whoever ran us.
enum class Severity { kDebug, kInfo, kWarning, kError };

class Log {
 public:
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;

  /// Writes one line, whatever `line` holds: control characters are made harmless here once more.
  /// In JSON it is the member `detail` of an object.
  virtual void write(Severity severity, std::string_view line) = 0;

  /// Writes a line that has the log's format already.
  virtual void write_formatted(Severity severity, std::string_view line) { write(severity, line); }
};

/// The log to `syslog` (facility mail) or `stderr`. Throws Error (kUsage) for anything else.
std::unique_ptr<Log> make_log(std::string_view spec, LogFormat format = LogFormat::kText);

/// Throws as make_log does.
void check_log_spec(std::string_view spec);

}  // namespace inforeply
