"""inforeply-cache stats: the figures of a cache, as text, as a picture and as JSON.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_cache_stats.py
"""

import fcntl
import json
import os
import pty
import re
import resource
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.dont_write_bytecode = True

from cache_file import PENDING, tables
from programs import BIN, SANITIZED, HangingMailer, TestCase, environment, finish

DAY = 24 * 3600


class StatsTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.now = int(time.time())

    def stats(self, *options):
        return json.loads(self.tool_output("cache", "stats", "--format", "json", *options))

    def fill(self, *records):
        """Each as (responder, sender, answered so many seconds ago, more of `add`)."""
        with tables(self.place.cache) as cache:
            for responder, sender, ago, *more in records:
                cache.add(responder, sender, self.now - ago, **(more[0] if more else {}))

    def draw(self, columns, variables=None):
        """What `stats` prints on a terminal so wide."""
        terminal, other = pty.openpty()
        self.addCleanup(os.close, terminal)
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        environ = environment() | {"TERM": "xterm", "LC_ALL": "C.UTF-8"} | (variables or {})
        if not variables or "NO_COLOR" not in variables:
            environ.pop("NO_COLOR", None)
        process = subprocess.Popen(
            [BIN / "inforeply-cache", "-c", self.place.configuration, "--cache", self.place.cache,
             "stats"], stdout=other, env=environ)
        os.close(other)
        drawn = b""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # how a terminal on Linux ends
                break
            if not piece:
                break
            drawn += piece
        self.assertEqual(process.wait(), 0)
        return drawn.decode().replace("\r\n", "\n")


