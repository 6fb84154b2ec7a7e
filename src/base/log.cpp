#include "base/log.hpp"

#include <syslog.h>

#include <cstdio>
#include <utility>

#include "inforeply/error.hpp"
#include "inforeply/json.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

class SyslogLog : public Log {
 public:
  SyslogLog() { openlog("inforeply", LOG_PID, LOG_MAIL); }
  SyslogLog(const SyslogLog&) = delete;
  SyslogLog& operator=(const SyslogLog&) = delete;
  ~SyslogLog() override { closelog(); }
  void write(Severity severity, std::string_view line) override {
    syslog(priority_of(severity), "%s", to_single_line(line).c_str());
  }

 private:
  static int priority_of(Severity severity) {
    switch (severity) {
      case Severity::kDebug:
        return LOG_DEBUG;
      case Severity::kInfo:
        return LOG_INFO;
      case Severity::kWarning:
        return LOG_WARNING;
      case Severity::kError:
        break;
    }
    return LOG_ERR;
  }
};

class StderrLog : public Log {
 public:
  void write(Severity severity, std::string_view line) override {
    if (severity == Severity::kDebug) return;
    // One write(2), so that lines of concurrent processes do not mix.
    const std::string whole = to_single_line(line) + "\n";
    std::fwrite(whole.data(), 1, whole.size(), stderr);
  }
};

class JsonLog : public Log {
 public:
  explicit JsonLog(std::unique_ptr<Log> log) : log_(std::move(log)) {}
  void write(Severity severity, std::string_view line) override {
    std::string object = "{\"detail\":";
    append_json_string(object, line);
    write_formatted(severity, object + "}");
  }
  void write_formatted(Severity severity, std::string_view line) override {
    log_->write(severity, line);
  }

 private:
  std::unique_ptr<Log> log_;
};

}  // namespace

void check_log_spec(std::string_view spec) {
  if (spec == "syslog" || spec == "stderr") return;
  throw Error(Fault::kUsage, "log '" + to_single_line(spec) + "': expected syslog or stderr");
}

std::unique_ptr<Log> make_log(std::string_view spec, LogFormat format) {
  check_log_spec(spec);
  std::unique_ptr<Log> log;
  if (spec == "stderr") {
    log = std::make_unique<StderrLog>();
  } else {
    log = std::make_unique<SyslogLog>();
  }
  if (format == LogFormat::kText) return log;
  return std::make_unique<JsonLog>(std::move(log));
}

}  // namespace inforeply
