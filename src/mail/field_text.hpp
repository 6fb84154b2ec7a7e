// Header fields to be sent, with any text in them.
#pragma once

#include <string>
#include <string_view>

#include "mail/mailbox.hpp"

namespace inforeply {

/// Returns a field of unstructured text (RFC 5322, 3.2.5) with its line end. The text becomes one
/// line.
std::string text_field(std::string_view name, std::string_view text);

/// A field `Name <address>`. The address has a line of its own if both do not fit on one.
std::string mailbox_field(std::string_view name, const Mailbox& mailbox);

}  // namespace inforeply
