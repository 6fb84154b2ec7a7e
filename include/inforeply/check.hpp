// `--check-config`: every fault of the main configuration and of every responder.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "inforeply/error.hpp"
#include "inforeply/settings.hpp"

namespace inforeply {

struct ConfigurationCheck {
  std::vector<ConfigError> faults;  ///< by file and line, each once
  std::vector<ConfigError> notes;   ///< the same: what works, but is not as RFC 3834 would have it
  std::size_t responders = 0;
};

/// `faults`: those of the main configuration, found when the settings were read.
ConfigurationCheck check_configuration(const Settings& settings, std::vector<ConfigError> faults);

/// A responder, the files it names, and the size of its replies (RFC 3834, 2).
void check_responder(const std::string& file, const FaultHandler& on_fault,
                     const FaultHandler& on_note = pass_over);

/// Reads every responder file of a folder for its faults; one whose name no address has is a fault,
/// too. Says how many there are.
std::size_t check_responder_folder(const std::string& folder, const FaultHandler& on_fault,
                                   const FaultHandler& on_note = pass_over);

}  // namespace inforeply
