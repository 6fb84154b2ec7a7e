// Who is at work on which delivery.
//
// An open-file-description lock on one octet of the cache's file, far behind its end and chosen by
// a digest of the record's key and the delivery, is held from the reservation to its end. The
// kernel drops it when the process dies, however it dies, and no clock has a say in it.
#pragma once

#include <string_view>

#include "cache/lmdb/lmdb.hpp"

namespace inforeply::lmdb {

/// False where another process, or another Environment of this one, holds it.
bool lock_delivery(const Environment& environment, std::string_view record_key,
                   std::string_view delivery);
void unlock_delivery(const Environment& environment, std::string_view record_key,
                     std::string_view delivery);

/// Whether another process, or another Environment of this one, holds it.
bool is_delivery_locked(const Environment& environment, std::string_view record_key,
                        std::string_view delivery);

}  // namespace inforeply::lmdb
