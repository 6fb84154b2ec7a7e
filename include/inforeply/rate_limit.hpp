// How many replies may be sent in a period: `limit = N/DURATION`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inforeply/clock.hpp"

namespace inforeply {

/// At most `replies` in any span of `period`.
struct RateLimit {
  std::uint32_t replies = 0;
  Seconds period{};
  std::string text;  ///< as it was written
};

/// Reads `100/1h`: at least one reply, in at least a second. nullopt if the text has another form.
std::optional<RateLimit> parse_rate_limit(std::string_view text);

/// When replies were sent, as far as a limit needs to know: exact for few replies, and never too
/// lenient for many.
class ReplyTally {
 public:
  struct Entry {
    Time at;
    std::uint32_t replies;
  };
  static constexpr std::size_t kMaxEntries = 64;

  ReplyTally() = default;
  explicit ReplyTally(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  [[nodiscard]] bool has_room(const RateLimit& limit, Time now) const;

  /// Counts a reply, and forgets replies that no longer matter to the limit.
  void add(const RateLimit& limit, Time now);

  /// Takes back a reply that was counted at `at` but not sent. Does nothing if it is forgotten
  /// already.
  void take_back(const RateLimit& limit, Time at);

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  /// Whether a member of all those that `all` counts still has room: as long as `all` has, and
  /// then, so that a busy one does not silence the others, while it has had less than a fifth of
  /// the limit and all together less than twice the limit. `own` counts the member's replies.
  static bool has_share(const ReplyTally& all, const ReplyTally& own, const RateLimit& limit,
                        Time now);

 private:
  [[nodiscard]] std::uint64_t count(const RateLimit& limit, Time now) const;

  std::vector<Entry> entries_;  // the earliest first
};

}  // namespace inforeply
