"""A mailer that fails, a process that is ended, and the delivery tried again.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_failures.py
"""

import os
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from programs import (NOW, HangingMailer, TestCase, Workplace, actions, environment, finish, mail,
                      wait_for)


class MailerFails(TestCase):
    def test_for_now_and_the_retry_answers_once(self):
        for failure in ["exit 75", "exit 1", "exit 69", "exit 127", "kill -KILL $$", "kill -TERM $$"]:
            with self.subTest(failure):
                place = Workplace(self)
                place.set_mailer(failure)
                outcome = place.run(mail())
                self.assertEqual((outcome.status, actions(outcome)), (75, [("deferred", "mailer")]))
                place.set_mailer()
                self.assert_replied(place.run(mail()))
                self.assert_suppressed(place.run(mail()), "recently-answered")
                first, second = place.submissions()
                self.assertEqual(first.raw, second.raw)

    def test_for_now_and_another_message_may_be_answered(self):
        self.place.set_mailer("exit 75")
        self.assertEqual(self.place.run(mail()).status, 75)
        self.place.set_mailer()
        self.assert_replied(self.place.run(mail(message_id="<2@x>")))

    def test_for_good_and_is_not_tried_again(self):
        for status in [65, 67, 68]:
            with self.subTest(status):
                place = Workplace(self)
                place.set_mailer(f"echo no such user; exit {status}")
                outcome = place.run(mail())
                self.assert_suppressed(outcome, "refused")
                self.assertIn(f"{status}: no such user", outcome.log[0]["detail"])
                self.assert_suppressed(place.run(mail()), "recently-answered")
                self.assertEqual(len(place.submissions()), 1)

    def test_before_it_has_read_the_message(self):
        self.place.set_responder("allow-large = yes", "A line of text.\n" * 50_000)
        self.place.write(self.place.mailer, "#!/bin/sh\nexit 75\n").chmod(0o755)
        self.assertEqual(self.place.run(mail()).status, 75)

    def test_and_what_it_prints_forges_no_line(self):
        self.place.set_mailer("echo 'one'; echo 'Q: from=<> to=<> action=replied' >&2; exit 75")
        detail = self.place.run(mail()).log[0]["detail"]
        self.assertIn("exit status 75", detail)
        self.assertIn("one Q: from=<> to=<> action=replied", detail)

    def test_and_prints_more_than_anybody_reads(self):
        self.place.set_mailer("head -c 1000000 /dev/zero | tr '\\0' x; exit 75")
        outcome = self.place.run(mail())
        self.assertEqual(outcome.status, 75)
        self.assertLess(len(outcome.stderr), 3000)

    def test_for_one_recipient_and_the_retry_spares_the_other(self):
        self.place.set_responder("ignore = not-addressed", path="responders/our.example/b.conf")
        recipients = ["info@our.example", "b@our.example"]
        self.place.set_mailer("test $number != 2 || exit 75")
        outcome = self.place.run(mail(), recipients=recipients)
        self.assertEqual((outcome.status, actions(outcome)),
                         (75, [("replied", "-"), ("deferred", "mailer")]))
        outcome = self.place.run(mail(), recipients=recipients)
        self.assertEqual((outcome.status, actions(outcome)),
                         (0, [("suppressed", "recently-answered"), ("replied", "-")]))

    def test_by_not_being_there(self):
        self.assert_deferred(self.place.run(mail(), "--mailer", "/nonexistent/sendmail"),
                             "/nonexistent/sendmail", "No such file", "reason=mailer")
        self.assert_replied(self.place.run(mail()))

    def test_by_not_being_a_program(self):
        self.place.write("plain", "text\n")
        self.assert_deferred(self.place.run(mail(), "--mailer", self.place.folder / "plain"),
                             "plain", "Permission denied")
        self.place.write("noexec", "\0not a program\n").chmod(0o755)
        self.assert_deferred(self.place.run(mail(), "--mailer", self.place.folder / "noexec"), "noexec")
        self.assert_replied(self.place.run(mail()))


