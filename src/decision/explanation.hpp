// A decision in words: what `--explain` prints.
#pragma once

#include <string>
#include <string_view>

#include "decision/decision.hpp"

namespace inforeply {

/// The decision as text: a line for each rule, what decided, and what that means. `responder_file`
/// is where a soft rule could be switched off.
std::string explain(const Decision& decision, std::string_view responder_file);

}  // namespace inforeply
