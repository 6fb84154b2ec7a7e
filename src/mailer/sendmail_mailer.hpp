// A mailer that runs a sendmail-compatible command: COMMAND OPTIONS -i -f SENDER -- RECIPIENT.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "mailer/mailer.hpp"

namespace inforeply {

class SendmailMailer : public Mailer {
 public:
  /// `command` is an absolute path and its options.
  explicit SendmailMailer(std::vector<std::string> command);

  /// At the deadline, kills the command and all that it has started.
  Submission submit(std::string_view envelope_sender, std::string_view recipient,
                    std::string_view message,
                    std::chrono::steady_clock::time_point deadline) override;

 private:
  std::vector<std::string> command_;
};

/// Kills the running command, if any, and all that it has started. Safe in a signal handler.
void kill_running_mailer();

}  // namespace inforeply
