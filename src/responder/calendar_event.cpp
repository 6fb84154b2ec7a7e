#include "responder/calendar_event.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using std::chrono::days;
using std::chrono::local_seconds;

constexpr std::size_t kMaxRules = 8;       // of an event
constexpr std::size_t kMaxTimesOfDay = 8;  // of a rule
constexpr days kLongest{36525};            // of events that have a DURATION

/// What the clocks of `where` show.
local_seconds local_in(const EventZone& where, Time time) {
  const local_seconds as_utc{time.time_since_epoch()};
  if (std::holds_alternative<Utc>(where)) return as_utc;
  if (const auto* named = std::get_if<TimeZone>(&where)) return named->to_local(time);
  icaltimetype utc = ical_time(as_utc, false);
  int is_daylight = 0;
  return as_utc + Seconds{libical().icaltimezone_get_utc_offset_of_utc_time(
                      std::get<icaltimezone*>(where), &utc, &is_daylight)};
}

/// How often it comes in a day at most.
std::size_t times_of_day(const icalrecurrencetype& rule) {
  const auto count = [](const auto& list) {
    const auto* const end = std::find(std::begin(list), std::end(list), ICAL_RECURRENCE_ARRAY_MAX);
    return std::max<std::size_t>(static_cast<std::size_t>(end - std::begin(list)), 1);
  };
  return count(rule.by_hour) * count(rule.by_minute) * count(rule.by_second);
}

/// Reads one event. Its functions throw ConfigError with the event's line.
class EventReader {
 public:
  EventReader(icalcomponent* component, icalcomponent* zones, const TimeZone& zone, Event& event)
      : component_(component), zones_(zones), zone_(zone), event_(event) {}

  void read() {
    if (component_ == nullptr) fault("is not understood");
    each_property(component_, ICAL_UID_PROPERTY, [&](icalproperty* property) {
      // In so few octets a string takes no memory of its own.
      event_.uid = digest({text_of(libical().icalproperty_get_uid(property))}).substr(0, 15);
    });
    each_property(component_, ICAL_SEQUENCE_PROPERTY, [&](icalproperty* property) {
      event_.sequence = libical().icalproperty_get_sequence(property);
    });
    read_replaced();
    each_property(component_, ICAL_XLICERROR_PROPERTY, [&](icalproperty* error) {
      fault(text_of(libical().icalproperty_get_value_as_string(error)));
    });
    each_property(component_, ICAL_STATUS_PROPERTY, [&](icalproperty* property) {
      event_.is_cancelled = libical().icalproperty_get_status(property) == ICAL_STATUS_CANCELLED;
      if (event_.is_cancelled) event_.takes_time = false;
    });
    each_property(component_, ICAL_TRANSP_PROPERTY, [&](icalproperty* property) {
      const auto transp = libical().icalproperty_get_transp(property);
      if (transp == ICAL_TRANSP_TRANSPARENT || transp == ICAL_TRANSP_TRANSPARENTNOCONFLICT)
        event_.takes_time = false;
    });
    read_start();
    // Its other times are mostly of the same zone.
    use_zone_of(event_.start);
    read_length();
    if (!event_.replaces) read_recurrence();
  }

 private:
  [[noreturn]] void fault(const std::string& text) const {
    throw ConfigError(*event_.file, event_.line, "event: " + to_single_line(text));
  }

  [[nodiscard]] icalproperty* find(icalproperty_kind kind) const {
    return libical().icalcomponent_get_first_property(component_, kind);
  }

