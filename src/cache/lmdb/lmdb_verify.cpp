#include "cache/lmdb/lmdb_verify.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "cache/lmdb/lmdb_pages.hpp"
#include "inforeply/error.hpp"

namespace inforeply::lmdb {
namespace {

constexpr unsigned kMaxDepth = 32;  // LMDB's CURSOR_STACK

/// Walks all trees of one snapshot. Every page is taken once, so no cycle lasts.
class Verifier {
 public:
  Verifier(const PageFile& file, const Meta& meta)
      : file_(file), meta_(meta), taken_(meta.last_page + 1) {}

  void verify() {
    take_free_list();
    verify_tree(meta_.main, Keys::kNames, 0);
    // LMDB could go on with such a file, but refuses to copy it.
    if (taken_pages_ != taken_.size()) {
      throw PageFault(meta_.last_page, "is the last, and a page is neither used nor free");
    }
  }

  /// The meta pages, and those that are free or list the free ones. Throws PageFault if the list is
  /// damaged, also if a page of it is met on a walk through all that can be read of the trees.
  std::vector<bool> find_free() {
    take_free_list();
    auto free = taken_;
    goes_on_ = true;
    try {
      verify_tree(meta_.main, Keys::kNames, 0);
    } catch (const UsedTwice&) {
      throw;
    } catch (const PageFault&) {
      return free;  // the damage that is known
    }
    return free;
  }

 private:
  struct UsedTwice : PageFault {
    using PageFault::PageFault;
  };

  /// kNumbers: the free list; its keys are transactions, its values lists of pages. kNames: the
  /// main tree; its values may be trees.
  enum class Keys { kNumbers, kNames, kOctets };

  struct Walk {
    const Tree& tree;
    Keys keys;
    Tree found{};  ///< only the counts
  };

  using Bound = std::optional<std::string_view>;

  void take(PageNumber first, PageNumber count) {
    for (PageNumber page = first; count > 0; ++page, --count) {
      if (page >= taken_.size()) throw PageFault(page, "is behind the last page");
      if (taken_[page]) throw UsedTwice(page, "is used twice, or used and free");
      taken_[page] = true;
      ++taken_pages_;
    }
  }

  void take_free_list() {
    take(0, kMetaPages);
    verify_tree(meta_.free_list, Keys::kNumbers, 0);
  }

  void verify_tree(const Tree& tree, Keys keys, PageNumber named_by) {
    Walk walk{tree, keys};
    if (keys == Keys::kOctets && tree.flags != 0) {
      throw PageFault(named_by, "a table has other kinds of keys");
    }
    const bool empty = tree.root == kNoPage;
    if (empty != (tree.depth == 0) || tree.depth > kMaxDepth) {
      throw PageFault(named_by, "a tree cannot have the depth told here");
    }
    if (!empty) visit(walk, tree.root, 1, {}, {});
    const auto& found = walk.found;
    if (found.branch_pages != tree.branch_pages || found.leaf_pages != tree.leaf_pages ||
        found.overflow_pages != tree.overflow_pages || found.entries != tree.entries) {
      throw PageFault(named_by, "a tree has not as many pages or entries as told here");
    }
  }

  static int compare(Keys keys, std::string_view a, std::string_view b) {
    if (keys != Keys::kNumbers) return a.compare(b);
    return transaction_of(a) < transaction_of(b) ? -1 : transaction_of(a) > transaction_of(b);
  }
  static std::uint64_t transaction_of(std::string_view key) {
    std::uint64_t number = 0;
    std::memcpy(&number, key.data(), sizeof number);
    return number;
  }

  /// All keys below must be at least `lower` and less than `upper`.
  void visit(Walk& walk, PageNumber number, unsigned level, Bound lower, Bound upper) {
    take(number, 1);
    const bool is_leaf = level == walk.tree.depth;
    const Page page = file_.read(number);
    page.require_sound(is_leaf ? kLeaf : kBranch);
    ++(is_leaf ? walk.found.leaf_pages : walk.found.branch_pages);
    // The free list may come down to a branch with one child (ITS#8336).
    const std::size_t least = is_leaf || walk.keys == Keys::kNumbers ? 1 : 2;
    if (page.size() < least) throw PageFault(number, "has too few nodes");
    require_order(walk.keys, page, is_leaf, lower, upper);
    for (std::size_t i = 0; i < page.size(); ++i) {
      const Node node = page.node(i);
      try {
        if (is_leaf) {
          ++walk.found.entries;
          visit_value(walk, number, node);
        } else {
          visit(walk, node.child, level + 1, i == 0 ? lower : node.key,
                i + 1 < page.size() ? page.node(i + 1).key : upper);
        }
      } catch (const UsedTwice&) {
        throw;
      } catch (const PageFault&) {
        if (!goes_on_) throw;
      }
    }
  }