class Figures(StatsTestCase):
    def test_counts_records_by_state_and_the_replies_of_all(self):
        past, future = self.now - 10, self.now + DAY
        self.fill(("info@our.example", "a@a.example", 60, {"expires_at": future, "count": 3}),
                  ("info@our.example", "b@a.example", 60, {"expires_at": past}),
                  ("info@our.example", "c@a.example", 60, {"expires_at": None}),
                  ("info@our.example", "d@a.example", 60,
                   {"expires_at": future, "count": 0, "state": PENDING}),
                  ("info@our.example", "e@a.example", 60,
                   {"expires_at": past, "count": 2, "state": PENDING}))
        stats = self.stats()
        self.assertEqual(stats["records"],
                         {"total": 5, "answered": 3, "pending": 2, "expired": 2})
        self.assertEqual(stats["replies"], 7)

    def test_what_the_responder_has_written_is_counted(self):
        self.assert_replied(self.place.run(None, "--now", self.now))
        stats = self.stats()
        self.assertEqual(stats["replies"], 1)
        self.assertEqual(stats["responders"]["top"],
                         [{"responder": "info@our.example", "records": 1, "replies": 1}])
        self.assertEqual(stats["sender_domains"]["top"],
                         [{"domain": "sender.example", "records": 1, "replies": 1}])

    def test_responders_and_domains_come_by_replies_then_records_then_name(self):
        self.fill(("a@our.example", "x@one.example", 5),
                  ("a@our.example", "y@two.example", 5),
                  ("b@our.example", "x@one.example", 5, {"count": 9}),
                  ("c@our.example", "x@b.example", 5),
                  ("d@our.example", "x@a.example", 5))
        stats = self.stats()
        self.assertEqual([(each["responder"][0], each["records"], each["replies"])
                          for each in stats["responders"]["top"]],
                         [("b", 1, 9), ("a", 2, 2), ("c", 1, 1), ("d", 1, 1)])
        self.assertEqual([each["domain"] for each in stats["sender_domains"]["top"]],
                         ["one.example", "a.example", "b.example", "two.example"])
        self.assertEqual((stats["responders"]["count"], stats["sender_domains"]["count"]), (4, 4))
        self.assertTrue(stats["sender_domains"]["exact"])

    def test_top_says_how_many_are_shown_and_the_count_is_of_all(self):
        self.fill(*(("info@our.example", f"x@d{number}.example", 5) for number in range(25)))
        self.assertEqual(len(self.stats()["sender_domains"]["top"]), 10)
        stats = self.stats("--top", "3")
        self.assertEqual(len(stats["sender_domains"]["top"]), 3)
        self.assertEqual(stats["sender_domains"]["count"], 25)

    def test_a_domain_is_what_stands_behind_the_last_at_sign(self):
        self.fill(("info@our.example", "a@b@c.example", 5), ("info@our.example", "d@[::1]", 5))
        self.assertEqual({each["domain"] for each in self.stats()["sender_domains"]["top"]},
                         {"c.example", "[::1]"})

    def test_an_answer_stands_at_the_day_of_its_last_reply(self):
        self.fill(*(("info@our.example", f"x{number}@a.example", ago * DAY)
                    for number, ago in enumerate((0, 1, 1, 28, 40, 400))),
                  ("info@our.example", "p@a.example", DAY, {"count": 0, "state": PENDING}))
        stats = self.stats()
        days = {each["day"]: each["answered"] for each in stats["by_day"]}
        self.assertEqual(len(days), 30)
        self.assertEqual(max(days), stats["measured_at"][:10])
        expected = {time.strftime("%Y-%m-%d", time.gmtime(self.now - ago * DAY)): number
                    for ago, number in ((0, 1), (1, 2), (28, 1))}
        self.assertEqual({day: number for day, number in days.items() if number > 0}, expected)

    def test_entries_are_grouped_by_age(self):
        self.fill(*(("info@our.example", f"x{number}@a.example", ago)
                    for number, ago in enumerate((60, 2 * 3600, 2 * DAY, 8 * DAY, 31 * DAY,
                                                  91 * DAY, 366 * DAY))))
        self.assertEqual([each["records"] for each in self.stats()["ages"]], [1] * 7)

    def test_what_a_wrong_clock_has_written_is_told_apart(self):
        self.fill(("info@our.example", "x@a.example", -3 * DAY),
                  ("info@our.example", "y@a.example", -60))  # as far as clocks may differ
        stats = self.stats()
        self.assertEqual(stats["from_the_future"], 1)
        self.assertEqual(stats["ages"][0]["records"], 1)
        self.assertIn("from the future", self.tool_output("cache", "stats"))

    def test_an_empty_cache_has_figures_too(self):
        with tables(self.place.cache):
            pass
        stats = self.stats()
        self.assertEqual((stats["records"]["total"], stats["responders"]["top"]), (0, []))
        self.assertIn("Replies sent", self.tool_output("cache", "stats"))
        self.assertIn("Replies sent", self.draw(80))


SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\d+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')


def parse_exposition(text):
    """The samples of Prometheus' text format 0.0.4 by name, each a list of (labels, value), read more
    strictly than the format asks: gauges with help, type and samples in a row, each name once, whole
    numbers, and no labels twice."""
    assert text.endswith("\n")
    metrics, name, expects = {}, None, "HELP"
    for line in text.removesuffix("\n").split("\n"):
        assert line.isprintable() and line == line.strip(), line
        if line.startswith("#"):
            mark, kind, name_here, words = line.split(" ", 3)
            assert (mark, kind) == ("#", expects), line
            if kind == "HELP":
                assert words and "\\" not in words and name_here not in metrics, line
                name, metrics[name_here], expects = name_here, [], "TYPE"
            else:
                assert (name_here, words) == (name, "gauge"), line
                expects = "sample"
            continue
        assert expects in ("sample", "HELP"), line
        named, labels, value = SAMPLE.fullmatch(line).groups()
        pairs = LABEL.findall(labels)
        assert LABEL.sub("", labels) == "", labels
        assert named == name and len(dict(pairs)) == len(pairs), line
        unescaped = {label: re.sub(r"\\(.)", lambda found: found[1].replace("n", "\n"), text)
                     for label, text in pairs}
        assert unescaped not in [others for others, _ in metrics[name]], line
        metrics[name].append((unescaped, int(value)))
        expects = "HELP"
    assert all(metrics.values()) and expects == "HELP"
    return metrics


