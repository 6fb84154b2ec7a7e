#include "cache/lmdb/lmdb_tables.hpp"

#include <unistd.h>

#include <utility>

#include "inforeply/text.hpp"

namespace inforeply::lmdb {
namespace {

/// The key of the record's entry in the expiry index.
std::optional<std::string> entry_key(const ReplyRecord& record, std::string_view key) {
  if (!record.expires_at) return std::nullopt;
  return expiry_key(*record.expires_at, key);
}

}  // namespace

Contents require_own_format(const Environment& environment, CacheAccess access) {
  Transaction read(environment, Mode::kRead);
  const MDB_dbi main = read.open_database(nullptr, 0);
  const auto version = read.get(main, kVersionKey);
  if (!version && !read.is_empty(main)) {
    environment.fail("open", "an LMDB file of another program");
  }
  // Whoever began to make it had no room, or died.
  if (!version && access == CacheAccess::kExisting) {
    environment.fail("open", "empty until the next delivery");
  }
  if (version && *version != std::to_string(kFormatVersion)) {
    environment.fail("open", "its format is '" + to_single_line(*version) +
                                 "', this program knows " + std::to_string(kFormatVersion));
  }
  // Caches made before there were limits lack this table.
  return {version.has_value(), read.get(main, "limits").has_value()};
}

Tables::Tables(const Environment& environment, CacheAccess access) : environment_(environment) {
  const auto contents = require_own_format(environment, access);
  const bool complete = contents.has_all_tables;
  Transaction txn(environment_, complete ? Mode::kRead : Mode::kWrite);
  const unsigned flags = complete ? 0 : MDB_CREATE;
  records_ = txn.open_database("records", flags);
  expiry_ = txn.open_database("expiry", flags);
  limits_ = txn.open_database("limits", flags);
  if (!contents.has_version) {
    txn.put(txn.open_database(nullptr, 0), kVersionKey, std::to_string(kFormatVersion));
  }
  txn.commit();  // also of a reading transaction: it keeps the handles
}

ReplyRecord Tables::require_record(std::string_view key, std::string_view value) const {
  auto record = decode(key, value);
  if (!record) environment_.fail("read", "a damaged record");
  return *std::move(record);
}

std::optional<ReplyRecord> Tables::find(const Transaction& txn, std::string_view key) const {
  const auto value = txn.get(records_, key);
  if (!value) return std::nullopt;
  return require_record(key, *value);
}

void Tables::store(Transaction& txn, const ReplyRecord& record,
                   const std::optional<ReplyRecord>& earlier) const {
  const std::string key = record_key(record.key);
  const auto entry = entry_key(record, key);
  const auto earlier_entry = earlier ? entry_key(*earlier, key) : std::nullopt;
  if (earlier_entry && earlier_entry != entry) txn.erase(expiry_, *earlier_entry);
  txn.put(records_, key, encode(record));
  if (entry) txn.put(expiry_, *entry, expiry_value(*record.expires_at));
}

void Tables::remove(Transaction& txn, const ReplyRecord& record) const {
  const std::string key = record_key(record.key);
  if (const auto entry = entry_key(record, key)) txn.erase(expiry_, *entry);
  txn.erase(records_, key);
}

bool Tables::mark_answered(const Transaction& txn, std::string_view key) const {
  const auto stored = txn.get(records_, key);
  const auto place = stored ? txn.find_in_file(*stored) : std::nullopt;
  if (!place) return false;
  const auto state = static_cast<char>(RecordState::kAnswered);
  return ::pwrite(environment_.descriptor(), &state, 1, *place + kStateOffset) == 1;
}

}  // namespace inforeply::lmdb
