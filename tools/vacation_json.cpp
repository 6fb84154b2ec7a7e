#include "vacation_json.hpp"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& name, const std::string& text) {
  throw ConfigError(to_single_line(name), 0, text);
}

std::string renamed(const std::string& setting, const std::map<std::string, std::string>& names) {
  const auto found = names.find(setting);
  return found == names.end() ? setting : found->second;
}

/// An object whose members have one of the names, each once.
Json parse_object(std::string_view text, const std::set<std::string, std::less<>>& names) {
  std::set<std::string> seen;
  const auto check = [&](int depth, Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1 &&
        !seen.insert(parsed.get<std::string>()).second)
      refuse(parsed.get<std::string>(), "is there twice");
    return true;
  };
  Json object;
  try {
    object = Json::parse(text, check);
  } catch (const Json::parse_error& error) {
    refuse("JSON", "no JSON from octet " + std::to_string(error.byte) + " on");
  } catch (const Json::exception&) {
    refuse("JSON", "a number is out of range");
  }
  if (!object.is_object()) refuse("JSON", "expected an object");
  for (const auto& [name, value] : object.items()) {
    if (!names.contains(name)) refuse(name, "unknown");
  }
  return object;
}

/// Null and an empty text are the same: nothing is said, so the default is.
VacationChange::Change<std::string> text_in(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  if (found->is_null()) return std::optional<std::string>();
  if (!found->is_string()) refuse(name, "expected a text or null");
  auto text = found->get<std::string>();
  return text.empty() ? std::optional<std::string>() : std::optional(std::move(text));
}

/// Without a fraction of a second: clients and databases write one.
std::string without_fraction(std::string time) {
  const auto point = time.find('.');
  if (point == std::string::npos) return time;
  const auto end = time.find_first_not_of("0123456789", point + 1);
  return time.erase(point, end == std::string::npos ? end : end - point);
}

/// RFC 8620, 1.4.
VacationChange::Change<std::string> utc_date_in(const Json& object, const std::string& name) {
  auto text = text_in(object, name);
  if (!text || !*text) return text;
  const auto time = parse_time(without_fraction(**text));
  if (!time || without_fraction(**text) != format_utc(*time))
    refuse(name, "expected a time such as 2026-12-24T17:00:00Z, or null");
  return std::optional(format_utc(*time));
}

Json or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json();
}
Json or_null(const std::optional<Time>& time) {
  return time ? Json(format_utc(*time)) : Json();
}

std::string line_of(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// A number or a flag, which some databases and languages write as a text.
unsigned long long number_in(const Json& value, const std::string& name) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_number_unsigned()) return value.get<unsigned long long>();
  const auto text = value.is_string() ? value.get<std::string>() : "";
  if (text == "t" || text == "f") return text == "t" ? 1 : 0;
  const auto number = parse_number(text);
  if (!number) refuse(name, "expected a number");
  return *number;
}

constexpr std::string_view kOriginalSubject = "$SUBJECT";  // vacation.pl replaces it
constexpr std::string_view kSubjectPlaceholder = "${subject}";

std::string replaced(std::string_view text, std::string_view from, std::string_view by) {
  std::string result;
  for (auto at = text.find(from); at != std::string_view::npos; at = text.find(from)) {
    result.append(text.substr(0, at)).append(by);
    text.remove_prefix(at + from.size());
  }
  return result.append(text);
}

/// PostfixAdmin's subject of a template; the template itself if it has no such form.
std::string postfixadmin_subject(const std::string& subject) {
  constexpr std::string_view kMark = "\x01";
  const auto literal = literal_of(replaced(subject, kSubjectPlaceholder, kMark));
  return literal ? replaced(*literal, kMark, kOriginalSubject) : subject;
}

/// A column's time as one of our settings takes it; nullopt for none.
std::optional<std::string> column_time(const std::string& name, const std::string& text,
                                       const TimeZone& zone, bool is_end) {
  constexpr std::size_t kDateOctets = 10;
  if (text.starts_with("0000-00-00")) return std::nullopt;
  const auto time = parse_time(text, zone);
  if (!time) refuse(name, "expected a time such as 2026-12-24 00:00:00");
  // Its end is the last second, ours the one after that.
  if (text.substr(kDateOctets) == (is_end ? " 23:59:59" : " 00:00:00") ||
      text.size() == kDateOctets)
    return text.substr(0, kDateOctets);
  return format_utc(is_end ? *time + Seconds{1} : *time);
}

/// Local time as databases write it.
Json column_of(const std::optional<Time>& time, const TimeZone& zone) {
  if (!time) return {};
  // As if clocks there showed UTC.
  auto text = format_utc(Time{zone.to_local(*time).time_since_epoch()});
  text[text.find('T')] = ' ';
  text.pop_back();
  return text;
}

}  // namespace

