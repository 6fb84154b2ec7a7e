#include "cache_statistics.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace inforeply {
namespace {

constexpr std::size_t kDefaultTop = 10;
constexpr std::size_t kMaxTop = 10'000;

std::chrono::sys_days day_of(Time time) {
  return std::chrono::floor<std::chrono::days>(time);
}

class Gatherer {
 public:
  /// `is_ordered`: all records of a responder come in a row.
  Gatherer(CacheStatistics& statistics, std::size_t top, bool is_ordered)
      : statistics_(statistics),
        top_(top),
        is_ordered_(is_ordered),
        responders_(top),
        scattered_responders_(kDomainCounters),
        domains_(kDomainCounters) {}

  void add(const ReplyRecord& record) {
    const bool answered = record.state == RecordState::kAnswered;
    ++statistics_.records;
    ++(answered ? statistics_.answered : statistics_.pending);
    if (record.expires_at && *record.expires_at <= statistics_.measured_at) ++statistics_.expired;
    statistics_.replies += record.count;
    domains_.add(domain_of(record.key.sender), record.count);
    if (is_ordered_) {
      add_to_responder(record);
    } else {
      scattered_responders_.add(record.key.responder, record.count);
    }
    add_to_times(record.answered_at, answered);
  }

  void finish() {
    end_responder();
    if (!is_ordered_) {
      statistics_.responders = scattered_responders_.names();
      statistics_.responders_are_exact = scattered_responders_.is_exact();
    }
    statistics_.top_responders =
        is_ordered_ ? std::move(responders_).take() : scattered_responders_.top(top_);
    statistics_.domains = domains_.names();
    statistics_.domains_are_exact = domains_.is_exact();
    statistics_.top_domains = domains_.top(top_);
  }

 private:
  void add_to_responder(const ReplyRecord& record) {
    if (responder_.name != record.key.responder) {
      end_responder();
      responder_ = {record.key.responder, 0, 0};
    }
    ++responder_.records;
    responder_.replies += record.count;
  }
  void end_responder() {
    if (responder_.records == 0) return;
    ++statistics_.responders;
    responders_.add(std::exchange(responder_, {}));
  }

  void add_to_times(Time at, bool answered) {
    const Time now = statistics_.measured_at;
    if (at > now + kClockTolerance) {
      ++statistics_.from_the_future;
      return;
    }
    const auto age = std::max(now - at, Seconds{0});
    const auto group = std::find_if(kAgeGroups.begin(), kAgeGroups.end(),
                                    [&](const AgeGroup& each) { return age < each.under; });
    ++statistics_.ages.at(static_cast<std::size_t>(group - kAgeGroups.begin()));
    if (!answered) {
      statistics_.oldest_pending = std::max(age, statistics_.oldest_pending.value_or(Seconds{0}));
      return;
    }
    if (age < std::chrono::hours(1)) ++statistics_.answered_last_hour;
    if (age < std::chrono::days(1)) ++statistics_.answered_last_day;
    const auto days = std::max<std::int64_t>((day_of(now) - day_of(at)).count(), 0);
    const auto index = static_cast<std::size_t>(days);
    ++(index < statistics_.by_day.size() ? statistics_.by_day.at(index) : statistics_.earlier);
  }

  CacheStatistics& statistics_;
  std::size_t top_;
  bool is_ordered_;
  Frequency responder_;
  TopList responders_;
  FrequencyCounter scattered_responders_;
  FrequencyCounter domains_;
};

/// The shadow's memory beside the live one that is asked for. nullopt if there is none.
std::optional<CacheSettings> find_shadow(const CacheSettings& settings) {
  if (settings.mode == ReplyMode::kShadow) return std::nullopt;
  const auto shadow = settings.in(ReplyMode::kShadow);
  return make_cache_store(shadow)->exists() ? std::optional(shadow) : std::nullopt;
}

CacheStatistics gather(const CacheSettings& settings, std::size_t top) {
  const auto store = make_cache_store(settings);
  CacheStatistics statistics;
  statistics.cache = store->name();
  statistics.mode = settings.mode;
  statistics.measured_at = SystemClock().now();
  if (!store->exists() && find_shadow(settings)) return statistics;
  statistics.file = store->measure();  // before this process counts as a reader of it
  Gatherer gatherer(statistics, top, !store->file().empty());
  const auto cache = store->open_records(CacheAccess::kExisting);
  cache->visit({}, [&](const ReplyRecord& record) {
    gatherer.add(record);
    return true;
  });
  gatherer.finish();
  statistics.reached_limits = cache->reached_limits(statistics.measured_at);
  return statistics;
}

}  // namespace

CacheStatistics gather_statistics(const CacheRequest& request, std::size_t top) {
  warn_of(*make_cache_store(request.settings().cache));
  return gather(request.settings().cache, top);
}

std::optional<CacheStatistics> gather_shadow_statistics(const CacheRequest& request,
                                                        std::size_t top) {
  const auto shadow = find_shadow(request.settings().cache);
  return shadow ? std::optional(gather(*shadow, top)) : std::nullopt;
}

const char* name_of_replies(const CacheStatistics& statistics) {
  return statistics.mode == ReplyMode::kShadow ? "Would be sent" : "Replies sent";
}

std::size_t top_of(const CacheRequest& request) {
  const auto text = request.find("top");
  if (!text) return kDefaultTop;
  const auto number = parse_number(*text);
  if (!number || *number == 0 || *number > kMaxTop) {
    usage_error("--top: expected a number from 1 to " + std::to_string(kMaxTop));
  }
  return *number;
}

std::string day_before(const CacheStatistics& statistics, std::size_t days) {
  const auto day =
      day_of(statistics.measured_at) - std::chrono::days{static_cast<std::int64_t>(days)};
  return format_day(day);
}

std::vector<Figure> days_of(const CacheStatistics& statistics) {
  std::vector<Figure> figures;
  for (std::size_t days = kShownDays; days-- > 0;)
    figures.push_back({day_before(statistics, days), statistics.by_day.at(days)});
  return figures;
}

std::vector<Figure> ages_of(const CacheStatistics& statistics) {
  std::vector<Figure> figures;
  for (std::size_t i = 0; i < kAgeGroups.size(); ++i)
    figures.push_back({kAgeGroups.at(i).name, statistics.ages.at(i)});
  if (statistics.from_the_future > 0) {
    figures.push_back({"from the future", statistics.from_the_future});
  }
  return figures;
}

}  // namespace inforeply