class Prometheus(StatsTestCase):
    def metrics(self):
        """Values by name; by name and kind or state where there are several."""
        values = {}
        for name, samples in parse_exposition(
                self.tool_output("cache", "stats", "--format", "prometheus")).items():
            for labels, value in samples:
                self.assertEqual(labels.pop("cache"), str(self.place.cache))
                self.assertEqual(labels.pop("mode"), "live")
                values[(name, *labels.values()) if labels else name] = value
        return values

    def test_records_replies_and_the_oldest_pending(self):
        past, future = self.now - 10, self.now + DAY
        self.fill(("info@our.example", "a@a.example", 60, {"expires_at": future, "count": 3}),
                  ("info@our.example", "b@a.example", 3500, {"expires_at": past}),
                  ("info@our.example", "c@a.example", 3700),
                  ("info@our.example", "d@a.example", DAY - 100),
                  ("info@our.example", "e@a.example", DAY + 1),
                  ("info@our.example", "f@a.example", 900, {"count": 0, "state": PENDING}),
                  ("info@our.example", "g@a.example", 30, {"count": 0, "state": PENDING}),
                  ("info@our.example", "h@a.example", -3 * DAY))
        metrics = self.metrics()
        self.assertIn(metrics.pop("inforeply_oldest_pending_age_seconds"), range(900, 960))
        expected = {("inforeply_records", "answered"): 6, ("inforeply_records", "pending"): 2,
                    "inforeply_expired_records": 1, "inforeply_replies_last_hour": 2,
                    "inforeply_replies_last_day": 4}
        self.assertEqual({name: metrics[name] for name in expected}, expected)

    def test_the_file(self):
        self.fill(("info@our.example", "a@a.example", 60))
        metrics, file = self.metrics(), self.stats()["file"]
        for name, member in (("file_size_bytes", "octets"), ("page_size_bytes", "page_octets"),
                             ("used_pages", "used_pages"), ("free_pages", "free_pages")):
            self.assertEqual(metrics[f"inforeply_cache_{name}"], file[member], name)
        self.assertGreater(file["octets"], 0)

    def reached(self):
        return {name[1]: value for name, value in self.metrics().items()
                if name[0] == "inforeply_limits_reached"}

    def test_limits_that_are_reached(self):
        """As the last reply found them: what is refused writes nothing."""
        self.place.configure("limit = 3/1h", "limit-sender-domain = 2/1h")
        self.place.set_responder("limit = 5/1h\ninterval = 0\nlimit-person = 1/1h", brakes=True)
        expected = {"all": 0, "domain": 0, "person": 0, "responder": 0}
        for number, (sender, more) in enumerate((
                ("a@a.example", {"person": 1}), ("b@a.example", {"person": 2, "domain": 1}),
                ("c@b.example", {"person": 3, "all": 1}))):
            outcome = self.place.run(None, "--now", self.now, "--queue-id", number, sender=sender)
            self.assert_replied(outcome)
            expected |= more
            self.assertEqual(self.reached(), expected)
        before = self.place.cache.read_bytes()
        self.assert_suppressed(self.place.run(None, "--now", self.now, sender="a@a.example"),
                               "rate-limited")
        self.assertEqual(self.place.cache.read_bytes(), before)
        self.assertEqual(self.reached(), expected)

    def test_a_limit_whose_time_is_over_is_none(self):
        self.place.set_responder("limit = 1/1h")
        self.assert_replied(self.place.run(None, "--now", self.now - 3601))
        self.assertEqual(set(self.reached().values()), {0})

    def test_a_counter_of_an_older_version_is_passed_over(self):
        self.place.set_responder("limit = 1/1h")
        self.assert_replied(self.place.run(None, "--now", self.now))
        self.assertEqual(self.reached()["responder"], 1)
        with tables(self.place.cache) as cache:
            for key in cache.keys("limits"):
                value = cache.get("limits", key)
                cache.put("limits", key, value[:8] + value[20:])
        self.assertEqual(self.reached()["responder"], 0)
        self.assert_suppressed(self.place.run(None, "--now", self.now, sender="b@b.example"),
                               "rate-limited")
        self.assertEqual(self.tool("cache", "check").returncode, 0)

    def test_an_empty_cache_tells_zeros(self):
        with tables(self.place.cache):
            pass
        metrics = self.metrics()
        self.assertEqual({name for name, value in metrics.items() if value != 0},
                         {f"inforeply_cache_{name}"
                          for name in ("file_size_bytes", "page_size_bytes", "used_pages")})

    def test_a_path_cannot_break_the_format(self):
        for name in ('a"b', "a\\b", "a\\nb", 'x"} 1', "\N{HIRAGANA LETTER A}"):
            with self.subTest(name):
                self.place.cache = self.place.folder / f"{name}.mdb"
                self.fill(("info@our.example", "a@a.example", 60))
                self.assertEqual(self.metrics()[("inforeply_records", "answered")], 1)


