// Work on many records of a reply cache in LMDB that delays nobody. Reading transactions are short,
// as LMDB frees no page that one of them might see. Writing transactions are small, as there is
// only one writer at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "cache/lmdb/lmdb_tables.hpp"
#include "inforeply/cache_records.hpp"

namespace inforeply::lmdb {

/// As in CacheRecords.
void visit(const Tables& tables, const RecordFilter& filter,
           const std::function<bool(const ReplyRecord&)>& visit);
std::size_t forget(const Tables& tables, const RecordFilter& filter);
std::map<std::string, std::size_t> reached_limits(const Tables& tables, Time now);
std::size_t purge(const Tables& tables, const PurgeRequest& request);

}  // namespace inforeply::lmdb
