#!/usr/bin/env python3
"""Six machines that share a cache on Redis are given the same messages: each person is answered by one
of them.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_redis_machines.py

Each has a configuration of its own and, where that is permitted, a network of its own, a cable to the
server's. INFOREPLY_ALL_MESSAGES=1 gives each 10,000 messages of 2,000 people, which takes minutes.
"""

import contextlib
import os
import random
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True

from delivery_load import Delivery, Load
from programs import Workplace
from redis_place import RedisTestCase
from redis_servers import WITH_US, Server

MACHINES = 6
MESSAGES_OF_EACH = 5
PEOPLE = 2000 if os.environ.get("INFOREPLY_ALL_MESSAGES") == "1" else 200


class Network:
    """A network namespace, which lives as long as a process in it."""

    def __init__(self):
        self.process = subprocess.Popen([*WITH_US, "unshare", "--net", "sh", "-c",
                                         "echo; exec sleep 1d"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.is_permitted = self.process.stdout.read(1) == b"\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    @property
    def within(self):
        """What goes before a command that is to run there."""
        return ["nsenter", "-t", str(self.process.pid), "-n"]

    def ip(self, *words):
        """Whether that order of ip(8) could be obeyed."""
        return subprocess.run([*self.within, "ip", *map(str, words)], capture_output=True,
                              check=False).returncode == 0

    def connect(self, other, number):
        """Lays a cable; the addresses here and there, or None if that is not permitted."""
        here, there = f"10.99.{number}.1", f"10.99.{number}.2"
        is_laid = (self.ip("link", "add", f"cable{number}", "type", "veth", "peer", "name", "eth0",
                           "netns", other.process.pid) and
                   self.ip("address", "add", f"{here}/30", "dev", f"cable{number}") and
                   self.ip("link", "set", f"cable{number}", "up") and
                   other.ip("address", "add", f"{there}/30", "dev", "eth0") and
                   other.ip("link", "set", "eth0", "up"))
        return (here, there) if is_laid else None


class Machines(RedisTestCase):
    def networks(self):
        """That of the server, those of the machines and the server's address for each; or None."""
        with contextlib.ExitStack() as stack:
            center, *others = [stack.enter_context(Network()) for _ in range(1 + MACHINES)]
            if not all(network.is_permitted for network in (center, *others)):
                return None
            cables = [center.connect(other, number) for number, other in enumerate(others)]
            if None in cables:
                return None
            self.addCleanup(stack.pop_all().close)
            return center, others, [here for here, _ in cables]

    def launch(self):
        """The URL of the cache for each machine, and what goes before a command on it."""
        networks = self.networks()
        if networks is None:
            print("NOTE: test_redis_machines: private networks are not permitted here, so that the "
                  "machines share a socket", flush=True)
            self.server = self.enterContext(Server())
            return [(f"redis+unix:{self.server.socket}", [])] * MACHINES
        center, others, addresses = networks
        self.server = self.enterContext(Server("protected-mode no", host="0.0.0.0",
                                               within=center.within))
        return [(f"redis://{address}:{self.server.port}", other.within)
                for address, other in zip(addresses, others)]

    @staticmethod
    def messages(machine):
        """The same for all; half of the machines get them in one order, so that they meet."""
        messages = [(person, message) for message in range(MESSAGES_OF_EACH)
                    for person in range(PEOPLE)]
        random.Random(machine // 2).shuffle(messages)
        return [Delivery(person, message, "info@our.example", machine)
                for person, message in messages]

    def test_everybody_is_answered_once_by_one_of_them(self):
        loads = []
        for machine, (url, within) in enumerate(self.launch()):
            place = Workplace(self)
            place.cache = url
            place.set_responder("limit = 1000000/1h\nhandle = winter")
            place.configure("limit = 1000000/1h")
            loads.append(Load(place, self.messages(machine), at_once=1, within=within))
        begin = time.monotonic()
        for load in loads:
            load.start()
        tallies = [load.finish() for load in loads]
        seconds = time.monotonic() - begin
        answered = [person for load in loads for person, times in load.replies().items()
                    for _ in times]
        each = PEOPLE * MESSAGES_OF_EACH
        print(f"{MACHINES} machines, {each:,} messages each of the same {PEOPLE:,} people: "
              f"{len(answered):,} replies, {each * MACHINES / seconds:.0f} deliveries a second",
              flush=True)
        for tally in tallies:
            self.assertEqual(tally.statuses, {0: each}, tally.reasons)
        self.assertEqual(sorted(answered), sorted(f"p{n}@x.example" for n in range(PEOPLE)))
        # Each had its part in it.
        self.assertTrue(all(load.replies() for load in loads))
        # The server's own socket, which leads there from any network.
        self.use(f"redis+unix:{self.server.socket}")
        self.assertEqual({(record["state"], record["count"]) for record in self.records()},
                         {("answered", 1)})
        self.assertEqual(len(self.records()), PEOPLE)


if __name__ == "__main__":
    unittest.main()
