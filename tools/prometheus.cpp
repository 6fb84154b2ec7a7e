#include "prometheus.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace inforeply {
namespace {

/// The kinds of limits that a delivery counts against. Zero has to be told, too: an alert that
/// waits for a value would not end without it.
constexpr std::array kKindsOfLimits = {"all", "domain", "person", "responder"};

/// A label's value: a backslash, a quote and a line feed are escaped.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : to_single_line(value)) {
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
  return text;
}

using Labelled = std::vector<std::pair<std::string, std::uint64_t>>;

/// Takes each figure of all memories at once, as the format wants the samples of a name in a row.
class Exposition {
 public:
  explicit Exposition(std::span<const CacheStatistics> memories) : memories_(memories) {}

  /// @param value_of  nullopt: the memory has no such figure
  template <typename ValueOf>
  void add(std::string_view name, std::string_view help, ValueOf value_of) {
    begin(name, help);
    for (const auto& memory : memories_) {
      const std::optional<std::uint64_t> value = value_of(memory);
      if (value) add_sample(name, memory, "", *value);
    }
  }

  template <typename ValuesOf>
  void add(std::string_view name, std::string_view help, std::string_view label,
           ValuesOf values_of) {
    begin(name, help);
    for (const auto& memory : memories_) {
      for (const auto& [labelled, value] : values_of(memory)) {
        add_sample(name, memory, "," + std::string(label) + "=\"" + escaped(labelled) + "\"",
                   value);
      }
    }
  }

  std::string finish() && { return std::move(text_); }

 private:
  void begin(std::string_view name, std::string_view help) {
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" gauge\n");
  }
  void add_sample(std::string_view name, const CacheStatistics& memory,
                  const std::string& more_labels, std::uint64_t value) {
    const bool is_shadow = memory.mode == ReplyMode::kShadow;
    text_.append(name).append("{cache=\"").append(escaped(memory.cache)).append("\",mode=\"");
    text_.append(is_shadow ? "shadow" : "live").append("\"").append(more_labels).append("} ");
    text_.append(std::to_string(value)).append("\n");
  }

  std::span<const CacheStatistics> memories_;
  std::string text_;
};

Labelled limits_of(const CacheStatistics& statistics) {
  auto reached = statistics.reached_limits;
  for (const auto* kind : kKindsOfLimits)
    reached.try_emplace(kind, 0);
  return {reached.begin(), reached.end()};
}

void add_file(Exposition& metrics) {
  const auto add = [&](std::string_view name, std::string_view help, auto figure) {
    metrics.add(name, help, [&](const CacheStatistics& of) {
      return of.file.is_known() ? std::optional<std::uint64_t>(of.file.*figure) : std::nullopt;
    });
  };
  add("inforeply_cache_file_size_bytes", "Size of the cache's file.", &CacheFileSize::octets);
  add("inforeply_cache_page_size_bytes", "Size of a page of the file.",
      &CacheFileSize::page_octets);
  add("inforeply_cache_used_pages", "Pages of the file that hold something.",
      &CacheFileSize::used_pages);
  add("inforeply_cache_free_pages", "Pages of the file that will be used again.",
      &CacheFileSize::free_pages);
}

}  // namespace

std::string to_prometheus(std::span<const CacheStatistics> memories) {
  using Statistics = const CacheStatistics&;
  Exposition metrics(memories);
  metrics.add("inforeply_records", "Records in the cache, expired ones included.", "state",
              [](Statistics of) {
                return Labelled{{"answered", of.answered}, {"pending", of.pending}};
              });
  metrics.add("inforeply_expired_records", "Records that have expired and are not purged yet.",
              [](Statistics of) { return of.expired; });
  metrics.add("inforeply_replies_last_hour",
              "Records answered in the last hour; of each, the last reply counts.",
              [](Statistics of) { return of.answered_last_hour; });
  metrics.add("inforeply_replies_last_day",
              "Records answered in the last 24 hours; of each, the last reply counts.",
              [](Statistics of) { return of.answered_last_day; });
  metrics.add("inforeply_limits_reached",
              "Limits that have no room for another reply now, by what they count.", "kind",
              limits_of);
  metrics.add("inforeply_oldest_pending_age_seconds",
              "Age of the oldest reply that is reserved and not known to be sent; 0 if there is "
              "none.",
              [](Statistics of) {
                return static_cast<std::uint64_t>(of.oldest_pending.value_or(Seconds{0}).count());
              });
  const bool has_file = std::any_of(memories.begin(), memories.end(),
                                    [](Statistics of) { return of.file.is_known(); });
  if (has_file) add_file(metrics);
  return std::move(metrics).finish();
}

}  // namespace inforeply
