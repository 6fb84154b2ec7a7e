"""inforeply-replay: what would have come of stored mail.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_replay.py

After every test nothing has been sent, the configured cache is not there, and the folder for temporary
files is empty.
"""

import datetime
import email.utils
import html
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

import messages
import test_cases
from programs import BIN, MEASURE, NOW, PATIENCE, SANITIZED, TestCase, environment, mail

HOUR = 3600
DAY = 24 * HOUR
SEEDS = Path(__file__).resolve().parents[1] / "fuzz" / "seeds"
USAGE, NO_INPUT, UNAVAILABLE, CANNOT_CREATE, CONFIGURATION = 64, 66, 69, 73, 78
KIB = 1024


def stored(at=NOW, sender="alice@sender.example", recipient="info@our.example", body="A question.\n",
           **fields):
    """A message as a mail server has stored it."""
    date = email.utils.formatdate(at)
    return mail(body, top=f"Return-Path: <{sender}>\nDelivered-To: {recipient}\n"
                          f"Received: from mx.sender.example by mx.our.example; {date}\n",
                **{"message_id": f"<{at}.{sender}>", **fields})


def mbox(*parts, sender="alice@sender.example", end="\n"):
    line = f"From {sender} Tue Nov 14 22:13:20 2023\n".encode()
    return b"".join(line + part + b"\n" for part in parts).replace(b"\n", end.encode())


class ReplayTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.temporary = self.place.folder / "temporary"
        self.temporary.mkdir()
        self.never = self.place.folder / "never.mdb"
        self.configure()

    def configure(self, *lines):
        usual = [f"cache = {self.never}", f"mailer = {self.place.mailer}",
                 f"responders = {self.place.folder / 'responders'}"]
        given = {line.split()[0] for line in lines}
        self.place.configure(*[line for line in usual if line.split()[0] not in given], *lines)

    def tearDown(self):
        self.assert_sent(0)
        self.assertEqual(list(self.temporary.iterdir()), [])
        self.assertEqual([name for name in self.place.files() if name.startswith("never")], [])

    def store(self, content, name="mail/cur/1"):
        return self.place.write(name, content)

    def command(self, *words):
        return [BIN / "inforeply-replay", "-c", self.place.configuration, *map(str, words)]

    def environment(self, **variables):
        return environment() | {"TMPDIR": str(self.temporary)} | variables

    def replay(self, *words, **others):
        return subprocess.run(self.command(*(words or ["mail"])), capture_output=True, text=True,
                              errors="surrogateescape", cwd=self.place.folder,
                              env=self.environment(), timeout=2 * PATIENCE, **others)

    def output(self, *words):
        done = self.replay(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def objects(self, *words):
        return [json.loads(line)
                for line in self.output("--format", "json", *(words or ["mail"])).splitlines()]

    def results(self, *words):
        return [each["reason"] or each["action"] for each in self.objects(*words)]

    def of_one(self, message, *words):
        self.store(message, "one")
        [found] = self.objects(*words, "one")
        return found

    def assert_fails(self, done, status, *texts):
        """With one line on standard error that holds all texts."""
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (status, 1), done.stderr)
        for text in texts:
            self.assertIn(str(text), done.stderr)


class Objects(ReplayTestCase):
    def test_a_reply(self):
        self.store(stored())
        self.assertEqual(self.objects(), [{
            "file": "mail/cur/1", "message": None, "date": "2023-11-14T22:13:20Z",
            "sender": "alice@sender.example", "recipient": "info@our.example", "action": "reply",
            "reason": None, "section": None, "detail": None}])

    def test_a_section(self):
        self.place.set_responder("[when price]\nsubject-contains = price\ntext = info.txt")
        found = self.of_one(stored(subject="The price?"))
        self.assertEqual((found["action"], found["section"]), ("reply", "price"))

    def test_why_not(self):
        found = self.of_one(stored(list_id="<list.sender.example>"))
        self.assertEqual((found["action"], found["reason"], found["section"]),
                         ("suppress", "list", None))
        found = self.of_one(stored(recipient="nobody@our.example"))
        self.assertEqual((found["reason"], found["detail"]),
                         ("no-responder", "no settings for nobody@our.example"))

    def test_of_an_mbox_file_the_number_is_told(self):
        self.store(mbox(stored(NOW + 1), stored(NOW)), "box")
        self.assertEqual([(each["file"], each["message"]) for each in self.objects("box")],
                         [("box", 2), ("box", 1)])

    def test_what_is_no_utf_8_stays_json(self):
        self.store(stored(sender="\udcff@sender.example"), "mail/cur/\udcfe")
        [found] = self.objects()
        self.assertEqual((found["file"], found["reason"]), ("mail/cur/\ufffd", "invalid-sender"))


