"""`inforeply -n --responder FILE` on a terminal: the author looks at what he wrote.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_preview.py
"""

import os
import pty
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from mail_parsers import ReplyTestCase
from programs import BIN, PATIENCE, Outcome, environment, mail

DAY = 24 * 3600


class PreviewTestCase(ReplyTestCase):
    def command(self, *words, responder=None):
        """Without a recipient and a time, as an author types it."""
        return [str(BIN / "inforeply"), "-c", str(self.place.configuration), "--log", "stderr",
                "--cache", str(self.place.cache), "--mailer", str(self.place.mailer),
                "--responder", str(responder or self.place.responder), *map(str, words)]

    def run_on_terminal(self, *words, **arguments):
        """Standard input is a pseudo-terminal on which nobody types anything."""
        ours, theirs = pty.openpty()
        try:
            done = subprocess.run(self.command(*words, **arguments), stdin=theirs,
                                  capture_output=True, cwd=self.place.folder, env=environment(),
                                  timeout=2 * PATIENCE)
        finally:
            os.close(ours)
            os.close(theirs)
        return Outcome(done.returncode, done.stdout, done.stderr.decode())

    def preview(self, *words, **arguments):
        """The verdict, and what both parsers say of the reply."""
        outcome = self.run_on_terminal("-n", *words, **arguments)
        self.assertEqual((outcome.status, outcome.stderr), (0, ""))
        verdict, empty, raw = outcome.stdout.split(b"\n", 2)
        self.assertEqual(empty, b"")
        return verdict.decode(), self.read(raw)

    def assert_active(self, **arguments):
        verdict, reply = self.preview(**arguments)
        self.assertEqual(verdict, "verdict: reply")
        return reply


class OnATerminal(PreviewTestCase):
    def test_shows_the_reply_to_a_sample_message(self):
        self.place.set_responder("subject = Re: ${subject}", "To ${sender_name} <${sender}>\n")
        verdict, reply = self.preview()
        self.assertEqual(verdict, "verdict: reply")
        [(name, address)] = reply.to
        self.assertTrue(name)
        self.assertRegex(address, r"@example\.(com|org|net)\Z")
        self.assertRegex(reply.subject, r"\ARe: .+")
        self.assertEqual(reply.body.text, f"To {name} <{address}>\n")

    def test_elsewhere_nothing_at_all_is_told_from_a_message(self):
        for message, said in ((b"", 1), (b"From: a@b.example\n\n", 0), (b"\ntext\n", 0)):
            with self.subTest(message):
                outcome = self.place.run(message, "-n")
                self.assertEqual(outcome.stderr.count("no message on standard input"), said)

    def test_comes_from_the_responders_own_address(self):
        self.place.set_responder("address = sales@our.example\naddress = old@our.example")
        self.assertEqual(self.preview()[1].sender, [("", "sales@our.example")])

    def test_comes_from_some_address_where_the_responder_names_none(self):
        self.place.set_responder()
        [(_, address)] = self.preview()[1].sender
        self.assertRegex(address, r"@example\.(com|org|net)\Z")

    def test_comes_from_the_recipient_on_the_command_line(self):
        self.assertEqual(self.preview("--", "info@our.example")[1].sender,
                         [("", "info@our.example")])

    def test_is_for_the_sender_on_the_command_line(self):
        [(name, address)] = self.preview("-f", "bob@sender.example")[1].to
        self.assertEqual(address, "bob@sender.example")
        self.assertTrue(name)

    def test_shows_what_stands_in_a_language_and_in_a_quote(self):
        self.place.write(self.place.responder.parent / "info.html", "<p>${subject}</p>\n")
        self.place.set_responder("html = info.html\nquote = 5")
        tree = self.preview()[1].body.tree
        self.assertEqual(tree, "multipart/alternative(text/plain, text/html)")
        self.assertRegex(self.preview()[1].body.leaves[0].text, r"(?m)^> \S")

    def test_takes_a_responder_in_the_folder_that_the_author_is_in(self):
        self.place.set_responder(text="Here.\n", path="here.conf")
        self.assertEqual(self.preview(responder="here.conf")[1].body.text, "Here.\n")

    def test_of_any_kind(self):
        for kind in ("personal", "group", "service"):
            with self.subTest(kind):
                self.place.set_responder(f"kind = {kind}")
                self.assert_active()

    def test_says_how_to_go_on_where_there_is_no_reply(self):
        self.place.set_responder("only-reply-to = @our.example")
        outcome = self.run_on_terminal("-n")
        self.assertEqual(outcome.stdout,
                         b"verdict: suppress: excluded\n\nThis was a sample message: -f ADDRESS "
                         b"names another sender, --explain tells why.\n")
        outcome = self.run_on_terminal("-n", "-f", "bob@our.example")
        self.assertTrue(outcome.stdout.startswith(b"verdict: reply\n"))
        self.assertNotIn(b"This was a sample", outcome.stdout)

    def test_touches_neither_cache_nor_mailer(self):
        before = self.place.files()
        self.preview()
        self.assertEqual(self.place.files(), before)

    def test_explains_itself(self):
        self.place.set_responder("[when x]\nsubject-contains = nothing of that kind\ntext = info.txt")
        outcome = self.run_on_terminal("-n", "--explain")
        self.assertEqual(outcome.status, 0)
        self.assertIn(b"[when x]", outcome.stdout)

    def test_names_the_faults_of_the_files(self):
        file = self.place.set_responder("", "fine\n${nonsense}\n")
        outcome = self.run_on_terminal("-n")
        self.assertEqual((outcome.status, outcome.stdout), (75, b""))
        self.assertIn(f"{file.with_suffix('.txt')}:2: ", outcome.stderr)
        self.place.responder.unlink()
        outcome = self.run_on_terminal("-n")
        self.assertEqual((outcome.status, outcome.stdout), (75, b""))
        self.assertIn(f"{file}: ", outcome.stderr)


