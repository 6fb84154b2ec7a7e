#include "responder/address_list.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "responder/address_pattern.hpp"

namespace inforeply {

bool AddressList::add(std::string_view entry) {
  auto pattern = normalize_address_pattern(entry);
  if (!pattern) return false;
  entries_.push_back(*std::move(pattern));
  return true;
}

void AddressList::add_file(FileReference reference, const IndexFolder& indexes) {
  static_cast<void>(ListFile(reference));
  files_.push_back({std::move(reference), indexes});
}

std::optional<std::string> AddressList::find(std::span<const std::string> patterns) const {
  for (const auto& entry : entries_) {
    if (std::find(patterns.begin(), patterns.end(), entry) != patterns.end()) return entry;
  }
  for (const auto& file : files_) {
    if (ListFile(file.reference).contains_any(patterns, file.indexes)) return file.reference.name;
  }
  return std::nullopt;
}

bool AddressList::covers(const AddressList& other, std::size_t& budget) const {
  const auto comparisons =
      entries_.size() * other.entries_.size() + files_.size() * other.files_.size();
  if (other.empty() || comparisons > budget) return false;
  budget -= comparisons;
  const auto has_entry = [&](const std::string& entry) {
    const auto wider = patterns_that_cover(entry);
    return std::any_of(entries_.begin(), entries_.end(), [&](const std::string& mine) {
      return std::find(wider.begin(), wider.end(), mine) != wider.end();
    });
  };
  const auto has_file = [&](const File& file) {
    return std::any_of(files_.begin(), files_.end(), [&](const File& mine) {
      return mine.reference.path() == file.reference.path();
    });
  };
  return std::all_of(other.entries_.begin(), other.entries_.end(), has_entry) &&
         std::all_of(other.files_.begin(), other.files_.end(), has_file);
}

void AddressList::check_files(const FaultHandler& on_fault) const {
  for (const auto& file : files_) {
    collect_fault(on_fault, [&] { ListFile(file.reference).check(on_fault); });
  }
}

}  // namespace inforeply
