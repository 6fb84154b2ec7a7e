#include "base/trusted_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <memory>
#include <utility>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

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

/// What its mode says: the group of an administrator's file may be a private one (umask 002).
void require_mode(const struct stat& status, Trust trust, const std::string& kind,
                  const Place& place) {
  if ((status.st_mode & S_IWOTH) != 0) {
    place.fail("others may write this " + kind + " (chmod o-w)");
  }
  if ((status.st_mode & S_IWGRP) != 0 && is_tenants(status.st_uid, trust)) {
    place.fail("the group may write this " + kind + " (chmod g-w)");
  }
}

/// Returns the owner.
uid_t require_trusted(const Descriptor& file, Trust trust, const Place& place) {
  if (!file.is_open()) place.fail_with_errno("open");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) place.fail_with_errno("stat");
  if (!S_ISREG(status.st_mode)) place.fail("not a regular file");
  require_mode(status, trust, "file", place);
  return status.st_uid;
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
  constexpr std::size_t kReadOctets = std::size_t{16} * 1024;
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

// O_NONBLOCK: a FIFO in place of the file must not stop the delivery.
constexpr int kReading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

Descriptor open_at(int folder, const std::string& path, int flags, unsigned resolve) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.resolve = resolve;
  return Descriptor(
      static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
}

/// The path of an open file without links.
std::string real_path(const Descriptor& file, const Place& place) {
  std::string path(PATH_MAX, '\0');
  const std::string link = "/proc/self/fd/" + std::to_string(file.get());
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  if (size < 0) place.fail_with_errno("tell where this link leads");
  path.resize(static_cast<std::size_t>(size));
  return path;
}

/// Opens a file unless its real path is outside the folder. Unlike RESOLVE_BENEATH this takes
/// absolute links that stay inside.
Descriptor open_inside(const Descriptor& folder, const std::string& name, const Place& place) {
  Descriptor file(::openat(folder.get(), name.c_str(), kReading));
  if (file.is_open() && !real_path(file, place).starts_with(real_path(folder, place) + "/"))
    place.fail("a link leads outside its folder");
  return file;
}

struct OpenedFile {
  Descriptor descriptor = Descriptor();
  bool is_tenants = false;  ///< by its owner, or by that of a link to it
};

/// Follows the links of a path one at a time. From the first that somebody else than the
/// administrator has made the way must stay in the folder of that link: the account that runs can
/// read what its maker cannot, such as another tenant's file.
OpenedFile open_over_links(const std::string& path, const Place& place) {
  constexpr int kFolder = O_PATH | O_DIRECTORY | O_CLOEXEC;
  constexpr int kMaxLinks = 40;  // as the kernel follows (path_resolution(7))
  std::string rest = path;
  Descriptor here(::open(rest.starts_with('/') ? "/" : ".", kFolder));
  for (int links = 0; here.is_open() && links <= kMaxLinks;) {
    rest.erase(0, rest.find_first_not_of('/'));
    const auto slash = rest.find('/');
    const std::string name = rest.substr(0, slash);
    Descriptor next(::openat(here.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!next.is_open() || ::fstat(next.get(), &status) != 0) return {};
    if (S_ISLNK(status.st_mode)) {
      if (is_tenants(status.st_uid, Trust::kOwner)) return {open_inside(here, rest, place), true};
      std::string target(PATH_MAX, '\0');
      const auto size = ::readlinkat(next.get(), "", target.data(), target.size());
      if (size <= 0) return {};
      target.resize(static_cast<std::size_t>(size));
      if (slash != std::string::npos) target += rest.substr(slash);
      rest = std::move(target);
      if (rest.starts_with('/')) here = Descriptor(::open("/", kFolder));
      ++links;
    } else if (slash == std::string::npos) {
      return {Descriptor(::openat(here.get(), name.c_str(), kReading | O_NOFOLLOW))};
    } else {
      rest.erase(0, slash);
      here = std::move(next);
    }
  }
  if (here.is_open()) errno = ELOOP;
  return {};
}

/// The folders between the reference's folder and the file `name`, which has no link in it.
void require_trusted_way(const Descriptor& base, const std::string& name, Trust trust,
                         const Place& place) {
  for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    const auto folder = open_beneath(base, name.substr(0, slash), O_PATH | O_DIRECTORY | O_CLOEXEC,
                                     RESOLVE_NO_SYMLINKS);
    struct stat status {};
    if (!folder.is_open() || ::fstat(folder.get(), &status) != 0) place.fail_with_errno("open");
    require_mode(status, trust, "folder '" + name.substr(0, slash) + "'", place);
  }
}

