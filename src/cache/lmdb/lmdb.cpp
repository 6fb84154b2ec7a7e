#include "cache/lmdb/lmdb.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/folder.hpp"
#include "base/ownership.hpp"
#include "cache/lmdb/lmdb_pages.hpp"
#include "cache/lmdb/octet_lock.hpp"
#include "inforeply/error.hpp"

namespace inforeply::lmdb {
namespace {

constexpr unsigned kMaxReaders = 1022;
constexpr unsigned kMaxDatabases = 3;

constexpr int kTries = 1000;
constexpr useconds_t kBetweenTries = 1000;

/// An environment that is not open yet. Null without memory.
MDB_env* prepare_environment() {
  MDB_env* environment = nullptr;
  if (call(mdb_env_create, &environment) != MDB_SUCCESS) return nullptr;
  call(mdb_env_set_mapsize, environment, kMapOctets);
  call(mdb_env_set_maxreaders, environment, kMaxReaders);
  call(mdb_env_set_maxdbs, environment, kMaxDatabases);
  call(mdb_env_set_assert, environment, report_assertion);
  return environment;
}

/// Makes a new file, whole and on the disk before it has its name. LMDB itself syncs it only with
/// the first transaction: a power cut before that leaves any part of it, which is then no LMDB file
/// to anybody. Where the file system cannot do this LMDB makes the file, and tells what is wrong.
void make_durably(const std::string& path) {
  const std::string folder = folder_of(path);
  const Descriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file.is_open()) return;
  const std::string unnamed = "/proc/self/fd/" + std::to_string(file.get());
  const std::unique_ptr<MDB_env, Closer<mdb_env_close>> environment(prepare_environment());
  const bool is_made = environment != nullptr &&
                       call(mdb_env_open, environment.get(), unnamed.c_str(),
                            static_cast<unsigned>(MDB_NOSUBDIR | MDB_NOLOCK),
                            static_cast<mdb_mode_t>(0600)) == MDB_SUCCESS &&
                       call(mdb_env_sync, environment.get(), 1) == MDB_SUCCESS;
  if (!is_made) return;
  // If another process was faster, its file stays. Anything else that is wrong, LMDB tells.
  [[maybe_unused]] const int status =
      ::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
}

MDB_val to_val(std::string_view text) {
  // LMDB never writes through a key or value that it is given.
  return {text.size(), const_cast<char*>(text.data())};
}

/// LMDB says EIO, too, if only a part of what it wrote had room. Then there is none for another
/// page, and the file system says whether the disk or the quota is full.
int cause_of_input_output_error(const Environment& environment) {
  const int file = environment.descriptor();
  struct stat status {};
  const bool has_room =
      ::fstat(file, &status) != 0 ||
      ::fallocate(file, FALLOC_FL_KEEP_SIZE, status.st_size, ::sysconf(_SC_PAGESIZE)) == 0;
  return !has_room && (errno == ENOSPC || errno == EDQUOT) ? errno : EIO;
}

}  // namespace

// --- Environment ---

Environment::Environment(std::string path, Use use) : path_(std::move(path)) {
  const bool half_made = is_half_made(path_);
  const bool has_lock_file = use == Use::kShared || use == Use::kFirst;
  if (has_lock_file) open_lock_file();
  if (use == Use::kShared) {
    lock_shared();
    if (half_made) clear_half_made();
    if (::access(path_.c_str(), F_OK) != 0) make_durably(path_);
  }
  if (const auto fault = find_meta_fault(path_)) fail("open", "damaged, " + *fault);
  expect_damage_of(path_);
  open_environment((has_lock_file ? 0U : MDB_NOLOCK) | (use == Use::kAlone ? MDB_RDONLY : 0U));
  if (!has_lock_file) return;
  for (int tries = kTries; tries > 0 && has_lost_mutexes(); --tries) {
    env_.reset();
    ::usleep(kBetweenTries);
    open_environment(0);
  }
  hand_over_to_owner();
  require(call(mdb_reader_check, get(), &dead_readers_), "check the readers of");
}

