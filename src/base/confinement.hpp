// Confinement of this process by the kernel, for the rest of its life and for all that it starts:
// Landlock (landlock(7)) bounds the files and the TCP ports, seccomp (seccomp(2)) the system calls.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace inforeply {

/// The sockets that may be made. Datagrams to sockets in the file system always may: syslog(3).
enum class Sockets {
  kLogOnly,
  kFileSystem,  ///< and streams there
  kTcp,
  kTcpByName  ///< and what looking up a host takes
};

/// What a confined process may still open. A path that does not exist permits nothing; symbolic
/// links are followed now, not later.
struct Permissions {
  std::vector<std::string> readable_files{};
  std::vector<std::string> readable_folders{};  ///< with all that is below them
  std::vector<std::string> writable_folders{};  ///< also to make, rename and remove files there
  std::vector<std::string> moving_folders{};    ///< the same, also from one folder to another
  std::vector<std::uint16_t> ports{};           ///< of TCP, to connect to
  bool any_port = false;                        ///< which they are shows only later
  Sockets sockets = Sockets::kLogOnly;
};

/// Permits what the C library reads and reaches to look up a host.
void permit_look_up(Permissions& permissions);

/// Permits these sockets beside those that were permitted before.
void permit_sockets(Permissions& permissions, Sockets sockets);

/// Confines this process. Files that are open stay open. Other files, ports and sockets are refused
/// by EACCES or EPERM. So is every system call that starts a program or a process, looks into
/// another process, changes whom this one runs as, who may use a file or what is mounted, or
/// reaches a part of the kernel that a delivery has no use for. Returns what the kernel lacks for
/// that, a mechanism and the cause in each line; all else is in force.
std::vector<std::string> confine(const Permissions& permissions);

}  // namespace inforeply
