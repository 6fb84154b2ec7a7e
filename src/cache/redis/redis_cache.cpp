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
#include "cache/record_format.hpp"
#include "cache/redis/redis_change.hpp"
#include "cache/redis/redis_keys.hpp"
#include "cache/redis/redis_servers.hpp"
#include "cache/redis/redis_store.hpp"
#include "cache/reservation_rules.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using namespace redis;  // NOLINT(google-build-using-namespace): the names of keys

// Longer than any run (120 s).
constexpr Seconds kHold{130};
// A mail server that has not heard that a message was answered tries it again within hours.
constexpr Seconds kLeastLife{24 * 3600};
constexpr std::size_t kBatch = 1000;
constexpr const char* kScanned = "1000";

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

[[noreturn]] void fail_as_damaged(const std::string& key) {
  throw RedisFault("a damaged value of " + to_single_line(key), RedisFault::Remedy::kNone);
}

std::optional<Seconds> life_of(const ReplyRecord& record, Time now) {
  if (!record.expires_at) return std::nullopt;
  return std::max(*record.expires_at - now, kLeastLife);
}

std::optional<ReplyRecord> read_record(const RedisChange& change, std::size_t at,
                                       const std::string& key) {
  if (!change.value(at)) return std::nullopt;
  auto record = decode(key, *change.value(at));
  if (!record) fail_as_damaged(record_name(key));
  return record;
}

ReplyTally read_tally(const RedisChange& change, std::size_t at) {
  if (!change.value(at)) return {};
  auto tally = decode_tally(*change.value(at));
  if (!tally) fail_as_damaged("a limit");
  return *std::move(tally);
}

void write_tally(RedisChange& change, std::size_t at, const ReplyTally& tally, Seconds period) {
  if (tally.entries().empty()) {
    change.remove(at);
  } else {
    change.set(at, encode(tally, period), period);
  }
}

/// A reply that is counted, or was.
struct Counting {
  std::optional<Time> taken_back;  ///< when it was counted before
  std::optional<Time> added;       ///< when it is to count now
};

using Limits = std::vector<const CountedLimit*>;

/// The limits of a slot, each with the places of its counters among the keys of a change.
class SlotLimits {
 public:
  /// Adds the names of the counters to `keys`. `slot` is what stands in their braces.
  SlotLimits(const Limits& limits, std::string_view slot, std::vector<std::string>& keys) {
    const auto add = [&](const std::string& counter) {
      keys.push_back(limit_name(slot, key_part(counter)));
      return keys.size() - 1;
    };
    for (const auto* counted : limits) {
      limits_.push_back({counted, add(counted->counter), std::nullopt});
      if (!counted->member.empty()) limits_.back().member = add(counted->member);
    }
  }

  /// The first without room for another reply.
  [[nodiscard]] const CountedLimit* find_reached(const RedisChange& change, Time now) const {
    for (const auto& place : limits_) {
      const auto tally_of = [&](const std::string& counter) {
        const bool is_member = counter != place.counted->counter;
        return read_tally(change, is_member ? *place.member : place.counter);
      };
      if (!has_room(*place.counted, tally_of, now)) return place.counted;
    }
    return nullptr;
  }

  void count(RedisChange& change, const Counting& counting) const {
    for (const auto& [counted, counter, member] : limits_) {
      for (const auto at : {std::optional(counter), member}) {
        if (!at) continue;
        auto tally = read_tally(change, *at);
        const auto& limit = counted->limit;
        if (counting.taken_back) tally.take_back(limit, *counting.taken_back);
        if (counting.added) tally.add(limit, *counting.added);
        write_tally(change, *at, tally, limit.period);
      }
    }
  }

 private:
  struct Place {
    const CountedLimit* counted;
    std::size_t counter;
    std::optional<std::size_t> member;
  };
  std::vector<Place> limits_;
};

/// The limits of a request by their slots; of the empty name those in the slot of its records.
std::map<std::string, Limits> by_slot(const std::vector<CountedLimit>& limits) {
  std::map<std::string, Limits> slots;
  for (const auto& counted : limits)
    slots[counted.slot].push_back(&counted);
  return slots;
}

