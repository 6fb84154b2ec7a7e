#include "responder/address_list.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "decision/situation.hpp"
#include "responder/address_pattern.hpp"

namespace inforeply {
namespace {

using test::address;
using test::fault_of;
using test::repeated;
using test::Situation;
using test::TemporaryFolder;
using test::verdict;
using Strings = std::vector<std::string>;

std::string pattern(std::string_view text) {
  return normalize_address_pattern(text).value_or("none");
}

TEST(AddressPattern, IsAnAddressADomainOrADomainWithAllBelow) {
  const struct {
    std::string_view text, normal;
  } cases[] = {
      {"alice@example.net", "alice@example.net"},
      {"Alice+Tag@Example.NET", "alice+tag@example.net"},
      {"\"alice\"@example.net", "alice@example.net"},
      {"\u00DCmit@B\u00DCCHER.example", "\u00FCmit@xn--bcher-kva.example"},
      {"alice@[192.0.2.1]", "alice@[192.0.2.1]"},
      {"@example.net", "@example.net"},
      {"@Example.NET", "@example.net"},
      {"@b\u00FCcher.example", "@xn--bcher-kva.example"},
      {"@XN--BCHER-KVA.example", "@xn--bcher-kva.example"},
      {"@[192.0.2.1]", "@[192.0.2.1]"},
      {"@[IPv6:2001:DB8::1]", "@[ipv6:2001:db8::1]"},
      {"@.example.net", "@.example.net"},
      {"@.B\u00FCcher.example", "@.xn--bcher-kva.example"},
      {"@.net", "@.net"},
      {"@localhost", "@localhost"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(pattern(c.text), c.normal) << c.text;
  }
}

TEST(AddressPattern, IsNothingElse) {
  for (const auto* text : {"",
                           "@",
                           "@.",
                           "@..net",
                           "@.net.",
                           "@example..net",
                           "@-.net",
                           "alice",
                           "alice@",
                           "example.net",
                           ".example.net",
                           "*@example.net",
                           "@*.net",
                           "@a@b",
                           "<alice@example.net>",
                           " alice@example.net",
                           "@example.net ",
                           "@example net",
                           "alice@example.net, bob@example.net",
                           "@\xFF.net",
                           "list.txt",
                           "./list",
                           "@exa\nmple.net"}) {
    EXPECT_EQ(pattern(text), "none") << text;
  }
}

TEST(AddressPattern, CoversAnAddressExactlyWhenItIsOneOfTheSetThatDoes) {
  EXPECT_EQ(patterns_that_cover(address("Alice@Mail.Example.net")),
            (Strings{"alice@mail.example.net", "@mail.example.net", "@.mail.example.net",
                     "@.example.net", "@.net"}));
  EXPECT_EQ(patterns_that_cover(address("a@[192.0.2.1]")),
            (Strings{"a@[192.0.2.1]", "@[192.0.2.1]", "@.[192.0.2.1]"}));
}

std::optional<std::string> find(const AddressList& list, std::string_view who) {
  return list.find(patterns_that_cover(address(who)));
}

TEST(AddressList, FindsWhatItsEntriesCover) {
  AddressList list;
  EXPECT_TRUE(list.empty());
  for (const auto* entry : {"alice@example.net", "@Sub.example.org", "@.b\u00FCcher.example"}) {
    EXPECT_TRUE(list.add(entry)) << entry;
  }
  EXPECT_FALSE(list.add("nobody"));
  EXPECT_FALSE(list.empty());
  const struct {
    const char* who;
    const char* entry;
  } cases[] = {{"ALICE@Example.Net", "alice@example.net"},
               {"bob@sub.EXAMPLE.org", "@sub.example.org"},
               {"bob@xn--bcher-kva.example", "@.xn--bcher-kva.example"},
               {"bob@a.b.B\u00DCCHER.example", "@.xn--bcher-kva.example"}};
  for (const auto& c : cases) {
    EXPECT_EQ(find(list, c.who), c.entry) << c.who;
  }
  for (const auto* who : {"bob@example.net", "alice@sub.example.net", "xalice@example.net",
                          "bob@example.org", "bob@a.sub.example.org", "bob@xsub.example.org",
                          "bob@xb\u00FCcher.example", "bob@example", "alice+x@example.net"}) {
    EXPECT_EQ(find(list, who), std::nullopt) << who;
  }
}

// --- files ---

/// A list file, and folders for its index.
class ListFileTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder_.path("lists/list"); }
  [[nodiscard]] FileReference mention(const std::string& name = "list") const {
    return {folder_.path("lists"), name, "info.conf", 7};
  }
  void write(std::string_view content, const std::string& name = "list") const {
    static_cast<void>(folder_.write("lists/" + name, content));
  }
  [[nodiscard]] AddressList list(const IndexFolder& indexes = {},
                                 const std::string& name = "list") const {
    AddressList made;
    made.add_file(mention(name), indexes);
    return made;
  }
  [[nodiscard]] bool holds(std::string_view who, const IndexFolder& indexes = {}) const {
    return find(list(indexes), who).has_value();
  }
  /// The faults of the file, the folder's name left out.
  [[nodiscard]] Strings faults() const {
    Strings found;
    list().check_files([&](const ConfigError& fault) {
      std::string text = fault.what();
      found.push_back(text.erase(0, folder_.path("lists/").size()));
    });
    return found;
  }
  TemporaryFolder folder_;
};

TEST_F(ListFileTest, HasAnEntryALine) {
  write("# friends\n\nalice@example.net\n  @Example.org\t\r\n\r\n\t# more\n@.b\u00FCcher.example");
  for (const auto* who : {"alice@example.net", "bob@example.org", "bob@x.b\u00FCcher.example"}) {
    EXPECT_EQ(find(list(), who), "list") << who;
  }
  EXPECT_FALSE(holds("bob@example.net"));
  EXPECT_EQ(faults(), Strings{});
}

TEST_F(ListFileTest, MayBeEmptyOrBeginWithAByteOrderMark) {
  for (const auto* content : {"", "\n", "\xEF\xBB\xBF", "# nobody"}) {
    write(content);
    EXPECT_FALSE(holds("alice@example.net"));
    EXPECT_EQ(faults(), Strings{});
    EXPECT_FALSE(list().empty()) << "it is a list nonetheless";
  }
  write(
      "\xEF\xBB\xBF"
      "alice@example.net\n");
  EXPECT_TRUE(holds("alice@example.net"));
}

TEST_F(ListFileTest, AFaultIsNamedByFileAndLine) {
  write("alice@example.net\n\nnobody\n@.\nbob@example.net\n*@example.net");
  const std::string text = "expected an address, @domain or @.domain";
  EXPECT_EQ(faults(), (Strings{"list:3: " + text, "list:4: " + text, "list:6: " + text}));
  EXPECT_TRUE(holds("alice@example.net"));
  EXPECT_EQ(fault_of([&] { static_cast<void>(holds("bob@example.net")); }), path() + ":3: " + text);
}

TEST_F(ListFileTest, ALineHasAnUpperBoundWhereverItLies) {
  const std::string filler = repeated("bob@example.net\n", 4095);  // just below a buffer of 64 KiB
  for (const auto& before : {std::string(), filler}) {
    const auto line = std::to_string(std::count(before.begin(), before.end(), '\n') + 1);
    for (const char* end : {"", "\n", "\nalice@example.net\n"}) {
      SCOPED_TRACE(line + end);
      write(before + "#" + std::string(1023, 'x') + end);
      EXPECT_EQ(faults(), Strings{});
      write(before + "#" + std::string(1024, 'x') + end);
      EXPECT_EQ(faults(), Strings{"list:" + line + ": a line over 1024 octets"});
      write(before + std::string(200'000, ' ') + "bob@example.net" + end);
      EXPECT_EQ(faults(), Strings{"list:" + line + ": a line over 1024 octets"});
    }
  }
}

TEST_F(ListFileTest, IsReadWholeWhereverItsLinesAreCut) {
  for (const std::size_t length : {15U, 16U, 17U, 100U}) {
    const std::string line = "# " + std::string(length - 3, 'x') + "\n";
    write(repeated(line, 70'000 / length) + "alice@example.net");
    EXPECT_TRUE(holds("alice@example.net")) << length;
    EXPECT_FALSE(holds("bob@example.net")) << length;
  }
}

TEST_F(ListFileTest, IsTrustedAndWithinItsFolder) {
  write("alice@example.net\n");
  static_cast<void>(folder_.write("outside", "alice@example.net\n"));
  std::filesystem::create_symlink("../outside", folder_.path("lists/link"));
  for (const std::string name : {"missing", "../outside", "link", ".", "/etc/passwd"}) {
    const auto fault = fault_of([&] { static_cast<void>(list({}, name)); });
    EXPECT_TRUE(fault.starts_with("info.conf:7: '" + name + "': ")) << fault;
  }
  ASSERT_EQ(::chmod(path().c_str(), 0646), 0);
  EXPECT_EQ(fault_of([&] { static_cast<void>(list()); }),
            "info.conf:7: 'list': others may write this file (chmod o-w)");
}

TEST_F(ListFileTest, IsReadOnlyUntilTheDeadline) {
  write("alice@example.net\n");
  IndexFolder indexes;
  indexes.deadline = processor_time();
  EXPECT_EQ(fault_of([&] { static_cast<void>(holds("alice@example.net", indexes)); }),
            path() + ": the lists of one responder take too long to read");
}

TEST_F(ListFileTest, IsOfABoundedSize) {
  write("");
  ASSERT_EQ(::truncate(path().c_str(), kMaxListOctets), 0);
  EXPECT_EQ(fault_of([&] { static_cast<void>(list()); }), "no error");
  ASSERT_EQ(::truncate(path().c_str(), kMaxListOctets + 1), 0);
  EXPECT_EQ(fault_of([&] { static_cast<void>(list()); }),
            "info.conf:7: 'list': larger than 67108864 octets");
}

TEST_F(ListFileTest, ThatIsGoneIsAFaultAndNotAnEmptyList) {
  write("alice@example.net\n");
  const auto made = list();
  std::filesystem::remove(path());
  EXPECT_NE(fault_of([&] { static_cast<void>(find(made, "alice@example.net")); }), "no error");
}

// --- the index of a large file ---

/// The n-th of many addresses.
std::string nth(int n) {
  return "user" + std::to_string(n) + "@example.net";
}

/// A list of so many of them, over what is read without an index.
std::string large(int count = 10'000) {
  std::string content = "# all of them\n";
  for (int i = 0; i < count; ++i)
    content += nth(i) + "\n";
  return content;
}

/// A list of exactly so many octets: one address, and comments.
std::string padded_to(std::size_t octets) {
  constexpr std::size_t kLine = 64;
  std::string content = nth(3) + "\n";
  while (content.size() < octets) {
    content.append(std::min(kLine, octets - content.size()) - 1, '#').append("\n");
  }
  return content;
}

class ListIndexTest : public ListFileTest {
 protected:
  static constexpr std::ptrdiff_t kHeaderOctets = 56;
  [[nodiscard]] IndexFolder indexes(IndexAccess access = IndexAccess::kWrite) const {
    return {folder_.path("indexes"), access, std::chrono::nanoseconds(0)};
  }
  [[nodiscard]] Strings index_files() const {
    Strings found;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path("indexes"), none)) {
      found.push_back(entry.path().string());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  /// The only one.
  [[nodiscard]] std::string index_file() const {
    auto files = index_files();
    if (files.size() != 1) throw std::runtime_error(std::to_string(files.size()) + " indexes");
    return files.front();
  }
  static void put(const std::string& file, std::string_view content) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
  }
  [[nodiscard]] std::pair<std::time_t, long> changed_at() const {
    struct stat status {};
    if (::stat(path().c_str(), &status) != 0) throw std::runtime_error("stat");
    return {status.st_ctim.tv_sec, status.st_ctim.tv_nsec};
  }
  /// Of the list's path, which is the end of its index.
  [[nodiscard]] std::ptrdiff_t path_octets() const {
    return static_cast<std::ptrdiff_t>(path().size());
  }
  /// Makes the list's index say that nobody is in it, so that a test can see whether it is used.
  void empty_the_index() {
    std::string content = test::read_file(index_file());
    std::fill(content.begin() + kHeaderOctets, content.end() - path_octets(), '\0');
    put(index_file(), content);
  }
};

TEST_F(ListIndexTest, IsMadeForALargeFileOnly) {
  constexpr std::size_t kUnindexedOctets = 4096;
  write(padded_to(kUnindexedOctets));
  ASSERT_EQ(std::filesystem::file_size(path()), kUnindexedOctets);
  EXPECT_TRUE(holds(nth(3), indexes()));
  EXPECT_FALSE(holds(nth(4), indexes()));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("indexes")));
  write(padded_to(kUnindexedOctets + 1));
  ASSERT_EQ(std::filesystem::file_size(path()), kUnindexedOctets + 1);
  EXPECT_TRUE(holds(nth(3), indexes()));
  EXPECT_FALSE(holds(nth(4), indexes()));
  EXPECT_EQ(index_files().size(), 1U);
}

TEST_F(ListIndexTest, IsPrivateAndLeavesNothingBeside) {
  write(large());
  ASSERT_TRUE(holds(nth(3), indexes()));
  struct stat status {};
  ASSERT_EQ(::stat(index_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(folder_.path("indexes").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(ListIndexTest, IsMadeByOneProcessAtATimeWhoeverHasBeenKilledBefore) {
  write(large());
  ASSERT_TRUE(holds(nth(3), indexes()));
  const std::string file = index_file();
  std::filesystem::remove(file);
  const std::string unfinished = file + ".new";
  put(unfinished, "what a killed process has left");
  {
    const Descriptor other(::open(unfinished.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
    EXPECT_TRUE(holds(nth(3), indexes()));
    EXPECT_FALSE(holds(nth(10'000), indexes()));
    EXPECT_EQ(index_file(), unfinished);
  }
  EXPECT_TRUE(holds(nth(3), indexes()));
  EXPECT_EQ(index_file(), file);
}

TEST_F(ListIndexTest, AnswersAsTheFileDoes) {
  write(large() + "@example.org\n@.b\u00FCcher.example\nUSER@Example.COM\n");
  for (int round = 0; round < 2; ++round) {
    for (const auto& who :
         {nth(0), nth(5'000), nth(9'999), std::string("x@example.org"),
          std::string("user@example.com"), std::string("x@a.b\u00FCcher.example")}) {
      EXPECT_TRUE(holds(who, indexes())) << who;
    }
    for (const auto& who : {nth(10'000), std::string("user@example.net"),
                            std::string("x@a.example.org"), std::string("other@example.com")}) {
      EXPECT_FALSE(holds(who, indexes())) << who;
    }
  }
  EXPECT_EQ(index_files().size(), 1U);
}

TEST_F(ListIndexTest, IsLookedUpInPlaceOfTheFile) {
  write(large());
  ASSERT_TRUE(holds(nth(3), indexes()));
  empty_the_index();
  EXPECT_FALSE(holds(nth(3), indexes()));
  EXPECT_FALSE(holds(nth(3), indexes(IndexAccess::kRead)));
  EXPECT_TRUE(holds(nth(3))) << "without an index folder";
}

TEST_F(ListIndexTest, IsMadeAgainWhenTheFileHasChanged) {
  write(large());
  ASSERT_TRUE(holds(nth(3), indexes()));
  const auto before = changed_at();
  std::string changed = large();
  changed.replace(changed.find(nth(3)), nth(3).size(), nth(3).replace(0, 1, "x"));
  write(changed);
  // As a change of some time later would have it: this one may fall into the same tick.
  while (changed_at() == before)
    ASSERT_EQ(::chmod(path().c_str(), 0644), 0);
  EXPECT_FALSE(holds(nth(3), indexes()));
  EXPECT_TRUE(holds(nth(3).replace(0, 1, "x"), indexes()));
  EXPECT_EQ(std::ssize(test::read_file(index_file())), kHeaderOctets + 10'000 * 8 + path_octets());
}

TEST_F(ListIndexTest, IsMadeAgainWhenAnotherFileOfTheSameSizeTakesThePlace) {
  write(large());
  ASSERT_TRUE(holds(nth(3), indexes()));
  std::string changed = large();
  changed.replace(changed.find(nth(3)), nth(3).size(), nth(3).replace(0, 1, "x"));
  write(changed, "new");
  std::filesystem::rename(folder_.path("lists/new"), path());
  EXPECT_FALSE(holds(nth(3), indexes()));
  EXPECT_TRUE(holds(nth(4), indexes()));
}

TEST_F(ListIndexTest, IsOneForAllNamesOfAFile) {
  write(large());
  std::filesystem::create_hard_link(path(), folder_.path("lists/second"));
  std::filesystem::create_symlink("list", folder_.path("lists/third"));
  for (const char* name : {"list", "second", "third"}) {
    EXPECT_TRUE(find(list(indexes(), name), nth(3))) << name;
  }
  EXPECT_EQ(index_files().size(), 1U);
}

TEST_F(ListIndexTest, OfAnEarlierStateIsNotUsedWhereNoneCanBeMade) {
  write(large());
  ASSERT_TRUE(holds(nth(3), indexes()));
  empty_the_index();
  write(large(10'001));
  EXPECT_TRUE(holds(nth(3), indexes(IndexAccess::kRead)));
  EXPECT_TRUE(holds(nth(10'000), indexes(IndexAccess::kRead)));
}

TEST_F(ListIndexTest, ThatIsNotWholeIsMadeAgain) {
  write(large());
  ASSERT_TRUE(holds(nth(3), indexes()));
  const std::string file = index_file();
  const std::string good = test::read_file(file);
  std::string other_magic = good;
  other_magic[0] = 'x';
  std::string other_count = good;
  other_count[40] = '\1';
  for (const std::string& bad :
       {std::string(), good.substr(0, 20), good.substr(0, 48), good.substr(0, good.size() / 2),
        good.substr(0, good.size() - 1), good + "x", std::string(good.size(), '\0'),
        std::string(good.size(), 'x'), other_magic, other_count}) {
    for (const auto access : {IndexAccess::kRead, IndexAccess::kWrite}) {
      put(file, bad);
      EXPECT_TRUE(holds(nth(3), indexes(access)));
      EXPECT_TRUE(holds(nth(9'999), indexes(access)));
      EXPECT_FALSE(holds(nth(10'000), indexes(access)));
      EXPECT_EQ(test::read_file(file) == good, access == IndexAccess::kWrite);
    }
  }
}

TEST_F(ListIndexTest, IsNoLinkAndNoFifo) {
  write(large());
  ASSERT_TRUE(holds(nth(3), indexes()));
  const std::string file = index_file();
  empty_the_index();
  std::filesystem::rename(file, folder_.path("elsewhere"));
  std::filesystem::create_symlink(folder_.path("elsewhere"), file);
  EXPECT_TRUE(holds(nth(3), indexes(IndexAccess::kRead)));
  std::filesystem::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_TRUE(holds(nth(3), indexes(IndexAccess::kRead)));
}

TEST_F(ListIndexTest, IsNotMadeWhereItMayNotBe) {
  write(large());
  EXPECT_TRUE(holds(nth(3), indexes(IndexAccess::kRead)));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("indexes")));
}

TEST_F(ListIndexTest, IsNotNeeded) {
  write(large());
  // A file stands where the folder would be, or there is nowhere to make it.
  for (const std::string& place : {folder_.write("file", "x"), folder_.path("missing/indexes"),
                                   std::string("/proc/indexes")}) {
    const IndexFolder folder{place, IndexAccess::kWrite, std::chrono::nanoseconds(0)};
    EXPECT_TRUE(holds(nth(3), folder)) << place;
    EXPECT_FALSE(holds(nth(10'000), folder)) << place;
  }
  EXPECT_EQ(test::read_file(folder_.path("file")), "x");
}

TEST_F(ListIndexTest, IsNotMadeOfAFileThatHasChangedJustNow) {
  write(large());
  auto folder = indexes();
  folder.settled_after = std::chrono::hours(1);
  EXPECT_TRUE(holds(nth(3), folder));
  EXPECT_FALSE(std::filesystem::exists(folder.path));
}

TEST_F(ListIndexTest, IsNotMadeOfAFileWithAFault) {
  write(large() + "nobody\n");
  EXPECT_EQ(fault_of([&] { static_cast<void>(holds(nth(3), indexes())); }),
            path() + ":10002: expected an address, @domain or @.domain");
  EXPECT_EQ(index_files(), Strings{});
}

TEST_F(ListIndexTest, IsOneForEachList) {
  write(large());
  write(repeated("bob@example.net\n", 10'000), "other");
  AddressList both;
  both.add_file(mention("other"), indexes());
  both.add_file(mention(), indexes());
  EXPECT_EQ(find(both, nth(3)), "list");
  EXPECT_EQ(find(both, "bob@example.net"), "other");
  EXPECT_EQ(find(both, nth(10'000)), std::nullopt);
  EXPECT_EQ(index_files().size(), 2U);
}

TEST_F(ListIndexTest, ServesAListOf200000Lines) {
  constexpr int kLines = 200'000;
  write(large(kLines));
  for (const int n : {0, kLines / 2, kLines - 1}) {
    EXPECT_TRUE(holds(nth(n), indexes())) << n;
  }
  for (const int n : {kLines, kLines + 1}) {
    EXPECT_FALSE(holds(nth(n), indexes())) << n;
  }
  EXPECT_EQ(index_files().size(), 1U);
}

// --- the rule ---

Situation with_lists(const Strings& never, const Strings& only, const std::string& sender) {
  Situation situation;
  situation.sender = sender;
  for (const auto& entry : never)
    EXPECT_TRUE(situation.responder.never_reply_to.add(entry));
  for (const auto& entry : only)
    EXPECT_TRUE(situation.responder.only_reply_to.add(entry));
  return situation;
}

TEST(Excluded, IsThePersonHoweverTheAddressIsWritten) {
  for (const std::string sender :
       {"alice@example.net", "ALICE@EXAMPLE.NET", "alice+tag@example.net", "\"alice\"@example.net",
        "prvs=1234abcdef=alice@example.net", "prvs=1234abcdef=Alice+x@example.net",
        "SRS0=HHH=TT=example.net=alice@forwarder.example",
        "SRS1=HHH=first.example==HHH=TT=example.net=alice@second.example",
        "box+SRS=HHH=TT=example.net=alice@forwarder.example"}) {
    EXPECT_EQ(verdict(with_lists({"alice@example.net"}, {}, sender)), "excluded") << sender;
    EXPECT_EQ(verdict(with_lists({"@example.net"}, {}, sender)), "excluded") << sender;
    EXPECT_EQ(verdict(with_lists({"@.net"}, {}, sender)), "excluded") << sender;
    EXPECT_EQ(verdict(with_lists({"bob@example.net", "@example.com"}, {}, sender)), "reply");
  }
}

TEST(Rfc3834, R32_WhoIsNotToKnowThatTheRecipientIsAwayIsNotAnswered) {
  EXPECT_EQ(verdict(with_lists({"@rival.example"}, {}, "spy@rival.example")), "excluded");
  EXPECT_EQ(verdict(with_lists({}, {"@.example.org"}, "spy@rival.example")), "excluded");
  EXPECT_EQ(verdict(with_lists({}, {"@.example.org"}, "colleague@sub.example.org")), "reply");
}

TEST(Excluded, IsAnExtensionAloneWhereTheListNamesIt) {
  EXPECT_EQ(verdict(with_lists({"alice+tag@example.net"}, {}, "alice+tag@example.net")),
            "excluded");
  EXPECT_EQ(verdict(with_lists({"alice+tag@example.net"}, {}, "alice@example.net")), "reply");
}

TEST(Excluded, IsAForwarderByWhereTheReplyWouldGo) {
  const std::string forwarded = "SRS0=HHH=TT=example.net=alice@forwarder.example";
  EXPECT_EQ(verdict(with_lists({"@forwarder.example"}, {}, forwarded)), "excluded");
  EXPECT_EQ(verdict(with_lists({"@.example"}, {}, forwarded)), "excluded");
  EXPECT_EQ(verdict(with_lists({forwarded}, {}, forwarded)), "excluded");
}

TEST(Excluded, IsEverybodyWhomOnlyReplyToDoesNotName) {
  for (const std::string sender :
       {"alice@example.net", "Alice+tag@Example.NET", "prvs=1234abcdef=alice@example.net",
        "SRS0=HHH=TT=example.net=alice@example.net"}) {
    EXPECT_EQ(verdict(with_lists({}, {"alice@example.net"}, sender)), "reply") << sender;
    EXPECT_EQ(verdict(with_lists({}, {"bob@example.net", "@example.net"}, sender)), "reply");
    EXPECT_EQ(verdict(with_lists({}, {"@.net"}, sender)), "reply") << sender;
    EXPECT_EQ(verdict(with_lists({}, {"bob@example.net"}, sender)), "excluded") << sender;
    EXPECT_EQ(verdict(with_lists({}, {"@.example.net.example"}, sender)), "excluded") << sender;
  }
}

TEST(Excluded, IsAStrangerWhoCallsHimselfAnInsider) {
  const std::string stranger = "SRS0=HHH=TT=example.net=alice@stranger.example";
  for (const auto* entry : {"alice@example.net", "@example.net", "@.net"}) {
    EXPECT_EQ(verdict(with_lists({}, {entry}, stranger)), "excluded") << entry;
  }
  EXPECT_EQ(verdict(with_lists({}, {"@stranger.example"}, stranger)), "reply");
}

TEST(Excluded, IsWhoStandsInBothLists) {
  EXPECT_EQ(verdict(with_lists({"alice@example.net"}, {"alice@example.net"}, "alice@example.net")),
            "excluded");
  EXPECT_EQ(verdict(with_lists({"@.net"}, {"alice@example.net"}, "alice@example.net")), "excluded");
  EXPECT_EQ(verdict(with_lists({"alice@example.net"}, {"@example.net"}, "bob@example.net")),
            "reply");
}

TEST(Excluded, NamesTheEntryThatDecided) {
  const auto evidence = [](const Situation& situation) {
    return test::decide_on(situation).results[static_cast<std::size_t>(Reason::kExcluded)].evidence;
  };
  EXPECT_EQ(evidence(with_lists({"@.net"}, {}, "alice@example.net")),
            "envelope sender <alice@example.net> in never-reply-to = @.net");
  EXPECT_EQ(evidence(with_lists({}, {"@.org"}, "alice@example.net")),
            "envelope sender <alice@example.net> not in only-reply-to");
}

}  // namespace
}  // namespace inforeply
