// The reply cache on Redis or Valkey, for several machines.
//
// All decisions are made here, as for LMDB (reservation_rules.hpp). A step reads the values that it
// depends on and writes the new ones, unless one was changed meanwhile; then it begins anew. So it
// is atomic although the server knows nothing of replies.
//
// All that is about a responder lies in one slot. A limit that several share lies in another: a
// reply is counted there first, and taken back if it is then refused. A process that
// dies in between leaves such a limit too strict for its period.
//
// Who is at work on a delivery holds it: a key that lives longer than any run may. So a delivery
// that was killed is granted again only after that time. A connection that is lost leaves open
// whether the server did what it was asked. The step is then repeated, and knows its own
// reservation by the hold.
//
// The server removes what has expired. Times to live are spans, so that clocks need not agree.

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cache/open_cache.hpp"
#include "cache/redis/redis_servers.hpp"
#include "cache/redis/redis_slot.hpp"
#include "cache/redis/redis_store.hpp"
#include "cache/redis/redis_sweep.hpp"
#include "cache/reservation_rules.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using redis::by_slot;
using redis::count_apart;
using redis::Limits;
using redis::ResponderSlot;

std::string make_token() {
  std::array<char, 16> octets{};
  // Never short for so few octets (getrandom(2)).
  while (::getrandom(octets.data(), octets.size(), 0) < 0 && errno == EINTR) {
  }
  std::string token;
  for (const char octet : octets)
    token += to_hex(octet);
  return token;
}

/// Takes a reply back that was counted. Not once more if the answer is lost: that could take back
/// somebody else's.
void take_back_apart(RedisServers& servers, const std::string& slot, const Limits& limits,
                     Time counted_at) {
  servers.attempt_once([&] { count_apart(servers, slot, limits, {counted_at, std::nullopt}); });
}

class RedisReservation : public Reservation {
 public:
  RedisReservation(RedisServers& servers, ReservationRequest request, std::string token,
                   Time reserved_at, bool may_be_sent)
      : servers_(servers),
        request_(std::move(request)),
        token_(std::move(token)),
        reserved_at_(reserved_at),
        may_be_sent_(may_be_sent) {}
  RedisReservation(const RedisReservation&) = delete;
  RedisReservation& operator=(const RedisReservation&) = delete;
  ~RedisReservation() override {
    if (is_ended_) return;
    try {
      servers_.attempt_once([&] {
        change(ResponderSlot::Reads::kNoLimits, [](auto& /*slot*/, const auto* /*own*/) {});
      });
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the hold ends by itself
    }
  }

  void confirm() override {
    is_ended_ = true;
    servers_.attempt([&] {
      change(ResponderSlot::Reads::kNoLimits, [](ResponderSlot& slot, const ReplyRecord* own) {
        if (own != nullptr) slot.rewrite(confirm_record(*own));
      });
    });
  }

  void release() override {
    is_ended_ = true;
    servers_.attempt([&] {
      const auto reads =
          may_be_sent_ ? ResponderSlot::Reads::kNoLimits : ResponderSlot::Reads::kAll;
      change(reads, [&](ResponderSlot& slot, const ReplyRecord* own) {
        if (!may_be_sent_) {
          if (own != nullptr) slot.remove();
          // It was counted even if another delivery has replaced it.
          slot.count({reserved_at_, std::nullopt});
        } else if (own != nullptr) {
          auto record = *own;
          --record.tries;  // this try is known to have sent nothing
          slot.rewrite(record);
        }
      });
    });
    if (may_be_sent_) return;
    for (const auto& [slot, limits] : by_slot(request_.limits)) {
      if (!slot.empty()) take_back_apart(servers_, slot, limits, reserved_at_);
    }
  }

 private:
  /// A step that lets go. `change_own` gets the request's own pending record, or null: with an
  /// interval of 0 it may be another delivery's by now, or it was forgotten.
  template <typename ChangeOwn>
  void change(ResponderSlot::Reads reads, ChangeOwn change_own) {
    while (true) {
      ResponderSlot slot(servers_, request_, reads);
      if (slot.holder() != token_) return;  // done already, but the answer was lost; or too late
      const auto own = slot.known().own;
      change_own(slot, is_reserved_for(request_, own) ? &*own : nullptr);
      slot.let_go();
      if (slot.commit()) return;
    }
  }

  RedisServers& servers_;
  ReservationRequest request_;
  std::string token_;
  Time reserved_at_;
  bool may_be_sent_;  // by the process that had the reservation before
  bool is_ended_ = false;
};

class RedisCache : public OpenCache {
 public:
  RedisCache(RedisServers servers, unsigned replicas)
      : servers_(std::move(servers)), replicas_(replicas) {}

  ReserveResult reserve(const ReservationRequest& asked, Time now) override {
    auto request = asked;
    request.booted_at = Time{};  // the servers did not stop when this machine did
    Asking asking{request, now, make_token(), by_slot(request.limits)};
    asking.apart.erase("");
    auto result = ask_and_wait(asking);
    if (result.outcome == ReserveOutcome::kGranted) {
      result.reservation = reservation(asking);
    } else {
      take_back(asking);
    }
    return result;
  }

