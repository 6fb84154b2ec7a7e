#include "inforeply/config_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "descriptor.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

/// Where a fault of a file is to be mended: in itself, or where it is mentioned.
struct Place {
  const std::string& file;
  std::size_t line;
  std::string prefix;  ///< of the fault

  [[noreturn]] void fail(const std::string& text) const {
    throw ConfigError(file, line, prefix + text);
  }
  [[noreturn]] void fail_with_errno(const std::string& operation) const {
    fail("cannot " + operation + ": " + std::generic_category().message(errno));
  }
};

std::string read_trusted(const Descriptor& file, std::size_t max_octets, const Place& place) {
  if (!file.is_open()) place.fail_with_errno("open");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) place.fail_with_errno("stat");
  if (!S_ISREG(status.st_mode)) place.fail("not a regular file");
  if ((status.st_mode & S_IWOTH) != 0) place.fail("others may write this file (chmod o-w)");
  std::string text;
  std::array<char, std::size_t{16} * 1024>
      buffer;  // not cleared: most files are small, and there are many runs
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) place.fail_with_errno("read");
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > max_octets)
      place.fail("larger than " + std::to_string(max_octets) + " octets");
  }
}

}  // namespace

ConfigFile parse_config(std::string path, std::string_view text) {
  ConfigFile file{std::move(path), {}};
  std::size_t number = 0;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark of some editors
  while (!text.empty()) {
    ++number;
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (!is_valid_utf8(line)) throw ConfigError(file.path, number, "not UTF-8");
    if (std::any_of(line.begin(), line.end(), [](char c) {
          return c != '\t' && has_control_characters({&c, 1});
        })) {
      throw ConfigError(file.path, number, "control character");
    }
    if (line.starts_with('[')) {
      throw ConfigError(file.path, number, "unknown section '" + std::string(line) + "'");
    }
    const auto equals = line.find('=');
    const auto name = trim(line.substr(0, equals));
    if (equals == std::string_view::npos || name.empty()) {
      throw ConfigError(file.path, number, "expected 'name = value'");
    }
    const auto value = trim(line.substr(equals + 1));
    if (value.empty()) {
      throw ConfigError(file.path, number, "'" + std::string(name) + "' needs a value");
    }
    file.entries.push_back({std::string(name), std::string(value), number});
  }
  return file;
}

std::string read_trusted_file(const std::string& path, std::size_t max_octets) {
  // O_NONBLOCK: a FIFO in place of the file must not stop the delivery.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  return read_trusted(file, max_octets, {path, 0, {}});
}

std::string read_trusted_file_beneath(const std::string& folder, const std::string& name,
                                      std::size_t max_octets, const std::string& where,
                                      std::size_t line) {
  const Place place{where, line, "'" + name + "': "};
  const Descriptor base(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base.is_open()) place.fail_with_errno("open " + folder);
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const Descriptor file(
      static_cast<int>(::syscall(SYS_openat2, base.get(), name.c_str(), &how, sizeof how)));
  if (file.get() < 0 && errno == EXDEV) place.fail("leads outside the folder of this file");
  return read_trusted(file, max_octets, place);
}

}  // namespace inforeply
