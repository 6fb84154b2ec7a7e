"""Caches whose pages are damaged: no program dies of them or runs on, and what can be read is saved.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_cache_rot.py

INFOREPLY_ROT_FILES: how many damaged files are tried. INFOREPLY_ROT_SEED: another one, other damage.
"""

import json
import os
import random
import subprocess
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True

from cache_file import record_key, tables
from cache_pages import PAGE, Pages
from programs import BIN, NOW, SANITIZED, TestCase, environment, mail

FILES = int(os.environ.get("INFOREPLY_ROT_FILES", "40" if SANITIZED else "150"))
SEED = int(os.environ.get("INFOREPLY_ROT_SEED", "1"))
RECORDS = 600
YEAR = 365 * 24 * 3600
TIME_LIMIT = 150  # a delivery has 120 s

IMPORTED = json.dumps({"responder": "info@our.example", "sender": "new@import.example", "handle": "h",
                       "state": "answered", "answered_at": "2023-11-14T22:13:20Z",
                       "expires_at": None, "count": 1, "message_id": ""}) + "\n"


class RotTestCase(TestCase):
    """The cache holds records enough for two levels of pages, and free pages."""

    def setUp(self):
        super().setUp()
        self.place.set_quiet_mailer()
        self.place.set_responder("limit = 1000/1d")
        for sender in ("alice@sender.example", "zoe@sender.example"):
            self.assert_replied(self.place.run(sender=sender))
        with tables(self.place.cache) as cache:
            for number in range(RECORDS):
                expires = None if number % 5 == 0 else NOW + 100 * YEAR
                cache.add(f"r{number % 7}@our.example", f"s{number}@sender.example", NOW, expires,
                          message_id=f"<{number}@sender.example>")
        with tables(self.place.cache) as cache:
            for number in range(0, RECORDS, 3):
                key = record_key(f"r{number % 7}@our.example", f"s{number}@sender.example")
                cache.delete("records", key)
        self.tool_output("cache", "check", "--repair")  # the index
        self.pages = Pages(self.place.cache.read_bytes())
        self.good_copy = self.place.folder / "good"
        self.tool_output("cache", "backup", self.good_copy)
        self.good_copy = self.good_copy.read_bytes()

    def write_file(self, name, file):
        folder = self.place.folder / name
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        cache = folder / "cache.mdb"
        cache.write_bytes(file)
        return cache

    def run_on(self, cache, program, *arguments, **others):
        return subprocess.run([BIN / program, "-c", self.place.configuration, "--cache", cache,
                               *arguments], capture_output=True, env=environment(),
                              timeout=TIME_LIMIT, **others)

    def keys_of(self, cache):
        done = self.run_on(cache, "inforeply-cache", "list", "--format", "json")
        if done.returncode:
            return None
        return {record_key(record["responder"], record["sender"], record["handle"])
                for record in map(json.loads, done.stdout.splitlines())}

    def readable(self, file):
        """The keys on the leaves that are as they were."""
        changed = self.pages.changed(file)
        return {key for page, keys in self.pages.leaves.items() if page not in changed
                for key in keys}


