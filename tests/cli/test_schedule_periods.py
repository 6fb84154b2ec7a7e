"""The periods of schedules over ten years in four time zones, compared with dateutil and
recurring-ical-events, which share nothing with this program but the database of time zones.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_schedule_periods.py
"""

import subprocess
import sys
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

sys.dont_write_bytecode = True

import icalendar
import recurring_ical_events
from dateutil.rrule import DAILY, rrule

from programs import BIN, TestCase, Workplace, main

CALENDARS = Path(__file__).resolve().parents[1] / "data" / "calendars"
LISTER = Path(BIN) / "tests" / "list_periods"

# Half an hour of summer time, none at all, and the two usual kinds, in both halves of the world.
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
FROM = datetime(2020, 1, 1, tzinfo=timezone.utc)
UNTIL = datetime(2030, 1, 1, tzinfo=timezone.utc)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def instant(local, zone):
    """RFC 5545, 3.3.5: what comes twice means the first, what is skipped the offset before."""
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(timezone.utc)


def joined(spans):
    """As (from, until) in seconds, those that overlap or touch made one, within FROM and UNTIL."""
    result = []
    for begin, end in sorted(spans):
        if begin >= end:
            continue
        if result and begin <= result[-1][1]:
            result[-1][1] = max(result[-1][1], end)
        else:
            result.append([begin, end])
    return [(int(begin.timestamp()), int(end.timestamp())) for begin, end in result
            if end > FROM and begin < UNTIL]


# What `active-on` says, and the same as days and times in minutes since midnight.
WEEKLY = {
    "mon-fri 17:00-08:00": [("mon tue wed thu fri", 17 * 60, 32 * 60)],
    "sat,sun": [("sat sun", 0, 24 * 60)],
    "wed 12:00-24:00": [("wed", 12 * 60, 24 * 60)],
    "fri-mon 9:30-10:00, 23:00-1:00": [("fri sat sun mon", 570, 600),
                                       ("fri sat sun mon", 23 * 60, 25 * 60)],
    "02:00-03:00": [(" ".join(DAYS), 120, 180)],  # where clocks skip it, or show it twice
    "Sunday 01:30-02:15": [("sun", 90, 135)],
    "sun 00:00-02:45": [("sun", 0, 165)],
    "tue, thu 00:00-24:00": [("tue thu", 0, 24 * 60)],
}


def weekly_spans(rows, zone):
    for days, begin, end in rows:
        weekdays = [DAYS.index(day) for day in days.split()]
        for day in rrule(DAILY, dtstart=datetime(2019, 12, 25), until=datetime(2030, 1, 5),
                         byweekday=weekdays):
            yield tuple(instant(day + timedelta(minutes=at), zone) for at in (begin, end))


