#include "prometheus.hpp"

#include <array>
#include <cstdint>
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

class Exposition {
 public:
  explicit Exposition(std::string_view cache) : cache_("cache=\"" + escaped(cache) + "\"") {}

  void add(std::string_view name, std::string_view help, std::uint64_t value) {
    begin(name, help);
    add_sample(name, "", value);
  }

  using Labelled = std::vector<std::pair<std::string, std::uint64_t>>;
  void add(std::string_view name, std::string_view help, std::string_view label,
           const Labelled& values) {
    begin(name, help);
    for (const auto& [labelled, value] : values)
      add_sample(name, "," + std::string(label) + "=\"" + escaped(labelled) + "\"", value);
  }

  std::string finish() && { return std::move(text_); }

 private:
  void begin(std::string_view name, std::string_view help) {
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" gauge\n");
  }
  void add_sample(std::string_view name, const std::string& more_labels, std::uint64_t value) {
    text_.append(name).append("{").append(cache_).append(more_labels).append("} ");
    text_.append(std::to_string(value)).append("\n");
  }

  std::string cache_;
  std::string text_;
};

Exposition::Labelled limits_of(const CacheStatistics& statistics) {
  auto reached = statistics.reached_limits;
  for (const auto* kind : kKindsOfLimits)
    reached.try_emplace(kind, 0);
  return {reached.begin(), reached.end()};
}

void add_file(Exposition& metrics, const CacheFileSize& file) {
  metrics.add("inforeply_cache_file_size_bytes", "Size of the cache's file.", file.octets);
  metrics.add("inforeply_cache_page_size_bytes", "Size of a page of the file.", file.page_octets);
  metrics.add("inforeply_cache_used_pages", "Pages of the file that hold something.",
              file.used_pages);
  metrics.add("inforeply_cache_free_pages", "Pages of the file that will be used again.",
              file.free_pages);
}

}  // namespace

std::string to_prometheus(const CacheStatistics& statistics) {
  Exposition metrics(statistics.cache);
  metrics.add("inforeply_records", "Records in the cache, expired ones included.", "state",
              {{"answered", statistics.answered}, {"pending", statistics.pending}});
  metrics.add("inforeply_expired_records", "Records that have expired and are not purged yet.",
              statistics.expired);
  metrics.add("inforeply_replies_last_hour",
              "Records answered in the last hour; of each, the last reply counts.",
              statistics.answered_last_hour);
  metrics.add("inforeply_replies_last_day",
              "Records answered in the last 24 hours; of each, the last reply counts.",
              statistics.answered_last_day);
  metrics.add("inforeply_limits_reached",
              "Limits that have no room for another reply now, by what they count.", "kind",
              limits_of(statistics));
  metrics.add("inforeply_oldest_pending_age_seconds",
              "Age of the oldest reply that is reserved and not known to be sent; 0 if there is "
              "none.",
              static_cast<std::uint64_t>(statistics.oldest_pending.value_or(Seconds{0}).count()));
  if (statistics.file.is_known()) add_file(metrics, statistics.file);
  return std::move(metrics).finish();
}

}  // namespace inforeply
