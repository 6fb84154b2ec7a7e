"""Deliveries under load: a few processes at once, each delivery tried again until it is done, as a
mail server does, only sooner."""

import heapq
import itertools
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from programs import environment, mail

# Says who gets a reply and when, one line written at once: no two mailers can mix theirs.
MAILER = """#!/bin/sh
while test $# -gt 1; do shift; done
read -r now rest </proc/uptime
echo "$1 $now" >>{log}
"""


@dataclass(frozen=True)
class Delivery:
    """A message of a person, which is delivered until it is done."""
    person: int
    message: int
    recipient: str
    machine: int = 0

    @property
    def sender(self):
        return f"p{self.person}@x.example"

    @property
    def queue_id(self):
        return f"{self.machine}-{self.person}-{self.message}"

    @property
    def message_id(self):
        return f"<{self.person}.{self.message}@x.example>"


@dataclass
class Tally:
    """What came of the deliveries."""
    statuses: Counter = field(default_factory=Counter)
    done: list = field(default_factory=list)  # deliveries
    undone: list = field(default_factory=list)
    reasons: Counter = field(default_factory=Counter)  # the cause of what was deferred

    @property
    def people(self):
        return {delivery.sender for delivery in self.done + self.undone}


class Load:
    """Runs what `deliveries` yields, `at_once` processes at a time, with the words `within` before
    the program."""

    RETRY = 1.0  # seconds
    STUCK = 5.0  # seconds in which nothing was done, though all could have been

    def __init__(self, place, deliveries, at_once=4, patience=60, within=()):
        self.place = place
        self.deliveries = iter(deliveries)
        self.at_once = at_once
        self.within = within
        self.patience = patience
        self.log = place.folder / "replies"
        self.log.touch()
        place.write(place.mailer, MAILER.format(log=self.log)).chmod(0o755)
        self.lock = threading.Lock()
        self.waiting = []  # (when it is due, a number, delivery)
        self.number = itertools.count()
        self.at_work = 0
        self.tally = Tally()
        self.threads = []
        self.give_up_at = None  # known once the last new delivery was begun
        self.last_done = time.monotonic()
        self.environment = environment()

    def start(self):
        self.threads = [threading.Thread(target=self._work) for _ in range(self.at_once)]
        for thread in self.threads:
            thread.start()

    def finish(self, when_stuck=lambda: None):
        """Waits until each delivery is done; `patience` seconds at most once no new ones come.
        Calls `when_stuck` if those that are left have not come on for a while."""
        for thread in self.threads:
            while thread.is_alive():
                thread.join(0.1)
                if self.give_up_at and time.monotonic() - self.last_done > self.STUCK:
                    when_stuck()
                    self.last_done = time.monotonic()
        self.tally.undone = [delivery for _, _, delivery in self.waiting]
        return self.tally

    def run(self):
        self.start()
        return self.finish()

    def replies(self):
        """person -> when they were answered, in seconds since the machine's start, as CLOCK_BOOTTIME"""
        times = {}
        for line in self.log.read_text().splitlines():
            recipient, now = line.split()
            times.setdefault(recipient, []).append(float(now))
        return times

    def command(self, delivery):
        return [*self.within, *self.place.command("--queue-id", delivery.queue_id,
                                                  sender=delivery.sender,
                                                  recipients=[delivery.recipient])]

    def _next(self):
        """A delivery; None to ask again in a moment. Raises StopIteration in the end."""
        with self.lock:
            if self.waiting and self.waiting[0][0] <= time.monotonic():
                delivery = heapq.heappop(self.waiting)[2]
            else:
                delivery = next(self.deliveries, None)
            if delivery is not None:
                self.at_work += 1
                return delivery
            if self.give_up_at is None:
                self.give_up_at = time.monotonic() + self.patience
            if time.monotonic() > self.give_up_at or not (self.waiting or self.at_work):
                raise StopIteration
            return None

    def _work(self):
        while True:
            try:
                delivery = self._next()
            except StopIteration:
                return
            if delivery is None:
                time.sleep(0.05)
                continue
            status, cause = self._deliver(delivery)
            with self.lock:
                self.at_work -= 1
                self.tally.statuses[status] += 1
                if status == 75:
                    self.tally.reasons[cause] += 1
                    due = time.monotonic() + self.RETRY
                    heapq.heappush(self.waiting, (due, next(self.number), delivery))
                else:
                    self.tally.done.append(delivery)
                    self.last_done = time.monotonic()

    def _deliver(self, delivery):
        """The status, and the cause if it is not 0."""
        message = mail(message_id=delivery.message_id)
        with subprocess.Popen(self.command(delivery), stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              cwd=self.place.folder, env=self.environment) as process:
            _, stderr = process.communicate(message)
        return process.returncode, stderr.decode(errors="replace").rpartition(" detail=")[2].strip()


def now():
    """The clock of Load.replies."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
