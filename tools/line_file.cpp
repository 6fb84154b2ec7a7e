#include "line_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "inforeply/error.hpp"
#include "tool.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kBlock = std::size_t{256} * 1024;

bool is_regular(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

/// The number of octets: 0 at the end of the file, -1 for an error in errno(3).
ssize_t read_some(int descriptor, char* into, std::size_t size) {
  while (true) {
    const ssize_t count = ::read(descriptor, into, size);
    if (count >= 0 || errno != EINTR) return count;
  }
}

Descriptor temporary_file(const std::string& folder) {
  std::string path = folder + "/inforeply-cache.XXXXXX";
  Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file.is_open()) {
    throw system_error(Fault::kInput, "cannot create a temporary file in " + folder);
  }
  ::unlink(path.c_str());
  return file;
}

}  // namespace

LineFile::LineFile(const std::optional<std::string>& path) {
  const bool is_file = path && *path != "-";
  name_ = is_file ? *path : "standard input";
  file_ = Descriptor(is_file ? ::open(path->c_str(), O_RDONLY | O_CLOEXEC)
                             : ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!file_.is_open()) fail("open");
  if (!is_regular(file_.get())) {
    spool();
    return;
  }
  start_ = ::lseek(file_.get(), 0, SEEK_CUR);
  if (start_ < 0) fail("read");
}

void LineFile::spool() {
  Descriptor copy = temporary_file(temporary_folder());
  buffer_.resize(kBlock);
  while (const ssize_t count = read_some(file_.get(), buffer_.data(), buffer_.size())) {
    if (count < 0) fail("read");
    const auto block = std::string_view(buffer_).substr(0, static_cast<std::size_t>(count));
    if (!write_all(copy.get(), block)) fail("keep a temporary copy of");
  }
  file_ = std::move(copy);
  rewind();
}

void LineFile::rewind() {
  if (::lseek(file_.get(), start_, SEEK_SET) < 0) fail("read");
  buffer_.clear();
  position_ = 0;
  number_ = 0;
}

bool LineFile::fill() {
  buffer_.erase(0, position_);
  position_ = 0;
  const std::size_t held = buffer_.size();
  buffer_.resize(held + kBlock);
  const ssize_t count = read_some(file_.get(), buffer_.data() + held, kBlock);
  if (count < 0) fail("read");
  buffer_.resize(held + static_cast<std::size_t>(count));
  return count > 0;
}

std::optional<std::string_view> LineFile::next() {
  too_long_ = false;
  std::size_t end = buffer_.find('\n', position_);
  while (end == std::string::npos) {
    if (buffer_.size() - position_ > kMaxLine) {
      too_long_ = true;
      buffer_.resize(position_ + kMaxLine);
    }
    const std::size_t searched = buffer_.size() - position_;
    const bool more = fill();
    if (!more && searched == 0) return std::nullopt;
    end = buffer_.find('\n', searched);
    if (!more) break;
  }
  std::string_view line(buffer_);
  line = line.substr(position_, end == std::string::npos ? end : end - position_);
  position_ = end == std::string::npos ? buffer_.size() : end + 1;
  ++number_;
  if (line.size() > kMaxLine) {
    too_long_ = true;
    line = line.substr(0, kMaxLine);
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void LineFile::fail(const std::string& operation) const {
  throw system_error(Fault::kInput, "cannot " + operation + " " + name_);
}

}  // namespace inforeply
