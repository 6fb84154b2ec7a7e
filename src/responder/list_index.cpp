#include "responder/list_index.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>
#include <filesystem>
#include <vector>

#include "base/digest.hpp"
#include "base/folder.hpp"
#include "base/ownership.hpp"
#include "inforeply/file_replacement.hpp"

namespace inforeply {
namespace {

using Digest = std::uint64_t;

constexpr std::uint64_t kDigestsPerPass = std::uint64_t{1} << 20U;  // 8 MiB
constexpr std::uint64_t kMagic = 0x34'74'73'69'6C'72'66'69;         // "ifrlist4"

struct IndexHeader {
  std::uint64_t magic = kMagic;
  ListIdentity identity{};
  std::uint64_t digests = 0;
  std::uint64_t path_octets = 0;
};
constexpr off_t kHeaderOctets = sizeof(IndexHeader);

std::uint64_t nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

std::string path_of_index(const IndexFolder& folder, const ListIdentity& identity) {
  return folder.path + "/" + digest({std::to_string(identity[0]), std::to_string(identity[1])});
}

bool read_exactly(const Descriptor& file, void* into, std::size_t size, off_t offset) {
  return ::pread(file.get(), into, size, offset) == static_cast<ssize_t>(size);
}

std::string_view octets_of(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), size};
}

struct OpenIndex {
  Descriptor file;
  IndexHeader header;

  [[nodiscard]] off_t digest_octets() const {
    return static_cast<off_t>(header.digests * sizeof(Digest));
  }
};

/// nullopt if it is no index, or not whole.
std::optional<OpenIndex> open_whole(const std::string& path) {
  OpenIndex index{Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)),
                  {}};
  struct stat status {};
  if (!index.file.is_open() || ::fstat(index.file.get(), &status) != 0 ||
      !read_exactly(index.file, &index.header, sizeof index.header, 0) ||
      index.header.magic != kMagic ||
      status.st_size !=
          kHeaderOctets + index.digest_octets() + static_cast<off_t>(index.header.path_octets)) {
    return std::nullopt;
  }
  return index;
}

}  // namespace

ListIdentity identity_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
          nanoseconds(status.st_ctim)};
}

std::optional<ListIdentity> identity_of(const Descriptor& list) {
  struct stat status {};
  if (::fstat(list.get(), &status) != 0) return std::nullopt;
  return identity_of(status);
}

bool has_settled(const ListIdentity& identity, std::chrono::nanoseconds after) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return identity[3] + static_cast<std::uint64_t>(after.count()) < nanoseconds(now);
}

std::optional<ListIndex> ListIndex::open(const IndexFolder& folder, const ListIdentity& identity) {
  auto index = open_whole(path_of_index(folder, identity));
  if (!index || index->header.identity != identity) return std::nullopt;
  return ListIndex(std::move(index->file), static_cast<off_t>(index->header.digests));
}

void ListIndex::make(const IndexFolder& folder, const Descriptor& list,
                     const ListIdentity& identity, const std::string& path, const ListScan& scan) {
  if (::mkdir(folder.path.c_str(), 0700) == 0) hand_over(folder.path, folder_of(folder.path));
  const std::string file = path_of_index(folder, identity);
  FileReplacement index(file, kUnfinishedIndex, Fault::kCache, 0600,
                        FileReplacement::Link::kIsReplaced);
  // A purge looks for the list wherever it stands.
  const std::string source = std::filesystem::absolute(path).string();
  IndexHeader header{kMagic, identity, 0, source.size()};
  scan([&](std::string_view) { return ++header.digests > 0; });
  index.write(octets_of(&header, sizeof header));
  // Each pass takes one range of the digests, which bounds the memory for any list.
  const std::uint64_t passes = header.digests / kDigestsPerPass + 1;
  for (std::uint64_t pass = 0; pass < passes; ++pass) {
    std::vector<Digest> digests;
    const auto share = header.digests / passes;
    digests.reserve(share + share / 8);  // ranges are not quite equal
    scan([&](std::string_view pattern) {
      const Digest digest = short_digest(pattern);
      if ((digest >> 32U) * passes >> 32U == pass) digests.push_back(digest);
      return true;
    });
    std::sort(digests.begin(), digests.end());
    index.write(octets_of(digests.data(), digests.size() * sizeof(Digest)));
  }
  index.write(source);
  if (identity_of(list) != identity) return;
  index.take_place();
  hand_over(file, folder.path);
}

/// Binary search.
std::optional<bool> ListIndex::holds(std::uint64_t wanted) const {
  off_t low = 0;
  off_t high = digests_;
  while (low < high) {
    const off_t middle = low + (high - low) / 2;
    Digest found = 0;
    if (!read_exactly(file_, &found, sizeof found,
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

std::optional<bool> ListIndex::holds_any(std::span<const std::string> patterns) const {
  for (const auto& pattern : patterns) {
    const auto found = holds(short_digest(pattern));
    if (!found || *found) return found;
  }
  return false;
}

bool ListIndex::is_in_use(const std::string& file) {
  const auto index = open_whole(file);
  if (!index || index->header.path_octets > PATH_MAX) return false;
  std::string source(index->header.path_octets, '\0');
  struct stat status {};
  if (!read_exactly(index->file, source.data(), source.size(),
                    kHeaderOctets + index->digest_octets())) {
    return false;
  }
  if (::stat(source.c_str(), &status) == 0) return identity_of(status) == index->header.identity;
  return errno != ENOENT && errno != ENOTDIR;  // else it cannot be told
}

}  // namespace inforeply
