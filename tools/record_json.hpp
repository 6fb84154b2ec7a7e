// A record of the reply cache as a line of JSON, for list, show and export.
#pragma once

#include <string>
#include <string_view>

#include "inforeply/cache_records.hpp"

namespace inforeply {

std::string_view name_of(RecordState state);

/// The same as format_utc, but many times faster.
void append_utc(std::string& into, Time time);

/// A JSON string with its quotes (RFC 8259, 7). What is not UTF-8 becomes U+FFFD, once for each
/// maximal part of a character (Unicode 15, 3.9).
void append_json_string(std::string& into, std::string_view text);

/// One line without a line end.
void append_json(std::string& into, const ReplyRecord& record);
std::string to_json(const ReplyRecord& record);

}  // namespace inforeply
