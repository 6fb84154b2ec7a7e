#include "mail_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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
constexpr std::string_view kFrom = "From ";

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

/// `From alice@example.net Thu Dec 24 18:00:00 2026` (RFC 4155, appendix A): a weekday and a month
/// stand behind each other, and a time. So a sentence of a body that begins with From is none.
bool is_mbox_line(std::string_view line) {
  constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu",
                                                     "Fri", "Sat", "Sun"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (!line.starts_with(kFrom)) return false;
  const std::string plain = collapse_blanks(line);
  const auto words = split(plain, ' ');
  for (std::size_t i = 1; i + 3 < words.size(); ++i) {
    if (is_one_of(words[i], kDays) && is_one_of(words[i + 1], kMonths) &&
        words[i + 3].find(':') != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// A header field: a name of printable ASCII before a colon (RFC 5322, 2.2).
bool is_field(std::string_view line) {
  const auto colon = line.find(':');
  const auto name = trim(line.substr(0, colon));
  return colon != std::string_view::npos && !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// Calls `take` with the place of each mbox line that begins a message.
void find_mbox_messages(const Descriptor& file, const std::string& name,
                        const std::function<void()>& check,
                        const std::function<void(std::uint64_t)>& take) {
  std::string line;  // its start
  std::uint64_t line_at = 0;
  bool is_after_blank = true;
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
      if (is_after_blank && is_mbox_line(line)) take(line_at);
      is_after_blank = line.empty() || line == "\r";
      line.clear();
      rest.remove_prefix(end + 1);
      line_at = at + (chunk.size() - rest.size());
    }
    at += chunk.size();
  }
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
  const auto first_line = std::string_view(start).substr(0, start.find('\n'));
  Entry entry{{}, 0, 0, 0, 0};
  if (is_mbox_line(first_line)) {
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
  const auto stored = read_stored_message(read_at(file, entry.offset, added.length, "a message"));
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
