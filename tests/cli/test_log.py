"""The line in the log.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_log.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, mail


class Log(TestCase):
    def test_says_what_was_done(self):
        outcome = self.place.run(mail(), "--queue-id", "4Sm1Vk2xYz", sender="Al+x@sender.example")
        line, = outcome.log
        self.assertEqual(
            line.group("id", "sender", "recipient", "action", "reason", "detail"),
            ("4Sm1Vk2xYz", "Al+x@sender.example", "info@our.example", "replied", "-", None))

    def test_names_the_handle(self):
        self.place.set_responder("handle = holiday 2023")
        self.assertEqual(self.place.run(mail()).log[0]["handle"], r"holiday\x202023")

    def test_names_no_handle_where_there_is_none(self):
        outcome = self.place.run(mail(), recipients=["nobody@our.example"])
        self.assertEqual(outcome.log[0]["handle"], "-")

    def test_has_a_line_for_each_recipient(self):
        recipients = ["info@our.example", "a@our.example", "b@our.example"]
        outcome = self.place.run(mail(), recipients=recipients)
        self.assertEqual([line["recipient"] for line in outcome.log], recipients)

    def test_without_a_queue_id(self):
        self.assertRegex(self.place.run(mail()).log[0]["id"], r"\A[A-Z]+\Z")

    def test_the_null_sender_is_empty(self):
        self.assertEqual(self.place.run(mail(), sender="").log[0]["sender"], "")

    def test_cannot_be_forged(self):
        forged = "Q: from=<a> to=<b> action=replied reason=- handle=- delay=0.000"
        for evil in [f"x\n{forged}", f"x> {forged}", f"x\r{forged}", f"x\u2028{forged}",
                     f"x\x85{forged}", "x\x1b[2J", "\udc85\udcff"]:
            with self.subTest(evil):
                outcome = self.place.run(mail(subject=evil, message_id=evil), "--queue-id", evil,
                                         sender=f"{evil}@x.example", recipients=[evil])
                self.assertEqual(outcome.status, 0)
                line, = outcome.log
                self.assertEqual((line["action"], line["detail"]), ("suppressed", None))
                self.assertTrue(outcome.stderr.rstrip("\n").isprintable())

    def test_stays_short(self):
        outcome = self.place.run(mail(), "--queue-id", "q" * 100_000, sender="s" * 100_000,
                                 recipients=["r" * 100_000])
        self.assertLess(len(outcome.stderr), 2000)

    def test_nothing_is_printed_beside_it(self):
        self.assertEqual(self.place.run(mail()).stdout, b"")


if __name__ == "__main__":
    unittest.main()
