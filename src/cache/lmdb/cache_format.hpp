// What the reply cache writes into its file, octet by octet.
//
// Format, version 1. One file, beside it LMDB's lock file PATH-lock. The unnamed database holds the
// key "inforeply" with the version as a decimal number, and three named databases:
//
//   records   key    responder NUL sender NUL handle
//             value  u8 state, u64 answered_at, u64 expires_at (all ones: never), u32 count, then
//                    four strings, each after a u8 with its length: message_id, delivery,
//                    the whole responder, the whole sender
//   expiry    key    u32 day of expires_at, counted from the epoch, big-endian, then the key in
//                    records; no entry for "never"
//             value  u64 expires_at
//   limits    key    the counter of a rate limit, cut in the way of a responder
//             value  u64 expires_at, then of each of its entries u64 at, u32 replies
//
// Integers of values are little-endian; times are seconds since the epoch, UTC. LMDB takes keys of
// at most 511 octets: a responder or sender of over kMaxKeyPart is cut in the key, its digest put
// in place of what is missing, and stands whole in the value; else that string is empty there.
//
// The index goes by the day so that its entries lie in the order of the records themselves, both
// when many are stored and when they are removed: what is changed together shares pages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "inforeply/cache_records.hpp"
#include "inforeply/rate_limit.hpp"

namespace inforeply {

inline constexpr unsigned long long kFormatVersion = 1;
inline constexpr std::string_view kVersionKey = "inforeply";

/// A string as a part of a key: cut, with its digest, where it is too long.
std::string key_part(const std::string& text);

/// What the keys of a responder's records begin with, and those of a person's with it.
std::string prefix_of(const std::string& responder);
std::string prefix_of(const std::string& responder, const std::string& sender);

std::string record_key(const ReplyKey& key);
/// What the keys of the index for a day begin with.
std::string day_prefix(std::uint32_t day);
std::uint32_t day_of(Time expires_at);
/// Grows with the keys; one that is too short counts as if it were filled up with zeros.
std::uint32_t day_in(std::string_view expiry_key);
std::string expiry_key(Time expires_at, std::string_view record_key);
std::string expiry_value(Time expires_at);
/// The record's key in one of the expiry index.
std::string_view record_key_in(std::string_view expiry_key);

std::string encode(const ReplyRecord& record);
/// Nothing where key or value is no record.
std::optional<ReplyRecord> decode(std::string_view key, std::string_view value);

/// Of a tally that is not empty.
std::string encode(const ReplyTally& tally, Seconds period);
std::optional<ReplyTally> decode_tally(std::string_view value);

/// When what this value of the expiry index, or of a tally, stands for counts no more.
Time expiry_in(std::string_view value);

}  // namespace inforeply
