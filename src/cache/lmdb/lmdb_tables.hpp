// The tables of a reply cache in LMDB, and the records in them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/lmdb/cache_format.hpp"
#include "cache/lmdb/lmdb.hpp"
#include "inforeply/cache_store.hpp"

namespace inforeply::lmdb {

struct Contents {
  bool has_version = false;  ///< false: the file is new
  bool has_all_tables = false;
};

/// Throws Error (kCache) for a file of another program or of another format version.
Contents require_own_format(const Environment& environment, CacheAccess access);

class Tables {
 public:
  /// Opens them, and makes what is missing. Throws as require_own_format does, and then leaves the
  /// file as it is.
  Tables(const Environment& environment, CacheAccess access);

  [[nodiscard]] const Environment& environment() const { return environment_; }
  [[nodiscard]] MDB_dbi records() const { return records_; }
  [[nodiscard]] MDB_dbi expiry() const { return expiry_; }
  [[nodiscard]] MDB_dbi limits() const { return limits_; }

  /// Throws Error (kCache) if the record is damaged.
  [[nodiscard]] ReplyRecord require_record(std::string_view key, std::string_view value) const;
  [[nodiscard]] std::optional<ReplyRecord> find(const Transaction& txn, std::string_view key) const;

  /// Stores the record and its entry in the expiry index. `earlier` is what find returns for its
  /// key in this transaction.
  void store(Transaction& txn, const ReplyRecord& record,
             const std::optional<ReplyRecord>& earlier) const;
  void remove(Transaction& txn, const ReplyRecord& record) const;

  /// Marks a pending record as answered where it lies in the file, without a commit. False if that
  /// cannot be done; then nothing was changed. `txn` must be a write transaction, which keeps all
  /// other writers out, and must have changed nothing. All readers see the change at once, and it
  /// outlives the process; it reaches the disk with the next commit, or when the kernel writes it.
  /// It needs no room and cannot be half written: it is one octet.
  [[nodiscard]] bool mark_answered(const Transaction& txn, std::string_view key) const;

 private:
  const Environment& environment_;
  MDB_dbi records_ = 0;
  MDB_dbi expiry_ = 0;
  MDB_dbi limits_ = 0;
};

}  // namespace inforeply::lmdb
