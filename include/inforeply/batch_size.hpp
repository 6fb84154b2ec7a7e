// How many records go into one write transaction, for which deliveries wait.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace inforeply {

/// Keeps a transaction to about kWanted, judged by how long the transactions before took. Never
/// goes below kLeast records, as each transaction waits for the disk once, however small it is.
class BatchSize {
 public:
  static constexpr std::chrono::milliseconds kWanted{10};
  static constexpr std::size_t kLeast = 250;

  explicit BatchSize(std::size_t most) : most_(most), size_(std::min(kLeast, most)) {}

  [[nodiscard]] std::size_t get() const { return size_; }

  /// `count` records took so long. Less than a full batch tells little, and is ignored.
  void learn(std::size_t count, std::chrono::duration<double> took) {
    if (count < size_) return;
    constexpr double kMostChange = 2;
    const double ratio = std::clamp(kWanted / took, 1 / kMostChange, kMostChange);
    const auto size = static_cast<std::size_t>(static_cast<double>(size_) * ratio);
    size_ = std::min(most_, std::max(kLeast, size));
  }

 private:
  std::size_t most_;
  std::size_t size_;
};

}  // namespace inforeply
