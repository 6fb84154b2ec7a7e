#!/usr/bin/env python3
"""Many deliveries at once: of one message, of one sender, and as many as a busy mail server runs."""

import unittest

from programs import SANITIZED, HangingMailer, TestCase, actions, finish, mail

AT_ONCE = 64
SENDERS = 1000 if not SANITIZED else 100

# A line a reply, written at once: no two mailers can mix theirs.
MAILER = """#!/bin/sh
while test $# -gt 1; do shift; done
echo "$1" >>{log}
"""


class Together(TestCase):
    """Many processes at once."""

    PROCESSES = 20

    def start(self, message, queue_id):
        return self.place.start(message, "--queue-id", queue_id)

    def assert_one_reply(self, processes):
        outcomes = [finish(process) for process in processes]
        self.assertEqual([outcome.status for outcome in outcomes], [0] * len(processes))
        done = [action for outcome in outcomes for action in actions(outcome)]
        others = len(processes) - 1
        self.assertEqual(sorted(done),
                         [("replied", "-")] + [("suppressed", "recently-answered")] * others)
        self.assert_sent(1)

    def test_one_message_delivered_many_times_at_once_is_answered_once(self):
        deliveries = [(mail(), ["--queue-id", "QUEUEID"])] * self.PROCESSES
        self.assert_one_reply(self.place.start_together(deliveries))

    def test_one_message_without_a_queue_id_is_answered_once(self):
        self.assert_one_reply(self.place.start_together([(mail(), [])] * self.PROCESSES))

    def test_many_messages_of_one_sender_at_once_are_answered_once(self):
        self.assert_one_reply(self.place.start_together(
            [(mail(message_id=f"<{number}@x>"), ["--queue-id", f"Q{number}"])
             for number in range(self.PROCESSES)]))

    def test_nobody_waits_for_the_mailer_of_another_message(self):
        mailer = HangingMailer(self, self.place)
        first = self.start(mail(), "FIRST")
        mailer.wait()
        for number in range(3):
            outcome = self.place.run(mail(message_id=f"<{number}@x>"), "--queue-id", f"Q{number}")
            self.assert_suppressed(outcome, "recently-answered")
        other = self.start(mail(), "OTHER")
        self.assert_suppressed(finish(other), "recently-answered")
        mailer.let_go()
        self.assert_one_reply([first])

    def test_the_same_delivery_waits_for_the_outcome(self):
        mailer = HangingMailer(self, self.place)
        processes = self.place.start_together(
            [(mail(), ["--queue-id", "QUEUEID"])] * self.PROCESSES)
        mailer.wait()
        self.assertEqual({process.poll() for process in processes}, {None})
        mailer.let_go()
        self.assert_one_reply(processes)

    def test_many_senders_at_once_are_all_answered(self):
        processes = [self.place.start(mail(), "--queue-id", f"Q{number}", sender=f"a{number}@x.example")
                     for number in range(self.PROCESSES)]
        self.assertEqual([actions(finish(process)) for process in processes],
                         [[("replied", "-")]] * self.PROCESSES)
        self.assertEqual(sorted(sent.recipient for sent in self.place.submissions()),
                         sorted(f"a{number}@x.example" for number in range(self.PROCESSES)))

    def test_recipients_that_share_a_responder_share_its_memory(self):
        outcome = self.place.run(mail(), recipients=["info@our.example", "info+x@our.example"])
        self.assertEqual(actions(outcome), [("replied", "-"), ("suppressed", "recently-answered")])


class ManyAtOnce(TestCase):
    def deliveries(self):
        """Of every sender two messages, one of which comes twice as the mail server tries again too
        early, side by side so that they meet."""
        return [(f"{sender}@x.example", message)
                for sender in range(SENDERS) for message in ["one", "two", "one"]]

    def arguments(self, delivery):
        sender, message = delivery
        return (mail(message_id=f"<{message}.{sender}>"),
                ["--queue-id", f"{message}-{sender}", "-f", sender])

    def test_every_sender_is_answered_once(self):
        self.place.set_responder("limit = none")
        log = self.place.folder / "log"
        self.place.write(self.place.mailer, MAILER.format(log=log)).chmod(0o755)
        deliveries = self.deliveries()
        for start in range(0, len(deliveries), AT_ONCE):
            processes = self.place.start_together(
                [self.arguments(delivery) for delivery in deliveries[start:start + AT_ONCE]],
                sender=None)
            for process in processes:
                outcome = finish(process)
                self.assertEqual(outcome.status, 0, outcome.stderr)
        everybody = sorted({sender for sender, _ in deliveries})
        self.assertEqual(sorted(log.read_text().split()), everybody)
        records = self.records()
        self.assertEqual(sorted(record["sender"] for record in records), everybody)
        self.assertEqual({(record["state"], record["count"]) for record in records},
                         {("answered", 1)})
        self.tool_output("cache", "check")


if __name__ == "__main__":
    unittest.main()
