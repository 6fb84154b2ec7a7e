// The figures of a cache in Prometheus' text exposition format, version 0.0.4.
#pragma once

#include <span>
#include <string>

#include "cache_statistics.hpp"

namespace inforeply {

/// Gauges with the labels `cache` and `mode` (live or shadow), of one or both memories of a cache.
/// A cache without a file has none of its figures.
std::string to_prometheus(std::span<const CacheStatistics> memories);

}  // namespace inforeply
