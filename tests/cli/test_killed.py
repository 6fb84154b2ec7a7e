#!/usr/bin/env python3
"""Killed at every step: no reply is lost, nobody gets two, and the cache stays sound.

A run is watched with strace(1) to learn its system calls; then it is repeated for each of them and
killed when it is about to make that call: nothing can be seen from outside between two of them.
Before the cache is opened nothing has happened yet that could be half done: of the calls there each
tenth has to do.
"""

import concurrent.futures
import contextlib
import ctypes
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

from programs import (BIN, NOW, PATIENCE, HangingMailer, TestCase, Workplace, actions,
                      environment, finish, mail, main, wait_for)

EARLY = 10  # of the calls before the cache is opened, one in so many
OTHER = "OTHER"
FAILS = "fails"  # a file: as long as it is there, the mailer does


def setUpModule():
    if not shutil.which("strace"):
        raise AssertionError("strace is missing: nothing of this can be tested without it")


def adopt_orphans():
    """What a killed process leaves running becomes our child (PR_SET_CHILD_SUBREAPER)."""
    if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) != 0:
        raise OSError("prctl failed")


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
        variables = {"ASAN_OPTIONS": "detect_leaks=0"}  # LeakSanitizer cannot be traced itself
        return self.place.run_command([*strace(*prefix), *command], mail(), variables)

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
        return [re.search(rb"^Message-ID: (.*)$", (call / "message").read_bytes(), re.M | re.I)[1]
                for call in self.place.calls.iterdir()
                if (call / "taken").exists() and b"bob@x" not in (call / "argv").read_bytes()]

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


# --- what may be there before ---

def nothing(_point):
    pass


def somebody_else_at_work(point):
    """Bob's delivery has the cache open all the time, so that what a killed process holds of it is
    not made anew by the next one that opens it. In the end it is done as if nothing had been."""
    place = point.place
    gate = place.folder / "gate"
    os.mkfifo(gate)
    place.set_mailer(f'case "$*" in *bob@x*) : >$call/waits; read line <{gate};; esac; '
                     ": >$call/taken")
    process = place.start(mail(), "--queue-id", "BOB", sender="bob@x.example")
    point.others.append(process)

    def let_go():
        gate.write_text("\n")
        point.equal(actions(finish(process)), [("replied", "-")], "bob")
        point.equal(set(point.states(without=None)), {"answered"}, "states")
        point.check()

    point.callback(let_go)
    wait_for(lambda: list(place.calls.glob("*/waits")), "bob's mailer")


def an_older_answer(point):
    """The person was answered before, so long ago that another reply is due; so was another one."""
    place = point.place
    for sender, now in [("alice@sender.example", NOW - 8 * 86400), ("bob@x.example", NOW)]:
        place.run(mail(message_id="<older@x>"), "--now", now, sender=sender)
    shutil.rmtree(place.calls)
    place.calls.mkdir()


def a_limit(point):
    point.place.configure("limit = 5/1h", "limit-sender-domain = 3/1h")


def a_mailer_that_fails(point):
    """It takes nothing until it is tried again."""
    place = point.place
    place.write(FAILS, "")
    place.set_mailer(f"test ! -e {place.folder / FAILS} || exit 75; : >$call/taken")


# --- one point each, in a process of its own ---

def kill_responder(prepare, call, at_most, other_first):
    with Point(prepare) as point:
        outcome = point.run(*kill_at(call))
        point.expect_one_reply(at_most, other_first)
        return outcome.status == -9


def kill_mailer(prepare, call, _at_most, other_first):
    with Point(prepare) as point:
        words = " ".join([shutil.which("strace"), *strace(*kill_at(call))[1:], str(point.place.mailer)])
        outcome = point.place.run(mail(), "--queue-id", "QUEUEID", "--mailer", words)
        was_killed = actions(outcome) == [("deferred", "mailer")]
        point.equal(outcome.status, 75 if was_killed else 0, outcome.stderr)
        if was_killed:
            point.wait_for_orphans()
            # It may have taken the reply: nobody else is answered before it is known.
            point.equal(point.deliver(OTHER), ("suppressed", "recently-answered"), "another message")
        point.expect_one_reply(2 if was_killed else 1, other_first)
        return was_killed


def kill_before_the_mailer(prepare, call, _at_most, other_first):
    """The mailer's process, before it has become the mailer."""
    with Point(prepare) as point:
        outcome = point.run("-f", *kill_at(call))
        point.equal(outcome.status, 75, outcome.stderr)
        point.equal(point.taken(), [], "taken")
        point.expect_one_reply(1, other_first)
        return True


def purge_command(place):
    return [str(BIN / "inforeply-purge"), "-c", str(place.configuration),
            "--cache", str(place.cache), "--batch", "4"]


def kill_purge(prepare, call, _at_most, _other_first):
    with Point(prepare) as point:
        outcome = point.run(*kill_at(call), command=purge_command(point.place))
        point.check()
        point.tool("purge")
        point.equal(point.states(), ["answered"] * 2, "records")
        point.check()
        point.equal(point.deliver("QUEUEID"), ("replied", "-"), "after the purge")
        return outcome.status == -9