# Events, with {zone} for TZID=… where they have a time of day.
EVENTS = {
    "a day": ["DTSTART;VALUE=DATE:20251224"],
    "days, the last one not included": ["DTSTART;VALUE=DATE:20251224\nDTEND;VALUE=DATE:20260102"],
    "each year": ["DTSTART;VALUE=DATE:20191224\nDTEND;VALUE=DATE:20200102\nRRULE:FREQ=YEARLY"],
    "days by a duration": ["DTSTART;VALUE=DATE:20210705\nDURATION:P3W"],
    "a weekday without exceptions":
        ["DTSTART;{zone}:20200106T180000\nDTEND;{zone}:20200106T220000\n"
         "RRULE:FREQ=WEEKLY;BYDAY=MO,WE\nEXDATE;{zone}:20200108T180000,20200113T180000"],
    "every other week": ["DTSTART;{zone}:20200107T090000\nDURATION:PT45M\n"
                         "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU;COUNT=150"],
    "each day where clocks are changed": ["DTSTART;{zone}:20200101T023000\nDTEND;{zone}:20200101T033000"
                                          "\nRRULE:FREQ=DAILY"],
    "the last Friday": ["DTSTART;{zone}:20200131T160000\nDTEND;{zone}:20200131T235900\n"
                        "RRULE:FREQ=MONTHLY;BYDAY=-1FR"],
    "the last day": ["DTSTART;VALUE=DATE:20200131\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1"],
    "the second to last working day": ["DTSTART;VALUE=DATE:20200130\nRRULE:FREQ=MONTHLY;"
                                       "BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2"],
    "leap days": ["DTSTART;VALUE=DATE:20200229\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"],
    "until a time in UTC": ["DTSTART;{zone}:20220301T070000\nDTEND;{zone}:20220301T080000\n"
                            "RRULE:FREQ=DAILY;UNTIL=20220501T000000Z"],
    "until a date": ["DTSTART;VALUE=DATE:20220301\nRRULE:FREQ=DAILY;INTERVAL=3;UNTIL=20220501"],
    "dates beside": ["DTSTART;{zone}:20230301T070000\nDTEND;{zone}:20230301T080000\n"
                     "RDATE;{zone}:20230405T070000,20230407T091500"],
    "in UTC": ["DTSTART:20240301T070000Z\nDTEND:20240301T233000Z\nRRULE:FREQ=MONTHLY"],
    "without a zone": ["DTSTART:20240301T070000\nDTEND:20240301T180000\nRRULE:FREQ=MONTHLY;COUNT=30"],
    "a work of weeks": ["DTSTART;{zone}:20240301T070000\nDTEND;{zone}:20240422T180000"],
    "one that is moved, one that is left out": [
        "DTSTART;{zone}:20240101T100000\nDTEND;{zone}:20240101T120000\nRRULE:FREQ=WEEKLY;COUNT=20",
        "RECURRENCE-ID;{zone}:20240115T100000\nDTSTART;{zone}:20240116T140000\n"
        "DTEND;{zone}:20240116T150000"],
    "several at once": [
        "DTSTART;{zone}:20240101T100000\nDTEND;{zone}:20240101T120000\nRRULE:FREQ=DAILY;COUNT=99",
        "UID:b\nDTSTART;{zone}:20240101T113000\nDTEND;{zone}:20240101T140000\n"
        "RRULE:FREQ=WEEKLY;COUNT=40",
        "UID:c\nDTSTART;VALUE=DATE:20240110\nDTEND;VALUE=DATE:20240113",
        "UID:d\nDTSTART;VALUE=DATE:20240113\nDTEND;VALUE=DATE:20240114"],
}


def calendar_of(events, zone):
    text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n"
    for event in events:
        uid = "" if event.startswith("UID:") else "UID:a\n"
        text += f"BEGIN:VEVENT\n{uid}{event.format(zone=f'TZID={zone}')}\nEND:VEVENT\n"
    return (text + "END:VCALENDAR\n").replace("\n", "\r\n")


def recurs(event):
    return any(name in event for name in ("RRULE", "RDATE", "RECURRENCE-ID"))


def calendar_spans(text, zone):
    """What recurring-ical-events finds. It counts the length of an event on the clock, which is as
    it should be for dates; of all others the length is exact (RFC 5545, 3.8.5.3)."""
    calendar = icalendar.Calendar.from_ical(text)
    [first, *others] = calendar.walk("VEVENT")
    if not others and not recurs(first) and isinstance(first["DTSTART"].dt, datetime):
        # Its versions do not agree about the end where clocks change between.
        yield tuple(instant(first[name].dt.replace(tzinfo=None), zone) for name in ("DTSTART", "DTEND"))
        return
    for event in recurring_ical_events.of(calendar).between(FROM - timedelta(60), UNTIL):
        if event.get("STATUS") == "CANCELLED" or event.get("TRANSP") == "TRANSPARENT":
            continue
        begin, end = event["DTSTART"].dt, event["DTEND"].dt
        if not isinstance(begin, datetime):
            end = max(end, begin + timedelta(1))  # RFC 5545, 3.6.1
            yield tuple(instant(datetime.combine(day, time()), zone) for day in (begin, end))
        elif begin.tzinfo is None:
            yield instant(begin, zone), instant(end, zone)
        else:
            start = begin if begin.utcoffset() == timedelta(0) else instant(
                begin.replace(tzinfo=None), zone)
            length = end.replace(tzinfo=None) - begin.replace(tzinfo=None)
            yield start, start + length


