// libical, loaded by the process that has a calendar to read: it brings ICU, 40 MB of libraries.
#pragma once

#include <libical/ical.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/shared_library.hpp"

namespace inforeply {

static_assert(ICAL_MAJOR_VERSION == 3, "these are the functions of libical.so.3");

/// The functions that are used here, by their own names.
struct Libical {
  const SharedLibrary& library;

  INFOREPLY_FUNCTION(icalcomponent_free);
  INFOREPLY_FUNCTION(icalcomponent_get_first_component);
  INFOREPLY_FUNCTION(icalcomponent_get_first_property);
  INFOREPLY_FUNCTION(icalcomponent_get_next_component);
  INFOREPLY_FUNCTION(icalcomponent_get_next_property);
  INFOREPLY_FUNCTION(icalcomponent_get_timezone);
  INFOREPLY_FUNCTION(icaldurationtype_is_bad_duration);
  INFOREPLY_FUNCTION(icalparameter_get_tzid);
  INFOREPLY_FUNCTION(icalparser_parse_string);
  INFOREPLY_FUNCTION(icalproperty_get_dtend);
  INFOREPLY_FUNCTION(icalproperty_get_dtstart);
  INFOREPLY_FUNCTION(icalproperty_get_duration);
  INFOREPLY_FUNCTION(icalproperty_get_exdate);
  INFOREPLY_FUNCTION(icalproperty_get_first_parameter);
  INFOREPLY_FUNCTION(icalproperty_get_rdate);
  INFOREPLY_FUNCTION(icalproperty_get_recurrenceid);
  INFOREPLY_FUNCTION(icalproperty_get_rrule);
  INFOREPLY_FUNCTION(icalproperty_get_status);
  INFOREPLY_FUNCTION(icalproperty_get_sequence);
  INFOREPLY_FUNCTION(icalproperty_get_transp);
  INFOREPLY_FUNCTION(icalproperty_get_tzid);
  INFOREPLY_FUNCTION(icalproperty_get_uid);
  INFOREPLY_FUNCTION(icalproperty_get_value_as_string);
  INFOREPLY_FUNCTION(icalrecur_iterator_free);
  INFOREPLY_FUNCTION(icalrecur_iterator_new);
  INFOREPLY_FUNCTION(icalrecur_iterator_next);
  INFOREPLY_FUNCTION(icalrecur_iterator_set_start);
  INFOREPLY_FUNCTION(icalrecurrencetype_from_string);
  INFOREPLY_FUNCTION(icaltime_is_utc);
  INFOREPLY_FUNCTION(icaltimezone_get_utc_offset);
  INFOREPLY_FUNCTION(icaltimezone_get_utc_offset_of_utc_time);
};

/// Loads the library at the first call. Throws Error (kConfiguration) if it or a function is
/// missing.
const Libical& libical();

struct FreeComponent {
  void operator()(icalcomponent* component) const { libical().icalcomponent_free(component); }
};
using CalendarObject = std::unique_ptr<icalcomponent, FreeComponent>;

struct FreeIterator {
  void operator()(icalrecur_iterator* iterator) const {
    libical().icalrecur_iterator_free(iterator);
  }
};
using RuleIterator = std::unique_ptr<icalrecur_iterator, FreeIterator>;

/// Null if the text is no component.
CalendarObject parse_component(const std::string& text);

/// Calls `take` with each property or component of a kind.
template <typename Take>
void each_property(icalcomponent* parent, icalproperty_kind kind, Take take) {
  for (auto* property = libical().icalcomponent_get_first_property(parent, kind);
       property != nullptr; property = libical().icalcomponent_get_next_property(parent, kind))
    take(property);
}
template <typename Take>
void each_component(icalcomponent* parent, icalcomponent_kind kind, Take take) {
  for (auto* child = libical().icalcomponent_get_first_component(parent, kind); child != nullptr;
       child = libical().icalcomponent_get_next_component(parent, kind))
    take(child);
}

/// Empty for a null pointer.
std::string text_of(const char* text);

/// Whether it is a time from 1600 to 9999, perhaps with a leap second.
bool is_good(const icaltimetype& time);

/// As the clocks of its zone show it. `time` must be good.
std::chrono::local_seconds local_of(const icaltimetype& time);

icaltimetype ical_time(std::chrono::local_seconds local, bool is_date);

}  // namespace inforeply
