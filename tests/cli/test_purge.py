"""inforeply-purge on caches that the responder itself has written.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_purge.py
"""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.dont_write_bytecode = True

from programs import BIN, environment, wait_for
from test_tools import ToolTestCase

DAY = 24 * 3600
PURGE_LOCK = 1 << 61  # the octet of the cache that a purge locks
F_OFD_SETLK = 37


class PurgeTestCase(ToolTestCase):
    """The records are of 14 November 2023 and last seven days, so by now all have expired, but for
    those that are answered today."""

    def setUp(self):
        super().setUp()
        for number in range(5):
            self.answer(f"old{number}@a.example")
        self.today = int(time.time())
        self.answer("new@a.example", now=self.today)

    def purge(self, *arguments):
        """Its summary, without the times it took."""
        done = self.tool("purge", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return re.sub(r" in (\d+\.\d|\d+( min \d+)?) s\b", " in TIME", done.stdout)


class Removal(PurgeTestCase):
    def test_removes_what_has_expired_and_says_how_many(self):
        self.assertEqual(self.purge(), "removed 5 records in TIME\n")
        self.assertEqual(self.senders(), ["new@a.example"])
        self.assertEqual(self.purge(), "removed 0 records in TIME\n")

    def test_a_dry_run_only_counts(self):
        self.assertEqual(self.purge("--dry-run"), "would remove 5 records\n")
        self.assertEqual(len(self.records()), 6)

    def test_batches_of_one_remove_the_same(self):
        self.assertEqual(self.purge("--batch", "1"), "removed 5 records in TIME\n")

    def test_older_than_goes_by_age_even_what_never_expires(self):
        self.place.set_responder("interval = once")
        self.answer("once@a.example", now=self.today - 100 * DAY)
        self.answer("recent@a.example", now=self.today - 10 * DAY)
        self.assertEqual(self.purge("--older-than", "90d", "--dry-run"),
                         "would remove 6 records\n")
        self.assertEqual(self.purge("--older-than", "90d"), "removed 6 records in TIME\n")
        self.assertEqual(self.senders(), ["new@a.example", "recent@a.example"])

    def test_one_responder_alone(self):
        self.place.set_responder("ignore = not-addressed", path="responders/our.example.conf")
        self.answer("old@a.example", "sales@our.example")
        self.assertEqual(self.purge("--responder", "Sales+x@Our.Example", "--dry-run"),
                         "would remove 1 record\n")
        self.assertEqual(self.purge("--responder", "Sales+x@Our.Example"),
                         "removed 1 record in TIME\n")
        self.assertEqual(len(self.records()), 6)

    def test_quiet_says_nothing(self):
        self.assertEqual(self.purge("--quiet"), "")
        self.assertEqual(len(self.records()), 1)

    def test_bad_values_name_the_option(self):
        for option, value in (("--older-than", "soon"), ("--batch", "0"), ("--batch", "x"),
                              ("--batch", "100001"), ("--responder", "nobody"),
                              ("--patience", "0"), ("--patience", "2d")):
            with self.subTest(f"{option} {value}"):
                self.assert_refused(self.tool("purge", option, value), 64, option)
        self.assert_refused(self.tool("purge", "--compact", "--dry-run"), 64, "--compact")
        self.assert_refused(self.tool("purge", "everything"), 64, "everything")
        self.assertEqual(len(self.records()), 6)


class Beside(PurgeTestCase):
    """Another purge is at work."""

    def setUp(self):
        super().setUp()
        # As the other one has it: nothing that a test could do would keep a real one at work.
        cache = open(self.place.cache, "r+b")
        self.addCleanup(cache.close)
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, PURGE_LOCK, 1, 0)
        fcntl.fcntl(cache, F_OFD_SETLK, lock)

    def test_a_second_one_leaves_with_status_0_and_says_so(self):
        for options in ([], ["--compact"]):
            self.assertEqual(self.purge(*options),
                             "nothing done: another inforeply-purge is at work\n")
        self.assertEqual(self.purge("--quiet"), "")
        self.assertEqual(len(self.records()), 6)

    def test_counting_goes_on(self):
        self.assertEqual(self.purge("--dry-run"), "would remove 5 records\n")

    def test_deliveries_go_on(self):
        self.answer("bob@a.example")


