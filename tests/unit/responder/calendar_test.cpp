#include "responder/calendar.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fixtures.hpp"
#include "responder/calendar_file.hpp"

namespace inforeply {
namespace {

using test::repeated;
using Strings = std::vector<std::string>;

const TimeZone kBerlin = TimeZone::find("Europe/Berlin").value();

/// An iCalendar file of components, each of which is given without its BEGIN:VEVENT and END:VEVENT.
std::string file_of(const Strings& events, const std::string& zones = {}) {
  std::string text = "BEGIN:VCALENDAR\nVERSION:2.0\n" + zones;
  for (const auto& event : events)
    text += "BEGIN:VEVENT\nUID:a\n" + event + "\nEND:VEVENT\n";
  return text + "END:VCALENDAR\n";
}

struct Reading {
  Strings periods;  ///< of 2026, as clocks in Berlin show them
  Strings faults;
};

Reading read(const std::string& text) {
  Reading reading;
  Calendar calendar;
  const auto on_fault = [&](const ConfigError& fault) {
    reading.faults.emplace_back(fault.what());
  };
  std::vector<Span> spans;
  collect_fault(on_fault, [&] {
    calendar.add_file(text, "a.ics", kBerlin, on_fault);
    calendar.add_spans(
        {parse_time("2026-01-01", kBerlin).value(), parse_time("2027-01-01", kBerlin).value()},
        spans);
  });
  for (const auto& span : joined(spans))
    reading.periods.push_back(describe({span.from, span.until}, kBerlin));
  return reading;
}

Strings periods_of(const std::string& text) {
  const auto reading = read(text);
  EXPECT_EQ(reading.faults, Strings{});
  return reading.periods;
}

constexpr const char* kChristmas = "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227";
const Strings kAtChristmas = {"from 2026-12-24 to 2026-12-27"};

TEST(Calendar, ReadsAllFormsOfLines) {
  const std::string usual = file_of({kChristmas});
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = usual;
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
    return text;
  };
  for (const auto& text : {
           usual,
           with("\n", "\r\n"),
           with("\n", "\r"),
           with("\n", "\n\n"),
           "\xEF\xBB\xBF" + usual,
           with("BEGIN:VEVENT", "BEG\n IN:VEV\n\tENT"),
           with("DTSTART", "DTS\r\n TART"),
           with("20261224", "2026\n 1224"),
           with("BEGIN:VEVENT", "begin:vevent"),
           with("DTSTART;VALUE=DATE", "dtstart;value=date"),
           with("UID:a",
                "SUMMARY:\xFF\xFE\nX-A;B=\"c:d\":e\nDESCRIPTION:a\n BEGIN:VEVENT\nUID:\xFF"),
           with("UID:a",
                "BEGIN:VALARM\nTRIGGER:-PT1H\nDURATION:PT5M\nSTATUS:CANCELLED\nEND:VALARM"),
           with("UID:a", "BEGIN:X-A\nBEGIN:X-B\nDTSTART:20200101\nEND:X-B\nEND:X-A"),
           usual.substr(0, usual.size() - 1),
       })
    EXPECT_EQ(periods_of(text), kAtChristmas) << text;
}

TEST(Calendar, IsAFaultIfItIsNoWholeFile) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "a.ics:1: expected 'BEGIN:VCALENDAR'"},
      {"\n\n", "expected 'BEGIN:VCALENDAR'"},
      {"<!DOCTYPE html>\n", "a.ics:1: expected 'BEGIN:VCALENDAR'"},
      {"BEGIN:VEVENT\nEND:VEVENT\n", "a.ics:1: expected 'BEGIN:VCALENDAR'"},
      {"END:VCALENDAR\n", "a.ics:1: expected 'BEGIN:VCALENDAR'"},
      {"BEGIN:VCALENDAR\n", "a.ics:1: a component without its END"},
      {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:2026", "a.ics:2: a component without its END"},
      {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "a.ics:3: 'END' of another component"},
      {"BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n", "a.ics:3: expected 'BEGIN:VCALENDAR'"},
      {"BEGIN:VCALENDAR\nEND:VCALENDAR\nX\n", "a.ics:3: expected 'BEGIN:VCALENDAR'"},
      {"BEGIN:VCALENDAR\n" + repeated("BEGIN:X\n", 100'000), "a.ics:9: components too deep"},
      {file_of({std::string("SUMMARY:x\nDTSTART:2026\0", 23)}), "a.ics:6: a NUL octet"},
      {file_of({repeated("EXDATE:20260101T000000\n", 6000)}), "octets of one event"},
      {file_of({"RDATE:" + repeated("20260101T000000,", 10'000)}), "octets of one event"},
      {file_of(Strings(kMaxCalendarLines / 5 + 1, "DTSTART:20260101\nTRANSP:TRANSPARENT")),
       "over 100000 lines of events"},
      {file_of(Strings(10'001, "DTSTART:20260101")), "over 10000 events in all calendars"},
      {file_of({"SUMMARY:" + repeated("x", kMaxCalendarOctets)}), "octets together"},
  };
  for (const auto& [text, expected] : rows) {
    const auto reading = read(text);
    ASSERT_EQ(reading.faults.size(), 1) << text.substr(0, 200);
    EXPECT_NE(reading.faults.front().find(expected), std::string::npos) << reading.faults.front();
  }
}

TEST(Calendar, LeavesOutEventsThatItDoesNotUnderstand) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"SUMMARY:x", "without DTSTART"},
      {"DTSTART:tomorrow", "DTSTART"},
      {"DTSTART:20261301T000000", "DTSTART: expected a time"},
      {"DTSTART:20260230T000000", "DTSTART: expected a time"},
      {"DTSTART:20260101T006100", "DTSTART: expected a time"},
      {"DTSTART:00010101T000000", "DTSTART: expected a time"},
      {"DTSTART:20260102\nDTEND:20260101", "DTEND: before the start"},
      {"DTSTART;VALUE=DATE:20260101\nDTEND:20260102T000000", "one has no time of day"},
      {"DTSTART:20260101T000000\nDURATION:-PT1H", "DURATION: expected a duration"},
      {"DTSTART:20260101T000000\nDURATION:P999999999D", "DURATION: expected a duration"},
      {"DTSTART;TZID=Nowhere:20260101T000000", "unknown time zone 'Nowhere'"},
      {"DTSTART:20260101T000000\nRRULE:FREQ=HOURLY", "RRULE: expected FREQ=DAILY"},
      {"DTSTART:20260101T000000\nRRULE:FREQ=SOMETIMES", "RRULE"},
      {"DTSTART:20260101T000000\nRRULE:FREQ=DAILY;RSCALE=HEBREW", "RSCALE"},
      {"DTSTART:20260101T000000\nRRULE:FREQ=DAILY\nEXRULE:FREQ=DAILY;INTERVAL=2", "EXRULE"},
      {"DTSTART:20260101T000000\nRRULE:FREQ=DAILY;UNTIL=20261399T000000Z", "UNTIL"},
      {"DTSTART:20260101T000000\nRRULE:FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1,2,3", "times a day"},
      {"DTSTART:20260101T000000" + repeated("\nRRULE:FREQ=YEARLY", 9), "over 8 RRULEs"},
      {"DTSTART:20260101T000000\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260101T000000", "RANGE"},
      {"DTSTART:20260101T000000\nRDATE;VALUE=PERIOD:20260102T000000Z/20260101T000000Z", "RDATE"},
  };
  for (const auto& [event, expected] : rows) {
    const auto reading = read(file_of({event, kChristmas}));
    EXPECT_EQ(reading.periods, kAtChristmas) << event;
    ASSERT_EQ(reading.faults.size(), 1) << event;
    EXPECT_TRUE(reading.faults.front().starts_with("a.ics:3: event: ")) << reading.faults.front();
    EXPECT_NE(reading.faults.front().find(expected), std::string::npos) << reading.faults.front();
  }
}

TEST(Calendar, FindsThePeriodsOfEvents) {
  const std::vector<std::pair<Strings, Strings>> rows = {
      {{"DTSTART;VALUE=DATE:20260501"}, {"from 2026-05-01 to 2026-05-02"}},
      {{"DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260501"},
       {"from 2026-05-01 to 2026-05-02"}},
      {{"DTSTART:20260501T120000\nDTEND:20260501T130000"},
       {"from 2026-05-01 12:00 to 2026-05-01 13:00"}},
      {{"DTSTART:20260501T120000"}, {}},  // no time at all
      {{"DTSTART:20260501T120000Z\nDURATION:PT90M"}, {"from 2026-05-01 14:00 to 2026-05-01 15:30"}},
      {{"DTSTART;TZID=America/New_York:20260310T090000\nDTEND;TZID=Europe/Berlin:20260310T170000"},
       {"from 2026-03-10 14:00 to 2026-03-10 17:00"}},
      // RFC 5545, 3.3.6: a day of a duration is one of the clock, hours are exact; DTEND is exact.
      {{"DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:P1DT1H"},
       {"from 2026-03-28 12:00 to 2026-03-29 13:00"}},
      {{"DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:PT24H"},
       {"from 2026-03-28 12:00 to 2026-03-29 13:00"}},
      {{"DTSTART;TZID=Europe/Berlin:20260322T230000\nDTEND;TZID=Europe/Berlin:20260323T050000\n"
        "RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=1"},
       {"from 2026-03-22 23:00 to 2026-03-23 05:00", "from 2026-03-28 23:00 to 2026-03-29 06:00"}},
      // DTSTART is the first, whether the rule matches it or not.
      {{"DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=MONTHLY;BYMONTHDAY=3;UNTIL=20260604"},
       {"from 2026-05-01 to 2026-05-02", "from 2026-05-03 to 2026-05-04",
        "from 2026-06-03 to 2026-06-04"}},
      // UNTIL is inclusive in each form.
      {{"DTSTART:20260501T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260502T120000"},
       {"from 2026-05-01 12:00 to 2026-05-01 13:00", "from 2026-05-02 12:00 to 2026-05-02 13:00"}},
      {{"DTSTART;TZID=Europe/Berlin:20260501T120000\nDURATION:PT1H\n"
        "RRULE:FREQ=DAILY;UNTIL=20260502T100000Z"},
       {"from 2026-05-01 12:00 to 2026-05-01 13:00", "from 2026-05-02 12:00 to 2026-05-02 13:00"}},
      {{"DTSTART;TZID=Europe/Berlin:20260501T120000\nDURATION:PT1H\n"
        "RRULE:FREQ=DAILY;UNTIL=20260502T095959Z"},
       {"from 2026-05-01 12:00 to 2026-05-01 13:00"}},
      {{"DTSTART:20260501T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260502"},
       {"from 2026-05-01 12:00 to 2026-05-01 13:00", "from 2026-05-02 12:00 to 2026-05-02 13:00"}},
      // Exceptions by time, by the time in another zone, by date.
      {{"DTSTART:20260501T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\n"
        "EXDATE:20260502T120000,20260503T110000\nEXDATE:20260503T100000Z\nEXDATE;VALUE=DATE:"
        "20260504"},
       {"from 2026-05-01 12:00 to 2026-05-01 13:00", "from 2026-05-05 12:00 to 2026-05-05 13:00"}},
      {{"DTSTART;VALUE=DATE:20260501\nEXDATE;VALUE=DATE:20260501\nRDATE;VALUE=DATE:20260506"},
       {"from 2026-05-06 to 2026-05-07"}},
      {{"DTSTART:20260501T120000\nDURATION:PT1H\nRDATE;VALUE=DATE:20260506\n"
        "RDATE;VALUE=PERIOD:20260507T100000Z/PT2H,20260508T100000Z/20260508T103000Z"},
       {"from 2026-05-01 12:00 to 2026-05-01 13:00", "from 2026-05-06 12:00 to 2026-05-06 13:00",
        "from 2026-05-07 12:00 to 2026-05-07 14:00", "from 2026-05-08 12:00 to 2026-05-08 12:30"}},
      // An override stands for one occurrence; a cancelled one for none.
      {{"DTSTART:20260501T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3",
        "RECURRENCE-ID:20260502T100000Z\nDTSTART:20260502T150000\nDURATION:PT1H",
        "RECURRENCE-ID;VALUE=DATE:20260503\nDTSTART:20260503T120000\nSTATUS:CANCELLED"},
       {"from 2026-05-01 12:00 to 2026-05-01 13:00", "from 2026-05-02 15:00 to 2026-05-02 16:00"}},
      {{"DTSTART;VALUE=DATE:20260501\nTRANSP:TRANSPARENT",
        "DTSTART;VALUE=DATE:20260601\nstatus:cancelled",
        "DTSTART;VALUE=DATE:20260701\nSTATUS:TENTATIVE\nTRANSP:OPAQUE"},
       {"from 2026-07-01 to 2026-07-02"}},
      // From before and to after the year; what libical counts no years for.
      {{"DTSTART;VALUE=DATE:16010704\nRRULE:FREQ=YEARLY"}, {"from 2026-07-04 to 2026-07-05"}},
      {{"DTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:99991231"},
       {"from 2026-12-31 to 9999-12-31"}},
      {{"DTSTART;VALUE=DATE:99980101\nRRULE:FREQ=DAILY"}, {}},
  };
  for (const auto& [events, periods] : rows)
    EXPECT_EQ(periods_of(file_of(events)), periods) << events.front();
}

TEST(Calendar, KeepsSeveralInAFileApart) {
  const auto one = file_of({"DTSTART;VALUE=DATE:20260501"});
  const auto two = file_of({"DTSTART;TZID=X:20260601T120000\nDURATION:PT1H"},
                           "BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
                           "TZOFFSETFROM:+0500\nTZOFFSETTO:+0500\nEND:STANDARD\nEND:VTIMEZONE\n");
  EXPECT_EQ(periods_of(one + two), (Strings{"from 2026-05-01 to 2026-05-02",
                                            "from 2026-06-01 09:00 to 2026-06-01 10:00"}));
  const auto reading = read(two + file_of({"DTSTART;TZID=X:20260701T120000\nDURATION:PT1H"}));
  EXPECT_EQ(reading.periods, Strings{"from 2026-06-01 09:00 to 2026-06-01 10:00"});
  ASSERT_EQ(reading.faults.size(), 1);
  EXPECT_NE(reading.faults.front().find("unknown time zone 'X'"), std::string::npos);
}

TEST(Calendar, BelievesTheMachineBeforeAFile) {
  const std::string wrong =
      "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
      "TZOFFSETFROM:+0500\nTZOFFSETTO:+0500\nEND:STANDARD\nEND:VTIMEZONE\n";
  EXPECT_EQ(
      periods_of(file_of({"DTSTART;TZID=Europe/Berlin:20260601T120000\nDURATION:PT1H"}, wrong)),
      Strings{"from 2026-06-01 12:00 to 2026-06-01 13:00"});
}

/// A time zone that only the file knows, of one observance.
std::string zone_with(const std::string& lines) {
  return "BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0100\n"
         "TZOFFSETTO:+0000\n" +
         lines + "END:STANDARD\nEND:VTIMEZONE\n";
}

TEST(Calendar, BoundsTimeZones) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {zone_with("RRULE:FREQ=DAILY\n"), "a.ics:3: time zone: expected RRULEs with FREQ=YEARLY"},
      {zone_with("RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR\n"), "time zone: over 5000 changes"},
      {zone_with("RRULE:FREQ=YEARLY;BYHOUR=1,2,3;BYMINUTE=1,2,3,4\n"), "over 5000 changes"},
      {repeated(zone_with(""), 65), "time zone: over 128 zones and observances"},
      {repeated("BEGIN:VTIMEZONE\nTZID:Nowhere\nEND:VTIMEZONE\n", 129),
       "time zone: over 128 zones and observances"},
  };
  for (const auto& [zones, expected] : rows) {
    const auto reading = read(file_of({kChristmas}, zones));
    ASSERT_EQ(reading.faults.size(), 1) << zones;
    EXPECT_NE(reading.faults.front().find(expected), std::string::npos) << reading.faults.front();
  }
}

TEST(Calendar, ComparesNoEventWithAllThatReplaceOthers) {
  // Copies of these in each event would take hundreds of megabytes.
  const std::string lone = "DTSTART;VALUE=DATE:20250101";
  const std::string replacement = "RECURRENCE-ID;VALUE=DATE:20240101\nSTATUS:CANCELLED\n" + lone;
  Strings events(4000, lone);
  events.resize(8000, replacement);
  events.emplace_back(kChristmas);
  EXPECT_EQ(periods_of(file_of(events)), kAtChristmas);
}

TEST(Calendar, LeavesOutAnOccurrenceWhoseReplacementItDoesNotUnderstand) {
  const auto reading =
      read(file_of({"DTSTART:20260504T120000\nDURATION:PT1H\n"
                    "RRULE:FREQ=WEEKLY;COUNT=2",
                    "RECURRENCE-ID:20260504T120000\nDTSTART:late\n"}));
  EXPECT_EQ(reading.periods, Strings{"from 2026-05-11 12:00 to 2026-05-11 13:00"});
  EXPECT_EQ(reading.faults.size(), 1);
}

TEST(Calendar, TakesTheNewestRevisionOfAnEvent) {
  const std::string first = "DTSTART;VALUE=DATE:20260501";
  const std::string weekly = "DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=WEEKLY;COUNT=2";
  const std::string changed = "RECURRENCE-ID;VALUE=DATE:20260508\nDTSTART;VALUE=DATE:";
  const std::vector<std::pair<Strings, Strings>> rows = {
      {{first, "SEQUENCE:1\nDTSTART;VALUE=DATE:20260601"}, {"from 2026-06-01 to 2026-06-02"}},
      {{"SEQUENCE:2\nDTSTART;VALUE=DATE:20260601", "SEQUENCE:1\n" + first},
       {"from 2026-06-01 to 2026-06-02"}},
      {{first, "SEQUENCE:1\nSTATUS:CANCELLED\n" + first}, {}},
      {{weekly, "SEQUENCE:1\n" + changed + "20260510", "SEQUENCE:3\n" + changed + "20260512"},
       {"from 2026-05-01 to 2026-05-02", "from 2026-05-12 to 2026-05-13"}},
      // A series that was cancelled after one of its occurrences was moved.
      {{weekly, "SEQUENCE:1\n" + changed + "20260510",
        "SEQUENCE:2\nSTATUS:CANCELLED\nEXRULE:FREQ=DAILY\n" + weekly},
       {}},
      {{"SEQUENCE:-1\n" + first}, {"from 2026-05-01 to 2026-05-02"}},
      {{"SEQUENCE:\n" + first}, {"from 2026-05-01 to 2026-05-02"}},
      // Some programs give many events one UID.
      {{first, "DTSTART;VALUE=DATE:20260601"},
       {"from 2026-05-01 to 2026-05-02", "from 2026-06-01 to 2026-06-02"}},
  };
  for (const auto& [events, periods] : rows)
    EXPECT_EQ(periods_of(file_of(events)), periods) << events.back();
}

TEST(Calendar, AReplacementDoesNotRecur) {
  EXPECT_EQ(periods_of(file_of({"RECURRENCE-ID:20260504T120000\nDTSTART:20260505T120000\n"
                                "DURATION:PT1H\nRDATE:20260601T120000\nRRULE:FREQ=DAILY"})),
            Strings{"from 2026-05-05 12:00 to 2026-05-05 13:00"});
}

TEST(Calendar, BoundsWhatRecurs) {
  // Such rules would have libical look through all its years, for minutes.
  for (const std::string rule :
       {"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=1,2,3,4;BYMINUTE=1,2",
        "FREQ=YEARLY;BYWEEKNO=53;"
        "BYMONTH=6",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2,4", "FREQ=MONTHLY;BYSETPOS=300"}) {
    EXPECT_EQ(periods_of(file_of({"DTSTART;VALUE=DATE:20261224\nDURATION:P3D\nRRULE:" + rule})),
              kAtChristmas)
        << rule;
  }
  const auto reading = read(file_of(
      Strings(100, "DTSTART:19000101T000000\nDURATION:PT1M\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4")));
  ASSERT_EQ(reading.faults.size(), 1);
  EXPECT_NE(reading.faults.front().find("recurs too often"), std::string::npos);
}

TEST(Calendar, TakesEventsThatBeganLongAgo) {
  const Strings events(60, "DTSTART:19700101T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY");
  EXPECT_EQ(periods_of(file_of(events)).size(), 365);
}

TEST(Calendar, GivesTheSameInEachWindow) {
  Calendar calendar;
  calendar.add_file(file_of({"DTSTART:20200106T080000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=3",
                             "DTSTART:20200106T120000\nDURATION:P2D\nRRULE:FREQ=MONTHLY;COUNT=90"}),
                    "a.ics", kBerlin, throw_fault);
  const auto spans_of = [&](const Calendar& asked, int from, int until) {
    std::vector<Span> spans;
    const Time start{Seconds{1'700'000'000}};
    asked.add_spans({start + std::chrono::days{from}, start + std::chrono::days{until}}, spans);
    Strings shown;
    for (const auto& span : joined(spans))
      shown.push_back(describe({span.from, span.until}, kBerlin));
    return shown;
  };
  for (const auto& [from, until] : {std::pair(0, 8), {-30, 30}, {-600, 10}, {100, 900}, {0, 1}}) {
    Calendar fresh;
    fresh.add_file(file_of({"DTSTART:20200106T080000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=3",
                            "DTSTART:20200106T120000\nDURATION:P2D\nRRULE:FREQ=MONTHLY;COUNT=90"}),
                   "a.ics", kBerlin, throw_fault);
    EXPECT_EQ(spans_of(calendar, from, until), spans_of(fresh, from, until)) << from;
  }
}

}  // namespace
}  // namespace inforeply
