// inforeply-cache list.

#include <algorithm>
#include <array>
#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache_commands.hpp"
#include "record_selection.hpp"
#include "record_writer.hpp"

namespace inforeply {
namespace {

/// The most records that are kept for sorting: about 40 MiB.
constexpr std::size_t kMaxSorted = 100'000;

enum class Direction { kAscending, kDescending };

using Comparison = std::strong_ordering (*)(const ReplyRecord&, const ReplyRecord&);

struct Order {
  std::string_view name;
  Comparison compare;
};

constexpr std::array<Order, 5> kOrders = {{
    {"responder", [](const ReplyRecord& a,
                     const ReplyRecord& b) { return a.key.responder <=> b.key.responder; }},
    {"sender",
     [](const ReplyRecord& a, const ReplyRecord& b) { return a.key.sender <=> b.key.sender; }},
    {"answered",
     [](const ReplyRecord& a, const ReplyRecord& b) { return a.answered_at <=> b.answered_at; }},
    {"expires",
     [](const ReplyRecord& a, const ReplyRecord& b) {  // those that never expire come last
       return a.expires_at.value_or(Time::max()) <=> b.expires_at.value_or(Time::max());
     }},
    {"count", [](const ReplyRecord& a, const ReplyRecord& b) { return a.count <=> b.count; }},
}};

/// Keeps the first records in an order. Equal records stay in the order in which they were added.
class Sorter {
 public:
  Sorter(Comparison compare, Direction direction, std::optional<std::size_t> limit)
      : compare_(compare), direction_(direction), limit_(limit) {}

  void add(const ReplyRecord& record) {
    ++added_;
    if (heap_.size() == limit_) {
      // `record` was added last, so it comes behind its equals.
      if (!is_before(record, heap_.front().record)) return;
      std::pop_heap(heap_.begin(), heap_.end(), Before{*this});
      heap_.pop_back();
    }
    if (heap_.size() == kMaxSorted) {
      usage_error("--sort: over " + std::to_string(kMaxSorted) +
                  " records to sort; choose fewer of them, or the first ones by --limit");
    }
    heap_.push_back({record, added_});
    std::push_heap(heap_.begin(), heap_.end(), Before{*this});
  }

  template <typename Take>
  void finish(Take take) {
    std::sort_heap(heap_.begin(), heap_.end(), Before{*this});
    for (const auto& entry : heap_)
      take(entry.record);
  }

 private:
  struct Entry {
    ReplyRecord record;
    std::size_t number;
  };
  struct Before {
    const Sorter& sorter;
    bool operator()(const Entry& a, const Entry& b) const {
      if (sorter.is_before(a.record, b.record)) return true;
      return !sorter.is_before(b.record, a.record) && a.number < b.number;
    }
  };

  [[nodiscard]] bool is_before(const ReplyRecord& a, const ReplyRecord& b) const {
    return std::is_lt(direction_ == Direction::kDescending ? compare_(b, a) : compare_(a, b));
  }
  Comparison compare_;
  Direction direction_;
  std::optional<std::size_t> limit_;
  std::size_t added_ = 0;
  std::vector<Entry> heap_;  // its front is the last record in the order
};

/// nullopt if the order is that of the cache.
std::optional<Sorter> sorter_for(std::string_view text, std::optional<std::size_t> limit) {
  const auto direction = text.starts_with('-') ? Direction::kDescending : Direction::kAscending;
  const auto name = text.substr(direction == Direction::kDescending ? 1 : 0);
  const auto* found = std::find_if(std::begin(kOrders), std::end(kOrders),
                                   [&](const Order& order) { return order.name == name; });
  if (found == std::end(kOrders)) {
    usage_error("--sort: expected responder, sender, answered, expires or count");
  }
  if (direction == Direction::kAscending && found == std::begin(kOrders)) return std::nullopt;
  return Sorter(found->compare, direction, limit);
}

}  // namespace

ExitStatus list_records(const CacheRequest& request) {
  const Time now = SystemClock().now();
  const RecordSelection selection(request, now);
  auto sorter = sorter_for(request.find("sort").value_or("responder"), selection.limit());
  const auto writer = make_record_writer(request.find("format").value_or("table"), now);
  const auto cache = request.open();
  if (sorter) {
    selection.visit(*cache, [&](const ReplyRecord& record) {
      sorter->add(record);
      return true;
    });
    sorter->finish([&](const ReplyRecord& record) { writer->write(record); });
  } else {
    selection.visit_limited(*cache, [&](const ReplyRecord& record) { writer->write(record); });
  }
  writer->finish();
  return ExitStatus::kOk;
}

}  // namespace inforeply
