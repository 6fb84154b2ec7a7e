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
from cache_pages import DEPTH, ENTRIES, LAST_PAGE, PAGE, ROOT, TRANSACTION, Pages
from programs import BIN, NOW, SANITIZED, TestCase, environment, mail

FILES = int(os.environ.get("INFOREPLY_ROT_FILES", "40" if SANITIZED else "150"))
SEED = int(os.environ.get("INFOREPLY_ROT_SEED", "1"))
RECORDS = 600
YEAR = 365 * 24 * 3600
TIME_LIMIT = 60

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


if __name__ == "__main__":
    unittest.main()
