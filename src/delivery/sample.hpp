// The message that `--dry-run` answers on a terminal, so that authors can look at their replies.
#pragma once

#include <optional>

#include "inforeply/clock.hpp"
#include "inforeply/envelope.hpp"
#include "mail/message.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {

/// Sets the message, and what the envelope lacks: a sender, and the responder's own address as
/// recipient. Returns the time to take as now: `now`, else a time when the responder is active.
/// Throws ConfigError if the responder cannot be read.
Time take_sample(Message& message, Envelope& envelope, std::optional<Time> now,
                 const ResponderSource& responders);

}  // namespace inforeply
