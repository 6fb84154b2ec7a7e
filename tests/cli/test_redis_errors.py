"""What can be wrong with a cache on Redis: its URL, the servers, the connection. Then messages are
deferred, nothing is sent that is not remembered, and all goes on once it is well again.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_redis_errors.py
"""

import contextlib
import itertools
import queue
import signal
import socket
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True

from programs import NOW, HangingMailer, Workplace, actions, finish, mail, wait_for
from redis_place import LEAST, PASSWORD, RedisTestCase
from redis_servers import Cluster, Replicated, Server, Tap, Watched, free_ports
from test_smtp import Sink

DAY = 24 * 3600
HOLD = "inforeply:1:hold:"


class Refused(RedisTestCase):
    """What can be wrong before a server is asked anything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(Server(LEAST))
        cls.protected = cls.enterClassContext(Server(password=PASSWORD))

    def assert_fails(self, url, *words, lines=()):
        self.use(url, *lines)
        self.assert_cache_fails(self.deliver(), *words)
        self.assert_tool_fails(69, ["list"], url, *words)
        [fault] = self.faults(configuration="".join(f"{line}\n" for line in lines) + f"cache = {url}")
        for word in words:
            self.assertIn(word, fault)

    def with_user(self, name="mail"):
        return f"redis://{name}@{self.server.address}"

    def test_a_wrong_password(self):
        self.assert_fails(self.with_user(), "WRONGPASS", lines=[self.password_file("guess")])

    def test_an_unknown_user(self):
        self.assert_fails(self.with_user("nobody"), "WRONGPASS", lines=[self.password_file()])

    def test_no_password_where_one_is_needed(self):
        self.assert_fails(self.protected.url, "NOAUTH")

    def test_a_password_without_a_user(self):
        self.use(self.protected.url, self.password_file())
        self.replied("one")
        self.assertEqual(len(self.records()), 1)

    def test_a_user_without_a_password_file(self):
        self.use(self.with_user())
        outcome = self.deliver()
        self.assertEqual(outcome.status, 75)
        self.assertIn("redis-password-file", outcome.stderr)

    def test_a_password_file_that_others_can_read(self):
        for mode in (0o644, 0o640, 0o604):
            with self.subTest(oct(mode)):
                self.use(self.with_user(), self.password_file(mode=mode))
                outcome = self.deliver()
                self.assertEqual(outcome.status, 75)
                self.assertIn(str(self.place.folder / "password"), outcome.stderr)
                self.assertNotIn(PASSWORD, outcome.stderr)
                self.assertNotEqual(self.tool("cache", "list").returncode, 0)
        self.assert_sent(0)

    def test_a_password_file_that_is_missing_or_empty(self):
        self.use(self.with_user(), f"redis-password-file = {self.place.folder}/missing")
        self.assertIn("missing", self.deliver().stderr)
        self.use(self.with_user(), self.password_file(""))
        outcome = self.deliver()
        self.assertEqual(outcome.status, 75)
        self.assertIn(str(self.place.folder / "password"), outcome.stderr)

    def test_a_password_is_never_told(self):
        self.use(self.with_user(), self.password_file("guess-me"))
        for said in (self.deliver().stderr, self.tool("cache", "list").stderr):
            self.assertNotIn("guess-me", said)
        # And is refused where everybody could read it.
        self.use(f"redis://mail:guess-me@{self.server.address}")
        for said in (self.deliver().stderr, self.tool("cache", "list").stderr):
            self.assertNotIn("guess-me", said)
            self.assertIn("redis-password-file", said)

    def test_a_password_in_a_url_is_never_told(self):
        for url in ("redis+unix:/s?user=mail:secret", "redis+unix:/s?password=secret",
                    "redis+unix:/s?db=1&user=mail:secret&x=y", "redis:mail:secret@host",
                    "redis://mail:secret@host", "redis://:secret@host", "rediss://mail:secret@host",
                    "redis+cluster://mail:secret@host,other", "redis://mail:sec/secret@host",
                    "redis+sentinel://mail:secret@host/name"):
            with self.subTest(url):
                self.use(url)
                check = self.check(configuration=f"cache = {url}\n")
                for said in (self.deliver().stderr, self.tool("cache", "list").stderr,
                             self.tool("purge").stderr, check.stdout + check.stderr):
                    self.assertIn("redis", said)
                    self.assertNotIn("secret", said)

    def test_nobody_listens(self):
        [port] = free_ports(1)
        for url in (f"redis://127.0.0.1:{port}", f"redis+cluster://127.0.0.1:{port}",
                    f"redis+sentinel://127.0.0.1:{port}/replies"):
            with self.subTest(url):
                self.assert_fails(url, "Connection refused")
        self.assert_fails(f"redis+unix:{self.place.folder}/missing", "No such file")

    def test_something_else_listens(self):
        sink = Sink(self)
        self.use(sink.mailer.replace("smtp:", "redis:"))
        self.assert_cache_fails(self.deliver())

    def test_tls_is_refused_with_words_what_to_do(self):
        for url in ("rediss://127.0.0.1", "rediss://127.0.0.1:6379/0"):
            with self.subTest(url):
                self.use(url)
                outcome = self.deliver()
                self.assertEqual(outcome.status, 75)
                self.assertIn("stunnel", outcome.stderr)
                self.assert_tool_fails(64, ["list"], "stunnel")
        self.assert_sent(0)

    def test_urls_that_say_nothing_sensible(self):
        for url in ("redis://", "redis://:6379", "redis://host:0", "redis://host:99999",
                    "redis://host:x", "redis://host/x", "redis://host/-1", "redis+unix:",
                    "redis+unix:relative", "redis+unix:/s?x=1", "redis+unix:/s?db=x",
                    "redis+sentinel://host:1", "redis+sentinel://host/", "redis+sentinel:///name",
                    "redis+cluster://", "redis+cluster://a,,b", "redis+cluster://a:1/3",
                    "redis:host", "redis+other://host"):
            with self.subTest(url):
                self.use(url)
                outcome = self.deliver()
                self.assertEqual(outcome.status, 75)
                # What stands behind the ? may be meant as a password.
                self.assertIn(url.partition("?")[0], outcome.stderr)
        self.assert_sent(0)


class Confined(RedisTestCase):
    """A process that hands replies over by SMTP can look nothing up."""

    def test_localhost_is_known_without(self):
        server = self.enterContext(Server())
        sink = Sink(self)
        for number, (host, is_required) in enumerate(
                [("localhost", "yes"), ("LocalHost", "no"), ("127.0.0.1", "yes")]):
            with self.subTest(host, confinement=is_required):
                self.use(f"redis://{host}:{server.port}", f"mailer = {sink.mailer}",
                         f"require-confinement = {is_required}")
                self.replied("one", sender=f"{number}@x.example", without=["--mailer"])
        self.assertEqual(len(sink.messages()), 3)


class OfAnotherKind(RedisTestCase):
    """A URL of one form for a server of another."""

    def test_a_node_of_a_cluster_by_a_plain_url(self):
        # It has no replica that could matter, and one master has all slots.
        with Server("cluster-enabled yes", f"cluster-port {free_ports(1)[0]}") as node:
            self.use(node.url)
            self.assert_cache_fails(self.deliver(), "CLUSTERDOWN")
            node.ask("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            wait_for(lambda: "cluster_state:ok" in node.ask("CLUSTER", "INFO"), "the node")
            self.replied("one")

    def test_a_plain_server_by_the_url_of_a_cluster(self):
        with Server() as server:
            self.use(f"redis+cluster://{server.address}")
            # It has all slots, so to speak.
            self.replied("one")
            self.assert_tool_fails(69, ["list"], "cluster")
            [fault] = self.faults(configuration=f"cache = {self.place.cache}\n")
            self.assertIn("cluster", fault)

    def test_a_plain_server_by_the_url_of_sentinels(self):
        with Server() as server:
            self.use(f"redis+sentinel://{server.address}/replies")
            self.assert_cache_fails(self.deliver(), server.address)

    def test_a_sentinel_by_a_plain_url(self):
        with Server(f"sentinel monitor replies 127.0.0.1 {free_ports(1)[0]} 1",
                    program="redis-sentinel") as sentinel:
            self.use(sentinel.url)
            self.assert_cache_fails(self.deliver())

    def test_a_name_that_no_sentinel_knows(self):
        with Server(f"sentinel monitor replies 127.0.0.1 {free_ports(1)[0]} 1",
                    program="redis-sentinel") as sentinel:
            self.use(f"redis+sentinel://{sentinel.address}/others")
            self.assert_cache_fails(self.deliver(), "others")

    def test_the_first_places_of_a_url_may_be_down(self):
        first, second = free_ports(2)
        with Watched(replicas=0) as servers:
            self.use(f"redis+sentinel://127.0.0.1:{first},127.0.0.1:{second},"
                     f"{servers.sentinels[2].address}/{servers.NAME}")
            self.replied("one")


class OfACluster(RedisTestCase):
    """What only a cluster does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = cls.enterClassContext(Cluster(replicas=0))

    def setUp(self):
        super().setUp()
        for server in self.cluster.servers:
            server.ask("FLUSHALL")
        self.use(self.cluster.url)

    def slot(self):
        """That of the responder, the server that has it, and another."""
        tag = "info@our.example"
        owner = self.cluster.owner(tag)
        return (self.cluster.slot(tag), owner,
                next(server for server in self.cluster.servers if server is not owner))

    def test_the_first_nodes_of_the_url_may_be_down(self):
        [missing] = free_ports(1)
        self.use(f"redis+cluster://127.0.0.1:{missing},{self.cluster.servers[2].address}")
        for number in range(4):  # processes begin with different ones
            self.replied("one", sender=f"p{number}@x.example")

    def test_a_node_of_the_url_may_take_connections_and_never_answer(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.use(f"redis+cluster://127.0.0.1:{silent.getsockname()[1]},"
                     f"{self.cluster.servers[1].address}")
            # Half of the processes begin with that one.
            for number in range(10):
                begin = time.monotonic()
                self.replied("one", sender=f"p{number}@x.example")
                if time.monotonic() - begin > 4:
                    break

    def test_a_slot_that_was_moved_since_the_nodes_were_asked(self):
        mailer = HangingMailer(self, self.place)
        process = self.place.start(mail(), "--queue-id", "question")
        mailer.wait()
        move = self.slot()
        self.cluster.begin_to_move(*move)
        self.cluster.finish_to_move(*move)
        mailer.let_go()
        self.assert_replied(finish(process))
        self.assertEqual([each["state"] for each in self.records()], ["answered"])
        self.assert_suppressed(self.deliver("other"), "recently-answered")

    def test_a_slot_that_is_being_moved(self):
        self.replied("one")
        move = self.slot()
        self.cluster.begin_to_move(*move)
        # Some of the keys are here, some are nowhere: no node answers for all of them.
        delivery = self.place.start(mail(message_id="<two@x>"), "--queue-id", "two",
                                    sender="bob@x.example")
        source = move[1]
        wait_for(lambda: "errorstat_TRYAGAIN" in source.info("errorstats"), "it to be put off")
        self.cluster.finish_to_move(*move)
        self.assert_replied(finish(delivery))
        self.assert_suppressed(self.deliver("three"), "recently-answered")
        self.assert_sent(2)

    def test_a_slot_that_is_being_moved_for_long(self):
        move = self.slot()
        self.cluster.begin_to_move(*move)
        self.assert_cache_fails(self.deliver("one"))
        self.cluster.finish_to_move(*move)
        self.replied("one")
        self.assert_suppressed(self.deliver("two"), "recently-answered")


class OfANode(RedisTestCase):
    """One node of a cluster refuses to be written to, the others do not."""

    SETTINGS = {"OOM": ("maxmemory", 1), "NOREPLICAS": ("min-replicas-to-write", 1)}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = cls.enterClassContext(Cluster(replicas=0))
        # The shared limit is not there, and no process is sent there first.
        cls.owner = cls.cluster.owner("info@our.example")
        assert cls.cluster.owner("all") is not cls.owner

    @contextlib.contextmanager
    def refusing(self, word):
        """Answers that begin with `word`."""
        name, value = self.SETTINGS[word]
        for server in self.cluster.servers:
            server.ask("FLUSHALL")
        self.place = Workplace(self)
        others = [server.address for server in self.cluster.servers if server is not self.owner]
        self.use("redis+cluster://" + ",".join(others), "limit = 2/1h")
        self.owner.ask("CONFIG", "SET", name, value)
        try:
            with self.subTest(word):
                yield
        finally:
            self.owner.ask("CONFIG", "SET", name, 0)

    def test_is_named(self):
        for word in self.SETTINGS:
            with self.refusing(word):
                self.assert_cache_fails(self.deliver(), f"{self.owner.address}: {word}")

    def test_what_it_refuses_uses_up_no_limit_of_another(self):
        for word in self.SETTINGS:
            with self.refusing(word):
                for _ in range(3):
                    self.assert_cache_fails(self.deliver(), word)
            with self.subTest(word):
                self.assert_room_for(2, "2/1h")


class Failing(RedisTestCase):
    """Servers that are there and cannot do it."""

    def start(self, servers, *lines):
        servers = self.enterContext(servers)
        self.use(servers.url, *lines)
        return servers

    def assert_replies_again(self, name="question"):
        """Once all is well: what was deferred is answered."""
        self.replied(name)
        self.assert_sent(1)

    def test_a_replica_takes_no_writes(self):
        servers = self.start(Replicated())
        self.use(servers.replica.url)
        self.assert_cache_fails(self.deliver(), "READONLY")
        servers.replica.ask("REPLICAOF", "NO", "ONE")
        self.assert_replies_again()

    def test_a_server_that_loads_its_data(self):
        server = self.start(Server("enable-debug-command yes", "save 3600 1"))
        server.ask("DEBUG", "POPULATE", 20_000)
        server.ask("SAVE")
        server.kill()
        with open(server.configuration, "a", encoding="ascii") as file:
            # Microseconds for each key; how often it looks at its clients meanwhile.
            file.write("key-load-delay 500\nloading-process-events-interval-bytes 1024\n")
        server.launch()
        wait_for(lambda: "LOADING" in server.run("GET", "x").stderr, "the server to load")
        self.assert_cache_fails(self.deliver(), "LOADING")
        server.ask("CONFIG", "SET", "key-load-delay", 0)
        wait_for(server.answers, "the server to have loaded")
        self.assert_replies_again()

    def test_memory_is_full(self):
        server = self.start(Server("maxmemory 1500kb", "maxmemory-policy noeviction"))
        server.fill()
        self.assert_cache_fails(self.deliver(), "OOM")
        self.assertEqual([key for key in server.keys() if key.startswith("inforeply")], [])
        server.ask("FLUSHALL")
        self.assert_replies_again()

    def test_memory_that_stays_full_once_a_reply_is_reserved(self):
        server = self.start(Server("maxmemory-policy noeviction"))
        mailer = HangingMailer(self, self.place)
        process = self.place.start(mail(), "--queue-id", "question")
        mailer.wait()
        server.ask("CONFIG", "SET", "maxmemory", "1")
        mailer.let_go()
        self.assert_replied(finish(process))
        self.assertNotIn("errorstat_OOM", server.info("errorstats"))
        self.assertEqual([each["state"] for each in self.records()], ["answered"])
        server.ask("CONFIG", "SET", "maxmemory", "0")
        self.place.set_mailer()
        # A reply that was only reserved would not count any longer.
        self.assert_suppressed(self.deliver("other", "--now", NOW + DAY), "recently-answered")
        self.assert_sent(1)

    def test_replicas_are_missing(self):
        servers = self.start(Replicated("min-replicas-to-write 1"))
        servers.replica.kill()
        wait_for(lambda: servers.master.replicas() == 0, "the replica to be gone")
        self.assert_cache_fails(self.deliver(), "NOREPLICAS")
        servers.replica.start()
        wait_for(lambda: servers.master.replicas() == 1, "the replica to be back")
        self.assert_replies_again()

    def test_rights_are_missing(self):
        server = self.start(Server("user mail on >secret ~other:* +@all", user="mail"))
        self.use(server.url, self.password_file("secret"))
        self.assert_cache_fails(self.deliver(), "NOPERM")

    def test_a_policy_that_may_not_be_asked_for_is_a_note(self):
        acl = f'user mail on ">{PASSWORD}" ~inforeply:1:* +@all -config'
        server = self.start(Server(acl, user="mail"))
        self.use(server.url, self.password_file())
        self.replied("one")
        self.assert_notes([("main.conf:2", "maxmemory-policy", "noeviction")],
                          configuration=f"{self.lines[0]}\ncache = {server.url}\n")

    def test_rights_are_missing_but_for_what_responders_share(self):
        server = self.start(Server(), "limit = 2/1h")
        server.ask("ACL", "SETUSER", "default", "resetkeys", "~inforeply:1:limit:{all}*", "%R~*")
        for _ in range(3):
            self.assert_cache_fails(self.deliver("one"), "NOPERM")
        server.ask("ACL", "SETUSER", "default", "allkeys")
        self.assert_room_for(2, "2/1h")

    def test_a_script_without_a_result(self):
        server = self.enterContext(Server())
        calls = []

        def queue_scripts(request):
            calls.extend([b"EVALSHA"] * request.count(b"EVALSHA"))
            return b"+QUEUED\r\n" if b"EVALSHA" in request and len(calls) <= 100 else None

        with Tap(server, queue_scripts) as tap:
            self.use(tap.url)
            self.assert_cache_fails(self.deliver())
        self.assertIn(len(calls), range(1, 5))

    def test_scripts_are_forgotten(self):
        server = self.start(Server())
        self.replied("one")
        server.ask("SCRIPT", "FLUSH")
        self.replied("two", sender="bob@x.example")

    def test_a_record_that_is_of_another_kind_or_cannot_be_read(self):
        server = self.start(Server())
        self.replied("one")
        [key] = [key for key in server.keys() if "alice" in key and ":limit:" not in key]
        for spoil in (["SET", key, "spoilt"], ["SET", key, ""], ["HSET", key, "a", "b"]):
            with self.subTest(spoil):
                server.ask("DEL", key)
                server.ask(*spoil)
                outcome = self.deliver("two")
                self.assertEqual(outcome.status, 75, outcome.stderr)
                self.assertIn("alice@sender.example", outcome.stderr)
        self.assert_sent(1)


class Waiting(RedisTestCase):
    """redis-wait: how many replicas must have a reservation before the reply is sent."""

    def test_a_replica_has_what_is_sent(self):
        servers = self.enterContext(Replicated())
        self.use(servers.url, "redis-wait = 1")
        self.replied("one")
        self.assertIn("wait", servers.master.ask("INFO", "commandstats"))
        servers.master.kill()
        servers.replica.ask("REPLICAOF", "NO", "ONE")
        self.use(servers.replica.url)
        self.assert_suppressed(self.deliver("two"), "recently-answered")

    def test_without_a_replica_nothing_is_sent(self):
        servers = self.enterContext(Replicated())
        self.use(servers.url, "redis-wait = 1")
        servers.replica.pause()
        self.assert_cache_fails(self.deliver("one"), "replica")
        # It is not remembered as answered.
        servers.replica.go_on()
        wait_for(lambda: servers.master.replicas() == 1, "the replica to be back")
        self.replied("one")
        self.assert_sent(1)

    def test_a_master_that_is_lost_while_its_replica_has_nothing(self):
        servers = self.enterContext(Replicated())
        self.use(servers.url, "redis-wait = 1")
        servers.replica.pause()
        process = self.place.start(mail(), "--queue-id", "question")
        wait_for(lambda: "cmd=wait" in servers.master.ask("CLIENT", "LIST"), "it to wait")
        servers.master.kill()
        self.assert_cache_fails(finish(process), "Connection refused")

    def test_a_reservation_whose_answer_was_lost_is_waited_for_as_well(self):
        servers = self.enterContext(Replicated())
        self.use(servers.url, "redis-wait = 1")
        self.replied("one", sender="somebody@x.example")
        [reply] = self.place.submissions()
        servers.replica.pause()
        with Proxy(servers.master, 2, True) as proxy:  # the script's answer, after that of MGET
            self.use(proxy.url, "redis-wait = 1")
            outcome = self.deliver("one")
        self.assertEqual(outcome.status, 75, outcome.stderr)
        self.assertIn("redis-wait", outcome.stderr)
        self.assertEqual([sent.recipient for sent in self.place.submissions()], [reply.recipient])

    def test_more_replicas_than_there_are(self):
        servers = self.enterContext(Replicated())
        self.use(servers.url, "redis-wait = 2")
        self.assert_cache_fails(self.deliver("one"), "replica")

    def test_a_number_that_is_none(self):
        for value in ("-1", "x", "1.5", "1000000"):
            with self.subTest(value):
                self.use("redis://127.0.0.1", f"redis-wait = {value}")
                outcome = self.deliver()
                self.assertEqual(outcome.status, 75)
                self.assertIn("redis-wait", outcome.stderr)


class Paused(RedisTestCase):
    """A server that does nothing for a while."""

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(Server("enable-debug-command yes"))
        self.use(self.server.url)

    def test_shorter_than_the_time_limit(self):
        self.server.pause()
        process = self.place.start(mail(), "--queue-id", "question")
        time.sleep(1)  # the length of the pause
        self.assertIsNone(process.poll())
        self.server.go_on()
        self.assert_replied(finish(process))
        self.assert_sent(1)

    def test_asleep_for_a_while(self):
        sleeper = threading.Thread(target=self.server.run, args=("DEBUG", "SLEEP", "1"))
        sleeper.start()
        self.replied("one")
        sleeper.join()

    def test_longer_than_the_time_limit(self):
        self.server.pause()
        begin = time.monotonic()
        self.assert_cache_fails(self.deliver())
        self.assertLess(time.monotonic() - begin, 60)
        self.server.go_on()
        self.replied("question")
        self.assert_suppressed(self.deliver("other"), "recently-answered")

    def test_all_that_it_finds_when_it_goes_on_comes_to_one_reply(self):
        self.server.pause()
        processes = [self.place.start(mail(message_id=f"<{number}@x>"), "--queue-id", f"Q{number}")
                     for number in range(6)]
        time.sleep(0.5)  # the length of the pause
        self.server.go_on()
        done = [action for process in processes for action in actions(finish(process))]
        self.assertEqual(sorted(done),
                         [("replied", "-")] + [("suppressed", "recently-answered")] * 5)
        self.assert_sent(1)


class Proxy:
    """Stands before a server and counts what its clients say. It closes the connection at the number
    `cut`: before the server gets it, or after, in place of the answer. From then on it lets all
    pass, but nobody as long as `refuses` says so. `on_cut` is called just before it closes it."""

    def __init__(self, server, cut, answered, refuses=lambda: False, on_cut=lambda: None):
        self.server = server
        self.cut = cut
        self.is_passed_on = answered
        self.refuses = refuses
        self.on_cut = on_cut
        self.count = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        # close() alone wakes nobody who waits in accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.create_connection((self.server.host, self.server.port)) as server:
                if not (self.cut and self.count >= self.cut and self.refuses()):
                    self.relay(client, server)

    def relay(self, client, server):
        while request := client.recv(65536):
            self.count += 1
            is_cut = self.count == self.cut
            if not is_cut or self.is_passed_on:
                server.sendall(request)
                answer = server.recv(65536)
            if is_cut:
                return self.on_cut()
            client.sendall(answer)


class Broken(RedisTestCase):
    """A connection that breaks at each step of a delivery, before the server has got it and after."""

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(Server())
        with Proxy(self.server, 0, False) as proxy:
            self.use(proxy.url)
            self.replied("first")
            self.cuts = [(step, answered) for step in range(1, proxy.count + 1)
                         for answered in (False, True)]
        self.assertGreaterEqual(len(self.cuts), 6)

    @contextlib.contextmanager
    def cut(self, step, answered, **arguments):
        self.server.ask("FLUSHALL")
        self.server.ask("SCRIPT", "FLUSH")  # so that there are as many steps as the first time
        self.place = Workplace(self)
        with self.subTest(step=step, answered=answered), \
             Proxy(self.server, step, answered, **arguments) as proxy:
            self.use(proxy.url)
            yield
            self.assertGreaterEqual(proxy.count, step)

    def hold_keys(self):
        return [key for key in self.server.keys() if key.startswith(HOLD)]

    def end_holds(self):
        """As their time does."""
        for key in self.hold_keys():
            self.server.ask("DEL", key)

    def test_once_and_the_delivery_goes_on_by_another_connection(self):
        for step, answered in self.cuts:
            with self.cut(step, answered):
                self.replied("one")
                self.assert_suppressed(self.deliver("two"), "recently-answered")
                self.assertEqual([each["state"] for each in self.records()], ["answered"])
                self.assertEqual(self.hold_keys(), [])
                self.assert_sent(1)

    def test_once_and_a_responders_limits_count_each_reply_once(self):
        for step, answered in self.cuts:
            with self.cut(step, answered):
                self.place.set_responder("interval = 0\nlimit = 3/1h\nlimit-person = 2/1d",
                                         brakes=True)
                self.replied("one")
                self.replied("two")
                self.assert_limited(self.deliver("three"), "limit-person 2/1d reached")
                self.replied("three", sender="bob@x.example")
                self.assert_limited(self.deliver("four", sender="carol@x.example"),
                                    "limit 3/1h reached")

    def test_once_and_what_responders_share_is_never_exceeded(self):
        # It may have been counted and counted once more: too strict by one for its period.
        for step, answered in self.cuts:
            with self.cut(step, answered):
                self.configure("limit = 3/1h")
                self.place.set_responder("interval = 0")
                outcomes = [self.deliver(name) for name in ("one", "two", "three", "four")]
                sent = len(self.place.submissions())
                self.assertIn(sent, (2, 3))
                self.assertEqual([actions(outcome) for outcome in outcomes],
                                 [[("replied", "-")]] * sent +
                                 [[("suppressed", "rate-limited")]] * (4 - sent))

    def test_until_the_mailer_is_called_or_the_delivery_deferred(self):
        for step, answered in self.cuts:
            with self.cut(step, answered, refuses=lambda: not self.place.submissions()):
                outcome = self.deliver("one")
                if outcome.status == 75:
                    self.assert_cache_fails(outcome)
                    # The server may have got the reservation: nobody else is answered before the
                    # hold of that has ended, and then the same delivery alone.
                    self.end_holds()
                    self.use(self.server.url)
                    self.replied("one")
                self.assert_suppressed(self.deliver("two"), "recently-answered")
                self.assert_sent(1)

    def test_as_the_delivery_is_killed_and_tried_again(self):
        is_sent = []
        for step, answered in self.cuts:
            started = queue.SimpleQueue()
            with self.cut(step, answered, on_cut=lambda: started.get().kill()):
                self.place.set_responder("limit = 2/1h")
                process = self.place.start(mail(message_id="<one@x>"), "--queue-id", "one")
                started.put(process)
                self.assertEqual(finish(process).status, -signal.SIGKILL)
                is_sent.append(bool(self.place.submissions()))
                self.end_holds()
                again = self.deliver("one")
                if actions(again) == [("suppressed", "recently-answered")]:
                    self.assertEqual((step, answered), self.cuts[-1])  # it was confirmed
                else:
                    self.assert_replied(again)
                # What was sent, but not confirmed, is sent once more, and known to be the same.
                sent = {reply.message["Message-ID"] for reply in self.place.submissions()}
                self.assertEqual(len(sent), 1)
                self.assertLessEqual(len(self.place.submissions()), 1 + is_sent[-1])
                self.assert_suppressed(self.deliver("two"), "recently-answered")
                # It counts once.
                self.replied("three", sender="bob@x.example")
                self.assert_limited(self.deliver("four", sender="carol@x.example"),
                                    "limit 2/1h reached")
        self.assertEqual(set(is_sent), {False, True})


class TakenBack(RedisTestCase):
    """A reply that was counted for a limit that responders share, and then not sent. Whatever happens
    meanwhile, no other reply is taken back for it."""

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(Server())

    def set_up(self, *lines, **arguments):
        """One reply has been sent of two that have room."""
        self.server.ask("FLUSHALL")
        self.place = Workplace(self)
        self.use(self.server.url, "limit = 2/1h", *lines)
        self.replied("first", sender="first@x.example")
        self.place.set_mailer(**arguments)

    def second(self):
        return self.deliver("second", sender="second@x.example")

    def assert_first_counts(self, *lines, **arguments):
        """Whatever answer is lost while the second one is not sent. That may go on to count."""
        for step in itertools.count(1):
            self.set_up(*lines, **arguments)
            with self.subTest(step=step), Proxy(self.server, step, True) as proxy:
                self.use(proxy.url, *self.lines)
                self.assertNotIn("action=replied", self.second().stderr)
                self.place.set_mailer()
                self.use(self.server.url, *self.lines)
                sent = [actions(self.deliver("one", sender=f"{name}@{name}.example"))
                        for name in "ab"]
                self.assertEqual(sent[-1], [("suppressed", "rate-limited")], sent)
            if proxy.count < step:
                break
        self.assertGreater(step, 6)

    def test_an_answer_is_lost_while_the_mailer_fails(self):
        self.set_up(then="exit 75")
        self.assertEqual(actions(self.second()), [("deferred", "mailer")])
        self.place.set_mailer()
        self.assert_room_for(1, "2/1h")
        self.assert_first_counts(then="exit 75")

    def test_an_answer_is_lost_while_another_limit_is_reached(self):
        of_domain = "limit-sender-domain = 1/1h"
        self.set_up(of_domain)
        self.assert_limited(self.second(), "limit-sender-domain 1/1h reached")
        self.assert_room_for(1, "2/1h")
        self.assert_first_counts(of_domain)

    def test_the_same_delivery_is_done_by_another_process_meanwhile(self):
        self.use(self.server.url, "limit = 1/1h")
        self.place.set_mailer("kill -KILL $PPID; exit 0")
        self.assertEqual(self.deliver("one").status, -signal.SIGKILL)
        self.place.set_mailer()
        for key in self.server.keys():
            if key.startswith(HOLD):  # as its time ends it
                self.server.ask("DEL", key)
        done = []

        def overtake(request):
            # It has been counted where all count, and is to be reserved.
            if not done and b"EVALSHA" in request and HOLD.encode() in request:
                done.append(self.deliver("one", "--cache", self.server.url))

        with Tap(self.server, overtake) as tap:
            self.use(tap.url, *self.lines)
            self.assert_suppressed(self.deliver("one"), "recently-answered")
        self.assert_replied(*done)
        self.use(self.server.url, *self.lines)
        self.assert_room_for(0, "1/1h")


if __name__ == "__main__":
    unittest.main()
