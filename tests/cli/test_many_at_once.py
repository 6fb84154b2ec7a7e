#!/usr/bin/env python3
"""Very many deliveries, as many at once as a busy mail server runs."""

import unittest

from programs import SANITIZED, TestCase, finish, mail

AT_ONCE = 64
SENDERS = 1000 if not SANITIZED else 100

# A line a reply, written at once: no two mailers can mix theirs.
MAILER = """#!/bin/sh
while test $# -gt 1; do shift; done
echo "$1" >>{log}
"""


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
