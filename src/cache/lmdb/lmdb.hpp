// LMDB's handles as types that clean up after themselves and whose errors name the cache. Nothing
// else speaks to LMDB, except about the file as a whole: lmdb_store.cpp, lmdb_verify.cpp,
// cache_copy.cpp.
#pragma once

#include <lmdb.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cache/lmdb/lmdb_damage.hpp"
#include "inforeply/descriptor.hpp"

namespace inforeply::lmdb {

/// The process that holds the exclusive lock (octet_lock.hpp) opens the file with kAlone, only to
/// read and without a lock of LMDB's, and a new file in its place with kFirst: LMDB then makes its
/// lock file anew. A file that nobody else knows of is opened with kNew. All others open it with
/// kShared.
enum class Use { kShared, kAlone, kFirst, kNew };

/// An open cache file. Every function throws Error (kCache) that names it.
class Environment {
 public:
  explicit Environment(std::string path, Use use = Use::kShared);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The number of dead readers that were found and cleared when it was opened.
  [[nodiscard]] int dead_readers() const { return dead_readers_; }
  [[nodiscard]] MDB_env* get() const { return env_.get(); }
  /// Of the file, for locks and to read and write it beside LMDB.
  [[nodiscard]] int descriptor() const;

  /// Whether only a part of what LMDB begins a file with is there: the file is being made, or was
  /// when a process was killed or the disk was full. Throws Error (kCache) if it is no LMDB file:
  /// LMDB would make a lock file beside it before it looks into it.
  [[nodiscard]] static bool is_half_made(const std::string& path);

  [[noreturn]] void fail(const std::string& operation, const std::string& cause) const;
  [[noreturn]] void fail(const std::string& operation, int error) const;
  /// Fails unless `status`, of a function of LMDB's, says success.
  void require(int status, const char* operation) const {
    if (status != MDB_SUCCESS) fail_with(status, operation);
  }

 private:
  [[noreturn]] void fail_with(int status, const std::string& operation) const;
  void open_environment(unsigned flags);
  [[nodiscard]] bool has_lost_mutexes() const;
  void clear_half_made() const;
  void open_lock_file();
  void lock_shared() const;
  void hand_over_to_owner() const;

  std::string path_;
  Descriptor lock_file_;  // before env_, to be closed after it
  std::unique_ptr<MDB_env, Closer<mdb_env_close>> env_;
  int dead_readers_ = 0;
};

enum class Mode { kRead, kWrite };

/// Aborted unless committed. Must not outlive its Environment.
class Transaction {
 public:
  Transaction(const Environment& environment, Mode mode);
  void commit();

  MDB_dbi open_database(const char* name, unsigned flags);
  [[nodiscard]] bool is_empty(MDB_dbi database) const;

  /// The view is valid until the next change or the transaction's end.
  [[nodiscard]] std::optional<std::string_view> get(MDB_dbi database, std::string_view key) const;
  void put(MDB_dbi database, std::string_view key, std::string_view value);
  /// The key need not be there.
  void erase(MDB_dbi database, std::string_view key);

  /// The offset in the file of a value that get() returned and that this transaction has not
  /// changed. nullopt if the file does not have the value there.
  [[nodiscard]] std::optional<off_t> find_in_file(std::string_view value) const;

  [[nodiscard]] MDB_txn* get() const { return txn_.get(); }
  [[nodiscard]] const Environment& environment() const { return environment_; }

 private:
  const Environment& environment_;
  std::unique_ptr<MDB_txn, Closer<mdb_txn_abort>> txn_;
};

/// Walks a database in the order of its keys; throws Error (kCache) where the file has them in
/// another order, so that no walk through damaged pages lasts for ever. Must not outlive its
/// Transaction, which must not change anything meanwhile.
class Cursor {
 public:
  Cursor(const Transaction& transaction, MDB_dbi database);
  /// To the first key that is not less than `key`. False at the end.
  bool seek(std::string_view key);
  bool next();
  [[nodiscard]] std::string_view key() const { return to_view(key_); }
  [[nodiscard]] std::string_view value() const { return to_view(value_); }

 private:
  static std::string_view to_view(const MDB_val& val) {
    return {static_cast<const char*>(val.mv_data), val.mv_size};
  }
  bool move(MDB_cursor_op operation);

  const Transaction& transaction_;
  MDB_dbi database_;
  std::unique_ptr<MDB_cursor, Closer<mdb_cursor_close>> cursor_;
  MDB_val key_{};
  MDB_val value_{};
};

}  // namespace inforeply::lmdb
