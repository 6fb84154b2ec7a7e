// Work on many records of a cache on Redis. Each command is short, so that no delivery waits.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "cache/redis/redis_servers.hpp"
#include "inforeply/cache_records.hpp"
#include "inforeply/cache_store.hpp"

namespace inforeply::redis {

/// As in CacheRecords.
void visit(RedisServers& servers, const RecordFilter& filter,
           const std::function<bool(const ReplyRecord&)>& visit);
std::size_t put(RedisServers& servers, std::span<const ReplyRecord> records);
std::size_t forget(RedisServers& servers, const RecordFilter& filter);
std::map<std::string, std::size_t> reached_limits(RedisServers& servers, Time now);
std::size_t purge(RedisServers& servers, const PurgeRequest& request);

/// Reads all records; kRepair removes damaged ones.
CacheCheck check(RedisServers& servers, CheckMode mode,
                 const std::function<void(const std::string&)>& on_fault);

/// Whether somebody is at work on the delivery of a pending record. Throws RedisFault.
bool is_held(RedisServers& servers, const ReplyRecord& record);

}  // namespace inforeply::redis
