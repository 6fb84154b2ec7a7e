// LMDB's handles as types that clean up after themselves and whose errors name the cache. Nothing
// else speaks to LMDB, but for what is about the file as a whole: lmdb_store.cpp, cache_copy.cpp.
#pragma once

#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "inforeply/descriptor.hpp"
#include "inforeply/error.hpp"
#include "inforeply/exit_status.hpp"

namespace inforeply::lmdb {

constexpr std::size_t kMapOctets = std::size_t{64} * 1024 * 1024 * 1024;  // address space, not disk
constexpr unsigned kMaxReaders = 1022;
constexpr unsigned kMaxDatabases = 3;

inline MDB_val to_val(std::string_view text) {
  // LMDB never writes through a key or value that it is given.
  return {text.size(), const_cast<char*>(text.data())};
}
inline std::string_view to_view(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

/// For the signal handler below; as long as a path may be.
inline std::array<char, 4096 + 64> damage_report{};

/// LMDB reads the file as memory: what is missing of it comes as a signal, in the middle of a read.
/// LMDB may leave pages at the end unwritten that nothing refers to, so the file's size alone does
/// not tell.
inline void report_damage(int /*signal*/) {
  const std::size_t length = std::strlen(damage_report.data());
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, damage_report.data(), length);
  ::syslog(LOG_MAIL | LOG_ERR, "%s", damage_report.data());  // the fault was in no code of libc
  ::_exit(static_cast<int>(ExitStatus::kTemporaryFailure));
}

inline void expect_damage_of(const std::string& path) {
  std::snprintf(damage_report.data(), damage_report.size(),
                "%s: cannot read cache %s: damaged, or the disk is full\n",
                ::program_invocation_short_name, path.c_str());
  std::signal(SIGBUS, report_damage);
}

/// Whoever has the cache open holds a shared lock (flock(2)) on LMDB's lock file, and whoever
/// replaces the file an exclusive one: nobody then has the old file open, and who wants to open it
/// waits for the new one. LMDB's own lock on that file does not do for this: those that wait for it
/// believe what the lock file says of the file that was there before.
///
/// Who holds the exclusive lock opens the file with kAlone, to read it only and without a lock of
/// LMDB's, and a file that is new in its place with kFirst: LMDB then makes its lock file anew.
enum class Use { kShared, kAlone, kFirst };

/// A lock of fcntl(2) on one octet of a file.
inline struct flock octet_lock(off_t octet, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = octet;
  lock.l_len = 1;
  return lock;
}
inline int lock_octet(int file, off_t octet, int command, short type) {
  auto lock = octet_lock(octet, type);
  return ::fcntl(file, command, &lock);
}

/// An octet far behind the file's end: shared by whoever is about to ask for the shared lock above,
/// exclusive for whoever waits for the exclusive one.
inline int set_gate(int lock_file, int command, short type) {
  return lock_octet(lock_file, 1LL << 61U, command, type);
}

class Environment {
 public:
  explicit Environment(std::string path, Use use = Use::kShared) : path_(std::move(path)) {
    const bool half_made = is_half_made(path_);
    if (use != Use::kAlone) open_lock_file();
    if (use == Use::kShared) {
      lock_shared();
      if (half_made) clear_half_made();
    }
    expect_damage_of(path_);
    open_environment(use == Use::kAlone ? MDB_NOLOCK | MDB_RDONLY : 0);
    if (use == Use::kAlone) return;
    for (int tries = 1000; tries > 0 && has_lost_mutexes(); --tries) {
      env_.reset();
      ::usleep(1000);
      open_environment(0);
    }
    hand_over_to_owner();
    require(mdb_reader_check(get(), &dead_readers_), "check the readers of");
  }
  /// In 0.9.31, not in 0.9.24, LMDB's last user destroys the mutexes in the lock file, and whoever
  /// waits for him in mdb_env_open() would then use them. By a lock on the octet by which LMDB
  /// knows its users we are never the last one; another program may be.
  ~Environment() {
    if (lock_file_.is_open()) lock_octet(lock_file_.get(), 0, F_OFD_SETLK, F_RDLCK);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Those that were found when it was opened, and cleared.
  [[nodiscard]] int dead_readers() const { return dead_readers_; }

  [[nodiscard]] MDB_env* get() const { return env_.get(); }

  /// Fails for what is no LMDB file, beside which LMDB would make its lock file before it looks
  /// into it. True where only a part of what LMDB begins a file with is there: it is being made, or
  /// was when a process was killed or the disk was full.
  [[nodiscard]] static bool is_half_made(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.is_open()) return false;
    constexpr std::uint32_t kMagic = 0xBEEFC0DE;
    constexpr off_t kMagicOffset = sizeof(std::size_t) + 8;  // behind the header of the first page
    // Another process may be making the file, or clearing what was made by half, between the two.
    struct stat status {};
    std::uint32_t magic = 0;
    for (int tries = 0; magic != kMagic && tries < 3; ++tries) {
      if (::fstat(file.get(), &status) != 0)
        throw system_error(Fault::kCache, "cannot open cache " + path);
      if (status.st_size == 0) return false;
      if (::pread(file.get(), &magic, sizeof magic, kMagicOffset) < 0) {
        throw system_error(Fault::kCache, "cannot open cache " + path);
      }
    }
    if (magic != kMagic) {
      throw Error(Fault::kCache, "cannot open cache " + path + ": not an LMDB file");
    }
    // LMDB begins a file with two pages that say where all else is. The second transaction is the
    // first that writes into the first of them: until then nothing is lost with the rest.
    constexpr long kFirstPages = 2;
    constexpr off_t kTransactionOffset = 144;
    std::uint64_t transaction = 0;
    return status.st_size < kFirstPages * ::sysconf(_SC_PAGESIZE) &&
           ::pread(file.get(), &transaction, sizeof transaction, kTransactionOffset) ==
               sizeof transaction &&
           transaction == 0;
  }

