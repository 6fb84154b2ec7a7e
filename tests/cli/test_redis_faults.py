#!/usr/bin/env python3
"""Deliveries under load while Redis servers fail, move and fill up: every one is done in the end, no
reply is lost, and nobody gets two.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_redis_faults.py

Prints a table of what happened.
"""

import itertools
import sys
import time
import unittest

sys.dont_write_bytecode = True

from delivery_load import Delivery, Load, now
from programs import wait_for
from redis_place import RedisTestCase
from redis_servers import Cluster, Server, Watched

RESPONDERS = 6  # their slots lie on all masters
BEFORE = 0.7  # seconds of load before it happens
AFTER = 0.7  # and after all is well again

# How long before it happened a reply may have been sent whose reservation asynchronous replication
# had not passed on, in seconds: usually a millisecond.
LAG = 2.0


class Messages:
    """Those of people, each of whom writes three times: twice within moments, and again when perhaps
    all has happened. No more people come once it is ended."""

    LATER = 150

    def __init__(self):
        self.is_ended = False

    def __iter__(self):
        for number in itertools.count():
            people = [(number, 1), (number - 3, 2), (number - self.LATER, 3)]
            if self.is_ended:
                break
            yield from self.of(people)
        for rest in range(number, number + self.LATER):
            yield from self.of([(rest - 3, 2)] * (rest - 3 < number) + [(rest - self.LATER, 3)])

    @staticmethod
    def of(people):
        for person, message in people:
            if person >= 0:
                yield Delivery(person, message, f"r{person % RESPONDERS}@our.example")


class Table:
    """What is printed in the end."""

    HEADING = ["situation", "deliveries", "status 0", "status 75", "people", "replies",
               "second replies", "lost", "holds left"]
    rows = []

    @classmethod
    def print(cls):
        if not cls.rows:
            return
        print()
        for row in [cls.HEADING, ["---"] + ["---:"] * 8, *cls.rows]:
            print(f"| {' | '.join(map(str, row))} |", flush=True)


def tearDownModule():
    Table.print()


class Faults(RedisTestCase):
    """`under_load` has deliveries run while something happens."""

    def set_up(self, servers, *lines):
        servers = self.enterContext(servers)
        for number in range(RESPONDERS):
            self.place.set_responder("ignore = not-addressed\nlimit = 1000000/1h",
                                     path=f"responders/our.example/r{number}.conf")
        self.use(servers.url, "limit = 1000000/1h", "limit-sender-domain = 1000000/1h", *lines)
        self.servers = servers
        return servers

    def end_holds(self):
        """Of the deliveries that lost their connection as they got a reservation, and did not get
        another in time: each is granted again after 130 s, which are not waited for here. Called
        when nobody else is at work."""
        for server in self.servers.masters():
            holds = [key for key in server.keys() if key.startswith("inforeply:1:hold:")]
            self.holds_left += len(holds)
            server.run(orders="".join(f"DEL {key}\n" for key in holds) or "PING\n")

    def under_load(self, situation, happen, may_forget=False):
        """Runs `happen` under load, which returns when all is well again. If the servers
        `may_forget` a reservation, that may only be one of while it happened."""
        self.holds_left = 0
        messages = Messages()
        load = Load(self.place, messages)
        load.start()
        try:
            time.sleep(BEFORE)  # the length of the load
            begin = now()
            happen()
            end = now()
            time.sleep(AFTER)
        finally:
            messages.is_ended = True
            tally = load.finish(when_stuck=self.end_holds)
        replies = load.replies()
        second = {person: times for person, times in replies.items() if len(times) > 1}
        lost = tally.people - set(replies)
        Table.rows.append([situation, len(tally.done) + len(tally.undone), tally.statuses[0],
                           tally.statuses[75], len(tally.people),
                           sum(map(len, replies.values())),
                           sum(len(times) - 1 for times in second.values()), len(lost),
                           self.holds_left])
        causes = dict(tally.reasons.most_common(5))
        self.assertEqual(set(tally.statuses) - {0, 75}, set(), causes)
        self.assertEqual(tally.undone, [], causes)
        self.assertEqual(lost, set(), causes)
        self.assertGreater(len(tally.people), 4)  # how many depends on the machine
        if not may_forget:
            self.assertEqual(second, {}, f"it began at {begin}, and ended at {end}")
        for person, times in second.items():
            self.assertEqual(len(times), 2, f"{person}: {times}")
            self.assertTrue(begin - LAG <= times[0] <= end,
                            f"{person}: {times}, it began at {begin} and ended at {end}")
        return tally


