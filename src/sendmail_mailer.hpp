// A mailer that runs a sendmail-compatible command: COMMAND OPTIONS -i -f SENDER -- RECIPIENT.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/mailer.hpp"

namespace inforeply {

class SendmailMailer : public Mailer {
 public:
  /// `command` is an absolute path and its options. It is killed, with all it has started, when
  /// `time_limit` has passed.
  SendmailMailer(std::vector<std::string> command, std::chrono::milliseconds time_limit);

  Submission submit(std::string_view envelope_sender, std::string_view recipient,
                    std::string_view message) override;

 private:
  std::vector<std::string> command_;
  std::chrono::milliseconds time_limit_;
};

}  // namespace inforeply
