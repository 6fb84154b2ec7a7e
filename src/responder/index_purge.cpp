#include "inforeply/index_purge.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "inforeply/descriptor.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "responder/list_index.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kNameDigits = 32;  // of a digest

bool is_index_name(std::string_view name) {
  return name.size() == kNameDigits &&
         std::all_of(name.begin(), name.end(), [](char c) { return hex_value(c).has_value(); });
}

/// A process that still writes it holds a lock.
bool is_left_over(const std::string& file) {
  const Descriptor unfinished(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return unfinished.is_open() && ::flock(unfinished.get(), LOCK_EX | LOCK_NB) == 0;
}

bool is_of_no_use(const std::filesystem::path& file) {
  std::string name = file.filename().string();
  if (is_index_name(name)) return !ListIndex::is_in_use(file.string());
  if (!name.ends_with(kUnfinishedIndex)) return false;
  name.resize(name.size() - kUnfinishedIndex.size());
  return is_index_name(name) && is_left_over(file.string());
}

}  // namespace

std::size_t purge_list_indexes(const std::string& folder, PurgeMode mode) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return 0;
  std::vector<std::filesystem::path> useless;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (is_of_no_use(entry->path())) useless.push_back(entry->path());
  }
  if (error) throw Error(Fault::kCache, with_cause("cannot read " + folder, error.value()));
  for (const auto& file : useless) {
    if (mode == PurgeMode::kCount || ::unlink(file.c_str()) == 0 || errno == ENOENT) continue;
    throw system_error(Fault::kCache, "cannot remove " + file.string());
  }
  return useless.size();
}

}  // namespace inforeply
