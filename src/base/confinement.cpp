#include "base/confinement.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <system_error>

#include "inforeply/descriptor.hpp"

namespace inforeply {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr bool kIsSanitized = true;  // it looks for leaks as a second process with ptrace(2)
#else
constexpr bool kIsSanitized = false;
#endif

// --- Landlock: as <linux/landlock.h> has it, which may be older than the kernel ---

constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr unsigned kAskVersion = 1;
constexpr int kPathBeneath = 1;
constexpr int kNetPort = 2;

struct RulesetAttributes {
  std::uint64_t files = 0;
  std::uint64_t net = 0;
  std::uint64_t scoped = 0;
};

struct [[gnu::packed]] PathBeneath {
  std::uint64_t access;
  std::int32_t folder;
};

struct NetPort {
  std::uint64_t access;
  std::uint64_t port;
};

constexpr std::uint64_t kWriteFile = 1U << 1U;
constexpr std::uint64_t kReadFile = 1U << 2U;
constexpr std::uint64_t kReadFolder = 1U << 3U;
constexpr std::uint64_t kRemoveFolder = 1U << 4U;
constexpr std::uint64_t kRemoveFile = 1U << 5U;
constexpr std::uint64_t kMakeFolder = 1U << 7U;
constexpr std::uint64_t kMakeFile = 1U << 8U;
constexpr std::uint64_t kMoveToFolder = 1U << 13U;
constexpr std::uint64_t kTruncate = 1U << 14U;
constexpr std::uint64_t kConnectTcp = 1U << 1U;

/// What the versions of Landlock can refuse, from the first on.
constexpr std::array kVersions = {
    RulesetAttributes{(1U << 13U) - 1},        // executing, reading, writing, making and removing
    RulesetAttributes{(1U << 14U) - 1},        // moving to another folder
    RulesetAttributes{(1U << 15U) - 1},        // truncating
    RulesetAttributes{(1U << 15U) - 1, 3},     // TCP, both ways
    RulesetAttributes{(1U << 16U) - 1, 3},     // ioctl(2) on devices
    RulesetAttributes{(1U << 16U) - 1, 3, 3},  // abstract sockets and signals of other processes
};
constexpr long kNeededVersion = 4;

constexpr std::uint64_t kToRead = kReadFile | kReadFolder;
constexpr std::uint64_t kToWrite =
    kToRead | kWriteFile | kTruncate | kMakeFile | kMakeFolder | kRemoveFile | kRemoveFolder;

/// `errno` as the kernel's word about a mechanism; not with_cause(), which names the account.
std::string lacks(const std::string& mechanism, int error) {
  return mechanism + ": " + std::generic_category().message(error);
}

/// A set of rules that is being made. The first error is kept and ends it.
class Ruleset {
 public:
  explicit Ruleset(const RulesetAttributes& handled)
      : handled_(handled),
        rules_(static_cast<int>(::syscall(kCreateRuleset, &handled_, sizeof handled_, 0))) {
    if (!rules_.is_open()) error_ = errno;
  }

  void permit(const std::vector<std::string>& paths, std::uint64_t access,
              int flags = O_DIRECTORY) {
    for (const auto& path : paths) {
      if (error_ != 0) return;
      const Descriptor file(::open(path.c_str(), O_PATH | O_CLOEXEC | flags));
      if (!file.is_open()) continue;  // nor can it be opened later
      const PathBeneath rule{access & handled_.files, file.get()};
      add(kPathBeneath, &rule);
    }
  }

  void permit_ports(const std::vector<std::uint16_t>& ports) {
    if ((handled_.net & kConnectTcp) == 0) return;
    for (const auto port : ports) {
      const NetPort rule{kConnectTcp, port};
      add(kNetPort, &rule);
    }
  }

  /// Returns an errno, or 0 if the rules are in force.
  int enforce() {
    if (error_ == 0 && ::syscall(kRestrictSelf, rules_.get(), 0) != 0) error_ = errno;
    return error_;
  }

 private:
  void add(int kind, const void* rule) {
    if (error_ == 0 && ::syscall(kAddRule, rules_.get(), kind, rule, 0) != 0) error_ = errno;
  }