  [[nodiscard]] EventTime time(const icaltimetype& time, icalproperty* property,
                               const char* name) const {
    if (!is_good(time)) {
      fault(std::string(name) + ": expected a time such as 20261224T180000");
    }
    EventTime result{local_of(time), zone_, time.is_date != 0, true};
    if (result.is_date) return result;
    if (libical().icaltime_is_utc(time) != 0) {
      result.zone = Utc{};
      result.is_floating = false;
    } else if (auto* const parameter =
                   libical().icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER)) {
      result.zone = zone_of(text_of(libical().icalparameter_get_tzid(parameter)));
      result.is_floating = false;
    }
    return result;
  }

  [[nodiscard]] EventZone zone_of(const std::string& id) const {
    // The machine's data is newer than that of a file, which often knows one year alone.
    if (auto known = TimeZone::find(id)) return *std::move(known);
    if (zones_ != nullptr) {
      if (auto* defined = libical().icalcomponent_get_timezone(zones_, id.c_str())) return defined;
    }
    fault("unknown time zone '" + id + "': no VTIMEZONE defines it");
  }

  void read_replaced() {
    auto* const id = find(ICAL_RECURRENCEID_PROPERTY);
    if (id == nullptr) return;
    event_.replaces = time(libical().icalproperty_get_recurrenceid(id), id, "RECURRENCE-ID");
    if (libical().icalproperty_get_first_parameter(id, ICAL_RANGE_PARAMETER) != nullptr)
      fault("RECURRENCE-ID with RANGE is not understood");
  }

  void read_start() {
    auto* const start = find(ICAL_DTSTART_PROPERTY);
    if (start == nullptr) fault("without DTSTART");
    event_.start = time(libical().icalproperty_get_dtstart(start), start, "DTSTART");
  }

  void read_length() {
    const EventTime& start = event_.start;
    if (auto* const end = find(ICAL_DTEND_PROPERTY)) {
      const EventTime until = time(libical().icalproperty_get_dtend(end), end, "DTEND");
      if (until.is_date != start.is_date) fault("DTSTART and DTEND: one has no time of day");
      event_.length = length_between(start, until, "DTEND");
    } else if (auto* const duration = find(ICAL_DURATION_PROPERTY)) {
      event_.length = length_of(libical().icalproperty_get_duration(duration), start, "DURATION");
    } else if (start.is_date) {
      event_.length.on_clock = days{1};  // RFC 5545, 3.6.1
    }
    // As many programs write it, although RFC 5545, 3.8.2.2 wants a later day.
    if (start.is_date && event_.length.on_clock == Seconds{0}) event_.length.on_clock = days{1};
  }

  [[nodiscard]] Length length_between(const EventTime& start, const EventTime& until,
                                      const char* name) const {
    const bool is_on_clock = start.is_floating && until.is_floating;
    const Seconds length =
        is_on_clock ? until.local - start.local : time_of(until) - time_of(start);
    if (length < Seconds{0}) fault(std::string(name) + ": before the start");
    return is_on_clock ? Length{length, {}} : Length{{}, length};
  }

  [[nodiscard]] Length length_of(const icaldurationtype& duration, const EventTime& start,
                                 const char* name) const {
    const bool is_bad =
        libical().icaldurationtype_is_bad_duration(duration) != 0 || duration.is_neg != 0;
    Length length{std::chrono::weeks{duration.weeks} + days{duration.days},
                  std::chrono::hours{duration.hours} + std::chrono::minutes{duration.minutes} +
                      Seconds{duration.seconds}};
    if (is_bad || length.on_clock + length.exact > kLongest) {
      fault(std::string(name) + ": expected a duration such as P1D or PT8H");
    }
    if (start.is_date) length = {length.on_clock + length.exact, {}};
    return length;
  }

  void read_recurrence() {
    // What it excludes would be answered.
    if (event_.takes_time && find(ICAL_EXRULE_PROPERTY) != nullptr)
      fault("EXRULE is not understood");
    each_property(component_, ICAL_RRULE_PROPERTY, [&](icalproperty* property) {
      if (event_.rules.size() == kMaxRules) {
        fault("over " + std::to_string(kMaxRules) + " RRULEs");
      }
      auto rule = libical().icalproperty_get_rrule(property);
      event_.rules.push_back(
          {text_of(libical().icalproperty_get_value_as_string(property)), read_rule(rule)});
    });
    each_property(component_, ICAL_RDATE_PROPERTY, [&](icalproperty* property) {
      add_date(libical().icalproperty_get_rdate(property), property);
    });
    each_property(component_, ICAL_EXDATE_PROPERTY, [&](icalproperty* property) {
      event_.exceptions.add(time(libical().icalproperty_get_exdate(property), property, "EXDATE"));
    });
  }

  void add_date(const icaldatetimeperiodtype& date, icalproperty* property) {
    if (date.period.start.year != 0) {
      const EventTime start = time(date.period.start, property, "RDATE");
      event_.dates.emplace_back(
          start, date.period.end.year != 0
                     ? length_between(start, time(date.period.end, property, "RDATE"), "RDATE")
                     : length_of(date.period.duration, start, "RDATE"));
      return;
    }
    EventTime start = time(date.time, property, "RDATE");
    // As many programs write them: a date alone means the event's time on that date.
    if (start.is_date && !event_.start.is_date) {
      const auto local = start.local;
      start = event_.start;
      start.local = local + (start.local - std::chrono::floor<days>(start.local));
    }
    event_.dates.emplace_back(start, event_.length);
  }

  /// Returns UNTIL as the clocks of the event show it: libical compares it with those.
  [[nodiscard]] std::optional<local_seconds> read_rule(icalrecurrencetype& rule) const {
    if (rule.freq == ICAL_SECONDLY_RECURRENCE || rule.freq == ICAL_MINUTELY_RECURRENCE ||
        rule.freq == ICAL_HOURLY_RECURRENCE || rule.freq == ICAL_NO_RECURRENCE) {
      fault("RRULE: expected FREQ=DAILY, WEEKLY, MONTHLY or YEARLY");
    }
    if (rule.rscale != nullptr) fault("RRULE: RSCALE is not understood");
    if (times_of_day(rule) > kMaxTimesOfDay) {
      fault("RRULE: over " + std::to_string(kMaxTimesOfDay) + " times a day");
    }
    const auto& until = rule.until;
    if (until.year == 0) return std::nullopt;
    if (!is_good(until)) fault("RRULE: UNTIL: expected a time such as 20261224T180000Z");
    if (event_.start.is_date) return std::chrono::floor<days>(local_of(until));
    if (until.is_date != 0) return local_of(until) + days{1} - Seconds{1};
    if (libical().icaltime_is_utc(until) == 0 || event_.start.is_floating) return local_of(until);
    return local_in(event_.start.zone, Time{local_of(until).time_since_epoch()});
  }

  icalcomponent* component_;
  icalcomponent* zones_;
  const TimeZone& zone_;
  Event& event_;
};

}  // namespace

