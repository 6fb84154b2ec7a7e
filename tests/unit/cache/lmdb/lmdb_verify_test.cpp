// Every kind of damage to the pages is found and named; what LMDB itself has written is sound.

#include "cache/lmdb/lmdb_verify.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include "cache/lmdb/cache_format.hpp"
#include "cache/lmdb/lmdb_pages.hpp"
#include "cache/lmdb/lmdb_tables.hpp"
#include "fixtures.hpp"
#include "inforeply/descriptor.hpp"

namespace inforeply::lmdb {
namespace {

constexpr Time kNow{Seconds{1'800'000'000}};
constexpr int kRecords = 1000;
constexpr std::size_t kLargeValue = 10'000;

// Offsets in a page, of its fields and of a meta page's, and in a node and a tree's record.
constexpr std::size_t kKindField = 10;
constexpr std::size_t kLower = 12;
constexpr std::size_t kUpper = 14;
constexpr std::size_t kOffsets = 16;
constexpr std::size_t kMagicField = 16;
constexpr std::size_t kVersionField = 20;
constexpr std::size_t kFreeTree = 40;
constexpr std::size_t kMainTree = 88;
constexpr std::size_t kLastPageField = 136;
constexpr std::size_t kTransactionField = 144;
constexpr std::size_t kFlags = 4;
constexpr std::size_t kDepth = 6;
constexpr std::size_t kEntries = 32;
constexpr std::size_t kRoot = 40;
constexpr std::size_t kKeyOctets = 6;
constexpr std::size_t kKey = 8;

ReplyRecord record(int number) {
  const std::string digits = std::to_string(number);
  ReplyRecord record;
  record.key = {"info@example.org", std::string(6 - digits.size(), '0') + digits + "@example.net",
                "winter"};
  record.state = RecordState::kAnswered;
  record.answered_at = kNow;
  record.expires_at = kNow + Seconds{3600};
  record.count = 1;
  return record;
}

/// The octets of a cache's file, and where its pages are.
class File {
 public:
  explicit File(std::string octets) : octets_(std::move(octets)) {
    page_octets_ = get<std::uint32_t>(kFreeTree);
    const auto second = page_octets_;
    meta_ = get<std::uint64_t>(kTransactionField) > get<std::uint64_t>(second + kTransactionField)
                ? 0
                : second;
  }

  template <typename Integer>
  [[nodiscard]] Integer get(std::size_t offset) const {
    Integer value = 0;
    std::memcpy(&value, octets_.data() + offset, sizeof value);
    return value;
  }
  template <typename Integer>
  void set(std::size_t offset, Integer value) {
    std::memcpy(octets_.data() + offset, &value, sizeof value);
  }
  void swap(std::size_t a, std::size_t b) {
    const auto kept = get<std::uint16_t>(a);
    set(a, get<std::uint16_t>(b));
    set(b, kept);
  }
  void cut(std::size_t pages) { octets_.resize(octets_.size() - pages * page_octets_); }

  [[nodiscard]] const std::string& octets() const { return octets_; }
  [[nodiscard]] std::size_t meta() const { return meta_; }
  [[nodiscard]] std::size_t root(std::size_t tree) const {
    return start(get<PageNumber>(tree + kRoot));
  }
  [[nodiscard]] std::size_t node(std::size_t page, std::size_t index) const {
    return page + get<std::uint16_t>(page + kOffsets + 2 * index);
  }
  [[nodiscard]] std::size_t child(std::size_t page, std::size_t index) const {
    return start(get<std::uint32_t>(node(page, index)));
  }
  /// The value in a leaf.
  [[nodiscard]] std::size_t value(std::size_t page, std::size_t index) const {
    const auto at = node(page, index);
    return at + kKey + get<std::uint16_t>(at + kKeyOctets);
  }
  /// The record of a table, which are three in the order of their names behind the version.
  [[nodiscard]] std::size_t table(const std::string& name) const {
    const auto page = root(meta_ + kMainTree);
    for (std::size_t i = 0; i < 4; ++i) {
      const auto at = node(page, i);
      if (octets_.substr(at + kKey, get<std::uint16_t>(at + kKeyOctets)) == name)
        return value(page, i);
    }
    throw std::runtime_error("no table " + name);
  }
  [[nodiscard]] std::size_t branch() const { return root(table("records")); }
  [[nodiscard]] std::size_t leaf() const { return child(branch(), 1); }
  [[nodiscard]] std::size_t limits() const { return root(table("limits")); }
  /// The run of pages of the large value.
  [[nodiscard]] std::size_t overflow() const { return start(get<PageNumber>(value(limits(), 0))); }
  /// The longest list of free pages.
  [[nodiscard]] std::size_t free_list() const {
    const auto page = root(meta_ + kFreeTree);
    std::size_t longest = value(page, 0);
    for (std::size_t i = 1; page + kOffsets + 2 * i < page + get<std::uint16_t>(page + kLower);
         ++i) {
      if (get<std::uint64_t>(value(page, i)) > get<std::uint64_t>(longest))
        longest = value(page, i);
    }
    return longest;
  }

 private:
  [[nodiscard]] std::size_t start(PageNumber page) const { return page * page_octets_; }

  std::string octets_;
  std::size_t page_octets_ = 0;
  std::size_t meta_ = 0;
};

class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Environment environment(path());
    const Tables tables(environment, CacheAccess::kCreate);
    Transaction write(environment, Mode::kWrite);
    for (int number = 0; number < kRecords; ++number)
      tables.store(write, record(number), std::nullopt);
    write.put(tables.limits(), "counter", std::string(kLargeValue, 'x'));
    write.commit();
    Transaction remove(environment, Mode::kWrite);
    for (int number = 0; number < kRecords / 2; ++number)
      tables.remove(remove, record(number));
    remove.commit();
  }

  [[nodiscard]] std::string path() const { return folder_.path("cache.mdb"); }

  [[nodiscard]] File read() const {
    std::ifstream file(path(), std::ios::binary);
    return File({std::istreambuf_iterator<char>(file), {}});
  }

  /// What is found in a file that was changed so; empty if it is sound.
  [[nodiscard]] std::string fault_after(const std::function<void(File&)>& change) const {
    File file = read();
    change(file);
    const auto changed = folder_.write("changed", file.octets());
    if (const auto fault = find_meta_fault(changed)) return *fault;
    return find_page_fault(Environment(changed, Use::kAlone)).value_or("");
  }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(VerifyTest, WhatLmdbHasWrittenIsSound) {
  EXPECT_EQ(fault_after([](File&) {}), "");
  EXPECT_EQ(find_page_fault(Environment(path())), std::nullopt);
}

TEST_F(VerifyTest, AnEmptyFileIsSound) {
  const test::TemporaryFolder folder;
  const Environment environment(folder.path("cache.mdb"));
  EXPECT_EQ(find_page_fault(environment), std::nullopt);
  const Tables tables(environment, CacheAccess::kCreate);
  EXPECT_EQ(find_page_fault(environment), std::nullopt);
}

TEST_F(VerifyTest, OtherOctetsOfAValueAreNoneOfItsBusiness) {
  EXPECT_EQ(
      fault_after([](File& file) { file.set(file.value(file.leaf(), 0) + 1, std::uint64_t{0}); }),
      "");
}

TEST_F(VerifyTest, EveryKindOfDamageIsNamed) {
  const std::vector<std::pair<const char*, std::function<void(File&)>>> cases = {
      {"page 1: does not begin an LMDB file", [](File& file) { file.set(4096 + kMagicField, 1U); }},
      {"page 0: is of another version of LMDB", [](File& file) { file.set(kVersionField, 2U); }},
      {"page 1: tells another size of the pages",
       [](File& file) { file.set(4096 + kFreeTree, 8192U); }},
      {"page 0: tells another size of the pages", [](File& file) { file.set(kFreeTree, 8192U); }},
      {"page 0: tells another size of the pages",
       [](File& file) {
         file.set(kFreeTree, 0U);
         file.set(4096 + kFreeTree, 0U);
       }},
      {"tells other kinds of keys",
       [](File& file) { file.set(file.meta() + kMainTree + kFlags, std::uint16_t{4}); }},
      {"tells a last page that cannot be",
       [](File& file) { file.set(file.meta() + kLastPageField, kNoPage); }},
      {"is behind the last page",
       [](File& file) { file.set(file.meta() + kLastPageField, PageNumber{5}); }},
      {"is the last, and a page is neither used nor free",
       [](File& file) {
         const auto at = file.meta() + kLastPageField;
         file.set(at, file.get<PageNumber>(at) + 1);
       }},
      {"tells a transaction that was not the last",
       [](File& file) { file.set(file.meta() + kTransactionField, std::uint64_t{1000}); }},
      {"is behind the last page",
       [](File& file) { file.set(file.meta() + kMainTree + kRoot, PageNumber{1} << 40U); }},
      {"is used twice, or used and free",
       [](File& file) { file.set(file.meta() + kMainTree + kRoot, PageNumber{1}); }},
      {"has the number of another page", [](File& file) { file.set(file.leaf(), PageNumber{7}); }},
      {"should be a leaf",
       [](File& file) { file.set(file.leaf() + kKindField, std::uint16_t{kBranch}); }},
      {"should be a branch",
       [](File& file) { file.set(file.branch() + kKindField, std::uint16_t{kLeaf}); }},
      {"the bounds of its free space are wrong",
       [](File& file) { file.set(file.leaf() + kLower, std::uint16_t{0xFFFF}); }},
      {"the bounds of its free space are wrong",
       [](File& file) { file.set(file.leaf() + kUpper, std::uint16_t{20}); }},
      {"its nodes do not fill it to its end",
       [](File& file) {
         file.set(file.leaf() + kLower, std::uint16_t{kOffsets});
         file.set(file.leaf() + kUpper, std::uint16_t{4094});
       }},
      {"its nodes do not lie side by side",
       [](File& file) {
         file.set(file.leaf() + kOffsets, file.get<std::uint16_t>(file.leaf() + kOffsets + 2));
       }},
      {"a node reaches beyond the page",
       [](File& file) { file.set(file.leaf() + kOffsets, std::uint16_t{4095}); }},
      {"a node reaches beyond the page",
       [](File& file) { file.set(file.node(file.leaf(), 0) + kKeyOctets, std::uint16_t{0xFFFF}); }},
      {"a node reaches beyond the page",
       [](File& file) { file.set(file.node(file.leaf(), 0), std::uint32_t{0xFFFFFFFF}); }},
      {"a key has a size that none can have",
       [](File& file) {
         const auto at = file.node(file.leaf(), 0);  // the value takes what the key loses
         const auto key = file.get<std::uint16_t>(at + kKeyOctets);
         file.set(at, static_cast<std::uint16_t>(file.get<std::uint16_t>(at) + key));
         file.set(at + kKeyOctets, std::uint16_t{0});
       }},
      {"its keys are not in order",
       [](File& file) { file.swap(file.leaf() + kOffsets, file.leaf() + kOffsets + 2); }},
      {"its keys are not in order",  // against the branch above
       [](File& file) { file.swap(file.branch() + kOffsets + 2, file.branch() + kOffsets + 4); }},
      {"its keys are not in order",
       [](File& file) { file.set(file.node(file.leaf(), 0) + kKey, 'a'); }},
      {"is used twice, or used and free",  // a circle
       [](File& file) {
         file.set(file.node(file.branch(), 1), file.get<std::uint32_t>(file.branch()));
       }},
      {"lies behind the end of the file", [](File& file) { file.cut(3); }},
      {"a tree cannot have the depth told here",
       [](File& file) { file.set(file.table("records") + kDepth, std::uint16_t{33}); }},
      {"a tree cannot have the depth told here",
       [](File& file) { file.set(file.table("records") + kRoot, kNoPage); }},
      {"should be a branch",
       [](File& file) { file.set(file.table("records") + kDepth, std::uint16_t{3}); }},
      {"a tree has not as many pages or entries as told here",
       [](File& file) { file.set(file.table("expiry") + kEntries, std::uint64_t{7}); }},
      {"a table has other kinds of keys",
       [](File& file) { file.set(file.table("records") + kFlags, std::uint16_t{4}); }},
      {"a node is of no known kind",
       [](File& file) { file.set(file.node(file.leaf(), 0) + kFlags, std::uint16_t{4}); }},
      {"should begin a large value",
       [](File& file) { file.set(file.overflow() + kKindField, std::uint16_t{kLeaf}); }},
      {"the length of its run is wrong",
       [](File& file) { file.set(file.overflow() + kLower, std::uint32_t{1}); }},
      {"its run goes on behind the file's end",
       [](File& file) { file.set(file.overflow() + kLower, std::uint32_t{1'000'000}); }},
      {"a list of free pages is too short",
       [](File& file) { file.set(file.free_list(), std::uint64_t{1'000'000}); }},
      {"free pages are not in order", [](File& file) { file.set(file.free_list() + 16, kNoPage); }},
      {"is used twice, or used and free",
       [](File& file) {
         const auto last = file.free_list() + 8 * file.get<std::uint64_t>(file.free_list());
         file.set(last, PageNumber{1});
       }},
  };
  for (const auto& [fault, change] : cases) {
    const auto found = fault_after(change);
    EXPECT_NE(found.find(fault), std::string::npos)
        << "expected: " << fault << "\nfound: " << found;
    EXPECT_EQ(found.rfind("page ", 0), 0U) << found;
  }
}

TEST_F(VerifyTest, ThePagesThatAreFreeAreKnownOnlyIfTheirListIsSound) {
  const auto free_after = [&](const std::function<void(File&)>& change) {
    File file = read();
    change(file);
    test::TemporaryFolder folder;
    const Descriptor opened(
        ::open(folder.write("changed", file.octets()).c_str(), O_RDONLY | O_CLOEXEC));
    return find_free_pages(opened.get());
  };
  const auto first_free = read().get<PageNumber>(read().free_list() + 8);
  const auto free = free_after([](File&) {});
  ASSERT_GT(free.size(), first_free);
  EXPECT_TRUE(free[first_free]);
  EXPECT_FALSE(free[read().leaf() / 4096]);
  // Damage elsewhere does not matter.
  EXPECT_EQ(free_after([](File& file) { file.set(file.leaf(), PageNumber{7}); }), free);
  EXPECT_TRUE(free_after([](File& file) { file.set(file.free_list(), kNoPage); }).empty());
  // A page that is used is told to be free.
  EXPECT_TRUE(free_after([](File& file) {
                const auto last = file.free_list() + 8 * file.get<std::uint64_t>(file.free_list());
                file.set(last, PageNumber{file.get<PageNumber>(file.leaf())});
                for (auto at = file.free_list() + 8, place = last; at < place; at += 8)
                  file.set(at, PageNumber{file.get<PageNumber>(file.leaf()) + (place - at) / 8});
              }).empty());
}

}  // namespace
}  // namespace inforeply::lmdb
