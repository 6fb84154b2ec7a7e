"""How inforeply-cache list chooses, sorts and prints records, and what show says of a person.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_cache_list.py
"""

import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
import unicodedata
import unittest

sys.dont_write_bytecode = True

from programs import BIN, TestCase, environment

DAY = 24 * 3600


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def record(sender, responder="info@our.example", **others):
    """What export would write of it: answered at noon of 10 May 2024, for a week."""
    return {"responder": responder, "sender": sender, "handle": "winter", "state": "answered",
            "answered_at": "2024-05-10T12:00:00Z", "expires_at": "2024-05-17T12:00:00Z",
            "count": 1, "message_id": "<question@sender.example>"} | others


# Of every kind that a cache may hold.
ODD_RECORDS = [
    record("alice@a.example", expires_at=None),
    record("alice@a.example", handle="summer"),
    record("bob@b.example", state="pending", count=0, message_id=""),
    record('"two words@home"@b.example'),
    record("ü" * 20 + "@" + ("ü" * 40 + ".") * 3 + "example"),
    record("jörg@bücher.example", handle='"quoted" \\ \t 雪 \U0001f384'),
    record("carol@[192.0.2.1]", responder="info+shop@our.example"),
]


def columns(text):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class ListTestCase(TestCase):
    def store(self, *records):
        lines = "".join(json.dumps(record) + "\n" for record in records)
        done = subprocess.run([BIN / "inforeply-cache", "--cache", self.place.cache, "-c",
                               self.place.configuration, "import"], input=lines, text=True,
                              capture_output=True, env=environment())
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def listed(self, *arguments):
        return [record["sender"] for record in self.records(*arguments)]

    def assert_usage(self, arguments, *words):
        done = self.tool("cache", *arguments)
        self.assertEqual((done.returncode, done.stdout), (64, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


class Filters(ListTestCase):
    def setUp(self):
        super().setUp()
        self.store(
            record("alice@a.example"),
            record("bob@b.example", answered_at="2024-05-11T12:00:00Z", state="pending", count=0),
            record("carol@xn--mnchen-3ya.example", answered_at="2024-05-12T12:00:00Z"),
            record("alice@a.example", "sales@our.example"),
            record("dave@a.example", "sales@other.example"))

    def test_a_sender_is_a_person_however_the_address_is_written(self):
        self.assertEqual(self.listed("--sender", "Alice+news@A.example"), ["alice@a.example"] * 2)

    def test_a_pattern_with_a_star_selects_several_senders(self):
        self.assertEqual(self.listed("--sender", "*@A.Example"),
                         ["alice@a.example", "dave@a.example", "alice@a.example"])
        self.assertEqual(self.listed("--sender", "b*"), ["bob@b.example"])

    def test_a_pattern_may_name_an_international_domain_as_people_write_it(self):
        self.assertEqual(self.listed("--sender", "*@MÜNCHEN.example"),
                         ["carol@xn--mnchen-3ya.example"])

    def test_a_responder_is_an_argument_an_option_or_a_pattern(self):
        for arguments, number in ((["sales@our.example"], 1), (["--responder", "sales+x@our.example"], 1),
                                  (["--responder", "sales@*"], 2), (["*@our.example"], 4)):
            with self.subTest(arguments):
                self.assertEqual(len(self.listed(*arguments)), number)

    def test_states(self):
        self.assertEqual(self.listed("--state", "pending"), ["bob@b.example"])
        self.assertEqual(len(self.listed("--state", "answered")), 4)

    def test_since_counts_its_moment_and_until_does_not(self):
        self.assertEqual(self.listed("--since", "2024-05-11T12:00:00Z"),
                         ["bob@b.example", "carol@xn--mnchen-3ya.example"])
        self.assertEqual(self.listed("info@our.example", "--until", "2024-05-11T12:00:00Z"),
                         ["alice@a.example"])

    def test_until_a_date_counts_to_the_end_of_that_day(self):
        self.assertEqual(self.listed("info@our.example", "--until", "2024-05-11"),
                         ["alice@a.example", "bob@b.example"])

    def test_a_duration_means_that_long_ago(self):
        self.store(record("today@a.example", answered_at=utc(time.time() - 3 * DAY),
                          expires_at=None))
        self.assertEqual(self.listed("--since", "4d"), ["today@a.example"])
        self.assertEqual(self.listed("--since", "2d"), [])
        self.assertNotIn("today@a.example", self.listed("--until", "4d"))

    def test_filters_go_together(self):
        self.assertEqual(self.listed("info@our.example", "--sender", "*@*.example", "--state",
                                     "answered", "--since", "2024-05-11"),
                         ["carol@xn--mnchen-3ya.example"])

    def test_bad_values_name_the_option(self):
        for option, value in (("--state", "gone"), ("--since", "soon"), ("--until", "2024-13-01"),
                              ("--limit", "0"), ("--limit", "x"), ("--sort", "age"),
                              ("--sort", ""), ("--format", "xml")):
            with self.subTest(f"{option} {value}"):
                self.assert_usage(["list", option, value], option)
        self.assert_usage(["list", "a@b.example", "--responder", "c@d.example"], "--responder")
        self.assert_usage(["list", "--sender", "nobody"], "nobody")


class Sorting(ListTestCase):
    def setUp(self):
        super().setUp()
        self.store(record("b@x.example", answered_at="2024-05-02T00:00:00Z", count=7),
                   record("a@x.example", answered_at="2024-05-03T00:00:00Z", expires_at=None),
                   record("c@x.example", "a@our.example", answered_at="2024-05-01T00:00:00Z",
                          expires_at="2024-06-01T00:00:00Z", count=7))

    def test_each_order_both_ways(self):
        for order, expected in (("responder", "cab"), ("sender", "abc"), ("answered", "cba"),
                                ("expires", "bca"), ("count", "acb"), ("-responder", "abc"),
                                ("-sender", "cba"), ("-answered", "abc"), ("-expires", "acb"),
                                ("-count", "cba")):
            with self.subTest(order):
                listed = self.listed("--sort", order)
                self.assertEqual("".join(sender[0] for sender in listed), expected)

    def test_a_limit_keeps_the_first_of_the_order(self):
        self.assertEqual(self.listed("--limit", "2"), ["c@x.example", "a@x.example"])
        self.assertEqual(self.listed("--limit", "2", "--sort", "-answered"),
                         ["a@x.example", "b@x.example"])
        self.assertEqual(self.listed("--limit", "1", "--sort", "sender"), ["a@x.example"])
        self.assertEqual(len(self.listed("--limit", "9", "--sort", "sender")), 3)

    def test_what_is_too_much_to_sort_is_refused_and_a_limit_is_the_way_out(self):
        self.store(*(record(f"person{number:06}@y.example") for number in range(100_000)))
        self.assert_usage(["list", "--sort", "sender"], "--limit", "100000")
        self.assertEqual(self.listed("--sort", "-sender", "--limit", "2"),
                         ["person099999@y.example", "person099998@y.example"])
        self.assertEqual(len(self.listed("--sort", "responder")), 100_003)


class Formats(ListTestCase):
    def csv(self, *records):
        self.store(*records)
        done = subprocess.run([BIN / "inforeply-cache", "--cache", self.place.cache, "-c",
                               self.place.configuration, "list", "--format", "csv"],
                              capture_output=True, check=True)
        return done.stdout.decode()

    def test_csv_has_a_heading_crlf_and_quotes_where_they_are_needed(self):
        text = self.csv(record("alice@a.example", message_id='<a"b,c@d>', expires_at=None))
        self.assertEqual(text, "responder,sender,handle,state,answered_at,expires_at,count,"
                               "message_id\r\ninfo@our.example,alice@a.example,winter,answered,"
                               "2024-05-10T12:00:00Z,,1,\"<a\"\"b,c@d>\"\r\n")

    def test_csv_of_an_empty_list_is_its_heading(self):
        self.assertEqual(len(self.csv().splitlines()), 1)

    def test_csv_gives_a_spreadsheet_no_formula_of_a_stranger(self):
        text = self.csv(record("=1+cmd@a.example"), record("-2@a.example", message_id="@sum(a1)"),
                        record("b@a.example", handle="=1+1", message_id="\t=1"))
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        self.assertIn("'=1@a.example", cells)
        self.assertIn("'@sum(a1)", cells)
        self.assertEqual([cell for cell in cells if cell[:1] in "=+-@\t\r" and cell], [])

    def test_csv_knows_the_full_width_forms_and_the_byte_order_mark(self):
        text = self.csv(*(record(f"{name}@a.example", handle=f"{sign}1+1")
                          for name, sign in zip("abcde", "\uff1d\uff0b\uff0d\uff20\ufeff")))
        handles = [row["handle"] for row in csv.DictReader(io.StringIO(text))]
        self.assertEqual({handle[0] for handle in handles}, {"'"})

    def test_nothing_changes_the_direction_or_the_terminal(self):
        controls = "\u202e\u2066\u0085\u009b"
        self.store(record("a@a.example", handle=f"x{controls}y", message_id=f"<{controls}@z>"))
        for command in [["list"], ["list", "--format", "csv"],
                        ["show", "info@our.example", "a@a.example"], ["list", "--format", "json"],
                        ["export"], ["show", "info@our.example", "a@a.example", "--format", "json"]]:
            with self.subTest(command):
                shown = self.tool("cache", *command).stdout
                self.assertEqual(set(shown) & set(controls), set())
                self.assertIn("x", shown)
        self.assertEqual(self.records()[0]["handle"], f"x{controls}y", "JSON is exact")

    def test_json_is_exact_where_csv_takes_care(self):
        self.store(record("-2@a.example", handle="=1+1"))
        [listed] = self.records()
        self.assertEqual((listed["sender"], listed["handle"]), ("-2@a.example", "=1+1"))

    def test_the_table_is_whole_where_no_terminal_is(self):
        sender = "a" * 60 + "@" + "b" * 60 + ".example"
        self.store(record(sender))
        self.assertIn(sender, self.tool("cache", "list").stdout)

    def test_the_table_tells_two_replies_to_one_person_apart(self):
        handles = ["winter", "winter/prices", "71dd7a5fc35275a9"]
        self.store(*(record("alice@a.example", handle=handle) for handle in handles))
        heading, *rows = self.tool("cache", "list").stdout.splitlines()
        self.assertEqual(heading.split()[:4], ["RESPONDER", "SENDER", "HANDLE", "STATE"])
        self.assertEqual([row.split()[2] for row in rows], sorted(handles))

    def test_a_reader_that_has_seen_enough_is_no_fault(self):
        self.store(*(record(f"person{number}@a.example") for number in range(5000)))
        for command in ("list", "export"):
            with self.subTest(command), subprocess.Popen(
                    [BIN / "inforeply-cache", "--cache", self.place.cache, "-c",
                     self.place.configuration, command], stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE) as process:
                process.stdout.read(10)
                process.stdout.close()
                self.assertEqual(process.stderr.read(), b"")
                self.assertEqual(process.wait(), 0)


class Terminal(ListTestCase):
    LONG = "x" * 50 + "@" + "y" * 40 + ".example"

    def on_terminal(self, *arguments, width=80, **variables):
        """What a terminal of that width is given."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        others = {name: value for name, value in environment().items() if name != "NO_COLOR"}
        process = subprocess.Popen(
            [BIN / "inforeply-cache", "--cache", self.place.cache, "-c",
             self.place.configuration, "list", *arguments], stdout=theirs,
            env=others | {"TERM": "xterm"} | variables)
        os.close(theirs)
        shown = b""
        while True:
            try:
                read = os.read(ours, 65536)
            except OSError:  # how Linux tells the end
                break
            if not read:
                break
            shown += read
        os.close(ours)
        self.assertEqual(process.wait(), 0)
        return shown.decode().splitlines()

    def test_every_line_fits_and_what_is_cut_ends_in_an_ellipsis(self):
        self.store(record(self.LONG), record("界" * 30 + "@a.example"), record("bob@b.example"))
        for width in (30, 80, 100, 200):
            with self.subTest(width):
                lines = self.on_terminal(width=width, NO_COLOR="1")
                self.assertEqual(len(lines), 4)
                self.assertLessEqual(max(map(columns, lines)), width)
        self.assertEqual(sum("…" in line for line in self.on_terminal(width=100, NO_COLOR="1")), 2)
        self.assertNotIn("…", "".join(self.on_terminal(width=200, NO_COLOR="1")))

    def test_a_handle_keeps_its_section_or_its_start_where_it_is_cut(self):
        handles = ["71dd7a5fc35275a9", "opening-hours/holiday", "opening-hours/prices-2026"]
        self.store(*(record("somebody-with-a-long-name@a.example", handle=handle)
                     for handle in handles))
        lines = self.on_terminal(width=80, NO_COLOR="1")
        self.assertEqual([line.split()[2] for line in lines],
                         ["HANDLE", "71dd7a5f…", "…/holiday", "…/prices…"])
        self.assertTrue(all(line.endswith("1") for line in lines[1:]), "nothing is lost of a line")
        lines = self.on_terminal(width=160, NO_COLOR="1")
        self.assertEqual([line.split()[2] for line in lines], ["HANDLE", *handles])

    def test_columns_stand_below_each_other_by_what_is_seen(self):
        self.store(record("界界@a.example"), record("bob@b.example"))
        lines = self.on_terminal(width=120, NO_COLOR="1")
        places = {columns(line[:line.index("answered")]) for line in lines[1:]}
        self.assertEqual(places, {columns(lines[0][:lines[0].index("STATE")])})

    def test_the_heading_is_bold_and_what_has_expired_is_dim(self):
        self.store(record("old@a.example"), record("still@a.example", expires_at=None))
        heading, old, still = self.on_terminal(width=120)
        self.assertRegex(heading, r"\A\x1b\[1mRESPONDER.*\x1b\[0m\Z")
        self.assertRegex(old, r"\A\x1b\[2minfo@our.example.*\x1b\[0m\Z")
        self.assertNotIn("\x1b", still)

    def test_no_styles_where_they_are_not_wanted(self):
        self.store(record("old@a.example"))
        for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}):
            with self.subTest(variables):
                self.assertNotIn("\x1b", "".join(self.on_terminal(**variables)))
        self.assertIn("\x1b", "".join(self.on_terminal(NO_COLOR="")))
        self.assertNotIn("\x1b", self.tool("cache", "list").stdout)

    def test_json_on_a_terminal_is_whole(self):
        self.store(record(self.LONG))
        [line] = self.on_terminal("--format", "json", width=40)
        self.assertEqual(json.loads(line)["sender"], self.LONG)


class Show(ListTestCase):
    def shown(self, *arguments):
        return self.tool_output("cache", "show", "info@our.example", "alice@a.example", *arguments)

    def fate(self, **others):
        self.store(record("alice@a.example", **others))
        return re.search(r"^now: +(.*)$", self.shown(), re.M)[1]

    def test_a_reply_that_has_expired_is_given_again(self):
        self.assertEqual(self.fate(), "answered again")

    def test_a_reply_that_counts_leaves_the_next_message_unanswered_until_it_expires(self):
        end = utc(time.time() + DAY)
        self.assertEqual(self.fate(expires_at=end), f"left unanswered until {end}")
        self.assertEqual(json.loads(self.shown("--format", "json"))["now"],
                         f"left unanswered until {end}")

    def test_a_reply_that_never_expires_is_the_only_one(self):
        self.assertEqual(self.fate(expires_at=None), "left unanswered for good")

    def test_a_reply_of_a_wrong_clock_does_not_count(self):
        self.assertEqual(self.fate(answered_at=utc(time.time() + 3 * DAY), expires_at=None),
                         "answered again")

    def test_json_is_the_record_and_what_happens_now(self):
        self.store(record("alice@a.example"))
        self.assertEqual(json.loads(self.shown("--format", "json")),
                         record("alice@a.example") | {"now": "answered again"})

    def test_times_say_how_far_they_are(self):
        self.store(record("alice@a.example", answered_at=utc(time.time() - 3 * DAY - 60),
                          expires_at=utc(time.time() + 5 * DAY + 60)))
        self.assertIn("(3 days ago)", self.shown())
        self.assertIn("(in 5 days)", self.shown())

    def test_csv_is_not_for_a_person(self):
        self.assert_usage(["show", "info@our.example", "alice@a.example", "--format", "csv"],
                          "--format")


if __name__ == "__main__":
    unittest.main()
