"""The programs with a cache on real Redis servers, in every form that its URL has.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_redis.py
"""

import json
import os
import signal
import sys
import unittest

sys.dont_write_bytecode = True

from programs import NOW, HangingMailer, actions, finish, mail, wait_for
from redis_place import LEAST, RedisTestCase
from redis_servers import Cluster, Server, Watched
from test_cache_list import ODD_RECORDS, record
from test_smtp import Sink

DAY = 24 * 3600
HOLD = "inforeply:1:hold:"


class Forms:
    """A test for each form of URL; its class starts the servers, and has them empty for each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(cls.launch())

    def setUp(self):
        super().setUp()
        for server in self.masters():
            server.ask("FLUSHALL")
        self.use(self.server.url, *([self.password_file()] if self.server.user else []))

    def masters(self):
        return [self.server]

    def all_keys(self):
        return sorted(key for server in self.masters() for key in server.keys())

    def end_holds(self):
        """As their time does."""
        for server in self.masters():
            for key in server.keys():
                if key.startswith(HOLD):
                    server.ask("DEL", key)

    def calls_of(self, command):
        """How often the servers were given it."""
        figures = [server.info("commandstats").get(f"cmdstat_{command}", "calls=0,")
                   for server in self.masters()]
        return sum(int(figure.removeprefix("calls=").partition(",")[0]) for figure in figures)


class Promise(Forms):
    """What any cache promises."""

    def test_a_person_is_answered_once_in_the_interval(self):
        self.replied("one")
        self.assert_suppressed(self.deliver("two"), "recently-answered")
        self.assert_suppressed(self.deliver("two", sender="Alice+x@SENDER.example"),
                               "recently-answered")
        self.replied("two", sender="bob@x.example")
        self.assert_suppressed(self.deliver("three", "--now", NOW + 7 * DAY - 1),
                               "recently-answered")
        self.assert_replied(self.deliver("four", "--now", NOW + 7 * DAY))

    def test_an_interval_of_0_answers_each_message(self):
        self.place.set_responder("interval = 0")
        for name in ("one", "two", "three"):
            self.replied(name)
        self.assert_sent(3)

    def test_once_answers_only_the_first_and_never_expires(self):
        self.place.set_responder("interval = once")
        self.replied("one")
        self.assert_suppressed(self.deliver("two", "--now", NOW + 5000 * DAY), "recently-answered")
        self.assertIsNone(self.records()[0]["expires_at"])

    def test_each_responder_and_each_text_counts_for_itself(self):
        self.place.set_responder("ignore = not-addressed", path="responders/our.example.conf")
        self.replied("one")
        self.replied("two", recipients=["sales@our.example"])
        self.place.set_responder("", "Another text.\n")
        self.replied("three")
        self.assertEqual(len(self.records()), 3)

    def test_the_limit_of_a_responder(self):
        self.place.set_responder("limit = 2/1h")
        for name in ("a", "b"):
            self.replied(name, sender=f"{name}@x.example")
        self.assert_limited(self.deliver("c", sender="c@x.example"), "limit 2/1h reached")
        self.assert_replied(self.deliver("c", "--now", NOW + 3600, sender="c@x.example"))

    def test_the_limit_of_a_person(self):
        self.place.set_responder("interval = 0\nlimit-person = 2/1d", brakes=True)
        for name in ("one", "two"):
            self.replied(name)
        self.assert_limited(self.deliver("three"), "limit-person 2/1d reached")
        self.replied("three", sender="bob@x.example")

    def test_the_main_limit_and_that_of_a_domain_count_all_responders(self):
        self.place.set_responder("ignore = not-addressed", path="responders/our.example.conf")
        self.configure("limit = 3/1d", "limit-sender-domain = 2/1d")
        self.replied("a", sender="a@x.example")
        self.replied("b", sender="b@x.example", recipients=["sales@our.example"])
        self.assert_limited(self.deliver("c", sender="c@x.example", recipients=["hr@our.example"]),
                            "limit-sender-domain 2/1d reached")
        self.replied("d", sender="d@y.example", recipients=["hr@our.example"])
        self.assert_limited(self.deliver("e", sender="e@y.example", recipients=["it@our.example"]),
                            "main limit 3/1d reached")

    def test_what_one_limit_stops_does_not_count_for_the_others(self):
        self.place.set_responder("ignore = not-addressed", path="responders/our.example.conf")
        self.configure("limit = 2/1d", "limit-sender-domain = 1/1d")
        self.replied("a", sender="a@x.example")
        for name in "bcd":
            self.assert_limited(self.deliver(name, sender=f"{name}@x.example"),
                                "limit-sender-domain 1/1d reached")
        self.replied("e", sender="e@y.example", recipients=["sales@our.example"])

    def test_a_reply_that_was_not_submitted_is_forgotten(self):
        self.place.set_responder("limit = 1/1h")
        self.configure("limit = 1/1d", "limit-sender-domain = 1/1d")
        self.place.set_mailer("exit 75")
        for name in ("one", "one", "two"):
            self.assertEqual(actions(self.deliver(name)), [("deferred", "mailer")])
        self.assertEqual(self.records(), [])
        self.place.set_mailer()
        self.replied("three")

    def test_a_reply_is_pending_until_it_is_submitted(self):
        mailer = HangingMailer(self, self.place)
        first = self.place.start(mail(), "--queue-id", "FIRST")
        mailer.wait()
        [pending] = self.records()
        self.assertEqual((pending["state"], pending["count"]), ("pending", 0))
        self.assert_suppressed(self.deliver("other"), "recently-answered")
        again = self.place.start(mail(), "--queue-id", "FIRST")
        mailer.let_go()
        self.assert_replied(finish(first))
        self.assert_suppressed(finish(again), "recently-answered")
        self.assertEqual([(each["state"], each["count"]) for each in self.records()],
                         [("answered", 1)])

    def test_a_delivery_that_was_killed_is_tried_again_when_its_hold_has_ended(self):
        self.place.set_mailer("kill -KILL $PPID; exit 0")
        self.assertEqual(self.deliver("one").status, -signal.SIGKILL)
        self.place.set_mailer()
        self.assert_suppressed(self.deliver("other"), "recently-answered")
        again = self.place.start(mail(message_id="<one@x>"), "--queue-id", "one")
        asked = self.calls_of("mget")
        wait_for(lambda: self.calls_of("mget") > asked + 3, "the same delivery to ask again")
        self.assert_sent(1)
        self.end_holds()
        self.assert_replied(finish(again))
        first, second = self.place.submissions()
        self.assertEqual(first.message["Message-ID"], second.message["Message-ID"])

    def test_many_at_once_get_one_reply(self):
        deliveries = [(mail(message_id=f"<{number}@x>"), ["--queue-id", f"Q{number // 2}"])
                      for number in range(20)]
        outcomes = [finish(process) for process in self.place.start_together(deliveries)]
        self.assertEqual(sorted(action for outcome in outcomes for action in actions(outcome)),
                         [("replied", "-")] + [("suppressed", "recently-answered")] * 19)
        self.assert_sent(1)

    def test_strange_addresses_are_kept_apart(self):
        self.place.set_responder("ignore = not-addressed\nlimit-person = none",
                                 path="responders/our.example.conf")
        recipients = ["{a}@our.example", "a@our.example", "}a{@our.example", "%7Ba%7D@our.example",
                      "a*@our.example", "{@our.example", "ä@our.example", "a'b@our.example"]
        senders = ['"a b"@x.example', '"a:b"@x.example', "a*@x.example", "ä@x.example",
                   "{x}@x.example", "SRS0=HH=TT=y.example=a@forwarder.example"]
        pairs = ([("alice@x.example", recipient) for recipient in recipients] +
                 [(sender, recipients[0]) for sender in senders])
        for sender, recipient in pairs:
            with self.subTest(sender, recipient=recipient):
                self.assert_replied(self.deliver("one", sender=sender, recipients=[recipient]))
                self.assert_suppressed(self.deliver("two", sender=sender, recipients=[recipient]),
                                       "recently-answered")
        self.assertEqual(len(self.records()), len(pairs))

    def test_submission_by_smtp_under_confinement(self):
        sink = Sink(self)
        self.configure(f"mailer = {sink.mailer}", "require-confinement = yes")
        self.assert_replied(self.deliver("one", without=["--mailer"]))
        self.assert_suppressed(self.deliver("two", without=["--mailer"]), "recently-answered")
        self.assertEqual(len(sink.messages()), 1)

    def test_keys_are_those_of_the_documentation_and_expire(self):
        self.place.set_responder("handle = winter\nlimit = 5/1h\nlimit-person = 5/2d")
        self.configure("limit = 5/1d", "limit-sender-domain = 5/1d")
        self.replied("one")
        record_key = "inforeply:1:{info@our.example}:alice@sender.example:winter"
        keys = self.all_keys()
        self.assertIn(record_key, keys)
        self.assertEqual([key for key in keys if not key.startswith("inforeply:1:")], [])
        self.assertEqual([key for key in keys if key.startswith(HOLD)], [])
        left = {}
        for server in self.masters():
            left |= {key: int(server.ask("PTTL", key)) / 1000 for key in server.keys()}
        self.assertAlmostEqual(left.pop(record_key), 7 * DAY, delta=60)
        counters = sorted(left.values())
        self.assertTrue(all(key.startswith("inforeply:1:limit:{") for key in left), left)
        # The responder's, that of all and its share, the domain's, the person's.
        self.assertEqual(len(counters), 5, left)
        for seconds, expected in zip(counters, (3600, DAY, DAY, DAY, 2 * DAY)):
            self.assertAlmostEqual(seconds, expected, delta=60)


class Tools(Forms):
    """inforeply-cache and inforeply-purge."""

    RESPONDERS = [f"r{number}@our.example" for number in range(8)]

    def store(self):
        """Two people of each responder."""
        self.stored = [record(f"{name}@x.example", responder)
                       for name in ("alice", "bob") for responder in self.RESPONDERS]
        self.bring_in("".join(json.dumps(each) + "\n" for each in self.stored))

    @staticmethod
    def as_lines(records):
        return sorted(map(json.dumps, records))

    def names(self, *arguments):
        return sorted((each["responder"], each["sender"]) for each in self.records(*arguments))

    def test_list_has_all_of_all_masters(self):
        self.store()
        self.assertEqual(self.as_lines(self.records()), self.as_lines(self.stored))
        self.assertEqual(self.names("r3@our.example"),
                         [("r3@our.example", "alice@x.example"), ("r3@our.example", "bob@x.example")])
        self.assertEqual(len(self.records("--sender", "bob@*")), len(self.RESPONDERS))
        self.assertEqual(len(self.records("--limit", "3")), 3)

    def test_show_tells_of_a_person(self):
        self.store()
        shown = self.tool_output("cache", "show", "r1@our.example", "Alice+x@x.example")
        self.assertIn("winter", shown)
        self.assert_tool_fails(66, ["show", "r1@our.example", "carol@x.example"], "carol@x.example")

    def test_forget_removes_a_person_a_sender_a_responder(self):
        self.store()
        all_names = self.names()
        for arguments, is_gone in (
                (["r1@our.example", "alice@x.example"],
                 lambda name: name == ("r1@our.example", "alice@x.example")),
                (["--sender", "bob@x.example"], lambda name: name[1] == "bob@x.example"),
                (["--responder", "r2@our.example"], lambda name: name[0] == "r2@our.example")):
            with self.subTest(arguments):
                self.tool_output("cache", "forget", *arguments)
                all_names = [name for name in all_names if not is_gone(name)]
                self.assertEqual(self.names(), all_names)
        self.assert_tool_fails(66, ["forget", "--sender", "bob@x.example"], "bob@x.example")

    def test_who_is_forgotten_is_answered_again(self):
        self.replied("one")
        self.tool_output("cache", "forget", "info@our.example", "alice@sender.example")
        self.replied("two")

    def test_stats_count_all(self):
        self.store()
        figures = json.loads(self.tool_output("cache", "stats", "--format", "json"))
        self.assertIn(len(self.stored), figures.values(), figures)

    def test_report_is_a_page(self):
        self.store()
        page = self.place.folder / "page.html"
        self.tool_output("cache", "report", "--html", str(page))
        text = page.read_text()
        for responder in self.RESPONDERS:
            # In the picture, its title twice, and the table.
            self.assertEqual(text.count(f"<bdi>{responder}</bdi>"), 1, responder)

    def test_check_says_how_the_servers_are(self):
        done = self.tool("cache", "check")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn(self.masters()[0].info("server")["redis_version"], done.stdout)
        self.assertIn("append-only", done.stdout)

    def test_check_finds_an_eviction_policy_that_forgets(self):
        for server in self.masters():
            server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
            self.addCleanup(server.ask, "CONFIG", "SET", "maxmemory-policy", "noeviction")
        done = self.tool("cache", "check")
        self.assertEqual(done.returncode, 65, done.stdout)
        self.assertIn("allkeys-lru", done.stdout)
        [*faults] = self.faults(configuration=self.place.configuration.read_text() +
                                f"cache = {self.place.cache}\n")
        self.assertEqual(len(faults), len(self.masters()), faults)
        for fault in faults:
            self.assertIn("set maxmemory-policy noeviction", fault)

    def test_check_config_finds_nothing_where_all_is_well(self):
        self.assert_well(1, configuration=self.place.configuration.read_text() +
                         f"cache = {self.place.cache}\n")

    def test_what_only_a_file_has_is_a_usage_error(self):
        self.store()
        for arguments in (["backup", str(self.place.folder / "backup")],
                          ["forget", "--sender", "alice@x.example", "--compact"]):
            with self.subTest(arguments):
                self.assert_tool_fails(64, arguments, "export")
        self.assert_tool_fails(64, ["--compact"], tool="purge")
        self.assertEqual(len(self.records()), len(self.stored))

    def test_the_purge_leaves_all_to_the_server(self):
        self.store()
        done = self.tool("purge")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("the server", done.stdout)
        self.assertEqual(len(self.records()), len(self.stored))

    def test_from_a_file_to_redis_and_back_nothing_is_lost(self):
        records = ODD_RECORDS + [
            record("dave@d.example", handle=":{}%:", responder="{a}@our.example"),
        ] + [record(f"p{number}@x.example", f"r{number % 50}@our.example", count=number + 1)
             for number in range(3000)]
        first, last = (f"lmdb:{self.place.folder / name}" for name in ("first.mdb", "last.mdb"))
        self.bring_in("".join(json.dumps(each) + "\n" for each in records), cache=first)
        before = self.export(cache=first)
        self.assertEqual(len(before), len(records))
        self.bring_in("\n".join(before) + "\n")
        there = self.export()
        self.assertEqual(there, before)
        self.bring_in("\n".join(there) + "\n", cache=last)
        self.assertEqual(self.tool("cache", "export", cache=last).stdout,
                         self.tool("cache", "export", cache=first).stdout)

    def test_an_import_never_replaces_what_is_newer(self):
        self.store()
        older = self.stored[0] | {"answered_at": "2024-05-09T12:00:00Z"}
        newer = self.stored[1] | {"answered_at": "2024-05-11T12:00:00Z"}
        said = self.bring_in("".join(json.dumps(each) + "\n" for each in (older, newer)))
        self.assertEqual(said, "stored 1 record, 1 there already\n")
        self.assertEqual(self.as_lines(self.records()),
                         self.as_lines([self.stored[0], newer, *self.stored[2:]]))


class OnTcp(Promise, Tools, RedisTestCase):
    @staticmethod
    def launch():
        return Server(database=7)


class OnSocket(Promise, Tools, RedisTestCase):
    """As a user with no more rights than the documentation asks for."""

    @staticmethod
    def launch():
        return Server(LEAST, user="mail", on_socket=True)


class OnSentinel(Promise, Tools, RedisTestCase):
    """The user is known to the servers; the sentinels ask for nothing."""

    @staticmethod
    def launch():
        return Watched(LEAST, user="mail")

    def masters(self):
        return [self.server.master]


class OnCluster(Promise, Tools, RedisTestCase):
    @staticmethod
    def launch():
        return Cluster(LEAST, user="mail", replicas=0)

    def masters(self):
        return self.server.servers


if __name__ == "__main__":
    unittest.main()
