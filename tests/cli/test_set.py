"""inforeply-set: what it writes is what deliveries answer, all or nothing, and nothing else changes.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_set.py
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from programs import BIN, NOW, PATIENCE, TestCase, Workplace, environment, mail, main, unflowed
from traced import kill_at, numbered_calls, require_strace, strace

IS_ROOT = os.geteuid() == 0
TENANT, PANEL = 12345, 12346  # accounts' numbers; they need not exist
ADDRESS = "kim@our.example"
LONG_AGO = NOW - 86400

DEFAULT_OBJECT = {"id": "singleton", "isEnabled": False, "fromDate": None, "toDate": None,
                  "subject": None, "textBody": None, "htmlBody": None}


class SetTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.place.responder.unlink()
        (self.place.responder.parent / "info.txt").unlink()
        self.prepare(self.place)

    def prepare(self, place):
        self.place = place
        self.responders = place.folder / "responders"
        self.folder = self.responders / "our.example"
        self.file = self.folder / "kim.conf"
        for folder in (place.folder, self.responders, self.folder):
            folder.chmod(0o755)

    def command(self, *words, address=ADDRESS):
        return [str(BIN / "inforeply-set"), "-c", str(self.place.configuration),
                "--responders", str(self.responders), *map(str, words), "--", address]

    def run_set(self, *words, given=b"", address=ADDRESS, **how):
        if not isinstance(given, bytes):
            given = given.encode() if isinstance(given, str) else json.dumps(given).encode()
        return subprocess.run(self.command(*words, address=address), input=given,
                              capture_output=True, env=environment(), timeout=PATIENCE, **how)

    def set(self, *words, **arguments):
        """A change that is made. Returns what is printed."""
        done = self.run_set(*words, **arguments)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode()

    def assert_refused(self, status, word, *words, **arguments):
        """Nothing changes, and the reason is said."""
        before = self.contents()
        done = self.run_set(*words, **arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(word, done.stderr.decode())
        self.assertEqual(done.stdout, b"")
        self.assertEqual(self.contents(), before)

    def show(self, **arguments):
        return json.loads(self.set("--show", "--format", "json", **arguments))

    def contents(self):
        return {str(path.relative_to(self.responders)): path.read_bytes() if path.is_file() else None
                for path in self.responders.rglob("*")}

    def write(self, settings, text="Old text.\n"):
        self.place.write(self.folder / "away.txt", text)
        return self.place.write(self.file, settings)

    def answer(self, recipient=ADDRESS, **arguments):
        return self.place.preview(mail(To=recipient), recipients=(recipient,), **arguments)

    def said(self, **arguments):
        """Subject and text of the answer."""
        reply = self.answer(**arguments).reply
        return reply["Subject"], unflowed(reply.get_body(("plain",)).get_content())

    def age(self):
        """As if the responder file had been changed long ago."""
        os.utime(self.file, (LONG_AGO, LONG_AGO))


class Settings(SetTestCase):
    def test_a_new_responder_answers_with_what_was_set(self):
        self.set("--on", "--subject", "Away: $5 für ${subject} $SUBJECT", "--text", "-",
                 given="It costs $$5 or ${sender}.\r\n\r\nKim ü\n")
        self.assertEqual(self.said(), ("Away: $5 für ${subject} $SUBJECT",
                                       "It costs $$5 or ${sender}.\n\nKim ü\n"))
        check = self.place.run(b"", "--check-config", without=("--now",))
        self.assertEqual((check.status, check.stderr), (0, ""))

    def test_placeholders_are_filled_in_if_that_is_asked_for(self):
        self.set("--on", "--placeholders", "--subject", "Re: ${subject}", "--text", "-",
                 given="Dear ${sender_name}, $$5\n")
        self.assertEqual(self.said(), ("Re: A question", "Dear Alice Sender, $5\n"))
        shown = self.set("--show", "--format", "json", "--placeholders")
        self.assertEqual(json.loads(shown)["textBody"], "Dear ${sender_name}, $$5\n")

    def test_a_new_responder_is_off_until_it_is_switched_on(self):
        self.assertIn("'enabled = no': nothing is answered", self.set("--text", "-", given="Away."))
        self.assertEqual(self.answer().verdict, "verdict: suppress: inactive")
        self.set("--on")
        self.assertEqual(self.answer().verdict, "verdict: reply")
        self.set("--off")
        self.assertEqual(self.answer().verdict, "verdict: suppress: inactive")

    def test_dates_bound_it_a_date_alone_to_its_end(self):
        self.set("--on", "--from-date", "2023-11-14T22:00", "--until", "2023-11-15")
        day = 1_700_006_400  # 2023-11-15
        for now, verdict in [(NOW - 1600, "suppress: inactive"), (NOW, "reply"),
                             (day + 86399, "reply"), (day + 86400, "suppress: inactive")]:
            preview = self.place.preview(mail(To=ADDRESS), "--now", now, recipients=(ADDRESS,))
            self.assertEqual(preview.verdict, f"verdict: {verdict}", now)
        self.set("--from-date", "none", "--until", "none")
        self.assertEqual(self.file.read_text().split("\n", 1)[0], "enabled = yes")
        self.assertNotIn("active-", self.file.read_text())

    def test_without_a_text_there_is_a_default_that_is_shown_as_none(self):
        self.set("--on")
        self.assertIn("automatic answer", self.said()[1])
        self.assertIsNone(self.show()["textBody"])
        self.set("--html", "-", given="<p>Away</p>")
        self.assertEqual(self.said()[1], "Away\n")
        self.set("--html", "")
        self.assertIn("automatic answer", self.said()[1])
        self.set("--text", "-", given="Mine.\n")
        self.assertEqual(self.said()[1], "Mine.\n")

    def test_what_is_not_named_stays_line_by_line(self):
        before = ("\ufeff# Kim's own\r\n\r\nkind = group\r\n  subject =  Old\r\nnever-reply-to = a@b.example\n"
                  "text = away.txt\nactive-from=2020-01-01\n# note\n\n[when x]\nsubject-contains = x\n"
                  "subject = For x\ntext = away.txt\n")
        self.write(before)
        self.set("--subject", "New", "--from-date", "2021-01-01", "--off", "--interval", "2d")
        after = (before.replace("=  Old", "=  New").replace("=2020", "=2021")
                 .replace("-01-01\n#", "-01-01\nenabled = no\ninterval = 2d\n#"))
        self.assertEqual(self.file.read_bytes().decode(), after)
        self.set("--on", "--subject", "", "--from-date", "none")
        after = (after.replace("  subject =  New\r\n", "").replace("active-from=2021-01-01\n", "")
                 .replace("enabled = no", "enabled = yes"))
        self.assertEqual(self.file.read_bytes().decode(), after)

    def test_a_file_without_a_last_line_end_gets_lines_of_its_own(self):
        self.write("text = away.txt")
        self.set("--off")
        self.assertEqual(self.file.read_text(), "text = away.txt\nenabled = no\n")

    def test_show_tells_what_there_is(self):
        self.assert_refused(66, "has no responder of its own", "--show")
        self.write("text = away.txt\nsubject = Away\nactive-until = 2024-01-01\n")
        self.assertEqual(self.set("--show"), f"responder     {ADDRESS}\nfile          {self.file}\n"
                         "state         on\nactive-until  2024-01-01\nsubject       Away\n"
                         "text:\nOld text.\n")

    def test_a_text_that_nobody_has_given_is_shown_as_such(self):
        self.set("--on")
        self.assertIn("text (the usual one):\nThank you for your message. I am away at present",
                      self.set("--show"))

    def test_remove_takes_its_own_texts_and_no_others(self):
        self.set("--on", "--text", "-", given="First.\n")
        self.set("--text", "-", given="Second.\n")
        edited = next(path for path in self.folder.glob("kim.*.txt") if path.read_text() == "First.\n")
        edited.write_text("First, edited by hand.\n")
        self.place.write(self.folder / "away.txt", "Away.\n")
        self.set("--remove")
        self.assertEqual(sorted(self.contents()),
                         ["our.example", "our.example/away.txt", f"our.example/{edited.name}"])
        self.assertEqual(self.answer().verdict, "verdict: suppress: no-responder")
        self.assert_refused(66, "has no responder of its own", "--remove")

    def test_remove_takes_the_texts_also_if_a_killed_run_has_removed_the_file_alone(self):
        self.set("--on", "--text", "-", given="Private.\n")
        self.file.unlink()
        self.set("--remove")
        self.assertEqual(list(self.folder.iterdir()), [])
        self.assert_refused(66, "has no responder of its own", "--remove")

    def test_the_domain_has_its_folder_made_and_no_folder_is_left_by_a_refusal(self):
        self.set("--on", address="kim@new.example")
        self.assertTrue((self.responders / "new.example/kim.conf").exists())
        self.assert_refused(65, "expected", "--until", "nonsense", address="kim@other.example")
        self.assert_refused(66, "no responder", "--remove", address="kim@other.example")


class Jmap(SetTestCase):
    """RFC 8621, 8."""

    OBJECTS = [
        {"isEnabled": True},
        {"fromDate": "2026-12-24T17:00:01Z", "toDate": "2027-01-02T00:00:00Z"},
        {"isEnabled": True, "toDate": "2027-01-02T23:59:59Z", "subject": "Away"},
        {"subject": "Grüße 🎄, 100 % = # [x] 'y' \"z\"", "textBody": "Bye\n\n# [when x]\na = b\n"},
        {"subject": "$ $$ ${subject} $SUBJECT ${", "textBody": "$ $$ ${subject} $SUBJECT ${\n${x}"},
        {"subject": "=?utf-8?q?hi?= and =?x?b?!?= $" + "€" * 200, "htmlBody": "<p>$5 &amp; ${x}</p>"},
        {"subject": "$" * 256},
        {"subject": "x" * 256, "textBody": "no line end", "htmlBody": "<b>both</b>\n"},
        {"textBody": " blanks \t\n \n\n"},
    ]

    def test_what_is_set_is_shown(self):
        for changes in self.OBJECTS:
            with self.subTest(changes):
                wanted = DEFAULT_OBJECT | changes
                self.set("--json", "-", given=wanted)
                self.assertEqual(self.show(), wanted)
        self.set("--json", "-", given=DEFAULT_OBJECT)
        self.assertEqual(self.show(), DEFAULT_OBJECT)

    def test_what_is_shown_can_be_set_and_changes_no_octet(self):
        for settings in ("text = away.txt\nactive-until = 2026-01-01\n\n[when a]\nsender = @a.example\n"
                         "text = away.txt\n",
                         "enabled = no\ntext = away.txt\nsubject = Re: ${subject}\ntimezone = Asia/Tokyo\n"
                         "active-from = 2026-01-01\n",
                         "template = away.txt\n",
                         "text = away.txt\ntext.de = away.txt\nsubject.de = Weg\nlanguages = all\n",
                         "html = away.txt\ninterval = once\n"):
            for text in ("Dear ${sender_name:-you},\n", "$5\n"):
                if "template" in settings:
                    text = f"Subject: Away\n\n{text}"
                with self.subTest(settings=settings, text=text):
                    self.write(settings, text)
                    before = self.contents()
                    shown = self.run_set("--show", "--format", "json")
                    self.set("--json", "-", given=shown.stdout)
                    self.assertEqual(self.contents(), before)

    def test_properties_that_are_missing_stay(self):
        self.set("--json", "-", given={"isEnabled": True, "subject": "Away", "textBody": "Bye.\n"})
        self.set("--json", "-", given={"toDate": "2027-01-02T00:00:00.000Z"})
        self.assertEqual(self.show(), DEFAULT_OBJECT | {
            "isEnabled": True, "subject": "Away", "textBody": "Bye.\n",
            "toDate": "2027-01-02T00:00:00Z"})

    def test_who_has_no_responder_has_the_default_object(self):
        self.assertEqual(self.show(address="nobody@nowhere.example"), DEFAULT_OBJECT)

    def test_the_default_object_makes_no_file_that_would_hide_the_domains(self):
        self.place.write(self.responders / "our.example.conf", "text = info.txt\n")
        self.place.write(self.folder / "info.txt", "The domain's.\n")
        before = self.contents()
        for given in (self.set("--show", "--format", "json"), {}, {"textBody": ""}, {"isEnabled": False}):
            self.assertEqual(self.set("--json", "-", given=given), "")
        self.assertEqual(self.contents(), before)
        self.assertEqual(self.said()[1], "The domain's.\n")
        self.set("--off")
        self.assertEqual(self.answer().verdict, "verdict: suppress: inactive")
        self.set("--json", "-", given=DEFAULT_OBJECT)
        self.assertEqual(self.answer().verdict, "verdict: suppress: inactive")

    def test_an_end_is_exclusive(self):
        self.set("--json", "-", given={"isEnabled": True, "toDate": "2023-11-14T22:13:21Z"})
        for now, verdict in [(NOW, "verdict: reply"), (NOW + 1, "verdict: suppress: inactive")]:
            preview = self.place.preview(mail(To=ADDRESS), "--now", now, recipients=(ADDRESS,))
            self.assertEqual(preview.verdict, verdict)

    def test_a_text_with_placeholders_is_pointed_out(self):
        self.write("text = away.txt\n", "Dear ${sender_name},\n")
        done = self.run_set("--show", "--format", "json")
        self.assertEqual((done.returncode, done.stderr), (
            0, b"inforeply-set: note: 'text' has placeholders (see --placeholders)\n"))

    def test_a_fault_names_the_property(self):
        end = {"toDate": "2026-01-01T00:00:00Z"}
        for given, words in [(end | {"fromDate": "2026-02-01T00:00:00Z"}, "toDate: 'active-until' is before"),
                             ({"textBody": "a\nb\0"}, "textBody:2: a NUL octet"),
                             ({"htmlBody": "a\rb"}, "htmlBody:1: a carriage return"),
                             ({"textBody": "x" * 65537}, "textBody: "), ({"subject": "x" * 257}, "subject: over")]:
            with self.subTest(words):
                self.assert_refused(65, words, "--json", "-", given=given)
        self.set("--json", "-", given=end)
        self.assert_refused(65, "toDate: 'active-until' is before", "--json", "-",
                            given={"fromDate": "2026-02-01T00:00:00Z"})

    def test_what_is_no_object_of_it_is_refused(self):
        for given, words in [(b"", "no JSON"), (b"[]", "expected an object"), (b"{", "no JSON"),
                             (b'{"subject":"\xff"}', "no JSON"), (b'{"subject":"\\ud800"}', "no JSON"),
                             ({"id": "x"}, "id: "), ({"isEnabled": 1}, "isEnabled: "),
                             ({"isEnabled": None}, "isEnabled: "), ({"from": "a@b.example"}, "from: unknown"),
                             ({"subject": ["x"]}, "subject: "), ({"textBody": 5}, "textBody: "),
                             ({"fromDate": "2026-12-24"}, "fromDate: "),
                             ({"toDate": "2026-12-24T00:00:00+01:00"}, "toDate: "),
                             ({"toDate": "2026-02-30T00:00:00Z"}, "toDate: "),
                             (b'{"isEnabled":1e999}', "JSON: a number is out of range"),
                             ({"a/b": 1}, "a/b: unknown"), (b'{"/":1,"/":1}', "/: is there twice"),
                             (b'{"isEnabled":true,"isEnabled":false}', "isEnabled: is there twice"),
                             (b"[" * 100_000, "")]:
            with self.subTest(given[:40] if isinstance(given, bytes) else given):
                self.assert_refused(65, words, "--json", "-", given=given)


class PostfixAdmin(SetTestCase):
    ROW = {"email": ADDRESS, "subject": "Out: $SUBJECT, $5", "body": "Away.\n${x} $SUBJECT\n",
           "activefrom": "2026-12-24 00:00:00", "activeuntil": "2027-01-02 23:59:59", "cache": "",
           "domain": "our.example", "interval_time": 86400, "created": "2026-12-01 00:00:00",
           "modified": "2026-12-01 00:00:00", "active": 1}
    FILE = ("enabled = yes\nactive-from = 2026-12-24\nactive-until = 2027-01-02\n"
            "interval = 86400s\n")

    def row(self, **changes):
        self.set("--postfixadmin", "-", given=self.ROW | changes)
        return json.loads(self.set("--show", "--format", "postfixadmin"))

    def assert_row(self, shown, **changes):
        times = {"created": shown["created"], "modified": shown["modified"]}
        self.assertEqual(shown, self.ROW | times | changes)

    def test_a_row_is_taken_and_given(self):
        self.assert_row(self.row())
        self.assertTrue(self.file.read_text().startswith(self.FILE), self.file.read_text())
        reply = self.place.preview(mail(To=ADDRESS), "--now", 1_798_100_000,
                                   recipients=(ADDRESS,)).reply
        self.assertEqual((reply["Subject"], reply.get_content()),
                         ("Out: A question, $5", "Away.\n${x} $SUBJECT\n"))

    def test_forms_of_other_databases_and_languages(self):
        self.assert_row(self.row(active="t", interval_time="86400", activefrom="2026-12-24 00:00:00.000+00"))
        self.assert_row(self.row(active="0", interval_time="0"), active=0, interval_time=0)
        self.assertIn("interval = once\n", self.file.read_text())
        self.assert_row(self.row(active=False, activefrom=None, activeuntil="0000-00-00 00:00:00"),
                        active=0, activefrom=None, activeuntil=None)
        self.assert_row(self.row(activefrom="2026-12-24 12:00:05", activeuntil="2027-01-02 12:00:00"),
                        activefrom="2026-12-24 12:00:05", activeuntil="2027-01-02 12:00:00")

    def test_an_end_includes_its_second(self):
        self.row(activefrom=None, activeuntil="2023-11-14 22:13:20")
        for now, verdict in [(NOW, "verdict: reply"), (NOW + 1, "verdict: suppress: inactive")]:
            preview = self.place.preview(mail(To=ADDRESS), "--now", now, recipients=(ADDRESS,))
            self.assertEqual(preview.verdict, verdict)

    def test_what_is_shown_can_be_set_and_changes_no_octet(self):
        for settings in ("text = away.txt\nsubject = Re: ${subject} in $5 from ${sender}\n",
                         "text = away.txt\ninterval = 1w\nactive-until = 2026-01-01T12:00\ntimezone = Asia/Tokyo\n",
                         "template = away.txt\n"):
            with self.subTest(settings):
                self.write(settings, "Subject: Away\n\nDear ${sender_name},\n")
                before = self.contents()
                self.set("--postfixadmin", "-",
                         given=self.set("--show", "--format", "postfixadmin"))
                self.assertEqual(self.contents(), before)

    def test_rows_at_fault_are_refused(self):
        for changes, words in [({"email": "other@our.example"}, "email: "), ({"active": 2}, "active: "),
                               ({"activefrom": "today"}, "activefrom: "), ({"interval_time": -1}, "interval_time"),
                               ({"x": 1}, "x: unknown"), ({"body": "a\0"}, "body:1: a NUL"),
                               ({"activeuntil": "2020-01-01 00:00:00"}, "activeuntil: 'active-until' is before")]:
            with self.subTest(changes):
                self.assert_refused(65, words, "--postfixadmin", "-", given=self.ROW | changes)
        self.assert_refused(65, "out of range", "--postfixadmin", "-", given=b'{"active":1e999}')
        self.assert_refused(65, "a/b: unknown", "--postfixadmin", "-", given={"a/b": 1})


class Refusals(SetTestCase):
    def test_texts_that_no_reply_can_have(self):
        self.set("--on", "--text", "-", given="Good.\n")
        for given, words in [(b"a\nb\xff", "text:2: not UTF-8"), (b"a\0", "text:1: a NUL octet"),
                             (b"a\rb", "text:1: a carriage return"),
                             (b"x" * 65537, "larger than 65536 octets"),
                             (b"x" * (9 * 2**20), "text: over")]:
            with self.subTest(given[:10]):
                self.assert_refused(65, words, "--text", "-", given=given)
        self.assert_refused(65, "text:2: unknown placeholder '${x}'", "--placeholders", "--text", "-",
                            given="\n${x}")
        self.assert_refused(65, "'${active_until}' without 'active-until'", "--placeholders",
                            "--subject", "Until ${active_until}")

    def test_values_that_would_add_settings(self):
        for value in ("a\nfrom = ceo@bank.example", "a\r\nb", "a\x1bb", "a\x7f", "a\tb"):
            for option in ("--subject", "--from-date", "--until", "--interval"):
                with self.subTest(option=option, value=value):
                    self.assert_refused(65, "a control character, or a second line", option, value)
        self.assert_refused(65, "needs a value", "--subject", "  ")
        for subject in ("ü" * 257, "$" * 257):
            self.assert_refused(65, "over 256 characters", "--subject", subject)

    def test_settings_of_no_form(self):
        for words, fault in [(("--until", "soon"), "active-until: 'active-until = soon': expected a time"),
                             (("--interval", "often"), "interval: 'interval = often': expected"),
                             (("--from-date", "2026-02-02", "--until", "2026-01-01"), "is before")]:
            self.assert_refused(65, fault, *words)

    def test_a_text_beside_other_languages_or_a_template(self):
        self.write("text = away.txt\ntext.de = away.txt\n")
        self.assert_refused(78, "'text.de' says it in another language", "--text", "-", given="New.")
        self.set("--subject", "New")  # there is none in German
        self.write("template = away.txt\n", "Subject: Away\n\nAway.\n")
        self.assert_refused(78, "has a template", "--json", "-", given={"textBody": "New."})
        self.set("--off")

    def test_faults_that_were_there_before(self):
        self.write("text = away.txt\nkind = strange\n")
        self.assert_refused(78, "kim.conf:2: 'kind = strange'", "--on")
        self.write("text = missing.txt\n")
        self.assert_refused(78, "kim.conf:1: 'missing.txt': cannot open", "--subject", "New")
        self.set("--text", "-", given="Mended.\n")
        self.assertEqual(self.said()[1], "Mended.\n")

    def test_it_can_be_switched_off_whatever_faults_there_are(self):
        self.place.configure("fcc-folder = /nowhere")
        faults = ("[when x]\nsubject-contains = x\ntext = missing.txt\n",
                  "fcc = maildir:/nowhere/kim/Maildir\n", "text.de = missing.txt\n")
        for words, given in [(("--off",), b""), (("--json", "-"), {"isEnabled": False}),
                             (("--until", "2020-01-01"), b""),
                             (("--json", "-"), {"toDate": "2020-01-01T00:00:00Z"})]:
            for fault in faults:
                with self.subTest(words=words, fault=fault):
                    self.write("text = away.txt\n" + fault)
                    self.assertIn(": note: ", self.set(*words, given=given))
                    self.assertEqual(self.set(*words, given=given).count("cannot open"), 1)
                    self.assertIn(self.answer().verdict,
                                  ("verdict: suppress: inactive", "verdict: suppress: expired"))
                    self.assert_refused(78, "cannot open", "--on", "--until", "none")
        self.assert_refused(78, "is before", "--off", "--from-date", "2026-01-01")

    def test_a_configuration_with_one_responder_for_all(self):
        self.place.configure("responder = /etc/one.conf")
        command = [word for word in self.command("--on") if word not in ("--responders", str(self.responders))]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 78)
        self.assertIn("answers for all addresses", done.stderr)

    def test_command_lines(self):
        for words in ((), ("--placeholders",), ("--on", "--off"), ("--show", "--on"), ("--json", "-", "--on"), ("--remove", "--off"),
                      ("--json", "-", "--postfixadmin", "-"), ("--text", "-", "--html", "-"),
                      ("--format", "json"), ("--show", "--format", "xml"), ("--what",), ("another@our.example",),
                      ("--placeholders", "--postfixadmin", "-")):
            with self.subTest(words):
                self.assert_refused(64, "inforeply-set: ", *words)
        self.assert_refused(66, "cannot read", "--text", "/nonexistent")

    def test_a_missing_folder_of_responders(self):
        shutil.rmtree(self.responders)
        done = self.run_set("--on")
        self.assertEqual(done.returncode, 73)
        self.assertIn(f"cannot open {self.responders}", done.stderr.decode())


class Addresses(SetTestCase):
    def test_lead_to_the_file_that_a_delivery_finds(self):
        for address, path in [("KIM@Our.EXAMPLE", "our.example/kim"),
                              ("../../x@our.example", "our.example/%2E.%2F..%2Fx"),
                              ("a/b@our.example", "our.example/a%2Fb"),
                              ("50%@our.example", "our.example/50%25"),
                              ("#x@our.example", "our.example/#x"),
                              ("Ünal@bücher.example", "xn--bcher-kva.example/ünal"),
                              ('"a b"@our.example', "our.example/a b"),
                              ("-x@our.example", "our.example/-x"),
                              ("kim+news@our.example", "our.example/kim+news"),
                              ("x@[192.0.2.1]", "[192.0.2.1]/x")]:
            with self.subTest(address):
                self.set("--on", "--subject", address[:3], address=address)
                self.assertTrue((self.responders / f"{path}.conf").is_file(), self.contents())
                self.assertEqual(self.answer(address).reply["Subject"], address[:3].strip())

    def test_that_are_none_are_refused(self):
        for address in ("", "kim", "@our.example", "kim@", "kim@..", "kim@our.example\nx", "kim@a/b",
                        "kim@../..", "a@b@c\x00"[:-1] + "\x01", "k" * 300 + "@our.example", "kim@" + "a." * 200,
                        "kim @our.example", "\udcff@our.example"):
            with self.subTest(address):
                self.assert_refused(64, "no mail address", "--on", address=address)
        long_name = "%" * 100 + "@our.example"
        self.assert_refused(73, "File name too long", "--on", address=long_name)


class Rights(SetTestCase):
    def mode(self, path):
        return path.stat().st_mode & 0o7777

    def own_text(self):
        return next(self.folder.glob("kim.*.txt"))

    def test_whoever_may_read_the_folder_may_read_its_files_whatever_the_umask(self):
        for folder, mode in [(0o755, 0o644), (0o750, 0o640), (0o700, 0o600), (0o711, 0o600)]:
            for umask in (0o000, 0o077):
                with self.subTest(folder=oct(folder), umask=oct(umask)):
                    self.folder.chmod(folder)
                    self.set("--on", umask=umask)
                    self.assertEqual((self.mode(self.file), self.mode(self.own_text())), (mode, mode))
                    self.set("--remove")
        self.responders.chmod(0o750)
        self.set("--on", address="kim@new.example", umask=0o077)
        self.assertEqual(self.mode(self.responders / "new.example"), 0o750)

    def test_a_file_keeps_its_mode(self):
        self.write("text = away.txt\n").chmod(0o640)
        self.set("--off", umask=0)
        self.assertEqual(self.mode(self.file), 0o640)

    @unittest.skipUnless(IS_ROOT, "only root can give files away")
    def test_a_file_that_root_changes_stays_its_owners_and_a_new_one_is_the_folders_owners(self):
        os.chown(self.write("text = away.txt\n"), TENANT, PANEL)
        self.set("--text", "-", given="New.\n")
        for path in (self.file, self.own_text()):
            self.assertEqual((path.stat().st_uid, path.stat().st_gid), (TENANT, PANEL))
        os.chown(self.folder, PANEL, TENANT)
        self.set("--on", address="new@our.example")
        status = (self.folder / "new.conf").stat()
        self.assertEqual((status.st_uid, status.st_gid), (PANEL, TENANT))

    @unittest.skipUnless(IS_ROOT, "only root can be others")
    def test_a_domains_folder_has_its_rights_or_is_not_there(self):
        fresh = self.responders / "fresh.example"
        os.chown(self.responders, TENANT, PANEL)
        for mode in (0o750, 0o2750):  # without g+s an outsider cannot give it the group
            self.responders.chmod(mode)
            for account in (TENANT, PANEL, 0):
                with self.subTest(mode=oct(mode), account=account):
                    os.chown(self.responders, account or TENANT, PANEL)
                    done = self.run_as(account, "--on", address="kim@fresh.example")
                    is_outsider = account == TENANT and mode == 0o750
                    self.assertEqual(done.returncode, 73 if is_outsider else 0, done.stderr)
                    self.assertEqual(fresh.exists(), not is_outsider)
                    self.assertEqual(list(self.responders.glob(".new*")), [])
                    if not is_outsider:
                        self.assertEqual((self.mode(fresh), fresh.stat().st_gid), (mode, PANEL))
                        self.assertEqual({(self.mode(file), file.stat().st_gid) for file in fresh.iterdir()},
                                         {(0o640, PANEL)})
                        shutil.rmtree(fresh)

    @unittest.skipUnless(IS_ROOT, "only root can be others")
    def test_a_folder_that_a_killed_run_of_another_account_has_left_disturbs_nobody(self):
        os.chown(self.responders, TENANT, TENANT)
        leftover = self.responders / ".new.0"
        leftover.mkdir(0o755)
        self.set("--on")
        command = self.place.open_to_all(self.place.command("--check-config", recipients=()))
        done = subprocess.run([*command, "--responders", self.responders], user=TENANT, group=TENANT,
                              extra_groups=[], capture_output=True, text=True)
        self.assertNotIn(str(leftover), done.stderr + done.stdout)
        self.assertEqual(self.run_as(TENANT, "--on", address="kim@fresh.example").returncode, 0)
        self.assertEqual(self.run_as(0, "--on", address="kim@newer.example").returncode, 0)
        self.assertEqual(list(self.responders.glob(".new*")), [])

    @unittest.skipUnless(IS_ROOT, "nothing is out of root's reach")
    def test_texts_stay_where_another_responder_is_out_of_reach(self):
        os.chown(self.folder, TENANT, TENANT)
        self.run_as(TENANT, "--on", "--text", "-", given="1")
        closed = self.place.folder / "closed"
        closed.mkdir(0o700)
        self.place.write(closed / "sales.conf", "text = x\n")
        (self.folder / "sales.conf").symlink_to(closed / "sales.conf")
        done = self.run_as(TENANT, "--remove")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"sales.conf: note: ", done.stdout)
        self.assertEqual(len(list(self.folder.glob("kim.*.txt"))), 1)

    def run_as(self, account, *words, **arguments):
        return self.run_set(*words, user=account, group=account, extra_groups=[], **arguments)

    def command(self, *words, **arguments):
        command = super().command(*words, **arguments)
        return self.place.open_to_all(command) if IS_ROOT else command

    @unittest.skipUnless(IS_ROOT, "only root can be others")
    def test_another_accounts_file_is_left_alone(self):
        # As the panel's it might be trusted more than as the tenant's.
        os.chown(self.write("text = away.txt\n"), TENANT, TENANT)
        self.folder.chmod(0o777)
        done = self.run_as(PANEL, "--off")
        self.assertEqual((done.returncode, self.file.read_text()), (73, "text = away.txt\n"))
        self.assertIn("it belongs to another account", done.stderr.decode())

    @unittest.skipUnless(IS_ROOT, "only root can be others")
    def test_a_folder_that_the_caller_may_not_write_is_not_written(self):
        for words in (("--on",), ("--text", "-")):
            done = self.run_as(TENANT, *words)
            self.assertEqual((done.returncode, self.contents()), (73, {"our.example": None}))
            self.assertIn("Permission denied", done.stderr.decode())

    @unittest.skipUnless(IS_ROOT, "only root can be others")
    def test_a_tenants_file_is_held_to_the_rules_of_deliveries_also_by_himself(self):
        os.chown(self.folder, TENANT, TENANT)
        os.chown(self.write("text = away.txt\nfrom = ceo@bank.example\n"), TENANT, TENANT)
        done = self.run_as(TENANT, "--on", "--subject", "x")
        self.assertEqual(done.returncode, 78)
        self.assertIn("in our.example", done.stderr.decode())
        # To an account that deliveries run as, its own files are the administrator's.
        cache = self.place.folder / "cache"
        cache.mkdir()
        self.place.configure(f"cache = lmdb:{cache}/cache.mdb")
        self.assertNotIn("'user'", self.run_as(TENANT, "--subject", "x").stderr.decode())
        os.chown(cache, TENANT, TENANT)
        for account in (TENANT, 0):
            done = self.run_as(account, "--subject", "x")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
        # With a cache elsewhere nothing tells the account but `user`.
        self.place.configure("cache = redis://127.0.0.1:1/")
        done = self.run_as(TENANT, "--subject", "y")
        self.assertEqual(done.returncode, 78)
        self.assertIn("set 'user' in the main configuration", done.stderr.decode())

    @unittest.skipUnless(IS_ROOT, "only root can give files away")
    def test_a_program_with_rights_that_its_caller_has_not_refuses(self):
        command = self.command("--show")
        os.chown(command[0], TENANT, TENANT)
        os.chmod(command[0], 0o4755)
        done = subprocess.run(command, capture_output=True, text=True, user=PANEL)
        self.assertEqual((done.returncode, done.stdout), (64, ""))
        self.assertIn("rights that its caller has not", done.stderr)

    def test_links_are_not_followed(self):
        target = self.place.write("target.conf", "text = away.txt\n")
        self.file.symlink_to(target)
        for words in (("--off",), ("--show",), ("--show", "--format", "json")):
            self.assert_refused(78, "kim.conf: not a regular file", *words)
        outside = self.place.folder / "outside"
        outside.mkdir()
        (self.responders / "out.example").symlink_to(outside)
        self.assert_refused(73, "cannot open", "--on", address="kim@out.example")
        settings = self.place.write(outside / "kim.conf", "enabled = no\n")
        self.assert_refused(78, "leads outside", "--show", address="kim@out.example")
        (self.responders / "in.example").symlink_to("our.example")
        self.set("--on", address="other@in.example")
        self.assertIn("other.conf", self.set("--show", address="other@in.example"))
        settings.unlink()
        self.assertEqual((list(outside.iterdir()), target.read_text()), ([], "text = away.txt\n"))

    def test_a_link_in_place_of_a_text_is_replaced_and_one_in_place_of_a_new_file_refused(self):
        target = self.place.write("target", "precious\n")
        name = f"kim.{digest('New.')}.txt"
        (self.folder / name).symlink_to(target)
        self.set("--on", "--text", "-", given="New.")
        self.assertEqual((self.folder / name).read_text(), "New.")
        (self.folder / "kim.conf.new").symlink_to(target)
        self.assert_refused(73, "kim.conf.new", "--off")
        self.assertEqual(target.read_text(), "precious\n")

    def test_what_would_disturb_a_terminal_is_not_shown(self):
        self.write("text = away.txt\n", "a\x1b[2Jb\nc\n")
        self.assertIn("text:\na [2Jb\nc\n", self.set("--show"))


def digest(text):
    """As texts' names have it."""
    octets = text.encode()
    return hashlib.sha256(len(octets).to_bytes(8, "little") + octets).hexdigest()[:16]


