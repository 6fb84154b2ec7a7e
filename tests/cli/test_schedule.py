"""When a responder answers: weekly times, calendars, and sections with a time; the periods that
replies speak of.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_schedule.py

That the periods are the right ones is shown by test_schedule_periods.
"""

import sys
from datetime import datetime
from zoneinfo import ZoneInfo

sys.dont_write_bytecode = True

from check_config import CheckTestCase
from programs import MEMORY_LIMIT, SANITIZED, mail, main, parse_message
from test_confinement import Server
from test_tenants import INFO, TenantTestCase

CALENDAR = "responders/our.example/office.ics"
NIGHTS = "timezone = Europe/Berlin\nactive-on = mon-fri 17:00-08:00\nactive-on = sat,sun"
CHRISTMAS = "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227"


def at(text):
    """The time that clocks in Berlin show, in seconds since the epoch."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


def calendar(*events):
    lines = "".join(f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT\n"
                    for number, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{lines}END:VCALENDAR\n"


class ScheduleTestCase(TenantTestCase):
    def set_calendar(self, *events, settings="", text="We are on holiday.\n"):
        self.place.write(CALENDAR, calendar(*events))
        self.place.set_responder(f"timezone = Europe/Berlin\ncalendar = office.ics\n{settings}", text)

    def run_at(self, time, number=0, *options, **arguments):
        """Each number is another message of the same person."""
        message = mail(message_id=f"<{number}@sender.example>")
        return self.place.run(message, "--now", at(time), *options, **arguments)

    def preview_at(self, time, message=None, *options):
        return self.place.preview(message, "--now", at(time), *options)

    def assert_active(self, times):
        for time, verdict in times.items():
            with self.subTest(time):
                self.assertEqual(self.preview_at(time).verdict,
                                 "verdict: " + (verdict and "reply" or "suppress: inactive"))


class Active(ScheduleTestCase):
    def test_at_weekly_times(self):
        self.place.set_responder(NIGHTS)
        self.assert_active({
            "2026-11-30 16:59": False, "2026-11-30 17:00": True,  # a Monday
            "2026-12-01 07:59": True, "2026-12-01 08:00": False,
            "2026-12-05 12:00": True, "2026-12-07 00:00": False,  # Saturday, Monday
            "2026-07-01 16:59": False, "2026-07-01 17:00": True,  # in summer time
        })

    def test_during_the_events_of_calendars(self):
        self.place.write("responders/our.example/more.ics",
                         calendar("DTSTART:20261231T120000\nDURATION:PT2H"))
        self.set_calendar(CHRISTMAS, "DTSTART;VALUE=DATE:20261210\nTRANSP:TRANSPARENT",
                          settings="calendar = more.ics")
        self.assert_active({"2026-12-10 12:00": False, "2026-12-23 23:59": False,
                            "2026-12-24 00:00": True, "2026-12-26 23:59": True,
                            "2026-12-27 00:00": False, "2026-12-31 12:30": True})

    def test_at_weekly_times_and_during_events_within_bounds(self):
        self.set_calendar(CHRISTMAS, settings="active-on = sat,sun\nactive-from = 2026-12-19T12:00\n"
                                              "active-until = 2026-12-26")
        self.assert_active({"2026-12-12 12:00": False, "2026-12-19 11:59": False,
                            "2026-12-19 12:00": True, "2026-12-21 12:00": False,
                            "2026-12-24 12:00": True, "2026-12-26 12:00": True,
                            "2026-12-27 12:00": False})

    def test_says_why_it_is_not(self):
        for settings, words in [("active-on = sat", "outside of active-on"),
                                ("calendar = office.ics", "outside of calendar"),
                                ("active-on = sat\ncalendar = office.ics",
                                 "outside of active-on and calendar")]:
            with self.subTest(words):
                self.place.write(CALENDAR, calendar(CHRISTMAS))
                self.place.set_responder(settings)
                table = self.preview_at("2026-11-30 12:00", None, "--explain").table
                self.assertIn(f": {words}\n", table)
                self.assertIn(f"({words}).", table)


class Sections(ScheduleTestCase):
    def setUp(self):
        super().setUp()
        self.place.set_responder(
            "timezone = Europe/Berlin\nsubject = We will answer today\n"
            "[when closed]\ntime = mon-fri 17:00-08:00\ntime = sat,sun\n"
            "subject = Closed until ${next_open}\n"
            "[when lunch]\ntime = mon-fri 12:00-13:00\nsubject-contains = question\n"
            "subject = At table until ${active_until}\n")

    def test_answer_at_their_times(self):
        for time, subject in {
            "2026-11-30 11:59": "We will answer today",
            "2026-11-30 12:00": "At table until 2026-11-30 13:00",
            "2026-11-30 17:00": "Closed until 2026-12-01 08:00",
            "2026-12-05 12:00": "Closed until 2026-12-07",
        }.items():
            with self.subTest(time):
                self.assertEqual(self.preview_at(time).reply["Subject"], subject)
        other = self.preview_at("2026-11-30 12:00", mail(subject="Praise"))
        self.assertEqual(other.reply["Subject"], "We will answer today")

    def test_are_explained(self):
        table = self.preview_at("2026-12-01 12:30", None, "--explain").table
        self.assertRegex(table, r"\[when closed\] +pass +no time hits\n")
        self.assertRegex(table, r"\[when lunch\] +HIT +time = from 2026-12-01 12:00 to "
                                r"2026-12-01 13:00, subject-contains = question\n")

    def test_answer_the_same_person_afresh_at_their_next_time(self):
        for number, (time, replied) in enumerate([
                ("2026-11-30 17:30", True), ("2026-12-01 07:30", False), ("2026-12-01 09:00", True),
                ("2026-12-01 10:00", False), ("2026-12-01 18:00", True)]):
            with self.subTest(time):
                outcome = self.run_at(time, number)
                if replied:
                    self.assert_replied(outcome)
                else:
                    self.assert_suppressed(outcome, "recently-answered")


class Texts(ScheduleTestCase):
    TEXT = "From ${active_from} to ${active_until}, again ${next_open}.\n"

    def text_at(self, time):
        return self.preview_at(time).reply.get_content().strip()

    def test_speak_of_the_period_in_force(self):
        self.place.set_responder(NIGHTS, self.TEXT)
        self.assertEqual(self.text_at("2026-12-01 18:00"),
                         "From 2026-12-01 17:00 to 2026-12-02 08:00, again 2026-12-02 08:00.")
        self.assertEqual(self.text_at("2026-12-05 12:00"),  # Friday evening and the weekend
                         "From 2026-12-04 17:00 to 2026-12-06, again 2026-12-07.")

    def test_speak_of_the_event(self):
        self.set_calendar(CHRISTMAS, text=self.TEXT)
        self.assertEqual(self.text_at("2026-12-25 12:00"),
                         "From 2026-12-24 to 2026-12-26, again 2026-12-27.")

    def test_have_the_form_of_their_language(self):
        folder = self.place.responder.parent
        self.place.write(folder / "de.txt", "Ab ${next_open}.\n")
        self.place.write(folder / "us.txt", "From ${next_open} on.\n")
        self.place.set_responder(f"{NIGHTS}\ntext.de = de.txt\ntext.en-US = us.txt\n"
                                 "languages = all\nsubject.de = Bis ${active_until}",
                                 "${next_open}.\n")
        preview = self.preview_at("2026-12-01 18:00", mail(accept_language="de"))
        texts = {part.get_content().strip() for part in preview.reply.walk()
                 if part.get_content_type() == "text/plain"}
        self.assertEqual(texts, {"Ab 02.12.2026 08:00.", "From December 2, 2026 8:00 AM on.",
                                 "2026-12-02 08:00."})
        self.assertEqual(preview.reply["Subject"], "Bis 02.12.2026 08:00")

    def test_of_a_next_open_without_an_end_are_a_fault(self):
        self.place.set_responder("", "Again ${next_open}.\n")
        self.assert_fault("responders/our.example/info.txt:1",
                          "'${next_open}' without 'active-until'")
        self.place.set_responder("", "Again ${next_open:-soon}.\n")
        self.assert_well(1)


class Person(ScheduleTestCase):
    def test_is_answered_once_in_a_period_and_afresh_in_the_next(self):
        self.place.set_responder(NIGHTS)
        self.assert_replied(self.run_at("2026-12-01 18:00", 1))
        self.assert_suppressed(self.run_at("2026-12-02 07:00", 2), "recently-answered")
        self.assert_suppressed(self.run_at("2026-12-02 12:00", 3), "inactive")
        self.assert_replied(self.run_at("2026-12-02 18:00", 4))
        self.assert_sent(2)

    def test_is_answered_once_in_an_event(self):
        self.set_calendar("DTSTART;VALUE=DATE:20261205\nDURATION:P2D\nRRULE:FREQ=WEEKLY")
        self.assert_replied(self.run_at("2026-12-05 00:00", 1))
        self.assert_suppressed(self.run_at("2026-12-06 23:59", 2), "recently-answered")
        self.assert_replied(self.run_at("2026-12-12 00:00", 3))

    def test_is_not_answered_afresh_where_a_handle_is_set(self):
        self.place.set_responder(f"{NIGHTS}\nhandle = office")
        self.assert_replied(self.run_at("2026-12-01 18:00", 1))
        self.assert_suppressed(self.run_at("2026-12-02 18:00", 2), "recently-answered")


class Check(ScheduleTestCase):
    def note_at(self, time, note):
        self.assert_notes([(f"{INFO}:{note[0]}", *note[1:])], "--now", at(time))

    def test_tells_the_next_times(self):
        self.place.set_responder(NIGHTS)
        self.note_at("2026-12-01 18:00", (
            3, "note: on 2026-12-01 17:00, off 2026-12-02 08:00; on 2026-12-02 17:00, off 2026-12-03 "
               "08:00; on 2026-12-03 17:00, off 2026-12-04 08:00"))
        self.set_calendar("DTSTART;VALUE=DATE:20280229\nRRULE:FREQ=YEARLY;COUNT=1")
        self.note_at("2026-12-01 18:00", (3, "note: on 2028-02-29 00:00, off 2028-03-01 00:00"))

    def test_tells_that_nothing_comes_any_more(self):
        self.set_calendar(CHRISTMAS)
        self.note_at("2026-12-27 00:00", (3, "no more events are in sight"))
        self.set_calendar()
        self.note_at("2026-12-27 00:00", (3, "no more events are in sight"))

    def test_names_what_is_mistyped_and_what_is_expected(self):
        for setting, expected in [
            ("active-on = mon-fri 17.00-8.00", "'mon-fri 17:00-08:00'"),
            ("active-on = 17:00", "'mon-fri 17:00-08:00'"),
            ("active-on = mo-fr", "'sat,sun'"),
            ("active-on = mon 25:00-26:00", "'wed 12:00-24:00'"),
            ("timezone = Berlin", "a time zone such as Europe/Berlin"),
            ("timezone = CET-1CEST", "a time zone such as Europe/Berlin"),
            ("active-from = 24.12.2026", "2026-12-24T18:00"),
            ("[when closed]\nsender = @x.example\ntime = mon-frei", "'mon-fri 17:00-08:00'"),
        ]:
            with self.subTest(setting):
                self.place.set_responder(setting)
                line = 2 + setting.count("\n")
                self.assert_fault(f"{INFO}:{line}", f"{setting.split(chr(10))[-1]}': expected ",
                                  expected)

    def test_names_what_is_at_fault_in_a_calendar(self):
        self.set_calendar(CHRISTMAS)
        for text, place in [("<!DOCTYPE html>\n", f"{CALENDAR}:1"),
                            (calendar(CHRISTMAS)[:-25], f"{CALENDAR}:4"),
                            ("", f"{CALENDAR}:1")]:
            with self.subTest(text):
                self.place.write(CALENDAR, text)
                self.assert_fault(place)
        (self.place.folder / CALENDAR).unlink()
        self.assert_fault(f"{INFO}:3", "office.ics", "No such file")

    def test_names_events_that_a_delivery_leaves_out(self):
        self.set_calendar("DTSTART;TZID=Nowhere:20261201T120000", CHRISTMAS,
                          "DTSTART:20261201T120000\nRRULE:FREQ=SECONDLY")
        self.assert_faults([(f"{CALENDAR}:4", "unknown time zone 'Nowhere'"),
                            (f"{CALENDAR}:13", "RRULE: expected FREQ=DAILY")])
        self.assert_active({"2026-12-01 12:00": False, "2026-12-25 12:00": True})


class Bounds(ScheduleTestCase):
    def test_a_tenants_calendar_is_in_his_folder(self):
        self.place.write("responders/other.example/office.ics", calendar(CHRISTMAS))
        self.place.write("office.ics", calendar(CHRISTMAS))
        for name in ("../other.example/office.ics", "../../office.ics",
                     str(self.place.folder / "office.ics")):
            with self.subTest(name):
                self.tenant(f"calendar = {name}")
                self.assert_fault(f"{INFO}:2", name)

    def test_a_large_calendar_takes_little_memory(self):
        events = [f"DTSTAMP:20260101T000000Z\nSUMMARY:{'x' * 60}\nDESCRIPTION:{'y' * 150}\n"
                  f"DTSTART;TZID=Europe/Berlin:20{year:02}{month:02}{day:02}T120000\n"
                  f"DTEND;TZID=Europe/Berlin:20{year:02}{month:02}{day:02}T130000"
                  for year in range(10, 32) for month in range(1, 13) for day in range(1, 29)]
        self.set_calendar(*events)
        self.assertGreater((self.place.folder / CALENDAR).stat().st_size, 2_400_000)
        peak, outcome = self.place.peak_memory(mail(), "--now", at("2026-12-01 12:30"))
        self.assert_replied(outcome)
        if not SANITIZED:
            self.assertLess(peak, MEMORY_LIMIT)

    def test_a_confined_process_reads_calendars_and_zones(self):
        server = Server(self)
        self.set_calendar("DTSTART;TZID=America/New_York:20261201T120000\nDURATION:PT1H",
                          text="Again ${next_open}.\n")
        self.place.configure("require-confinement = yes")
        self.assert_replied(self.run_at("2026-12-01 18:30", 1, "--mailer", server.mailer))
        [message] = server.messages
        self.assertEqual(parse_message(message.replace(b"\r\n", b"\n")).get_content().strip(),
                         "Again 2026-12-01 19:00.")

    def test_only_a_responder_with_a_calendar_needs_libical(self):
        library = self.place.write("lib/libical.so.3", "")
        variables = {"LD_LIBRARY_PATH": str(library.parent)}
        self.set_calendar(CHRISTMAS)
        self.assert_deferred(self.run_at("2026-12-25 12:00", variables=variables),
                             f"{self.place.folder / INFO}:3: cannot load libical for 'calendar'",
                             "reason=configuration")
        self.place.set_responder(NIGHTS)
        self.assert_replied(self.run_at("2026-12-05 12:00", variables=variables))


if __name__ == "__main__":
    main()