class Places(ReplayTestCase):
    """Where messages are found."""

    def test_of_a_maildir_all_that_is_delivered(self):
        for number, name in enumerate(["new/1", "cur/2:2,S", ".Sent/cur/3", ".a.b/new/4", "tmp/5"]):
            self.store(stored(NOW + number), f"mail/{name}")
        self.assertEqual([each["file"] for each in self.objects()],
                         ["mail/new/1", "mail/cur/2:2,S", "mail/.Sent/cur/3", "mail/.a.b/new/4"])

    def test_files_of_other_programs_are_counted_as_such(self):
        self.store(stored())
        for name, content in (("dovecot-uidlist", "3 V1700000000 N2 Gabc\n1 :1\n"),
                              ("dovecot-keywords", "0 Junk\n"), ("dovecot.index.log", b"\1\2\0\0:"),
                              ("maildirfolder", ""), ("subscriptions", "V\t2\n\nSent\n")):
            self.store(content, f"mail/{name}")
        self.assertRegex(self.output("mail"), r"(?m)^5 files without a message, such as mail/")

    def test_what_is_no_file_is_passed_over_in_a_folder(self):
        self.store(stored())
        os.mkfifo(self.place.folder / "mail/fifo")
        (self.place.folder / "mail/nowhere").symlink_to("missing")
        (self.place.folder / "mail/round").symlink_to(".")
        self.assertEqual(self.results("mail"), ["reply"])

    def test_what_is_no_file_is_refused_if_it_is_named(self):
        os.mkfifo(self.place.folder / "fifo")
        for name, cause in (("fifo", "neither a folder nor a regular file"),
                            ("/dev/null", "neither a folder nor a regular file"),
                            ("missing", "No such file or directory")):
            with self.subTest(name):
                self.assert_fails(self.replay(name), NO_INPUT, name, cause)

    def test_no_message_at_all(self):
        self.store("", "empty")
        (self.place.folder / "mail").mkdir()
        for words in (["empty"], ["mail"], ["empty", "mail"]):
            self.assert_fails(self.replay(*words), NO_INPUT, "no message found")
        self.assert_fails(self.replay("--all"), USAGE, "name a maildir")

    def test_many_places_in_the_order_of_the_dates(self):
        self.store(stored(NOW + 2), "mail/cur/1")
        self.store(mbox(stored(NOW + 1), stored(NOW + 3)), "box")
        self.store(stored(NOW), "one")
        self.assertEqual([each["file"] for each in self.objects("box", "mail", "one")],
                         ["one", "box", "mail/cur/1", "box"])

    def test_a_place_that_is_named_twice_counts_once(self):
        self.store(stored())
        self.assertEqual(self.results("mail", "mail/cur", "mail"), ["reply"])

    def test_a_copy_counts_as_a_second_delivery(self):
        for name in ("1", "2"):
            self.store(stored(), f"mail/cur/{name}")
        self.assertEqual(self.results("mail"), ["reply", "recently-answered"])

    def test_of_equal_dates_the_names_decide(self):
        names = [f"mail/cur/{number}" for number in random.Random(1).sample(range(100, 200), 40)]
        for name in names:
            self.store(stored(), name)
        self.assertEqual([each["file"] for each in self.objects()], sorted(names))

    def test_a_name_is_never_taken_for_lines(self):
        self.store(stored(), "mail/cur/a\nb")
        self.store("none", "mail/no\nmessage")
        self.assertIn("such as mail/no message\n", self.output("--all", "mail"))

    def test_a_message_of_50_mb(self):
        self.store(stored(body="A line of text.\n" * (50_000_000 // 16)))
        self.assertEqual(self.results("mail"), ["reply"])


class Mbox(ReplayTestCase):
    def number_of(self, content):
        self.store(content, "box")
        return len(self.objects("box"))

    def test_a_sentence_that_begins_with_from_begins_no_message(self):
        for line in ("From 10:30 on Monday", "From now on", "From Tue to Wed 10:00",
                     ">From a@b.example Tue Nov 14 22:13:20 2023"):
            with self.subTest(line):
                self.assertEqual(self.number_of(mbox(stored(body=f"Hello,\n\n{line}\n"))), 1)

    def test_a_message_begins_behind_an_empty_line(self):
        line = "From a@b.example Tue Nov 14 22:13:20 2023"
        self.assertEqual(self.number_of(mbox(stored(body=f"He wrote\n{line}\n"))), 1)
        self.assertEqual(self.number_of(mbox(stored(body=f"He wrote\n\n{line}\n"))), 2)

    def test_forms_of_the_line(self):
        for line in ("From - Tue Nov 14 22:13:20 2023", "From MAILER-DAEMON Tue Nov  4 22:13 2023",
                     "From a@b.example  Tue Nov 14 22:13:20 +0100 2023",
                     "From a@b.example Tue Nov 14 22:13:20 MET 2023",
                     'From "a b"@c.example Tue Nov 14 22:13:20 2023',
                     "From 1234567890@xxx Tue Nov 14 22:13:20 +0000 2023"):
            with self.subTest(line):
                part = line.encode() + b"\n" + stored()
                self.assertEqual(self.number_of(part + b"\n" + part), 2)

    def test_a_line_without_a_date_begins_a_message_if_a_field_follows(self):
        for end in ("\n", "\r\n"):
            part = b"From \n" + stored() + b"\n"
            self.assertEqual(self.number_of((part + part).replace(b"\n", end.encode())), 2)
            self.assertEqual(self.number_of((mbox(stored()) + part).replace(b"\n", end.encode())), 2)
        for body in ("Hello,\n\nFrom \nnow on\n", "Hello,\nFrom \nNote: this\n",
                     "Hello,\n\nFrom now on\nNote: this\n", "Hello,\n\nFrom \n"):
            with self.subTest(body):
                self.assertEqual(self.number_of(mbox(stored(body=body))), 1)

    def test_a_line_behind_text_begins_a_message_if_a_field_follows(self):
        line = b"From a@b.example Tue Nov 14 22:13:20 2023\n"
        self.assertEqual(self.number_of(line + stored() + line + stored()), 2)
        self.assertEqual(self.number_of(line + stored(body="no end") + b"\n" + line + stored()), 2)
        # A line in the header is one that a program has kept.
        self.assertEqual(self.number_of(line + line + stored()), 1)
        self.assertEqual(self.number_of(line + b"X-Mozilla-Status: 0001\n" + line + stored()), 1)

    def test_line_ends(self):
        self.assertEqual(self.number_of(mbox(stored(), stored(), end="\r\n")), 2)
        self.assertEqual(self.number_of(mbox(stored(), stored()).rstrip(b"\n")), 2)

    def test_gigantic_lines(self):
        large = stored(body="x" * 3_000_000 + "\n")
        self.assertEqual(self.number_of(mbox(large, stored(body="From " + "x" * 3_000_000 + "\n"),
                                             large)), 3)

    def test_lines_across_every_border_of_what_is_read_at_once(self):
        one = stored(body="x" * 99 + "\n")
        self.assertEqual(self.number_of(mbox(*[one] * 5000)), 5000)


class Envelopes(ReplayTestCase):
    """Who wrote to whom, by what is stored."""

    def sender_of(self, message):
        return self.of_one(message)["sender"]

    def test_the_sender_is_that_of_return_path(self):
        self.assertEqual(self.sender_of(stored(sender="bounces@list.example")), "bounces@list.example")

    def test_return_path_counts_below_what_a_program_has_written_on_top(self):
        line = b"From - Tue Nov 14 22:13:20 2023\nX-Mozilla-Status: 0001\n"
        self.assertEqual(self.sender_of(line + stored(sender="a@b.example")), "a@b.example")
        line = b"From 1234@xxx Tue Nov 14 22:13:20 +0000 2023\nX-GM-THRID: 1234\n"
        self.assertEqual(self.sender_of(line + stored(sender="a@b.example")), "a@b.example")

    def test_else_that_of_the_mbox_line(self):
        self.assertEqual(self.sender_of(mbox(mail(), sender="bob@sender.example")),
                         "bob@sender.example")

    def test_else_the_author(self):
        self.assertEqual(self.sender_of(mail()), "alice@sender.example")
        for line in ("-", ""):
            self.assertEqual(self.sender_of(mbox(mail(), sender=line)), "alice@sender.example")
        self.assertEqual(self.sender_of(b"From \r\n" + mail()), "alice@sender.example")

    def test_the_null_sender(self):
        for message in (stored(sender=""), mbox(mail(), sender="MAILER-DAEMON"), mail(From=None)):
            found = self.of_one(message)
            self.assertEqual((found["sender"], found["reason"]), ("", "null-sender"))
        self.assertIn(" <> ", self.output("--all", "one"))

    def test_the_recipient_is_that_of_the_topmost_delivered_to(self):
        for fields, recipient in (
                ({"delivered_to": ["", "b@c.example", "a@b.example"]}, "b@c.example"),
                ({"x_original_to": "b@c.example"}, "b@c.example"),
                ({"x_original_to": "a@b.example", "delivered_to": "b@c.example"}, "b@c.example"),
                ({"envelope_to": "b@c.example"}, "b@c.example"),
                ({"envelope_to": "a@b.example", "delivered_to": "b@c.example"}, "b@c.example"),
                ({"to": "Nobody:;, B <b@c.example>"}, "b@c.example"),
                ({"to": "undisclosed-recipients:;"}, "")):
            with self.subTest(fields):
                self.assertEqual(self.of_one(mail(**fields))["recipient"], recipient)

    def test_an_address_before_aliases_has_its_responder(self):
        for field in ("x_original_to", "envelope_to"):
            message = mail(**{field: "info@our.example"}, delivered_to="service@localhost")
            found = self.of_one(message)
            self.assertEqual((found["action"], found["recipient"]), ("reply", "service@localhost"))

    def test_else_the_first_of_to_and_cc_that_has_a_responder(self):
        for fields in ({"to": "Nobody:;, B <b@c.example>, info@our.example"},
                       {"to": "b@c.example", "cc": "d@e.example, Info <INFO+x@our.example>"}):
            with self.subTest(fields):
                found = self.of_one(mail(**fields))
                self.assertEqual((found["action"], found["recipient"].lower().replace("+x", "")),
                                 ("reply", "info@our.example"))
        self.assertIn("\n1 recipient taken from To or Cc", self.output("one"))
        self.store(stored(), "one")
        self.assertNotIn("taken from", self.output("one"))

    def test_mail_that_the_owner_has_sent_is_not_taken_for_mail_to_strangers(self):
        own = "responders/our.example/info.conf"
        self.place.write("draft.conf", "text = info.txt\naddress = info@our.example\n")
        self.place.write("info.txt", "Hello\n")
        self.store(mail(), "mail/cur/1")
        self.store(mail(From="info@our.example", to="zoe@sender.example"), "mail/.Sent/cur/1")
        self.place.set_responder("enabled = no", path="other/our.example/info.conf")
        for words in (["--responder", own], ["--responder", "draft.conf"],
                      ["--responders", "responders"], ["--responder", own, "--against", "other"]):
            with self.subTest(words):
                text = self.output(*words, "mail")
                self.assertRegex(text, r"alice@sender\.example +info@our\.example")
                self.assertNotRegex(text, r"(?m)^\d.* zoe@sender\.example")
                self.assertIn("\n2 messages, 1 would be answered, to 1 person\n", text)
                self.assertIn("\n1 message without a recipient that has a responder", text)
        found = self.objects("--responder", own, "--all", "mail/.Sent")
        self.assertEqual([(each["recipient"], each["reason"]) for each in found],
                         [("", "no-responder")])
        self.assertEqual(self.results("--responder", own, "--recipient", "info@our.example",
                                      "mail/.Sent"), ["own-address"])

    def test_a_responder_for_all_has_the_addresses_that_its_file_is_named_for(self):
        for path, address in (("a/our.example/info.conf", "Info+x@OUR.example"),
                              ("a/our.example.conf", "anybody@our.example")):
            with self.subTest(path):
                file = self.place.set_responder(path=path)
                found = self.of_one(mail(to=f"info@other.example, {address}"), "--responder", file)
                self.assertEqual((found["action"], found["recipient"]), ("reply", address))

    def test_a_responder_for_all_is_else_that_of_the_first_in_to(self):
        file = self.place.set_responder(path="draft.conf")
        found = self.of_one(mail(to="a@other.example, b@other.example"), "--responder", file)
        self.assertEqual((found["action"], found["recipient"]), ("reply", "a@other.example"))

    def test_the_recipient_that_is_given(self):
        message = stored(recipient="other@our.example", to="info@our.example")
        self.assertEqual(self.of_one(message)["reason"], "no-responder")
        self.assertEqual(self.of_one(message, "--recipient", "info@our.example")["action"], "reply")
        self.assertEqual(self.of_one(message, "--recipient=info+x@our.example")["action"], "reply")
        for wrong in ("info", "", "a@b@", "Info <info@our.example>"):
            self.assert_fails(self.replay("--recipient", wrong, "one"), USAGE, "--recipient")

    def test_an_autoreply_domain(self):
        self.configure("autoreply-domain = auto.our.example")
        message = stored(recipient="info#our.example@auto.our.example")
        self.assertEqual(self.of_one(message)["action"], "reply")


class Dates(ReplayTestCase):
    def date_of(self, message):
        return self.of_one(message)["date"]

    def test_the_date_is_that_of_the_topmost_received_field(self):
        self.assertEqual(self.date_of(stored(date="Thu, 1 Jan 1970 00:00:00 +0000")),
                         "2023-11-14T22:13:20Z")

    def test_else_date(self):
        self.assertEqual(self.date_of(mail(date="Wed, 15 Nov 2023 00:13:20 +0200")),
                         "2023-11-14T22:13:20Z")
        self.assertEqual(self.date_of(mail(received="by mx", date="14 Nov 2023 22:13:20 +0000")),
                         "2023-11-14T22:13:20Z")

    def test_else_when_the_file_was_changed(self):
        os.utime(self.store(mail(), "mail/cur/1"), (NOW, NOW))
        self.assertEqual(self.objects()[0]["date"], "2023-11-14T22:13:20Z")

    def test_else_that_of_the_mbox_line(self):
        for end, date in (("2023", "22:13:20"), ("+0100 2023", "21:13:20"), ("2023 -0100", "23:13:20"),
                          ("MET 2023", "22:13:20")):
            with self.subTest(end):
                line = f"From a@b.example  Tue Nov 14 22:13:20 {end}\n".encode()
                self.assertEqual(self.date_of(line + mail()), f"2023-11-14T{date}Z")
        for line in ("Tue Nov 14 22:13:20", "Tue Nov 99 22:13:20 2023", "Tue Nov 14 22:13:20 0001"):
            with self.subTest(line):
                os.utime(self.store(f"From a@b.example {line}\n".encode() + mail(), "box"), (NOW, NOW))
                self.assertEqual(self.objects("box")[0]["date"], "2023-11-14T22:13:20Z")

    def test_a_date_before_1970_or_over_ten_years_ahead_is_none(self):
        for year in ("0000", "0001", "1969", "9999"):
            date = f"14 Nov {year} 22:13:20 +0000"
            os.utime(self.store(mail(date=date), "one"), (NOW, NOW))
            self.assertEqual(self.objects("one")[0]["date"], "2023-11-14T22:13:20Z")
            good = "14 Nov 2022 22:13:20 +0000"
            self.assertEqual(self.date_of(mail(received=f"by mx; {date}", date=good)),
                             "2022-11-14T22:13:20Z")

    def test_forged_ones_are_taken_in_their_order(self):
        for name, year in (("1", 2029), ("2", 2023), ("3", 1970)):
            self.store(mail(date=f"14 Nov {year} 22:13:20 +0000"), f"mail/cur/{name}")
        page = self.place.folder / "page.html"
        self.assertEqual([each["file"] for each in self.objects("--html", page, "mail")],
                         ["mail/cur/3", "mail/cur/2", "mail/cur/1"])

    def test_old_mail_is_not_late(self):
        self.assertEqual(self.of_one(stored(NOW - 9000 * DAY))["action"], "reply")

    def test_a_person_is_answered_again_after_the_interval(self):
        for number in range(5):
            self.store(stored(NOW + 3 * number * DAY), f"mail/cur/{number}")
        self.assertEqual(self.results(), ["reply", "recently-answered", "recently-answered", "reply",
                                          "recently-answered"])

    def test_limits_count_by_the_dates(self):
        self.place.set_responder("limit = 2/1h")
        for number in range(6):
            self.store(stored(NOW + 1000 * number, f"a{number}@b.example"), f"mail/cur/{number}")
        found = self.objects()
        self.assertEqual([each["reason"] or each["action"] for each in found],
                         ["reply", "reply", "rate-limited", "rate-limited", "reply", "reply"])
        self.assertEqual(found[2]["detail"], "limit 2/1h reached")

    def test_a_period_is_that_of_the_date(self):
        self.place.set_responder("active-from = 2023-11-14T22:00\nactive-until = 2023-11-15T00:00\n"
                                 "interval = 0\n")
        for number in range(3):
            self.store(stored(NOW + (number - 1) * 2 * HOUR), f"mail/cur/{number}")
        self.assertEqual(self.results(), ["inactive", "reply", "inactive"])

    def test_weekly_times_and_calendars(self):
        event = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "BEGIN:VEVENT",
                             "UID:1@our.example", "DTSTAMP:20230101T000000Z",
                             "DTSTART:20231114T220000Z", "DTEND:20231115T000000Z", "END:VEVENT",
                             "END:VCALENDAR", ""])
        self.place.write("responders/our.example/away.ics", event)
        for setting in ("active-on = tue 22:00-24:00\ntimezone = UTC", "calendar = away.ics"):
            with self.subTest(setting):
                self.place.set_responder(setting)
                for number in range(3):
                    self.store(stored(NOW + (number - 1) * DAY), f"mail/cur/{number}")
                self.assertEqual(self.results(), ["inactive", "reply", "inactive"])


class Comparison(ReplayTestCase):
    """The responder in use answers what is about a price, the other one everybody."""

    def setUp(self):
        super().setUp()
        self.place.set_responder("[when price]\nsubject-contains = price\nsubject = Price\n"
                                 "text = info.txt\n")
        self.other = self.place.set_responder("never-reply-to = a0@b.example",
                                              path="other/our.example/info.conf")
        for number in range(14):
            subject = "The price" if number % 2 else "A question"
            self.store(stored(NOW + number, f"a{number}@b.example", subject=subject),
                       f"mail/cur/{number}")

    def test_only_what_differs(self):
        found = self.objects("--against", "other", "mail")
        self.assertEqual([each["sender"] for each in found],
                         [f"a{number}@b.example" for number in (0, *range(1, 14, 2))])
        self.assertEqual((found[0]["action"], found[1]["section"]), ("reply", "price"))
        self.assertEqual(found[0]["against"], {"action": "suppress", "reason": "excluded",
                                               "section": None, "detail": None})
        self.assertEqual(found[1]["against"], {"action": "reply", "reason": None, "section": None,
                                               "detail": None})

    def test_says_who_would_be_answered(self):
        text = self.output("--against", "other", "mail")
        self.assertIn("\n1 more person would be answered: a0@b.example by info@our.example\n", text)
        self.assertNotIn("fewer", text)
        self.assertEqual(len(re.findall(r"(?m)^2023-11-14 22:13  a", text)), 8)
        text = self.output("--responders", "other", "--against", "responders", "mail")
        self.assertIn("\n1 fewer person would be answered: a0@b.example by info@our.example\n", text)

    def test_names_the_first_of_many(self):
        self.place.set_responder("only-reply-to = @c.example", path="other/our.example/info.conf")
        text = self.output("--against", "other", "mail")
        self.assertRegex(text, r"\n14 more people would be answered: (a\d+@b\.example by "
                               r"info@our\.example, ){10}\.\.\.\n")

    def test_with_one_file_on_either_side(self):
        info = "responders/our.example/info.conf"
        for words in (["--responder", self.other, "--against", info],
                      ["--responder", self.other, "--against", "responders"],
                      ["--responders", "other", "--against", info]):
            with self.subTest(words):
                self.assertIn("1 fewer person", self.output(*words, "mail"))

    def test_with_itself(self):
        text = self.output("--against", "responders", "mail")
        self.assertIn("\nthe same people would be answered\n", text)
        self.assertNotIn("2023-", text)
        self.assertEqual(self.objects("--against", "responders", "mail"), [])

    def test_each_has_a_memory_of_its_own(self):
        self.place.set_responder("interval = 0", path="other/our.example/info.conf")
        for number in range(3):
            self.store(stored(NOW + number * HOUR), f"again/{number}")
        self.assertEqual([(each["reason"], each["against"]["action"])
                          for each in self.objects("--against", "other", "again")],
                         [("recently-answered", "reply")] * 2)


class Table(ReplayTestCase):
    def test_shows_whom_it_would_answer_and_counts_the_others(self):
        self.store(stored(sender="bob@sender.example"))
        self.store(stored(NOW + 1, list_id="<a.b>"), "mail/cur/2")
        self.store(stored(NOW + 2, sender=""), "mail/cur/3")
        lines = self.output("mail").splitlines()
        self.assertRegex(lines[0], "^DATE +SENDER +RECIPIENT +RESULT$")
        self.assertRegex(lines[1], r"^2023-11-14 22:13  bob@sender\.example +info@our\.example +reply$")
        self.assertEqual([" ".join(line.split()) for line in lines[2:]],
                         ["", "3 messages, 1 would be answered, to 1 person", "reply 1", "list 1",
                          "null-sender 1"])
        self.assertEqual(len(self.output("--all", "mail").splitlines()), len(lines) + 2)

    def test_people_count_once(self):
        self.place.set_responder("interval = 0")
        for number in range(3):
            self.store(stored(NOW + number, "a@b.example" if number else "A+x@B.example"),
                       f"mail/cur/{number}")
        self.assertIn("3 messages, 3 would be answered, to 1 person\n", self.output("mail"))

    def test_what_strangers_write_stays_in_its_line(self):
        self.store(stored(sender="\x1b[2Ja\tb@c.example"))
        text = self.output("--all", "mail")
        self.assertNotIn("\x1b", text)
        self.assertEqual(len(text.splitlines()), 5)

    def test_a_format_that_is_none(self):
        self.assert_fails(self.replay("--format", "csv", "mail"), USAGE, "table or json")

    def test_two_sets_of_responders(self):
        self.assert_fails(self.replay("--responder", "a", "--responders", "b", "mail"), USAGE,
                          "--responders and --responder")
        for option in ("--responder", "--responders", "--against"):
            self.assert_fails(self.replay(option, "missing", "mail"), NO_INPUT, "missing")


class Faults(ReplayTestCase):
    def test_of_a_responder_file(self):
        file = self.place.set_responder("colour = red")
        self.store(stored())
        self.store(stored(NOW + 1, recipient="nobody@our.example"), "mail/cur/2")
        text = f"{file}:2: unknown name 'colour'"
        done = self.replay("--format", "json", "mail")
        self.assert_fails(done, CONFIGURATION, "1 message could not be decided", text)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(each["action"], each["reason"]) for each in found],
                         [("defer", "configuration"), ("suppress", "no-responder")])
        self.assertEqual(found[0]["detail"], text)
        self.assert_fails(self.replay("mail"), CONFIGURATION, text)

    def test_of_the_main_configuration(self):
        self.configure("colour = red")
        self.assert_fails(self.replay("mail"), CONFIGURATION, f"{self.place.configuration}:4: ")

    def test_a_file_of_the_reply_is_missing(self):
        self.place.write(self.place.responder, "text = missing.txt\n")
        self.store(stored())
        self.assert_fails(self.replay("mail"), CONFIGURATION, "missing.txt")

    def test_there_is_no_place_for_temporary_files(self):
        self.store(stored())
        for place in (self.place.folder / "missing", self.place.configuration):
            done = subprocess.run(self.command("mail"), capture_output=True, text=True,
                                  cwd=self.place.folder, env=self.environment(TMPDIR=str(place)))
            self.assert_fails(done, CANNOT_CREATE, f"cannot make the folder {place}/")

    def test_without_tmpdir(self):
        self.store(stored())
        variables = self.environment()
        del variables["TMPDIR"]
        done = subprocess.run(self.command("mail"), capture_output=True, text=True,
                              cwd=self.place.folder, env=variables)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_memory_finds_no_room(self):
        for number in range(200):
            self.store(stored(NOW + number, f"a{number}@b.example"), f"mail/cur/{number}")
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (32 * KIB, 32 * KIB))
        self.assert_fails(self.replay("mail", preexec_fn=limit), UNAVAILABLE, "cache")

    def test_the_page_cannot_be_written(self):
        self.store(stored())
        self.assert_fails(self.replay("--html", "missing/page", "mail"), CANNOT_CREATE, "missing/page")


