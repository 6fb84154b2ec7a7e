// How many records go into one write transaction: deliveries wait while it runs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace inforeply {

/// Sizes a batch so that its transaction takes about kWanted, judged by earlier transactions. Never
/// below kLeast records: each transaction waits for the disk once, however small it is.
class BatchSize {
 public:
  static constexpr std::chrono::milliseconds kWanted{10};
  static constexpr std::size_t kLeast = 250;

  explicit BatchSize(std::size_t most) : most_(most), size_(std::min(kLeast, most)) {}

  [[nodiscard]] std::size_t get() const { return size_; }

  /// Notes that `count` records took the time `took`. Less than a full batch tells little: ignored.
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
