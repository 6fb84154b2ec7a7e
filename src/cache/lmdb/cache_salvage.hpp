// Saves what can be read from a cache whose pages are damaged.
#pragma once

#include <string>

namespace inforeply {

/// Replaces the file by a new one with all records and counters that can be read from the old one,
/// which is kept as PATH.damaged, and returns that name. Nobody else has the cache open meanwhile.
/// Throws Error (kCache), with nothing changed: if nothing can be read, too, as the file may be
/// another program's.
std::string salvage(const std::string& path);

}  // namespace inforeply