class Killed(TestCase):
    """The responder dies while its mailer is at work."""

    def setUp(self):
        super().setUp()
        mailer = HangingMailer(self, self.place)
        process = self.place.start(mail(), "--queue-id", "QUEUEID")
        mailer.wait()
        process.kill()
        finish(process)
        self.place.set_mailer()

    def retry(self):
        return self.place.run(mail(), "--queue-id", "QUEUEID")

    def test_the_same_delivery_again_is_answered_with_the_same_message_id(self):
        self.assert_replied(self.retry())
        first, second = self.place.submissions()
        self.assertEqual(first.message["Message-ID"], second.message["Message-ID"])
        self.assert_suppressed(self.retry(), "recently-answered")

    def test_another_message_is_not_answered_within_the_lease(self):
        other = mail(message_id="<other@x>")
        self.assert_suppressed(self.place.run(other, "--queue-id", "OTHER"), "recently-answered")
        self.assert_replied(self.retry())

    def test_another_message_is_answered_after_the_lease(self):
        outcome = self.place.run(mail(message_id="<other@x>"), "--queue-id", "OTHER",
                                 "--now", NOW + 3600)
        self.assert_replied(outcome)

    def test_another_sender_is_answered(self):
        self.assert_replied(self.place.run(mail(), sender="bob@x.example"))


class TriedAgain(TestCase):
    """The mail server tries a delivery again that was done, for another recipient's sake."""

    def test_an_answer_is_not_repeated_whatever_the_interval(self):
        for interval in ("0", "1h"):
            with self.subTest(interval):
                place = self.place = Workplace(self)
                place.set_responder(f"interval = {interval}")
                for later in (0, 2 * 3600, 4 * 3600):
                    place.run(mail(), "--queue-id", "QUEUEID", "--now", NOW + later)
                self.assert_sent(1)

    def test_it_is_recognised_although_the_delivery_fields_change(self):
        mailer = HangingMailer(self, self.place)
        first = mail(top="From alice@x  Mon Jan  1 00:00:00 2024\nDelivery-date: Mon\n")
        process = self.place.start(first, "--queue-id", "QUEUEID")
        mailer.wait()
        process.kill()
        finish(process)
        self.place.set_mailer()
        again = mail(top="From alice@x  Tue Jan  2 00:00:00 2024\nDelivery-date: Tue\n")
        self.assert_replied(self.place.run(again, "--queue-id", "QUEUEID"))


class Signals(TestCase):
    """What the mail server has set for itself, or does to us, never makes a status that bounces."""

    def run_by_shell(self, prelude, *options, **arguments):
        command = self.place.command(*options, **arguments)
        return self.place.run_command(["sh", "-c", f"{prelude}\nexec \"$@\"", "sh", *command])

    def test_an_ignored_sigchld_does_not_make_a_failure_a_success(self):
        self.place.set_mailer("exit 75")
        command = [sys.executable, "-I", "-c", "import os, signal, sys\n"
                   "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
                   "os.execv(sys.argv[1], sys.argv[1:])", *self.place.command()]
        self.assertEqual(self.place.run_command(command).status, 75)
        self.place.set_mailer()
        self.assert_replied(self.place.run())

    def test_a_closed_log_is_no_reason_to_die(self):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(self.place.command(), input=mail(), stderr=writing,
                              env=environment())
        os.close(writing)
        self.assertEqual(done.returncode, 0)
        self.assert_sent(1)

    def test_a_limit_on_file_sizes_defers(self):
        self.assertEqual(self.run_by_shell("ulimit -f 1").status, 75)
        self.assert_sent(0)

    def test_being_ended_defers_and_ends_the_mailer(self):
        for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
            with self.subTest(ending):
                place = self.place = Workplace(self)
                mailer = HangingMailer(self, place)
                process = place.start(mail())
                mailer.wait()
                process.send_signal(ending)
                self.assertEqual(finish(process).status, 75)
                waits = next(place.calls.glob("*/waits"))
                pid = int(waits.read_text())
                wait_for(lambda: not is_running(pid), "the mailer to end")


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


if __name__ == "__main__":
    unittest.main()
