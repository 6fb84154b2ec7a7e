// What the command line and the main configuration file say.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/cache_settings.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/envelope.hpp"
#include "inforeply/error.hpp"
#include "inforeply/log_format.hpp"
#include "inforeply/mailer_settings.hpp"
#include "inforeply/rate_limit.hpp"
#include "inforeply/reply_mode.hpp"
#include "inforeply/trust.hpp"

namespace inforeply {

/// That of `give-up-after`, also for an error before the configuration is read.
inline constexpr Seconds kDefaultGiveUpAfter{2 * 24 * 3600};

/// Where a setting is set, for messages about faults of what it names.
struct SettingOrigin {
  std::string file;      ///< the main configuration, or words that name an option or a default
  std::size_t line = 0;  ///< 0 if it is in no file
};

/// What the command line and the main configuration file set. All values have been checked for
/// their form.
struct Settings {
  std::string responder;              ///< a file; empty: look up in `responders`
  std::string responders;             ///< a folder
  CacheSettings cache;                ///< the live one
  ReplyMode mode = ReplyMode::kLive;  ///< kShadow: of all responders
  MailerSettings mailer;
  std::string log;                  ///< as make_log takes it
  std::string recipient_delimiter;  ///< characters that begin an extension; may be empty
  std::string user;                 ///< the account that deliveries run as; empty: any
  LogFormat log_format = LogFormat::kText;
  bool log_addresses = true;
  Trust trust_responders = Trust::kOwner;  ///< whose responder files are the administrator's
  bool require_confinement = false;
  std::vector<std::string> fcc_folders;        ///< absolute, without a slash at the end
  std::vector<std::string> autoreply_domains;  ///< in A-labels
  std::vector<std::string> trusted_authserv;   ///< authserv-ids (RFC 8601, 2.5)
  std::optional<RateLimit> limit;
  std::optional<RateLimit> limit_sender_domain;
  std::optional<Seconds> give_up_after = kDefaultGiveUpAfter;  ///< nullopt: never
  std::string configuration;  ///< the main configuration that was read; empty if there is none
  std::map<std::string, SettingOrigin> origins;  ///< by name, if not left to its default

  [[nodiscard]] SettingOrigin origin_of(const std::string& name) const;
};

struct ResponderCommand {
  Settings settings;
  Envelope envelope;
  /// The envelope sender if neither `envelope` nor the message names one: SENDER of the
  /// environment, if the recipient came from there. Last, because local(8) writes `_` for every
  /// character that could mean something to a shell: the result may be another person's address.
  std::optional<std::string> last_sender;
  std::optional<Time> now;
  bool dry_run = false;
  bool explain = false;
  bool show = false;
  bool check_config = false;
  std::string check_delivery;       ///< the address of the responder to check; empty: none
  std::string check_to;             ///< where that check sends a reply; empty: nowhere
  std::vector<ConfigError> faults;  ///< in the main configuration, if check_config
  bool help = false;
  bool version = false;
};

}  // namespace inforeply
