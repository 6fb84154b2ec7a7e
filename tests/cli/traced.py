"""A run of a program watched with strace(1) and disturbed at one of its system calls, and what must be
true of the replies and the cache afterwards.
"""

import concurrent.futures
import contextlib
import ctypes
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from programs import BIN, NOW, PATIENCE, Workplace, actions, environment, mail

OTHER = "OTHER"
FAILS = "fails"  # a file: as long as it is there, the mailer does


def adopt_orphans():
    """What a killed process leaves running becomes our child (PR_SET_CHILD_SUBREAPER)."""
    if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) != 0:
        raise OSError("prctl failed")


# LeakSanitizer cannot be traced itself.
TRACED = {"ASAN_OPTIONS": "detect_leaks=0"}


def strace(*options):
    return ["strace", "-qq", *map(str, options), "--"]


def kill_at(call):
    """Options of strace that kill who is about to make the n-th call of that name."""
    name, number = call
    return ["-o", "/dev/null", "-e", f"inject={name}:signal=SIGKILL:when={number}"]


def numbered_calls(trace):
    """[((name, n-th of that name), line of strace)] of all calls."""
    calls, numbers = [], {}
    for line in trace.splitlines():
        name = re.match(r"(?:\d+ +)?(\w+)\(", line)
        if not name:
            continue
        numbers[name[1]] = numbers.get(name[1], 0) + 1
        calls.append(((name[1], numbers[name[1]]), line))
    return calls


class Point(contextlib.ExitStack):
    """A place to be killed at: a workplace of its own, and what must be true of it afterwards."""

    addCleanup = contextlib.ExitStack.callback

    def __init__(self, prepare):
        super().__init__()
        self.others = []  # processes that live on
        self.place = Workplace(self)
        self.place.set_mailer(": >$call/taken")
        prepare(self)

    def run(self, *prefix, command=None):
        """The first try of the delivery, or another command, by way of strace."""
        command = command or self.place.command("--queue-id", "QUEUEID")
        return self.place.run_command([*strace(*prefix), *command], mail(), TRACED)

    def trace(self, command=None):
        path = self.place.folder / "trace"
        outcome = self.run("-o", path, command=command)
        self.wait_for_orphans()
        if outcome.status < 0:
            raise AssertionError(f"it died: {outcome.stderr}")
        return numbered_calls(path.read_text(errors="replace"))

    def wait_for_orphans(self):
        """Until all that was left running has ended."""
        known = {process.pid for process in self.others}
        children = Path(f"/proc/self/task/{os.getpid()}/children")
        while orphans := {int(pid) for pid in children.read_text().split()} - known:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(orphans.pop(), 0)

    def deliver(self, queue_id):
        """A try without strace, ten minutes later: `OTHER` is another message of the same person."""
        message = mail(message_id="<other@sender.example>") if queue_id == OTHER else mail()
        outcome = self.place.run(message, "--queue-id", queue_id, "--now", NOW + 600)
        self.equal(outcome.status, 0, outcome.stderr)
        return actions(outcome)[0]

    def equal(self, found, expected, what):
        if found != expected:
            raise AssertionError(f"{found!r} instead of {expected!r}: {what}")

    def tool(self, name, *arguments):
        done = subprocess.run([BIN / f"inforeply-{name}", "-c", self.place.configuration,
                               "--cache", self.place.cache, *arguments],
                              capture_output=True, text=True, env=environment(), timeout=PATIENCE)
        self.equal(done.returncode, 0, f"{name} {arguments}: {done.stdout} {done.stderr}")
        return done.stdout

    def check(self):
        self.tool("cache", "check")

    def states(self, without="bob@x.example"):
        listed = self.tool("cache", "list", "--format", "json").splitlines()
        return [record["state"] for record in map(json.loads, listed)
                if record["sender"] != without]

    def taken(self):
        """The Message-IDs of the replies to the person that a mailer has accepted."""
        messages = [(call / "message").read_bytes() for call in self.place.calls.iterdir()
                    if (call / "taken").exists() and b"bob@x" not in (call / "argv").read_bytes()]
        ids = [re.search(rb"^Message-ID: (.*)$", message, re.M | re.I) for message in messages]
        if None in ids:
            raise AssertionError(f"not a whole reply: {messages}")
        return [found[1] for found in ids]

    def expect_one_reply(self, at_most, other_first):
        """After a run that was killed: the mail server tries again, before or after another message
        of the same person comes."""
        if (self.place.folder / FAILS).exists():
            self.wait_for_orphans()
            (self.place.folder / FAILS).unlink()
        order = [OTHER, "QUEUEID"] if other_first else ["QUEUEID", OTHER]
        done = [self.deliver(queue_id) for queue_id in order]
        self.wait_for_orphans()
        replies = self.taken()
        self.equal(len(set(replies)), 1, f"replies: {replies} after {done}")
        if len(replies) > at_most:
            raise AssertionError(f"{len(replies)} replies, {at_most} at most: {done}")
        for queue_id in order:
            self.equal(self.deliver(queue_id), ("suppressed", "recently-answered"), queue_id)
        self.equal(len(self.taken()), len(replies), "another reply")
        self.equal(set(self.states()), {"answered"}, "states")
        self.check()


def nothing(_point):
    pass


class CopiedCache:
    """Puts a copy of that file in the place of the cache."""

    def __init__(self, path):
        self.path = path

    def __call__(self, point):
        shutil.copy(self.path, point.place.cache)


def purge_command(place):
    return [str(BIN / "inforeply-purge"), "-c", str(place.configuration),
            "--cache", str(place.cache), "--batch", "4"]


def require_strace():
    """Leaves a test out where the machine does not permit strace."""
    if not shutil.which("strace"):
        raise AssertionError("strace is missing: nothing of this can be tested without it")
    attempt = subprocess.run([*strace("-o", "/dev/null"), "true"], capture_output=True, text=True)
    if attempt.returncode != 0:
        raise unittest.SkipTest("strace is not permitted here: nothing of this is tested "
                                f"({attempt.stderr.strip() or attempt.returncode})")


class Traced(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_strace()

    def at_each(self, disturb, prepare, calls):
        """`calls`: [(call, replies at most)]. Disturbs a run at each of them, several runs at a
        time; what went wrong is told with the call. `disturb` returns whether the run got there."""
        context = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(
                os.cpu_count(), context, initializer=adopt_orphans) as pool:
            futures = [(call, pool.submit(disturb, prepare, call, at_most, number % 2 == 1))
                       for number, (call, at_most) in enumerate(calls)]
            faults, disturbed = [], 0
            for call, future in futures:
                try:
                    disturbed += future.result()
                except AssertionError as fault:
                    faults.append(f"at {call}: {fault}")
        self.assertEqual(faults, [], "\n".join(faults))
        # How often it looks for what the mailer prints differs: some calls may not be made again.
        self.assertGreater(disturbed, 0.9 * len(calls))
