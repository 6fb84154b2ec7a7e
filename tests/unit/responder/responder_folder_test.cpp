#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/config_check.hpp"
#include "fixtures.hpp"
#include "inforeply/error.hpp"
#include "responder/responder_desk.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {
namespace {

using test::address;
using test::Desk;
using test::expanded;
using test::fault_of;

/// A folder of responders in which the subject tells which file was found.
class Responders {
 public:
  explicit Responders(const std::vector<std::string>& names) {
    for (const auto& name : names)
      add(name);
  }
  void add(const std::string& name) const {
    // The folder of `domain.conf` is `domain`.
    const std::string folder = name.substr(0, std::min(name.rfind('/'), name.rfind('.')));
    static_cast<void>(folder_.write(folder + "/text", "text\n"));
    static_cast<void>(folder_.write(name, "text = text\nsubject = " + name + "\n"));
  }
  /// The name of the file found, or "none".
  [[nodiscard]] std::string find(std::string_view text, const std::string& delimiters = "+") const {
    const auto found = responder_folder(folder_.path(), delimiters)->find(address(text));
    return found ? expanded(*found->responder->reply.find({})->subject) : "none";
  }
  [[nodiscard]] const test::TemporaryFolder& folder() const { return folder_; }

 private:
  test::TemporaryFolder folder_;
};

TEST(ResponderLookup, TakesTheAddressThenItWithoutExtensionThenTheDomain) {
  const Responders responders(
      {"example.org/info+de.conf", "example.org/info.conf", "example.org.conf"});
  EXPECT_EQ(responders.find("info+de@example.org"), "example.org/info+de.conf");
  EXPECT_EQ(responders.find("info+fr@example.org"), "example.org/info.conf");
  EXPECT_EQ(responders.find("info@example.org"), "example.org/info.conf");
  EXPECT_EQ(responders.find("other@example.org"), "example.org.conf");
  EXPECT_EQ(responders.find("info@example.net"), "none");
  EXPECT_EQ(responders.find("info@sub.example.org"), "none");
}

TEST(ResponderLookup, KnowsOnlyTheGivenDelimiters) {
  const Responders responders({"example.org/info.conf"});
  EXPECT_EQ(responders.find("info-de@example.org", "+"), "none");
  EXPECT_EQ(responders.find("info-de@example.org", "+-"), "example.org/info.conf");
  EXPECT_EQ(responders.find("info+de@example.org", ""), "none");
}

TEST(ResponderLookup, IgnoresCaseAndTheSpellingOfTheDomain) {
  const Responders responders({"example.org/info.conf", "xn--bcher-kva.example/j\u00FCrgen.conf"});
  EXPECT_EQ(responders.find("INFO@Example.ORG"), "example.org/info.conf");
  EXPECT_EQ(responders.find("J\u00DCRGEN@B\u00DCCHER.example"),
            "xn--bcher-kva.example/j\u00FCrgen.conf");
}

TEST(ResponderLookup, NeverLeavesTheFolder) {
  const Responders responders({"example.org/info.conf", "example.net/info.conf"});
  for (const char* text : {"\"../example.net/info\"@example.org", "\"..\"@example.org",
                           "\"/info\"@example.org", "../../info@example.org"}) {
    const auto parsed = parse_address(text);
    if (!parsed) continue;
    EXPECT_EQ(responders.find(text), "none") << text;
  }
  responders.add("example.org/..%2Finfo.conf");
  responders.add("example.org/%2E.%2Finfo.conf");
  EXPECT_EQ(responders.find("\"../info\"@example.org"), "example.org/%2E.%2Finfo.conf");
}

TEST(ResponderLookup, ALocalPartTooLongForAFileNameHasTheDomainsResponder) {
  const Responders responders({"example.org/info.conf", "example.org.conf"});
  const std::string slashes(200, '/');  // three octets each in the name of the file
  EXPECT_EQ(responders.find(slashes + "@example.org"), "example.org.conf");
}

TEST(ResponderLookup, AFileThatIsThereAndCannotBeUsedIsAFault) {
  const Responders responders({"example.org.conf"});
  static_cast<void>(responders.folder().write("example.org/info.conf", "whatever = 1\n"));
  EXPECT_THROW(static_cast<void>(responders.find("info@example.org")), ConfigError);
  EXPECT_EQ(responders.find("other@example.org"), "example.org.conf");
}

TEST(ResponderLookup, AMissingFolderIsAFault) {
  const auto source = responder_folder("/nonexistent", "+");
  EXPECT_EQ(fault_of([&] { static_cast<void>(source->find(address("info@example.org"))); }),
            "/nonexistent: no such folder of responders");
}

TEST(ResponderLookup, ASingleResponderIsForEveryAddress) {
  const Desk desk;
  desk.write("info.conf", "text = text.txt\n");
  const auto source = single_responder(desk.path("info.conf"), "+");
  for (const char* text : {"a@example.org", "b@example.net"}) {
    const auto found = source->find(address(text));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->responder->file, desk.path("info.conf"));
  }
}