class Interruptions(ReplayTestCase):
    """It has read all mail and waits for a reader of what it prints."""

    def setUp(self):
        super().setUp()
        for number in range(1000):
            self.store(stored(NOW + number), f"mail/cur/{number}")
        self.process = subprocess.Popen(self.command("--all", "mail"), stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, cwd=self.place.folder,
                                        env=self.environment())
        self.assertEqual(self.process.stdout.read(4), b"DATE")
        self.assertNotEqual(list(self.temporary.iterdir()), [])

    def finish(self):
        output, complaint = self.process.communicate(timeout=PATIENCE)
        self.assertEqual(complaint, b"")
        return output.decode(), self.process.returncode

    def test_a_signal_ends_it_and_nothing_stays(self):
        self.process.send_signal(signal.SIGINT)
        self.assertEqual(self.finish()[1], -signal.SIGINT)

    def test_a_reader_that_leaves_is_no_error(self):
        self.process.stdout.close()
        self.assertEqual(self.process.wait(PATIENCE), 0)
        self.assertEqual(self.process.stderr.read(), b"")
        self.process.stderr.close()

    def test_a_message_that_is_moved_meanwhile(self):
        (self.place.folder / "mail/cur/999").rename(self.place.folder / "mail/cur/999:2,S")
        output, status = self.finish()
        self.assertEqual(status, 0)
        self.assertIn("\n999 messages, 1 would be answered", output)
        self.assertIn("\n1 message moved or gone meanwhile\n", output)


