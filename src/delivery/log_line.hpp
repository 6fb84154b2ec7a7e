// What the log says of a recipient.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "inforeply/log_format.hpp"

namespace inforeply {

/// All may be anybody's text: it is made harmless where it is written. Empty: there is none.
struct LogLine {
  std::string id;    ///< the queue ID
  std::string from;  ///< the envelope sender; empty for the null sender
  std::string to;
  std::string_view action;
  std::string_view reason;
  std::string handle;
  std::chrono::duration<double> delay{};
  std::string responder;
  std::string section;
  std::string detail;
};

/// `ID: from=<…> to=<…> action=…` or an object with the members `id`, `from`, `to`, `action`, … in
/// the same order. What there is not is `-` or null; without detail the text says nothing of it.
/// Values over 320 octets are cut, but for the detail.
std::string format_log_line(const LogLine& line, LogFormat format);

/// The same for a run that failed before there was a recipient: `inforeply: deferred: DETAIL`, or
/// an object with `action`, `reason` and `detail`. If it is not deferred, the text names the
/// reason.
std::string format_failed_run(const LogLine& line, LogFormat format);

}  // namespace inforeply
