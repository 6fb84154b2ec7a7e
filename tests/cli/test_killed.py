#!/usr/bin/env python3
"""Killed at every step: no reply is lost, nobody gets two, and the cache stays sound.

A run is watched with strace(1) to learn its system calls; then it is repeated for each of them and
killed when it is about to make that call: nothing can be seen from outside between two of them.
Before the cache is opened nothing has happened yet that could be half done: of the calls there each
tenth has to do.
"""

import os
import re
import shutil
import signal
from pathlib import Path

from programs import (NOW, HangingMailer, TestCase, actions, finish, mail, main, wait_for)
from traced import (FAILS, OTHER, CopiedCache, Point, Traced, kill_at, nothing, numbered_calls,
                    purge_command, strace)

EARLY = 10  # of the calls before the cache is opened, one in so many


# --- what may be there before ---

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


def kill_purge(prepare, call, _at_most, _other_first):
    with Point(prepare) as point:
        outcome = point.run(*kill_at(call), command=purge_command(point.place))
        point.check()
        point.tool("purge")
        point.equal(point.states(), ["answered"] * 2, "records")
        point.check()
        point.equal(point.deliver("QUEUEID"), ("replied", "-"), "after the purge")
        return outcome.status == -9


class Killed(Traced):
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
        self.at_each(kill_responder, prepare,
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
        self.at_each(kill_mailer, nothing, [(call, 2) for call, _ in calls[opening:]])

    def test_the_mailers_process_before_it_is_the_mailer(self):
        calls = [(("setpgid", 1), 1), (("close_range", 1), 1)]
        self.at_each(kill_before_the_mailer, nothing, calls)

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
        self.at_each(kill_purge, CopiedCache(cache),
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


if __name__ == "__main__":
    main()
