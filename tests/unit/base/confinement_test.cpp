#include "base/confinement.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "fixtures.hpp"
#include "inforeply/descriptor.hpp"

namespace inforeply {
namespace {

using test::TemporaryFolder;

constexpr int kNotConfined = 255;  // the kernel lacks something
constexpr int kDied = -1;          // of a signal

int errno_of(long result) {
  return result < 0 ? errno : 0;
}

/// What `attempt` returns, an errno or 0, in a process of its own.
int attempt_unconfined(const std::function<int()>& attempt) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(attempt());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : kDied;
}

int attempt_confined(const Permissions& permissions, const std::function<int()>& attempt) {
  return attempt_unconfined(
      [&] { return confine(permissions).empty() ? attempt() : kNotConfined; });
}

int attempt_open(const std::string& path, int flags) {
  return errno_of(::open(path.c_str(), flags, 0600));
}

/// A server on a port of this machine that nobody else has.
class Server {
 public:
  Server() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address_;
    ::bind(socket_.get(), address(), length);
    ::listen(socket_.get(), 1);
    ::getsockname(socket_.get(), address(), &length);
  }
  [[nodiscard]] std::uint16_t port() const { return ntohs(address_.sin_port); }
  [[nodiscard]] sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }

  int attempt_connect() {
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const bool is_begun =
        ::connect(client, address(), sizeof address_) == 0 || errno == EINPROGRESS;
    return is_begun ? 0 : errno;
  }
  int attempt_fast_open() {
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return errno_of(::sendto(client, "x", 1, MSG_FASTOPEN, address(), sizeof address_));
  }

 private:
  sockaddr_in address_{};
  Descriptor socket_;
};

class ConfinementTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (attempt_confined({}, [] { return 0; }) == kNotConfined) {
      GTEST_SKIP() << "the kernel lacks Landlock of version 4 or seccomp";
    }
    permissions_.readable_files = {file_};
    permissions_.readable_folders = {readable_.path()};
    permissions_.writable_folders = {writable_.path()};
    permissions_.moving_folders = {moving_.path()};
    permissions_.ports = {server_.port()};
    permissions_.sockets = Sockets::kTcp;
  }

  int attempt(const std::function<int()>& what) { return attempt_confined(permissions_, what); }

  TemporaryFolder outside_;
  TemporaryFolder readable_;
  TemporaryFolder writable_;
  TemporaryFolder moving_;
  std::string other_ = outside_.write("other", "secret");
  std::string file_ = outside_.write("file", "text");
  std::string read_ = readable_.write("below/file", "text");
  std::string written_ = writable_.write("file", "text");
  Server server_;
  Server other_server_;
  Permissions permissions_;
};

TEST_F(ConfinementTest, ReadsOnlyWhatIsPermitted) {
  for (const auto& path : {file_, read_, written_})
    EXPECT_EQ(attempt([&] { return attempt_open(path, O_RDONLY); }), 0) << path;
  std::vector<std::string> closed = {"/etc/passwd", other_};
#ifndef __SANITIZE_ADDRESS__  // which reads /proc
  closed.emplace_back("/proc/self/mem");
#endif
  for (const auto& path : closed)
    EXPECT_EQ(attempt([&] { return attempt_open(path, O_RDONLY); }), EACCES) << path;
  EXPECT_EQ(attempt([&] { return attempt_open("/", O_RDONLY | O_DIRECTORY); }), EACCES);
}

TEST_F(ConfinementTest, KeepsWhatIsOpen) {
  const Descriptor open(::open(other_.c_str(), O_RDONLY | O_CLOEXEC));
  char octet = 0;
  EXPECT_EQ(attempt([&] { return errno_of(::read(open.get(), &octet, 1)); }), 0);
}

