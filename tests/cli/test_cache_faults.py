"""A cache that cannot be used: the responder defers, the tools say why, and the file stays as it was.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_cache_faults.py

File systems that are full or read-only are mounted in namespaces of their own, which takes root or
user namespaces; without either these tests are left out.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True

import lmdb

from programs import BIN, NOW, environment, find_unshare, finish, mail, main, wait_for
from test_tools import ToolTestCase

YEAR = 365 * 24 * 3600
READER_SLOTS = 1022
OTHER_ACCOUNT = 65534

UNSHARE = find_unshare()


class FaultTestCase(ToolTestCase):
    """The cache holds one record, which has expired by now, and no free page."""

    def setUp(self):
        super().setUp()
        self.answer()
        self.tool("purge", "--compact", "--older-than", "36500d")
        self.folder = self.place.folder / "var"
        self.folder.mkdir()
        self.cache = self.folder / "cache.mdb"
        self.place.cache.rename(self.cache)
        self.place.cache = self.cache

    def programs(self):
        """The command lines of all three, by name; each would change the cache."""
        tool = ["-c", self.place.configuration, "--cache", self.cache]
        return {
            "inforeply": self.place.command("--queue-id", "Q", sender="bob@b.example"),
            "inforeply-cache": [BIN / "inforeply-cache", *tool, "forget", "--sender",
                                "alice@sender.example"],
            "inforeply-purge": [BIN / "inforeply-purge", *tool, "--patience", "1m"],
        }

    def run_program(self, command, **arguments):
        return subprocess.run(command, input=mail(), capture_output=True, cwd=self.place.folder,
                              env=environment(), **arguments)

    def assert_refused_by_all(self, *words, prelude="", is_changed=False):
        """Each exits with the status that is right for it and one line that holds all of `words`.
        `prelude`: what a shell does before the program, in a mount namespace of its own.
        `is_changed`: the file may have other octets afterwards where nothing reads them."""
        expected = self.cache.read_bytes() if self.cache.is_file() and not is_changed else None
        sent = len(self.place.submissions())
        for name, command in self.programs().items():
            with self.subTest(name):
                seen = self.place.folder / "seen"
                if prelude:
                    script = (f"{prelude}\nstatus=0; \"$@\" || status=$?\n"
                              f"cat {self.cache} >{seen}; exit $status")
                    command = [*UNSHARE, "sh", "-ec", script, "sh", *command]
                done = self.run_program(command)
                stderr = done.stderr.decode()
                self.assertEqual(len(stderr.splitlines()), 1, stderr)
                for word in words:
                    self.assertIn(str(word), stderr)
                self.assertEqual(done.stdout, b"")
                self.assertEqual(done.returncode, 75 if name == "inforeply" else 69, stderr)
                if expected is not None:
                    after = seen if prelude else self.cache
                    self.assertTrue(after.read_bytes() == expected, "the file was changed")
        self.assert_sent(sent)

    def assert_usable(self):
        self.assertEqual(self.senders(), ["alice@sender.example"])
        self.answer("bob@b.example")
        self.assertIn("removed 2 records", self.tool_output("purge"))


@unittest.skipUnless(UNSHARE, "no private mounts here")
class FileSystem(FaultTestCase):
    def on_a_small_one(self, *after):
        """A file system that holds the cache and is full."""
        kept = self.place.folder / "kept"
        shutil.copy(self.cache, kept)
        return "\n".join([f"mount -t tmpfs -o size=256k none {self.folder}",
                          f"cat {kept} >{self.cache}", f"chmod 600 {self.cache}", *after,
                          f"dd if=/dev/zero of={self.folder}/filler bs=4k 2>/dev/null || true"])

    def test_full(self):
        look = f"{BIN}/inforeply-cache --cache {self.cache} list >/dev/null"
        prelude = self.on_a_small_one(look)
        self.assert_refused_by_all(self.cache, "No space left on device", prelude=prelude)
        self.assert_usable()

    def test_full_with_room_for_a_part_of_what_is_written(self):
        look = f"{BIN}/inforeply-cache --cache {self.cache} list >/dev/null"
        prelude = f"{self.on_a_small_one(look)}\ntruncate -s -4k {self.folder}/filler"
        self.assert_refused_by_all(f"cannot write cache {self.cache}: No space left on device",
                                   prelude=prelude, is_changed=True)
        self.assert_usable()

    def test_full_before_there_is_a_lock_file(self):
        self.assert_refused_by_all(self.cache, prelude=self.on_a_small_one())
        self.assert_usable()

    def test_read_only(self):
        self.assert_refused_by_all(
            self.cache, "Read-only file system",
            prelude=f"mount --bind {self.folder} {self.folder}\n"
                    f"mount -o remount,bind,ro {self.folder}")
        self.assert_usable()

    def test_too_small_for_a_compaction_which_leaves_the_cache_as_it_is(self):
        for number in range(30):
            self.answer(f"a{number}@a.example", now=int(time.time()))
        script = "\n".join([
            self.on_a_small_one(), f"truncate -s -24k {self.folder}/filler",
            f'status=0; "$@" || status=$?; ls {self.folder}',
            f"{BIN}/inforeply-cache --cache {self.cache} list | wc -l; exit $status"])
        command = [*UNSHARE, "sh", "-ec", script, "sh",
                   *self.programs()["inforeply-purge"], "--compact", "--older-than", "3000d"]
        done = self.run_program(command)
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn(b"No space left on device", done.stderr)
        self.assertNotIn(b".compact\n", done.stdout)
        self.assertIn(b"\n32\n", done.stdout)


class Files(FaultTestCase):
    def test_a_limit_on_file_sizes(self):
        size = (self.cache.stat().st_size + 511) // 512
        self.assertEqual(self.tool("cache", "list").returncode, 0)  # the lock file has its size
        for name, command in self.programs().items():
            with self.subTest(name):
                before = self.cache.read_bytes()
                done = self.run_program(["sh", "-c", f'ulimit -f {size}; exec "$@"', "sh", *command])
                self.assertEqual(done.returncode, 75 if name == "inforeply" else 69, done.stderr)
                self.assertIn(f"File too large: this process may write files of {512 * size} octets "
                              "at most (RLIMIT_FSIZE; Postfix's mailbox_size_limit)",
                              done.stderr.decode())
                self.assertTrue(self.cache.read_bytes() == before, "the file was changed")
        self.assert_sent(1)
        self.assert_usable()

    def test_a_limit_on_file_sizes_that_lets_a_part_be_written(self):
        self.assertEqual(self.tool("cache", "list").returncode, 0)
        for name, command in self.programs().items():
            with self.subTest(name):
                size = self.cache.stat().st_size // 4096 * 8 + 1  # a block of the next page
                done = self.run_program(["sh", "-c", f'ulimit -f {size}; exec "$@"', "sh", *command])
                self.assertEqual(done.returncode, 75 if name == "inforeply" else 69, done.stderr)
                self.assertIn(f"may write files of {512 * size} octets at most (RLIMIT_FSIZE",
                              done.stderr.decode())
        self.assert_sent(1)
        self.assert_usable()

    def test_no_permission(self):
        self.assertEqual(self.tool("cache", "list").returncode, 0)  # which makes the lock file
        if os.geteuid() == 0:
            name = pwd.getpwuid(OTHER_ACCOUNT).pw_name
            account = {"user": OTHER_ACCOUNT, "group": OTHER_ACCOUNT, "extra_groups": []}
        else:
            self.cache.chmod(0)
            name = pwd.getpwuid(os.geteuid()).pw_name
            account = {}
        refusal = f"cannot open cache {self.cache} as {name}: Permission denied"
        for program, command in self.programs().items():
            with self.subTest(program):
                done = self.run_program(self.place.open_to_all(command), **account)
                self.assertEqual(done.returncode, 75 if program == "inforeply" else 69, done.stderr)
                self.assertIn(refusal, done.stderr.decode())
        self.cache.chmod(0o600)
        self.assert_usable()

    def test_a_foreign_file(self):
        for content in (b"Not a cache.\n", b"x", b"SQLite format 3\0" + bytes(20_000), bytes(8192)):
            self.cache.write_bytes(content)
            self.assert_refused_by_all(self.cache, "not an LMDB file")

    def test_an_lmdb_file_of_another_program(self):
        self.cache.unlink()
        with lmdb.open(str(self.cache), subdir=False) as env, env.begin(write=True) as txn:
            txn.put(b"theirs", b"1")
        self.assert_refused_by_all(self.cache, "another program")

    def test_an_lmdb_file_without_a_transaction(self):
        """As whoever was killed, or had no room, while the cache was made leaves it."""
        self.cache.unlink()
        lmdb.open(str(self.cache), subdir=False).close()
        done = self.run_program([BIN / "inforeply-cache", "--cache", self.cache, "check"])
        self.assertEqual(done.returncode, 69)
        self.assertIn("empty until the next delivery", done.stderr.decode())
        self.answer("bob@b.example")
        self.assertEqual(self.senders(), ["bob@b.example"])

    def test_a_file_that_lost_its_end(self):
        whole = self.cache.read_bytes()
        for size in (100, 4096, 8192, 3 * 4096):
            self.cache.write_bytes(whole[:size])
            self.assert_refused_by_all(self.cache)
        self.cache.write_bytes(whole)
        self.assert_usable()

    def test_a_newer_version(self):
        content = self.cache.read_bytes()
        self.cache.write_bytes(content.replace(b"inforeply1", b"inforeply2"))
        self.assert_refused_by_all(self.cache, "its format is '2'", "this program knows 1")
        self.cache.write_bytes(content)
        self.assert_usable()

    def test_a_folder_in_its_place(self):
        self.cache.unlink()
        self.cache.mkdir()
        self.assert_refused_by_all(self.cache, "directory")
        self.assertEqual(list(self.cache.iterdir()), [])

    def test_a_refused_file_gets_nothing_beside_it(self):
        for file in self.folder.iterdir():
            file.unlink()
        self.cache.write_bytes(b"Not a cache.\n")
        rubbish = self.place.write(self.folder / "cache.mdb.compact", "not ours")
        self.assert_refused_by_all(self.cache)
        self.assertEqual({file.name for file in self.folder.iterdir()},
                         {"cache.mdb", rubbish.name})


HOLD = """
import lmdb, sys
env = lmdb.open(sys.argv[1], subdir=False, max_dbs=4, max_readers=1022)
{hold}
print("open", flush=True)
sys.stdin.read()
"""


class OtherProcesses(FaultTestCase):
    def hold(self, text):
        """Another process that has the cache open, as `text` says."""
        process = subprocess.Popen([sys.executable, "-I", "-c", HOLD.format(hold=text), self.cache],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"open\n")
        return process

    def test_no_reader_slot_left(self):
        readers = self.hold(f"readers = [env.begin() for _ in range({READER_SLOTS})]")
        self.assert_refused_by_all(self.cache, "MDB_READERS_FULL")
        readers.kill()  # whose slots are then found to be left behind
        readers.wait()
        self.assert_usable()

    def test_a_writer_killed_in_its_transaction_leaves_nothing_and_holds_up_nobody(self):
        before = self.cache.read_bytes()
        writer = self.hold("txn = env.begin(write=True)\n"
                           "txn.put(b'half', b'done')")
        writer.kill()
        writer.wait()
        self.assertTrue(self.cache.read_bytes() == before, "the file was changed")
        self.assert_usable()

    def test_a_stopped_writer_holds_up_a_delivery_which_goes_on_or_is_deferred(self):
        writer = self.hold("txn = env.begin(write=True)")
        writer.send_signal(signal.SIGSTOP)
        before = self.cache.read_bytes()
        ended = self.place.start(mail(), sender="bob@b.example")
        patient = self.place.start(mail(), sender="carol@c.example")
        for process in (ended, patient):
            wait_for(lambda: is_waiting(process.pid), "the delivery to come to the lock")
        ended.terminate()  # as after its 120 seconds
        self.assertEqual(finish(ended).status, 75)
        self.assert_sent(1)
        self.assertTrue(self.cache.read_bytes() == before, "the file was changed")
        writer.kill()
        self.assert_replied(finish(patient))
        self.assertEqual(self.senders(), ["alice@sender.example", "carol@c.example"])


def is_waiting(pid):
    """For a lock in shared memory."""
    try:
        with open(f"/proc/{pid}/wchan") as channel:
            return "futex" in channel.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


class Clock(FaultTestCase):
    """The record was made at NOW."""

    def run_at(self, now):
        return self.place.run(None, "--now", now)

    def test_stepped_back_a_year_answers_once_and_goes_on_from_there(self):
        self.assert_replied(self.run_at(NOW - YEAR))
        self.assert_suppressed(self.run_at(NOW - YEAR + 60), "recently-answered")
        self.assert_replied(self.run_at(NOW + 120))
        self.assert_suppressed(self.run_at(NOW + 180), "recently-answered")

    def test_stepped_back_an_hour_answers_nobody_again(self):
        self.assert_suppressed(self.run_at(NOW - 3600), "recently-answered")

    def test_stepped_forward_a_year_and_put_right_silences_nobody(self):
        self.assert_replied(self.run_at(NOW + YEAR))
        self.assert_replied(self.run_at(NOW + 60))
        self.assert_suppressed(self.run_at(NOW + 120), "recently-answered")

    def test_a_record_from_the_future_is_listed_and_no_purge_stumbles_over_it(self):
        future = int(time.time()) + YEAR
        self.answer("bob@b.example", now=future)
        self.assertIn("removed 1 record ", self.tool_output("purge"))
        self.assertEqual(self.senders(), ["bob@b.example"])
        self.assertIn("removed 0 records ", self.tool_output("purge", "--older-than", "1d"))


if __name__ == "__main__":
    main()
