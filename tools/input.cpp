#include "input.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "inforeply/descriptor.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {

std::string input_name(const std::string& path) {
  return path == "-" ? "standard input" : to_single_line(path);
}

namespace {

std::string read_all(const Descriptor& file, const std::string& name, const std::string& path,
                     std::size_t max_octets) {
  const auto fail = [&] { throw system_error(Fault::kInput, "cannot read " + input_name(path)); };
  if (!file.is_open()) fail();
  std::string text;
  std::vector<char> buffer(std::size_t{64} * 1024);
  while (true) {
    const auto count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail();
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > max_octets)
      throw ConfigError(name, 0, "over " + std::to_string(max_octets) + " octets");
  }
}

Descriptor open_without_links(int folder, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_NO_SYMLINKS;
  return Descriptor(
      static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
}

/// Not open, with errno set, if that fails.
Descriptor open_as_root(const std::filesystem::path& path) {
  const auto fault = [&](const char* text) {
    return ConfigError(input_name(path), 0,
                       std::string(text) + ", and root reads what no user may");
  };
  const auto folder = open_without_links(
      AT_FDCWD, path.has_parent_path() ? path.parent_path().string() : ".", O_PATH | O_DIRECTORY);
  Descriptor file;
  if (folder.is_open()) {
    file = open_without_links(folder.get(), path.filename().string(), O_RDONLY | O_NONBLOCK);
  }
  if (!file.is_open()) {
    if (errno == ELOOP) throw fault("a symbolic link leads there");
    return file;
  }
  struct stat of_folder {};
  struct stat of_file {};
  ::fstat(folder.get(), &of_folder);
  ::fstat(file.get(), &of_file);
  if (!S_ISREG(of_file.st_mode)) throw fault("not a regular file");
  if (of_folder.st_uid != 0 && of_folder.st_uid != of_file.st_uid) {
    throw fault("it belongs to another account than its folder");
  }
  return file;
}

}  // namespace

std::string read_input(const std::string& name, const std::string& path, std::size_t max_octets) {
  const Descriptor file(path == "-" ? ::dup(STDIN_FILENO)
                                    : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return read_all(file, name, path, max_octets);
}

std::string read_users_file(const std::string& path, std::size_t max_octets) {
  if (path == "-" || ::geteuid() != 0) return read_input(input_name(path), path, max_octets);
  return read_all(open_as_root(path), input_name(path), path, max_octets);
}

}  // namespace inforeply
