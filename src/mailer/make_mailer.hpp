// The kinds of mailers, by the form of a `--mailer` SPEC.
#pragma once

#include <memory>
#include <string_view>

#include "mailer/mailer.hpp"

namespace inforeply {

/// Of a SPEC: the absolute path of a sendmail-compatible command, perhaps with options. Throws
/// Error (kUsage) if it is not understood.
void check_mailer_spec(std::string_view spec);

/// Throws as check_mailer_spec does, and Error (kMailer) if the command cannot be run.
std::unique_ptr<Mailer> make_mailer(std::string_view spec);

}  // namespace inforeply
