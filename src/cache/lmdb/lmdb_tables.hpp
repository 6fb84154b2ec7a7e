// The tables of a reply cache in LMDB, and the records in them: what lmdb_cache.cpp keeps its
// promise with, and lmdb_store.cpp looks after.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/lmdb/cache_format.hpp"
#include "cache/lmdb/lmdb.hpp"
#include "inforeply/cache_store.hpp"

namespace inforeply::lmdb {

/// What Tables would find.
struct Contents {
  bool has_version = false;  ///< else the file is new
  bool has_all_tables = false;
};

/// Throws Error (kCache) for a file of another program or of another format version.
Contents require_own_format(const Environment& environment, CacheAccess access);

class Tables {
 public:
  /// Opens them, and with `kCreate` makes what is missing. Throws Error (kCache) for a file of
  /// another program or of another format version, which is left as it is.
  Tables(const Environment& environment, CacheAccess access);

  [[nodiscard]] const Environment& environment() const { return environment_; }
  [[nodiscard]] MDB_dbi records() const { return records_; }
  [[nodiscard]] MDB_dbi expiry() const { return expiry_; }
  [[nodiscard]] MDB_dbi limits() const { return limits_; }

  /// Throws Error (kCache) where it is damaged.
  [[nodiscard]] ReplyRecord require_record(std::string_view key, std::string_view value) const;
  [[nodiscard]] std::optional<ReplyRecord> find(const Transaction& txn, std::string_view key) const;

  /// The record with its entry in the expiry index, in the place of `earlier`, which is what find
  /// says of its key in this transaction.
  void store(Transaction& txn, const ReplyRecord& record,
             const std::optional<ReplyRecord>& earlier) const;
  void remove(Transaction& txn, const ReplyRecord& record) const;

 private:
  const Environment& environment_;
  MDB_dbi records_ = 0;
  MDB_dbi expiry_ = 0;
  MDB_dbi limits_ = 0;
};

}  // namespace inforeply::lmdb
