#include "inforeply/file_replacement.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/folder.hpp"

namespace inforeply {
namespace {

/// Returns the file that the symbolic link `path` leads to; `path` if it is no link.
std::string resolve(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  const auto target = std::filesystem::canonical(path, error);
  return error ? path : target.string();
}

}  // namespace

FileReplacement::FileReplacement(const std::string& path, std::string_view suffix, Fault fault,
                                 mode_t mode, Link link)
    : fault_(fault),
      path_(link == Link::kIsFollowed ? resolve(path) : path),
      part_(path_ + std::string(suffix)) {
  struct stat status {};
  const bool is_file =
      ::lstat(path_.c_str(), &status) != 0 || S_ISREG(status.st_mode) || S_ISLNK(status.st_mode);
  if (!is_file) {
    throw Error(fault_, "cannot replace " + path_ + ": not a regular file");
  }
  create(mode);
}

FileReplacement::~FileReplacement() {
  if (!part_.empty() && is_own()) ::unlink(part_.c_str());
}

void FileReplacement::create(mode_t mode) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  file_ = Descriptor(::open(part_.c_str(), kFlags, mode));
  if (!file_.is_open() && errno == EEXIST) {
    remove_leftover();
    file_ = Descriptor(::open(part_.c_str(), kFlags, mode));
  }
  if (!file_.is_open()) fail("create", part_);
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) fail("lock", part_);
  // Before the lock, another process may have removed the file as a leftover.
  if (!is_own()) throw Error(fault_, "cannot write " + part_ + ": another process does");
}

void FileReplacement::remove_leftover() const {
  const Descriptor leftover(::open(part_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!leftover.is_open()) fail("open", part_);
  if (::flock(leftover.get(), LOCK_EX | LOCK_NB) != 0) {
    throw Error(fault_, "cannot write " + part_ + ": another process does");
  }
  if (::unlink(part_.c_str()) != 0) fail("remove", part_);
}

bool FileReplacement::is_own() const {
  struct stat own {};
  struct stat named {};
  return ::fstat(file_.get(), &own) == 0 && ::lstat(part_.c_str(), &named) == 0 &&
         own.st_ino == named.st_ino && own.st_dev == named.st_dev;
}

void FileReplacement::write(std::string_view text) {
  if (!write_all(file_.get(), text)) fail("write", part_);
}

void FileReplacement::take_place() {
  if (::fsync(file_.get()) != 0) fail("write", part_);
  if (::rename(part_.c_str(), path_.c_str()) != 0) fail("replace", path_);
  part_.clear();
  const Descriptor folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.is_open()) ::fsync(folder.get());
}

void FileReplacement::fail(const std::string& operation, const std::string& path) const {
  throw system_error(fault_, "cannot " + operation + " " + path);
}

}  // namespace inforeply