using Faults = std::vector<std::string>;

/// What check_responder_folder says, faults and notes, the folder's name left out.
Faults check_folder(const test::TemporaryFolder& folder) {
  Faults faults;
  const auto collect = [&](const ConfigError& fault) {
    std::string text = fault.what();
    faults.push_back(text.erase(0, folder.path().size() + 1));
  };
  const auto count = check_responder_folder(folder.path(), {}, collect, collect);
  faults.push_back(std::to_string(count));
  return faults;
}

TEST(ResponderFolderCheck, CountsTheRespondersOfAFolderWithoutAFault) {
  const Responders responders({"example.org/info.conf", "example.org/%2Ea%2Fb.conf",
                               "example.org/a%25b.conf", "example.org/j\u00FCrgen.conf",
                               "example.org/info+de.conf", "example.org.conf",
                               "xn--bcher-kva.example/a b.conf", "[192.0.2.1]/root.conf"});
  static_cast<void>(responders.folder().write("README", "no responder\n"));
  static_cast<void>(responders.folder().write("example.org/texts/a.txt", "no responder\n"));
  EXPECT_EQ(check_folder(responders.folder()), Faults{"8"});
}

TEST(ResponderFolderCheck, ReadsAllFilesInTheOrderOfTheirNames) {
  const Responders responders({"a.example/info.conf", "b.example.conf"});
  for (const char* name :
       {"c.example/b.conf", "c.example/a.conf", "a.example/z.conf", "d.example.conf"}) {
    static_cast<void>(responders.folder().write(name, "whatever = 1\ntext = text\n"));
  }
  static_cast<void>(responders.folder().write("d.example/text", "text\n"));
  const std::string unknown = ":1: unknown name 'whatever'";
  const std::string missing = ":2: 'text': cannot open: No such file or directory";
  EXPECT_EQ(check_folder(responders.folder()),
            (Faults{"a.example/z.conf" + unknown, "c.example/a.conf" + unknown,
                    "c.example/a.conf" + missing, "c.example/b.conf" + unknown,
                    "c.example/b.conf" + missing, "d.example.conf" + unknown, "6"}));
}

TEST(ResponderFolderCheck, NamesAreThoseThatAnAddressLeadsTo) {
  for (const std::string name :
       {"example.org/Info.conf", "example.org/.hidden.conf", "example.org/a%2fb.conf",
        "example.org/a%.conf", "example.org/%41.conf", "example.org/J\u00DCRGEN.conf",
        "example.org/a%2.conf", "Example.org.conf", "-example.conf", "b\u00FCcher.example.conf",
        "exa_mple.org.conf", "example..org.conf"}) {
    const Responders responders({name});
    const auto faults = check_folder(responders.folder());
    ASSERT_EQ(faults.size(), 2U) << name;
    EXPECT_TRUE(faults[0].starts_with(name + ": note: no address leads to a file of this name"))
        << name;
  }
  for (const std::string folder : {"Example.org", "b\u00FCcher.example", "texts_", ".hidden"}) {
    const Responders responders({folder + "/info.conf"});
    const auto faults = check_folder(responders.folder());
    ASSERT_EQ(faults.size(), 2U) << folder;
    EXPECT_TRUE(
        faults[0].starts_with(folder + ": note: no address leads to a folder of this name"));
  }
}