  static void require_order(Keys keys, const Page& page, bool is_leaf, Bound lower, Bound upper) {
    Bound previous = lower;
    // A branch's first key says nothing: LMDB does not look at it, and seldom writes it.
    for (std::size_t i = is_leaf ? 0 : 1; i < page.size(); ++i) {
      const auto key = page.node(i).key;
      if (key.empty() || key.size() > kMaxKey ||
          (keys == Keys::kNumbers && key.size() != sizeof(std::uint64_t))) {
        throw PageFault(page.number(), "a key has a size that none can have");
      }
      // What a leaf begins with may be the very key that leads to it.
      const int least = is_leaf && i == 0 ? 0 : 1;
      if ((previous && compare(keys, key, *previous) < least) ||
          (upper && compare(keys, key, *upper) >= 0)) {
        throw PageFault(page.number(), "its keys are not in order");
      }
      previous = key;
    }
  }

  void visit_value(Walk& walk, PageNumber leaf, const Node& node) {
    if (node.flags == kInOverflow) {
      const auto pages = file_.overflow_pages(node);
      take(PageFile::overflow_start(node), pages);
      walk.found.overflow_pages += pages;
    } else if (node.flags == kIsTree && walk.keys == Keys::kNames) {
      Tree tree{};
      if (node.value.size() != sizeof tree) throw PageFault(leaf, "a table is none");
      std::memcpy(&tree, node.value.data(), sizeof tree);
      verify_tree(tree, Keys::kOctets, leaf);
    } else if (node.flags != 0) {
      throw PageFault(leaf, "a node is of no known kind");
    }
    if (walk.keys == Keys::kNumbers) take_free_pages(leaf, file_.value(node));
  }

  /// A list begins with its length, and its pages follow from the last to the first.
  void take_free_pages(PageNumber leaf, const std::string& list) {
    const auto at = [&](std::size_t index) {
      return transaction_of(std::string_view(list).substr(index * sizeof(PageNumber)));
    };
    const std::size_t places = list.size() / sizeof(PageNumber);
    if (places == 0 || at(0) >= places) throw PageFault(leaf, "a list of free pages is too short");
    for (std::size_t i = 1; i <= at(0); ++i) {
      if (i > 1 && at(i) >= at(i - 1)) throw PageFault(leaf, "free pages are not in order");
      take(at(i), 1);
    }
  }

  const PageFile& file_;
  const Meta& meta_;
  std::vector<bool> taken_;
  std::uint64_t taken_pages_ = 0;
  bool goes_on_ = false;  // to what else can be read
};

/// The meta page of a transaction. nullopt if a later one has ended: the next may be at work on
/// that page by now.
std::optional<Meta> find_meta(const PageFile& file, int descriptor, std::uint64_t transaction) {
  const PageNumber number = transaction & 1U;
  const Meta meta = read_meta(descriptor, number, file.page_octets());
  const Meta other = read_meta(descriptor, 1 - number, file.page_octets());
  if (other.transaction > transaction) return std::nullopt;
  if (meta.transaction != transaction ||
      (transaction > 0 && other.transaction != transaction - 1)) {
    throw PageFault(number, "tells a transaction that was not the last");
  }
  return meta;
}

}  // namespace

std::vector<bool> find_free_pages(int file) {
  try {
    const PageFile pages(file, page_octets_of(file));
    const auto transaction = std::max(read_meta(file, 0, pages.page_octets()).transaction,
                                      read_meta(file, 1, pages.page_octets()).transaction);
    return Verifier(pages, *find_meta(pages, file, transaction)).find_free();
  } catch (const PageFault&) {
    return {};
  }
}

// The reading transaction is LMDB's, so that no writer uses the pages of its snapshot again while
// they are looked at. To begin it LMDB reads the meta pages, which were looked at when the file was
// opened, and nothing else.
std::optional<std::string> find_page_fault(const Environment& environment) {
  constexpr int kTries = 5000;
  constexpr std::chrono::milliseconds kWriteOfMeta{1};  // of which others hear when it is durable
  try {
    const int descriptor = environment.descriptor();
    for (int tries = kTries; tries > 0; --tries) {
      const Transaction pinned(environment, Mode::kRead);
      const PageFile file(descriptor, page_octets_of(descriptor));
      const auto meta = find_meta(file, descriptor, mdb_txn_id(pinned.get()));
      if (!meta) {
        std::this_thread::sleep_for(kWriteOfMeta);
        continue;
      }
      Verifier(file, *meta).verify();
      return std::nullopt;
    }
    throw PageFault(0, "this or page 1 tells a transaction that has not been");
  } catch (const PageFault& fault) {
    return fault.what();
  }
}

void require_sound_pages(const Environment& environment) {
  if (const auto fault = find_page_fault(environment)) {
    environment.fail("use", "damaged, " + *fault + " (inforeply-cache check --repair)");
  }
}

}  // namespace inforeply::lmdb
