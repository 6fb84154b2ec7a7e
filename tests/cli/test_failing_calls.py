#!/usr/bin/env python3
"""Each system call fails in turn: no reply is lost, nobody gets two, and the cache stays sound.

A run is watched with strace(1) to learn its system calls behind those of the dynamic loader; then it
is repeated for each of them, and strace lets that one fail. Each fails with one error that it can
really have; with INFOREPLY_ALL_FAILURES=1 in the environment each fails with every error, in hours.
"""

import collections
import functools
import os
import random
import re
import shutil
import signal
import time
from pathlib import Path

from programs import BIN, PATIENCE, TestCase, actions, finish, mail, main
from traced import (OTHER, CopiedCache, Point, Traced, kill_at, nothing, purge_command)

ALL = bool(os.environ.get("INFOREPLY_ALL_FAILURES"))
ERRORS = ("ENOSPC", "EIO", "EINTR", "EMFILE", "ENOMEM", "EPIPE")

# What calls can fail with; each call of a name takes the next one. brk(2) tells no error, and
# close(2) closes whatever it tells, while strace does not make the call at all.
LIKELY = {name: errors.split() for names, errors in {
    "openat openat2 pidfd_open": "EMFILE ENOMEM EINTR",
    "read pread64 readv": "EIO EINTR",
    "write writev": "ENOSPC EIO EINTR EPIPE",
    "pwrite64 pwritev ftruncate fallocate": "ENOSPC EIO EINTR",
    "fsync fdatasync msync": "EIO ENOSPC",
    "fcntl flock": "EINTR ENOMEM",
    "newfstatat fstat statx access getdents64 lseek fstatfs": "EIO ENOMEM",
    "link linkat rename renameat2 unlink mkdir fchmod fchown ioctl": "EIO ENOSPC",
    "mmap madvise vfork clone clone3 poll ppoll": "ENOMEM EINTR",
    "memfd_create pipe2 socket": "EMFILE ENOMEM",
    "wait4 waitid clock_nanosleep": "EINTR",
}.items() for name in names.split()}

# The first that are the program's own: the dynamic loader has let go of its cache.
LOADED = re.compile(r"munmap\(")
STATUSES = {0, 64, 65, 66, 69, 70, 71, 73, 74, 78}  # of the tools (sysexits.h), never 75

RECORDS = 11
KILLED = 2  # at one call in so many
RANDOM_KILLS = 200
# Of those killed. While the mailer did not die with its parent it was 153 of 178; on a busy machine
# one in ten dies between the mailer's end and the confirmation.
MOST_COPIES = 0.4


def own_calls(calls):
    """Of [(call, line)], those behind the dynamic loader."""
    first = next(i for i, (_, line) in enumerate(calls) if LOADED.match(line))
    return calls[first + 1:]


def failures(calls):
    """[(name, number, error)], of calls that can fail."""
    turns = collections.Counter()
    for (name, number), _ in calls:
        if name not in LIKELY:
            continue
        likely = LIKELY[name]
        turns[name] += 1
        errors = ERRORS if ALL else [likely[turns[name] % len(likely)]]
        yield from ((name, number, error) for error in errors)


def run_failing(point, failure, command=None):
    """The outcome, and whether the call was made at all."""
    trace = point.place.folder / "trace"
    name, number, error = failure
    outcome = point.run("-o", trace, "-e", f"inject={name}:error={error}:when={number}",
                        command=command)
    point.wait_for_orphans()
    return outcome, "(INJECTED)" in trace.read_text(errors="replace")


def fail_responder(prepare, failure, at_most, other_first):
    with Point(prepare) as point:
        outcome, was_made = run_failing(point, failure)
        taken = point.taken()
        what = f"status {outcome.status}, taken: {taken}, {outcome.stderr}"
        point.equal(outcome.status in (0, 75), True, what)
        if outcome.status == 0:
            point.equal(len(taken), 1, f"lost: {what}")
            at_most = 1
        point.equal(len(taken) <= at_most - (outcome.status == 75), True, what)
        point.expect_one_reply(at_most, other_first)
        return was_made


