// Makes the mailer that a `--mailer` SPEC names.
#pragma once

#include <memory>
#include <string_view>

#include "mailer/mailer.hpp"

namespace inforeply {

/// Throws Error (kUsage) unless `spec` is the absolute path of a sendmail-compatible command,
/// perhaps with options.
void check_mailer_spec(std::string_view spec);

/// Throws as check_mailer_spec does, and Error (kMailer) if the command cannot be run.
std::unique_ptr<Mailer> make_mailer(std::string_view spec);

}  // namespace inforeply
