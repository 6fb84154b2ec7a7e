#include "mail_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "inforeply/error.hpp"
#include "inforeply/replay.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunk = std::size_t{256} * 1024;
constexpr std::size_t kLineStart = 256;  // what is looked at of a line

/// Reads from there, up to so many octets. Throws Error (kInput).
std::string read_at(const Descriptor& file, std::uint64_t offset, std::size_t count,
                    const std::string& name) {
  std::string text(count, '\0');
  std::size_t read = 0;
  while (read < count) {
    const auto got =
        ::pread(file.get(), text.data() + read, count - read, static_cast<off_t>(offset + read));
    if (got < 0) throw system_error(Fault::kInput, "cannot read " + to_single_line(name));
    if (got == 0) break;
    read += static_cast<std::size_t>(got);
  }
  text.resize(read);
  return text;
}

/// Not open if the file is gone. Throws Error (kInput) if it cannot be opened.
Descriptor open_file(const std::string& path) {
  // A FIFO must not wait for a writer.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.is_open() && errno != ENOENT)
    throw system_error(Fault::kInput, "cannot read " + to_single_line(path));
  return file;
}

/// A header field: a name of printable ASCII before a colon (RFC 5322, 2.2).
bool is_field(std::string_view line) {
  const auto colon = line.find(':');
  const auto name = trim(line.substr(0, colon));
  return colon != std::string_view::npos && !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// Finds the lines of an mbox file that begin its messages. Programs that write such files leave
/// out the date of the line, or the empty line before it. Then it counts if a header field follows,
/// so that what a body says is rarely taken for one.
class MboxLines {
 public:
  explicit MboxLines(const std::function<void(std::uint64_t)>& take) : take_(take) {}

  /// The next line, or its start, which is at that place.
  void add(std::string_view line, std::uint64_t at) {
    finish(line);
    const auto kind = mbox_line(line);
    if (kind == MboxLine::kDated && is_after_blank_) {
      begin(at);
    } else if (kind == MboxLine::kBare ? is_after_blank_ : kind == MboxLine::kDated && in_body_) {
      last_from_ = at;
      is_open_ = true;
    }
    is_after_blank_ = line.empty() || line == "\r";
    in_body_ = in_body_ || is_after_blank_;
  }

  /// The last line, which has no end.
  void finish(std::string_view line) {
    if (is_open_ && is_field(line)) begin(last_from_);
    is_open_ = false;
  }

 private:
  void begin(std::uint64_t at) {
    take_(at);
    in_body_ = false;
  }

  const std::function<void(std::uint64_t)>& take_;
  std::uint64_t last_from_ = 0;
  bool is_open_ = false;  // a message begins there if a field follows
  bool is_after_blank_ = true;
  bool in_body_ = false;
};

/// Calls `take` with the place of each line that begins a message.
void find_mbox_messages(const Descriptor& file, const std::string& name,
                        const std::function<void()>& check,
                        const std::function<void(std::uint64_t)>& take) {
  MboxLines lines(take);
  std::string line;  // its start
  std::uint64_t line_at = 0;
  std::uint64_t at = 0;
  while (true) {
    check();
    const std::string chunk = read_at(file, at, kChunk, name);
    if (chunk.empty()) break;
    std::string_view rest = chunk;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      const auto part = rest.substr(0, end);
      line.append(part.substr(0, kLineStart - std::min(kLineStart, line.size())));
      if (end == std::string_view::npos) break;
      lines.add(line, line_at);
      line.clear();
      rest.remove_prefix(end + 1);
      line_at = at + (chunk.size() - rest.size());
    }
    at += chunk.size();
  }
  lines.finish(line);
}

}  // namespace

MailStore::MailStore(const std::string& folder, std::function<void()> check)
    : check_(std::move(check)) {
  const std::string file = folder + "/names";
  names_ = Descriptor(::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!names_.is_open()) throw system_error(Fault::kOutput, "cannot make " + file);
}

std::uint64_t MailStore::remember_name(const std::string& path) {
  const auto position = names_end_;
  const std::string with_end = path + '\0';
  const auto written =
      ::pwrite(names_.get(), with_end.data(), with_end.size(), static_cast<off_t>(position));
  if (written != static_cast<ssize_t>(with_end.size())) {
    throw system_error(Fault::kOutput, "cannot write a temporary file");
  }
  names_end_ += with_end.size();
  return position;
}