def fail_childs_call(prepare, failure, _at_most, other_first):
    """Of the mailer's process, before it has become the mailer."""
    name, number, error = failure
    with Point(prepare) as point:
        outcome = point.run("-f", "-o", "/dev/null", "-e",
                            f"inject={name}:error={error}:when={number}")
        point.equal((outcome.status, point.taken()), (75, []), outcome.stderr)
        point.expect_one_reply(1, other_first)
        return True


def disturb_suppression(point, *options):
    """The person was answered: another message of his gets no answer, whatever fails."""
    command = point.place.command("--queue-id", OTHER)
    outcome = point.run(*options, command=command)
    point.equal(len(point.taken()), 1, "replies")
    point.equal(point.deliver(OTHER), ("suppressed", "recently-answered"), outcome.stderr)
    point.equal(point.states(), ["answered"], "states")
    point.check()
    return outcome.status


def fail_suppression(prepare, failure, _at_most, _other_first):
    name, number, error = failure
    with Point(prepare) as point:
        status = disturb_suppression(point, "-o", "/dev/null", "-e",
                                     f"inject={name}:error={error}:when={number}")
        point.equal(status in (0, 75), True, f"status {status}")
        return True


def kill_suppression(prepare, call, _at_most, _other_first):
    with Point(prepare) as point:
        return disturb_suppression(point, *kill_at(call)) == -signal.SIGKILL


# --- tools, by name in TOOLS: disturbed, then run again ---

def compact_command(place):
    return [*purge_command(place), "--compact"]


def import_file(place):
    return place.folder.parent / f"{place.folder.name}.json"


def import_command(place):
    return [str(BIN / "inforeply-cache"), "-c", str(place.configuration), "--cache",
            str(place.cache), "import", str(import_file(place))]


def expect_two_left(point):
    point.equal(point.states(), ["answered"] * 2, "records")
    point.equal(point.deliver("QUEUEID"), ("replied", "-"), "a delivery")


def expect_all_imported(point):
    point.equal(len(point.states(without=None)), RECORDS, "records")


TOOLS = {  # the command, and what must be so when it was run again
    "purge": (purge_command, expect_two_left),
    "compaction": (compact_command, expect_two_left),
    "import": (import_command, expect_all_imported),
}


def finish_tool(tool, point):
    command, expect = TOOLS[tool]
    if tool != "import":  # which may have begun a cache or not
        point.check()
    outcome = point.place.run_command(command(point.place))
    point.equal(outcome.status, 0, outcome.stderr)
    expect(point)
    point.check()


def fail_tool(tool, prepare, failure, _at_most, _other_first):
    with Point(prepare) as point:
        outcome, was_made = run_failing(point, failure, TOOLS[tool][0](point.place))
        point.equal(outcome.status in STATUSES, True, f"{outcome.status}: {outcome.stderr}")
        finish_tool(tool, point)
        return was_made


def kill_tool(tool, prepare, call, _at_most, _other_first):
    with Point(prepare) as point:
        outcome = point.run(*kill_at(call), command=TOOLS[tool][0](point.place))
        finish_tool(tool, point)
        return outcome.status == -signal.SIGKILL


class Exported:
    """Prepares a point with that file to import."""

    def __init__(self, file):
        self.file = file

    def __call__(self, point):
        file = import_file(point.place)
        shutil.copy(self.file, file)
        point.callback(file.unlink)


def answered(point):
    outcome = point.place.run(mail(), "--queue-id", "QUEUEID")
    point.equal(actions(outcome), [("replied", "-")], outcome.stderr)