class TheFile(StatsTestCase):
    def mdb_stat(self):
        done = subprocess.run(["mdb_stat", "-nef", self.place.cache], capture_output=True,
                              text=True, check=True)
        return {name.strip(): int(value) for name, value in
                re.findall(r"^ *([A-Z][a-z ]+?): (\d+)$", done.stdout, re.M)
                if name.strip() in ("Number of pages used", "Free pages", "Page size", "Map size",
                                    "Max readers")}

    def test_pages_are_those_that_lmdb_counts(self):
        self.fill(*(("info@our.example", f"x{number}@a.example", 5, {"expires_at": self.now + 60})
                    for number in range(3000)))
        self.tool_output("cache", "forget", "--responder", "info@our.example")
        for _ in range(2):  # pages are free for those behind the transaction that freed them
            self.fill(("info@our.example", f"y{_}@a.example", 5))
        file, other = self.stats()["file"], self.mdb_stat()
        self.assertGreater(file["free_pages"], 50)
        self.assertEqual(file["free_pages"], other["Free pages"])
        self.assertEqual(file["used_pages"] + file["free_pages"], other["Number of pages used"])
        self.assertEqual(file["page_octets"], other["Page size"])
        self.assertEqual(file["max_readers"], other["Max readers"])
        self.assertEqual(file["octets"], self.place.cache.stat().st_size)

    def test_tables_are_measured(self):
        self.fill(("info@our.example", "x@a.example", 5, {"expires_at": self.now + 60}),
                  ("info@our.example", "y@a.example", 5))
        self.assertEqual([(each["name"], each["entries"], each["pages"], each["depth"])
                          for each in self.stats()["file"]["tables"]],
                         [("records", 2, 1, 1), ("expiry", 1, 1, 1), ("limits", 0, 0, 0)])

    def test_readers_are_the_other_processes_that_are_at_work(self):
        self.place.run(sender="bob@sender.example")
        self.assertEqual(self.stats()["file"]["readers"], 0)
        mailer = HangingMailer(self, self.place)
        delivery = self.place.start()
        mailer.wait()
        self.assertEqual(self.stats()["file"]["readers"], 1)
        mailer.let_go()
        finish(delivery)
        self.assertEqual(self.stats()["file"]["readers"], 0)


