// Which of a responder's replies answers a message.
#pragma once

#include <string>
#include <vector>

#include "inforeply/sender.hpp"
#include "mail/message.hpp"
#include "responder/responder.hpp"

namespace inforeply {

/// What was found of a section.
struct SectionResult {
  const ReplySettings* reply;
  ConditionResult result;
};

struct Choice {
  const ReplySettings* reply = nullptr;  ///< the responder's own where no section hits
  std::vector<SectionResult> sections;   ///< those asked: all up to the first that hits
};

/// What it points to belongs to the responder. Throws ConfigError where a file of addresses is at
/// fault.
Choice choose_reply(const Responder& responder, const Message& message, const Sender& sender);

/// Every section that was asked with its outcome, a line each, then which reply it is. Empty for a
/// responder without sections.
std::string explain(const Choice& choice);

}  // namespace inforeply
