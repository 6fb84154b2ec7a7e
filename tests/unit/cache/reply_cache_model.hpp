// What the reply cache promises, as simply as it can be said: no file, no index, no transaction. It
// is written from the promise (reply_cache.hpp), not from what keeps it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "cache/reply_cache.hpp"

namespace inforeply::test {

class PromisedCache {
 public:
  using Key = std::tuple<std::string, std::string, std::string>;
  static Key key_of(const ReplyKey& key) { return {key.responder, key.sender, key.handle}; }

  ReserveOutcome reserve(const ReservationRequest& request, Time now) {
    const Key key = key_of(request.key);
    const ReplyRecord* known = find(key);
    const bool is_own = known != nullptr && known->delivery == request.delivery;
    const bool is_tried_again = is_own && known->state == RecordState::kPending;
    if (is_own && !is_tried_again && request.is_named) return ReserveOutcome::kAnswered;
    const bool every_message = request.interval == Seconds{0};
    if (known != nullptr && !is_tried_again && !every_message) {
      if (is_remembered(*known, now)) return ReserveOutcome::kAnswered;
      if (known->state == RecordState::kPending && is_held(key, known->delivery)) {
        return ReserveOutcome::kAnswered;
      }
    }
    if (!is_tried_again && is_limited(request, now)) return ReserveOutcome::kRateLimited;
    if (is_held(key, request.delivery)) return ReserveOutcome::kInProgress;
    if (is_tried_again && known->tries >= kMaxTries) {
      confirm(request);
      return ReserveOutcome::kGivenUp;
    }
    if (is_tried_again) {
      tried_before_.insert({key, request.delivery});
    } else {
      tried_before_.erase({key, request.delivery});
    }
    for (const auto& limit : request.limits) {
      if (is_tried_again) uncount(limit, known->answered_at);
      counted_[limit.counter].push_back(now);
    }
    std::optional<Time> end;
    if (request.interval) end = now + *request.interval;
    const std::uint32_t count = known == nullptr ? 0 : known->count;
    const auto tries = static_cast<std::uint8_t>(is_tried_again ? known->tries + 1 : 1);
    records_[key] = {request.key,        RecordState::kPending, now,  end, count,
                     request.message_id, request.delivery,      tries};
    held_.insert({key, request.delivery});
    return ReserveOutcome::kGranted;
  }

  void confirm(const ReservationRequest& request) {
    const auto found = records_.find(key_of(request.key));
    if (found != records_.end() && found->second.delivery == request.delivery) {
      found->second.state = RecordState::kAnswered;
      ++found->second.count;
    }
    die(request);
  }

  void release(const ReservationRequest& request, Time reserved) {
    const Key key = key_of(request.key);
    const auto known = records_.find(key);
    const bool is_own = known != records_.end() && known->second.state == RecordState::kPending &&
                        known->second.delivery == request.delivery;
    if (tried_before_.contains({key, request.delivery})) {
      // Who knows what the process before has sent. This one has not.
      if (is_own) --known->second.tries;
      return die(request);
    }
    if (is_own) records_.erase(known);
    for (const auto& limit : request.limits)
      uncount(limit, reserved);
    die(request);
  }

  /// The process that was at work on it is no more.
  void die(const ReservationRequest& request) {
    held_.erase({key_of(request.key), request.delivery});
  }

  std::size_t put(const ReplyRecord& record) {
    const ReplyRecord* known = find(key_of(record.key));
    if (known != nullptr && known->answered_at >= record.answered_at) return 0;
    records_[key_of(record.key)] = record;
    return 1;
  }

  std::size_t forget(const RecordFilter& filter) {
    return std::erase_if(records_, [&](const auto& entry) {
      const ReplyKey& key = entry.second.key;
      return (filter.responder.empty() || filter.responder == key.responder) &&
             (filter.sender.empty() || filter.sender == key.sender);
    });
  }

  std::size_t purge(const PurgeRequest& request) {
    return std::erase_if(records_, [&](const auto& entry) {
      const auto& [key, record] = entry;
      const bool is_pending = record.state == RecordState::kPending;
      if (is_pending && is_held(key, record.delivery)) return false;
      if (is_pending && is_remembered(record, request.now)) return false;
      if (request.older_than && !is_pending) {
        return record.answered_at + *request.older_than < request.now;
      }
      return record.expires_at && *record.expires_at <= request.now;
    });
  }

  [[nodiscard]] const std::map<Key, ReplyRecord>& records() const { return records_; }
  [[nodiscard]] std::size_t holders_of(const Key& key) const {
    return static_cast<std::size_t>(std::count_if(
        held_.begin(), held_.end(), [&](const auto& held) { return held.first == key; }));
  }

 private:
  [[nodiscard]] const ReplyRecord* find(const Key& key) const {
    const auto found = records_.find(key);
    return found == records_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool is_held(const Key& key, const std::string& delivery) const {
    return held_.contains({key, delivery});
  }
  /// Neither over nor so far in the future that a wrong clock must have written it.
  static bool is_remembered(const ReplyRecord& record, Time now) {
    const bool is_pending = record.state == RecordState::kPending;
    const auto end = is_pending ? record.answered_at + kLease : record.expires_at;
    return !(end && now >= *end) && record.answered_at - now <= kClockTolerance;
  }
  [[nodiscard]] bool is_limited(const ReservationRequest& request, Time now) const {
    return std::any_of(request.limits.begin(), request.limits.end(), [&](const auto& limit) {
      const auto found = counted_.find(limit.counter);
      if (found == counted_.end()) return false;
      return std::count_if(found->second.begin(), found->second.end(), [&](Time at) {
               return at + limit.limit.period > now;
             }) >= limit.limit.replies;
    });
  }
  void uncount(const CountedLimit& limit, Time at) {
    auto& times = counted_[limit.counter];
    if (const auto found = std::find(times.begin(), times.end(), at); found != times.end()) {
      times.erase(found);
    }
  }

  std::map<Key, ReplyRecord> records_;
  std::set<std::pair<Key, std::string>> held_;  // by living processes
  std::set<std::pair<Key, std::string>> tried_before_;
  std::map<std::string, std::vector<Time>> counted_;
};

}  // namespace inforeply::test
