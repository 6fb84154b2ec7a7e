// The most frequent of very many names, found in bounded memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace inforeply {

struct Frequency {
  std::string name;
  std::uint64_t records = 0;
  std::uint64_t replies = 0;
};

/// Keeps the most frequent, compared by replies, then records, then name.
class TopList {
 public:
  explicit TopList(std::size_t size) : size_(size) {}
  void add(Frequency frequency);
  /// The most frequent comes first.
  [[nodiscard]] std::vector<Frequency> take() &&;

 private:
  void cut();

  std::size_t size_;
  std::vector<Frequency> kept_;
};

/// Counts by name with a bounded number of counters. Counts are exact as long as each name has a
/// counter. When the counters run out, the rarer half of the names is forgotten, and a forgotten
/// name that comes back begins at zero. Every count is then a lower bound; its error is at most the
/// sum of all counts divided by half the number of counters (Misra and Gries, 1982; in batches:
/// Anderson et al., 2017).
class FrequencyCounter {
 public:
  explicit FrequencyCounter(std::size_t counters) : most_(counters) {}

  void add(std::string_view name, std::uint64_t replies);

  [[nodiscard]] bool is_exact() const { return exact_; }
  /// The number of names; a lower bound if the counts are not exact.
  [[nodiscard]] std::size_t names() const { return names_; }
  [[nodiscard]] std::vector<Frequency> top(std::size_t size) const;

 private:
  struct Counter {
    std::uint64_t records = 0;
    std::uint64_t replies = 0;
    std::uint64_t weight = 0;  // the least are forgotten first
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
  };
  void forget_rarest();

  std::size_t most_;
  std::size_t names_ = 0;
  bool exact_ = true;
  std::unordered_map<std::string, Counter, Hash, std::equal_to<>> counters_;
};

}  // namespace inforeply
