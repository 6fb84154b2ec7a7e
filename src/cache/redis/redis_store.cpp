#include "cache/redis/redis_store.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/confinement.hpp"
#include "base/trusted_file.hpp"
#include "cache/redis/redis_sweep.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using Kind = RedisUrl::Kind;

constexpr const char* kPolicy = "maxmemory-policy";
constexpr const char* kNoEviction = "noeviction";

/// The lines NAME:VALUE of INFO; none if the user may not ask for it.
std::map<std::string, std::string, std::less<>> read_info(RedisConnection& server) {
  std::map<std::string, std::string, std::less<>> info;
  const auto reply = server.ask({"INFO"});
  if (error_code(*reply) == "NOPERM") return info;
  require_answer(*reply, server.place().name());
  std::string_view rest = text_of(*reply);
  while (!rest.empty()) {
    const auto line = trim(take_line(rest));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    info.emplace(line.substr(0, colon), line.substr(colon + 1));
  }
  return info;
}

/// What may become of the records when the memory of a server is full.
void judge_memory(RedisConnection& server, std::vector<CacheRemark>& remarks) {
  const auto name = server.place().name();
  const auto reply = server.ask({"CONFIG", "GET", kPolicy});
  const auto code = error_code(*reply);
  if (code != "NOPERM" && code != "ERR")
    require_answer(*reply, name);  // ERR: the command has another name
  const auto words = elements_of(*reply);
  if (words.size() != 2) {
    remarks.push_back({CacheRemark::Kind::kNote,
                       name +
                           ": whether it forgets records when its memory is full is not known (" +
                           to_single_line(text_of(*reply)) +
                           "); permit CONFIG GET to this user, "
                           "or look for " +
                           kPolicy + " " + kNoEviction});
  } else if (text_of(*words[1]) != kNoEviction) {
    remarks.push_back({CacheRemark::Kind::kFault,
                       name + ": " + kPolicy + " is " + to_single_line(text_of(*words[1])) +
                           ", so that it forgets records when its memory is full, and people are "
                           "answered twice: set " +
                           kPolicy + " " + kNoEviction});
  }
}

/// The script needs KEEPTTL, and rights need users: both came with version 6.
void judge_version(RedisConnection& server, std::vector<CacheRemark>& remarks) {
  const auto info = read_info(server);
  const auto found = info.find("redis_version");
  if (found == info.end()) return;
  const auto major =
      parse_number(std::string_view(found->second).substr(0, found->second.find('.')));
  if (major && *major < 6) {
    remarks.push_back({CacheRemark::Kind::kFault, server.place().name() + ": version " +
                                                      to_single_line(found->second) +
                                                      " is too old, expected 6 or later"});
  }
}

/// "127.0.0.1:6379: version 7.0.15, master, 2 replicas, append-only file, ..."
std::string describe(RedisConnection& server) {
  const auto info = read_info(server);
  const auto of = [&](std::string_view name) {
    const auto found = info.find(name);
    return found == info.end() ? std::string("?") : to_single_line(found->second);
  };
  const std::string persistence =
      of("aof_enabled") == "1" ? "append-only file" : "no append-only file";
  return server.place().name() + ": version " + of("redis_version") + ", " + of("role") + ", " +
         of("connected_slaves") + " replicas, " + persistence + ", last snapshot " +
         of("rdb_last_bgsave_status") + ", memory " + of("used_memory_human");
}

[[noreturn]] void refuse(const std::string& operation, const std::string& name) {
  throw Error(Fault::kUsage, operation + ": cache " + name +
                                 " has no file; inforeply-cache export writes its records");
}

class NoLock : public PurgeLock {};

}  // namespace

RedisStore::RedisStore(const CacheSettings& settings)
    : settings_(settings), url_(parse_redis_url(settings.url)) {}

RedisServers RedisStore::servers() const {
  const auto& file = settings_.redis_password_file;
  if (!url_.user.empty() && file.empty()) {
    throw Error(Fault::kConfiguration,
                "cache " + settings_.url + ": a user needs 'redis-password-file'");
  }
  return {name(), url_, file.empty() ? std::string() : read_password(file), settings_.mode};
}

std::string RedisStore::name() const {
  return settings_.url + (settings_.mode == ReplyMode::kShadow ? " (shadow)" : "");
}

bool RedisStore::exists() const {
  bool is_found = false;
  auto servers = this->servers();
  redis::visit(servers, {}, [&](const ReplyRecord& /*record*/) {
    is_found = true;
    return false;
  });
  return is_found;
}

void RedisStore::require_usable() const {
  auto servers = this->servers();
  servers.attempt([&] {
    for (const auto& master : servers.masters()) {
      require_answer(*servers.connect(master).ask({"PING"}), master.name());
    }
  });
}

std::vector<CacheRemark> RedisStore::remarks() const {
  auto servers = this->servers();
  return servers.attempt([&] {
    std::vector<CacheRemark> remarks;
    for (const auto& master : servers.masters()) {
      judge_version(servers.connect(master), remarks);
      judge_memory(servers.connect(master), remarks);
    }
    return remarks;
  });
}

void RedisStore::permit(Permissions& permissions) const {
  if (!settings_.redis_password_file.empty()) {
    permissions.readable_files.push_back(settings_.redis_password_file);
  }
  if (url_.kind == Kind::kSocket) return permit_sockets(permissions, Sockets::kFileSystem);
  permit_sockets(permissions, Sockets::kTcp);
  for (const auto& host : url_.hosts) {
    permissions.ports.push_back(host.port);
    if (!is_address(host.host)) permit_look_up(permissions);
  }
  // Where the masters are shows only when the servers say it. They may say names, too.
  if (url_.kind == Kind::kServer) return;
  permissions.any_port = true;
  permit_look_up(permissions);
}

CacheCheck RedisStore::check(CheckMode mode,
                             const std::function<void(const std::string&)>& on_fault) const {
  auto servers = this->servers();
  auto check = redis::check(servers, mode, on_fault);
  for (const auto& remark : remarks()) {
    if (remark.kind == CacheRemark::Kind::kFault) ++check.server_faults;
    on_fault(remark.text);
  }
  servers.attempt([&] {
    check.servers.clear();
    for (const auto& master : servers.masters())
      check.servers.push_back(describe(servers.connect(master)));
  });
  return check;
}

/// Whatever a second purge finds is removed by one of the two.
std::unique_ptr<PurgeLock> RedisStore::try_lock_for_purge() const {
  return std::make_unique<NoLock>();
}

std::uint64_t RedisStore::back_up(const std::string& /*path*/) const {
  refuse("backup", settings_.url);
}

Compaction RedisStore::compact(std::chrono::milliseconds /*patience*/) {
  refuse("compact", settings_.url);
}

}  // namespace inforeply