class Shown(PreviewTestCase):
    """`--show`: the reply as its reader sees it."""

    def test_header_text_and_parts(self):
        self.place.write(self.place.responder.parent / "list.txt", "12 euros\n")
        self.place.set_responder("from = Büro <info@our.example>\nsubject = Grüße\n"
                                 "attach = list.txt", f"Hello ${{sender_name}},\n{'word ' * 40}\n")
        outcome = self.run_on_terminal("-n", "--show", "--now", 1700000000)
        self.assertEqual((outcome.status, outcome.stderr), (0, ""))
        self.assertEqual(outcome.stdout.decode(), f"""verdict: reply

From: Büro <info@our.example>
To: Anna Müller <sample.sender@example.com>
Subject: Grüße
Date: Tue, 14 Nov 2023 22:13:20 +0000

Hello Anna Müller,
{'word ' * 39}word

Parts:
  text/plain, 222 octets
  text/plain, list.txt, 9 octets
""")

    def test_of_a_message_on_standard_input(self):
        message = mail(subject="=?utf-8?Q?=1B[2J=C3=BC?=", From="=?utf-8?Q?=1B[1m?= <bob@x.example>")
        outcome = self.place.run_command(
            self.command("-n", "--show", "-f", "bob@x.example", "--", "info@our.example"), message)
        self.assertEqual(outcome.status, 0)
        self.assertIn("\nSubject: Auto: [2Jü\n", outcome.stdout.decode())
        self.assertNotIn(b"\x1b", outcome.stdout)

    def test_for_each_recipient(self):
        outcome = self.place.run_command(
            self.command("-n", "--show", "-f", "bob@x.example", "--", "a@our.example", "b@our.example"),
            mail(to="a@our.example, b@our.example"))
        self.assertEqual(outcome.stdout.count(b"verdict: reply\n\nFrom: "), 2)
        self.assertIn(b" octets\n\nverdict: ", outcome.stdout)

    def test_together_with_the_explanation(self):
        outcome = self.run_on_terminal("-n", "--show", "--explain")
        self.assertIn(b"no-responder", outcome.stdout)
        self.assertIn(b"\nParts:\n", outcome.stdout)

    def test_of_no_reply(self):
        self.place.set_responder("only-reply-to = @our.example")
        outcome = self.run_on_terminal("-n", "--show")
        self.assertTrue(outcome.stdout.startswith(b"verdict: suppress: excluded\n"))
        self.assertNotIn(b"Parts:", outcome.stdout)

    def test_needs_a_dry_run(self):
        outcome = self.run_on_terminal("--show")
        self.assertEqual((outcome.status, outcome.stdout), (75, b""))
        self.assertIn("--show needs --dry-run", outcome.stderr)