  RulesetAttributes handled_;
  Descriptor rules_;
  int error_ = 0;
};

void confine_files(const Permissions& permissions, std::vector<std::string>& lacking) {
  const long version = ::syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  if (version < 1) {
    lacking.push_back(lacks("Landlock", version < 0 ? errno : ENOSYS));
    return;
  }
  const auto known = std::min<std::size_t>(static_cast<std::size_t>(version), kVersions.size());
  auto handled = kVersions.at(known - 1);
  if (permissions.any_port) handled.net &= ~kConnectTcp;
  Ruleset rules(handled);
  rules.permit(permissions.readable_files, kReadFile, 0);
  rules.permit(permissions.readable_folders, kToRead);
  rules.permit(permissions.writable_folders, kToWrite);
  rules.permit(permissions.moving_folders, kToWrite | kMoveToFolder);
  if (kIsSanitized) rules.permit({"/proc"}, kToRead);
  rules.permit_ports(permissions.ports);
  if (const int error = rules.enforce(); error != 0) lacking.push_back(lacks("Landlock", error));
  if (version < kNeededVersion) {
    lacking.push_back(std::string("Landlock: version ") + std::to_string(version) +
                      " bounds neither TCP nor truncation, that takes version 4");
  }
}

// --- seccomp ---

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kOtherInterface = 0x40000000;  // x32
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

/// What no delivery does once its message is read. A list of what is refused, not of what is
/// allowed: the C library changes the calls that it makes.
constexpr std::array kRefused = {
    // programs and processes
    SYS_execve,
    SYS_execveat,
    SYS_unshare,
    SYS_setns,
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_kcmp,
    SYS_personality,
    // whom it runs as, and who may use a file
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_setgroups,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    // what is mounted
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_swapon,
    SYS_swapoff,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_open_by_handle_at,
    // the kernel
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_acct,
    SYS_syslog,
    SYS_reboot,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_settimeofday,
    SYS_clock_adjtime,
    SYS_vhangup,
#if defined(__x86_64__)
    SYS_chmod,
    SYS_kexec_file_load,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
};
/// Those that a sanitizer's own search for leaks needs.
constexpr std::array kRefusedUnlessSanitized = {
    SYS_ptrace, SYS_clone, SYS_clone3,
#if defined(__x86_64__)
    SYS_fork,   SYS_vfork,
#endif
};

constexpr std::size_t kMaxBounds = 2 * (kRefused.size() + kRefusedUnlessSanitized.size()) + 2;

/// The numbers of the system calls, in their order, at which allowed ones end and refused ones
/// begin, and so on in turn.
struct Bounds {
  std::array<std::uint32_t, kMaxBounds> numbers{};
  std::size_t count = 0;

  constexpr void add(std::uint32_t first, std::uint32_t end) {
    if (count > 0 && numbers[count - 1] == first) {
      numbers[count - 1] = end;  // it goes on
    } else {
      numbers[count++] = first;
      numbers[count++] = end;
    }
  }
};

constexpr Bounds bounds_of_refused() {
  std::array<long, kRefused.size() + kRefusedUnlessSanitized.size()> all{};
  auto* end = std::copy(kRefused.begin(), kRefused.end(), all.begin());
  if (!kIsSanitized) {
    end = std::copy(kRefusedUnlessSanitized.begin(), kRefusedUnlessSanitized.end(), end);
  }
  std::sort(all.begin(), end);
  Bounds bounds;
  for (const auto* number = all.begin(); number != end; ++number) {
    bounds.add(static_cast<std::uint32_t>(*number), static_cast<std::uint32_t>(*number) + 1);
  }
#if defined(__x86_64__)
  bounds.numbers[bounds.count++] = kOtherInterface;
#endif
  return bounds;
}
constexpr Bounds kBounds = bounds_of_refused();

constexpr sock_filter kAllow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
constexpr sock_filter kRefuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);

/// What decides a number between two bounds, and then kAllow and kRefuse.
using Search = std::array<sock_filter, kBounds.count + 2>;

/// A binary search for the number of the system call, as the kernel asks the filter about each
/// number when it is set up. Writes the part for these bounds, one instruction each.
constexpr void write_search(Search& search, std::size_t low, std::size_t high, std::size_t at) {
  const std::size_t middle = (low + high) / 2;
  const auto jump_to = [&](std::size_t from, std::size_t to, std::size_t place) {
    // Below the first bound a call is allowed, then refused, and so on.
    const std::size_t target = from < to ? place : kBounds.count + from % 2;
    return static_cast<std::uint8_t>(target - at - 1);
  };
  search[at] =
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kBounds.numbers[middle],
               jump_to(middle + 1, high, at + 1 + middle - low), jump_to(low, middle, at + 1));
  if (low < middle) write_search(search, low, middle, at + 1);
  if (middle + 1 < high) write_search(search, middle + 1, high, at + 1 + middle - low);
}

constexpr Search make_search() {
  Search search{};
  write_search(search, 0, kBounds.count, 0);
  search[kBounds.count] = kAllow;
  search[kBounds.count + 1] = kRefuse;
  return search;
}
constexpr Search kSearch = make_search();
static_assert(kSearch.size() <= UINT8_MAX, "a jump is no longer");

constexpr std::uint32_t kTypeBits = 4;  // of socket(2)'s second argument, below its flags

/// The kind of a socket in one number.
constexpr std::uint32_t kind(std::uint32_t family, std::uint32_t type) {
  return family << kTypeBits | type;
}

