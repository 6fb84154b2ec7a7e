// What a process may still do when it reads a message, which may be written to subvert it.
#pragma once

#include "base/confinement.hpp"
#include "base/log.hpp"
#include "inforeply/commands.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {

/// The fault of `require-confinement = yes` with such a mailer.
inline constexpr const char* kCommandsAreNotConfined =
    "no process that runs a sendmail command is confined, an SMTP mailer is";

/// What deciding, answering and remembering takes. nullopt if replies go to a sendmail command:
/// what is confined can run none, and such a command may have to gain rights, as postdrop(1) does.
/// Throws Error for settings that do not parse.
std::optional<Permissions> delivery_permissions(const ResponderCommand& command,
                                                const ResponderSource& responders);

/// Confines this process to its permissions, if it has any. The log says at level debug what the
/// kernel lacks. Throws Error (kConfiguration) that names what is missing if the setting
/// `require-confinement` is yes.
void confine_delivery(const ResponderCommand& command, const ResponderSource& responders, Log& log);

}  // namespace inforeply
