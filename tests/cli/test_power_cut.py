#!/usr/bin/env python3
"""The power fails at any moment of a run: the cache is sound, and nothing is forgotten or lost but
what src/cache/reply_cache.hpp says.

A run is watched with strace(1), which tells every write to the cache file and every sync. What had
been synced at a moment is on the disk; of what was written since, the disk may hold any part: of up
to MOST writes every subset, of more, and of the sectors of a page, random ones. Each such file is
then put in the place of the cache, as after a power cut, and used.
"""

import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

sys.dont_write_bytecode = True

from programs import BIN, TestCase, environment, mail, main
from traced import TRACED, require_strace, strace

PAGE = 4096
SECTOR = 512  # what a disk writes whole
MOST = 5  # writes of which every subset is tried
RANDOM = 12  # others
KNOWN = 200  # records before


@dataclass
class Moment:
    """Between two events of a run."""
    disk: bytes  # what is on it for certain
    written: list = field(default_factory=list)  # (offset, octets) since, perhaps on it
    is_submitting: bool = False  # the mailer was started

    def after_power_cuts(self, choose):
        """What the disk may hold."""
        writes = self.written
        if len(writes) <= MOST:
            subsets = itertools.chain.from_iterable(
                itertools.combinations(writes, size) for size in range(len(writes) + 1))
        else:
            subsets = (choose.sample(writes, choose.randint(0, len(writes)))
                       for _ in range(RANDOM))
        yield from {apply(self.disk, subset) for subset in subsets}
        sectors = [part for write in writes for part in pieces(write, SECTOR)]
        if len(sectors) > len(writes):
            for _ in range(RANDOM):
                yield apply(self.disk, choose.sample(sectors, choose.randint(0, len(sectors))))


def pieces(write, size):
    """A write in parts that end where the file has a multiple of `size`."""
    offset, octets = write
    while octets:
        length = size - offset % size
        yield offset, octets[:length]
        offset, octets = offset + length, octets[length:]


def apply(content, writes):
    content = bytearray(content)
    for offset, octets in writes:
        if len(content) < offset + len(octets):
            content.extend(bytes(offset + len(octets) - len(content)))
        content[offset:offset + len(octets)] = octets
    return bytes(content)


def hex_of(path):
    """As `strace -xx` writes it."""
    return "".join(f"\\x{octet:02x}" for octet in os.fsencode(path))


def octets_of(text):
    return bytes.fromhex(text.replace("\\x", ""))


class Recording:
    """The moments of a run, from the trace of its system calls."""

    def __init__(self, cache, before, trace):
        self.moments = [Moment(before)]
        self.files = {}  # descriptors of the cache: whether each write is synced (O_DSYNC)
        self.nameless = set()  # those of a new one that has no name yet
        self.unsynced, self.synced = [], b""  # what was written into it
        self.position = {}
        process = None
        for line in trace.splitlines():
            who, call = line.split(None, 1)
            process = process or who
            if who == process:
                self.take(hex_of(cache), call)

    def take(self, cache, call):
        name, _, rest = call.partition("(")
        if name == "openat" and f'"{cache}"' in rest and re.search(r"= \d+$", rest):
            self.files[rest.rpartition("= ")[2]] = "O_DSYNC" in rest
        elif name == "openat" and ("O_TMPFILE" in rest or hex_of(b"/proc/self/fd/") in rest):
            self.nameless.add(rest.rpartition("= ")[2])
        elif name == "linkat" and rest.endswith("= 0"):
            self.begin(disk=self.synced, written=[])
        elif name in ("vfork", "clone", "clone3"):
            self.begin(is_submitting=True)
        descriptor = re.match(r"\d+", rest)
        if descriptor and descriptor[0] in self.nameless:
            return self.take_nameless(name, rest, descriptor[0])
        if not descriptor or descriptor[0] not in self.files:
            return
        descriptor = descriptor[0]
        if name == "close":
            del self.files[descriptor]
        elif name == "lseek":
            self.position[descriptor] = int(rest.rpartition("= ")[2])
        elif name == "pwrite64":
            octets, offset = re.match(r'\d+, "([^"]*)", \d+, (\d+)\)', rest).groups()
            self.write(descriptor, int(offset), octets_of(octets))
        elif name in ("writev", "write"):
            octets = b"".join(map(octets_of, re.findall(r'"((?:\\x[0-9a-f]{2})*)"', rest)))
            self.write(descriptor, self.position[descriptor], octets)
            self.position[descriptor] += len(octets)
        elif name in ("fdatasync", "fsync"):
            last = self.moments[-1]
            self.begin(disk=apply(last.disk, last.written), written=[])
        elif name in ("ftruncate", "fallocate", "pwritev"):
            raise AssertionError(f"a call that this test does not know: {call[:60]}")

    def take_nameless(self, name, rest, descriptor):
        if name == "close":
            self.nameless.remove(descriptor)
        elif name == "pwrite64":
            octets, offset = re.match(r'\d+, "([^"]*)", \d+, (\d+)\)', rest).groups()
            self.unsynced.append((int(offset), octets_of(octets)))
        elif name == "fdatasync":
            self.synced = apply(self.synced, self.unsynced)

    def begin(self, **changes):
        last = self.moments[-1]
        self.moments.append(Moment(**{"disk": last.disk, "written": last.written,
                                      "is_submitting": last.is_submitting} | changes))

    def write(self, descriptor, offset, octets):
        self.begin(written=[*self.moments[-1].written, *pieces((offset, octets), PAGE)])
        if self.files[descriptor]:  # this write alone, unlike fdatasync(2)
            synced = set(pieces((offset, octets), PAGE))
            last = self.moments[-1]
            self.begin(disk=apply(last.disk, synced),
                       written=[write for write in last.written if write not in synced])


