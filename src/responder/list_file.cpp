#include "responder/list_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/folder.hpp"
#include "base/ownership.hpp"
#include "inforeply/file_replacement.hpp"
#include "inforeply/text.hpp"
#include "responder/address_pattern.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxLineOctets = 1024;
constexpr std::uint64_t kUnindexedOctets = 4096;                    // read as fast as looked up
constexpr std::uint64_t kDigestsPerPass = std::uint64_t{1} << 20U;  // 8 MiB
constexpr std::uint64_t kMagic = 0x33'74'73'69'6C'72'66'69;         // "ifrlist3"
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The state of a list file: device, inode, size, and ctime, which nobody can set.
using Identity = std::array<std::uint64_t, 4>;
using Digest = std::uint64_t;

struct IndexHeader {
  std::uint64_t magic = kMagic;
  Identity identity{};
  std::uint64_t digests = 0;
};
constexpr off_t kHeaderOctets = sizeof(IndexHeader);

std::uint64_t nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

std::optional<Identity> identity_of(const Descriptor& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return std::nullopt;
  return Identity{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
                  nanoseconds(status.st_ctim)};
}

std::uint64_t size_of(const Identity& identity) {
  return identity[2];
}

/// Whether a change from now on would surely show in the identity: file times are coarse.
bool has_settled(const Identity& identity, std::chrono::nanoseconds after) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return identity[3] + static_cast<std::uint64_t>(after.count()) < nanoseconds(now);
}

bool read_exactly(const Descriptor& file, void* into, std::size_t size, off_t offset) {
  return ::pread(file.get(), into, size, offset) == static_cast<ssize_t>(size);
}

/// An index that fits the list's present state.
struct Index {
  Descriptor file;
  off_t digests = 0;
};

/// nullopt if there is no index, or it is not whole.
std::optional<Index> open_index(const std::string& path, const Identity& identity) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  struct stat status {};
  IndexHeader header;
  if (!file.is_open() || ::fstat(file.get(), &status) != 0 ||
      !read_exactly(file, &header, sizeof header, 0) || header.magic != kMagic ||
      header.identity != identity) {
    return std::nullopt;
  }
  const auto digests = static_cast<off_t>(header.digests);
  if (status.st_size != kHeaderOctets + digests * static_cast<off_t>(sizeof(Digest))) {
    return std::nullopt;
  }
  return Index{std::move(file), digests};
}

/// Binary search. nullopt if the index cannot be read.
std::optional<bool> index_holds(const Index& index, Digest wanted) {
  off_t low = 0;
  off_t high = index.digests;
  while (low < high) {
    const off_t middle = low + (high - low) / 2;
    Digest found = 0;
    if (!read_exactly(index.file, &found, sizeof found,
                      kHeaderOctets + middle * static_cast<off_t>(sizeof found))) {
      return std::nullopt;
    }
    if (found == wanted) return true;
    if (found < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return false;
}

std::string_view octets_of(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), size};
}

}  // namespace

ListFile::ListFile(FileReference reference)
    : reference_(std::move(reference)), file_(open_trusted_file(reference_)) {}