// LMDB 0.9.31, unlike 0.9.24, lets its last user destroy the mutexes in the lock file, which those
// that wait in mdb_env_open() would then use. With a lock on the octet by which LMDB knows its
// users we are never the last one. Another program may be: has_lost_mutexes.
Environment::~Environment() {
  if (lock_file_.is_open()) lock_octet(lock_file_.get(), kUsersOctet, F_OFD_SETLK, F_RDLCK);
}

int Environment::descriptor() const {
  int descriptor = -1;
  require(mdb_env_get_fd(get(), &descriptor), "use");
  return descriptor;
}

bool Environment::is_half_made(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return false;
  constexpr off_t kMagicOffset = Page::kHeader + offsetof(Meta, magic);
  // Another process may make the file, or clear a half made one, between the two looks at it.
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
  // LMDB begins a file with two pages that say where all else is. Only the second transaction
  // writes into the first of them; until then the rest of the file holds nothing to lose.
  constexpr off_t kTransactionOffset = Page::kHeader + offsetof(Meta, transaction);
  std::uint64_t transaction = 0;
  return status.st_size < static_cast<off_t>(kMetaPages) * ::sysconf(_SC_PAGESIZE) &&
         ::pread(file.get(), &transaction, sizeof transaction, kTransactionOffset) ==
             sizeof transaction &&
         transaction == 0;
}

void Environment::fail(const std::string& operation, const std::string& cause) const {
  throw Error(Fault::kCache, "cannot " + operation + " cache " + path_ + ": " + cause);
}

void Environment::fail(const std::string& operation, int error) const {
  throw Error(Fault::kCache, with_cause("cannot " + operation + " cache " + path_, error));
}

void Environment::fail_with(int status, const std::string& operation) const {
  if (status == MDB_INVALID) fail(operation, "not an LMDB file");
  if (status > 0) fail(operation, status);  // LMDB's own errors are negative
  fail(operation, mdb_strerror(status));
}

void Environment::open_environment(unsigned flags) {
  env_.reset(prepare_environment());
  if (env_ == nullptr) fail("open", ENOMEM);
  require(call(mdb_env_open, get(), path_.c_str(), MDB_NOSUBDIR | MDB_NORDAHEAD | flags, 0600),
          "open");
}

/// Whether the mutexes were destroyed while we waited for them. The first process that opens the
/// cache while nobody has it open makes new ones.
bool Environment::has_lost_mutexes() const {
  MDB_txn* read = nullptr;
  const int status = call(mdb_txn_begin, get(), nullptr, MDB_RDONLY, &read);
  if (status == MDB_SUCCESS) mdb_txn_abort(read);
  return status == EINVAL;
}

/// LMDB would refuse a half made file for ever. A process that still makes it holds the shared
/// lock.
void Environment::clear_half_made() const {
  for (int tries = kTries; tries > 0 && is_half_made(path_); --tries) {
    ::flock(lock_file_.get(), LOCK_UN);  // else two that wait for each other would both stay
    if (::flock(lock_file_.get(), LOCK_EX | LOCK_NB) != 0) {
      ::usleep(kBetweenTries);
    } else if (is_half_made(path_) && ::truncate(path_.c_str(), 0) != 0) {
      fail("open", errno);
    }
  }
  lock_shared();
}

