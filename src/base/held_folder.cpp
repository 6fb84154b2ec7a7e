#include "base/held_folder.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/trusted_file.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::milliseconds kPause{20};

[[noreturn]] void fail(const std::string& operation) {
  throw system_error(Fault::kOutput, "cannot " + operation);
}

struct stat status_of(int descriptor, const std::string& path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail("stat " + path);
  return status;
}

}  // namespace

void FileRights::apply(int descriptor, const std::string& file) const {
  const auto status = status_of(descriptor, file);
  if (status.st_uid != owner && ::fchown(descriptor, owner, static_cast<gid_t>(-1)) != 0) {
    fail("give " + file + " its owner");
  }
  const bool group_matters = (mode & S_IRWXG) >> 3 != (mode & S_IRWXO);
  if (status.st_gid != group && ::fchown(descriptor, static_cast<uid_t>(-1), group) != 0 &&
      group_matters) {
    fail("give " + file + " its group (in a folder with mode g+s files have the folder's)");
  }
  // Not in vain: outside of a folder's group that would clear its g+s.
  if ((status.st_mode & 07777U) != mode && ::fchmod(descriptor, mode) != 0) {
    fail("set the mode of " + file);
  }
}

FileRights rights_in(const struct stat& folder) {
  const uid_t owner = ::geteuid() == 0 ? folder.st_uid : ::geteuid();
  return {owner, folder.st_gid, S_IRUSR | S_IWUSR | (folder.st_mode & (S_IRGRP | S_IROTH))};
}

HeldFolder::HeldFolder(const std::string& above, const std::string& name)
    : above_(above),
      name_(name),
      path_(above + "/" + name),
      new_name_(std::string(kNewFolder) + std::to_string(::geteuid())),
      new_path_(above + "/" + new_name_) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    const auto& path = open();
    if (folder_.is_open() && ::flock(folder_.get(), LOCK_EX | LOCK_NB) == 0) {
      if (is_at(path) && (path == path_ || take_place())) return;
    } else if (errno != EWOULDBLOCK && errno != EINTR && errno != ENOENT) {
      fail("lock " + path_);
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(Fault::kOutput, "cannot lock " + path_ + ": another process holds it");
    }
    std::this_thread::sleep_for(kPause);
  }
}

HeldFolder::~HeldFolder() {
  if (is_new_) ::rmdir(path_.c_str());
}

struct stat HeldFolder::status() const {
  return status_of(folder_.get(), path_);
}

void HeldFolder::sync() const {
  ::fsync(folder_.get());
}

FileRights HeldFolder::new_rights() const {
  struct stat status {};
  if (::stat(above_.c_str(), &status) != 0) fail("stat " + above_);
  auto rights = rights_in(status);
  rights.mode |= S_IXUSR | (status.st_mode & (S_IXGRP | S_IXOTH | S_ISGID));
  return rights;
}

/// Opens the folder or, if it is missing, a new one. Returns the path of that. It is not open if
/// another process was faster.
const std::string& HeldFolder::open() {
  const Descriptor above(::open(above_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!above.is_open()) fail("open " + above_);
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  folder_ = open_beneath(above, name_, kFlags, 0);
  if (folder_.is_open()) return path_;
  struct stat link {};
  if (errno != ENOENT || (::lstat(path_.c_str(), &link) == 0 && S_ISLNK(link.st_mode))) {
    fail("open " + path_);
  }
  const auto mode = new_rights().mode;
  const auto umask = ::umask(0);
  const bool is_made = ::mkdir(new_path_.c_str(), mode) == 0;
  ::umask(umask);
  if (!is_made && errno != EEXIST) fail("make the folder " + path_);
  folder_ = open_beneath(above, new_name_, kFlags, RESOLVE_NO_SYMLINKS);
  if (!folder_.is_open() && errno != ENOENT) fail("open " + new_path_);
  return new_path_;
}

/// Gives the new folder, which is locked, its rights and its name. Returns false if there is one of
/// that name meanwhile.
bool HeldFolder::take_place() {
  const struct Removal {
    const HeldFolder& folder;
    ~Removal() {
      if (!folder.is_new_) ::rmdir(folder.new_path_.c_str());
    }
  } removal{*this};
  new_rights().apply(folder_.get(), path_);
  const auto& from = new_path_;
  is_new_ = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0 ||
            // Not all file systems can. This replaces an empty folder alone.
            (errno == EINVAL && ::rename(from.c_str(), path_.c_str()) == 0);
  if (!is_new_ && errno != EEXIST && errno != ENOTEMPTY && errno != ENOENT) {
    fail("make the folder " + path_);
  }
  const Descriptor above(::open(above_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (above.is_open()) ::fsync(above.get());
  return is_new_;
}

/// Another process may have removed or renamed the folder before it was locked.
bool HeldFolder::is_at(const std::string& path) const {
  struct stat named {};
  const auto own = status();
  return ::stat(path.c_str(), &named) == 0 && named.st_ino == own.st_ino &&
         named.st_dev == own.st_dev;
}

}  // namespace inforeply