TEST_F(ConfinementTest, MovesOnlyWithinAFolder) {
  const auto from = moving_.write("tmp/file", "text");
  const auto inside = moving_.path("cur/file");
  ASSERT_EQ(::mkdir(moving_.path("cur").c_str(), 0700), 0);
  const auto link_to = [&](const std::string& path) {
    return attempt([&] { return errno_of(::link(from.c_str(), path.c_str())); });
  };
  EXPECT_EQ(link_to(inside), 0);
  EXPECT_NE(link_to(outside_.path("moved")), 0);
  EXPECT_EQ(attempt([&] { return errno_of(::unlink(from.c_str())); }), 0);
}

TEST_F(ConfinementTest, WritesOnlyBelowTheFolders) {
  for (const auto& path : {written_, writable_.path("new"), writable_.path("new-lock")})
    EXPECT_EQ(attempt([&] { return attempt_open(path, O_RDWR | O_CREAT); }), 0) << path;
  EXPECT_EQ(attempt([&] { return errno_of(::truncate(written_.c_str(), 0)); }), 0);
  EXPECT_EQ(attempt([&] { return errno_of(::mkdir(writable_.path("lists").c_str(), 0700)); }), 0);
  EXPECT_EQ(attempt([&] {
              return errno_of(::rename(written_.c_str(), writable_.path("lists/file").c_str()));
            }),
            EXDEV);  // none of our files changes its folder
  EXPECT_EQ(attempt([&] {
              return errno_of(::rename(written_.c_str(), writable_.path("renamed").c_str()));
            }),
            0);
  EXPECT_EQ(attempt([&] { return errno_of(::unlink(writable_.path("renamed").c_str())); }), 0);

  for (const auto& path : {file_, read_, other_})
    EXPECT_EQ(attempt([&] { return attempt_open(path, O_WRONLY); }), EACCES) << path;
  for (const auto& path : {outside_.path("new"), readable_.path("new")})
    EXPECT_EQ(attempt([&] { return attempt_open(path, O_RDWR | O_CREAT); }), EACCES) << path;
  for (const auto& path : {file_, read_, other_}) {
    EXPECT_EQ(attempt([&] { return errno_of(::truncate(path.c_str(), 0)); }), EACCES) << path;
    EXPECT_EQ(attempt([&] { return errno_of(::unlink(path.c_str())); }), EACCES) << path;
    EXPECT_EQ(attempt([&] { return errno_of(::chmod(path.c_str(), 0666)); }), EPERM) << path;
  }
  EXPECT_EQ(test::read_file(other_), "secret");
}

TEST_F(ConfinementTest, FollowsLinksWhenItBegins) {
  const TemporaryFolder links;
  const std::string link = links.path("folder");
  ASSERT_EQ(::symlink(outside_.path().c_str(), link.c_str()), 0);
  permissions_.readable_folders = {link};
  EXPECT_EQ(attempt([&] { return attempt_open(link + "/other", O_RDONLY); }), 0);
  permissions_.readable_folders = {links.path()};
  EXPECT_EQ(attempt([&] { return attempt_open(link + "/other", O_RDONLY); }), EACCES);
}

TEST_F(ConfinementTest, ConnectsOnlyToItsPorts) {
  EXPECT_EQ(attempt([&] { return server_.attempt_connect(); }), 0);
  EXPECT_EQ(attempt([&] { return other_server_.attempt_connect(); }), EACCES);
  EXPECT_EQ(attempt([&] { return other_server_.attempt_fast_open(); }), EPERM);
}

