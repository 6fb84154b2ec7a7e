#include "responder/address_list.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "inforeply/text.hpp"
#include "responder/list_file.hpp"

namespace inforeply {

std::optional<std::string> normalize_address_pattern(std::string_view text) {
  if (!text.starts_with('@')) {
    const auto address = parse_address(text);
    // `*@example.org` is an address, but nobody's: whoever writes it takes it for a pattern.
    if (!address || address->local_part.find('*') != std::string::npos) return std::nullopt;
    return address->normalized();
  }
  const bool and_below = text.starts_with("@.");
  const auto domain = parse_domain(text.substr(and_below ? 2 : 1));
  if (!domain) return std::nullopt;
  return (and_below ? "@." : "@") + *domain;
}

namespace {

/// Every entry, in normal form, that covers all that this one does.
std::vector<std::string> patterns_that_cover_pattern(const std::string& pattern) {
  std::vector<std::string> patterns = {pattern};
  auto domain = std::string_view(pattern).substr(pattern.rfind('@') + 1);
  if (domain.starts_with('.')) {
    domain.remove_prefix(1);
  } else {
    patterns.push_back("@" + std::string(domain));
  }
  while (true) {
    patterns.push_back("@." + std::string(domain));
    const auto dot = domain.find('.');
    if (dot == std::string_view::npos || domain.starts_with('[')) return patterns;
    domain.remove_prefix(dot + 1);
  }
}

}  // namespace

std::vector<std::string> patterns_that_cover(const Address& address) {
  return patterns_that_cover_pattern(address.normalized());
}

std::vector<std::string> patterns_that_cover_any(std::initializer_list<Address> addresses) {
  std::vector<std::string> patterns;
  for (const auto& address : addresses) {
    for (const auto& spelling : {address, without_extension(address, "+")}) {
      auto more = patterns_that_cover(spelling);
      patterns.insert(patterns.end(), std::make_move_iterator(more.begin()),
                      std::make_move_iterator(more.end()));
    }
  }
  return patterns;
}

std::vector<std::string> patterns_that_cover_destination(const Address& sender) {
  const Address person = person_behind(sender);
  const bool same_domain = person.ascii_domain == sender.ascii_domain;
  return patterns_that_cover_any({same_domain ? person : sender});
}

bool AddressList::add(std::string_view entry) {
  auto pattern = normalize_address_pattern(entry);
  if (!pattern) return false;
  entries_.push_back(*std::move(pattern));
  return true;
}

void AddressList::add_file(FileMention mention, const IndexFolder& indexes) {
  open_trusted_file(mention);
  files_.push_back({std::move(mention), indexes});
}

std::optional<std::string> AddressList::find(std::span<const std::string> patterns) const {
  for (const auto& entry : entries_) {
    if (std::find(patterns.begin(), patterns.end(), entry) != patterns.end()) return entry;
  }
  for (const auto& file : files_) {
    if (ListFile(file.mention).contains_any(patterns, file.indexes)) return file.mention.name;
  }
  return std::nullopt;
}

bool AddressList::covers(const AddressList& other, std::size_t& budget) const {
  const auto comparisons =
      entries_.size() * other.entries_.size() + files_.size() * other.files_.size();
  if (other.empty() || comparisons > budget) return false;
  budget -= comparisons;
  const auto has_entry = [&](const std::string& entry) {
    const auto wider = patterns_that_cover_pattern(entry);
    return std::any_of(entries_.begin(), entries_.end(), [&](const std::string& mine) {
      return std::find(wider.begin(), wider.end(), mine) != wider.end();
    });
  };
  const auto has_file = [&](const File& file) {
    return std::any_of(files_.begin(), files_.end(), [&](const File& mine) {
      return mine.mention.path() == file.mention.path();
    });
  };
  return std::all_of(other.entries_.begin(), other.entries_.end(), has_entry) &&
         std::all_of(other.files_.begin(), other.files_.end(), has_file);
}

void AddressList::check_files(const FaultHandler& on_fault) const {
  for (const auto& file : files_) {
    collect_fault(on_fault, [&] { ListFile(file.mention).check(on_fault); });
  }
}

}  // namespace inforeply
