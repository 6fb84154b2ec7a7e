// Reading a responder file.
#pragma once

#include <string>

#include "inforeply/error.hpp"
#include "responder/reading_terms.hpp"
#include "responder/responder.hpp"

namespace inforeply {

/// Reads a responder file for a delivery, but not the files of its replies. Throws ConfigError with
/// the first fault. The faults of a pattern show only when it is used.
Responder load_responder(const std::string& file, const ReadingTerms& terms = {});

/// Finds every fault, those of patterns too. After a fault the result only serves to find more
/// faults.
Responder load_responder(const std::string& file, const ReadingTerms& terms,
                         const FaultHandler& on_fault);

}  // namespace inforeply
