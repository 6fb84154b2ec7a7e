"""inforeply-cache check and backup: caches that are damaged, and copies of them.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_cache_check.py
"""

import resource
import signal
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True

from cache_file import encode, expiry_key, expiry_value, record_key, tables
from programs import BIN, NOW, HangingMailer, TestCase, environment, finish, mail, wait_for

WEEK = 7 * 24 * 3600
ALICE = record_key("info@our.example", "alice@a.example")


class CheckTestCase(TestCase):
    def fill(self, *names):
        with tables(self.place.cache) as cache:
            for name in names:
                cache.add("info@our.example", f"{name}@a.example", NOW, NOW + WEEK)

    def check(self, *options):
        """The exit status, the faults, and the summary behind them."""
        done = self.tool("cache", "check", *options)
        self.assertEqual(done.stderr, "")
        *faults, summary = done.stdout.splitlines()
        return done.returncode, faults, summary


class Check(CheckTestCase):
    def test_a_sound_cache_is_called_so(self):
        self.fill("alice", "bob")
        status, faults, summary = self.check()
        self.assertEqual((status, faults), (0, []))
        self.assertIn("format 1, 2 records,", summary)
        self.assertTrue(summary.endswith(": sound"), summary)

    def test_what_the_responder_has_written_is_sound(self):
        self.place.set_responder("limit = 100/1h")
        for interval in ("7d", "0", "once"):
            self.place.set_responder(f"limit = 100/1h\ninterval = {interval}")
            self.assert_replied(self.place.run(sender=f"{'x' * 60}@{'long.' * 35}example"))
        self.assertEqual(self.check()[0], 0)

    def assert_fault_and_repair(self, fault, count):
        """It is told and left alone, then told and mended, then gone."""
        before = self.place.cache.read_bytes()
        status, faults, summary = self.check()
        self.assertEqual(status, 65)
        self.assertTrue(any(fault in line and "alice@a.example" in line for line in faults), faults)
        self.assertIn(count, summary)
        self.assertTrue(summary.endswith(": not sound"), summary)
        self.assertEqual(self.place.cache.read_bytes(), before)

        status, repaired, summary = self.check("--repair")
        self.assertEqual((status, repaired), (0, faults))
        self.assertTrue(summary.endswith(": repaired"), summary)
        self.assertEqual(self.check()[:2], (0, []))

    def test_a_record_that_is_missing_in_the_index_is_put_there(self):
        self.fill("alice", "bob")
        with tables(self.place.cache) as cache:
            cache.delete("expiry", expiry_key(NOW + WEEK, ALICE))
        self.assert_fault_and_repair("not in the index", "1 not in the index")
        self.assertRegex(self.tool_output("purge"), "^removed 2 records in ")

    def test_an_entry_of_another_time_is_taken_out(self):
        self.fill("alice")
        with tables(self.place.cache) as cache:
            cache.put("expiry", expiry_key(NOW + 60, ALICE), expiry_value(NOW + 60))
        self.assert_fault_and_repair("in the index by expiry, but not so", "1 stray")
        self.assertEqual(len(self.records()), 1)

    def test_an_entry_of_another_second_is_corrected(self):
        self.fill("alice")
        with tables(self.place.cache) as cache:
            cache.put("expiry", expiry_key(NOW + WEEK, ALICE), expiry_value(NOW + WEEK + 1))
        self.assert_fault_and_repair("not in the index", "1 not in the index, 0 stray")

    def test_an_entry_without_its_record_is_taken_out(self):
        self.fill("alice", "bob")
        with tables(self.place.cache) as cache:
            cache.delete("records", ALICE)
        self.assert_fault_and_repair("in the index by expiry, but not so", "1 stray")
        self.assertEqual(self.senders(), ["bob@a.example"])

    def test_a_damaged_record_goes_with_its_entry(self):
        self.fill("alice", "bob")
        with tables(self.place.cache) as cache:
            cache.put("records", ALICE, encode(NOW, NOW + WEEK)[:10])
        self.assertEqual(self.tool("cache", "list").returncode, 69)
        self.assert_fault_and_repair("a damaged record", "1 damaged, 0 not in the index, 1 stray")
        self.assertEqual(self.senders(), ["bob@a.example"])

    def test_a_state_that_there_is_not_is_damage(self):
        self.fill("alice")
        with tables(self.place.cache) as cache:
            cache.put("records", ALICE, encode(NOW, NOW + WEEK, state=7))
        self.assert_fault_and_repair("a damaged record", "1 damaged")

    def test_a_damaged_counter_goes_so_that_replies_go_out_again(self):
        self.place.set_responder("limit = 100/1h\nlimit-person = none")
        self.assert_replied(self.place.run())
        with tables(self.place.cache) as cache:
            counter, = cache.keys("limits")
            cache.put("limits", counter, b"\xff" * 11)
        self.assert_deferred_again("damaged counter")
        status, faults, _ = self.check("--repair")
        self.assertEqual((status, len(faults)), (0, 1))
        self.assertIn("a damaged counter", faults[0])
        self.assert_replied(self.place.run(sender="bob@sender.example"))

    def assert_deferred_again(self, cause):
        outcome = self.place.run(sender="bob@sender.example")
        self.assertEqual(outcome.status, 75)
        self.assertIn(cause, outcome.stderr)

    def test_keys_that_are_none_do_not_stop_check_or_purge(self):
        self.fill("alice")
        with tables(self.place.cache) as cache:
            cache.put("expiry", b"short")
            cache.put("expiry", b"8 octets")
            cache.put("expiry", b"\0")
            cache.put("expiry", b"\0\1", b"x")
            cache.put("records", b"no key of a record", encode(NOW))
        with tables(self.place.cache) as cache:
            cache.delete("records", b"no key of a record")
        self.assertRegex(self.tool_output("purge"), "^removed 1 record in ")
        status, faults, _ = self.check("--repair")
        self.assertEqual((status, len(faults)), (0, 4))
        self.assertEqual(self.check()[0], 0)

    def test_the_first_twenty_faults_are_told_and_the_rest_counted(self):
        names = [f"n{number:04}" for number in range(2345)]  # more than one transaction looks at
        self.fill(*names)
        with tables(self.place.cache) as cache:
            for key in cache.keys("expiry"):
                cache.delete("expiry", key)
        status, faults, summary = self.check()
        self.assertEqual((status, len(faults)), (65, 21))
        self.assertIn("n0019@", faults[19])
        self.assertEqual(faults[20], "... and 2325 more")
        self.assertIn("2345 records", summary)
        self.assertEqual(self.check("--repair")[0], 0)
        self.assertEqual(self.check()[:2], (0, []))

    def test_deliveries_are_no_fault(self):
        self.place.set_quiet_mailer()
        self.place.run()
        deliveries = Deliveries(self.place, 3, 15)
        while deliveries.are_going_on():
            for options in ([], ["--repair"]):
                self.assertEqual(self.check(*options)[:2], (0, []))
        deliveries.join()
        self.assertEqual(len(self.records()), 46)

    def test_readers_that_were_killed_are_cleared(self):
        mailer = HangingMailer(self, self.place)
        killed, other = (self.place.start(sender=f"{name}@a.example") for name in ("a", "b"))
        wait_for(lambda: len(list(self.place.calls.glob("*/waits"))) == 2, "both mailers")
        killed.kill()
        finish(killed)
        # As long as the other has the cache open: the next to open it alone begins afresh.
        self.assertIn("1 dead reader cleared", self.check()[2])
        self.assertIn("0 dead readers cleared", self.check()[2])
        mailer.let_go()
        finish(other)

    def test_bad_usage_is_told(self):
        self.fill("alice")
        self.assertEqual(self.tool("cache", "check", "extra").returncode, 64)
        self.assertEqual(self.tool("cache", "check", "--top", "3").returncode, 64)