  [[noreturn]] void fail(const std::string& operation, const std::string& cause) const {
    throw Error(Fault::kCache, "cannot " + operation + " cache " + path_ + ": " + cause);
  }
  [[noreturn]] void fail(const std::string& operation, int error) const {
    throw Error(Fault::kCache, with_cause("cannot " + operation + " cache " + path_, error));
  }

  void require(int status, const std::string& operation) const {
    if (status == MDB_INVALID) fail(operation, "not an LMDB file");
    if (status > 0) fail(operation, status);  // LMDB's own errors are negative
    if (status != MDB_SUCCESS) fail(operation, mdb_strerror(status));
  }

 private:
  void open_environment(unsigned flags) {
    MDB_env* created = nullptr;
    require(mdb_env_create(&created), "open");
    env_.reset(created);
    require(mdb_env_set_mapsize(created, kMapOctets), "open");
    require(mdb_env_set_maxreaders(created, kMaxReaders), "open");
    require(mdb_env_set_maxdbs(created, kMaxDatabases), "open");
    require(mdb_env_open(created, path_.c_str(), MDB_NOSUBDIR | MDB_NORDAHEAD | flags, 0600),
            "open");
  }

  /// Whether they were destroyed while we waited for them. Whoever opens the cache while nobody has
  /// it open makes them anew.
  [[nodiscard]] bool has_lost_mutexes() const {
    MDB_txn* read = nullptr;
    const int status = mdb_txn_begin(get(), nullptr, MDB_RDONLY, &read);
    if (status == MDB_SUCCESS) mdb_txn_abort(read);
    return status == EINVAL;
  }

  /// LMDB would refuse what is left of a file that was not made to its end, for ever. Who still
  /// makes it holds the shared lock.
  void clear_half_made() const {
    for (int tries = 1000; tries > 0 && is_half_made(path_); --tries) {
      ::flock(lock_file_.get(), LOCK_UN);  // two that wait for each other would both stay
      if (::flock(lock_file_.get(), LOCK_EX | LOCK_NB) != 0) {
        ::usleep(1000);
      } else if (is_half_made(path_) && ::truncate(path_.c_str(), 0) != 0) {
        fail("open", errno);
      }
    }
    lock_shared();
  }

