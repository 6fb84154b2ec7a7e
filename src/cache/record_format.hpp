// A record and a limit's tally as octets, in any kind of cache.
//
//   record    key    responder NUL sender NUL handle, then of a sender whose address a forwarder
//                    has rewritten NUL and a digest of the forwarder's domain
//             value  u8 state, u64 answered_at, u64 expires_at (all ones: never), u32 count, then
//                    five strings, each after a u8 with its length: message_id, delivery,
//                    the whole responder, the whole sender, forwarder; u8 tries. The last two
//                    are missing in what older versions wrote. count: replies sent, with that of a
//                    pending record, so that confirming it changes nothing but the state
//   tally     value  u64 expires_at; u32 replies of its limit, u32 all ones, u32 0; then of each of
//                    its entries u64 at, u32 replies. Older versions take what stands before these
//                    for an entry before all times with no replies, pass over it, and write none;
//                    nor has the tally of a member (CountedLimit) any
//
// Integers of values are little-endian; times are seconds since the epoch, UTC. LMDB takes keys of
// at most 511 octets. A responder or sender of over kMaxKeyPart is therefore cut in the key, with a
// digest in place of the rest, and stands whole in the value. Else that string is empty there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "inforeply/cache_records.hpp"
#include "inforeply/rate_limit.hpp"

namespace inforeply {

/// A string as a part of a key: cut, with its digest, if it is too long.
std::string key_part(const std::string& text);

/// What the keys begin with of a responder's records, or of its records of one sender.
std::string prefix_of(const std::string& responder);
std::string prefix_of(const std::string& responder, const std::string& sender);

std::string record_key(const ReplyKey& key);
/// A time as octets: u64.
std::string expiry_value(Time expires_at);

std::string encode(const ReplyRecord& record);
inline constexpr off_t kStateOffset = 0;  ///< in the value
/// nullopt if key or value is not that of a record.
std::optional<ReplyRecord> decode(std::string_view key, std::string_view value);

/// The tally must not be empty. `replies` and `period` are those of its limit; 0: it has none of
/// its own.
std::string encode(const ReplyTally& tally, Seconds period, std::uint32_t replies = 0);
std::optional<ReplyTally> decode_tally(std::string_view value);

/// Whether the limit of a tally has no room at `now`. False if the value does not tell its limit.
bool is_limit_reached(std::string_view value, Time now);
/// What a limit counts: the first word of its counter, such as `person`.
std::string kind_of_limit(std::string_view counter);

/// When a record or tally expires, from its value in the index or in the limits.
Time expiry_in(std::string_view value);

}  // namespace inforeply
