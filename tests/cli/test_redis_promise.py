"""What every kind of cache promises, asked of a cache on Redis in each of its forms.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_redis_promise.py

These are unit tests (tests/unit/cache/reply_cache_test.cpp), which ask a file of LMDB when they run
alone. DIR holds the built programs, and `tests/unit_tests` below it.
"""

import os
import subprocess
import unittest

from programs import BIN
from redis_servers import Cluster, Server, Watched

SUITES = "ReplyCacheTest.*:LimitTest.*:PurgeTest.*"


class Promise(unittest.TestCase):
    def assert_kept(self, url):
        done = subprocess.run(
            [BIN / "tests/unit_tests", f"--gtest_filter={SUITES}", "--gtest_brief=1"],
            env={**os.environ, "INFOREPLY_TEST_CACHE": url}, stdout=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"\[  PASSED  \] [4-9]\d tests")

    def test_on_one_server(self):
        with Server() as server:
            self.assert_kept(server.url)

    def test_on_a_socket(self):
        with Server(on_socket=True) as server:
            self.assert_kept(server.url)

    def test_on_a_master_that_sentinels_watch(self):
        with Watched() as servers:
            self.assert_kept(servers.url)

    def test_on_a_cluster(self):
        with Cluster() as servers:
            self.assert_kept(servers.url)


if __name__ == "__main__":
    unittest.main(verbosity=2)
