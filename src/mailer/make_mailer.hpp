// Makes the mailer that a `--mailer` SPEC names.
#pragma once

#include <memory>
#include <string_view>

#include "mailer/mailer.hpp"

namespace inforeply {

/// Throws Error (kUsage) unless `spec` is the absolute path of a sendmail-compatible command,
/// perhaps with options; `smtp://HOST[:PORT]`, where HOST is a name, an IPv4 address or an IPv6
/// address in brackets; or `smtp+unix:PATH`, the absolute path of a socket.
void check_mailer_spec(std::string_view spec);

/// Throws as check_mailer_spec does, and Error (kMailer) if the command cannot be run. Whether a
/// server can be reached shows when the first reply is submitted.
std::unique_ptr<Mailer> make_mailer(std::string_view spec);

}  // namespace inforeply
