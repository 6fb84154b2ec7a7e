"""inforeply-cache on caches that the responder itself has written, and what both tools share.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_tools.py
"""

import json
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from programs import BIN, NOW, TestCase


class ToolTestCase(TestCase):
    def answer(self, sender="alice@sender.example", recipient="info@our.example", now=NOW):
        outcome = self.place.run(None, "--now", now, sender=sender, recipients=(recipient,))
        self.assert_replied(outcome)

    def assert_refused(self, done, status, *words):
        """A status of sysexits(3), one line that says why, and nothing printed."""
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(str(word), done.stderr)


class List(ToolTestCase):
    def test_json_is_one_object_a_line_with_all_that_the_record_says(self):
        self.place.set_responder("handle = winter\ninterval = 7d")
        self.answer("Alice+news@Sender.example")
        self.assertEqual(self.records(), [{
            "responder": "info@our.example",
            "sender": "alice@sender.example",
            "handle": "winter",
            "state": "answered",
            "answered_at": "2023-11-14T22:13:20Z",
            "expires_at": "2023-11-21T22:13:20Z",
            "count": 1,
            "message_id": "<question@sender.example>",
        }])

    def test_a_record_that_never_expires_has_null_for_its_end(self):
        self.place.set_responder("interval = once")
        self.answer()
        self.assertIsNone(self.records()[0]["expires_at"])
        self.assertIn("never", self.tool("cache", "list").stdout)

    def test_the_table_has_a_heading_and_a_line_a_record_in_order(self):
        for sender in ("bob@b.example", "alice@a.example"):
            self.answer(sender)
        heading, first, second = self.tool("cache", "list").stdout.splitlines()
        self.assertEqual(heading.split(),
                         ["RESPONDER", "SENDER", "HANDLE", "STATE", "ANSWERED", "EXPIRES", "REPLIES"])
        self.assertEqual(first.split(), ["info@our.example", "alice@a.example",
                                         self.records()[0]["handle"], "answered",
                                         "2023-11-14T22:13:20Z", "2023-11-21T22:13:20Z", "1"])
        self.assertIn("bob@b.example", second)

    def test_one_responder(self):
        self.place.set_responder("ignore = not-addressed", path="responders/our.example.conf")
        self.answer()
        self.answer(recipient="sales@our.example")
        listed = self.records("Sales+x@Our.Example")
        self.assertEqual([record["responder"] for record in listed], ["sales@our.example"])

    def test_a_pending_record_shows_as_such(self):
        self.place.set_mailer("kill -KILL $PPID; exit 75")
        self.place.run()
        self.assertEqual(self.records()[0]["state"], "pending")
        self.assertEqual(self.records()[0]["count"], 0)


class Show(ToolTestCase):
    def test_shows_a_person_however_the_address_is_written(self):
        self.place.set_responder("handle = winter")
        self.answer()
        shown = self.tool("cache", "show", "INFO@our.example", "Alice+x@SENDER.example").stdout
        fields = dict(line.split(None, 1) for line in shown.splitlines())
        self.assertEqual(fields["handle"], "winter")
        self.assertEqual(fields["sender"], "alice@sender.example")
        self.assertEqual(fields["replies"], "1")

    def test_json_shows_every_handle(self):
        for handle in ("summer", "winter"):
            self.place.set_responder(f"handle = {handle}")
            self.answer()
        done = self.tool("cache", "show", "info@our.example", "alice@sender.example",
                         "--format", "json")
        self.assertEqual([json.loads(line)["handle"] for line in done.stdout.splitlines()],
                         ["summer", "winter"])

    def test_says_when_there_is_nothing_to_show(self):
        self.answer()
        self.assert_refused(self.tool("cache", "show", "info@our.example", "bob@b.example"), 66,
                            "bob@b.example", "info@our.example")


