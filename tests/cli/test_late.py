"""A message that came long ago: it is not answered, and no trouble of ours makes it bounce.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_late.py
"""

import sys
import time
import unittest
from email.utils import formatdate

sys.dont_write_bytecode = True

from programs import NOW, TestCase, actions, mail

DAY = 24 * 3600


def received(age, now=NOW):
    """A message that our mail server got so many seconds before `now`."""
    return mail(top=f"Received: from x (x [192.0.2.1]) by mx.our.example; {formatdate(now - age)}\n"
                    f"Received: from y by x; {formatdate(now - 90 * DAY)}\n")


class Late(TestCase):
    def test_is_what_is_older_than_two_days(self):
        self.assert_replied(self.place.run(received(2 * DAY)))
        self.assert_suppressed(self.place.run(received(2 * DAY + 1)), "late")

    def test_the_time_can_be_set(self):
        self.place.configure("give-up-after = 1h")
        self.assert_suppressed(self.place.run(received(3601)), "late")
        self.place.configure("give-up-after = none")
        self.assert_replied(self.place.run(received(80 * DAY)))
        self.place.configure("give-up-after = soon")
        outcome = self.place.run(received(1, time.time()))
        self.assertEqual(outcome.status, 75)
        self.assertIn("main.conf:1:", outcome.stderr)

    def test_it_is_explained(self):
        preview = self.place.preview(received(3 * DAY), "--explain")
        self.assertEqual(preview.verdict, "verdict: suppress: late")
        self.assertRegex(preview.table, r"late +hard +HIT .*received 2023-11-11T22:13:20Z")

    def test_trouble_no_longer_defers_it(self):
        troubles = {
            "a broken responder": lambda: self.place.set_responder("nonsense = 1"),
            "a missing text": lambda: (self.place.responder.parent / "info.txt").unlink(),
            "no cache": lambda: self.place.write(self.place.cache, "no cache\n" * 1000),
            "no mailer": lambda: self.place.mailer.unlink(),
        }
        for name, make in troubles.items():
            with self.subTest(name):
                self.place = type(self.place)(self)
                make()
                self.assertEqual(actions(self.place.run(received(DAY)))[0][0], "deferred")
                self.assert_suppressed(self.place.run(received(3 * DAY)), "late")

    def test_nor_does_trouble_before_the_delivery_begins(self):
        troubles = {
            "a broken configuration": (lambda: self.place.configure("nonsense = 1"), []),
            "an unknown option": (lambda: None, ["--nonsense"]),
            "no log": (lambda: None, ["--log", "nowhere"]),
        }
        for name, (make, options) in troubles.items():
            with self.subTest(name):
                self.place = type(self.place)(self)
                make()
                # The real clock: what could not be read may be `--now`.
                self.assertEqual(self.place.run(received(DAY, time.time()), *options).status, 75)
                outcome = self.place.run(received(3 * DAY, time.time()), *options)
                self.assertEqual((outcome.status, self.place.submissions()), (0, []))
                self.assertIn("inforeply: late: ", outcome.stderr)

    def test_whoever_sent_it(self):
        self.place.configure("nonsense = 1")
        for sender in ("--check-config", "--check-delivery=x@evil.example", "-n=a@evil.example"):
            outcome = self.place.run(received(3 * DAY, time.time()), sender=sender)
            self.assertEqual(outcome.status, 0, sender)

    def test_a_dry_run_tells_the_trouble_all_the_same(self):
        for options in (["-n", "--nonsense"], ["--nonsense=1", "-n"], ["-n", "--now"],
                        ["--check-config", "--nonsense=x"]):
            self.assertEqual(self.place.run(received(3 * DAY), *options).status, 75, options)


if __name__ == "__main__":
    unittest.main()
