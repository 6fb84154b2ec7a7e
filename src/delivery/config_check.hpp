// `--check-config`: every fault of the main configuration, of what it names, and of every
// responder.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "inforeply/clock.hpp"
#include "inforeply/error.hpp"
#include "inforeply/settings.hpp"

namespace inforeply {

struct ConfigurationCheck {
  std::vector<ConfigError> faults;  ///< by file and line, each once
  std::vector<ConfigError> notes;   ///< the same: what works, but hardly as it was meant, or not as
                                    ///< RFC 3834 would have it
  std::size_t responders = 0;
};

/// `faults`: those of the main configuration, found when the settings were read. To them come those
/// that would defer every delivery by the account that runs: a cache or a mailer that cannot be
/// used. Changes nothing.
ConfigurationCheck check_configuration(const Settings& settings, std::vector<ConfigError> faults,
                                       Time now);

/// A responder, the files it names, and the size of its replies (RFC 3834, 2).
void check_responder(const std::string& file, Time now, const FaultHandler& on_fault,
                     const FaultHandler& on_note = pass_over);

/// Reads every responder file of a folder for its faults, and notes those whose name no address
/// leads to. Says how many there are. Each file and folder is looked at once.
std::size_t check_responder_folder(const std::string& folder, Time now,
                                   const FaultHandler& on_fault,
                                   const FaultHandler& on_note = pass_over);

}  // namespace inforeply