std::string MailStore::name_at(std::uint64_t position) const {
  constexpr std::size_t kMaxName = 4096;  // PATH_MAX
  const std::string text = read_at(names_, position, kMaxName, "a temporary file");
  return text.substr(0, text.find('\0'));
}

void MailStore::add(const std::string& path, const std::function<void()>& on_message) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    if (!add_file(path, on_message))
      throw system_error(Fault::kInput, "cannot read " + to_single_line(path));
    return;
  }
  // A list instead of recursion: an open folder for each level could be too many.
  std::vector<fs::path> folders = {path};
  while (!folders.empty()) {
    const auto folder = std::move(folders.back());
    folders.pop_back();
    fs::directory_iterator each(folder, error);
    for (; !error && each != fs::directory_iterator(); each.increment(error)) {
      std::error_code ignored;  // of what is gone, or a link to nothing
      if (fs::is_directory(each->symlink_status(ignored))) {
        // What is in tmp is still being delivered.
        if (each->path().filename() != "tmp") folders.push_back(each->path());
      } else if (each->is_regular_file(ignored)) {
        add_file(each->path().string(), on_message);
      }
    }
    if (error && (error != std::errc::no_such_file_or_directory || folder == path)) {
      throw Error(Fault::kInput,
                  "cannot read " + to_single_line(folder.string()) + ": " + error.message());
    }
  }
}

bool MailStore::add_file(const std::string& path, const std::function<void()>& on_message) {
  check_();
  const Descriptor file = open_file(path);
  if (!file.is_open()) return false;
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    throw system_error(Fault::kInput, "cannot read " + to_single_line(path));
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(Fault::kInput,
                "cannot read " + to_single_line(path) + ": neither a folder nor a regular file");
  }
  const Time changed{Seconds{status.st_mtim.tv_sec}};
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const std::string start = read_at(file, 0, kLineStart, path);
  std::string_view rest = start;
  const auto first_line = take_line(rest);
  const auto kind = mbox_line(first_line);
  Entry entry{{}, 0, 0, 0, 0};
  if (kind == MboxLine::kDated || (kind == MboxLine::kBare && is_field(take_line(rest)))) {
    entry.name = remember_name(path);
    std::optional<std::uint64_t> begin;
    const auto end_at = [&](std::uint64_t end) {
      if (!begin) return;
      entry.offset = *begin;
      ++entry.number;
      add_message(file, entry, end, changed, on_message);
    };
    find_mbox_messages(file, path, check_, [&](std::uint64_t at) {
      end_at(at);
      begin = at;
    });
    end_at(size);
  } else if (is_field(first_line)) {
    entry.name = remember_name(path);
    add_message(file, entry, size, changed, on_message);
  } else {
    if (strangers_++ == 0) first_stranger_ = path;
  }
  return true;
}

void MailStore::add_message(const Descriptor& file, const Entry& entry, std::uint64_t end,
                            Time changed, const std::function<void()>& on_message) {
  Entry added = entry;
  added.length =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(end - entry.offset, kMaxReplayedOctets));
  const auto stored =
      read_stored_message(read_at(file, entry.offset, added.length, "a message"), now_);
  added.date = stored.date.value_or(changed);
  entries_.push_back(added);
  on_message();
}

bool MailStore::is_before(const Entry& a, const Entry& b) const {
  if (a.date != b.date) return a.date < b.date;
  if (a.name == b.name) return a.offset < b.offset;
  return std::pair(name_at(a.name), a.offset) < std::pair(name_at(b.name), b.offset);
}

void MailStore::visit(const std::function<void(const KeptMessage&)>& take) {
  std::sort(entries_.begin(), entries_.end(),
            [&](const Entry& a, const Entry& b) { return is_before(a, b); });
  KeptMessage message;
  const Entry* last = nullptr;
  for (const auto& entry : entries_) {
    const bool is_repeated = last != nullptr && !is_before(*last, entry);
    last = &entry;
    if (is_repeated) continue;
    message.file = name_at(entry.name);
    message.number = entry.number;
    message.date = entry.date;
    const auto file = open_file(message.file);
    if (!file.is_open()) {
      ++gone_;
      continue;
    }
    message.text = read_at(file, entry.offset, entry.length, message.file);
    take(message);
  }
}

}  // namespace inforeply