Time time_of(const EventTime& event) {
  const Time as_utc{event.local.time_since_epoch()};
  if (std::holds_alternative<Utc>(event.zone)) return as_utc;
  if (const auto* named = std::get_if<TimeZone>(&event.zone)) return named->to_time(event.local);
  icaltimetype local = ical_time(event.local, false);
  int is_daylight = 0;
  return as_utc - Seconds{libical().icaltimezone_get_utc_offset(std::get<icaltimezone*>(event.zone),
                                                                &local, &is_daylight)};
}

void use_zone_of(const EventTime& event) {
  if (const auto* named = std::get_if<TimeZone>(&event.zone)) TimeZone::Use::change_to(*named);
}

void Exceptions::add(const EventTime& exception) {
  if (exception.is_date) {
    days_.push_back(std::chrono::floor<days>(exception.local));
  } else {
    times_.push_back(time_of(exception));
  }
}

void Exceptions::sort() {
  std::sort(days_.begin(), days_.end());
  std::sort(times_.begin(), times_.end());
}

bool Exceptions::contain(const EventTime& start, Time time) const {
  return std::binary_search(times_.begin(), times_.end(), time) ||
         std::binary_search(days_.begin(), days_.end(), std::chrono::floor<days>(start.local));
}

void read_event(icalcomponent* component, icalcomponent* zones, const TimeZone& zone,
                Event& event) {
  EventReader(component, zones, zone, event).read();
}

}  // namespace inforeply