  void visit(const RecordFilter& filter,
             const std::function<bool(const ReplyRecord&)>& visit) override {
    redis::visit(servers_, filter, visit);
  }
  std::size_t put(std::span<const ReplyRecord> records) override {
    return redis::put(servers_, records);
  }
  std::size_t forget(const RecordFilter& filter) override {
    return redis::forget(servers_, filter);
  }
  std::map<std::string, std::size_t> reached_limits(Time now) override {
    return redis::reached_limits(servers_, now);
  }
  std::size_t purge(const PurgeRequest& request) override {
    return redis::purge(servers_, request);
  }

 private:
  /// A reservation that is being asked for, perhaps once more after a lost connection.
  struct Asking {
    const ReservationRequest& request;
    Time now;
    std::string token;
    std::map<std::string, Limits> apart;  ///< limits in slots of their own
    std::set<std::string> counted{};      ///< of these slots, where it counts as a new one
    bool may_be_sent = false;
  };

  void take_back(const Asking& asking) {
    for (const auto& slot : asking.counted)
      take_back_apart(servers_, slot, asking.apart.at(slot), asking.now);
  }

  std::unique_ptr<RedisReservation> reservation(const Asking& asking) {
    return std::make_unique<RedisReservation>(servers_, asking.request, asking.token, asking.now,
                                              asking.may_be_sent);
  }

  /// Throws Error if the replicas do not have the reservation. Then nothing is sent, and the mail
  /// server tries again. If the connection is lost meanwhile, another server may be the master,
  /// which may not have it, either: so it is asked for anew, and waited for there.
  ReserveResult ask_and_wait(Asking& asking) {
    bool is_granted = false;
    try {
      return servers_.attempt([&] {
        auto result = ask(asking);
        is_granted = result.outcome == ReserveOutcome::kGranted;
        if (is_granted && replicas_ > 0) servers_.wait_for_replicas(replicas_);
        return result;
      });
    } catch (const Error& error) {
      const bool is_refused = dynamic_cast<const RedisRefusal*>(&error) != nullptr;
      if (is_granted) {
        reservation(asking)->release();
      } else if (is_refused) {  // else nobody knows whether it was reserved
        take_back(asking);
      }
      throw;
    }
  }

  /// Returns the first limit without room.
  const CountedLimit* count_all_apart(Asking& asking, std::optional<Time> earlier) {
    for (const auto& [slot, limits] : asking.apart) {
      if (asking.counted.contains(slot)) continue;
      const auto* reached = count_apart(servers_, slot, limits, {earlier, asking.now});
      if (reached != nullptr) return reached;
      // One that was counted before has only moved. Another try of the same delivery may move it,
      // too.
      if (!earlier) asking.counted.insert(slot);
    }
    return nullptr;
  }

  ReserveResult ask(Asking& asking) {
    const auto& request = asking.request;
    const auto is_at_work = [&](const ReplyRecord& record) {
      return redis::is_held(servers_, record);
    };
    while (true) {
      ResponderSlot slot(servers_, request, ResponderSlot::Reads::kAll);
      const auto known = slot.known();
      const bool is_ours = is_reserved_for(request, known.own);
      if (is_ours && slot.holder() == asking.token) {  // the answer was lost
        slot.hold(asking.token);  // written anew, so that replicas can be waited for
        if (!slot.commit()) continue;
        return {ReserveOutcome::kGranted, nullptr, {}, known.own->tries};
      }
      const auto outcome = decide(request, known, is_at_work, asking.now);
      if (outcome == ReserveOutcome::kAnswered) return {outcome};
      if (!is_ours) {
        if (const auto* reached = slot.find_reached(asking.now)) return rate_limited(*reached);
      }
      if (slot.holder()) return {ReserveOutcome::kInProgress};
      if (outcome == ReserveOutcome::kGivenUp) {
        slot.rewrite(confirm_record(*known.own));
        if (slot.commit()) return {outcome};
        continue;
      }
      asking.may_be_sent = is_ours;
      // A reply counts once, and when it is sent.
      const auto earlier = is_ours ? std::optional(known.own->answered_at) : std::nullopt;
      if (const auto* reached = count_all_apart(asking, earlier)) return rate_limited(*reached);
      slot.count({earlier, asking.now});
      const auto record = reserve_record(request, known.own, asking.now);
      slot.write(record, asking.now);
      slot.hold(asking.token);
      if (slot.commit()) return {ReserveOutcome::kGranted, nullptr, {}, record.tries};
    }
  }

  static ReserveResult rate_limited(const CountedLimit& reached) {
    return {ReserveOutcome::kRateLimited, nullptr, reached};
  }

  RedisServers servers_;
  unsigned replicas_;
};

}  // namespace

std::unique_ptr<OpenCache> RedisStore::open(CacheAccess /*access*/) const {
  return std::make_unique<RedisCache>(servers(), settings_.redis_wait);
}

}  // namespace inforeply
