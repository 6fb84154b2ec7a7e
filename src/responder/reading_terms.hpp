// By what terms a responder file is read.
#pragma once

#include <string>
#include <vector>

#include "base/trusted_file.hpp"
#include "responder/list_index.hpp"

namespace inforeply {

struct ReadingTerms {
  IndexFolder indexes = {};  ///< for the lists of addresses that it names
  Trust trust = Trust::kOwner;
  std::string domain = {};  ///< of its address, in A-labels; empty: unknown, then any will do
  std::string folder = {};  ///< of the files that it may name; empty: its own
  std::vector<std::string> fcc_folders = {};  ///< below which `fcc` may lie
};

}  // namespace inforeply