class Deliveries:
    """So many processes at a time that answer one sender after the other."""

    def __init__(self, place, writers, each):
        self.outcomes = []
        self._threads = [threading.Thread(target=self._deliver, args=(place, writer, each))
                         for writer in range(writers)]
        for thread in self._threads:
            thread.start()

    def _deliver(self, place, writer, each):
        for number in range(each):
            sender = f"s{number}@w{writer}.example"
            self.outcomes.append(place.run(mail(), sender=sender).status)

    def are_going_on(self):
        return any(thread.is_alive() for thread in self._threads)

    def join(self):
        for thread in self._threads:
            thread.join()
        assert set(self.outcomes) == {0}, self.outcomes


class Backup(CheckTestCase):
    def setUp(self):
        super().setUp()
        self.copy = self.place.folder / "copies" / "cache.copy"
        self.copy.parent.mkdir()

    def list(self, cache):
        done = self.tool("cache", "list", "--format", "json", cache=cache)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def assert_refused(self, done, status, *words):
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(str(word), done.stderr)

    def files(self):
        return sorted(path.name for path in self.copy.parent.iterdir())

    def test_the_copy_equals_the_cache_and_is_for_its_owner_alone(self):
        self.fill(*(f"n{number}" for number in range(2500)))
        printed = self.tool_output("cache", "backup", self.copy)
        self.assertRegex(printed, rf"\Awrote \d+\.\d (KiB|MiB) to {self.copy}\n\Z")
        self.assertEqual(self.copy.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.files(), ["cache.copy"])
        self.assertEqual(self.list(self.copy), self.list(self.place.cache))
        self.assertEqual(self.tool("cache", "check", cache=self.copy).returncode, 0)

    def test_the_copy_silences_those_who_were_answered(self):
        self.place.set_responder("interval = 7d")
        self.assert_replied(self.place.run())
        self.tool_output("cache", "backup", self.copy)
        outcome = self.place.run(mail(message_id="<other@sender.example>"), "--cache", self.copy)
        self.assert_suppressed(outcome, "recently-answered")

    def test_copies_made_beside_deliveries_are_whole(self):
        self.place.set_quiet_mailer()
        self.place.run()
        deliveries = Deliveries(self.place, 3, 15)
        held = []
        while deliveries.are_going_on():
            self.tool_output("cache", "backup", self.copy)
            self.assertEqual(self.tool("cache", "check", cache=self.copy).returncode, 0)
            held.append(len(self.list(self.copy)))
        deliveries.join()
        self.assertEqual(held, sorted(held))
        self.tool_output("cache", "backup", self.copy)
        self.assertEqual(self.list(self.copy), self.list(self.place.cache))
        self.assertEqual(len(self.list(self.copy)), 46)

    def test_an_older_copy_is_replaced_through_a_link_to_it(self):
        self.fill("alice")
        self.copy.write_text("an older one")
        link = self.place.folder / "link"
        link.symlink_to(self.copy)
        self.tool_output("cache", "backup", link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(len(self.list(self.copy)), 1)

    def test_what_does_not_fit_leaves_the_older_copy_and_nothing_else(self):
        self.fill(*(f"n{number}" for number in range(2500)))
        self.copy.write_text("an older one")
        self.tool_output("cache", "list")  # LMDB's own lock file has its size now
        for size in (0, 4096, 100_000):
            for handled in (signal.SIG_IGN, signal.SIG_DFL):
                with self.subTest(f"{size} octets, {handled!r}"):
                    self.assert_refused(self.back_up_within(size, handled), 73, self.copy,
                                        "File too large")
                    self.assertEqual(self.files(), ["cache.copy"])
                    self.assertEqual(self.copy.read_text(), "an older one")

    def back_up_within(self, octets, handled):
        """No file may become larger."""
        def limit():
            signal.signal(signal.SIGXFSZ, handled)
            resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
        return subprocess.run([BIN / "inforeply-cache", "-c", self.place.configuration, "--cache",
                               self.place.cache, "backup", self.copy], capture_output=True,
                              text=True, env=environment(), preexec_fn=limit,
                              restore_signals=False)

    def test_a_missing_folder_is_told_and_not_made(self):
        self.fill("alice")
        copy = self.place.folder / "missing" / "copy"
        self.assert_refused(self.tool("cache", "backup", copy), 73, copy, "No such file")
        self.assertFalse(copy.parent.exists())

    def test_what_is_no_file_is_not_replaced(self):
        self.fill("alice")
        for path in ("/dev/null", self.copy.parent):
            with self.subTest(path):
                self.assert_refused(self.tool("cache", "backup", path), 73, path, "regular file")

    def test_the_cache_itself_is_not_replaced(self):
        self.fill("alice")
        self.tool_output("cache", "list")
        before = self.place.cache.stat().st_ino
        link = self.place.folder / "link"
        link.symlink_to(self.place.cache)
        for path in (self.place.cache, link, f"{self.place.cache}-lock"):
            with self.subTest(path):
                self.assert_refused(self.tool("cache", "backup", path), 64, path, "itself")
        self.assertEqual(self.place.cache.stat().st_ino, before)

    def test_a_copy_that_was_left_unfinished_is_cleared_away(self):
        self.fill("alice")
        self.place.write("copies/cache.copy.part", "unfinished")
        self.tool_output("cache", "backup", self.copy)
        self.assertEqual(self.files(), ["cache.copy"])

    def test_two_at_once_do_not_mix(self):
        self.fill(*(f"n{number}" for number in range(2500)))
        command = [BIN / "inforeply-cache", "-c", self.place.configuration, "--cache",
                   self.place.cache, "backup", self.copy]
        for _ in range(5):
            both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                    for _ in range(3)]
            endings = []
            for process in both:
                _, stderr = process.communicate()
                endings.append(process.returncode)
                if process.returncode != 0:
                    self.assertIn(b"another process", stderr)
            self.assertIn(0, endings)
            self.assertEqual(len(self.list(self.copy)), 2500)

    def test_needs_a_file(self):
        self.fill("alice")
        self.assert_refused(self.tool("cache", "backup"), 64, "backup")


if __name__ == "__main__":
    unittest.main()
