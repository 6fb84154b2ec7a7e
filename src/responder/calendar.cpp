#include "responder/calendar.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "inforeply/text.hpp"
#include "responder/calendar_event.hpp"
#include "responder/calendar_file.hpp"
#include "responder/libical.hpp"

namespace inforeply {
namespace {

using std::chrono::days;
using std::chrono::local_seconds;

constexpr std::size_t kMaxObservances = 128;   // and zones of a file that the machine lacks
constexpr std::size_t kMaxZoneChanges = 5000;  // of them all in libical's years
constexpr std::size_t kMaxEvents = 10'000;     // of a calendar, those that take time
constexpr days kAnyOffset{2};                  // more than clocks differ from UTC
constexpr days kComputed{520};                 // before and after what is asked for first

/// Holds libical to its time. Its steps end by themselves, but a rule that never comes true, such
/// as one of each 30th of February, takes half a second.
class Deadline {
 public:
  void check(const std::string& file) const {
    if (processor_time() < end_) return;
    throw ConfigError(
        file, 0,
        "takes over " + std::to_string(kMaxCalendarReading.count()) + " s of processor time");
  }

 private:
  std::chrono::nanoseconds end_ = processor_time() + kMaxCalendarReading;
};

/// The VTIMEZONEs of a file that the machine does not know better.
class DefinedZones {
 public:
  DefinedZones(const std::string& file, const Deadline& deadline)
      : file_(file), deadline_(deadline) {}

  void add(const CalendarComponent& component) {
    deadline_.check(file_);
    CalendarObject parsed = parse_component(component.text);
    bool is_needed = false;
    if (parsed) {
      each_property(parsed.get(), ICAL_TZID_PROPERTY, [&](icalproperty* id) {
        is_needed = !TimeZone::find(text_of(libical().icalproperty_get_tzid(id)));
      });
    }
    if (!is_needed) return;
    count_observance(component.line);
    require_small(parsed.get(), component.line);
    texts_[component.calendar] += component.text;
  }

  /// Those of each VCALENDAR, by its number.
  [[nodiscard]] std::map<std::size_t, CalendarObject> take() {
    std::map<std::size_t, CalendarObject> zones;
    for (const auto& [number, text] : texts_)
      zones[number] = parse_component("BEGIN:VCALENDAR\r\n" + text + "END:VCALENDAR\r\n");
    return zones;
  }

 private:
  void count_observance(std::size_t line) {
    if (++observances_ <= kMaxObservances) return;
    throw ConfigError(file_, line,
                      "time zone: over " + std::to_string(kMaxObservances) +
                          " zones and observances in the file");
  }

  /// libical computes all changes of a zone, which must therefore be few: two a year, usually.
  void require_small(icalcomponent* zone, std::size_t line) {
    const auto fault = [&](const std::string& text) {
      throw ConfigError(file_, line, "time zone: " + text);
    };
    each_component(zone, ICAL_ANY_COMPONENT, [&](icalcomponent* observance) {
      deadline_.check(file_);
      count_observance(line);
      auto* const start =
          libical().icalcomponent_get_first_property(observance, ICAL_DTSTART_PROPERTY);
      if (start == nullptr) fault("without DTSTART");
      each_property(observance, ICAL_RDATE_PROPERTY, [&](icalproperty*) { ++changes_; });
      each_property(observance, ICAL_RRULE_PROPERTY, [&](icalproperty* property) {
        const auto rule = libical().icalproperty_get_rrule(property);
        if (rule.freq != ICAL_YEARLY_RECURRENCE) fault("expected RRULEs with FREQ=YEARLY");
        const RuleIterator iterator(
            libical().icalrecur_iterator_new(rule, libical().icalproperty_get_dtstart(start)));
        while (changes_ <= kMaxZoneChanges && iterator &&
               libical().icalrecur_iterator_next(iterator.get()).year != 0)
          ++changes_;
      });
      if (changes_ > kMaxZoneChanges) {
        fault("over " + std::to_string(kMaxZoneChanges) + " changes in the file");
      }
    });
  }