class ManyDomains(StatsTestCase):
    """More of them than there are counters: strangers choose their number."""

    def setUp(self):
        super().setUp()
        self.fill(*(("info@our.example", f"{number:06}@{number}.example", 5)
                    for number in range(150_000)),
                  *(("info@our.example", f"{number * 300:06}@often.example", 5)
                    for number in range(500)))

    def test_figures_are_lower_bounds_and_say_so(self):
        domains = self.stats("--top", "2")["sender_domains"]
        self.assertFalse(domains["exact"])
        self.assertEqual(domains["count"], 100_000)
        self.assertEqual(domains["top"][0]["domain"], "often.example")
        self.assertLessEqual(domains["top"][0]["records"], 500)
        self.assertGreater(domains["top"][0]["records"], 400)
        self.assertIn("at least 100000", self.tool_output("cache", "stats"))

    @unittest.skipIf(SANITIZED, "sanitizers take memory of their own")
    def test_memory_is_bounded(self):
        limit = 24 * 1024 * 1024  # beside the file, which is mapped
        done = subprocess.run(
            [BIN / "inforeply-cache", "--cache", self.place.cache, "-c", self.place.configuration,
             "stats"], capture_output=True, env=environment(),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)))
        self.assertEqual((done.returncode, done.stderr), (0, b""))


class Picture(StatsTestCase):
    def setUp(self):
        super().setUp()
        self.fill(("info@our.example", "x@often.example", 5, {"count": 8}),
                  ("info@our.example", "y@rare.example", DAY, {"count": 1}),
                  ("info@our.example", f"z@{'long.' * 40}example", 2 * DAY, {"count": 2}))

    def test_a_pipe_gets_plain_columns(self):
        plain = self.tool_output("cache", "stats")
        self.assertTrue(plain.isascii())
        self.assertNotIn("\x1b", plain)
        rows = [line.split() for line in plain.splitlines()]
        self.assertIn(["often.example", "1", "8"], rows)
        self.assertIn(["long." * 40 + "example", "1", "2"], rows)
        self.assertEqual(len(re.findall(r"^  \d{4}-\d\d-\d\d +\d+$", plain, re.M)), 30)

    def test_a_terminal_gets_bars_in_proportion(self):
        drawn = re.sub(r"\x1b\[\d+m", "", self.draw(100))
        lengths = {name: line.count("█") for line in drawn.splitlines()
                   for name in ("often", "rare") if f"{name}.example" in line}
        self.assertGreater(lengths["often"], 20)
        self.assertAlmostEqual(lengths["often"] / 8, lengths["rare"], delta=1)
        self.assertEqual(len(re.findall(r"^  \d{4}-\d\d-\d\d +1  █+$", drawn, re.M)), 3)

    def test_no_line_is_wider_than_the_terminal(self):
        for columns in (30, 44, 80, 132):
            with self.subTest(columns):
                drawn = re.sub(r"\x1b\[\d+m", "", self.draw(columns))
                figures = drawn[drawn.index("Replies sent"):]
                widest = max(figures.splitlines(), key=len)
                self.assertLessEqual(len(widest), max(columns, 52), widest)

    def test_colours_are_left_out_where_they_are_not_wanted(self):
        self.assertIn("\x1b[", self.draw(80))
        self.assertIn("\x1b[", self.draw(80, {"NO_COLOR": ""}))
        for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            with self.subTest(variables):
                drawn = self.draw(80, variables)
                self.assertNotIn("\x1b", drawn)
                self.assertIn("█", drawn)

    def test_a_locale_without_unicode_gets_bars_of_ascii(self):
        drawn = self.draw(80, {"LC_ALL": "C"})
        self.assertIn("####", drawn)
        self.assertTrue(drawn.isascii() or "…" in drawn)
        self.assertNotIn("█", drawn)

    def test_a_sender_cannot_send_the_terminal_commands(self):
        self.fill(("info@our.example", "x@\x1b[31mred.example", 5))
        self.assertNotIn("\x1b[31m", self.draw(80))
        self.assertNotIn("\x1b", self.tool_output("cache", "stats"))


class Usage(StatsTestCase):
    def test_bad_options_are_told(self):
        self.fill(("info@our.example", "x@a.example", 5))
        for arguments in (["--top", "0"], ["--top", "x"], ["--top", "10001"],
                          ["--format", "xml"], ["extra"]):
            with self.subTest(arguments):
                done = self.tool("cache", "stats", *arguments)
                self.assertEqual((done.returncode, done.stdout), (64, ""))
                self.assertEqual(len(done.stderr.splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
