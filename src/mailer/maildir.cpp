#include "mailer/maildir.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <ctime>

#include "base/trusted_file.hpp"
#include "inforeply/descriptor.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

struct OpenMaildir {
  Descriptor tmp;
  Descriptor cur;
};

OpenMaildir open_maildir(const MaildirPath& maildir) {
  require_trusted_folder(maildir.root);
  const Descriptor root(::open(maildir.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) throw system_error(Fault::kConfiguration, "cannot open " + maildir.root);
  const auto open = [&](const char* part) {
    const std::string path = maildir.path() + "/" + part;
    auto folder = open_beneath(root, maildir.name + "/" + part, O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                               RESOLVE_NO_SYMLINKS);
    if (!folder.is_open() && errno == ELOOP) {
      throw Error(Fault::kConfiguration, "cannot open " + path + ": a symbolic link is on the way");
    }
    struct stat status {};
    if (!folder.is_open() || ::fstat(folder.get(), &status) != 0) {
      throw system_error(Fault::kConfiguration, "cannot open " + path);
    }
    if (status.st_uid != ::geteuid()) {
      throw Error(Fault::kConfiguration, path + " does not belong to " + running_account());
    }
    if (::faccessat(folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
      throw system_error(Fault::kConfiguration, "cannot make files in " + path);
    }
    return folder;
  };
  open("new");  // else it is none
  return {open("tmp"), open("cur")};
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  std::string escaped;
  for (const char* c = name.data(); *c != '\0'; ++c) {
    if (*c == '/') {
      escaped += "\\057";
    } else if (*c == ':') {
      escaped += "\\072";
    } else {
      escaped += *c;
    }
  }
  return escaped;
}

std::string unique_name() {
  static unsigned deliveries = 0;  // of this process
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::to_string(now.tv_sec) + ".M" + std::to_string(now.tv_nsec / 1000) + "P" +
         std::to_string(::getpid()) + "Q" + std::to_string(++deliveries) + "." + host_name();
}

/// A file that is gone when this ends.
class TemporaryFile {
 public:
  TemporaryFile(const Descriptor& folder, const std::string& name)
      : folder_(folder),
        name_(name),
        file_(::openat(folder.get(), name.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (file_.is_open()) ::unlinkat(folder_.get(), name_.c_str(), 0);
  }

  [[nodiscard]] bool is_open() const { return file_.is_open(); }
  [[nodiscard]] bool write(std::string_view text) const {
    return write_all(file_.get(), text) && ::fsync(file_.get()) == 0;
  }

 private:
  const Descriptor& folder_;
  const std::string& name_;
  Descriptor file_;
};

}  // namespace

void require_maildir(const MaildirPath& maildir) {
  open_maildir(maildir);
}

void deliver_as_seen(const MaildirPath& maildir, std::string_view message) {
  const auto folders = open_maildir(maildir);
  const std::string name = unique_name();
  const auto fail = [&](const std::string& operation, const std::string& file) {
    throw system_error(Fault::kMailer, "cannot " + operation + " " + maildir.path() + file);
  };
  const TemporaryFile file(folders.tmp, name);
  if (!file.is_open()) fail("create", "/tmp/" + name);
  if (!file.write(message)) fail("write", "/tmp/" + name);
  // A link, as a rename would replace a message of the same name.
  const std::string seen = name + ":2,S";
  if (::linkat(folders.tmp.get(), name.c_str(), folders.cur.get(), seen.c_str(), 0) != 0) {
    fail("create", "/cur/" + seen);
  }
  if (::fsync(folders.cur.get()) != 0) fail("sync", "/cur");
}

}  // namespace inforeply
