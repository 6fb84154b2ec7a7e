// A message to the owner of an address: who was answered while the owner was away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "inforeply/address.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/reply_mode.hpp"
#include "inforeply/settings.hpp"

namespace inforeply {

struct FoundResponder;  // src/responder/responder_lookup.hpp

/// How often an owner is reminded of a responder that has no end.
inline constexpr Seconds kReminderInterval{30 * 24 * 3600};

/// Why there is a digest, and which answers it tells.
struct DigestOccasion {
  enum class Kind {
    kAsked,        ///< somebody wants to know
    kPeriodEnded,  ///< the owner is back
    kStillOn,      ///< a responder without an end has been on for a long time
  };
  Kind kind = Kind::kAsked;
  std::optional<Time> from{};   ///< the first answers; nullopt: all that are known
  std::optional<Time> until{};  ///< before the last; nullopt: up to now

  /// Whether a person got a reply then who got the last of so many at `answered_at`. Who got one
  /// before and after counts: the earlier ones have left no time.
  [[nodiscard]] bool includes(Time answered_at, std::uint32_t replies) const {
    return (!from || answered_at >= *from) && (!until || answered_at < *until || replies > 1);
  }
};

/// What was answered last to a person.
struct DigestRow {
  Time answered_at;
  std::string sender;         ///< as the cache knows it
  std::uint32_t replies = 0;  ///< in all
  std::string handle;
};

struct DigestAnswers {
  std::size_t people = 0;
  bool is_exact = true;               ///< if not, there are more people
  std::vector<DigestRow> rows;        ///< in the order in which the digest shows them
  std::size_t not_shown = 0;          ///< answers for which there is no row
  ReplyMode mode = ReplyMode::kLive;  ///< kShadow: nothing of it was sent
};

/// The digests of one responder.
class AbsenceDigest {
 public:
  /// Throws ConfigError if the responder's file cannot be used, Error (kInput) if the address has
  /// no responder.
  AbsenceDigest(const Settings& settings, const Address& address);
  AbsenceDigest(const AbsenceDigest&) = delete;
  AbsenceDigest& operator=(const AbsenceDigest&) = delete;
  ~AbsenceDigest();

  /// The responder's address as the cache knows it.
  [[nodiscard]] std::string responder() const;

  /// What to tell whoever asks: answers since `since`, else since the active period began, else
  /// all.
  [[nodiscard]] DigestOccasion asked(std::optional<Time> since, Time now) const;

  /// What has become due after `last_run`, up to `now`: an active period has ended, or the file of
  /// a responder that is off was changed, which ended its last period by hand; or a live responder
  /// without an end has been on for another kReminderInterval, since `active-from` or else since
  /// its file was changed. nullopt if nothing has.
  [[nodiscard]] std::optional<DigestOccasion> due(Time last_run, Time now) const;

  /// The whole message, with LF line ends, to the responder's address from itself, with all
  /// recipients in its fields, as for `sendmail -t`. What was answered is told by the name of the
  /// `[when]` section, or else the subject of the reply, whose handle it was then; or else by the
  /// handle. Times are those of the responder's zone. The digest of a period has the same
  /// Message-ID each time, unless somebody was answered meanwhile.
  [[nodiscard]] std::string compose(const DigestOccasion& occasion, const DigestAnswers& answers,
                                    Time now) const;

 private:
  std::unique_ptr<FoundResponder> found_;
  ReplyMode mode_;  ///< of all responders
};

}  // namespace inforeply
