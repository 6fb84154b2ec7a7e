// Who comes up most among very many, in bounded memory.
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

/// Keeps the most frequent: by replies, then records, then name.
class TopList {
 public:
  explicit TopList(std::size_t size) : size_(size) {}
  void add(Frequency frequency);
  /// Those that it has kept, the most frequent first.
  [[nodiscard]] std::vector<Frequency> take() &&;

 private:
  void cut();

  std::size_t size_;
  std::vector<Frequency> kept_;
};

/// Counts by name with a bounded number of counters: exactly as long as there are enough for all.
/// Beyond that the rarest half of the names is forgotten, and begins again at nothing when it comes
/// back: every count is a lower bound, and wrong by no more than what was counted in all, divided
/// by half the number of counters (Misra and Gries, 1982; in batches: Anderson et al., 2017).
class FrequencyCounter {
 public:
  explicit FrequencyCounter(std::size_t counters) : most_(counters) {}

  void add(std::string_view name, std::uint64_t replies);

  [[nodiscard]] bool is_exact() const { return exact_; }
  /// How many names there are; where it is not exact, at least.
  [[nodiscard]] std::size_t names() const { return names_; }
  [[nodiscard]] std::vector<Frequency> top(std::size_t size) const;

 private:
  struct Counter {
    std::uint64_t records = 0;
    std::uint64_t replies = 0;
    std::uint64_t weight = 0;  // decides who is forgotten
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
