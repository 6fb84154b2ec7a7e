"""`bcc`: a copy of every reply, for the eyes of somebody else.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_reply_copies.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, mail

COPY = "archive@our.example"


class Copies(TestCase):
    def setUp(self):
        super().setUp()
        self.place.set_responder(f"bcc = {COPY}")

    def recipients(self):
        return [sent.recipient for sent in self.place.submissions()]

    def test_are_submissions_of_their_own(self):
        self.assert_replied(self.place.run())
        self.assertEqual(self.recipients(), ["alice@sender.example", COPY])
        reply, copy = self.place.submissions()
        self.assertEqual(reply.raw, copy.raw)
        self.assertEqual((reply.sender, copy.sender), ("<>", "<>"))

    def test_have_the_envelope_sender_of_the_reply(self):
        self.place.set_responder(f"bcc = {COPY}\nenvelope-from = bounces@our.example")
        self.assert_replied(self.place.run())
        self.assertEqual([sent.sender for sent in self.place.submissions()],
                         ["bounces@our.example"] * 2)

    def test_are_not_seen_in_the_reply(self):
        self.assert_replied(self.place.run())
        for sent in self.place.submissions():
            self.assertNotIn(COPY.encode(), sent.raw)
            self.assertNotIn("Bcc", sent.message)

    def test_that_fail_neither_lose_nor_repeat_the_reply(self):
        for failure in ["exit 75", "exit 67", "kill -KILL $$"]:
            with self.subTest(failure):
                self.setUp()
                self.place.set_mailer(f"test $number != 2 || {failure}")
                outcome = self.place.run(mail(), "--queue-id", "Q")
                self.assert_replied(outcome)
                self.assertIn("no copy", outcome.log[0]["detail"])
                again = self.place.run(mail(), "--queue-id", "Q")
                self.assertEqual(again.status, 0)
                self.assertEqual(self.recipients(), ["alice@sender.example", COPY])
                self.assertEqual(self.records()[0]["state"], "answered")

    def test_that_nobody_survives_do_not_repeat_the_reply(self):
        self.place.set_mailer("test $number != 2 || kill -KILL $PPID")
        self.place.run(mail(), "--queue-id", "Q")
        self.assertEqual(self.records()[0]["state"], "answered")
        self.assertEqual(self.place.run(mail(), "--queue-id", "Q").status, 0)
        self.assertEqual(self.recipients(), ["alice@sender.example", COPY])

    def test_that_cannot_be_submitted_do_not_repeat_the_reply(self):
        self.place.set_mailer(f"rm {self.place.mailer}")
        outcome = self.place.run()
        self.assert_replied(outcome)
        self.assertIn("no copy", outcome.log[0]["detail"])
        self.place.set_mailer()
        self.assert_suppressed(self.place.run(), "recently-answered")
        self.assertEqual(self.recipients(), ["alice@sender.example"])

    def test_are_not_made_of_a_reply_that_failed(self):
        self.place.set_mailer("exit 75")
        self.assertEqual(self.place.run().status, 75)
        self.assertEqual(self.recipients(), ["alice@sender.example"])
        self.place.set_mailer()
        self.assert_replied(self.place.run())
        self.assertEqual(self.recipients(), ["alice@sender.example"] * 2 + [COPY])

    def test_are_not_made_of_a_reply_that_is_not_sent(self):
        self.assert_suppressed(self.place.run(mail(list_id="<x>")), "list")
        self.assert_replied(self.place.run())
        self.assert_suppressed(self.place.run(mail(message_id="<2@x>")), "recently-answered")
        self.assert_sent(2)
        self.place.preview()
        self.assert_sent(2)

    def test_go_to_one_address(self):
        for value in ["nobody", "a@x.example, b@x.example", "-f@", "a@x.example\u2028"]:
            with self.subTest(value):
                place = self.place.set_responder(f"bcc = {value}")
                self.assert_deferred(self.place.run(), f"{place}:2: ", "bcc")

    def test_to_an_address_that_looks_like_an_option_are_sent_there(self):
        self.place.set_responder("bcc = -t@our.example")
        self.assert_replied(self.place.run())
        self.assertEqual(self.place.submissions()[1].argv, ["-i", "-f", "<>", "--", "-t@our.example"])

    def test_of_a_section_are_its_own(self):
        self.place.set_responder(f"bcc = {COPY}\n[when price]\nsubject-contains = price\n"
                                 "text = info.txt\nbcc = sales@our.example")
        self.assert_replied(self.place.run(mail(subject="Your prices")))
        self.assertEqual(self.recipients(), ["alice@sender.example", "sales@our.example"])


if __name__ == "__main__":
    unittest.main()