TEST_F(ConfinementTest, MakesOnlyTheSocketsItNeeds) {
  struct Kind {
    int family;
    int type;
    int protocol;
  };
  const Kind log{AF_UNIX, SOCK_DGRAM, 0};
  const Kind local{AF_UNIX, SOCK_STREAM, 0};
  const Kind tcp{AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0};
  const Kind tcp6{AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0};
  const Kind udp{AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0};
  const Kind routes{AF_NETLINK, SOCK_RAW, 0};
  const Kind multipath{AF_INET, SOCK_STREAM, IPPROTO_MPTCP};  // which Landlock would let pass
  const Kind raw{AF_INET, SOCK_RAW, IPPROTO_TCP};
  const Kind packets{AF_PACKET, SOCK_RAW, 0};
  const std::vector<Kind> all = {log, local, tcp, tcp6, udp, routes, multipath, raw, packets};
  const auto check = [&](Sockets sockets, const std::vector<bool>& allowed) {
    permissions_.sockets = sockets;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& [family, type, protocol] = all[i];
      const auto make = [&] { return errno_of(::socket(family, type, protocol)); };
      // The machine may have no IPv6.
      EXPECT_EQ(attempt(make), allowed[i] ? attempt_unconfined(make) : EPERM)
          << "sockets " << static_cast<int>(sockets) << ", kind " << i;
    }
  };
  check(Sockets::kLogOnly, {true, false, false, false, false, false, false, false, false});
  check(Sockets::kFileSystem, {true, true, false, false, false, false, false, false, false});
  check(Sockets::kTcp, {true, false, true, true, false, false, false, false, false});
  check(Sockets::kTcpByName, {true, true, true, true, true, true, false, false, false});
}

TEST_F(ConfinementTest, RefusesOtherSystemCalls) {
  char* const argv[] = {const_cast<char*>("/bin/true"), nullptr};
  EXPECT_EQ(attempt([&] { return errno_of(::execv(argv[0], argv)); }), EPERM);
  struct Refused {
    const char* name;
    long number;
  };
  // Their arguments are of no use, so nothing happens where one is not refused.
  const std::vector<Refused> calls = {
      {"execveat", SYS_execveat},
      {"mount", SYS_mount},
      {"umount2", SYS_umount2},
      {"pivot_root", SYS_pivot_root},
      {"fsopen", SYS_fsopen},
      {"bpf", SYS_bpf},
      {"keyctl", SYS_keyctl},
      {"add_key", SYS_add_key},
      {"init_module", SYS_init_module},
      {"finit_module", SYS_finit_module},
      {"kexec_load", SYS_kexec_load},
      {"process_vm_readv", SYS_process_vm_readv},
      {"process_vm_writev", SYS_process_vm_writev},
      {"userfaultfd", SYS_userfaultfd},
      {"perf_event_open", SYS_perf_event_open},
      {"io_uring_setup", SYS_io_uring_setup},
      {"unshare", SYS_unshare},
      {"setns", SYS_setns},
      {"setuid", SYS_setuid},
      {"setresgid", SYS_setresgid},
      {"setgroups", SYS_setgroups},
      {"kill", SYS_kill},
      {"pidfd_open", SYS_pidfd_open},
#ifdef __x86_64__
      {"getpid of x32", 0x40000000L | SYS_getpid},
#endif
#ifndef __SANITIZE_ADDRESS__
      {"ptrace", SYS_ptrace},
      {"clone", SYS_clone},
      {"clone3", SYS_clone3},
#endif
  };
  for (const auto& [name, number] : calls) {
    EXPECT_EQ(attempt([&, n = number] { return errno_of(::syscall(n, -1, -1, -1, -1, -1)); }),
              EPERM)
        << name;
  }
}

#ifdef __x86_64__
/// getpid(2) of 32-bit programs. A kernel without these lets the process die.
int attempt_in_32_bits() {
  int result = 20;
  asm volatile("int $0x80" : "+a"(result) : : "memory");
  return result < 0 ? -result : 0;
}

TEST_F(ConfinementTest, RefusesCallsOfAnotherArchitecture) {
  const int result = attempt(attempt_in_32_bits);
  EXPECT_TRUE(result == EPERM || result == kDied) << result;
}
#endif

TEST_F(ConfinementTest, HoldsForEver) {
  EXPECT_EQ(attempt([&] {
              Permissions more = permissions_;
              more.readable_files = {other_};
              confine(more);
              return attempt_open(other_, O_RDONLY);
            }),
            EACCES);
}

}  // namespace
}  // namespace inforeply