class OldTexts(SetTestCase):
    def texts(self):
        return sorted(path.read_text() for path in self.folder.glob("kim.*.txt"))

    def test_stay_for_deliveries_and_go_with_a_later_change(self):
        for text in ("1", "2", "3"):
            self.set("--on", "--text", "-", given=text)
        self.assertEqual(self.texts(), ["1", "2", "3"])
        self.age()
        self.set("--text", "-", given="4")
        self.assertEqual(self.texts(), ["3", "4"])

    def test_of_others_and_what_is_named_anywhere_stays(self):
        self.set("--on", "--text", "-", given="1")
        section = next(self.folder.glob("kim.*.txt")).name
        with open(self.file, "a", encoding="utf-8") as file:
            file.write(f"[when x]\nsubject-contains = x\ntext = {section}\n")
        others = {"kim.txt": "a", "kim.0123456789abcdef.txt": "b", f"kim.x.{digest('c')}.txt": "c",
                  f"kimberly.{digest('d')}.txt": "d", f"kim.{digest('e')}.pdf": "e"}
        for name, text in others.items():
            self.place.write(self.folder / name, text)
        self.age()
        self.set("--text", "-", given="2")
        self.age()
        self.set("--text", "-", given="3")
        for name, text in {section: "1", **others}.items():
            self.assertEqual((self.folder / name).read_text(), text)

    def test_that_other_responders_name_stay(self):
        self.set("--on", "--text", "-", given="1")
        name = next(self.folder.glob("kim.*.txt")).name
        sales = self.folder / "sales.conf"
        for path, text in ((sales, name), (sales, f"./{name}"), (self.folder / "x.conf", f"x\0{name}"),
                           (self.responders / "our.example.conf", name)):
            with self.subTest(path=path, text=text):
                self.place.write(path, f"text = {text}\n")
                for words in (("--text", "-"), ("--off",), ("--remove",)):
                    self.set("--on", "--text", "-", given="1")
                    self.age()
                    self.set("--text", "-", given="2")
                    self.age()
                    self.set(*words, given="3")
                    self.assertIn("1", self.texts())
                path.unlink()
                self.set("--on")
                self.set("--remove")
                self.assertEqual(self.texts(), [])

    def test_that_the_domains_file_names_stay_by_any_name_of_the_domain(self):
        self.set("--on", "--text", "-", given="1")
        (self.responders / "alias.example").symlink_to("our.example")
        name = next(self.folder.glob("kim.*.txt")).name
        self.place.write(self.responders / "our.example.conf", f"text = {name}\n")
        self.set("--remove", address="kim@alias.example")
        self.assertEqual(self.texts(), ["1"])

    def test_stay_where_a_responder_cannot_be_read(self):
        self.set("--on", "--text", "-", given="1")
        (self.folder / "gone.conf").symlink_to("missing.conf")  # which names nothing
        sales = self.folder / "sales.conf"
        sales.mkdir()
        self.assertRegex(self.set("--remove"), f"^{sales}: note: .* kept\n$")
        self.assertEqual(self.texts(), ["1"])
        sales.rmdir()
        self.set("--remove")
        self.assertEqual(self.texts(), [])

    def test_leftovers_of_a_killed_process_go(self):
        self.set("--on")
        for name in ("kim.conf.new", f"kim.{digest('x')}.txt.new", f"kim.{digest('y')}.txt"):
            self.place.write(self.folder / name, "y" if name.endswith(".txt") else "half")
        self.age()
        self.set("--off")
        self.assertEqual(len(list(self.folder.iterdir())), 2)