VacationChange parse_vacation_response(std::string_view json) {
  const auto object = parse_object(
      json, {"id", "isEnabled", "fromDate", "toDate", "subject", "textBody", "htmlBody"});
  VacationChange change;
  if (object.contains("id") && object["id"] != "singleton") refuse("id", "expected \"singleton\"");
  if (const auto found = object.find("isEnabled"); found != object.end()) {
    if (!found->is_boolean()) refuse("isEnabled", "expected true or false");
    change.is_enabled = found->get<bool>();
  }
  change.from = utc_date_in(object, "fromDate");
  change.until = utc_date_in(object, "toDate");
  change.subject = text_in(object, "subject");
  change.text = text_in(object, "textBody");
  change.html = text_in(object, "htmlBody");
  return change;
}

std::string vacation_response_name(const std::string& setting) {
  return renamed(setting, {{"enabled", "isEnabled"},
                           {"active-from", "fromDate"},
                           {"active-until", "toDate"},
                           {"text", "textBody"},
                           {"html", "htmlBody"}});
}

std::string write_vacation_response(const VacationSettings& settings) {
  return line_of({{"id", "singleton"},
                  {"isEnabled", settings.is_enabled},
                  {"fromDate", or_null(settings.from)},
                  {"toDate", or_null(settings.until)},
                  {"subject", or_null(settings.subject)},
                  {"textBody", or_null(settings.text)},
                  {"htmlBody", or_null(settings.html)}});
}

VacationChange parse_postfixadmin_row(std::string_view json, const Address& address,
                                      const VacationSettings& known) {
  const auto object =
      parse_object(json, {"email", "subject", "body", "activefrom", "activeuntil", "cache",
                          "domain", "interval_time", "created", "modified", "active"});
  const auto email = text_in(object, "email").value_or(std::nullopt);
  if (email) {
    const auto whose = parse_address(*email);
    if (!whose || whose->normalized() != address.normalized())
      refuse("email", "is not " + address.to_string());
  }
  VacationChange change;
  const auto shown_text = known.text ? literal_of(*known.text).value_or(*known.text) : "";
  change.text = text_in(object, "body");
  if (change.text && change.text->value_or("") == shown_text) {
    change.text = std::nullopt;
  } else if (change.text && *change.text) {
    change.text = template_of(**change.text);
  }
  change.subject = text_in(object, "subject");
  if (change.subject && *change.subject) {
    const auto shown_subject = known.subject ? postfixadmin_subject(*known.subject) : "";
    change.subject = **change.subject == shown_subject
                         ? known.subject
                         : replaced(template_of(**change.subject), template_of(kOriginalSubject),
                                    kSubjectPlaceholder);
  }
  for (const bool is_end : {false, true}) {
    const std::string name = is_end ? "activeuntil" : "activefrom";
    auto time = text_in(object, name);
    if (time && *time) time = column_time(name, without_fraction(**time), known.zone, is_end);
    (is_end ? change.until : change.from) = std::move(time);
  }
  if (const auto found = object.find("interval_time"); found != object.end() && !found->is_null()) {
    const auto seconds = number_in(*found, "interval_time");
    change.interval = seconds == 0 ? "once" : std::to_string(seconds) + "s";
  }
  if (const auto found = object.find("active"); found != object.end() && !found->is_null()) {
    const auto active = number_in(*found, "active");
    if (active > 1) refuse("active", "expected 0 or 1");
    change.is_enabled = active == 1;
  }
  return change;
}

std::string postfixadmin_name(const std::string& setting) {
  return renamed(setting, {{"enabled", "active"},
                           {"active-from", "activefrom"},
                           {"active-until", "activeuntil"},
                           {"interval", "interval_time"},
                           {"text", "body"}});
}

std::string write_postfixadmin_row(const VacationSettings& settings, const Address& address,
                                   Time changed_at) {
  const auto text = settings.text.value_or("");
  const auto last = settings.until ? std::optional(*settings.until - Seconds{1}) : std::nullopt;
  const auto changed = column_of(changed_at, settings.zone);
  // An interval of zero means "once" there; what answers every message is nearest to a second.
  const auto interval =
      settings.interval ? std::max(settings.interval->count(), Seconds::rep{1}) : 0;
  return line_of({{"email", address.to_string()},
                  {"subject", settings.subject ? postfixadmin_subject(*settings.subject) : ""},
                  {"body", literal_of(text).value_or(text)},
                  {"activefrom", column_of(settings.from, settings.zone)},
                  {"activeuntil", column_of(last, settings.zone)},
                  {"cache", ""},
                  {"domain", address.ascii_domain},
                  {"interval_time", interval},
                  {"created", changed},
                  {"modified", changed},
                  {"active", settings.is_enabled ? 1 : 0}});
}

}  // namespace inforeply
