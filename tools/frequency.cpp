#include "frequency.hpp"

#include <cstdint>
#include <tuple>
#include <utility>

namespace inforeply {

void TopList::add(Frequency frequency) {
  kept_.push_back(std::move(frequency));
  if (kept_.size() > 2 * size_ + 100) cut();
}

void TopList::cut() {
  std::sort(kept_.begin(), kept_.end(), [](const Frequency& a, const Frequency& b) {
    return std::tie(b.replies, b.records, a.name) < std::tie(a.replies, a.records, b.name);
  });
  if (kept_.size() > size_) kept_.resize(size_);
}

std::vector<Frequency> TopList::take() && {
  cut();
  return std::move(kept_);
}

void FrequencyCounter::add(std::string_view name, std::uint64_t replies) {
  auto found = counters_.find(name);
  if (found == counters_.end()) {
    if (counters_.size() >= most_) forget_rarest();
    found = counters_.emplace(std::string(name), Counter{}).first;
    names_ = std::max(names_, counters_.size());
  }
  Counter& counter = found->second;
  ++counter.records;
  counter.replies += replies;
  counter.weight += std::max<std::uint64_t>(replies, 1);
}

void FrequencyCounter::forget_rarest() {
  exact_ = false;
  std::vector<std::uint64_t> weights;
  weights.reserve(counters_.size());
  for (const auto& [name, counter] : counters_)
    weights.push_back(counter.weight);
  const auto middle = weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 2);
  std::nth_element(weights.begin(), middle, weights.end());
  const std::uint64_t price = *middle;
  for (auto next = counters_.begin(); next != counters_.end();) {
    next->second.weight -= std::min(price, next->second.weight);
    next = next->second.weight == 0 ? counters_.erase(next) : std::next(next);
  }
}

std::vector<Frequency> FrequencyCounter::top(std::size_t size) const {
  TopList list(size);
  for (const auto& [name, counter] : counters_) {
    list.add({name, counter.records, counter.replies});
  }
  return std::move(list).take();
}

}  // namespace inforeply
