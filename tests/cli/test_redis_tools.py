"""The tools on a cache on Redis when something is wrong with it, and when it is large.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_redis_tools.py

The indexes of lists are in a folder of the system, so that theirs takes a mount namespace; without one
it is left out.
"""

import itertools
import json
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True

from programs import BIN, environment, find_unshare, main
from redis_place import RedisTestCase
from redis_servers import Server, Tap, free_ports
from test_cache_list import record
from test_redis_errors import Proxy

UNSHARE = find_unshare()

# The same record of many responders.
COPIES = """
local value = redis.call('GET', KEYS[1])
for number = 1, ARGV[1] do
  redis.call('SET', 'inforeply:1:{r' .. number .. '@our.example}:alice@x.example:winter', value)
end
"""


class ToolsTestCase(RedisTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(Server())

    def setUp(self):
        super().setUp()
        self.server.ask("FLUSHALL")
        self.use(self.server.url)

    def store(self, *senders):
        self.bring_in("".join(json.dumps(record(sender)) + "\n" for sender in senders))

    def store_many(self, count):
        """Of as many responders."""
        self.store("alice@x.example")
        [key] = self.server.keys()
        self.server.ask("EVAL", COPIES, 1, key, count - 1)


class Forgotten(ToolsTestCase):
    """Scripts that the server forgets, or another does not know, while a tool is at work."""

    def forget_scripts(self):
        self.server.ask("SCRIPT", "FLUSH")

    def test_an_import_goes_on_with_another_server(self):
        for step in itertools.count(1):
            self.server.ask("FLUSHALL")
            with self.subTest(step=step), \
                 Proxy(self.server, step, False, on_cut=self.forget_scripts) as proxy:
                self.use(proxy.url)
                self.store("alice@x.example")
            self.use(self.server.url)
            self.assertEqual(self.senders(), ["alice@x.example"])
            if proxy.count < step:
                break
        self.assertGreater(step, 3)

    def test_forget_and_purge(self):
        for tool, arguments in (("cache", ["forget", "--sender", "alice@x.example"]),
                                ("purge", ["--older-than", "1d", "--responder", "info@our.example"])):
            with self.subTest(tool):
                self.use(self.server.url)
                self.store("alice@x.example")
                with Tap(self.server, lambda request:
                         self.forget_scripts() if b"SCAN" in request else None) as tap:
                    self.use(tap.url)
                    self.assertIn("1 record", self.tool_output(tool, *arguments))
                    self.assertEqual(self.records(), [])


class Figures(ToolsTestCase):
    def test_limits_that_are_reached_are_told_for_prometheus(self):
        now = int(time.time())
        self.place.set_responder("limit = 2/1h\ninterval = 0\nlimit-person = 1/1h", brakes=True)
        self.use(self.server.url, "limit = 1/1h")
        for at, reached in ((now - 3600, {"responder": 0, "all": 0, "person": 0}),
                            (now, {"responder": 0, "all": 1, "person": 1})):
            with self.subTest(at - now):
                self.server.ask("FLUSHALL")
                self.assert_replied(self.deliver("one", "--now", at))
                told = self.tool_output("cache", "stats", "--format", "prometheus")
                for kind, count in reached.items():
                    self.assertIn(f'inforeply_limits_reached{{cache="{self.server.url}",mode="live",'
                                  f'kind="{kind}"}} {count}\n', told)
                self.assertIn('state="answered"} 1\n', told)
                self.assertNotIn("inforeply_cache_", told)


class Damaged(ToolsTestCase):
    """A value that is none of ours."""

    KEY = "inforeply:1:{info@our.example}:x@y.example:h"

    def setUp(self):
        super().setUp()
        self.store("alice@x.example", "bob@x.example")
        self.server.ask("SET", self.KEY, "junk")

    def check(self, *options):
        """The exit status, the lines that name the key, and the summary."""
        done = self.tool("cache", "check", *options)
        self.assertEqual(done.stderr, "")
        *lines, summary = done.stdout.splitlines()
        return done.returncode, [line for line in lines if self.KEY in line], summary

    def test_check_tells_and_repair_removes_it(self):
        status, faults, summary = self.check()
        self.assertEqual((status, len(faults)), (65, 1))
        self.assertEqual(summary, "2 records, 1 damaged: not sound")
        self.assertEqual(self.server.ask("GET", self.KEY), "junk")
        self.assertEqual(self.check("--repair"), (0, faults, "2 records, 1 damaged: repaired"))
        self.assertEqual(self.server.ask("EXISTS", self.KEY), "0")
        status, faults, summary = self.check()
        self.assertEqual((status, faults, summary), (0, [], "2 records, 0 damaged: sound"))
        self.assertEqual(sorted(self.senders()), ["alice@x.example", "bob@x.example"])

    def test_limits_and_values_of_another_type_are_repaired_as_well(self):
        limit = "inforeply:1:limit:{all}:all"
        self.server.ask("SET", limit, "junk")
        self.server.ask("DEL", self.KEY)
        self.server.ask("HSET", self.KEY, "junk", "junk")
        self.use(self.server.url, "limit = 100/1h")
        self.assert_cache_fails(self.deliver(), limit)
        status, faults, summary = self.check()
        self.assertEqual((status, len(faults), summary), (65, 1, "2 records, 2 damaged: not sound"))
        self.assert_tool_fails(69, ["list"], self.KEY)
        self.assertEqual(self.check("--repair")[::2], (0, "2 records, 2 damaged: repaired"))
        self.replied("one")

    def test_the_others_name_it(self):
        others = [("cache", "list"), ("cache", "export"), ("cache", "stats"),
                  ("cache", "forget", "--responder", "info@our.example"),
                  ("purge", "--older-than", "1d"), ("purge", "--older-than", "1d", "--dry-run")]
        for tool, *arguments in others:
            with self.subTest(tool, arguments=arguments):
                self.assert_tool_fails(69, arguments, self.KEY, tool=tool)
        self.check("--repair")
        for tool, *arguments in others:
            with self.subTest(tool, arguments=arguments):
                self.tool_output(tool, *arguments)


class Slow(ToolsTestCase):
    def test_a_purge_that_goes_on_is_patient(self):
        self.store_many(10_000)
        scans = []

        def slow_down(request):
            if b"SCAN" in request:
                scans.append(request)
                time.sleep(0.25)  # a small part of the patience

        with Tap(self.server, slow_down) as tap:
            self.use(tap.url)
            self.assertEqual(self.tool_output("purge", "--dry-run", "--older-than", "1d",
                                              "--patience", "2s"), "would remove 10000 records\n")
        self.assertGreater(len(scans) * 0.25, 2)


class Many(ToolsTestCase):
    def stats(self):
        return json.loads(self.tool_output("cache", "stats", "--format", "json"))

    def test_figures_of_all_responders_are_exact(self):
        self.store_many(5)
        for cache in (self.server.url, f"lmdb:{self.place.folder}/cache.mdb"):
            with self.subTest(cache):
                self.bring_in(json.dumps(record("bob@x.example")) + "\n", cache=cache)
                self.place.cache = cache
                self.assertIs(self.stats()["responders"]["exact"], True)

    def test_figures_of_too_many_responders_are_not_exact(self):
        self.store_many(100_001)
        responders = self.stats()["responders"]
        self.assertEqual((responders["exact"], responders["count"]), (False, 100_000))
        self.assertIn("Responders: at least 100000", self.tool_output("cache", "stats"))


class Away(RedisTestCase):
    """No server."""

    LISTS = "/var/lib/inforeply/lists"

    def setUp(self):
        super().setUp()
        self.use(f"redis://127.0.0.1:{free_ports(1)[0]}")

    def test_a_purge_that_needs_none_says_what_is_wrong(self):
        for options in ([], ["--dry-run"]):
            with self.subTest(options):
                done = self.tool("purge", *options)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("nothing to do: the server removes what has expired", done.stdout)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn(self.place.cache, done.stderr)
                self.assertIn("Connection refused", done.stderr)

    def test_a_purge_that_needs_one_fails(self):
        for option in ("--older-than=90d", "--responder=info@our.example"):
            with self.subTest(option):
                self.assert_tool_fails(69, [option], self.place.cache, "Connection refused",
                                       tool="purge")

    @unittest.skipUnless(UNSHARE, "no private mounts here")
    def test_indexes_out_of_use_are_removed(self):
        index = f"{self.LISTS}/{'0' * 32}"
        script = (f"mount -t tmpfs none /var/lib; mkdir -p {self.LISTS}; : >{index};"
                  f' "$@"; ls {self.LISTS}')
        done = subprocess.run(
            [*UNSHARE, "sh", "-ec", script, "sh", BIN / "inforeply-purge", "-c",
             self.place.configuration, "--cache", self.place.cache],
            capture_output=True, text=True, env=environment())
        self.assertEqual((done.returncode, done.stdout),
                         (0, "nothing to do: the server removes what has expired, "
                             "1 index file out of use\n"), done.stderr)
        self.assertIn("Connection refused", done.stderr)


if __name__ == "__main__":
    main()
