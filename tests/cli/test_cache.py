"""The responder's cache file: how it is made, and when it is left as it is.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_cache.py
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, mail


class Cache(TestCase):
    def assert_cache_refused(self, *words):
        """Status 75, one line that holds all of `words`, nothing sent, and the file as it was."""
        before = self.place.cache.read_bytes()
        sent = len(self.place.submissions())
        outcome = self.place.run(mail())
        self.assertEqual(outcome.status, 75, outcome.stderr)
        self.assertEqual(len(outcome.stderr.splitlines()), 1, outcome.stderr)
        for word in [self.place.cache, *words]:
            self.assertIn(str(word), outcome.stderr)
        self.assert_sent(sent)
        self.assertTrue(self.place.cache.read_bytes() == before, "the file was changed")

    def test_is_made_where_there_is_none_but_not_its_folder(self):
        cache = self.place.folder / "missing" / "cache.mdb"
        self.assert_deferred(self.place.run(mail(), "--cache", cache), cache, "No such file")
        cache.parent.mkdir()
        self.assert_replied(self.place.run(mail(), "--cache", cache))
        self.assertTrue(cache.is_file())

    def test_is_private(self):
        self.place.run(mail())
        self.assertEqual(self.place.cache.stat().st_mode & 0o777, 0o600)

    def test_may_be_named_by_url_or_path(self):
        self.assert_replied(self.place.run(mail(), "--cache", f"lmdb:{self.place.cache}"))
        self.assert_suppressed(self.place.run(mail(), "--cache", self.place.cache), "recently-answered")

    def test_a_folder_in_its_place(self):
        self.place.cache.mkdir()
        self.assert_deferred(self.place.run(mail()), self.place.cache, "directory", "reason=cache")
        self.assertEqual(list(self.place.cache.iterdir()), [])

    def test_a_foreign_file_in_its_place_is_left_as_it_is(self):
        for content in ["Not a cache.\n", "x", b"SQLite format 3\0" + bytes(20_000), bytes(8192),
                        os.urandom(10_000)]:
            with self.subTest(content[:20]):
                self.place.write(self.place.cache, content)
                self.assert_cache_refused("reason=cache", "cannot open cache")

    def test_a_newer_format_is_left_as_it_is(self):
        self.place.run(mail())
        content = self.place.cache.read_bytes()
        self.place.cache.write_bytes(content.replace(b"inforeply1", b"inforeply9"))
        self.assert_cache_refused("format", "'9'")

    def test_a_file_that_lost_its_end_is_left_as_it_is(self):
        for number in range(50):
            self.place.run(mail(), sender=f"a{number}@x.example")
        whole = self.place.cache.read_bytes()
        for size in [100, 4096, 8192, len(whole) // 2]:
            with self.subTest(size):
                self.place.cache.write_bytes(whole[:size])
                self.assert_cache_refused()

    def test_is_not_asked_where_no_reply_is_due(self):
        outcome = self.place.run(mail(list_id="x"), "--cache", "/nonexistent/cache")
        self.assert_suppressed(outcome, "list")

    def test_addresses_of_any_length_are_remembered(self):
        senders = [f"{'a' * 60}.{number}@{'b' * 60}.{'c' * 60}.{'d' * 50}.example"
                   for number in range(2)]
        for sender in senders:
            self.assert_replied(self.place.run(mail(), sender=sender))
            self.assert_suppressed(self.place.run(mail(), sender=sender), "recently-answered")

    def test_the_log_is_not_written_into_it_where_standard_error_is_closed(self):
        for _ in range(2):
            command = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh",
                       *self.place.command("--queue-id", "CLOSED")]
            self.assertEqual(self.place.run_command(command).status, 0)
        self.assert_sent(1)
        for file in self.place.folder.glob("cache.mdb*"):
            self.assertFalse(b"CLOSED" in file.read_bytes(), file)


if __name__ == "__main__":
    unittest.main()
