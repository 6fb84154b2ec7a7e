// The names of what a cache keeps on Redis. Any client can read them:
//
//   inforeply:1:{RESPONDER}:SENDER:HANDLE[:FORWARDER]           a record
//   inforeply:1:hold:{RESPONDER}:SENDER:HANDLE[:…]:DELIVERY     who is at work on the delivery
//   inforeply:1:limit:{SLOT}:COUNTER                            a tally; of a responder's own limit
//                                                               SLOT is the responder
//
// In shadow mode they begin with inforeply:1:shadow: instead, so that a user's right to all names
// that begin with inforeply:1: is right for both.
//
// 1 is the version of the format; the values are those of record_format.hpp. What stands in braces
// chooses the slot of a cluster, so that a responder's records and limits can be changed at once.
// Of the parts all but letters, digits and @.-_+= is percent-encoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "inforeply/cache_records.hpp"
#include "inforeply/reply_mode.hpp"

namespace inforeply::redis {

std::string encode_part(std::string_view text);

/// The names of one mode's memory.
class KeyNames {
 public:
  explicit KeyNames(ReplyMode mode);

  /// Of a key as record_key() makes it.
  [[nodiscard]] std::string record(std::string_view record_key) const;
  [[nodiscard]] std::string hold(std::string_view record_key, std::string_view delivery) const;
  [[nodiscard]] std::string limit(std::string_view slot, std::string_view counter) const;

  /// The record's key, as record_key() makes it. nullopt if it is no record's name.
  [[nodiscard]] std::optional<std::string> record_key_in(std::string_view name) const;

  [[nodiscard]] bool is_limit(std::string_view name) const;

  /// The counter, as key_part() makes it. nullopt if it is no limit's name.
  [[nodiscard]] std::optional<std::string> counter_in(std::string_view limit_name) const;

  /// A pattern for SCAN that the names of all limits match.
  [[nodiscard]] std::string pattern_of_limits() const { return prefix_ + "limit:*"; }

  /// A pattern for SCAN that all names match; those of the live memory, other modes' names as well.
  [[nodiscard]] std::string pattern_of_all() const { return prefix_ + "*"; }

  /// A pattern for SCAN that the names of all selected records match.
  [[nodiscard]] std::string pattern_of(const RecordFilter& filter) const;

 private:
  std::string prefix_;
};

}  // namespace inforeply::redis