# Of calendars as usual programs write them, the zone and the periods, as clocks there show them.
PROGRAMS = {
    "google": ("Europe/Berlin", [
        "2026-10-05 18:00 2026-10-05 20:00", "2026-10-20 19:00 2026-10-20 21:30",
        "2026-10-26 18:00 2026-10-26 20:00", "2026-11-02 18:00 2026-11-02 20:00",
        "2026-12-24 00:00 2026-12-27 00:00"]),
    "outlook": ("Europe/Berlin", [
        "2026-07-20 00:00 2026-08-03 00:00", "2026-09-03 09:00 2026-09-03 12:30",
        "2026-10-02 13:00 2026-10-02 16:30", "2026-12-03 09:00 2026-12-03 12:30"]),
    "apple": ("America/New_York", [
        "2026-03-06 09:00 2026-03-06 17:00", "2026-03-19 09:00 2026-03-19 12:00",
        "2026-03-27 09:00 2026-03-27 17:00", "2026-07-03 00:00 2026-07-04 00:00",
        "2027-07-03 00:00 2027-07-04 00:00"]),
    "thunderbird": ("Europe/Paris", [
        "2026-03-23 14:00 2026-03-23 16:00", "2026-03-25 14:00 2026-03-25 16:00",
        "2026-03-30 10:00 2026-03-30 12:00", "2026-03-31 14:00 2026-03-31 16:00",
        "2026-05-01 00:00 2026-05-02 00:00"]),
    "nextcloud": ("Europe/Vienna", [
        "2026-02-14 00:00 2026-02-21 00:00", "2026-10-20 22:00 2026-10-21 06:00",
        "2026-10-24 22:00 2026-10-25 05:00",  # eight hours, as clocks are set back
        "2026-11-03 22:00 2026-11-04 06:00", "2026-11-07 22:00 2026-11-08 06:00"]),
}


class Periods(TestCase):
    def setUp(self):
        self.place = Workplace(self)

    def periods(self, settings, **files):
        file = self.place.responder
        for name, text in files.items():
            (file.parent / name).write_bytes(text.encode())
        file.write_text("text = info.txt\n" + settings)
        done = subprocess.run([LISTER, file, str(int(FROM.timestamp())), str(int(UNTIL.timestamp()))],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [tuple(int(number) for number in line.split()) for line in done.stdout.splitlines()]

    def assert_same(self, found, expected, zone):
        def show(periods):
            return [" ".join(str(datetime.fromtimestamp(at, ZoneInfo(zone))) for at in period)
                    for period in periods]
        self.assertGreater(len(expected), 0)
        if found != expected:
            extra, missing = set(found) - set(expected), set(expected) - set(found)
            self.fail(f"{len(extra)} not expected: {show(sorted(extra)[:4])}\n"
                      f"{len(missing)} missing: {show(sorted(missing)[:4])}")

    def test_weekly_times(self):
        for zone in ZONES:
            for text, rows in WEEKLY.items():
                with self.subTest(zone=zone, text=text):
                    found = self.periods(f"timezone = {zone}\nactive-on = {text}\n")
                    self.assert_same(found, joined(weekly_spans(rows, zone)), zone)

    def test_several_weekly_times_are_one_schedule(self):
        texts = ("mon-fri 17:00-08:00", "sat,sun", "wed 12:00-24:00")
        settings = "".join(f"active-on = {text}\n" for text in texts)
        rows = [row for text in texts for row in WEEKLY[text]]
        for zone in ZONES:
            with self.subTest(zone=zone):
                found = self.periods(f"{settings}timezone = {zone}\n")
                self.assert_same(found, joined(weekly_spans(rows, zone)), zone)

    def test_events(self):
        for zone in ZONES:
            for name, events in EVENTS.items():
                with self.subTest(zone=zone, name=name):
                    text = calendar_of(events, zone)
                    found = self.periods(f"timezone = {zone}\ncalendar = a.ics\n", **{"a.ics": text})
                    self.assert_same(found, joined(calendar_spans(text, zone)), zone)

    def test_calendars_of_usual_programs(self):
        for name, (zone, expected) in PROGRAMS.items():
            with self.subTest(name):
                text = (CALENDARS / f"{name}.ics").read_bytes().decode()
                found = self.periods(f"timezone = {zone}\ncalendar = a.ics\n", **{"a.ics": text})
                self.assertEqual([" ".join(f"{datetime.fromtimestamp(at, ZoneInfo(zone)):%F %R}"
                                           for at in period) for period in found], expected)
                self.assert_same(found, joined(calendar_spans(text, zone)), zone)


if __name__ == "__main__":
    main()
