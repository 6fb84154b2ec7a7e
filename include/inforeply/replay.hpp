// Deliveries of stored messages that nobody gets: what would have come of them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/clock.hpp"
#include "inforeply/envelope.hpp"
#include "inforeply/settings.hpp"

namespace inforeply {

/// More of a message is never looked at.
inline constexpr std::size_t kMaxReplayedOctets = std::size_t{512} * 1024;

/// How a line of an mbox file begins a message (RFC 4155, appendix A).
enum class MboxLine {
  kNone,
  kBare,   ///< `From ` and nothing else
  kDated,  ///< `From alice@example.net Thu Dec 24 18:00:00 2026`
};

/// A sentence that begins with From is none: a weekday and a month must stand behind each other,
/// and a time.
MboxLine mbox_line(std::string_view line);

/// What a stored message says of its delivery.
struct StoredMessage {
  /// When it came: by its topmost Received field, its Date or the mbox line, the first that has a
  /// date from 1970 up to ten years ahead. nullopt if none has.
  std::optional<Time> date;
  /// The envelope sender: of Return-Path, the mbox line or From, the first that has one; empty for
  /// the null sender and if none has.
  std::string sender;
  /// Of Delivered-To, X-Original-To or Envelope-To, the first that has an address; empty if none
  /// has.
  std::string recipient;
  /// Of the other two beside Delivered-To: the recipient before aliases. Empty if there is none.
  std::string original;
  std::vector<std::string> addressees;  ///< the first ones of To and Cc
};

/// Reads the first kMaxReplayedOctets of a message.
StoredMessage read_stored_message(std::string_view text, Time now);

enum class ReplayAction { kReply, kSuppress, kDefer };

struct ReplayResult {
  ReplayAction action = ReplayAction::kSuppress;
  std::string reason;     ///< why it is not answered; empty for a reply
  std::string section;    ///< of the reply; empty: the responder's own
  std::string responder;  ///< the address whose settings were used; empty: none
  std::string detail;     ///< what the log would add; empty: nothing
};

/// Delivers messages as in shadow mode: all is decided, composed and remembered, nothing is sent.
class Replay {
 public:
  /// Remembers in the cache of the settings, which nobody else may use meanwhile. Throws Error as
  /// opening a cache does.
  explicit Replay(Settings settings);
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;
  ~Replay();

  /// Whether one responder answers for every recipient.
  [[nodiscard]] bool is_for_all() const;

  /// Whether the address has a responder. One for all has its own addresses: those that it names,
  /// and that which its file is named for.
  [[nodiscard]] bool knows(const std::string& recipient) const;

  /// The message is delivered at `now` to the one recipient of the envelope, whose queue_id tells
  /// it from all others. Throws Error (kCache) if the memory fails, as of a full disk.
  ReplayResult deliver(std::string_view text, const Envelope& envelope, Time now);

  /// Calls `visit` with each person that was answered and by which responder, in order.
  void visit_answered(
      const std::function<void(const std::string& responder, const std::string& sender)>& visit);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace inforeply