  /// LMDB makes the lock file when it is missing, so we may. It stays open until LMDB has closed
  /// its own: POSIX drops all locks that a process holds on a file with any descriptor of it.
  void open_lock_file() {
    lock_file_ = Descriptor(
        ::open((path_ + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock_file_.is_open()) fail("open", errno);
  }
  /// Through the gate, which somebody who wants to be alone closes so that he gets his turn.
  void lock_shared() const {
    while (set_gate(lock_file_.get(), F_OFD_SETLKW, F_RDLCK) != 0) {
      if (errno != EINTR) fail("lock", errno);
    }
    while (::flock(lock_file_.get(), LOCK_SH) != 0) {
      if (errno != EINTR) fail("lock", errno);
    }
    set_gate(lock_file_.get(), F_OFD_SETLK, F_UNLCK);
  }

  /// What root makes, the account that owns the cache, or its folder, must be able to use.
  void hand_over_to_owner() const {
    struct stat data {};
    struct stat folder {};
    const std::string parent = std::filesystem::path(path_).parent_path().string();
    if (::geteuid() != 0 || ::stat(path_.c_str(), &data) != 0 ||
        ::stat(parent.empty() ? "." : parent.c_str(), &folder) != 0) {
      return;
    }
    const auto& owner = data.st_uid != 0 ? data : folder;
    if (owner.st_uid == 0) return;
    for (const auto& file : {path_, path_ + "-lock"}) {
      if (::lchown(file.c_str(), owner.st_uid, owner.st_gid) != 0) fail("open", errno);
    }
  }

  std::string path_;
  Descriptor lock_file_;  // before env_, to be closed after it
  std::unique_ptr<MDB_env, decltype(&mdb_env_close)> env_{nullptr, &mdb_env_close};
  int dead_readers_ = 0;
};

enum class Mode { kRead, kWrite };

/// Aborted unless committed.
class Transaction {
 public:
  Transaction(const Environment& environment, Mode mode) : environment_(environment) {
    MDB_txn* begun = nullptr;
    environment.require(
        mdb_txn_begin(environment.get(), nullptr, mode == Mode::kRead ? MDB_RDONLY : 0, &begun),
        mode == Mode::kRead ? "read" : "write");
    txn_.reset(begun);
  }
  void commit() { environment_.require(mdb_txn_commit(txn_.release()), "write"); }

  MDB_dbi open_database(const char* name, unsigned flags) {
    MDB_dbi database = 0;
    environment_.require(mdb_dbi_open(txn_.get(), name, flags, &database), "open");
    return database;
  }
  [[nodiscard]] bool is_empty(MDB_dbi database) const {
    MDB_stat stat{};
    environment_.require(mdb_stat(txn_.get(), database, &stat), "read");
    return stat.ms_entries == 0;
  }

  /// The view is valid until the next change or the transaction's end.
  [[nodiscard]] std::optional<std::string_view> get(MDB_dbi database, std::string_view key) const {
    if (key.empty()) return std::nullopt;  // LMDB keeps none, and takes the question for an error
    MDB_val key_val = to_val(key);
    MDB_val value{};
    const int status = mdb_get(txn_.get(), database, &key_val, &value);
    if (status == MDB_NOTFOUND) return std::nullopt;
    environment_.require(status, "read");
    return to_view(value);
  }
  void put(MDB_dbi database, std::string_view key, std::string_view value) {
    MDB_val key_val = to_val(key);
    MDB_val value_val = to_val(value);
    environment_.require(mdb_put(txn_.get(), database, &key_val, &value_val, 0), "write");
  }
  /// It need not be there.
  void erase(MDB_dbi database, std::string_view key) {
    MDB_val key_val = to_val(key);
    const int status = mdb_del(txn_.get(), database, &key_val, nullptr);
    if (status != MDB_NOTFOUND) environment_.require(status, "write");
  }

  [[nodiscard]] MDB_txn* get() const { return txn_.get(); }
  [[nodiscard]] const Environment& environment() const { return environment_; }

 private:
  const Environment& environment_;
  std::unique_ptr<MDB_txn, decltype(&mdb_txn_abort)> txn_{nullptr, &mdb_txn_abort};
};

/// Walks a database in the order of its keys.
class Cursor {
 public:
  Cursor(const Transaction& transaction, MDB_dbi database)
      : environment_(transaction.environment()) {
    MDB_cursor* opened = nullptr;
    environment_.require(mdb_cursor_open(transaction.get(), database, &opened), "read");
    cursor_.reset(opened);
  }
  /// To the first key that is not less than `key`. False at the end.
  bool seek(std::string_view key) {
    key_ = to_val(key);
    return key.empty() ? move(MDB_FIRST) : move(MDB_SET_RANGE);
  }
  bool next() { return move(MDB_NEXT); }
  [[nodiscard]] std::string_view key() const { return to_view(key_); }
  [[nodiscard]] std::string_view value() const { return to_view(value_); }

 private:
  bool move(MDB_cursor_op operation) {
    const int status = mdb_cursor_get(cursor_.get(), &key_, &value_, operation);
    if (status == MDB_NOTFOUND) return false;
    environment_.require(status, "read");
    return true;
  }
  const Environment& environment_;
  std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor_{nullptr, &mdb_cursor_close};
  MDB_val key_{};
  MDB_val value_{};
};

}  // namespace inforeply::lmdb
