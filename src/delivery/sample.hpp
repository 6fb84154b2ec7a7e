// The message that `--dry-run` answers on a terminal, so that an author can look at what he wrote.
#pragma once

#include <optional>

#include "inforeply/clock.hpp"
#include "inforeply/envelope.hpp"
#include "mail/message.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {

/// Sets the message, and of the envelope what it lacks: a sender, and the responder's own address
/// as recipient. Returns the time to take as now: `now`, else one at which the responder is active.
/// Throws ConfigError where the responder cannot be read.
Time take_sample(Message& message, Envelope& envelope, std::optional<Time> now,
                 const ResponderSource& responders);

}  // namespace inforeply
