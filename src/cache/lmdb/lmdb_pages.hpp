// The pages of an LMDB file, read with pread(2). LMDB itself believes all that a page says, so a
// damaged one makes it crash, loop or write where it must not. Nothing here believes anything.
//
// The form is that of data version 1, which all of LMDB 0.9 write on 64-bit machines (mdb.c:
// MDB_page, MDB_node, MDB_db, MDB_meta). Numbers are in the order of the machine's octets.
//
//   page       u64 its number, u16 unused, u16 kind, then u16 lower, u16 upper; in the first page
//              of an overflow run instead u32 the length of the run
//   leaf,      from octet 16 to `lower` the offsets of its nodes in the order of their keys, from
//   branch     `upper` to the end the nodes, without a gap
//   node       u16 low, u16 high, u16 flags, u16 key octets, the key, in a leaf the value; in a
//              leaf low and high are the value's size, in a branch they and the flags the child
//   overflow   a value too large for a leaf, which holds the number of the run's first page
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply::lmdb {

using PageNumber = std::uint64_t;

inline constexpr PageNumber kNoPage = ~PageNumber{0};
inline constexpr PageNumber kMetaPages = 2;
inline constexpr std::uint32_t kMagic = 0xBEEFC0DE;  ///< MDB_MAGIC, in each of them
/// The address space that a cache takes, which bounds its file.
inline constexpr std::size_t kMapOctets = std::size_t{64} * 1024 * 1024 * 1024;
inline constexpr std::size_t kMaxKey = 511;

enum PageKind : std::uint16_t { kBranch = 1, kLeaf = 2, kOverflow = 4, kMeta = 8 };
enum NodeFlag : std::uint16_t { kInOverflow = 1, kIsTree = 2 };

/// What is wrong, with the number of the page: "page 7: …".
class PageFault : public std::runtime_error {
 public:
  PageFault(PageNumber page, const std::string& what)
      : std::runtime_error("page " + std::to_string(page) + ": " + what) {}
};

/// What LMDB knows of a tree (MDB_db).
struct Tree {
  std::uint32_t page_octets;  ///< in the free list's tree alone
  std::uint16_t flags;
  std::uint16_t depth;
  std::uint64_t branch_pages;
  std::uint64_t leaf_pages;
  std::uint64_t overflow_pages;
  std::uint64_t entries;
  PageNumber root;
};
static_assert(sizeof(Tree) == 48);

/// Where all else is (MDB_meta). There are two, written in turn.
struct Meta {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint64_t address;
  std::uint64_t map_octets;
  Tree free_list;
  Tree main;
  PageNumber last_page;
  std::uint64_t transaction;
};
static_assert(sizeof(Meta) == 136);

struct Node {
  std::uint16_t flags = 0;
  std::string_view key;
  std::string_view value;      ///< what the leaf holds of it
  std::uint64_t octets = 0;    ///< of the value
  PageNumber child = kNoPage;  ///< in a branch
};

/// A leaf or a branch.
class Page {
 public:
  Page(PageNumber number, std::vector<char> octets);

  /// Throws PageFault unless it is of this kind and its nodes lie in it side by side.
  void require_sound(PageKind kind) const;
  [[nodiscard]] bool is(PageKind kind) const;
  [[nodiscard]] std::size_t size() const { return lower_ < kHeader ? 0 : (lower_ - kHeader) / 2; }
  /// Throws PageFault if the node does not lie in the page. Its views are valid as long as this is.
  [[nodiscard]] Node node(std::size_t index) const;
  [[nodiscard]] PageNumber number() const { return number_; }

  static constexpr std::size_t kHeader = 16;

 private:
  template <typename Integer>
  [[nodiscard]] Integer at(std::size_t offset) const;
  [[nodiscard]] std::size_t node_offset(std::size_t index) const;

  PageNumber number_;
  std::vector<char> octets_;
  std::uint16_t kind_;
  std::size_t lower_;
  std::size_t upper_;
};

/// Functions throw PageFault for what is damaged, Error (kCache) if the file cannot be read.
class PageFile {
 public:
  /// Of an open file, which stays the caller's.
  PageFile(int file, std::size_t page_octets);

  [[nodiscard]] std::size_t page_octets() const { return page_octets_; }
  /// How many pages the file has octets of.
  [[nodiscard]] PageNumber pages() const { return pages_; }
  [[nodiscard]] Page read(PageNumber number) const;
  /// How many pages the overflow run of a node takes; at least as many as its value needs.
  [[nodiscard]] PageNumber overflow_pages(const Node& node) const;
  /// The whole value, wherever it is.
  [[nodiscard]] std::string value(const Node& node) const;

  static PageNumber overflow_start(const Node& node);

 private:
  void read_octets(PageNumber page, std::uint64_t offset, char* into, std::size_t octets) const;

  int file_;
  std::size_t page_octets_;
  PageNumber pages_;
};

/// The size of the pages: one by which the second meta page tells the same, else one that a meta
/// page tells. If neither tells one that can be, that of a new file here; 0 if it is not LMDB's.
std::size_t page_octets_of(int file);

/// One of the two meta pages. Throws PageFault if LMDB must not be let near the file. Only what no
/// transaction changes is looked at, so others may write meanwhile.
Meta read_meta(int file, PageNumber number, std::size_t page_octets);

/// Looks at the two meta pages alone, which takes microseconds. nullopt if LMDB may open the file,
/// or there is nothing in it that says that it is one of LMDB's. Throws Error (kCache) if it cannot
/// be read.
std::optional<std::string> find_meta_fault(const std::string& path);

}  // namespace inforeply::lmdb
