// Which of a responder's replies answers a message.
#pragma once

#include <string>
#include <vector>

#include "inforeply/sender.hpp"
#include "mail/message.hpp"
#include "responder/responder.hpp"

namespace inforeply {

/// Whether a section's conditions hit, and why.
struct SectionResult {
  const ReplySettings* reply;
  ConditionResult result;
};

struct Choice {
  const ReplySettings* reply = nullptr;  ///< the responder's own if no section hits
  std::vector<SectionResult> sections;   ///< those evaluated: up to the first that hits
  Period period;  ///< the one in force: the responder's, and within it that of the section's `time`
};

/// The result points into `responder`. Throws ConfigError if a file of addresses or a pattern is at
/// fault.
Choice choose_reply(const Responder& responder, const Message& message, const Sender& sender,
                    Time now);

/// One line for each evaluated section, then one that names the chosen reply. Empty for a responder
/// without sections.
std::string explain(const Choice& choice);

}  // namespace inforeply