class Compaction(PurgeTestCase):
    SUMMARY = r"removed (\d+) records in TIME, compacted from ([\d.]+) KiB to ([\d.]+) KiB in TIME\n"

    def test_makes_the_file_smaller_and_says_by_how_much(self):
        before = self.place.cache.stat().st_size
        summary = re.fullmatch(self.SUMMARY, self.purge("--compact"))
        self.assertTrue(summary)
        after = self.place.cache.stat().st_size
        self.assertLess(after, before)
        self.assertEqual(summary.groups(), ("5", f"{before / 1024:.1f}", f"{after / 1024:.1f}"))
        self.assertEqual(self.senders(), ["new@a.example"])
        self.assert_suppressed(
            self.place.run(None, "--now", self.today, sender="new@a.example"), "recently-answered")
        self.answer("bob@a.example")

    def test_leaves_nothing_beside_the_cache(self):
        before = self.place.files()
        self.purge("--compact")
        self.assertEqual(self.place.files(), before)

    def test_what_a_killed_one_has_left_is_removed_by_the_next_purge(self):
        rubbish = self.place.write("cache.mdb.compact", b"half a cache")
        self.purge()
        self.assertFalse(rubbish.exists())

    def test_killed_at_any_moment_it_leaves_a_cache_that_works(self):
        for number in range(40):
            process = subprocess.Popen([BIN / "inforeply-purge", "-c", self.place.configuration,
                                        "--cache", self.place.cache, "--compact", "--quiet"])
            time.sleep(number / 4000)
            process.kill()
            process.wait()
            self.answer(f"bob{number}@a.example", now=self.today)
        self.purge("--compact")
        self.assertEqual(self.senders(), sorted([f"bob{number}@a.example" for number in range(40)]
                                                + ["new@a.example"]))
        self.assertFalse((self.place.folder / "cache.mdb.compact").exists())

    def assert_not_compacted(self):
        inode = self.place.cache.stat().st_ino
        done = self.tool("purge", "--compact", "--patience", "1s")
        self.assertEqual(done.returncode, 69)
        self.assertRegex(done.stdout, r"\Aremoved 5 records in .* s\n\Z")
        self.assertEqual(done.stderr, f"inforeply-purge: cannot compact cache {self.place.cache}: "
                                      "others have it open\n")
        self.assertEqual(self.place.cache.stat().st_ino, inode)
        self.assertFalse((self.place.folder / "cache.mdb.compact").exists())

    def test_a_delivery_that_has_the_cache_open_too_long_keeps_it_as_it_is(self):
        self.place.set_mailer(f"touch {self.place.folder}/waits; exec sleep 60")
        delivery = self.place.start(None, "--now", self.today, sender="bob@a.example")
        self.addCleanup(delivery.communicate)
        self.addCleanup(delivery.terminate)
        wait_for((self.place.folder / "waits").exists, "the mailer to be called")
        self.assert_not_compacted()
        self.assertEqual(self.senders(), ["bob@a.example", "new@a.example"])

    def test_so_does_another_program_that_knows_lmdb_alone(self):
        program = ("import lmdb, sys\n"
                   "env = lmdb.open(sys.argv[1], subdir=False, max_dbs=4)\n"
                   "print('open', flush=True)\n"
                   "sys.stdin.read()\n")
        with subprocess.Popen([sys.executable, "-I", "-c", program, self.place.cache],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            self.assertEqual(other.stdout.readline(), b"open\n")
            self.assert_not_compacted()
            other.stdin.close()
        self.assertRegex(self.purge("--compact"), self.SUMMARY)


class OnATerminal(PurgeTestCase):
    def run_on_terminal(self, *options, columns=80, **variables):
        """What a terminal is sent on standard error, and what goes to standard output."""
        mine, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        command = [BIN / "inforeply-purge", "-c", self.place.configuration,
                   "--cache", self.place.cache, *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=its,
                              env=environment() | {"TERM": "xterm", "NO_COLOR": ""} | variables)
        os.close(its)
        sent = b""
        try:
            while octets := os.read(mine, 10000):
                sent += octets
        except OSError:  # its other end is closed
            pass
        os.close(mine)
        self.assertEqual(done.returncode, 0)
        return sent.decode(), done.stdout.decode()

    def test_the_progress_is_shown_and_cleared_at_the_end(self):
        sent, printed = self.run_on_terminal("--batch", "1")
        self.assertIn("removing  [", sent)
        self.assertIn("0 of 5", sent)
        self.assertTrue(sent.endswith("\r\x1b[K"), sent)
        self.assertNotIn("\n", sent)
        self.assertRegex(printed, r"\Aremoved 5 records in .* s\n\Z")
        self.assertEqual(self.senders(), ["new@a.example"])

    def test_no_line_is_wider_than_the_terminal(self):
        sent, _ = self.run_on_terminal(columns=30, NO_COLOR="1")
        lines = [line.replace("\x1b[K", "") for line in sent.split("\r")]
        self.assertGreater(max(map(len, lines)), 10)
        self.assertLess(max(map(len, lines)), 30)

    def test_without_colour_where_none_is_wanted(self):
        self.assertIn("\x1b[32m", self.run_on_terminal()[0])
        self.assertNotIn("\x1b[3", self.run_on_terminal(NO_COLOR="1")[0])

    def test_nothing_on_a_dumb_one_or_when_quiet(self):
        for options, variables in (([], {"TERM": "dumb"}), ([], {"TERM": ""}), (["--quiet"], {})):
            self.assertEqual(self.run_on_terminal(*options, **variables)[0], "")

    def test_nothing_elsewhere(self):
        self.assertEqual(self.tool("purge", "--batch", "1").stderr, "")


class Stopped(PurgeTestCase):
    def test_a_stopped_writer_is_not_waited_for_without_an_end(self):
        program = ("import lmdb, os, signal, sys\n"
                   "env = lmdb.open(sys.argv[1], subdir=False, max_dbs=4)\n"
                   "with env.begin(write=True) as txn:\n"
                   "    print('open', flush=True)\n"
                   "    sys.stdin.read()\n")
        other = subprocess.Popen([sys.executable, "-I", "-c", program, self.place.cache],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self.assertEqual(other.stdout.readline(), b"open\n")
            other.send_signal(signal.SIGSTOP)
            done = self.tool("purge", "--patience", "1s")
            self.assert_refused(done, 69, self.place.cache, "another process holds it")
            self.assertEqual(len(self.records()), 6)  # reading waits for nobody
        finally:
            other.kill()
            other.communicate()
        self.assertEqual(self.purge(), "removed 5 records in TIME\n")


if __name__ == "__main__":
    unittest.main()