class Damage(RotTestCase):
    def outcomes(self, name, file):
        """Of each program on a copy of its own: (status, statuses that may be, standard error)."""
        runs = {
            "check": ("inforeply-cache", ["check"], (0, 65, 69)),
            "list": ("inforeply-cache", ["list"], (0, 69)),
            "stats": ("inforeply-cache", ["stats"], (0, 69)),
            "forget": ("inforeply-cache", ["forget", "--sender", "s1@sender.example"], (0, 66, 69)),
            "import": ("inforeply-cache", ["import"], (0, 69)),
            "purge": ("inforeply-purge", ["--older-than", "36500d"], (0, 69)),
            "age": ("inforeply-purge", ["--older-than", "1d"], (0, 69)),
            "compact": ("inforeply-purge", ["--compact"], (0, 69)),
        }
        for run, (program, arguments, allowed) in runs.items():
            done = self.run_on(self.write_file(name, file), program, *arguments,
                               input=IMPORTED.encode() if run == "import" else None)
            yield run, done.returncode, allowed, done.stderr
        command = self.place.command("--cache", self.write_file(name, file),
                                     sender=f"s{name}@sender.example")
        done = subprocess.run(command, input=mail(), capture_output=True, cwd=self.place.folder,
                              env=environment(), timeout=TIME_LIMIT)
        yield "delivery", done.returncode, (0, 75), done.stderr

    def complaints(self, number):
        """What is wrong about what the programs do with a damaged file."""
        file = self.pages.damaged(random.Random(f"{SEED}/{number}"))
        statuses = {}
        try:
            for run, status, allowed, stderr in self.outcomes(str(number), file):
                statuses[run] = status
                if status not in allowed:
                    yield f"{run}: status {status}: {stderr[:200]!r}"
            yield from self.complaints_of_backup(number, file)
            yield from self.complaints_of_repair(number, file)
        except subprocess.TimeoutExpired as error:
            yield f"runs on: {error.cmd}"
        if statuses.get("check") == 0 and set(statuses.values()) - {0, 66}:
            yield f"is called sound, but {statuses}"

    def complaints_of_backup(self, number, file):
        cache = self.write_file(str(number), file)
        copy = cache.parent / "copy.mdb"
        copy.write_bytes(self.good_copy)
        done = self.run_on(cache, "inforeply-cache", "backup", copy)
        if done.returncode not in (0, 69):
            yield f"backup: status {done.returncode}: {done.stderr[:200]!r}"
        if done.returncode != 0 and copy.read_bytes() != self.good_copy:
            yield "backup has failed and replaced the copy"
        if done.returncode == 0 and self.run_on(copy, "inforeply-cache", "check").returncode != 0:
            yield "backup has replaced a good copy by an unsound one"

    def complaints_of_repair(self, number, file):
        cache = self.write_file(str(number), file)
        done = self.run_on(cache, "inforeply-cache", "check", "--repair")
        if done.returncode == 69:  # it may be no cache any more
            if not self.is_unrecognisable(file):
                yield f"repair: status 69: {done.stderr[:200]!r}"
            if cache.read_bytes() != file:
                yield "repair has failed and changed the file"
            return
        if done.returncode != 0:
            yield f"repair: status {done.returncode}: {done.stderr[:200]!r}"
            return
        if self.run_on(cache, "inforeply-cache", "check").returncode != 0:
            yield "is not sound after the repair"
        lost = self.readable(file) - (self.keys_of(cache) or set())
        if lost:
            yield f"repair lost {len(lost)} records that could be read: {min(lost)}"
        damaged = cache.parent / "cache.mdb.damaged"
        if damaged.exists() and damaged.read_bytes() != file:
            yield "repair has not kept the damaged file"

    def is_unrecognisable(self, file):
        """Whether what says that it is a cache is among the damage."""
        return bool({0, 1, self.pages.root("main") // PAGE} & self.pages.changed(file))

    def test_no_program_dies_of_it_and_what_can_be_read_is_saved(self):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = pool.map(lambda number: list(self.complaints(number)), range(FILES))
            bad = [f"seed {SEED}, file {number}: {complaint}"
                   for number, complaints in enumerate(found) for complaint in complaints]
        self.assertEqual(bad, [], "\n".join(bad))

    def test_a_circle_of_branches_ends_no_program_late(self):
        file = bytearray(self.pages.file)
        branch = self.pages.root("records")
        node = self.pages.node(branch, 1)
        file[node:node + 4] = (branch // PAGE).to_bytes(4, "little")
        for run, status, allowed, stderr in self.outcomes("circle", bytes(file)):
            with self.subTest(run):
                self.assertIn(status, allowed, stderr)
                if run in ("check", "list", "import", "compact", "age"):
                    self.assertIn(status, (65, 69))


class Check(RotTestCase):
    def change(self, offset, octets):
        """The cache with a few octets changed; returns the file."""
        file = bytearray(self.pages.file)
        file[offset:offset + len(octets)] = octets
        self.place.cache.write_bytes(file)
        return bytes(file)

    def test_names_the_page_and_repairs_nothing_unasked(self):
        page, _ = sorted(self.pages.leaves.items())[3]
        file = self.change(page * PAGE, b"\7")
        done = self.tool("cache", "check")
        self.assertEqual((done.returncode, done.stderr), (65, ""))
        self.assertEqual(done.stdout.splitlines(),
                         [f"page {page}: has the number of another page",
                          "the file is damaged, --repair saves what can be read: not sound"])
        self.assertEqual(self.place.cache.read_bytes(), file)

    def test_refusals_name_the_page_and_the_way_out(self):
        page = sorted(self.pages.leaves)[3]
        self.change(page * PAGE, b"\7")
        copy = self.place.write("copy", "an older one")
        for arguments in (["cache", "backup", copy], ["cache", "import", "/dev/null"],
                          ["purge", "--compact"]):
            with self.subTest(arguments):
                done = self.tool(*arguments)
                self.assertEqual(done.returncode, 69)
                self.assertIn(f"damaged, page {page}: has the number of another page "
                              "(inforeply-cache check --repair)", done.stderr)
        self.assertEqual(copy.read_text(), "an older one")

    def test_repair_saves_all_sound_leaves_behind_a_damaged_branch_and_keeps_the_old_file(self):
        before = self.keys_of(self.place.cache)
        with tables(self.place.cache) as cache:
            counters = len(cache.keys("limits"))
        file = self.change(self.pages.root("records"), bytes(PAGE))
        done = self.tool("cache", "check", "--repair")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        damaged = f"{self.place.cache}.damaged"
        self.assertIn(f"these could be read; the damaged file is {damaged}: repaired", done.stdout)
        self.assertEqual(self.keys_of(self.place.cache), before)  # and none that was removed
        with open(damaged, "rb") as kept:
            self.assertEqual(kept.read(), file)
        self.assertEqual(self.tool("cache", "check").returncode, 0)
        # Who was answered stays so, and the counters go on.
        self.assert_suppressed(self.place.run(), "recently-answered")
        with tables(self.place.cache) as cache:
            self.assertEqual(len(cache.keys("limits")), counters)

    def test_repair_saves_the_records_of_a_file_that_has_lost_its_first_page(self):
        before = self.keys_of(self.place.cache)
        self.change(0, bytes(PAGE))
        self.assertEqual(self.tool("cache", "check").returncode, 65)
        self.assertEqual(self.tool("cache", "check", "--repair").returncode, 0)
        self.assertLessEqual(before, self.keys_of(self.place.cache))

    def test_repair_saves_the_records_of_a_table_whose_name_is_damaged(self):
        main = self.pages.root("main")
        before = self.keys_of(self.place.cache)
        self.change(self.pages.file.index(b"records", main, main + PAGE), b"rfcords")
        done = self.tool("cache", "check")
        self.assertEqual((done.returncode, done.stdout.splitlines()[0]),
                         (65, "the table records is lost"))
        self.assertEqual(self.tool("cache", "check", "--repair").returncode, 0)
        self.assertEqual(self.keys_of(self.place.cache), before)

    def test_repair_leaves_a_file_alone_of_which_nothing_can_be_read(self):
        file = bytearray(self.pages.file)
        file[2 * PAGE:] = bytes(len(file) - 2 * PAGE)
        self.place.cache.write_bytes(file)
        done = self.tool("cache", "check", "--repair")
        self.assertEqual(done.returncode, 69)
        self.assertIn("no record can be read", done.stderr)
        self.assertEqual(self.place.cache.read_bytes(), file)
        self.assertEqual({path.name for path in self.place.folder.glob("cache.mdb*")},
                         {"cache.mdb", "cache.mdb-lock"})

    def test_repair_leaves_a_newer_format_alone(self):
        file = bytearray(self.pages.file.replace(b"inforeply1", b"inforeply2"))
        page = sorted(self.pages.leaves)[3] * PAGE
        file[page:page + 1] = b"\7"
        self.place.cache.write_bytes(file)
        done = self.tool("cache", "check", "--repair")
        self.assertEqual(done.returncode, 69)
        self.assertIn("the damaged one has format '2'", done.stderr)
        self.assertEqual(self.place.cache.read_bytes(), file)

    def test_nothing_is_found_in_a_sound_file_that_is_being_written(self):
        stop = threading.Event()

        def write(name):
            number = 0
            while not stop.is_set():
                number += 1
                records = "".join(IMPORTED.replace("new@", f"{number}-{i}@{name}.") for i in range(99))
                done = self.run_on(self.place.cache, "inforeply-cache", "import", input=records.encode())
                assert done.returncode == 0, done.stderr
                self.run_on(self.place.cache, "inforeply-cache", "forget", "--sender",
                            f"{number}-7@{name}.import.example")
                self.assert_replied(self.place.run(sender=f"{number}@{name}.example"))

        with ThreadPoolExecutor(2) as pool:
            writers = [pool.submit(write, name) for name in ("a", "b")]
            try:
                for _ in range(50):
                    done = self.tool("cache", "check")
                    self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            finally:
                stop.set()
            for writer in writers:
                writer.result()


if __name__ == "__main__":
    unittest.main()
