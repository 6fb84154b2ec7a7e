"""inforeply-cache digest: the message to an owner on who was answered.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_cache_digest.py
"""

import html.parser
import os
import re
import sys
import time
import unittest

sys.dont_write_bytecode = True

from cache_file import PENDING, tables
from mail_parsers import ReplyTestCase
from programs import BIN, mail, parse_message

DAY = 24 * 3600
ADDRESS = "info@our.example"
HEADING = ["When", "Replies in all", "Who", "Answered with"]


class Table(html.parser.HTMLParser):
    """The cells of a page by rows, its other text, and the tags that it has."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.text, self.tags, self.cell = [], "", set(), None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(self.cell)
            self.cell = None

    def handle_data(self, data):
        if self.cell is None:
            self.text += data
        else:
            self.cell += data


def utc(seconds):
    """As the digest shows it where that is the local time."""
    text = time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))
    return text.removesuffix(" 00:00")


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class DigestTestCase(ReplyTestCase):
    def setUp(self):
        super().setUp()
        self.now = int(time.time())
        self.configure()

    def configure(self, *lines):
        self.place.configure(f"responders = {self.place.folder / 'responders'}",
                             f"mailer = {self.place.mailer}", *lines)

    def fill(self, *records):
        """Each as (sender, answered so many seconds ago, more of `add`)."""
        with tables(self.place.cache) as cache:
            for sender, ago, *more in records:
                cache.add(ADDRESS, sender, self.now - ago, **(more[0] if more else {}))

    def digest(self, *options):
        """The message as octets."""
        return self.tool_output("cache", "digest", ADDRESS, *options).encode()

    def shown(self, *options):
        """Its subject, and the table under its heading, which text and HTML must show alike."""
        raw = self.digest(*options)
        found = self.read(raw)
        self.assertEqual(found.body.tree, "multipart/alternative(text/plain, text/html)")
        plain, page = found.body.leaves
        self.assertEqual((plain.charset, page.charset), ("utf-8", "utf-8"))
        table = Table(page.text)
        self.assertLessEqual(table.tags, {"html", "head", "meta", "style", "body", "p", "table", "tr",
                                          "th", "td"})
        for row in table.rows:
            # The blanks between two columns may be one where a sender is long.
            pattern = r"^" + r"[\u2068\u2069 ]+".join(map(re.escape, row)) + r"$"
            self.assertRegex(plain.text, re.compile(pattern, re.M))
        if table.rows:
            self.assertEqual(table.rows.pop(0), HEADING)
        self.plain, self.page = plain.text, table.text
        return found.subject, table.rows


class ByHand(DigestTestCase):
    def test_tells_who_was_answered_when_how_often_and_with_what(self):
        self.place.set_responder("subject = On holiday: ${subject}\nhandle = away\n"
                                 "[when prices]\nsubject-contains = price\n"
                                 "[when hours]\nsubject-contains = hours\nhandle = opening")
        for sender, subject in (("alice@a.example", "Hello"), ("Bob+x@b.example", "Your prices"),
                                ("carol@c.example", "Your hours")):
            self.assert_replied(self.place.run(mail(subject=subject), "--now", self.now,
                                               sender=sender))
        self.fill(("old@d.example", 3 * DAY, {"handle": "gone", "count": 4}))
        subject, rows = self.shown()
        self.assertEqual(subject, "4 people were answered while you were away")
        when = utc(self.now)
        self.assertEqual(rows, [[when, "1", "alice@a.example", "On holiday: …"],
                                [when, "1", "bob@b.example", "prices"],
                                [when, "1", "carol@c.example", "hours"],
                                [utc(self.now - 3 * DAY), "4", "old@d.example", "gone"]])

    def test_is_a_message_from_the_owner_to_the_owner(self):
        self.place.set_responder("from = Jörg „am Meer“ <someone@our.example>")
        self.fill(("a@a.example", 60))
        found = self.read(self.digest())
        self.assertEqual((found.sender, found.to),
                         ([("Jörg „am Meer“", ADDRESS)], [("", ADDRESS)]))
        message = parse_message(self.digest())
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertRegex(message["Message-ID"], r"\A<[\w.]+@our\.example>\Z")
        sent = message["Date"].datetime.timestamp()
        self.assertTrue(self.now <= sent <= time.time(), sent)

    def test_the_display_name_of_a_template_counts(self):
        self.place.set_template("From: The Desk <info@our.example>\nSubject: Away\n\nWe are away.\n")
        self.fill(("a@a.example", 60))
        self.assertEqual(self.read(self.digest()).sender, [("The Desk", ADDRESS)])

    def test_is_not_answered_itself(self):
        self.fill(("a@a.example", 60))
        for sender in ("", ADDRESS, "root@our.example"):
            with self.subTest(sender):
                outcome = self.place.run(self.digest(), sender=sender)
                self.assertEqual(outcome.log[0]["action"], "suppressed")
        self.assert_suppressed(self.place.run(self.digest(), sender="root@our.example"),
                               "loop")

    def test_one_person_and_nobody(self):
        with tables(self.place.cache):
            pass
        self.assertEqual(self.shown(), ("Nobody was answered while you were away", []))
        self.fill(("a@a.example", 60), ("a@a.example", 30, {"handle": "other"}))
        subject, rows = self.shown()
        self.assertEqual((subject, len(rows)), ("1 person was answered while you were away", 2))

    def test_pending_replies_and_those_of_others_are_no_answers(self):
        self.fill(("a@a.example", 60, {"state": PENDING, "count": 0}), ("b@b.example", 60))
        with tables(self.place.cache) as cache:
            cache.add("other@our.example", "c@c.example", self.now)
        self.assertEqual([row[2] for row in self.shown()[1]], ["b@b.example"])

    def test_begins_with_the_active_period_or_as_told(self):
        self.fill(*((f"{days}@a.example", days * DAY) for days in (1, 3, 5)))

        def senders(*options):
            return [row[2][0] for row in self.shown(*options)[1]]

        self.assertEqual(senders(), ["1", "3", "5"])
        self.assertEqual(senders("--since", "4d"), ["1", "3"])
        self.place.set_responder(f"active-from = {iso(self.now - 2 * DAY)}")
        self.assertEqual(senders(), ["1"])
        self.assertIn(f"from {utc(self.now - 2 * DAY)}", self.plain)
        self.assertIn(f"from {utc(self.now - 2 * DAY)}", self.page)
        self.assertEqual(senders("--since", iso(self.now - 4 * DAY)), ["1", "3"])

    def test_of_shadow_mode_says_that_nobody_was_answered(self):
        self.configure("mode = shadow")
        for sender, people in (("a@a.example", "1 person"), ("b@b.example", "2 people")):
            self.place.run(mail(From=sender), "--now", self.now, sender=sender)
            subject, rows = self.shown("--shadow")
            self.assertEqual(subject, f"{people} would have been answered while you were away")
            self.assertIn("Nothing was sent", self.plain)
            self.assertIn("Nothing was sent", self.page)
            self.assertIn(sender, [row[2] for row in rows])
        self.fill(("c@c.example", 60))
        self.assertEqual(self.shown()[0], "1 person was answered while you were away")

    def test_times_are_local(self):
        self.fill(("a@a.example", 60))
        command = [BIN / "inforeply-cache", "-c", self.place.configuration, "--cache",
                   self.place.cache, "digest", ADDRESS]
        raw = self.place.run_command(command, variables={"TZ": "XYZ-5:30"}).stdout
        text = self.read(raw).body.leaves[0].text
        self.assertIn(f"\n{utc(self.now - 60 + 5 * 3600 + 1800)} ", text)

    def test_has_so_many_rows_and_counts_the_rest(self):
        self.fill(*((f"{number:04}@a.example", number) for number in range(1, 1206)))
        subject, rows = self.shown()
        self.assertEqual(subject, "1205 people were answered while you were away")
        self.assertEqual(len(rows), 1000)
        self.assertEqual((rows[0][2], rows[-1][2]), ("0001@a.example", "1000@a.example"))
        for text in (self.plain, self.page):
            self.assertIn("not shown here: 205.", text)

    def test_a_reply_that_cannot_be_read_is_told_by_its_handle(self):
        self.place.set_responder("handle = away\n[when x]\nsubject-contains = x\ntext = missing.txt\n"
                                 "handle = x")
        self.fill(("a@a.example", 60, {"handle": "x"}), ("b@b.example", 90, {"handle": "away"}))
        self.assertEqual([row[3] for row in self.shown()[1]], ["x", "Auto: …"])

    def test_faults_of_use(self):
        self.fill(("a@a.example", 60))
        for status, arguments, words in (
                (64, [], "wrong number of arguments"), (64, ["nobody"], "not a mail address"),
                (64, [ADDRESS, "--since", "soon"], "--since"),
                (64, [ADDRESS, "--since", "1d", "--due", "x"], "do not go together"),
                (66, ["nobody@our.example"], "nobody@our.example has no responder"),
                (66, [ADDRESS, "--due", f"{self.place.cache}/x"], "Not a directory")):
            with self.subTest(arguments):
                done = self.tool("cache", "digest", *arguments)
                self.assertEqual((done.returncode, done.stdout), (status, ""))
                self.assertIn(words, done.stderr)
        done = self.tool("cache", "digest", ADDRESS, cache=self.place.folder / "none.mdb")
        self.assertEqual((done.returncode, done.stdout), (69, ""))
        self.place.set_responder("no-such-name = 1")
        done = self.tool("cache", "digest", ADDRESS)
        self.assertEqual(done.returncode, 78)
        self.assertIn(f"{self.place.responder}:2: ", done.stderr)


class Hostile(DigestTestCase):
    """What a stranger calls himself."""

    def test_neither_markup_nor_fields_nor_lines(self):
        names = ["<script>alert(1)</script>", '"><img src=x onerror=y>', "&lt;b&gt;", "a\r\nBcc: b@c",
                 "a\n\n<b>", "a\r\n.\r\n", "x\u2028y\u2029z", "=?utf-8?q?a?=", "\x1b[31m", "From x",
                 "a" * 150, "日" * 55]
        self.fill(*((f"{name}@x.example", 60 + number) for number, name in enumerate(names)))
        subject, rows = self.shown()
        self.assertEqual(subject, f"{len(names)} people were answered while you were away")
        shown = [re.sub(r"[\r\n\x1b\u2028\u2029]", " ", f"{name}@x.example") for name in names]
        self.assertEqual([row[2] for row in rows], [name.strip() for name in shown])
        message = parse_message(self.digest())
        self.assertEqual(sorted(message.keys()), sorted(
            ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
             "X-Auto-Response-Suppress", "MIME-Version", "Content-Type"]))

    def test_text_from_right_to_left_stays_in_its_cell(self):
        self.fill(("\u202eevil\u2066@x.example", 60), ("דואר@x.example", 90))
        _, rows = self.shown()
        self.assertEqual([row[2] for row in rows], ["evil@x.example", "דואר@x.example"])
        self.assertIn("\u2068דואר@x.example\u2069", self.plain)
        self.assertNotRegex(self.plain + self.page, "[\u202a-\u202e\u2066\u2067]")
        self.assertIn('<td dir="auto">', self.read(self.digest()).body.leaves[1].text)

    def test_handles_too(self):
        self.fill(("a@x.example", 60, {"handle": "<b>\r\nx: y\u202e"}))
        self.assertEqual(self.shown()[1][0][3], "<b>  x: y")

    def test_what_is_no_utf8_is_replaced(self):
        with tables(self.place.cache) as cache:
            cache.add(ADDRESS, "bob@x.example", self.now)
            key, = cache.keys("records")
            value = cache.get("records", key)
            cache.delete("records", key)
            cache.put("records", key.replace(b"bob", b"b\xffb"), value)
        self.assertEqual(self.shown()[1][0][2], "b\ufffdb@x.example")


class Due(DigestTestCase):
    def setUp(self):
        super().setUp()
        self.stamp = self.place.folder / "stamp"
        self.fill(("in@a.example", 3 * DAY), ("after@a.example", 3600), ("before@a.example", 9 * DAY))

    def ran(self, ago):
        """The last run was so long ago."""
        self.stamp.touch()
        os.utime(self.stamp, (self.now - ago, self.now - ago))

    def due(self):
        return self.shown("--due", self.stamp)

    def assert_nothing_due(self):
        self.assertEqual(self.digest("--due", self.stamp), b"")

    def set_period(self, began=None, ended=None):
        """So long ago."""
        lines = [f"{name} = {iso(self.now - ago)}"
                 for name, ago in (("active-from", began), ("active-until", ended)) if ago]
        self.set_responder("\n".join(lines))

    def set_responder(self, settings, changed=20 * DAY):
        """Its file was changed so long ago."""
        self.place.set_responder(settings)
        os.utime(self.place.responder, (self.now, self.now - changed))

    def test_the_digest_of_a_period_that_was_ended_by_hand(self):
        begin = f"active-from = {iso(self.now - 8 * DAY)}\n"
        for settings in (f"{begin}active-until = {iso(self.now - 2 * DAY)}", f"{begin}enabled = no",
                         f"{begin}active-until = {iso(self.now + DAY)}\nenabled = no"):
            with self.subTest(settings):
                self.ran(3600)
                self.set_responder(settings, changed=1800)
                subject, rows = self.due()
                self.assertEqual(subject, "2 people were answered while you were away")
                self.assertEqual([row[2] for row in rows], ["after@a.example", "in@a.example"])
                self.assertIn(f"from {utc(self.now - 8 * DAY)}.", self.plain)
                self.ran(900)
                self.assert_nothing_due()

    def test_of_a_responder_that_is_switched_off_in_its_weekly_time_that_one(self):
        day = time.strftime("%a", time.gmtime(self.now - 1800)).lower()
        self.ran(3600)
        self.set_responder(f"timezone = UTC\nactive-on = {day}\nenabled = no", changed=1800)
        with tables(self.place.cache) as cache:
            cache.add(ADDRESS, "now@a.example", self.now - 1801)
        self.assertIn("now@a.example", [row[2] for row in self.due()[1]])
        self.assertNotIn("in@a.example", self.plain)

    def test_a_responder_that_is_on_or_not_yet_is_not_ended(self):
        self.ran(3600)
        for settings in ("", f"active-until = {iso(self.now + DAY)}",
                         f"active-from = {iso(self.now + DAY)}\nenabled = no"):
            with self.subTest(settings):
                self.set_responder(settings, changed=1800)
                self.assert_nothing_due()

    def test_the_digest_that_a_change_repeats_is_the_same_message(self):
        def message_id():
            return parse_message(self.digest("--due", self.stamp))["Message-ID"]

        self.set_period(began=8 * DAY, ended=3600 // 2)
        self.ran(3600)
        known = message_id()
        self.set_responder(f"active-from = {iso(self.now - 8 * DAY)}\n"
                           f"active-until = {iso(self.now - 1800)}", changed=600)
        self.ran(900)
        self.assertEqual(message_id(), known)

    def test_who_was_answered_again_in_the_next_period_is_not_left_out(self):
        self.set_period(began=8 * DAY, ended=2 * DAY)
        self.ran(3 * DAY)
        self.fill(("again@a.example", 7200, {"count": 2}))
        self.assertEqual([(row[1], row[2]) for row in self.due()[1]],
                         [("2", "again@a.example"), ("1", "in@a.example")])

    def test_no_reminder_in_shadow_mode(self):
        self.set_period(began=30 * DAY + 3600)
        self.ran(2 * 3600)
        self.assertNotEqual(self.digest("--due", self.stamp), b"")
        self.configure("mode = shadow")
        self.assert_nothing_due()
        self.configure()
        self.set_responder(f"active-from = {iso(self.now - 30 * DAY - 3600)}\nmode = shadow")
        self.assert_nothing_due()

    def test_the_digest_of_a_period_that_has_ended_since_the_last_run(self):
        self.set_period(began=8 * DAY, ended=2 * DAY)
        self.ran(3 * DAY)
        subject, rows = self.due()
        self.assertEqual(subject, "1 person was answered while you were away")
        self.assertEqual([row[2] for row in rows], ["in@a.example"])
        self.assertIn(f"from {utc(self.now - 8 * DAY)} until {utc(self.now - 2 * DAY)}", self.plain)
        self.ran(DAY)
        self.assert_nothing_due()

    def test_the_first_run_looks_back_for_a_day(self):
        self.set_period(began=8 * DAY, ended=DAY // 2)
        self.assertEqual(len(self.due()[1]), 1)
        self.set_period(began=8 * DAY, ended=2 * DAY)
        self.assert_nothing_due()
        self.assertFalse(self.stamp.exists())

    def test_nothing_during_the_period_nor_if_nobody_was_answered(self):
        self.ran(10 * DAY)
        self.set_period(began=8 * DAY, ended=-DAY)
        self.assert_nothing_due()
        self.set_period(began=DAY, ended=DAY // 2)
        self.assert_nothing_due()

    def test_a_reminder_while_a_responder_without_end_is_on(self):
        self.set_period(began=30 * DAY + 3600)
        self.ran(2 * 3600)
        subject, rows = self.due()
        self.assertEqual(subject,
                         f"Your automatic reply has been on since {utc(self.now - 30 * DAY - 3600)}")
        self.assertEqual(len(rows), 3)
        self.assertIn("no end is set", self.plain)
        self.ran(1800)
        self.assert_nothing_due()
        self.set_period(began=29 * DAY)
        self.ran(2 * DAY)
        self.assert_nothing_due()

    def test_without_a_beginning_the_change_of_the_file_is_it(self):
        os.utime(self.place.responder, (0, self.now - 60 * DAY - 60))
        self.ran(3600)
        self.assertEqual(self.due()[0],
                         f"Your automatic reply has been on since {utc(self.now - 60 * DAY - 60)}")
        self.place.set_responder()
        self.assert_nothing_due()


if __name__ == "__main__":
    unittest.main()
