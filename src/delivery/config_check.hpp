// `--check-config`: every fault of the main configuration, of what it names, and of every
// responder.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "inforeply/clock.hpp"
#include "inforeply/error.hpp"
#include "inforeply/settings.hpp"
#include "responder/responder_file.hpp"

namespace inforeply {

struct ConfigurationCheck {
  std::vector<ConfigError> faults;  ///< by file and line, each once
  std::vector<ConfigError> notes;   ///< the same; works, but hardly as meant or as RFC 3834 asks
  std::size_t responders = 0;
};

/// `faults` are those found when the main configuration was read. The result adds all others, also
/// a cache or mailer that the account that runs cannot use: that would defer every delivery.
/// Changes nothing.
ConfigurationCheck check_configuration(const Settings& settings, std::vector<ConfigError> faults,
                                       Time now);

/// Checks a responder, the files it names, and the size of its replies (RFC 3834, 2).
void check_responder(const std::string& file, Time now, const FaultHandler& on_fault,
                     const FaultHandler& on_note = pass_over, const ReadingTerms& terms = {});

/// Checks every responder file of a folder, and notes files whose name no address leads to. Returns
/// the number of responders. Looks at each file and folder once.
std::size_t check_responder_folder(const std::string& folder, Time now,
                                   const FaultHandler& on_fault,
                                   const FaultHandler& on_note = pass_over,
                                   Trust trust = Trust::kOwner,
                                   std::vector<std::string> fcc_folders = {});

}  // namespace inforeply
