// Messages as mail programs keep them: a maildir, mbox files, single files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "inforeply/clock.hpp"
#include "inforeply/descriptor.hpp"

namespace inforeply {

struct KeptMessage {
  std::string file;
  std::size_t number = 0;  ///< in an mbox file, from 1; 0: the file is the message
  Time date;
  std::string text;  ///< its first kMaxReplayedOctets
};

/// All messages of some places, in the order of their dates. Of each it keeps 32 octets in memory,
/// and the names of their files in a file.
class MailStore {
 public:
  /// Keeps names in a file in `folder`. Calls `check` often while it reads, which may throw to end
  /// that. Throws Error (kOutput).
  MailStore(const std::string& folder, std::function<void()> check);

  /// Adds a file, or all below a folder but what a maildir has in `tmp`; links to folders are not
  /// followed. Calls `on_message` after each message. Throws Error (kInput) if it cannot be read.
  void add(const std::string& path, const std::function<void()>& on_message);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t strangers() const { return strangers_; }  ///< files without a message
  [[nodiscard]] const std::string& first_stranger() const { return first_stranger_; }

  [[nodiscard]] std::size_t gone() const { return gone_; }  ///< that `visit` did not find

  /// Calls `take` with each, the oldest first, of equal dates by the names of their files. Messages
  /// that were added twice come once. Throws Error (kInput) if a file cannot be read.
  void visit(const std::function<void(const KeptMessage&)>& take);

 private:
  struct Entry {
    Time date;
    std::uint64_t name;  ///< where its file's name begins in `names_`
    std::uint64_t offset;
    std::uint32_t number;
    std::uint32_t length;  ///< cut
  };
  /// False if it is gone.
  bool add_file(const std::string& path, const std::function<void()>& on_message);
  void add_message(const Descriptor& file, const Entry& entry, std::uint64_t end, Time changed,
                   const std::function<void()>& on_message);
  std::uint64_t remember_name(const std::string& path);
  [[nodiscard]] std::string name_at(std::uint64_t position) const;
  [[nodiscard]] bool is_before(const Entry& a, const Entry& b) const;

  std::function<void()> check_;
  Time now_ = SystemClock().now();
  std::vector<Entry> entries_;
  Descriptor names_;
  std::uint64_t names_end_ = 0;
  std::size_t strangers_ = 0;
  std::string first_stranger_;
  std::size_t gone_ = 0;
};

}  // namespace inforeply
