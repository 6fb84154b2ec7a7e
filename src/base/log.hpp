// The log: one line per recipient, to syslog or standard error.
#pragma once

#include <memory>
#include <string>
#include <string_view>

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
  virtual void write(Severity severity, std::string_view line) = 0;
};

/// The log to `syslog` (facility mail) or `stderr`. Throws Error (kUsage) for anything else.
std::unique_ptr<Log> make_log(std::string_view spec);

/// Throws as make_log does.
void check_log_spec(std::string_view spec);

}  // namespace inforeply