class Killed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        attempt = subprocess.run([*strace("-o", "/dev/null"), "true"], capture_output=True, text=True)
        if attempt.returncode != 0:
            raise unittest.SkipTest("strace is not permitted here: no run is killed "
                                    f"({attempt.stderr.strip() or attempt.returncode})")

    def kill_at_each(self, kill, prepare, calls):
        """`calls`: [(call, replies at most)]. All of them, two at a time; what went wrong is told
        with the call that it was killed at."""
        context = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(
                os.cpu_count(), context, initializer=adopt_orphans) as pool:
            futures = [(call, pool.submit(kill, prepare, call, at_most, number % 2 == 1))
                       for number, (call, at_most) in enumerate(calls)]
            faults, killed = [], 0
            for call, future in futures:
                try:
                    killed += future.result()
                except AssertionError as fault:
                    faults.append(f"killed at {call}: {fault}")
        self.assertEqual(faults, [], "\n".join(faults))
        # How often it looks for what the mailer prints differs: some calls may not be made again.
        self.assertGreater(killed, 0.9 * len(calls))

    @staticmethod
    def from_opening_on(calls):
        """Of [(call, line)], those from the opening of the cache on, and some of those before."""
        opening = next(i for i, (_, line) in enumerate(calls) if "cache.mdb" in line and i > 0)
        return calls[1:opening:EARLY] + calls[opening:]

    def kill_responder_at_each(self, prepare, accepted_at_once=True):
        with Point(prepare) as point:
            calls = point.trace()
            self.assertEqual(len(point.taken()), 1 if accepted_at_once else 0)
        lines = [line for _, line in calls]
        start = max(i for i, line in enumerate(lines) if re.match("clone3?|vfork", line))
        # LMDB commits with the writing of a meta page, which the others wait for.
        commit = max(i for i, line in enumerate(lines) if line.startswith("pwrite64"))
        self.assertLess(start, commit)
        ambiguous = {call for call, _ in calls[start + 1:commit + 1]} if accepted_at_once else set()
        self.kill_at_each(kill_responder, prepare,
                          [(call, 2 if call in ambiguous else 1)
                           for call, _ in self.from_opening_on(calls)])

    def test_the_responder_while_it_makes_the_cache(self):
        self.kill_responder_at_each(nothing)

    def test_the_responder_while_another_has_the_cache_open(self):
        self.kill_responder_at_each(somebody_else_at_work)

    def test_the_responder_while_it_renews_an_answer(self):
        self.kill_responder_at_each(an_older_answer)

    def test_the_responder_while_it_counts_against_limits(self):
        self.kill_responder_at_each(a_limit)

    def test_the_responder_while_it_takes_a_failed_reply_back(self):
        self.kill_responder_at_each(a_mailer_that_fails, accepted_at_once=False)

    def test_the_mailer(self):
        with Point(nothing) as point:
            trace = point.place.folder / "trace"
            words = " ".join([shutil.which("strace"), *strace("-o", trace)[1:],
                              str(point.place.mailer)])
            self.assertEqual(point.place.run(mail(), "--mailer", words).status, 0)
            calls = numbered_calls(trace.read_text())
            opening = next(i for i, (_, line) in enumerate(calls)
                           if i > 0 and str(point.place.mailer) in line)
        self.kill_at_each(kill_mailer, nothing, [(call, 2) for call, _ in calls[opening:]])

    def test_the_mailers_process_before_it_is_the_mailer(self):
        calls = [(("setpgid", 1), 1), (("close_range", 1), 1)]
        self.kill_at_each(kill_before_the_mailer, nothing, calls)

    def test_the_purge(self):
        with Point(nothing) as point:
            # Of nine persons the answer is long over, of two others it is not.
            for number in range(11):
                without = ["--now"] if number % 5 == 1 and number < 10 else []
                outcome = point.place.run(mail(), sender=f"{number}@x.example", without=without)
                self.assertEqual(actions(outcome), [("replied", "-")])
            cache = point.place.folder.parent / f"{point.place.folder.name}.mdb"
            self.addCleanup(Path.unlink, cache)
            shutil.copy(point.place.cache, cache)
        with Point(CopiedCache(cache)) as point:
            calls = point.trace(purge_command(point.place))
            self.assertEqual(point.states(), ["answered"] * 2)
        self.kill_at_each(kill_purge, CopiedCache(cache),
                          [(call, 0) for call, _ in self.from_opening_on(calls)])


class AtWork(TestCase):
    """A responder whose mailer hangs: by its lock it is known to live, by no clock."""

    YEAR = 365 * 86400

    def setUp(self):
        super().setUp()
        self.mailer = HangingMailer(self, self.place)
        self.process = self.place.start(mail(), "--queue-id", "QUEUEID")
        self.mailer.wait()

    def deliver(self, queue_id, now):
        return self.place.run(mail(message_id=f"<{queue_id}@x>"), "--queue-id", queue_id,
                              "--now", now)

    def test_it_silences_others_whatever_the_clock_says(self):
        for now in [NOW, NOW + 3600, NOW + self.YEAR, NOW - self.YEAR]:
            with self.subTest(now):
                self.assert_suppressed(self.deliver(OTHER, now), "recently-answered")
        self.mailer.let_go()
        self.assert_replied(finish(self.process))
        self.assert_sent(1)

    def test_a_purge_leaves_it_its_reservation(self):
        # The lease is long over: the purge goes by the clock of today.
        self.tool_output("purge", "--quiet")
        self.assertEqual([record["state"] for record in self.records()], ["pending"])
        self.mailer.let_go()
        self.assert_replied(finish(self.process))
        self.assertEqual([record["state"] for record in self.records()], ["answered"])

    def test_it_does_so_no_longer_than_it_may_live(self):
        self.process.send_signal(signal.SIGALRM)
        self.assertEqual(finish(self.process).status, 75)
        self.assert_suppressed(self.deliver(OTHER, NOW), "recently-answered")
        self.place.set_mailer()
        self.assert_replied(self.deliver(OTHER, NOW + 3600))


class CopiedCache:
    """Puts a copy of that file in the place of the cache."""

    def __init__(self, path):
        self.path = path

    def __call__(self, point):
        shutil.copy(self.path, point.place.cache)


if __name__ == "__main__":
    main()