class InterruptionsOfReading(ReplayTestCase):
    def test_a_signal_ends_it_within_one_large_message(self):
        large = self.store(mbox(stored()), "box")
        os.truncate(large, 2 ** 40)  # without a block of its own
        process = subprocess.Popen(self.command("box"), cwd=self.place.folder,
                                   env=self.environment())
        read = 0
        while read < 10_000 * KIB:
            text = Path(f"/proc/{process.pid}/io").read_text()
            read = int(re.search(r"rchar: (\d+)", text)[1])
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        try:
            self.assertEqual(process.wait(PATIENCE), -signal.SIGTERM)
        finally:
            process.kill()
            process.wait()


class NothingIsSent(ReplayTestCase):
    """tearDown looks at the mailer and at the configured cache."""

    def test_nor_copied(self):
        sent = self.place.folder / "Sent"
        for name in ("cur", "new", "tmp"):
            (sent / name).mkdir(parents=True)
        self.configure(f"fcc-folder = {self.place.folder}")
        self.place.set_responder(f"bcc = desk@our.example\nfcc = maildir:{sent}")
        self.assertEqual(self.of_one(stored())["action"], "reply")
        self.assertEqual(list(sent.glob("*/*")), [])

    def test_in_any_mode(self):
        for mode in ("live", "shadow"):
            self.configure(f"mode = {mode}")
            for own in ("live", "shadow"):
                self.place.set_responder(f"mode = {own}")
                self.assertEqual(self.of_one(stored())["action"], "reply")

    def test_the_configured_cache_is_not_asked(self):
        self.configure("cache = redis://127.0.0.1:1", "user = nobody", "mailer = smtp://127.0.0.1:1")
        self.assertEqual(self.of_one(stored())["action"], "reply")

    def test_indexes_of_lists_are_of_the_memory(self):
        # Over 4 KiB, or it has none.
        self.place.write("responders/our.example/list",
                         "".join(f"a{number}@b.example\n" for number in range(5000)))
        os.utime(self.place.folder / "responders/our.example/list", (NOW, NOW))
        self.place.set_responder("never-reply-to = list")
        for number in range(4998, 5002):
            self.store(stored(NOW + number, f"a{number}@b.example"), f"mail/cur/{number}")
        self.assertEqual(self.results(), ["excluded", "excluded", "reply", "reply"])

    def test_a_responder_for_all(self):
        self.configure("responders = /nowhere")
        file = self.place.set_responder("ignore = not-addressed", path="draft.conf")
        for recipient in ("a@b.example", "c@d.example"):
            self.assertEqual(self.of_one(stored(recipient=recipient), "--responder", file)["action"],
                             "reply")