OpenedFile open_reference(const FileReference& reference) {
  const Place place = place_of(reference);
  const Descriptor base(::open(reference.folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base.is_open()) place.fail_with_errno("open " + reference.folder);
  std::string name = reference.name;
  auto file = open_beneath(base, name, kReading, RESOLVE_NO_SYMLINKS);
  if (!file.is_open() && errno == ELOOP) {  // a link is on the way
    file = open_beneath(base, name, kReading, 0);
    if (file.is_open()) {
      name = real_path(file, place).substr(real_path(base, place).size() + 1);
    }
  }
  if (!file.is_open() && errno == EXDEV) place.fail("leads outside the folder of this file");
  if (is_configuration_name(name)) {
    place.fail("a file *" + std::string(kConfigurationSuffix) + " is no part of a reply");
  }
  const uid_t owner = require_trusted(file, reference.trust, place);
  require_trusted_way(base, name, reference.trust, place);
  return {std::move(file), is_tenants(owner, reference.trust)};
}

}  // namespace

Descriptor open_beneath(const Descriptor& folder, const std::string& name, int flags,
                        unsigned resolve) {
  return open_at(folder.get(), name, flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve);
}

bool is_configuration_name(std::string_view name) {
  return name.size() >= kConfigurationSuffix.size() &&
         equals_ignoring_case(name.substr(name.size() - kConfigurationSuffix.size()),
                              kConfigurationSuffix);
}

std::string read_trusted_file(const std::string& path, std::size_t max_octets) {
  return read_owned_file(path, max_octets, Trust::kAll).text;
}

Descriptor open_trusted_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), kReading));
  require_trusted(file, Trust::kAll, {path, 0, {}});
  return file;
}

std::string read_private_file(const std::string& path, std::size_t max_octets) {
  const auto file = open_trusted_file(path);
  const Place place{path, 0, {}};
  require_private(file, place);
  return read_all(file, max_octets, place);
}

std::string read_password(const std::string& path) {
  constexpr std::size_t kMaxPasswordFileOctets = 4096;
  const std::string text = read_private_file(path, kMaxPasswordFileOctets);
  std::string_view rest = text;
  const auto line = take_line(rest);
  if (line.empty()) throw ConfigError(path, 0, "no password in its first line");
  if (has_control_characters(line)) throw ConfigError(path, 1, "control character");
  return std::string(line);
}

OwnedText read_owned_file(const std::string& path, std::size_t max_octets, Trust trust) {
  const Place place{path, 0, {}};
  // Where all files are the administrator's, a link may lead anywhere.
  const unsigned resolve = trust == Trust::kAll ? 0U : RESOLVE_NO_SYMLINKS;
  OpenedFile file{open_at(AT_FDCWD, path, kReading, resolve)};
  if (!file.descriptor.is_open() && errno == ELOOP) file = open_over_links(path, place);
  const uid_t owner = require_trusted(file.descriptor, trust, place);
  return {read_all(file.descriptor, max_octets, place),
          file.is_tenants || is_tenants(owner, trust)};
}

std::optional<StatedText> read_trusted_file_beneath(const std::string& folder,
                                                    const std::string& name,
                                                    std::size_t max_octets) {
  const std::string path = folder + "/" + name;
  const Place place{path, 0, {}};
  const Descriptor base(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  Descriptor file;
  if (base.is_open()) file = open_beneath(base, name, kReading | O_NOFOLLOW, 0);
  if (!file.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG) return std::nullopt;
    if (errno == ELOOP) place.fail("not a regular file");
    if (errno == EXDEV) place.fail("leads outside " + folder);
  }
  require_trusted(file, Trust::kAll, place);
  StatedText result;
  if (::fstat(file.get(), &result.status) != 0) place.fail_with_errno("stat");
  result.text = read_all(file, max_octets, place);
  return result;
}

void require_trusted_folder(const std::string& path, Trust trust) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) require_mode(status, trust, "folder", {path, 0, {}});
}

Descriptor open_trusted_file(const FileReference& reference) {
  return open_reference(reference).descriptor;
}

std::string read_trusted_file(const FileReference& reference, std::size_t max_octets) {
  return read_owned_file(reference, max_octets).text;
}

OwnedText read_owned_file(const FileReference& reference, std::size_t max_octets) {
  const auto file = open_reference(reference);
  return {read_all(file.descriptor, max_octets, place_of(reference)), file.is_tenants};
}

}  // namespace inforeply
