// Reading a responder file.
#pragma once

#include <string>
#include <vector>

#include "inforeply/error.hpp"
#include "responder/responder.hpp"

namespace inforeply {

struct ReadingTerms {
  IndexFolder indexes = {};  ///< for the lists of addresses that it names
  Trust trust = Trust::kOwner;
  std::string domain = {};  ///< of its address, in A-labels; empty: unknown, then any will do
  std::string folder = {};  ///< of the files that it may name; empty: its own
  std::vector<std::string> fcc_folders = {};  ///< below which `fcc` may lie
};

/// Reads a responder file for a delivery, but not the files of its replies. Throws ConfigError with
/// the first fault. The faults of a pattern show only when it is used.
Responder load_responder(const std::string& file, const ReadingTerms& terms = {});

/// Finds every fault, those of patterns too. After a fault the result only serves to find more
/// faults.
Responder load_responder(const std::string& file, const ReadingTerms& terms,
                         const FaultHandler& on_fault);

}  // namespace inforeply
