// The main configuration file, `/etc/inforeply/inforeply.conf`.
#pragma once

#include "config/option_table.hpp"
#include "inforeply/error.hpp"

namespace inforeply {

/// Reads the file that `target.configuration` names, else the default one, which may be missing.
/// What the command line has set (see Settings::origins) is checked and stays as it is.
void read_main_configuration(OptionTarget& target, const FaultHandler& on_fault);

}  // namespace inforeply