class AtOnce(SetTestCase):
    def test_many_panels_never_mix_what_they_set(self):
        numbers = [str(number) for number in range(20)]
        processes = []
        for number in numbers:
            process = subprocess.Popen(self.command("--on", "--subject", number, "--text", "-"),
                                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, env=environment())
            process.stdin.write(number.encode())
            processes.append(process)
        for process in processes:
            _, stderr = process.communicate(timeout=PATIENCE)
            self.assertEqual((process.returncode, stderr), (0, b""))
        subject, text = self.said()
        self.assertIn(subject, numbers)
        self.assertEqual(text, subject + "\n")
        self.assertEqual(list(self.folder.glob("*.new")), [])

    def test_deliveries_meanwhile_see_the_old_or_the_new(self):
        self.set("--on", "--subject", "0", "--text", "-", given="0")
        writers = subprocess.Popen(
            ["sh", "-c", 'for n in $(seq 40); do printf $n | "$@" --subject $n --text - '
             f"{ADDRESS} >/dev/null || exit; done", "-", *self.command("--on")[:-2]],
            env=environment())
        count = 0
        while writers.poll() is None or count == 0:
            subject, text = self.said()  # an exit status other than 0 raises
            self.assertEqual(text, subject + "\n")
            count += 1
        self.assertEqual(writers.returncode, 0)
        self.assertEqual(self.said()[0], "40")

    def test_many_panels_make_one_new_folder_and_others_beside_it(self):
        addresses = [f"{number}@{domain}.example" for number in range(8) for domain in ("new", "other")]
        processes = [subprocess.Popen(self.command("--on", address=address), env=environment(),
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                     for address in addresses]
        for process in processes:
            _, stderr = process.communicate(timeout=PATIENCE)
            self.assertEqual((process.returncode, stderr), (0, b""))
        for address in addresses:
            self.assertEqual(self.answer(address).verdict, "verdict: reply")
        self.assertEqual(sorted(path.name for path in self.responders.iterdir()),
                         ["new.example", "other.example", "our.example"])

    def test_a_folder_that_another_process_holds_is_waited_for(self):
        handle = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        process = subprocess.Popen(self.command("--on"), stdout=subprocess.DEVNULL, env=environment())
        self.assertEqual(self.show(), DEFAULT_OBJECT)  # to look at it waits for nobody
        os.close(handle)
        self.assertEqual(process.wait(PATIENCE), 0)


class Disturbed(SetTestCase):
    """Killed at every step, and refused every step that may be."""

    @classmethod
    def setUpClass(cls):
        require_strace()

    def prepare_again(self):
        stack = contextlib.ExitStack()
        stack.addCleanup = stack.callback
        place = Workplace(stack)
        place.responder.unlink()
        (place.responder.parent / "info.txt").unlink()
        self.prepare(place)
        self.set("--on", "--subject", "old", "--text", "-", given="old")
        self.age()
        return stack

    def changed(self, *options, address=ADDRESS):
        command = [*strace(*options),
                   *self.command("--on", "--subject", "new", "--text", "-", address=address)]
        return subprocess.run(command, input=b"new", capture_output=True, timeout=PATIENCE,
                              env=environment() | {"ASAN_OPTIONS": "detect_leaks=0"})

    def calls(self, address=ADDRESS):
        """Those from the first on that has anything to do with the folder."""
        with self.prepare_again():
            trace = self.place.folder / "trace"
            self.changed("-o", trace, address=address)
            calls = numbered_calls(trace.read_text(errors="replace"))
        first = next(i for i, (_, line) in enumerate(calls) if "responders" in line)
        return calls[first:]

    def assert_whole(self, call, expected):
        subject, text = self.said()
        self.assertEqual(text, subject + "\n", call)
        self.assertIn(subject, expected, call)
        self.age()
        self.set("--subject", "next", "--text", "-", given="next")
        self.age()
        self.set("--off")
        self.assertEqual(sorted(path.read_text() for path in self.folder.glob("kim.*.txt")), ["next"], call)
        self.assertEqual(len(list(self.folder.iterdir())), 2, call)

    def test_owner_and_content_of_the_file_are_of_one_look(self):
        """Else it could be swapped in between, and his lines have another's trust."""
        lines = [line for _, line in self.calls() if "kim.conf" in line]
        self.assertRegex(lines[0], r"^openat2\(.*kim\.conf\".*O_NOFOLLOW")
        self.assertRegex(lines[2], r'^openat\(.*kim\.conf\.new"')  # after one to see what it replaces

    def test_killed_it_leaves_the_old_or_the_new_and_the_next_run_cleans_up(self):
        calls = self.calls()
        self.assertGreater(len(calls), 30)
        killed = 0
        for call, line in calls:
            with self.prepare_again():
                killed += self.changed(*kill_at(call)).returncode < 0
                self.assert_whole(line, ("old", "new"))
        self.assertGreater(killed, 0.9 * len(calls))

    def test_killed_it_leaves_a_new_domain_with_its_rights_or_without_a_folder(self):
        address = "kim@fresh.example"
        calls = self.calls(address)
        killed = 0
        for call, line in calls:
            with self.prepare_again():
                killed += self.changed(*kill_at(call), address=address).returncode < 0
                fresh = self.responders / "fresh.example"
                if fresh.exists():
                    self.assertEqual(fresh.stat().st_mode & 0o7777, 0o755, line)
                self.assertIn(self.answer(address).verdict,
                              ("verdict: reply", "verdict: suppress: no-responder"), line)
                self.set("--on", "--subject", "next", address=address)
                self.assertEqual(fresh.stat().st_mode & 0o7777, 0o755, line)
                self.assertEqual(sorted(self.responders.iterdir()), [fresh, self.folder], line)
        self.assertGreater(killed, 0.9 * len(calls))

    def test_errors_leave_a_new_domain_with_its_rights_or_without_a_folder(self):
        address = "kim@fresh.example"
        calls = [call for call, line in self.calls(address)
                 if call[0] in ("mkdir", "renameat2", "fchmod", "rename", "write")]
        self.assertIn(("renameat2", 1), calls)
        for name, number in calls:
            with self.prepare_again():
                done = self.changed("-o", "/dev/null", "-e",
                                    f"inject={name}:error=ENOSPC:when={number}", address=address)
                left = sorted(path.name for path in self.responders.iterdir())
                self.assertEqual(left, ["our.example"] if done.returncode else
                                 ["fresh.example", "our.example"], (name, number, done.stderr))

    def test_a_full_disk_and_other_errors_leave_the_old(self):
        names = ("write", "fsync", "rename", "fchmod", "flock", "fchown")
        calls = [(call, line) for call, line in self.calls()
                 if call[0] in names or "O_CREAT" in line]
        self.assertGreater(len(calls), 8)
        for (name, number), line in calls:
            with self.prepare_again():
                done = self.changed("-o", "/dev/null", "-e",
                                    f"inject={name}:error=ENOSPC:when={number}")
                is_done = done.returncode == 0
                if not is_done:
                    self.assertIn(b"No space left on device", done.stderr, line)
                self.assert_whole(line, ("new",) if is_done else ("old",))


if __name__ == "__main__":
    main()