  const std::string& file_;
  const Deadline& deadline_;
  std::map<std::size_t, std::string> texts_;
  std::size_t observances_ = 0;
  std::size_t changes_ = 0;
};

/// Knows the newest revision of each event, and of each occurrence that was changed.
class Revisions {
 public:
  void add(const Event& event) {
    if (event.uid.empty()) return;
    const Newest revision = {event.sequence, event.is_cancelled};
    auto& newest = newest_.try_emplace(key_of(event), revision).first->second;
    if (revision.sequence >= newest.sequence) newest = revision;
  }

  /// Whether another one, perhaps a cancellation, also one of the whole series, has taken its
  /// place. None if they are of equal rank: some programs give many events one UID.
  [[nodiscard]] bool is_outdated(const Event& event) const {
    const auto own = newest_.find(key_of(event));
    if (own != newest_.end() && event.sequence < own->second.sequence) return true;
    const auto series = newest_.find({event.uid, std::nullopt});
    return series != newest_.end() && series->second.is_cancelled &&
           event.sequence < series->second.sequence;
  }

 private:
  using Key = std::pair<std::string, std::optional<Time>>;  // UID and RECURRENCE-ID
  struct Newest {
    int sequence = 0;
    bool is_cancelled = false;
  };

  static Key key_of(const Event& event) {
    return {event.uid, event.replaces ? std::optional(time_of(*event.replaces)) : std::nullopt};
  }

  std::map<Key, Newest> newest_;
};

/// Adds the spans of events.
class Occurrences {
 public:
  Occurrences(const Window& window, std::vector<Span>& spans) : window_(window), spans_(spans) {}

  /// Throws ConfigError if over kMaxOccurrences are looked at, or for too long.
  void add(const Event& event) {
    use_zone_of(event.start);
    // "The DTSTART property value counts as the first occurrence" (RFC 5545, 3.3.10).
    add(event, event.start, event.length);
    for (const auto& rule : event.rules)
      add(event, rule);
    for (const auto& [start, length] : event.dates)
      add(event, start, length);
  }

 private:
  void add(const Event& event, const Rule& rule) {
    deadline_.check(*event.file);
    const auto last = local_seconds{(window_.until + kAnyOffset).time_since_epoch()};
    const auto first = local_seconds{(window_.from - kAnyOffset).time_since_epoch()} -
                       event.length.on_clock - event.length.exact;
    if (event.start.local > last || (rule.until && *rule.until < first)) return;
    auto recurrence = libical().icalrecurrencetype_from_string(rule.text.c_str());
    // So that it does not look for occurrences to the end of its years.
    recurrence.until = ical_time(std::min(rule.until.value_or(last), last), event.start.is_date);
    const RuleIterator iterator(libical().icalrecur_iterator_new(
        recurrence, ical_time(event.start.local, event.start.is_date)));
    if (!iterator) return;  // it never comes true
    if (recurrence.count == 0 && first > event.start.local) {
      libical().icalrecur_iterator_set_start(iterator.get(), ical_time(first, event.start.is_date));
    }
    while (true) {
      const auto next = libical().icalrecur_iterator_next(iterator.get());
      if (next.year == 0) break;
      EventTime start = event.start;
      start.local = local_of(next);
      add(event, start, event.length);
    }
  }

  void add(const Event& event, const EventTime& start, const Length& length) {
    deadline_.check(*event.file);
    if (++count_ > kMaxOccurrences) {
      throw ConfigError(*event.file, event.line,
                        "event: recurs too often, over " + std::to_string(kMaxOccurrences) +
                            " times with all others");
    }
    // Far from the window nothing need be known exactly.
    const Time about{start.local.time_since_epoch()};
    if (about > window_.until + kAnyOffset ||
        about + length.on_clock + length.exact < window_.from - kAnyOffset)
      return;
    const Time from = time_of(start);
    if (event.exceptions.contain(start, from)) return;
    if (event.replaced != nullptr && event.replaced->contain(start, from)) return;
    EventTime end = start;
    end.local += length.on_clock;
    const Time until = (length.on_clock == Seconds{0} ? from : time_of(end)) + length.exact;
    if (until >= window_.from && from <= window_.until) spans_.push_back({from, until});
  }