/// What lies in the slot of a request's records.
class ResponderSlot {
 public:
  ResponderSlot(RedisServers& servers, const ReservationRequest& request)
      : request_(request),
        key_(record_key(request.key)),
        keys_(name_records()),
        limits_(by_slot(request.limits)[""], key_part(request.key.responder), keys_),
        change_(servers, encode_part(key_part(request.key.responder)), keys_) {}

  [[nodiscard]] KnownRecords known() const {
    KnownRecords known{read_record(change_, kOwn, key_), std::nullopt};
    if (direct_key_) known.direct = read_record(change_, kDirect, *direct_key_);
    return known;
  }
  [[nodiscard]] const std::optional<std::string>& holder() const { return change_.value(kHolder); }
  [[nodiscard]] const CountedLimit* find_reached(Time now) const {
    return limits_.find_reached(change_, now);
  }

  void count(const Counting& counting) { limits_.count(change_, counting); }
  void write(const ReplyRecord& record, Time now) {
    change_.set(kOwn, encode(record), life_of(record, now));
  }
  void rewrite(const ReplyRecord& record) { change_.replace(kOwn, encode(record)); }
  void remove() { change_.remove(kOwn); }
  void hold(const std::string& token) { change_.set(kHolder, token, kHold); }
  void let_go() { change_.remove(kHolder); }
  [[nodiscard]] bool commit() { return change_.commit(); }

 private:
  enum Key : std::size_t { kOwn, kHolder, kDirect };

  std::vector<std::string> name_records() {
    std::vector<std::string> names = {record_name(key_), hold_name(key_, request_.delivery)};
    if (const auto direct = direct_key(request_)) {
      direct_key_ = record_key(*direct);
      names.push_back(record_name(*direct_key_));
    }
    return names;
  }

  const ReservationRequest& request_;
  std::string key_;
  std::optional<std::string> direct_key_;
  std::vector<std::string> keys_;
  SlotLimits limits_;
  RedisChange change_;
};

