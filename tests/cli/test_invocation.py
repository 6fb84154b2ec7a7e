"""The command line: what it takes and refuses, and what a dry run prints.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_invocation.py
"""

import re
import sys
import unittest

sys.dont_write_bytecode = True

from programs import BIN, TestCase, mail


class DryRun(TestCase):
    def test_prints_the_verdict_then_the_message(self):
        outcome = self.place.run(mail(), "-n")
        self.assertEqual(outcome.status, 0)
        self.assertRegex(outcome.stdout, rb"\Averdict: reply\n\nFrom: info@our\.example\n")
        self.assertTrue(outcome.stdout.endswith(b"\n\nWe are on holiday.\n"))

    def test_prints_the_reason_why_not(self):
        outcome = self.place.run(mail(list_id="<x.example>"), "--dry-run")
        self.assertEqual((outcome.status, outcome.stdout), (0, b"verdict: suppress: list\n"))

    def test_prints_a_verdict_for_each_recipient(self):
        outcome = self.place.run(mail(), "-n", recipients=["nobody@our.example", "info@our.example"])
        verdicts = re.findall(rb"^verdict: .*", outcome.stdout, re.M)
        self.assertEqual(verdicts, [b"verdict: suppress: no-responder", b"verdict: reply"])

    def test_touches_neither_cache_nor_mailer(self):
        before = self.place.files()
        self.place.preview(mail())
        self.assertEqual(self.place.files(), before)
        self.place.preview(mail(), "--cache", "/nonexistent/cache", "--mailer", "/nonexistent/mailer")

    def test_does_not_ask_the_cache(self):
        self.assert_replied(self.place.run(mail()))
        self.assertEqual(self.place.preview(mail()).verdict, "verdict: reply")
        self.assert_sent(1)


class Invocation(TestCase):
    """A wrong command line: the message waits."""

    def test_unknown_option(self):
        self.assert_deferred(self.place.run(mail(), "--nonsense"), "--nonsense")
        self.assert_deferred(self.place.run(mail(), "-x"), "-x")

    def test_options_are_not_guessed(self):
        self.assert_deferred(self.place.run(mail(), "--dry"), "--dry")

    def test_no_recipient(self):
        self.assert_deferred(self.place.run(mail(), recipients=[]), "recipient")

    def test_no_arguments(self):
        self.assert_deferred(self.place.run_command([BIN / "inforeply"]), "recipient")

    def test_an_option_without_its_argument(self):
        for option in ["-f", "--sender", "--cache"]:
            with self.subTest(option):
                self.assert_deferred(self.place.run_command([BIN / "inforeply", option]), option)

    def test_values_that_do_not_parse(self):
        for option, value in [("--log", "file"),
                              ("--mailer", "sendmail"), ("--mailer", "./mailer"), ("--mailer", ""),
                              ("--cache", "http://x")]:
            with self.subTest((option, value)):
                self.assert_deferred(self.place.run(mail(), option, value), option[2:], value)

    def test_a_time_that_is_none(self):
        for value in ["tomorrow", "-1", "", "1.5", "99999999999999999999"]:
            with self.subTest(value):
                self.assert_deferred(self.place.run(mail(), "--now", value), "--now", "seconds")

    def test_what_is_not_built_in_says_so(self):
        outcome = self.place.run(mail(), "--cache", "rediss://localhost")
        self.assert_deferred(outcome, "rediss://localhost", "not built in")

    def test_more_original_recipients_than_recipients(self):
        self.assert_deferred(self.place.run(mail(), "--original-recipient=a@x.example",
                                            "--original-recipient=b@x.example"), "original recipient")

    def test_a_message_that_cannot_be_read(self):
        command = ["sh", "-c", 'exec "$@" <&-', "sh", *self.place.command()]
        self.assert_deferred(self.place.run_command(command), "read the message")

    def test_an_option_twice(self):
        self.assert_deferred(self.place.run(mail(), "--queue-id", "a", "--queue-id", "b"), "queue-id")

    def test_help_and_version(self):
        for option, text in [("-h", b"Usage: inforeply"), ("--help", b"Usage: inforeply"),
                             ("--version", b"inforeply ")]:
            with self.subTest(option):
                outcome = self.place.run_command([BIN / "inforeply", option])
                self.assertEqual((outcome.status, outcome.stderr), (0, ""))
                self.assertTrue(outcome.stdout.startswith(text))

    def test_help_names_every_option(self):
        text = self.place.run_command([BIN / "inforeply", "--help"]).stdout.decode()
        for option in ["-f", "--sender", "--original-recipient", "--queue-id", "-c", "--config",
                       "--responder", "--responders", "--cache", "--mailer", "--log", "-n", "--dry-run",
                       "--show", "--explain", "--now", "-h", "--help", "--version"]:
            self.assertRegex(text, rf"(?m)(^|[ \[]){option}\b")

    def test_help_fits_a_terminal(self):
        text = self.place.run_command([BIN / "inforeply", "--help"]).stdout.decode()
        self.assertLessEqual(max(map(len, text.splitlines())), 80)


if __name__ == "__main__":
    unittest.main()