  const Window& window_;
  std::vector<Span>& spans_;
  Deadline deadline_;
  std::size_t count_ = 0;
};

}  // namespace

struct Calendar::Content {
  std::vector<std::unique_ptr<const std::string>> files;  // their names, for messages
  std::size_t octets = 0;
  Deadline deadline;
  std::vector<std::map<std::size_t, CalendarObject>> zones;  // to which events point
  std::vector<Event> events;
  std::vector<std::map<std::string, Exceptions>> replaced;  // of each file, by UID

  std::optional<Window> window;  // of the spans, which take longest to find
  std::vector<Span> spans;
};

void Calendar::add_file(std::string_view text, const std::string& file, const TimeZone& zone,
                        const FaultHandler& on_fault) {
  if (!content_) content_ = std::make_shared<Content>();
  auto& content = *content_;
  content.window.reset();
  content.octets += text.size();
  if (content.octets > kMaxCalendarOctets) {
    throw ConfigError(
        file, 0,
        "all calendars are over " + std::to_string(kMaxCalendarOctets) + " octets together");
  }
  const auto& name = *content.files.emplace_back(std::make_unique<const std::string>(file));
  DefinedZones defined(name, content.deadline);
  read_components(text, name, CalendarComponentKind::kTimeZone,
                  [&](const auto& component) { defined.add(component); });
  const auto& zones = content.zones.emplace_back(defined.take());

  const TimeZone::Use use(zone);
  const auto first = static_cast<std::ptrdiff_t>(content.events.size());
  auto& replaced = content.replaced.emplace_back();
  Revisions revisions;
  read_components(text, name, CalendarComponentKind::kEvent, [&](const auto& component) {
    content.deadline.check(name);
    const auto known = zones.find(component.calendar);
    const CalendarObject parsed = parse_component(component.text);
    Event event;
    event.file = &name;
    event.line = component.line;
    collect_fault(on_fault, [&] {
      read_event(parsed.get(), known == zones.end() ? nullptr : known->second.get(), zone, event);
      if (event.takes_time) content.events.push_back(event);
    });
    if (content.events.size() > kMaxEvents) {
      throw ConfigError(name, component.line,
                        "over " + std::to_string(kMaxEvents) + " events in all calendars");
    }
    // Also if it is at fault: the event or the occurrence is not as it was.
    revisions.add(event);
    if (event.replaces && !event.uid.empty()) replaced[event.uid].add(*event.replaces);
  });
  content.events.erase(
      std::remove_if(content.events.begin() + first, content.events.end(),
                     [&](const Event& event) { return revisions.is_outdated(event); }),
      content.events.end());
  for (auto& [uid, exceptions] : replaced)
    exceptions.sort();
  for (auto event = content.events.begin() + first; event != content.events.end(); ++event) {
    const auto found = replaced.find(event->uid);
    if (found != replaced.end() && !event->replaces) event->replaced = &found->second;
    event->exceptions.sort();
  }
}

void Calendar::add_spans(const Window& window, std::vector<Span>& spans) const {
  if (!content_) return;
  auto& content = *content_;
  if (!content.window || window.from < content.window->from ||
      window.until > content.window->until) {
    const Time middle = window.from + (window.until - window.from) / 2;
    content.window = {std::min(window.from, middle - kComputed),
                      std::max(window.until, middle + kComputed)};
    content.spans.clear();
    const TimeZone::Use use{TimeZone()};
    Occurrences occurrences(*content.window, content.spans);
    for (const auto& event : content.events)
      occurrences.add(event);
    content.spans = joined(std::move(content.spans));
  }
  for (const auto& span : content.spans) {
    if (span.until >= window.from && span.from <= window.until) spans.push_back(span);
  }
}

}  // namespace inforeply