class SameVerdicts(ReplayTestCase):
    """As the responder's own."""

    def store_set(self):
        self.configure("trusted-authserv = mx1.example.org")
        self.place.write("text", "I am away.\n")
        cases = messages.read_cases()
        for case in cases:
            top = f"Return-Path: <{case.sender}>\nDelivered-To: {case.recipient}\n"
            # The set says what the responder does that is not told the recipient before aliases.
            raw = re.sub(rb"(?m)^X-Original-To:", b"X-Other:", case.raw)
            self.store(top.encode() + raw, f"set/{case.file}")
        return cases

    def test_on_the_set_of_messages(self):
        cases = self.store_set()
        responder = self.place.write("ellen.conf", messages.SETTINGS + "interval = 0\nlimit = none\n"
                                     "limit-person = none\n")
        found = {each["file"]: each for each in self.objects("--responder", responder, "set")}
        self.assertEqual(len(found), len(cases))
        for case in cases:
            with self.subTest(case.file):
                each = found[f"set/{case.file}"]
                self.assertEqual((each["sender"], each["recipient"]), (case.sender, case.recipient))
                self.assertEqual(each["reason"] or each["action"], case.verdict)

    def test_on_the_cases_of_dry_runs(self):
        for case in test_cases.read_cases():
            with self.subTest(case["file"]):
                self.place.set_responder("ignore = not-addressed\n" + case["settings"]
                                         .replace(";", "\n").replace("=", " = "))
                raw = (test_cases.CASES / case["file"]).read_bytes()
                message = f"Return-Path: <{case['sender']}>\nX: y\n".encode() + raw
                verdict = self.place.preview(message, sender=case["sender"]).verdict
                found = self.of_one(message, "--recipient", "info@our.example")
                self.assertEqual("verdict: " + (f"suppress: {found['reason']}" if found["reason"]
                                                else found["action"]), verdict)

    def test_of_deliveries_one_after_another(self):
        self.store_set()
        # The same people write again, each time ten days later.
        for case in messages.read_cases()[:40]:
            for number in (1, 2):
                self.store(stored(NOW + number * 10 * DAY, case.sender, case.recipient,
                                  to=case.recipient), f"set/again-{number}-{case.file}")
        responder = self.place.write("ellen.conf", messages.SETTINGS + "interval = 15d\n"
                                     "limit = 20/1h\n[when again]\nsubject-contains = question\n"
                                     "text = text\n")
        replayed = self.objects("--responder", responder, "set")
        self.assertGreater(len(replayed), 220)
        self.assertGreaterEqual({each["reason"] or each["section"] for each in replayed},
                                {"recently-answered", "rate-limited", "list", "again"})
        self.place.set_mailer("rm -r $call")
        for each in replayed:
            at = int(datetime.datetime.fromisoformat(each["date"].replace("Z", "+00:00")).timestamp())
            outcome = self.place.run((self.place.folder / each["file"]).read_bytes(), "--now", at,
                                     "--responder", responder, "--queue-id", each["file"],
                                     sender=each["sender"], recipients=[each["recipient"]])
            [line] = outcome.log
            with self.subTest(each["file"]):
                self.assertEqual((line["action"], line["reason"], line["section"]),
                                 ("replied" if each["action"] == "reply" else "suppressed",
                                  each["reason"] or "-", each["section"] or "-"))


