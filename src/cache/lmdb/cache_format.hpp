// What the reply cache writes into its LMDB file.
//
// Format, version 1. One file, beside it LMDB's lock file PATH-lock. The unnamed database holds the
// key "inforeply" with the version as a decimal number, and three named databases:
//
//   records   a record's key and value, as in record_format.hpp
//   expiry    key    u32 day of expires_at, counted from the epoch, big-endian, then the key in
//                    records; no entry for "never"
//             value  u64 expires_at
//   limits    key    the counter of a rate limit, cut in the way of a responder
//             value  a tally, as in record_format.hpp
//
// Within a day the index is in the order of the records, so records that are stored or removed
// together share pages in both tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cache/record_format.hpp"
#include "inforeply/clock.hpp"

namespace inforeply {

inline constexpr unsigned long long kFormatVersion = 1;
inline constexpr std::string_view kVersionKey = "inforeply";

/// What the keys of the index for a day begin with.
std::string day_prefix(std::uint32_t day);
std::uint32_t day_of(Time expires_at);
/// The day in a key of the index. One that is too short counts as filled up with zeros.
std::uint32_t day_in(std::string_view expiry_key);
std::string expiry_key(Time expires_at, std::string_view record_key);
/// The record's key in a key of the index.
std::string_view record_key_in(std::string_view expiry_key);

}  // namespace inforeply
