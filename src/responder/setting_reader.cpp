#include "responder/setting_reader.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {

SettingReader::SettingReader(std::string file, ReadingTerms terms, Author author)
    : file_(std::move(file)), terms_(std::move(terms)), author_(std::move(author)) {}

void SettingReader::fault(const ConfigEntry& entry, const std::string& text) const {
  throw ConfigError(file_, entry.line, text);
}

void SettingReader::bad_value(const ConfigEntry& entry, const std::string& expected) const {
  fault(entry, "'" + entry.name + " = " + entry.value + "': expected " + expected);
}

bool SettingReader::yes_or_no(const ConfigEntry& entry) const {
  if (entry.value != "yes" && entry.value != "no") bad_value(entry, "yes or no");
  return entry.value == "yes";
}

ResponderKind SettingReader::kind(const ConfigEntry& entry) const {
  if (entry.value == "personal") return ResponderKind::kPersonal;
  if (entry.value == "group") return ResponderKind::kGroup;
  if (entry.value == "service") return ResponderKind::kService;
  bad_value(entry, "personal, group or service");
}

ReplyMode SettingReader::mode(const ConfigEntry& entry) const {
  const auto mode = parse_reply_mode(entry.value);
  if (!mode) bad_value(entry, "live or shadow");
  return *mode;
}

Reason SettingReader::soft_rule(const ConfigEntry& entry) const {
  const auto reason = reason_of(entry.value);
  if (!reason) bad_value(entry, "the code of a rule, such as list");
  if (!is_soft(*reason)) fault(entry, "the rule '" + entry.value + "' cannot be switched off");
  return *reason;
}

Address SettingReader::address(const ConfigEntry& entry) const {
  auto parsed = parse_address(entry.value);
  if (!parsed) bad_value(entry, "a mail address");
  return *std::move(parsed);
}

Address SettingReader::own_address(const ConfigEntry& entry) const {
  auto named = address(entry);
  require_own(entry, named);
  return named;
}

Mailbox SettingReader::own_mailbox(const ConfigEntry& entry) const {
  const std::string wrong = find_mailbox_fault(entry.value);
  if (!wrong.empty()) fault(entry, "'" + entry.name + " = " + entry.value + "': " + wrong);
  auto parsed = parse_one_mailbox(entry.value);
  if (!parsed) bad_value(entry, "one address, such as 'Name <user@example.org>'");
  require_own(entry, parse_address(parsed->addr_spec).value_or(Address{}));
  return *std::move(parsed);
}

void SettingReader::require_own(const ConfigEntry& entry, const Address& named) const {
  author_.require_own(named, entry.name + " = " + entry.value, file_, entry.line);
}

FileReference SettingReader::reference(const ConfigEntry& entry) const {
  return {terms_.folder, entry.value, file_, entry.line, terms_.trust};
}

MaildirPath SettingReader::maildir(const ConfigEntry& entry) const {
  constexpr std::string_view kMaildir = "maildir:";
  const auto path = entry.value.substr(std::min(kMaildir.size(), entry.value.size()));
  if (!entry.value.starts_with(kMaildir) || !path.starts_with('/') ||
      is_one_of("..", split(path, '/'))) {
    bad_value(entry, "maildir:PATH, an absolute path without '..'");
  }
  const bool is_bound = author_.is_tenants && !terms_.domain.empty();
  const std::string own = is_bound ? "/" + terms_.domain + "/" : "/";
  std::string expected;
  for (const auto& folder : terms_.fcc_folders) {
    const bool is_below = path.starts_with(folder + own);
    const std::string name = is_below ? path.substr(folder.size() + own.size()) : "";
    if (!name.empty() && !name.starts_with('/')) return {folder, own.substr(1) + name};
    expected.append(expected.empty() ? " below " : " or ").append(folder).append(own);
  }
  if (expected.empty()) fault(entry, "'fcc' needs an 'fcc-folder' in the main configuration");
  bad_value(entry, "a path" + expected);
}

std::optional<Seconds> SettingReader::interval(const ConfigEntry& entry) const {
  if (entry.value == "once") return std::nullopt;
  const auto interval = parse_duration(entry.value);
  if (!interval) bad_value(entry, "a duration such as 7d, 0 or once");
  return interval;
}

std::optional<RateLimit> SettingReader::rate_limit(const ConfigEntry& entry) const {
  if (entry.value == "none") return std::nullopt;
  auto limit = parse_rate_limit(entry.value);
  if (!limit) bad_value(entry, "replies in a time, such as 100/1d, or none");
  return limit;
}

Time SettingReader::time(const ConfigEntry& entry, const TimeZone& zone) const {
  const auto time = entry.name == "active-until" ? parse_end_time(entry.value, zone)
                                                 : parse_time(entry.value, zone);
  if (!time) bad_value(entry, "a time such as 2026-12-24 or 2026-12-24T18:00");
  return *time;
}

WeeklyTimes SettingReader::weekly_times(const ConfigEntry& entry) const {
  auto times = WeeklyTimes::parse(entry.value);
  if (!times) bad_value(entry, std::string(kWeeklyTimesForm));
  return *std::move(times);
}

QuoteSetting SettingReader::quote(const ConfigEntry& entry) const {
  const auto quote = parse_quote(entry.value);
  if (!quote) bad_value(entry, "none, headers, or a number of lines from 1 to 20");
  return *quote;
}

std::string SettingReader::searched(const ConfigEntry& entry) const {
  if (fold_for_search(entry.value).empty()) bad_value(entry, "a text, not blanks alone");
  return entry.value;
}

}  // namespace inforeply
