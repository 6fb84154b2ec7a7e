// A record of the reply cache as a line of JSON, for list, show and export.
#pragma once

#include <string>
#include <string_view>

#include "inforeply/cache_records.hpp"

namespace inforeply {

std::string_view name_of(RecordState state);

/// The same as format_utc, but many times faster.
void append_utc(std::string& into, Time time);

/// One line without a line end.
void append_json(std::string& into, const ReplyRecord& record);
std::string to_json(const ReplyRecord& record);

}  // namespace inforeply
