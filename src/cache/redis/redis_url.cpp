#include "cache/redis/redis_url.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using Kind = RedisUrl::Kind;

struct Scheme {
  std::string_view prefix;
  Kind kind;
  std::uint16_t port;  ///< if none is given
};

constexpr std::array<Scheme, 4> kSchemes = {{
    {"redis://", Kind::kServer, 6379},
    {"redis+unix:", Kind::kSocket, 0},
    {"redis+sentinel://", Kind::kSentinel, 26379},
    {"redis+cluster://", Kind::kCluster, 6379},
}};

constexpr unsigned long long kMaxDatabase = 1'000'000;  // of those that the server is set to have

/// Without what may be a password: before an `@`, and behind a `?`.
std::string shown(std::string_view url) {
  const auto scheme = std::min(url.find(':'), url.size());
  const auto at = url.rfind('@');
  const auto question = std::min(url.find('?'), url.size());
  std::string text(url.substr(0, question));
  if (at != std::string_view::npos) {
    text = std::string(url.substr(0, scheme)) + ":..." + std::string(url.substr(at));
  } else if (question < url.size()) {
    text += "?...";
  }
  return to_single_line(text);
}

unsigned parse_database(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number > kMaxDatabase) {
    throw Error(Fault::kUsage,
                "expected the number of a database, not '" + std::string(text) + "'");
  }
  return static_cast<unsigned>(*number);
}

void set_user(RedisUrl& url, std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    throw Error(Fault::kUsage, "a password is set by redis-password-file, not here");
  }
  if (text.empty() || has_control_characters(text)) throw Error(Fault::kUsage, "no user");
  url.user = text;
}

/// PATH[?db=N][&user=NAME]
void read_socket(std::string_view text, RedisUrl& url) {
  const auto question = std::min(text.find('?'), text.size());
  url.path = text.substr(0, question);
  require_socket_path(url.path);
  text.remove_prefix(std::min(question + 1, text.size()));
  for (const auto word : split(text, '&')) {
    if (word.starts_with("db=")) {
      url.database = parse_database(word.substr(3));
    } else if (word.starts_with("user=")) {
      set_user(url, word.substr(5));
    } else {
      throw Error(Fault::kUsage, "expected db=N or user=NAME behind the '?'");
    }
  }
}

/// [USER@]HOST[:PORT],… and, of sentinels, /SERVICE, and, but for a cluster, [/DB]
void read_hosts(std::string_view text, std::uint16_t port, RedisUrl& url) {
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    set_user(url, text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  const auto slash = std::min(text.find('/'), text.size());
  std::string_view hosts = text.substr(0, slash);
  std::string_view rest = text.substr(slash);
  for (bool more = true; more;) {
    const auto comma = std::min(hosts.find(','), hosts.size());
    url.hosts.push_back(parse_host_and_port(hosts.substr(0, comma), port));
    more = comma < hosts.size();
    if (more) hosts.remove_prefix(comma + 1);
  }
  if (url.kind == Kind::kServer && url.hosts.size() > 1) {
    throw Error(Fault::kUsage, "several hosts are redis+sentinel:// or redis+cluster://");
  }
  if (url.kind == Kind::kSentinel) {
    rest.remove_prefix(std::min<std::size_t>(rest.size(), 1));
    const auto end = std::min(rest.find('/'), rest.size());
    url.service = rest.substr(0, end);
    if (url.service.empty() || has_control_characters(url.service)) {
      throw Error(Fault::kUsage, "the name of the master is missing: redis+sentinel://HOST/NAME");
    }
    rest.remove_prefix(end);
  }
  if (rest.size() <= 1) return;
  if (url.kind == Kind::kCluster) throw Error(Fault::kUsage, "a cluster has no databases");
  url.database = parse_database(rest.substr(1));
}

}  // namespace

bool is_redis_url(std::string_view url) {
  return url.starts_with("redis:") || url.starts_with("rediss:") || url.starts_with("redis+");
}

RedisUrl parse_redis_url(std::string_view url) {
  try {
    for (const auto& scheme : kSchemes) {
      if (!url.starts_with(scheme.prefix)) continue;
      RedisUrl parsed{.kind = scheme.kind};
      const auto rest = url.substr(scheme.prefix.size());
      if (scheme.kind == Kind::kSocket) {
        read_socket(rest, parsed);
      } else {
        read_hosts(rest, scheme.port, parsed);
      }
      return parsed;
    }
    if (url.starts_with("rediss:")) {
      throw Error(Fault::kUsage, "TLS is not built in: use a socket, or stunnel and redis://");
    }
    throw Error(Fault::kUsage,
                "expected redis://HOST[:PORT][/DB], redis+unix:PATH, "
                "redis+sentinel://HOST[:PORT],…/NAME or redis+cluster://HOST[:PORT],…");
  } catch (const Error& error) {
    throw Error(Fault::kUsage, "cache '" + shown(url) + "': " + error.what());
  }
}

}  // namespace inforeply
