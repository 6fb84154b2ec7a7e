#include "responder/list_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "inforeply/index_purge.hpp"
#include "inforeply/text.hpp"
#include "responder/address_pattern.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxLineOctets = 1024;
constexpr std::size_t kLinesOfInternational =
    20;                                           // as much work, which libidn2 has with its domain
constexpr std::uint64_t kUnindexedOctets = 4096;  // read as fast as looked up

std::uint64_t size_of(const ListIdentity& identity) {
  return identity[2];
}

}  // namespace

ListFile::ListFile(FileReference reference)
    : reference_(std::move(reference)), file_(open_trusted_file(reference_)) {
  const auto identity = identity_of(file_);
  if (!identity || size_of(*identity) > kMaxListOctets) fail_as_too_large();
}

void ListFile::fail_as_too_large() const {
  throw ConfigError(
      reference_.where, reference_.line,
      "'" + reference_.name + "': larger than " + std::to_string(kMaxListOctets) + " octets");
}

void ListFile::scan(const std::function<bool(std::string_view)>& visit,
                    const FaultHandler& on_fault, std::chrono::nanoseconds deadline) const {
  std::array<char, std::size_t{64} * 1024> buffer;  // not cleared
  std::string rest;  // the beginning of a line that the next buffer continues
  std::size_t number = 0;
  std::size_t effort = 0;  // in lines of ASCII
  bool wanted = true;
  const auto visit_line = [&](std::string_view line) {
    if (++number == 1) line = without_byte_order_mark(line);
    effort += is_ascii(line) ? 1 : kLinesOfInternational;
    if (effort > kMaxListLines) {
      throw ConfigError(reference_.path(), number,
                        "over " + std::to_string(kMaxListLines) +
                            " lines; one that is not ASCII counts as " +
                            std::to_string(kLinesOfInternational));
    }
    if (line.size() > kMaxLineOctets) {
      return on_fault(ConfigError(reference_.path(), number,
                                  "a line over " + std::to_string(kMaxLineOctets) + " octets"));
    }
    line = trim(line);
    if (line.empty() || line.starts_with('#')) return;
    const auto pattern = normalize_address_pattern(line);
    if (pattern) {
      wanted = visit(*pattern);
    } else {
      on_fault(ConfigError(reference_.path(), number, "expected an address, @domain or @.domain"));
    }
  };
  for (off_t offset = 0; wanted;) {
    const ssize_t count = ::pread(file_.get(), buffer.data(), buffer.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw ConfigError(reference_.path(), 0, "cannot read");
    if (count == 0) break;
    offset += count;
    if (static_cast<std::uint64_t>(offset) > kMaxListOctets) fail_as_too_large();  // it grows
    if (processor_time() > deadline) {
      throw ConfigError(reference_.path(), 0, "the lists of one responder take too long to read");
    }
    std::string_view text(buffer.data(), static_cast<std::size_t>(count));
    for (auto end = text.find('\n'); wanted && end != std::string_view::npos;
         end = text.find('\n')) {
      const auto line = text.substr(0, end);
      visit_line(rest.empty() ? line : rest.append(line));
      rest.clear();
      text.remove_prefix(end + 1);
    }
    if (!wanted) return;
    rest += text;
    if (rest.size() > kMaxLineOctets) rest.resize(kMaxLineOctets + 1);  // enough to see the fault
  }
  if (!rest.empty()) visit_line(rest);
}

void ListFile::check(const FaultHandler& on_fault) const {
  scan([](std::string_view) { return true; }, on_fault, std::chrono::nanoseconds::max());
}

void ListFile::make_index(const IndexFolder& folder, const ListIdentity& identity) const {
  if (!has_settled(identity, folder.settled_after)) return;
  ListIndex::make(folder, file_, identity, reference_.path(),
                  [&](const auto& visit) { scan(visit, throw_fault, folder.deadline); });
  // So a list that changes all the time does not fill the disk.
  purge_list_indexes(folder.path, PurgeMode::kRemove);
}

std::optional<bool> ListFile::look_up(std::span<const std::string> patterns,
                                      const IndexFolder& folder) const {
  const auto identity = identity_of(file_);
  if (!identity || size_of(*identity) <= kUnindexedOctets || folder.path.empty()) {
    return std::nullopt;
  }
  auto index = ListIndex::open(folder, *identity);
  if (!index && folder.access == IndexAccess::kWrite) {
    try {
      make_index(folder, *identity);
    } catch (const ConfigError&) {
      throw;  // the list is at fault
    } catch (const Error&) {
      return std::nullopt;
    }
    index = ListIndex::open(folder, *identity);
  }
  if (!index) return std::nullopt;
  return index->holds_any(patterns);
}

bool ListFile::contains_any(std::span<const std::string> patterns,
                            const IndexFolder& indexes) const {
  if (const auto found = look_up(patterns, indexes)) return *found;
  bool found = false;
  const auto compare = [&](std::string_view entry) {
    found = std::find(patterns.begin(), patterns.end(), entry) != patterns.end();
    return !found;
  };
  scan(compare, throw_fault, indexes.deadline);
  return found;
}

}  // namespace inforeply
