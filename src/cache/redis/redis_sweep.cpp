#include "cache/redis/redis_sweep.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cache/record_format.hpp"
#include "cache/redis/redis_change.hpp"
#include "cache/redis/redis_keys.hpp"
#include "cache/redis/redis_slot.hpp"
#include "cache/reservation_rules.hpp"
#include "inforeply/text.hpp"

namespace inforeply::redis {
namespace {

constexpr std::size_t kBatch = 1000;
constexpr const char* kScanned = "1000";

struct Found {
  std::string name;
  std::string value;
  ReplyRecord record;
};

std::string slot_in(const std::string& name) {
  const auto begin = std::min(name.find('{') + 1, name.size());
  return name.substr(begin, name.find('}') - begin);
}

struct Value {
  std::string name;
  std::string text;
  bool is_text = true;  ///< false: a value of another type, such as a list
};

std::vector<Value> read_all(RedisServers& servers, const RedisPlace& master,
                            const std::vector<const redisReply*>& names) {
  std::vector<RedisServers::Command> commands;
  for (const auto* name : names) {
    const std::string text(text_of(*name));
    commands.push_back({slot_in(text), {"GET", text}});
  }
  const auto replies = servers.ask_all(commands, &master);
  std::vector<Value> values;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (replies[i]->type == REDIS_REPLY_NIL) continue;  // it has just expired
    values.push_back({commands[i].words.back(), std::string(text_of(*replies[i])),
                      replies[i]->type == REDIS_REPLY_STRING});
  }
  return values;
}

/// Passes the values of the names that match to `use`, batch by batch, until it returns false. A
/// batch may be empty. SCAN may show a name twice.
template <typename Use>
void scan_values(RedisServers& servers, const std::string& pattern, Use use) {
  const auto masters = servers.attempt([&] { return servers.masters(); });
  for (const auto& master : masters) {
    std::string cursor = "0";
    do {
      // Once more from the beginning would show all twice.
      const auto values = servers.attempt_once([&] {
        const auto reply =
            servers.connect(master).ask({"SCAN", cursor, "MATCH", pattern, "COUNT", kScanned});
        require_answer(*reply, master.name());
        const auto parts = elements_of(*reply);
        if (parts.size() != 2) throw RedisFault("SCAN: not understood", RedisFault::Remedy::kNone);
        cursor = text_of(*parts[0]);
        return read_all(servers, master, elements_of(*parts[1]));
      });
      if (!use(values)) return;
    } while (cursor != "0");
  }
}

std::optional<ReplyRecord> record_of(const KeyNames& names, const Value& value) {
  const auto key = names.record_key_in(value.name);
  return key && value.is_text ? decode(*key, value.text) : std::nullopt;
}

/// The same for records.
template <typename Use>
void scan(RedisServers& servers, const RecordFilter& filter, Use use) {
  scan_values(servers, servers.keys().pattern_of(filter), [&](const std::vector<Value>& values) {
    std::vector<Found> found;
    for (const auto& value : values) {
      auto record = record_of(servers.keys(), value);
      if (!record) servers.attempt_once([&] { fail_as_damaged(value.name); });
      const bool is_selected =
          (filter.responder.empty() || record->key.responder == filter.responder) &&
          (filter.sender.empty() || record->key.sender == filter.sender);
      if (is_selected) found.push_back({value.name, value.text, *std::move(record)});
    }
    return use(found);
  });
}

/// For what follows in the same attempt, as another may have other masters.
void load_script(RedisServers& servers) {
  for (const auto& master : servers.masters())
    RedisChange::load_script(servers.connect(master));
}

/// Removes those that nobody changes meanwhile.
template <typename Goes>
std::size_t remove(RedisServers& servers, const RecordFilter& filter, Goes goes, std::size_t batch,
                   const std::function<void(std::size_t)>& on_progress) {
  std::size_t removed = 0;
  const auto remove_some = [&](std::span<const Found> found) {
    std::vector<RedisServers::Command> commands;
    for (const auto& each : found) {
      if (!goes(each.record)) continue;
      RedisChange change(servers, slot_in(each.name), each.name, each.value);
      change.remove(0);
      commands.push_back(change.command());
    }
    removed += servers.attempt([&] {
      if (!commands.empty()) load_script(servers);
      const auto replies = servers.ask_all(commands);
      return static_cast<std::size_t>(
          std::count_if(replies.begin(), replies.end(),
                        [](const RedisReply& reply) { return RedisChange::is_done(*reply); }));
    });
    on_progress(removed);
  };
  scan(servers, filter, [&](const std::vector<Found>& found) {
    for (std::span rest(found); !rest.empty(); rest = rest.subspan(std::min(rest.size(), batch))) {
      remove_some(rest.first(std::min(rest.size(), batch)));
    }
    on_progress(removed);
    return true;
  });
  return removed;
}

std::size_t put_batch(RedisServers& servers, std::span<const ReplyRecord> records) {
  const Time now = SystemClock().now();
  std::size_t stored = 0;
  std::vector<ReplyRecord> left(records.begin(), records.end());
  // What somebody changes meanwhile is looked at once more.
  while (!left.empty()) {
    std::vector<ReplyRecord> again;
    servers.attempt([&] {
      again.clear();
      load_script(servers);
      std::vector<RedisServers::Command> questions;
      for (const auto& record : left) {
        const auto name = servers.keys().record(record_key(record.key));
        questions.push_back({slot_in(name), {"GET", name}});
      }
      const auto replies = servers.ask_all(questions);
      std::vector<RedisServers::Command> changes;
      std::vector<const ReplyRecord*> changed;
      for (std::size_t i = 0; i < left.size(); ++i) {
        const auto key = record_key(left[i].key);
        std::optional<std::string> value;
        if (replies[i]->type == REDIS_REPLY_STRING) value = text_of(*replies[i]);
        const auto earlier = value ? decode(key, *value) : std::nullopt;
        if (earlier && earlier->answered_at >= left[i].answered_at) continue;
        RedisChange change(servers, questions[i].slot, questions[i].words.back(), std::move(value));
        change.set(0, encode(left[i]), life_of(left[i], now));
        changes.push_back(change.command());
        changed.push_back(&left[i]);
      }
      const auto done = servers.ask_all(changes);
      for (std::size_t i = 0; i < done.size(); ++i) {
        if (RedisChange::is_done(*done[i])) {
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

}  // namespace

void visit(RedisServers& servers, const RecordFilter& filter,
           const std::function<bool(const ReplyRecord&)>& visit) {
  scan(servers, filter, [&](const std::vector<Found>& found) {
    return std::all_of(found.begin(), found.end(),
                       [&](const Found& each) { return visit(each.record); });
  });
}

std::size_t put(RedisServers& servers, std::span<const ReplyRecord> records) {
  std::size_t stored = 0;
  for (; !records.empty(); records = records.subspan(std::min(records.size(), kBatch))) {
    stored += put_batch(servers, records.first(std::min(records.size(), kBatch)));
  }
  return stored;
}

std::size_t forget(RedisServers& servers, const RecordFilter& filter) {
  return remove(
      servers, filter, [](const ReplyRecord& /*record*/) { return true; }, kBatch,
      [](std::size_t /*removed*/) {});
}

std::map<std::string, std::size_t> reached_limits(RedisServers& servers, Time now) {
  const auto& names = servers.keys();
  std::map<std::string, std::size_t> reached;
  scan_values(servers, names.pattern_of_limits(), [&](const std::vector<Value>& values) {
    for (const auto& value : values) {
      const auto counter = names.counter_in(value.name);
      const bool is_reached = value.is_text && is_limit_reached(value.text, now);
      if (counter && is_reached) ++reached[kind_of_limit(*counter)];
    }
    return true;
  });
  return reached;
}

std::size_t purge(RedisServers& servers, const PurgeRequest& request) {
  const RecordFilter filter{request.responder, {}};
  std::size_t count = 0;
  const auto goes = [&](const ReplyRecord& record) {
    if (!is_purgeable(record, request.now, request.older_than)) return false;
    return record.state == RecordState::kAnswered ||
           !servers.attempt([&] { return is_held(servers, record); });
  };
  const auto on_progress = [&](std::size_t so_far) {
    if (request.on_progress) request.on_progress(so_far);
  };
  if (request.mode == PurgeMode::kRemove) {
    return remove(servers, filter, goes, request.batch, on_progress);
  }
  scan(servers, filter, [&](const std::vector<Found>& found) {
    count += static_cast<std::size_t>(std::count_if(
        found.begin(), found.end(), [&](const Found& each) { return goes(each.record); }));
    on_progress(count);
    return true;
  });
  return count;
}

CacheCheck check(RedisServers& servers, CheckMode mode,
                 const std::function<void(const std::string&)>& on_fault) {
  CacheCheck check;
  const auto& names = servers.keys();
  const auto judge = [&](const Value& value) {
    const bool is_record = names.record_key_in(value.name).has_value();
    const bool is_sound = is_record ? record_of(names, value).has_value()
                                    : value.is_text && (!names.is_limit(value.name) ||
                                                        decode_tally(value.text).has_value());
    if (is_sound) {
      check.records += is_record ? 1 : 0;
      return;
    }
    ++check.damaged;
    on_fault("a damaged value of " + to_single_line(value.name));
    if (mode == CheckMode::kReport) return;
    servers.attempt([&] {
      servers.require(*servers.ask(slot_in(value.name), {"DEL", value.name}));
    });
  };
  scan_values(servers, names.pattern_of_all(), [&](const std::vector<Value>& values) {
    std::for_each(values.begin(), values.end(), judge);
    return true;
  });
  return check;
}

bool is_held(RedisServers& servers, const ReplyRecord& record) {
  const auto name = servers.keys().hold(record_key(record.key), record.delivery);
  const auto reply = servers.ask(slot_in(name), {"EXISTS", name});
  servers.require(*reply);
  return reply->integer == 1;
}

}  // namespace inforeply::redis