class Period(PreviewTestCase):
    """A responder that is inactive now is shown as it will be, or was."""

    def test_that_is_to_come(self):
        self.place.set_responder("active-from = 2099-12-24\nactive-until = 2099-12-31",
                                 "${active_from} ${active_until} ${date}\n")
        self.assertRegex(self.assert_active().body.text, r"\A2099-12-24 2099-12-31 2099-12-(2[4-9]|3[01])\b")

    def test_that_is_over(self):
        self.place.set_responder("active-until = 2001-12-31", "${active_until} ${date}\n")
        self.assertRegex(self.assert_active().body.text, r"\A2001-12-31 2001-12-31 ")

    def test_that_has_no_end(self):
        self.place.set_responder("active-from = 2099-12-24")
        self.assert_active()

    def test_at_weekly_times(self):
        self.place.set_responder("active-from = 2099-12-24\nactive-on = sat,sun",
                                 "${active_from} ${next_open} ${date}\n")
        self.assertRegex(self.assert_active().body.text,
                         r"\A2099-12-26 2099-12-28 2099-12-2[67]\b")

    def test_of_a_second(self):
        self.place.set_responder("active-from = 2099-12-24T18:00:00Z\n"
                                 "active-until = 2099-12-24T18:00:01Z")
        self.assert_active()

    def test_is_looked_at_where_a_time_is_given(self):
        self.place.set_responder("active-from = 2099-12-24")
        outcome = self.run_on_terminal("-n", "--now", 30 * DAY)
        self.assertEqual(outcome.status, 0)
        self.assertTrue(outcome.stdout.startswith(b"verdict: suppress: inactive\n"))


class Elsewhere(PreviewTestCase):
    """Where nobody looks, nothing is guessed."""

    def run_with_input(self, message, *words):
        return self.place.run_command(self.command(*words), message)

    def test_not_on_a_terminal_the_message_is_that_on_standard_input(self):
        message = mail(to="you@our.example", subject="From a file")
        outcome = self.run_with_input(message, "-n", "-f", "bob@x.example", "--", "you@our.example")
        self.assertEqual(outcome.status, 0)
        self.assertIn(b"\nSubject: Auto: From a file\n", outcome.stdout)
        self.assertIn(b"\nTo: bob@x.example\n", outcome.stdout)

    def test_not_on_a_terminal_a_recipient_is_needed(self):
        for message in (mail(), b""):
            outcome = self.run_with_input(message, "-n")
            self.assertEqual((outcome.status, outcome.stdout), (75, b""))
            self.assertIn("no recipient", outcome.stderr)

    def test_not_on_a_terminal_an_inactive_responder_is_inactive(self):
        self.place.set_responder("active-from = 2099-12-24")
        outcome = self.run_with_input(mail(), "-n", "-f", "bob@x.example", "--", "info@our.example")
        self.assertEqual(outcome.stdout, b"verdict: suppress: inactive\n")

    def test_a_delivery_without_a_recipient_is_deferred(self):
        self.assert_deferred(self.run_with_input(mail()), "no recipient")

    def run_with_typed(self, typed, *words):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        os.write(ours, typed + b"\x04")  # the end of what is typed
        done = subprocess.run(self.command(*words), stdin=theirs, capture_output=True,
                              cwd=self.place.folder, env=environment(), timeout=2 * PATIENCE)
        os.close(theirs)
        return Outcome(done.returncode, done.stdout, done.stderr.decode())

    def test_a_delivery_on_a_terminal_sends_nothing_to_a_guessed_address(self):
        self.assert_deferred(self.run_with_typed(b""), "no recipient")

    def test_a_delivery_on_a_terminal_says_that_it_waits(self):
        words = ["-f", "bob@x.example", "--", "info@our.example"]
        outcome = self.run_with_typed(mail(), *words)
        self.assertEqual((outcome.status, outcome.stdout), (0, b""))
        self.assertEqual(outcome.stderr.splitlines()[0], "inforeply: reading the message from the "
                                                         "terminal; end it with Ctrl-D")
        self.assertEqual(len(self.place.submissions()), 1)
        self.assertNotIn("Ctrl-D", self.run_with_input(mail(), *words).stderr)


if __name__ == "__main__":
    unittest.main()
