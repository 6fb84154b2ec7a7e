#include "base/trusted_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "inforeply/error.hpp"

namespace inforeply {
namespace {

/// Where to mend a fault of a file: in the file itself, or where another file names it.
struct Place {
  const std::string& file;
  std::size_t line;
  std::string prefix;  ///< of the fault's text

  [[noreturn]] void fail(const std::string& text) const {
    throw ConfigError(file, line, prefix + text);
  }
  [[noreturn]] void fail_with_errno(const std::string& operation) const {
    fail(with_cause("cannot " + operation, errno));
  }
};

Place place_of(const FileReference& reference) {
  return {reference.where, reference.line, "'" + reference.name + "': "};
}

void require_trusted(const Descriptor& file, const Place& place) {
  if (!file.is_open()) place.fail_with_errno("open");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) place.fail_with_errno("stat");
  if (!S_ISREG(status.st_mode)) place.fail("not a regular file");
  if ((status.st_mode & S_IWOTH) != 0) place.fail("others may write this file (chmod o-w)");
}

Descriptor open_file(const std::string& path, const Place& place) {
  // O_NONBLOCK: a FIFO in place of the file must not stop the delivery.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  require_trusted(file, place);
  return file;
}

void require_private(const Descriptor& file, const Place& place) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) place.fail_with_errno("stat");
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    place.fail("belongs neither to root nor to " + running_account());
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    place.fail("others than its owner may use this file (chmod go=)");
  }
}

std::string read_all(const Descriptor& file, std::size_t max_octets, const Place& place) {
  std::string text;
  // Neither cleared nor on the stack, so that a small file touches few pages of it.
  constexpr std::size_t kReadOctets = 16 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kReadOctets);
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.get(), kReadOctets);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) place.fail_with_errno("read");
    if (count == 0) return text;
    text.append(buffer.get(), static_cast<std::size_t>(count));
    if (text.size() > max_octets)
      place.fail("larger than " + std::to_string(max_octets) + " octets");
  }
}

}  // namespace

Descriptor open_trusted_file(const std::string& path) {
  return open_file(path, {path, 0, {}});
}

std::string read_trusted_file(const std::string& path, std::size_t max_octets) {
  const Place place{path, 0, {}};
  return read_all(open_file(path, place), max_octets, place);
}

std::string read_private_file(const std::string& path, std::size_t max_octets) {
  const Place place{path, 0, {}};
  const auto file = open_file(path, place);
  require_private(file, place);
  return read_all(file, max_octets, place);
}

Descriptor open_trusted_file(const FileReference& reference) {
  const Place place = place_of(reference);
  const Descriptor base(::open(reference.folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base.is_open()) place.fail_with_errno("open " + reference.folder);
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  Descriptor file(static_cast<int>(
      ::syscall(SYS_openat2, base.get(), reference.name.c_str(), &how, sizeof how)));
  if (!file.is_open() && errno == EXDEV) place.fail("leads outside the folder of this file");
  require_trusted(file, place);
  return file;
}

std::string read_trusted_file(const FileReference& reference, std::size_t max_octets) {
  return read_all(open_trusted_file(reference), max_octets, place_of(reference));
}

}  // namespace inforeply
