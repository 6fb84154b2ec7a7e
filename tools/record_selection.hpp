// Which records a command's options select.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cache_commands.hpp"

namespace inforeply {

/// An option whose argument is a time, or a duration that counts back from `now`. nullopt if it is
/// not given. Throws Error (kUsage).
std::optional<Time> time_option(const CacheRequest& request, const std::string& name, Time now,
                                std::optional<Time> (*parse)(std::string_view,
                                                             const TimeZone&) = parse_time);

class RecordSelection {
 public:
  /// Reads the argument RESPONDER, --sender, --responder, --state, --since, --until and --limit. A
  /// duration counts back from `now`. Throws Error (kUsage).
  RecordSelection(const CacheRequest& request, Time now);

  [[nodiscard]] bool contains(const ReplyRecord& record) const;
  [[nodiscard]] std::optional<std::size_t> limit() const { return limit_; }

  /// Visits the selected records in the order of the cache until `visit` returns false. Ignores
  /// `limit()`.
  void visit(CacheRecords& cache, const std::function<bool(const ReplyRecord&)>& visit) const;
  /// Visits at most `limit()` of them.
  void visit_limited(CacheRecords& cache,
                     const std::function<void(const ReplyRecord&)>& visit) const;

 private:
  void select_responder(const CacheRequest& request);
  void select_sender(const CacheRequest& request);

  RecordFilter filter_;
  std::string responder_pattern_;  // empty: none
  std::string sender_pattern_;
  std::optional<RecordState> state_;
  std::optional<Time> since_;
  std::optional<Time> until_;  // exclusive
  std::optional<std::size_t> limit_;
};

}  // namespace inforeply