class OneServer(Faults):
    def test_restarted(self):
        server = self.set_up(Server("appendonly yes", "appendfsync always"))

        def restart():
            server.kill()
            time.sleep(1)  # the length of the outage
            server.start()

        self.under_load("one server with appendfsync always, killed and restarted", restart)

    def test_memory_full(self):
        server = self.set_up(Server("maxmemory 3mb", "maxmemory-policy noeviction"))

        def fill_and_free():
            server.fill()
            time.sleep(1)  # how long it stays full
            keys = [key for key in server.keys() if key.startswith("ballast:")]
            server.run(orders="".join(f"DEL {key}\n" for key in keys))

        tally = self.under_load("memory full", fill_and_free)
        self.assertTrue(any("OOM" in cause for cause in tally.reasons), tally.reasons)

    def test_paused(self):
        server = self.set_up(Server("enable-debug-command yes"))

        def pause():
            server.pause()
            time.sleep(2)  # the length of the pause
            server.go_on()
            server.ask("DEBUG", "SLEEP", 1)

        self.under_load("the server paused, SIGSTOP for 2 s, then DEBUG SLEEP 1", pause)


class Sentinels(Faults):
    """Sentinels promote a replica. Any that they could take must have each reservation: redis-wait is
    the number of replicas. While they do it by order, the former master goes on for a second with
    the replicas that are left."""

    def kill(self, servers):
        return self.replace_master(servers, Server.kill, Server.start)

    def pause(self, servers):
        # It still takes itself for the master then, and finds what was sent to it meanwhile.
        return self.replace_master(servers, Server.pause, Server.go_on)

    @staticmethod
    def replace_master(servers, leave, come_back):
        def replace():
            master = servers.current_master()
            leave(master)
            servers.wait_for_another_master(master)
            come_back(master)
            wait_for(servers.is_ready, "the former master to follow")

        return replace

    def test_master_killed(self):
        servers = self.set_up(Watched(), "redis-wait = 2")
        self.under_load("sentinel, redis-wait 2 of 2: master killed", self.kill(servers))

    def test_master_killed_without_waiting_for_replicas(self):
        servers = self.set_up(Watched())
        self.under_load("sentinel, asynchronous: master killed", self.kill(servers), may_forget=True)

    def test_replica_promoted(self):
        servers = self.set_up(Watched(), "redis-wait = 2")
        self.under_load("sentinel, redis-wait 2 of 2: replica promoted", servers.promote_a_replica)

    def test_replica_promoted_and_one_of_two_waited_for(self):
        servers = self.set_up(Watched(), "redis-wait = 1")
        self.under_load("sentinel, redis-wait 1 of 2: replica promoted", servers.promote_a_replica,
                        may_forget=True)

    def test_master_paused_until_another_is_there(self):
        servers = self.set_up(Watched(), "redis-wait = 2")
        self.under_load("sentinel, redis-wait 2 of 2: master paused until another is there",
                        self.pause(servers))


class OfCluster(Faults):
    def set_up(self, *lines):
        return super().set_up(Cluster(), *lines)

    def test_slots_moved(self):
        cluster = self.set_up()

        def move():
            first, second, third = cluster.masters()
            cluster.move_slots(first, second, 200)
            for number in range(RESPONDERS):
                tag = f"r{number}@our.example"
                source = cluster.owner(tag)
                target = third if source is not third else first
                cluster.begin_to_move(cluster.slot(tag), source, target)
                time.sleep(0.2)  # how long its keys are on two nodes
                cluster.finish_to_move(cluster.slot(tag), source, target)
            wait_for(cluster.is_agreed, "the cluster to agree")

        self.under_load("cluster: the slots of all responders moved", move)

    def kill(self, cluster):
        def kill_master():
            master = cluster.owner("r0@our.example")
            replica = cluster.replica_of(master)
            master.kill()
            cluster.wait_for_master(replica)
            # As the replica that redis-wait asks for.
            master.start()

        return kill_master

    def test_master_killed(self):
        cluster = self.set_up("redis-wait = 1")
        self.under_load("cluster, redis-wait 1: master killed", self.kill(cluster))

    def test_master_killed_without_waiting_for_replicas(self):
        cluster = self.set_up()
        self.under_load("cluster, asynchronous: master killed", self.kill(cluster),
                        may_forget=True)

    def test_master_paused_until_another_is_there(self):
        cluster = self.set_up("redis-wait = 1")

        def pause_master():
            master = cluster.owner("r0@our.example")
            replica = cluster.replica_of(master)
            master.pause()
            cluster.wait_for_master(replica)
            # It still takes itself for the master, and finds what was sent to it meanwhile.
            master.go_on()
            wait_for(cluster.is_ready, "the former master to follow")

        self.under_load("cluster, redis-wait 1: master paused until another is there", pause_master)

    def test_replica_promoted(self):
        cluster = self.set_up("redis-wait = 1")

        def promote():
            cluster.promote(cluster.replica_of(cluster.owner("r0@our.example")))

        self.under_load("cluster, redis-wait 1: replica promoted", promote)


if __name__ == "__main__":
    unittest.main()