class PowerCut(TestCase):
    @classmethod
    def setUpClass(cls):
        require_strace()

    def setUp(self):
        super().setUp()
        self.choose = random.Random(1)
        self.place.set_responder("interval = 7d\nlimit = 1000000/1h")

    def fill(self):
        records = "".join(json.dumps({
            "responder": "info@our.example", "sender": f"p{number}@x.example", "handle": "h",
            "state": "answered", "answered_at": "2023-11-10T00:00:00Z",
            "expires_at": f"{2023 + number % 4 * 100}-12-11T00:00:00Z", "count": 1,
            "message_id": "<1@x>"}) + "\n" for number in range(KNOWN))
        file = self.place.write("records", records)
        self.tool_output("cache", "import", str(file))

    def record(self, command, message=None):
        cache = self.place.cache
        before = cache.read_bytes() if cache.exists() else b""
        trace = self.place.folder / "trace"
        done = subprocess.run(
            [*strace("-f", "-xx", "-s", 10_000_000, "-o", trace, "-e", "signal=none", "-e",
                     "trace=openat,linkat,close,lseek,pwrite64,write,writev,pwritev,fdatasync,"
                     "fsync,ftruncate,fallocate,vfork,clone,clone3"), *command],
            input=message, capture_output=True, cwd=self.place.folder, env=environment() | TRACED)
        self.assertEqual(done.returncode, 0, done.stderr)
        return Recording(cache, before, trace.read_text())

    def after_each_power_cut(self, recording):
        """(moment) with the cache as it may be then."""
        seen = set()
        for moment in recording.moments:
            for content in moment.after_power_cuts(self.choose):
                if (content, moment.is_submitting) in seen:
                    continue
                seen.add((content, moment.is_submitting))
                self.place.cache.write_bytes(content)
                yield moment
        self.assertGreater(len(seen), 3)

    def deliver(self, queue_id, **fields):
        return self.place.run(mail(**fields), "--queue-id", queue_id)

    def forget_submissions(self):
        for call in self.place.calls.iterdir():
            shutil.rmtree(call)

    def test_during_a_reply(self):
        self.fill()
        recording = self.record(self.place.command("--queue-id", "Q1"), mail())
        [first] = self.place.submissions()
        for moment in self.after_each_power_cut(recording):
            self.assertIn("sound", self.tool_output("cache", "check"))
            states = [record["state"] for record in self.records("--sender", "alice@sender.example")]
            self.assertEqual(len(self.records()) - len(states), KNOWN)
            if moment.is_submitting:  # it is remembered before it can be sent
                self.assertEqual(len(states), 1)
                self.assertEqual(self.deliver("Q2", message_id="<2@x>").log[0]["action"],
                                 "suppressed")
            # The mail server tries again. What is sent then is the same reply.
            self.forget_submissions()
            self.assertEqual(self.deliver("Q1").status, 0)
            for call in self.place.submissions():
                self.assertEqual(call.message["Message-ID"], first.message["Message-ID"])
            self.assertEqual(self.deliver("Q1").log[0]["reason"], "recently-answered")

    def test_while_the_cache_is_made(self):
        recording = self.record(self.place.command("--queue-id", "Q1"), mail())
        [first] = self.place.submissions()
        for moment in self.after_each_power_cut(recording):
            self.forget_submissions()
            outcome = self.deliver("Q1")
            self.assertEqual(outcome.status, 0, outcome.stderr)
            for call in self.place.submissions():
                self.assertEqual(call.message["Message-ID"], first.message["Message-ID"])
            self.assertIn("sound", self.tool_output("cache", "check"))
            self.assertEqual(self.senders(), ["alice@sender.example"])

    def test_while_a_reply_is_taken_back(self):
        self.fill()
        self.place.set_mailer("exit 75")
        cache = self.place.cache
        before = cache.read_bytes()
        with self.assertRaises(AssertionError):  # status 75
            self.record(self.place.command("--queue-id", "Q1"), mail())
        recording = Recording(cache, before, (self.place.folder / "trace").read_text())
        self.place.set_mailer()
        for moment in self.after_each_power_cut(recording):
            self.assertIn("sound", self.tool_output("cache", "check"))
            self.forget_submissions()
            self.assert_replied(self.deliver("Q1"))  # nothing is lost

    def test_during_a_purge(self):
        self.fill()
        left = {f"p{number}@x.example" for number in range(KNOWN) if number % 4}
        recording = self.record([BIN / "inforeply-purge", "-c", self.place.configuration,
                                 "--cache", self.place.cache, "--batch", "20"])
        for moment in self.after_each_power_cut(recording):
            self.assertIn("sound", self.tool_output("cache", "check"))
            self.assertLessEqual(left, set(self.senders()))


if __name__ == "__main__":
    main()
