// Submits a reply.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace inforeply {

struct Submission {
  enum class Result {
    kAccepted,
    kDeferred,  ///< time or an administrator can mend it
    kUnknown,   ///< it ended before it could say: the reply may be on its way or not
    kRefused    ///< for good: this address or this message will never be taken
  };
  Result result;
  std::string detail;  ///< of a failure: how it ended and what the mailer printed, one line
};

class Mailer {
 public:
  Mailer() = default;
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;
  virtual ~Mailer() = default;

  /// `envelope_sender` is empty for the null sender. `message` has lines ended by LF. Never throws
  /// for a submission that failed.
  virtual Submission submit(std::string_view envelope_sender, std::string_view recipient,
                            std::string_view message,
                            std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace inforeply
