// Submits replies.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace inforeply {

struct Submission {
  enum class Result {
    kAccepted,
    kDeferred,  ///< time or an administrator can mend it
    kUnknown,   ///< the mailer ended before it could say: the reply may be on its way or not
    kRefused    ///< for good: the mailer will never take this address or this message
  };
  Result result;
  std::string detail;  ///< of a failure: how the mailer ended and what it printed, one line
};

class Mailer {
 public:
  Mailer() = default;
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;
  virtual ~Mailer() = default;

  /// Submits a reply. `envelope_sender` is empty for the null sender. `message` has lines ended by
  /// LF. Does not throw if the submission fails.
  virtual Submission submit(std::string_view envelope_sender, std::string_view recipient,
                            std::string_view message,
                            std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace inforeply