void ListFile::scan(const std::function<bool(std::string_view)>& visit,
                    const FaultHandler& on_fault) const {
  std::array<char, std::size_t{64} * 1024> buffer;  // not cleared
  std::string rest;  // the beginning of a line that the next buffer continues
  std::size_t number = 0;
  bool wanted = true;
  const auto take_line = [&](std::string_view line) {
    if (++number == 1 && line.starts_with(kByteOrderMark)) {
      line.remove_prefix(kByteOrderMark.size());
    }
    if (line.size() > kMaxLineOctets) {
      return on_fault(ConfigError(reference_.path(), number,
                                  "a line over " + std::to_string(kMaxLineOctets) + " octets"));
    }
    line = trim(line);
    if (line.empty() || line.starts_with('#')) return;
    const auto pattern = normalize_address_pattern(line);
    if (pattern) {
      wanted = visit(*pattern);
    } else {
      on_fault(ConfigError(reference_.path(), number, "expected an address, @domain or @.domain"));
    }
  };
  for (off_t offset = 0; wanted;) {
    const ssize_t count = ::pread(file_.get(), buffer.data(), buffer.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw ConfigError(reference_.path(), 0, "cannot read");
    if (count == 0) break;
    offset += count;
    std::string_view text(buffer.data(), static_cast<std::size_t>(count));
    for (auto end = text.find('\n'); wanted && end != std::string_view::npos;
         end = text.find('\n')) {
      const auto line = text.substr(0, end);
      take_line(rest.empty() ? line : rest.append(line));
      rest.clear();
      text.remove_prefix(end + 1);
    }
    if (!wanted) return;
    rest += text;
    if (rest.size() > kMaxLineOctets) rest.resize(kMaxLineOctets + 1);  // enough to see the fault
  }
  if (!rest.empty()) take_line(rest);
}

void ListFile::check(const FaultHandler& on_fault) const {
  scan([](std::string_view) { return true; }, on_fault);
}

void ListFile::make_index(const IndexFolder& folder, const std::string& path) const {
  const auto identity = identity_of(file_);
  if (!identity || !has_settled(*identity, folder.settled_after)) return;
  if (::mkdir(folder.path.c_str(), 0700) == 0) hand_over(folder.path, folder_of(folder.path));
  FileReplacement index(path, ".new", Fault::kCache, 0600, FileReplacement::Link::kIsReplaced);
  IndexHeader header{kMagic, *identity, 0};
  scan([&](std::string_view) { return ++header.digests > 0; }, throw_fault);
  index.write(octets_of(&header, sizeof header));
  // Each pass takes one range of the digests, which bounds the memory for any list.
  const std::uint64_t passes = header.digests / kDigestsPerPass + 1;
  for (std::uint64_t pass = 0; pass < passes; ++pass) {
    std::vector<Digest> digests;
    const auto share = header.digests / passes;
    digests.reserve(share + share / 8);  // ranges are not quite equal
    const auto keep = [&](std::string_view pattern) {
      const Digest digest = short_digest(pattern);
      if ((digest >> 32U) * passes >> 32U == pass) digests.push_back(digest);
      return true;
    };
    scan(keep, throw_fault);
    std::sort(digests.begin(), digests.end());
    index.write(octets_of(digests.data(), digests.size() * sizeof(Digest)));
  }
  if (identity_of(file_) != identity) return;
  index.take_place();
  hand_over(path, folder.path);
}

std::optional<bool> ListFile::look_up(std::span<const std::string> patterns,
                                      const IndexFolder& folder) const {
  const auto identity = identity_of(file_);
  if (!identity || size_of(*identity) <= kUnindexedOctets || folder.path.empty()) {
    return std::nullopt;
  }
  const std::string path = folder.path + "/" + digest({reference_.folder, reference_.name});
  auto index = open_index(path, *identity);
  if (!index && folder.access == IndexAccess::kWrite) {
    try {
      make_index(folder, path);
    } catch (const ConfigError&) {
      throw;  // the list is at fault
    } catch (const Error&) {
      return std::nullopt;
    }
    index = open_index(path, *identity);
  }
  if (!index) return std::nullopt;
  for (const auto& pattern : patterns) {
    const auto found = index_holds(*index, short_digest(pattern));
    if (!found || *found) return found;
  }
  return false;
}

bool ListFile::contains_any(std::span<const std::string> patterns,
                            const IndexFolder& indexes) const {
  if (const auto found = look_up(patterns, indexes)) return *found;
  bool found = false;
  const auto compare = [&](std::string_view entry) {
    found = std::find(patterns.begin(), patterns.end(), entry) != patterns.end();
    return !found;
  };
  scan(compare, throw_fault);
  return found;
}

}  // namespace inforeply
