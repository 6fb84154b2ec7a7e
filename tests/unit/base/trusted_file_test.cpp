#include "base/trusted_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "config/config_file.hpp"
#include "fixtures.hpp"

namespace inforeply {
namespace {

using test::fault_of;
using namespace std::string_view_literals;
using test::TemporaryFolder;

constexpr std::size_t kEnough = 1000;

TEST(TrustedFile, IsReadWhole) {
  const TemporaryFolder folder;
  const std::string content("one\ntwo\0\xFF"sv);
  EXPECT_EQ(read_trusted_file(folder.write("file", content), kEnough), content);
  EXPECT_EQ(read_trusted_file(folder.write("empty", ""), kEnough), "");
  const std::string large(300'000, 'x');
  EXPECT_EQ(read_trusted_file(folder.write("large", large), kMaxConfigFileOctets), large);
}

TEST(TrustedFile, IsOfBoundedSize) {
  const TemporaryFolder folder;
  const auto file = folder.write("file", std::string(1000, 'x'));
  EXPECT_EQ(read_trusted_file(file, 1000).size(), 1000U);
  const auto fault = fault_of([&] { (void)read_trusted_file(file, 999); });
  EXPECT_TRUE(fault.starts_with(file + ": ")) << fault;
}

TEST(TrustedFile, MayNotBeWrittenByOthers) {
  const TemporaryFolder folder;
  const auto file = folder.write("file", "x");
  for (const mode_t mode : {0644U, 0600U, 0664U, 0444U}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    EXPECT_EQ(read_trusted_file(file, kEnough), "x");
  }
  for (const mode_t mode : {0666U, 0602U, 0777U}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    const auto fault = fault_of([&] { (void)read_trusted_file(file, kEnough); });
    EXPECT_TRUE(fault.starts_with(file + ": ")) << fault;
  }
}

TEST(PrivateFile, IsOfNoUseToOthers) {
  const TemporaryFolder folder;
  const auto file = folder.write("file", "x");
  for (const mode_t mode : {0600U, 0400U}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    EXPECT_EQ(read_private_file(file, kEnough), "x");
  }
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0644U}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    const auto fault = fault_of([&] { (void)read_private_file(file, kEnough); });
    EXPECT_TRUE(fault.starts_with(file + ": others ")) << fault;
  }
}

TEST(PrivateFile, IsOfNoOtherAccount) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away, and read them then";
  const TemporaryFolder folder;
  const auto file = folder.write("file", "x");
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  ASSERT_EQ(::chown(file.c_str(), 1, 1), 0);
  EXPECT_EQ(fault_of([&] { (void)read_private_file(file, kEnough); }),
            file + ": belongs neither to root nor to root");
}

TEST(TrustedFile, IsARegularFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.path("fifo").c_str(), 0600), 0);
  for (const auto& file : {folder.path(), folder.path("fifo"), std::string("/dev/null"),
                           folder.path("missing"), std::string()}) {
    const auto fault = fault_of([&] { (void)read_trusted_file(file, kEnough); });
    EXPECT_TRUE(fault.starts_with(file + ": ")) << fault;
  }
}

TEST(Trust, GoesByTheOwner) {
  const uid_t other = ::geteuid() + 1;
  EXPECT_FALSE(is_tenants(0, Trust::kOwner));
  EXPECT_FALSE(is_tenants(::geteuid(), Trust::kOwner));
  EXPECT_TRUE(is_tenants(other, Trust::kOwner));
  EXPECT_FALSE(is_tenants(other, Trust::kAll));
  EXPECT_TRUE(is_tenants(0, Trust::kNone));
}

TEST(OwnedFile, OfATenantMayNotBeWrittenByItsGroup) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "x");
  EXPECT_FALSE(read_owned_file(file, kEnough, Trust::kOwner).is_tenants);
  EXPECT_TRUE(read_owned_file(file, kEnough, Trust::kNone).is_tenants);
  ASSERT_EQ(::chmod(file.c_str(), 0664), 0);
  EXPECT_EQ(read_owned_file(file, kEnough, Trust::kOwner).text, "x");
  EXPECT_EQ(fault_of([&] { (void)read_owned_file(file, kEnough, Trust::kNone); }),
            file + ": the group may write this file (chmod g-w)");
}

TEST(TrustedFolder, MayNotBeWrittenByOthersNorATenantsByItsGroup) {
  const TemporaryFolder folder;
  const auto fault = [&](mode_t mode, Trust trust) {
    EXPECT_EQ(::chmod(folder.path().c_str(), mode), 0);
    return fault_of([&] { require_trusted_folder(folder.path(), trust); });
  };
  const std::string others = folder.path() + ": others may write this folder (chmod o-w)";
  EXPECT_EQ(fault(0775, Trust::kOwner), "no error");
  EXPECT_EQ(fault(0777, Trust::kAll), others);
  EXPECT_EQ(fault(01777, Trust::kOwner), others) << "others may add files";
  EXPECT_EQ(fault(0755, Trust::kNone), "no error");
  EXPECT_EQ(fault(0775, Trust::kNone),
            folder.path() + ": the group may write this folder (chmod g-w)");
  EXPECT_EQ(fault_of([&] { require_trusted_folder(folder.path("missing")); }), "no error");
}