class Forget(ToolTestCase):
    def setUp(self):
        super().setUp()
        self.place.set_responder("ignore = not-addressed", path="responders/our.example.conf")
        for sender in ("alice@a.example", "bob@b.example"):
            for recipient in ("info@our.example", "sales@our.example"):
                self.answer(sender, recipient)

    def forget(self, *arguments):
        return self.tool("cache", "forget", *arguments).stdout

    def test_one_sender_of_one_responder_is_answered_anew(self):
        self.assertEqual(self.forget("info@our.example", "Alice+x@a.example"), "forgot 1 record\n")
        self.assertEqual(len(self.records()), 3)
        self.answer("alice@a.example")

    def test_a_sender_everywhere(self):
        self.assertEqual(self.forget("--sender", "alice@a.example"), "forgot 2 records\n")
        self.assertEqual(set(self.senders()), {"bob@b.example"})

    def test_a_responder_altogether(self):
        self.assertEqual(self.forget("--responder", "info@our.example"), "forgot 2 records\n")
        self.assertEqual({record["responder"] for record in self.records()}, {"sales@our.example"})

    def test_no_trace_is_left_in_the_file(self):
        def octets():
            return b"".join(path.read_bytes() for path in self.place.folder.rglob("cache.mdb*")
                            if path.is_file()).lower()

        self.forget("--responder", "sales@our.example")
        self.forget("--sender", "alice@a.example", "--compact")
        self.answer("carol@c.example")
        self.assertNotIn(b"alice", octets())
        self.assertIn(b"bob@b.example", octets())
        self.assertIn("forgot 1 record", self.forget("--sender", "bob@b.example"))
        self.assertIn(b"bob@b.example", octets(), "in a free page, so that this test can fail")
        self.tool_output("purge", "--compact")
        self.assertNotIn(b"bob@b.example", octets())

    def test_nothing_found_is_told(self):
        for arguments, told in (
                (["--sender", "nobody@c.example"], "no record of nobody@c.example\n"),
                (["--responder", "old@our.example"], "no record with old@our.example\n"),
                (["info@our.example", "nobody+x@c.example"],
                 "no record of nobody@c.example with info@our.example\n")):
            with self.subTest(arguments):
                done = self.tool("cache", "forget", *arguments)
                self.assert_refused(done, 66)
                self.assertEqual(done.stderr, f"inforeply-cache: {told}")
        self.assertEqual(len(self.records()), 4)

    def test_never_everything_by_accident(self):
        self.assert_refused(self.tool("cache", "forget"), 64, "forget")
        self.assert_refused(self.tool("cache", "forget", "info@our.example"), 64, "forget")
        self.assertEqual(len(self.records()), 4)


class Faults(ToolTestCase):
    def test_a_missing_cache_is_named_and_not_made(self):
        missing = self.place.folder / "missing.mdb"
        for name, *arguments in (("cache", "list"), ("purge",)):
            self.assert_refused(self.tool(name, *arguments, cache=missing), 69, missing,
                                "No such file")
        self.assertFalse(missing.exists())

    def test_a_foreign_file_is_named_and_left_as_it_is(self):
        foreign = self.place.write("notes.txt", "x" * 10000)
        self.assert_refused(self.tool("cache", "list", cache=foreign), 69, foreign)
        self.assertEqual(foreign.read_text(), "x" * 10000)

    def test_bad_usage_is_told(self):
        for arguments in ([], ["bogus"], ["list", "no-address"], ["list", "a@b.c", "d"],
                          ["show", "a@b.c"], ["list", "--format", "xml"], ["list", "--bogus"]):
            with self.subTest(arguments):
                self.assert_refused(self.tool("cache", *arguments), 64, "inforeply-cache: ")

    def test_the_cache_can_be_named_by_the_configuration_file(self):
        self.answer()
        configuration = self.place.write("main.conf", f"cache = lmdb:{self.place.cache}\n")
        done = subprocess.run([BIN / "inforeply-cache", "-c", configuration, "list"],
                              capture_output=True, text=True)
        self.assertIn("alice@sender.example", done.stdout)

    def test_a_broken_configuration_file_is_named_with_its_line(self):
        configuration = self.place.write("main.conf", "\ncolour = red\n")
        done = subprocess.run([BIN / "inforeply-purge", "-c", configuration],
                              capture_output=True, text=True)
        self.assert_refused(done, 78, f"{configuration}:2: unknown name 'colour'")

    def test_each_command_explains_its_own_options(self):
        told = {}
        for command in ("list", "show", "forget", "export", "import", "stats", "report", "check",
                        "backup"):
            text = self.tool("cache", command, "--help").stdout
            own = text[text.index("\nOptions:"):text.index("  --cache URL")]
            for option, argument, words in re.findall(
                    r"(?m)^  --([a-z-]+) ?([A-Z]*) +(\S.*\n(?: {9,}.*\n)*)", own):
                told[command, option] = argument, " ".join(words.split())
        self.assertNotIn("ARG", {argument for argument, _ in told.values()})
        for (command, option), (_, words) in told.items():
            with self.subTest(f"{command} --{option}"):
                # "for import, ..." is no word for somebody who asks about `forget`.
                for other in {name for name, _ in told} - {command, "export"}:
                    self.assertNotRegex(words, rf"\b(for|of|with) {other}\b")
        self.assertNotIn("csv", told["show", "format"][1])
        self.assertNotIn("csv", told["stats", "format"][1])
        self.assertNotIn("pattern", told["forget", "sender"][1])
        self.assertIn("pattern", told["list", "sender"][1])
        self.assertIn("vacation", told["import", "responder"][1])

    def test_help_and_version(self):
        for name in ("cache", "purge", "replay"):
            text = self.tool(name, "--help").stdout
            self.assertIn("Example", text)
            self.assertLessEqual(max(map(len, text.splitlines())), 80)
            self.assertRegex(self.tool(name, "--version").stdout, rf"\Ainforeply-{name} \d+\.\d+")


if __name__ == "__main__":
    unittest.main()
