// The names of what a cache keeps on Redis. Any client can read them:
//
//   inforeply:1:{RESPONDER}:SENDER:HANDLE[:FORWARDER]           a record
//   inforeply:1:hold:{RESPONDER}:SENDER:HANDLE[:…]:DELIVERY     who is at work on the delivery
//   inforeply:1:limit:{SLOT}:COUNTER                            a tally; of a responder's own limit
//                                                               SLOT is the responder
//
// 1 is the version of the format; the values are those of record_format.hpp. What stands in braces
// chooses the slot of a cluster, so that a responder's records and limits can be changed at once.
// Of the parts all but letters, digits and @.-_+= is percent-encoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "inforeply/cache_records.hpp"

namespace inforeply::redis {

std::string encode_part(std::string_view text);

/// Of a key as record_key() makes it.
std::string record_name(std::string_view record_key);
std::string hold_name(std::string_view record_key, std::string_view delivery);
std::string limit_name(std::string_view slot, std::string_view counter);

/// The record's key, as record_key() makes it. nullopt if it is no record's name.
std::optional<std::string> record_key_in(std::string_view name);

bool is_limit_name(std::string_view name);

/// A pattern for SCAN that all names match.
inline constexpr const char* kAllNames = "inforeply:1:*";

/// A pattern for SCAN that the names of all selected records match.
std::string pattern_of(const RecordFilter& filter);

}  // namespace inforeply::redis
