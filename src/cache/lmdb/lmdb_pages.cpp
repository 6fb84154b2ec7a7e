#include "cache/lmdb/lmdb_pages.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "inforeply/descriptor.hpp"
#include "inforeply/error.hpp"

namespace inforeply::lmdb {
namespace {

constexpr std::size_t kNodeHeader = 8;
constexpr std::size_t kMinPage = 512;
constexpr std::size_t kMaxPage = 32'768;
constexpr std::uint32_t kDataVersion = 1;
constexpr std::uint16_t kIntegerKeys = 8;     // of the free list; MDB_INTEGERKEY
constexpr std::uint16_t kNoFolder = 0x4000U;  // how the file was opened when made; MDB_NOSUBDIR

bool is_page_size(std::size_t octets) {
  return octets >= kMinPage && octets <= kMaxPage && (octets & (octets - 1)) == 0;
}

/// Less than `octets` at the file's end. Throws Error (kCache).
std::size_t read_at(int file, std::uint64_t offset, char* into, std::size_t octets) {
  std::size_t done = 0;
  while (done < octets) {
    const auto got = ::pread(file, into + done, octets - done, static_cast<off_t>(offset + done));
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error(Fault::kCache, "cannot read the pages of the cache");
    done += static_cast<std::size_t>(got);
  }
  return done;
}

struct MetaPage {
  char number[8];
  std::uint16_t unused;
  std::uint16_t kind;
  std::uint32_t unused_too;
  Meta meta;
};
static_assert(sizeof(MetaPage) == Page::kHeader + sizeof(Meta));

MetaPage read_meta_page(int file, std::uint64_t offset) {
  MetaPage page{};
  read_at(file, offset, reinterpret_cast<char*>(&page), sizeof page);
  return page;
}

}  // namespace

// --- Page ---

Page::Page(PageNumber number, std::vector<char> octets)
    : number_(number),
      octets_(std::move(octets)),
      kind_(at<std::uint16_t>(10)),
      lower_(at<std::uint16_t>(12)),
      upper_(at<std::uint16_t>(14)) {}

template <typename Integer>
Integer Page::at(std::size_t offset) const {
  if (offset + sizeof(Integer) > octets_.size())
    throw PageFault(number_, "a node reaches beyond the page");
  Integer value = 0;
  std::memcpy(&value, octets_.data() + offset, sizeof value);
  return value;
}

bool Page::is(PageKind kind) const {
  return at<PageNumber>(0) == number_ && kind_ == kind;
}

std::size_t Page::node_offset(std::size_t index) const {
  return at<std::uint16_t>(kHeader + 2 * index);
}

Node Page::node(std::size_t index) const {
  const std::size_t offset = node_offset(index);
  const std::uint64_t low = at<std::uint16_t>(offset);
  const std::uint64_t high = at<std::uint16_t>(offset + 2);
  const std::size_t key_octets = at<std::uint16_t>(offset + 6);
  Node node;
  node.flags = at<std::uint16_t>(offset + 4);
  if (kind_ == kBranch) {
    node.child = low | high << 16U | std::uint64_t{node.flags} << 32U;
  } else {
    node.octets = low | high << 16U;
  }
  const bool elsewhere = kind_ != kBranch && (node.flags & kInOverflow) != 0;
  const std::size_t value_octets = elsewhere ? sizeof(PageNumber) : node.octets;
  const std::size_t key_offset = offset + kNodeHeader;
  if (key_offset + key_octets + value_octets > octets_.size()) {
    throw PageFault(number_, "a node reaches beyond the page");
  }
  node.key = {octets_.data() + key_offset, key_octets};
  node.value = {octets_.data() + key_offset + key_octets, value_octets};
  return node;
}

void Page::require_sound(PageKind kind) const {
  if (at<PageNumber>(0) != number_) throw PageFault(number_, "has the number of another page");
  if (kind_ != kind) {
    throw PageFault(number_, kind == kLeaf ? "should be a leaf" : "should be a branch");
  }
  if (lower_ < kHeader || lower_ % 2 != 0 || lower_ > upper_ || upper_ > octets_.size()) {
    throw PageFault(number_, "the bounds of its free space are wrong");
  }
  std::vector<std::pair<std::size_t, std::size_t>> places;  // of nodes: offset, octets
  for (std::size_t i = 0; i < size(); ++i) {
    const Node found = node(i);
    const std::size_t octets = kNodeHeader + found.key.size() + found.value.size();
    places.emplace_back(node_offset(i), octets + octets % 2);
  }
  std::sort(places.begin(), places.end());
  std::size_t expected = upper_;
  for (const auto& [offset, octets] : places) {
    if (offset != expected) throw PageFault(number_, "its nodes do not lie side by side");
    expected += octets;
  }
  if (expected != octets_.size()) throw PageFault(number_, "its nodes do not fill it to its end");
}

// --- PageFile ---

PageFile::PageFile(int file, std::size_t page_octets) : file_(file), page_octets_(page_octets) {
  struct stat status {};
  if (::fstat(file, &status) != 0) {
    throw system_error(Fault::kCache, "cannot read the pages of the cache");
  }
  pages_ = static_cast<PageNumber>(status.st_size) / page_octets;
}

void PageFile::read_octets(PageNumber page, std::uint64_t offset, char* into,
                           std::size_t octets) const {
  // Two steps, as a damaged number times the size may be any number.
  if (page >= kMapOctets / page_octets_ ||
      read_at(file_, page * page_octets_ + offset, into, octets) != octets) {
    throw PageFault(page, "lies behind the end of the file");
  }
}

Page PageFile::read(PageNumber number) const {
  std::vector<char> octets(page_octets_);
  read_octets(number, 0, octets.data(), octets.size());
  return {number, std::move(octets)};
}

PageNumber PageFile::overflow_start(const Node& node) {
  PageNumber start = 0;
  std::memcpy(&start, node.value.data(), sizeof start);
  return start;
}

PageNumber PageFile::overflow_pages(const Node& node) const {
  const PageNumber start = overflow_start(node);
  struct {
    PageNumber number;
    std::uint16_t unused;
    std::uint16_t kind;
    std::uint32_t pages;
  } header{};
  static_assert(sizeof header == Page::kHeader);
  read_octets(start, 0, reinterpret_cast<char*>(&header), sizeof header);
  if (header.number != start || header.kind != kOverflow) {
    throw PageFault(start, "should begin a large value");
  }
  const auto needed = (Page::kHeader + node.octets - 1) / page_octets_ + 1;
  if (header.pages < needed) throw PageFault(start, "the length of its run is wrong");
  if (header.pages > pages_ - start)
    throw PageFault(start, "its run goes on behind the file's end");
  return header.pages;
}

std::string PageFile::value(const Node& node) const {
  if ((node.flags & kInOverflow) == 0) return std::string(node.value);
  static_cast<void>(overflow_pages(node));
  std::string value(node.octets, '\0');
  read_octets(overflow_start(node), Page::kHeader, value.data(), value.size());
  return value;
}

// --- Meta ---

std::size_t page_octets_of(int file) {
  const auto system_octets = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<std::size_t> told;
  for (const auto offset : {std::size_t{0}, system_octets}) {
    const Meta meta = read_meta_page(file, offset).meta;
    if (meta.magic == kMagic) told.push_back(meta.free_list.page_octets);
  }
  if (told.empty()) return 0;
  const auto is_confirmed = [&](std::size_t octets) {
    const Meta second = read_meta_page(file, octets).meta;
    return is_page_size(octets) && second.magic == kMagic && second.free_list.page_octets == octets;
  };
  auto found = std::find_if(told.begin(), told.end(), is_confirmed);
  if (found == told.end()) found = std::find_if(told.begin(), told.end(), is_page_size);
  return found == told.end() ? std::min(system_octets, kMaxPage) : *found;
}

Meta read_meta(int file, PageNumber number, std::size_t page_octets) {
  const MetaPage page = read_meta_page(file, number * page_octets);
  const Meta& meta = page.meta;
  if ((page.kind & kMeta) == 0 || meta.magic != kMagic) {
    throw PageFault(number, "does not begin an LMDB file");
  }
  if (meta.version != kDataVersion) throw PageFault(number, "is of another version of LMDB");
  if (meta.free_list.page_octets != page_octets) {
    throw PageFault(number, "tells another size of the pages");
  }
  if ((meta.free_list.flags & ~kNoFolder) != kIntegerKeys || meta.main.flags != 0) {
    throw PageFault(number, "tells other kinds of keys");
  }
  if (meta.last_page + 1 < kMetaPages || meta.last_page >= kMapOctets / page_octets) {
    throw PageFault(number, "tells a last page that cannot be");
  }
  return meta;
}

std::optional<std::string> find_meta_fault(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const std::size_t page_octets = file.is_open() ? page_octets_of(file.get()) : 0;
  if (page_octets == 0) return std::nullopt;
  try {
    const Meta first = read_meta(file.get(), 0, page_octets);
    const bool half_made =
        first.transaction == 0 && PageFile(file.get(), page_octets).pages() < kMetaPages;
    if (!half_made) read_meta(file.get(), 1, page_octets);
  } catch (const PageFault& fault) {
    return fault.what();
  }
  return std::nullopt;
}

}  // namespace inforeply::lmdb