/// Counts a reply against limits in a slot of their own. Returns the first without room for one
/// that is new; then nothing was changed.
const CountedLimit* count_apart(RedisServers& servers, const std::string& slot,
                                const Limits& limits, const Counting& counting) {
  std::vector<std::string> keys;
  const SlotLimits places(limits, key_part(slot), keys);
  while (true) {
    RedisChange change(servers, encode_part(key_part(slot)), keys);
    const bool is_new = counting.added && !counting.taken_back;
    const auto* reached = is_new ? places.find_reached(change, *counting.added) : nullptr;
    if (reached != nullptr) return reached;
    places.count(change, counting);
    if (change.commit()) return nullptr;
  }
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
      change([](ResponderSlot& /*slot*/, const ReplyRecord* /*own*/) {});
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the hold ends by itself
    }
  }

  void confirm() override {
    change([](ResponderSlot& slot, const ReplyRecord* own) {
      if (own != nullptr) slot.rewrite(confirm_record(*own));
    });
  }

  void release() override {
    change([&](ResponderSlot& slot, const ReplyRecord* own) {
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
    if (may_be_sent_) return;
    for (const auto& [slot, limits] : by_slot(request_.limits)) {
      if (slot.empty()) continue;
      servers_.attempt([&, &name = slot, &all = limits] {
        count_apart(servers_, name, all, {reserved_at_, std::nullopt});
      });
    }
  }

 private:
  /// Lets go. `change_own` gets the request's own pending record, or null: with an interval of 0 it
  /// may be another delivery's by now, or it was forgotten.
  template <typename ChangeOwn>
  void change(ChangeOwn change_own) {
    servers_.attempt([&] {
      while (true) {
        ResponderSlot slot(servers_, request_);
        if (slot.holder() != token_) return;  // done already, but the answer was lost; or too late
        const auto own = slot.known().own;
        change_own(slot, is_reserved_for(request_, own) ? &*own : nullptr);
        slot.let_go();
        if (slot.commit()) return;
      }
    });
    is_ended_ = true;
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
    scan(filter, [&](const std::vector<Found>& found) {
      return std::all_of(found.begin(), found.end(),
                         [&](const Found& each) { return visit(each.record); });
    });
  }

  std::size_t put(std::span<const ReplyRecord> records) override {
    std::size_t stored = 0;
    load_script();
    for (; !records.empty(); records = records.subspan(std::min(records.size(), kBatch))) {
      stored += put_batch(records.first(std::min(records.size(), kBatch)));
    }
    return stored;
  }

  std::size_t forget(const RecordFilter& filter) override {
    return remove(filter, [](const ReplyRecord& /*record*/) { return true; });
  }

  std::size_t purge(const PurgeRequest& request) override {
    const RecordFilter filter{request.responder, {}};
    std::size_t count = 0;
    const auto goes = [&](const ReplyRecord& record) {
      if (!is_purgeable(record, request.now, request.older_than)) return false;
      return record.state == RecordState::kAnswered ||
             !servers_.attempt([&] { return is_held(record); });
    };
    if (request.mode == PurgeMode::kRemove)
      return remove(filter, goes, request.batch, request.on_progress);
    visit(filter, [&](const ReplyRecord& record) {
      if (goes(record)) ++count;
      return true;
    });
    return count;
  }

 private:
  struct Found {
    std::string name;
    std::string value;
    ReplyRecord record;
  };

  /// Whether somebody is at work on the delivery of a pending record.
  bool is_held(const ReplyRecord& record) {
    const auto name = hold_name(record_key(record.key), record.delivery);
    const auto reply = servers_.ask(slot_in(name), {"EXISTS", name});
    require(*reply);
    return reply->integer == 1;
  }

  /// A reservation that is being asked for, perhaps once more after a lost connection.
  struct Asking {
    const ReservationRequest& request;
    Time now;
    std::string token;
    std::map<std::string, Limits> apart;  ///< limits in slots of their own
    std::set<std::string> counted{};      ///< of these slots, where it counts already
    bool may_be_sent = false;
  };

  void take_back(const Asking& asking) {
    for (const auto& slot : asking.counted) {
      servers_.attempt([&] {
        count_apart(servers_, slot, asking.apart.at(slot), {asking.now, std::nullopt});
      });
    }
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
    } catch (const Error&) {
      if (is_granted) reservation(asking)->release();
      throw;
    }
  }

  /// Returns the first limit without room.
  const CountedLimit* count_all_apart(Asking& asking, std::optional<Time> earlier) {
    for (const auto& [slot, limits] : asking.apart) {
      if (asking.counted.contains(slot)) continue;
      const auto* reached = count_apart(servers_, slot, limits, {earlier, asking.now});
      if (reached != nullptr) return reached;
      asking.counted.insert(slot);
    }
    return nullptr;
  }

  ReserveResult ask(Asking& asking) {
    const auto& request = asking.request;
    const auto is_at_work = [&](const ReplyRecord& record) { return is_held(record); };
    while (true) {
      ResponderSlot slot(servers_, request);
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

  /// Passes the selected records to `use`, batch by batch, until it returns false. SCAN may show a
  /// record twice.
  template <typename Use>
  void scan(const RecordFilter& filter, Use use) {
    const auto pattern = pattern_of(filter);
    const auto masters = servers_.attempt([&] { return servers_.masters(); });
    for (const auto& master : masters) {
      std::string cursor = "0";
      do {
        // Once more from the beginning would show all twice.
        const auto found = servers_.attempt_once([&] {
          const auto reply =
              servers_.connect(master).ask({"SCAN", cursor, "MATCH", pattern, "COUNT", kScanned});
          require(*reply);
          const auto parts = elements_of(*reply);
          if (parts.size() != 2)
            throw RedisFault("SCAN: not understood", RedisFault::Remedy::kNone);
          cursor = text_of(*parts[0]);
          return read_all(master, elements_of(*parts[1]), filter);
        });
        if (!use(found)) return;
      } while (cursor != "0");
    }
  }

  std::vector<Found> read_all(const RedisPlace& master, const std::vector<const redisReply*>& names,
                              const RecordFilter& filter) {
    std::vector<RedisServers::Command> commands;
    for (const auto* name : names) {
      const std::string text(text_of(*name));
      commands.push_back({slot_in(text), {"GET", text}});
    }
    const auto replies = servers_.ask_all(commands, &master);
    std::vector<Found> found;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (replies[i]->type != REDIS_REPLY_STRING) continue;  // it has just expired
      const auto& name = commands[i].words.back();
      const auto key = record_key_in(name);
      auto record = key ? decode(*key, text_of(*replies[i])) : std::nullopt;
      if (!record) fail_as_damaged(name);
      const bool is_selected =
          (filter.responder.empty() || record->key.responder == filter.responder) &&
          (filter.sender.empty() || record->key.sender == filter.sender);
      if (!is_selected) continue;
      found.push_back({name, std::string(text_of(*replies[i])), *std::move(record)});
    }
    return found;
  }

  static std::string slot_in(const std::string& name) {
    const auto begin = std::min(name.find('{') + 1, name.size());
    return name.substr(begin, name.find('}') - begin);
  }

  /// Removes those that nobody changes meanwhile.
  template <typename Goes>
  std::size_t remove(const RecordFilter& filter, Goes goes, std::size_t batch = kBatch,
                     const std::function<void(std::size_t)>& on_progress = {}) {
    std::size_t removed = 0;
    load_script();
    const auto remove_some = [&](std::span<const Found> found) {
      std::vector<RedisServers::Command> commands;
      for (const auto& each : found) {
        if (!goes(each.record)) continue;
        RedisChange change(servers_, slot_in(each.name), each.name, each.value);
        change.remove(0);
        commands.push_back(change.command());
      }
      const auto replies = servers_.attempt([&] { return servers_.ask_all(commands); });
      for (const auto& reply : replies) {
        if (reply->integer == 1) ++removed;
      }
      if (on_progress) on_progress(removed);
    };
    scan(filter, [&](const std::vector<Found>& found) {
      for (std::span rest(found); !rest.empty();
           rest = rest.subspan(std::min(rest.size(), batch))) {
        remove_some(rest.first(std::min(rest.size(), batch)));
      }
      return true;
    });
    return removed;
  }

  void load_script() {
    servers_.attempt([&] {
      for (const auto& master : servers_.masters())
        RedisChange::load_script(servers_.connect(master));
    });
  }

  std::size_t put_batch(std::span<const ReplyRecord> records) {
    const Time now = SystemClock().now();
    std::size_t stored = 0;
    std::vector<ReplyRecord> left(records.begin(), records.end());
    // What somebody changes meanwhile is looked at once more.
    while (!left.empty()) {
      std::vector<ReplyRecord> again;
      servers_.attempt([&] {
        again.clear();
        std::vector<RedisServers::Command> questions;
        for (const auto& record : left) {
          const auto name = record_name(record_key(record.key));
          questions.push_back({slot_in(name), {"GET", name}});
        }
        const auto replies = servers_.ask_all(questions);
        std::vector<RedisServers::Command> changes;
        std::vector<const ReplyRecord*> changed;
        for (std::size_t i = 0; i < left.size(); ++i) {
          const auto key = record_key(left[i].key);
          std::optional<std::string> value;
          if (replies[i]->type == REDIS_REPLY_STRING) value = text_of(*replies[i]);
          const auto earlier = value ? decode(key, *value) : std::nullopt;
          if (earlier && earlier->answered_at >= left[i].answered_at) continue;
          RedisChange change(servers_, questions[i].slot, record_name(key), std::move(value));
          change.set(0, encode(left[i]), life_of(left[i], now));
          changes.push_back(change.command());
          changed.push_back(&left[i]);
        }
        const auto done = servers_.ask_all(changes);
        for (std::size_t i = 0; i < done.size(); ++i) {
          if (done[i]->integer == 1) {
            ++stored;
          } else {
            again.push_back(*changed[i]);
          }
        }
      });
      left = std::move(again);
    }
    return stored;
  }

  RedisServers servers_;
  unsigned replicas_;
};

}  // namespace

std::unique_ptr<OpenCache> RedisStore::open(CacheAccess /*access*/) const {
  return std::make_unique<RedisCache>(servers(), settings_.redis_wait);
}

}  // namespace inforeply
