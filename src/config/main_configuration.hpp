// The main configuration file, `/etc/inforeply/inforeply.conf`.
#pragma once

#include "config/option_table.hpp"
#include "inforeply/error.hpp"

namespace inforeply {

/// Reads the file `target.configuration`, or the default one, which may be missing. If the command
/// line has set a value (see Settings::origins), that stays and the file's is only checked.
void read_main_configuration(OptionTarget& target, const FaultHandler& on_fault);

}  // namespace inforeply
