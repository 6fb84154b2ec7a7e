// How many records go into one write transaction, for which deliveries wait.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace inforeply {

/// As many as keep a transaction to about so long, going by how long the ones before took.
class BatchSize {
 public:
  /// Never fewer than kLeast, as each transaction waits for the disk, nor more than `most`.
  BatchSize(std::size_t most, std::chrono::duration<double> wanted)
      : most_(most), wanted_(wanted), size_(std::min(kLeast, most)) {}

  [[nodiscard]] std::size_t get() const { return size_; }

  /// One of get() records took so long.
  void learn(std::chrono::duration<double> took) {
    constexpr double kMostChange = 2;
    const double ratio = std::clamp(wanted_ / took, 1 / kMostChange, kMostChange);
    const auto size = static_cast<std::size_t>(static_cast<double>(size_) * ratio);
    size_ = std::min(most_, std::max(kLeast, size));
  }

 private:
  static constexpr std::size_t kLeast = 100;

  std::size_t most_;
  std::chrono::duration<double> wanted_;
  std::size_t size_;
};

}  // namespace inforeply