std::span<const std::uint32_t> kinds_of(Sockets sockets) {
  static constexpr std::array kLog = {kind(AF_UNIX, SOCK_DGRAM)};
  static constexpr std::array kFiles = {kind(AF_UNIX, SOCK_DGRAM), kind(AF_UNIX, SOCK_STREAM)};
  static constexpr std::array kTcp = {kind(AF_UNIX, SOCK_DGRAM), kind(AF_INET, SOCK_STREAM),
                                      kind(AF_INET6, SOCK_STREAM)};
  static constexpr std::array kNames = {
      kind(AF_UNIX, SOCK_DGRAM),  kind(AF_UNIX, SOCK_STREAM),   kind(AF_INET, SOCK_STREAM),
      kind(AF_INET, SOCK_DGRAM),  kind(AF_INET6, SOCK_STREAM),  kind(AF_INET6, SOCK_DGRAM),
      kind(AF_NETLINK, SOCK_RAW), kind(AF_NETLINK, SOCK_DGRAM),
  };
  switch (sockets) {
    case Sockets::kFileSystem:
      return kFiles;
    case Sockets::kTcp:
      return kTcp;
    case Sockets::kTcpByName:
      return kNames;
    case Sockets::kLogOnly:
      break;
  }
  return kLog;
}

constexpr sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
/// The lower half of an argument, as all of these architectures are little-endian.
constexpr sock_filter load_argument(std::size_t number) {
  return load(offsetof(seccomp_data, args) + number * sizeof(std::uint64_t));
}
constexpr sock_filter skip_unless_equal(std::uint32_t value, std::size_t instructions) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, static_cast<std::uint8_t>(instructions));
}

using Instructions = std::vector<sock_filter>;

/// Other protocols than the family's usual ones would pass by Landlock: MPTCP, SCTP.
Instructions judge_socket(Sockets sockets) {
  Instructions part = {
      load_argument(2),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 1, 0),
      kRefuse,
      load_argument(0),
      BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, kTypeBits),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      load_argument(1),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (1U << kTypeBits) - 1),
      BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0),
  };
  for (const auto allowed : kinds_of(sockets)) {
    part.insert(part.end(), {skip_unless_equal(allowed, 1), kAllow});
  }
  part.push_back(kRefuse);
  return part;
}

/// TCP Fast Open connects by sending, which Landlock does not see.
Instructions judge_sending(std::size_t flags_argument) {
  return {load_argument(flags_argument), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MSG_FASTOPEN, 0, 1),
          kRefuse, kAllow};
}

Instructions make_filter(Sockets sockets) {
  Instructions filter = {load(offsetof(seccomp_data, arch)),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0), kRefuse,
                         load(offsetof(seccomp_data, nr))};
  const auto add = [&](std::uint32_t system_call, const Instructions& part) {
    filter.push_back(skip_unless_equal(system_call, part.size()));
    filter.insert(filter.end(), part.begin(), part.end());
  };
  add(SYS_socket, judge_socket(sockets));
  add(SYS_sendto, judge_sending(3));
  add(SYS_sendmsg, judge_sending(2));
  add(SYS_sendmmsg, judge_sending(3));
  filter.insert(filter.end(), kSearch.begin(), kSearch.end());
  return filter;
}

void confine_calls(Sockets sockets, std::vector<std::string>& lacking) {
  if (kArchitecture == 0) {
    lacking.emplace_back("seccomp: no filter is written for this architecture");
    return;
  }
  auto filter = make_filter(sockets);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    lacking.push_back(lacks("seccomp", errno));
  }
}

}  // namespace

void permit_look_up(Permissions& permissions) {
  constexpr std::uint16_t kDomainPort = 53;  // for what is too large for a datagram
  permit_sockets(permissions, Sockets::kTcpByName);
  permissions.ports.push_back(kDomainPort);
  permissions.readable_files.insert(permissions.readable_files.end(),
                                    {"/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/hosts",
                                     "/etc/host.conf", "/etc/gai.conf", "/etc/ld.so.cache"});
}

void permit_sockets(Permissions& permissions, Sockets sockets) {
  const auto before = permissions.sockets;
  const auto [less, more] = std::minmax(before, sockets);
  const bool is_mixed = less == Sockets::kFileSystem && more == Sockets::kTcp;
  permissions.sockets = is_mixed ? Sockets::kTcpByName : more;
}

std::vector<std::string> confine(const Permissions& permissions) {
  std::vector<std::string> lacking;
  // Else a program with more rights than ours could be run with a filter that misleads it; the
  // kernel refuses both without this.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    lacking.push_back(lacks("no_new_privs", errno));
  }
  confine_files(permissions, lacking);
  confine_calls(permissions.sockets, lacking);
  return lacking;
}

}  // namespace inforeply
