#include "config/option_table.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "base/log.hpp"
#include "inforeply/address.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "mailer/make_mailer.hpp"

namespace inforeply {
namespace {

constexpr unsigned kResponderAndFile = kResponder | kFile;
constexpr unsigned kPrograms = kResponder | kTools;

void bad_value(const std::string& name, const std::string& value, const std::string& expected) {
  throw Error(Fault::kUsage, "'" + name + " = " + value + "': expected " + expected);
}

template <bool ResponderCommand::*flag>
void set_flag(OptionTarget& target, const std::string& /*value*/) {
  target.command.*flag = true;
}

template <std::string Settings::*member>
void set_text(OptionTarget& target, const std::string& value) {
  target.command.settings.*member = value;
}

void set_configuration(OptionTarget& target, const std::string& value) {
  target.configuration = value;
}

void set_sender(OptionTarget& target, const std::string& value) {
  target.command.envelope.sender = normalize_sender(value);
}

template <std::string ResponderCommand::*member>
void set_address(OptionTarget& target, const std::string& value) {
  if (!parse_address(value)) throw Error(Fault::kUsage, "'" + value + "' is no mail address");
  target.command.*member = value;
}

void set_now(OptionTarget& target, const std::string& value) {
  const auto seconds = parse_number(value);
  if (!seconds || *seconds > 100'000'000'000ULL) {
    throw Error(Fault::kUsage, "--now " + value + ": expected seconds since the epoch");
  }
  target.command.now = Time{Seconds{static_cast<Seconds::rep>(*seconds)}};
}

void add_original_recipient(OptionTarget& target, const std::string& value) {
  target.original_recipients.push_back(value);
}

void set_queue_id(OptionTarget& target, const std::string& value) {
  target.command.envelope.queue_id = value;
}

void set_cache(OptionTarget& target, const std::string& value) {
  check_cache_url(value);
  target.command.settings.cache.url = value;
}

void set_redis_password_file(OptionTarget& target, const std::string& value) {
  target.command.settings.cache.redis_password_file = value;
}

void set_redis_wait(OptionTarget& target, const std::string& value) {
  constexpr unsigned long long kMaxReplicas = 100;
  const auto replicas = parse_number(value);
  if (!replicas || *replicas > kMaxReplicas) {
    bad_value("redis-wait", value, "a number of replicas");
  }
  target.command.settings.cache.redis_wait = static_cast<unsigned>(*replicas);
}

void set_mailer(OptionTarget& target, const std::string& value) {
  check_mailer_spec(value);
  target.command.settings.mailer.spec = value;
}

template <std::string MailerSettings::*member>
void set_mailer_text(OptionTarget& target, const std::string& value) {
  target.command.settings.mailer.*member = value;
}

void set_smtp_user(OptionTarget& target, const std::string& value) {
  if (has_control_characters(value)) bad_value("smtp-user", value, "no control characters");
  set_mailer_text<&MailerSettings::user>(target, value);
}

void set_log(OptionTarget& target, const std::string& value) {
  check_log_spec(value);
  target.command.settings.log = value;
}

void set_log_format(OptionTarget& target, const std::string& value) {
  if (value != "text" && value != "json") bad_value("log-format", value, "text or json");
  target.command.settings.log_format = value == "json" ? LogFormat::kJson : LogFormat::kText;
}

void set_recipient_delimiter(OptionTarget& target, const std::string& value) {
  if (value.find_first_of("@.\"") != std::string::npos) {
    bad_value("recipient-delimiter", value, "characters such as +, or none");
  }
  target.command.settings.recipient_delimiter = value == "none" ? "" : value;
}

/// Run by any account but `user`, the program would leave files that `user` cannot use.
void require_account(OptionTarget& target, const std::string& name) {
  target.command.settings.user = name;
  if (target.purpose == Purpose::kInspection) return;
  const passwd* account = ::getpwnam(name.c_str());
  if (account == nullptr)
    throw Error(Fault::kConfiguration, "user = " + name + ": no such account");
  if (account->pw_uid != ::geteuid()) {
    throw Error(Fault::kConfiguration,
                "user = " + name + ": the account that runs is " + running_account());
  }
}

bool is_yes(const std::string& name, const std::string& value) {
  if (value != "yes" && value != "no") throw Error(Fault::kUsage, "'" + name + "' is yes or no");
  return value == "yes";
}

void set_log_addresses(OptionTarget& target, const std::string& value) {
  target.command.settings.log_addresses = is_yes("log-addresses", value);
}

void set_mode(OptionTarget& target, const std::string& value) {
  const auto mode = parse_reply_mode(value);
  if (!mode) bad_value("mode", value, "live or shadow");
  target.command.settings.mode = *mode;
}

void set_require_confinement(OptionTarget& target, const std::string& value) {
  target.command.settings.require_confinement = is_yes("require-confinement", value);
}

void set_trust_responders(OptionTarget& target, const std::string& value) {
  constexpr std::array<std::pair<std::string_view, Trust>, 3> kValues = {
      {{"owner", Trust::kOwner}, {"all", Trust::kAll}, {"none", Trust::kNone}}};
  const auto* found = std::find_if(kValues.begin(), kValues.end(),
                                   [&](const auto& known) { return known.first == value; });
  if (found == kValues.end()) bad_value("trust-responders", value, "owner, all or none");
  target.command.settings.trust_responders = found->second;
}

void add_fcc_folder(OptionTarget& target, const std::string& value) {
  const auto end = value.find_last_not_of('/');
  if (end == std::string::npos) bad_value("fcc-folder", value, "a folder below /");
  target.command.settings.fcc_folders.push_back(value.substr(0, end + 1));
}

void add_autoreply_domain(OptionTarget& target, const std::string& value) {
  auto domain = parse_domain(value);
  if (!domain) bad_value("autoreply-domain", value, "a domain");
  target.command.settings.autoreply_domains.push_back(*std::move(domain));
}

void add_trusted_authserv(OptionTarget& target, const std::string& value) {
  if (value.find_first_of(" \t;,()\"") != std::string::npos) {
    bad_value("trusted-authserv", value, "one authserv-id");
  }
  target.command.settings.trusted_authserv.push_back(value);
}

RateLimit rate_limit(const std::string& name, const std::string& value) {
  const auto limit = parse_rate_limit(value);
  if (!limit) bad_value(name, value, "replies in a time, such as 100/1h");
  return *limit;
}

void set_limit(OptionTarget& target, const std::string& value) {
  target.command.settings.limit = rate_limit("limit", value);
}

void set_limit_sender_domain(OptionTarget& target, const std::string& value) {
  target.command.settings.limit_sender_domain = rate_limit("limit-sender-domain", value);
}

void set_give_up_after(OptionTarget& target, const std::string& value) {
  auto& give_up_after = target.command.settings.give_up_after;
  give_up_after = parse_duration(value);
  if (value == "none") return;
  if (!give_up_after || *give_up_after == Seconds{0}) {
    bad_value("give-up-after", value, "a time such as 2d, or none");
  }
}

std::string same_path(const std::string& value) {
  return value;
}

std::string path_of_cache(const std::string& value) {
  return make_cache_store({value})->file();
}

constexpr auto kOnce = Repeats::kNo;
constexpr auto kMany = Repeats::kYes;

/// In the order of the help.
constexpr std::array kOptions = {
    Option{"config", 'c', "FILE", nullptr, kPrograms, kOnce, set_configuration,
           "main configuration, by default /etc/inforeply/inforeply.conf, which may be missing"},
    Option{"help", 'h', nullptr, nullptr, kPrograms, kOnce, set_flag<&ResponderCommand::help>,
           "this text"},
    Option{"version", 0, nullptr, nullptr, kPrograms, kOnce, set_flag<&ResponderCommand::version>,
           "the program's version"},

    Option{"sender", 'f', "ADDR", nullptr, kResponder, kOnce, set_sender,
           "envelope sender; '', '<>' and MAILER-DAEMON are the null sender. Without it the "
           "Return-Path or mbox line at the top of the message counts"},
    Option{
        "dry-run", 'n', nullptr, nullptr, kResponder, kOnce, set_flag<&ResponderCommand::dry_run>,
        "decide and compose, print it, touch neither cache nor mailer; on a terminal the message "
        "is a sample, so that you can look at a reply: inforeply -n --show --responder FILE"},
    Option{"show", 0, nullptr, nullptr, kResponder, kOnce, set_flag<&ResponderCommand::show>,
           "with --dry-run: print the reply as its reader sees it, not as it is sent"},
    Option{"explain", 0, nullptr, nullptr, kResponder, kOnce, set_flag<&ResponderCommand::explain>,
           "with --dry-run: print every rule with its outcome"},
    Option{"check-config", 0, nullptr, nullptr, kResponder, kOnce,
           set_flag<&ResponderCommand::check_config>,
           "read the configuration and every responder, print every fault"},
    Option{"check-delivery", 0, "ADDR", nullptr, kResponder, kOnce,
           set_address<&ResponderCommand::check_delivery>,
           "print what a receiver finds in a reply of this address; of a reply that arrived, on "
           "standard input, also who signed it and what was lost on the way"},
    Option{"to", 0, "ADDR", nullptr, kResponder, kOnce, set_address<&ResponderCommand::check_to>,
           "with --check-delivery: send a reply to this address, to see what arrives there"},
    Option{"now", 0, "TIME", nullptr, kResponder, kOnce, set_now,
           "for tests: seconds since the epoch to take as now"},

    Option{"original-recipient", 0, "ADDR", nullptr, kResponderAndFile, kMany,
           add_original_recipient,
           "the n-th belongs to the n-th recipient: its address before aliases"},
    Option{"queue-id", 0, "ID", nullptr, kResponderAndFile, kOnce, set_queue_id,
           "for the log, and to recognise a delivery tried again"},
    Option{"responder", 0, "FILE", nullptr, kResponderAndFile, kOnce,
           set_text<&Settings::responder>, "use this responder for every recipient", same_path},
    Option{"responders", 0, "DIR", "/etc/inforeply/responders", kResponderAndFile, kOnce,
           set_text<&Settings::responders>, "responder files by address", same_path},
    Option{"cache", 0, "URL", "lmdb:/var/lib/inforeply/cache.mdb", kPrograms | kFile, kOnce,
           set_cache,
           "the reply cache: lmdb:PATH, or of several machines redis://[USER@]HOST[:PORT][/DB], "
           "redis+unix:PATH[?db=N], redis+sentinel://HOST:PORT,.../NAME or "
           "redis+cluster://HOST:PORT,...",
           path_of_cache},
    Option{"redis-password-file", 0, "FILE", nullptr, kPrograms | kFile, kOnce,
           set_redis_password_file,
           "its first line is the password of that user; nobody else may read it", same_path},
    Option{"redis-wait", 0, "N", "0", kPrograms | kFile, kOnce, set_redis_wait,
           "so many replicas must have a reservation before the reply is sent"},
    Option{"mailer", 0, "SPEC", "/usr/sbin/sendmail", kResponderAndFile, kOnce, set_mailer,
           "absolute path of a sendmail command, perhaps with options; smtp://HOST[:PORT], with "
           "TLS smtp+starttls://HOST[:PORT] or smtps://HOST[:PORT]; or smtp+unix:PATH"},
    Option{"smtp-user", 0, "NAME", nullptr, kResponderAndFile, kOnce, set_smtp_user,
           "the user's name at that server; by TLS or a socket alone"},
    Option{"smtp-password-file", 0, "FILE", nullptr, kResponderAndFile, kOnce,
           set_mailer_text<&MailerSettings::password_file>,
           "its first line is that user's password; nobody else may read it", same_path},
    Option{"smtp-ca-file", 0, "FILE", nullptr, kResponderAndFile, kOnce,
           set_mailer_text<&MailerSettings::ca_file>,
           "certificates (PEM) to trust instead of the system's", same_path},
    Option{"log", 0, "SPEC", "syslog", kResponderAndFile, kOnce, set_log, "syslog or stderr"},

    Option{"recipient-delimiter", 0, "CHARS|none", "+", kFile, kOnce, set_recipient_delimiter,
           "what begins an extension"},
    Option{"mode", 0, "live|shadow", "live", kFile, kOnce, set_mode, "shadow: send nothing"},
    Option{"user", 0, "NAME", nullptr, kFile, kOnce, require_account,
           "the account to run as; by default any"},
    Option{"log-format", 0, "text|json", "text", kFile, kOnce, set_log_format,
           "json: an object a line"},
    Option{"log-addresses", 0, "yes|no", "yes", kFile, kOnce, set_log_addresses,
           "no: only the domains of addresses"},
    Option{"trust-responders", 0, "owner|all|none", "owner", kFile, kOnce, set_trust_responders,
           "whose files are trusted"},
    Option{"fcc-folder", 0, "DIR", nullptr, kFile, kMany, add_fcc_folder,
           "where 'fcc' of responders may lead", same_path},
    Option{"autoreply-domain", 0, "DOMAIN", nullptr, kFile, kMany, add_autoreply_domain,
           "local parts are addresses, user#example.org"},
    Option{"trusted-authserv", 0, "ID", nullptr, kFile, kMany, add_trusted_authserv,
           "whose Authentication-Results count"},
    Option{"limit", 0, "N/DURATION", nullptr, kFile, kOnce, set_limit, "replies in all"},
    Option{"limit-sender-domain", 0, "N/DURATION", nullptr, kFile, kOnce, set_limit_sender_domain,
           "the same to senders in one domain"},
    Option{"give-up-after", 0, "TIME", "2d", kFile, kOnce, set_give_up_after,
           "the age from which mail is late"},
    Option{"require-confinement", 0, "yes|no", "no", kFile, kOnce, set_require_confinement,
           "yes: defer mail without it"},
};

}  // namespace

std::span<const Option> all_options() {
  return kOptions;
}

const Option* find_option(std::string_view name, Place place) {
  const auto* found = std::find_if(kOptions.begin(), kOptions.end(), [&](const Option& option) {
    return option.name == name && (option.places & place) != 0;
  });
  return found == kOptions.end() ? nullptr : found;
}

OptionTarget default_target() {
  OptionTarget target;
  for (const auto& option : kOptions) {
    if (option.default_value != nullptr) option.take(target, option.default_value);
  }
  return target;
}

}  // namespace inforeply