class Hostile(ReplayTestCase):
    def test_nothing_ends_it(self):
        shuffled = random.Random(1)
        pieces = [b"From ", b"\n", b"\r\n\r\n", b":", b"<a@b.example>", b"Received: by x; ", b"\0", b"\xff",
                  b"Tue Nov 14 22:13:20 2023", b"Content-Type: multipart/mixed; boundary=b\n",
                  b"--b\n", b"=?utf-8?Q?", b"Return-Path: ", b"Date: 99 Nov 99999999 99:99:99 +9999",
                  b"Delivered-To: ", b"(" * 1000, b"x" * 10_000]
        for number in range(200):
            content = b"".join(shuffled.choices(pieces, k=shuffled.randrange(60)))
            self.store(content, f"hostile/{number}")
            self.store(b"Subject: x\n" + content, f"hostile/message-{number}")
            self.store(mbox(content, content), f"hostile/box-{number}")
        self.store(b"From: " + b"a@b.example, " * 100_000, "hostile/addresses")
        self.store(stored(body="x\n\n" * 100_000), "hostile/parts")
        self.store(b"a:\n" * 200_000, "hostile/fields")
        self.store(mbox(*[b"a:\n"] * 500), "hostile/small")
        for seed in SEEDS.glob("*/*"):
            self.store(seed.read_bytes(), f"hostile/{seed.parent.name}-{seed.name}")
        found = self.objects("--recipient", "info@our.example", "--against", "responders", "hostile")
        self.assertEqual(found, [])
        self.assertGreater(len(self.objects("--recipient", "info@our.example", "hostile")), 900)