class FailingCalls(Traced):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with Point(nothing) as point:
            # Of nine persons the answer is long over, of two others it is not.
            for number in range(RECORDS):
                without = ["--now"] if number % 5 == 1 and number < 10 else []
                outcome = point.place.run(mail(), sender=f"{number}@x.example", without=without)
                assert actions(outcome) == [("replied", "-")], outcome.stderr
            kept = point.place.folder.parent / f"{point.place.folder.name}.kept"
            cls.exported = Path(f"{kept}.json")
            cls.exported.write_text(point.tool("cache", "export"))
            shutil.copy(point.place.cache, kept)
        cls.cache = kept
        cls.addClassCleanup(kept.unlink)
        cls.addClassCleanup(cls.exported.unlink)

    def fail_at_each(self, disturb, prepare, calls, ambiguous=()):
        self.at_each(disturb, prepare, [(failure, 2 if failure[:2] in ambiguous else 1)
                                        for failure in failures(calls)])

    def fail_reply(self, prepare):
        with Point(prepare) as point:
            calls = own_calls(point.trace())
            self.assertEqual(len(point.taken()), 1)
        names = [name for (name, _), _ in calls]
        start, end = names.index("vfork"), names.index("wait4")
        # Until it has heard how the mailer ended it cannot know whether the reply was taken.
        self.fail_at_each(fail_responder, prepare, calls, {call for call, _ in calls[start:end + 1]})

    def test_of_a_reply(self):
        self.fail_reply(nothing)
        if ALL:  # much the same calls again
            self.fail_reply(CopiedCache(self.cache))

    def test_of_the_mailers_process_before_it_is_the_mailer(self):
        self.at_each(fail_childs_call, nothing,
                     [((name, number, "ENOMEM"), 1) for name, number in
                      [("prctl", 1), ("setpgid", 1), ("dup2", 1), ("dup2", 3), ("close_range", 1)]])

    def test_of_a_suppression(self):
        with Point(answered) as point:
            calls = own_calls(point.trace(point.place.command("--queue-id", OTHER)))
        self.fail_at_each(fail_suppression, answered, calls)
        self.at_each(kill_suppression, answered,
                     [(call, 0) for call, _ in calls[::1 if ALL else KILLED]])

    def disturb_tool(self, tool, prepare):
        with Point(prepare) as point:
            calls = own_calls(point.trace(TOOLS[tool][0](point.place)))
            finish_tool(tool, point)
        self.fail_at_each(functools.partial(fail_tool, tool), prepare, calls)
        if tool != "purge":  # test_killed.py
            self.at_each(functools.partial(kill_tool, tool), prepare,
                         [(call, 0) for call, _ in calls[::1 if ALL else KILLED]])

    def test_of_a_purge(self):
        self.disturb_tool("purge", CopiedCache(self.cache))

    def test_of_a_compaction(self):
        self.disturb_tool("compaction", CopiedCache(self.cache))

    def test_of_an_import(self):
        self.disturb_tool("import", Exported(self.exported))


class KilledAtRandom(TestCase):
    """By SIGKILL at any moment, with a mailer that takes a while and then takes the reply at once."""

    def setUp(self):
        super().setUp()
        self.place.set_responder("limit = 1000/1h")
        self.taken = self.place.folder / "taken"
        self.taken.mkdir()
        # The last argument is the person, and making the file is the moment of acceptance.
        self.place.write(self.place.mailer, "#!/bin/sh\ncat >/dev/null\nfor person; do :; done\n"
                         f'sleep 0.02\nexec mktemp -q "{self.taken}/$person.XXXXXX"\n').chmod(0o755)

    def deliver(self, number):
        return self.place.start(mail(), "--queue-id", f"Q{number}", sender=f"{number}@x.example")

    def test_few_get_two_copies_and_none_is_lost(self):
        begin = time.monotonic()
        for number in range(5):
            self.assertEqual(finish(self.deliver(f"warm{number}")).status, 0)
        usual = (time.monotonic() - begin) / 5
        choose = random.Random(9)
        killed = []
        for number in range(RANDOM_KILLS):
            process = self.deliver(number)
            time.sleep(choose.uniform(0, usual))
            process.kill()
            if process.wait(PATIENCE) == -signal.SIGKILL:
                killed.append(f"{number}@x.example")
            process.stderr.close()
        for number in range(RANDOM_KILLS):
            self.assertEqual(self.place.run(mail(), "--queue-id", f"Q{number}",
                                            sender=f"{number}@x.example").status, 0)
        taken = collections.Counter(file.stem for file in self.taken.iterdir())
        twice = [person for person in killed if taken[person] > 1]
        print(f"NOTE: of {len(killed)} deliveries killed {len(twice)} sent two copies", flush=True)
        self.assertEqual([person for person in killed if taken[person] == 0], [])
        self.assertEqual(max(taken.values()), 2 if twice else 1)
        self.assertGreater(len(killed), RANDOM_KILLS / 4)
        self.assertLess(len(twice), MOST_COPIES * len(killed))


if __name__ == "__main__":
    main()
