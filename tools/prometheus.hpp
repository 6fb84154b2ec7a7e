// The figures of a cache in Prometheus' text exposition format, version 0.0.4.
#pragma once

#include <string>

#include "cache_statistics.hpp"

namespace inforeply {

/// Gauges with the label `cache`. A cache without a file has none of its figures.
std::string to_prometheus(const CacheStatistics& statistics);

}  // namespace inforeply