TEST(ResponderFolderCheck, TheNameThatWouldBeRightIsFoundByTheAddress) {
  for (const auto& [name, right] : std::vector<std::pair<std::string, std::string>>{
           {"example.org/Info.conf", "example.org/info.conf"},
           {"Example.org/Info.conf", "example.org/info.conf"},
           {"example.org/.conf", "example.org.conf"},
           {"B\u00FCcher.example.conf", "xn--bcher-kva.example.conf"},
           {"J\u00DCrgen@B\u00FCcher.example.conf", "xn--bcher-kva.example/j\u00FCrgen.conf"},
           {"example.org/texts/Info.conf", "example.org/info.conf"}}) {
    const Responders wrong({name});
    const auto faults = check_folder(wrong.folder());
    EXPECT_TRUE(std::any_of(faults.begin(), faults.end(), [&, &expected = right](const auto& one) {
      return one.ends_with(": '" + expected + "' would be right");
    })) << name;
    const Responders responders({right});
    EXPECT_EQ(check_folder(responders.folder()), Faults{"1"}) << right;
  }
}

TEST(ResponderFolderCheck, EveryNameThatIsFineIsFoundByItsAddress) {
  for (const char* text : {"info@example.org", "\".a/b\"@example.org", "\"a%b\"@example.org",
                           "J\u00DCRGEN@B\u00DCCHER.example", "\"a b\"@[192.0.2.1]"}) {
    const auto one = address(text);
    const Responders responders(
        {encode_file_name(one.ascii_domain) + "/" + encode_file_name(one.local_part) + ".conf"});
    EXPECT_NE(responders.find(text), "none") << text;
    EXPECT_EQ(check_folder(responders.folder()), Faults{"1"}) << text;
  }
}

TEST(ResponderFolderCheck, WhatCannotBeReadIsAFault) {
  const test::TemporaryFolder folder;
  Faults faults;
  const auto collect = [&](const ConfigError& fault) { faults.emplace_back(fault.what()); };
  EXPECT_EQ(check_responder_folder(folder.path("missing"), {}, collect), 0U);
  EXPECT_EQ(check_responder_folder(folder.write("file", ""), {}, collect), 0U);
  EXPECT_EQ(faults, (Faults{folder.path("missing") + ": cannot read: No such file or directory",
                            folder.path("file") + ": cannot read: Not a directory"}));
  const Responders responders({"example.org/info.conf"});
  std::filesystem::create_symlink("nowhere", responders.folder().path("example.org/lost.conf"));
  std::filesystem::create_directory(responders.folder().path("example.org/folder.conf"));
  EXPECT_EQ(check_folder(responders.folder()),
            (Faults{"example.org/folder.conf: not a regular file",
                    "example.org/lost.conf: cannot open: No such file or directory", "3"}));
}

TEST(ResponderLookup, EncodesWhatAFileNameCannotHold) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Info", "info"},  {"a.b", "a.b"},
      {".a", "%2Ea"},    {"..", "%2E."},
      {"a/b", "a%2Fb"},  {"a%2Fb", "a%252fb"},
      {"a b", "a b"},    {"a\nb", "a%0Ab"},
      {"a\x7F", "a%7F"}, {"J\u00DCRGEN", "j\u00FCrgen"},
      {"", ""},          {"[ipv6:2001:db8::1]", "[ipv6:2001:db8::1]"}};
  for (const auto& [part, name] : cases)
    EXPECT_EQ(encode_file_name(part), name);
}

}  // namespace
}  // namespace inforeply