class Memory(ReplayTestCase):
    def peak_with(self, count):
        one = stored(body="A line of text.\n" * 100)
        self.store(mbox(*[one] * count), "box")
        done = subprocess.run([sys.executable, "-I", "-S", "-c", MEASURE,
                               *self.command("--recipient", "info@our.example", "box")],
                              capture_output=True, text=True, cwd=self.place.folder,
                              env=self.environment())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return int(done.stdout.splitlines()[-1].split()[0])

    @unittest.skipIf(SANITIZED, "a sanitizer takes memory of its own")
    def test_a_hundred_times_the_mail_takes_little_more(self):
        few = self.peak_with(100)
        self.assertLess(self.peak_with(10_000) - few, 2 * KIB)


class Page(ReplayTestCase):
    def page(self, *words):
        file = self.place.folder / "page.html"
        self.output("--html", file, *(words or ["mail"]))
        return file.read_text("utf-8")

    def test_has_the_figures(self):
        self.store(stored(sender="bob@sender.example"))
        self.store(stored(NOW + DAY, list_id="<a.b>"), "mail/cur/2")
        text = self.page()
        for name, value in (("Messages", 2), ("Would be answered", 1), ("People answered", 1),
                            ("Not answered", 1)):
            self.assertIn(f"<dt>{name}</dt><dd>{value}</dd>", text)
        self.assertIn("bob@sender.example", text)

    def test_what_strangers_have_written_stays_text(self):
        sender = '"<script>alert(1)</script>"@sender.example'
        self.store(stored(sender=sender))
        text = self.page()
        self.assertNotIn("<script", text)
        self.assertIn(html.escape(sender, quote=False), text.replace("&quot;", '"'))
        self.assertIn("default-src 'none'", text)

    def test_of_nobody(self):
        self.store(stored(sender=""))
        text = self.page()
        self.assertIn("<dt>Would be answered</dt><dd>0</dd>", text)
        self.assertEqual(len(re.findall("<svg role='img'", text)), 1)  # why not

    def test_a_thousand_people_are_enough(self):
        for number in range(1002):
            self.store(stored(NOW + number * DAY, f"a{number}@b.example"), f"mail/cur/{number}")
        text = self.page()
        self.assertIn("The first 1000 of them.", text)
        self.assertIn("a999@b.example", text)
        self.assertNotIn("a1000@b.example", text)


if __name__ == "__main__":
    unittest.main()