class TrustedFileBeneath : public testing::Test {
 protected:
  TrustedFileBeneath() {
    (void)outer_.write("outside", "outside");
    (void)outer_.write("folder/inside", "inside");
    (void)outer_.write("folder/sub/deep", "deep");
    (void)outer_.write("folder-2/near", "near");
  }

  [[nodiscard]] std::string read(const std::string& name, std::size_t max_octets = kEnough) const {
    return read_trusted_file({outer_.path("folder"), name, "file.conf", 7}, max_octets);
  }
  [[nodiscard]] std::string fault(const std::string& name, std::size_t max_octets = kEnough) const {
    return fault_of([&] { (void)read(name, max_octets); });
  }
  void link(const std::string& target, const std::string& name) const {
    std::filesystem::create_symlink(target, outer_.path("folder/" + name));
  }
  [[nodiscard]] const TemporaryFolder& outer() const { return outer_; }

 private:
  TemporaryFolder outer_;
};

TEST_F(TrustedFileBeneath, IsNamedRelativeToTheFolder) {
  EXPECT_EQ(read("inside"), "inside");
  EXPECT_EQ(read("./inside"), "inside");
  EXPECT_EQ(read("sub/deep"), "deep");
  EXPECT_EQ(read("sub/../inside"), "inside");
}

TEST_F(TrustedFileBeneath, MayBeASymbolicLinkThatStaysInside) {
  link("inside", "link");
  link("sub", "folder-link");
  link("../folder/inside", "out-and-in");
  EXPECT_EQ(read("link"), "inside");
  EXPECT_EQ(read("folder-link/deep"), "deep");
  EXPECT_TRUE(fault("out-and-in").starts_with("file.conf:7: "));
}

TEST_F(TrustedFileBeneath, NeverLeadsOutside) {
  link("../outside", "up");
  link(outer().path("outside"), "absolute");
  link("..", "parent");
  link("/", "root");
  link("/proc/self/root", "magic");
  for (const std::string& name :
       {std::string("../outside"), std::string("sub/../../outside"),
        std::string("../folder/inside"), std::string("../inside"), std::string("/inside"),
        std::string("../folder-2/near"), outer().path("outside"), outer().path("folder/inside"),
        std::string("/etc/passwd"), std::string("up"), std::string("absolute"),
        std::string("parent/outside"), std::string("root/etc/passwd"),
        std::string("magic/etc/passwd")}) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(fault(name).starts_with("file.conf:7: ")) << fault(name);
    EXPECT_NE(fault(name).find(name), std::string::npos) << fault(name);
  }
}

TEST_F(TrustedFileBeneath, IsNoConfigurationFile) {
  (void)outer().write("folder/sub/a.conf", "x");
  (void)outer().write("folder/b.ConF", "x");
  link("sub/a.conf", "link");
  link("link", "link-to-link");
  link("sub", "way");
  for (const std::string name :
       {"sub/a.conf", "b.ConF", "link", "link-to-link", "way/a.conf", "missing.conf"}) {
    EXPECT_EQ(fault(name), "file.conf:7: '" + name + "': a file *.conf is no part of a reply");
  }
  link("inside", "x.conf-link");
  EXPECT_EQ(read("x.conf-link"), "inside");
}

TEST_F(TrustedFileBeneath, LiesInNoFolderThatOthersMayWrite) {
  link("sub/deep", "link");
  ASSERT_EQ(::chmod(outer().path("folder/sub").c_str(), 0757), 0);
  for (const std::string name : {"sub/deep", "link", "./sub/deep"}) {
    EXPECT_NE(fault(name).find("others may write this folder"), std::string::npos) << fault(name);
  }
}

TEST_F(TrustedFileBeneath, NamesItsMentionInEveryFault) {
  (void)outer().write("folder/large", std::string(11, 'x'));
  ASSERT_EQ(::chmod(outer().write("folder/open", "x").c_str(), 0666), 0);
  ASSERT_EQ(::mkfifo(outer().path("folder/fifo").c_str(), 0600), 0);
  link("loop", "loop");
  for (const std::string name :
       {"", "missing", "inside/", "sub", "fifo", "open", "large", "loop"}) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(fault(name, 10).starts_with("file.conf:7: ")) << fault(name, 10);
  }
  const auto no_folder = fault_of([&] {
    (void)read_trusted_file({outer().path("missing"), "inside", "file.conf", 7}, kEnough);
  });
  EXPECT_TRUE(no_folder.starts_with("file.conf:7: ")) << no_folder;
}

}  // namespace
}  // namespace inforeply