/// LMDB makes a missing lock file, so we may. It stays open until LMDB has closed its own: when a
/// process closes any descriptor of a file, POSIX drops all its locks on that file.
void Environment::open_lock_file() {
  lock_file_ = Descriptor(
      ::open((path_ + "-lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_file_.is_open()) fail("open", errno);
}

void Environment::lock_shared() const {
  while (lock_octet(lock_file_.get(), kTurnstileOctet, F_OFD_SETLKW, F_RDLCK) != 0) {
    if (errno != EINTR) fail("lock", errno);
  }
  while (::flock(lock_file_.get(), LOCK_SH) != 0) {
    if (errno != EINTR) fail("lock", errno);
  }
  lock_octet(lock_file_.get(), kTurnstileOctet, F_OFD_SETLK, F_UNLCK);
}

/// The account that owns the cache or its folder must be able to use what root makes.
void Environment::hand_over_to_owner() const {
  struct stat data {};
  if (::stat(path_.c_str(), &data) != 0) return;
  const std::string model = data.st_uid != 0 ? path_ : folder_of(path_);
  for (const auto& file : {path_, path_ + "-lock"}) {
    if (!hand_over(file, model)) fail("open", errno);
  }
}

// --- Transaction ---

Transaction::Transaction(const Environment& environment, Mode mode) : environment_(environment) {
  MDB_txn* begun = nullptr;
  environment.require(
      call(mdb_txn_begin, environment.get(), nullptr, mode == Mode::kRead ? MDB_RDONLY : 0, &begun),
      mode == Mode::kRead ? "read" : "write");
  txn_.reset(begun);
}

void Transaction::commit() {
  int status = call(mdb_txn_commit, txn_.release());
  if (status == EIO) status = cause_of_input_output_error(environment_);
  environment_.require(status, "write");
}

MDB_dbi Transaction::open_database(const char* name, unsigned flags) {
  MDB_dbi database = 0;
  environment_.require(call(mdb_dbi_open, txn_.get(), name, flags, &database), "open");
  return database;
}

bool Transaction::is_empty(MDB_dbi database) const {
  MDB_stat stat{};
  environment_.require(call(mdb_stat, txn_.get(), database, &stat), "read");
  return stat.ms_entries == 0;
}

std::optional<std::string_view> Transaction::get(MDB_dbi database, std::string_view key) const {
  if (key.empty()) return std::nullopt;  // an error to LMDB, which keeps no empty keys
  MDB_val key_val = to_val(key);
  MDB_val value{};
  const int status = call(mdb_get, txn_.get(), database, &key_val, &value);
  if (status == MDB_NOTFOUND) return std::nullopt;
  environment_.require(status, "read");
  touch(value);
  return std::string_view(static_cast<const char*>(value.mv_data), value.mv_size);
}

void Transaction::put(MDB_dbi database, std::string_view key, std::string_view value) {
  MDB_val key_val = to_val(key);
  MDB_val value_val = to_val(value);
  environment_.require(call(mdb_put, txn_.get(), database, &key_val, &value_val, 0), "write");
}

void Transaction::erase(MDB_dbi database, std::string_view key) {
  MDB_val key_val = to_val(key);
  const int status = call(mdb_del, txn_.get(), database, &key_val, nullptr);
  if (status != MDB_NOTFOUND) environment_.require(status, "write");
}

std::optional<off_t> Transaction::find_in_file(std::string_view value) const {
  MDB_stat stat{};
  environment_.require(call(mdb_env_stat, environment_.get(), &stat), "read");
  // LMDB reads the file as memory, from the start of a page of memory. Each page of its own begins
  // with its number.
  const auto address = reinterpret_cast<std::uintptr_t>(value.data());
  const std::uintptr_t in_page = address % stat.ms_psize;
  std::uint64_t page = 0;
  std::memcpy(&page, value.data() - in_page, sizeof page);
  const auto offset = static_cast<off_t>(page * stat.ms_psize + in_page);
  std::string there(value.size(), '\0');
  const ssize_t count = ::pread(environment_.descriptor(), there.data(), there.size(), offset);
  if (count != static_cast<ssize_t>(value.size()) || there != value) return std::nullopt;
  return offset;
}

// --- Cursor ---

Cursor::Cursor(const Transaction& transaction, MDB_dbi database)
    : transaction_(transaction), database_(database) {
  MDB_cursor* opened = nullptr;
  transaction.environment().require(call(mdb_cursor_open, transaction.get(), database, &opened),
                                    "read");
  cursor_.reset(opened);
}

bool Cursor::seek(std::string_view key) {
  key_ = to_val(key);
  return key.empty() ? move(MDB_FIRST) : move(MDB_SET_RANGE);
}

bool Cursor::next() {
  const MDB_val previous = key_;
  if (!move(MDB_NEXT)) return false;
  if (call(mdb_cmp, transaction_.get(), database_, &previous, &key_) >= 0) {
    transaction_.environment().fail("read", "damaged, its keys are not in order");
  }
  return true;
}

bool Cursor::move(MDB_cursor_op operation) {
  const int status = call(mdb_cursor_get, cursor_.get(), &key_, &value_, operation);
  if (status == MDB_NOTFOUND) return false;
  transaction_.environment().require(status, "read");
  touch(key_);
  touch(value_);
  return true;
}

}  // namespace inforeply::lmdb
