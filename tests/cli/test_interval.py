"""How often one person is answered, and by which reply.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_interval.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import NOW, TestCase, mail

DAY = 24 * 3600


class Interval(TestCase):
    def run_at(self, seconds, **arguments):
        self.count = getattr(self, "count", 0) + 1
        return self.place.run(mail(message_id=f"<{self.count}@x>"), "--now", NOW + seconds, **arguments)

    def test_of_personal_responders_is_seven_days(self):
        self.assert_replied(self.run_at(0))
        self.assert_suppressed(self.run_at(7 * DAY - 1), "recently-answered")
        self.assert_replied(self.run_at(7 * DAY))

    def test_of_services_is_an_hour(self):
        self.place.set_responder("kind = service")
        self.assert_replied(self.run_at(0))
        self.assert_suppressed(self.run_at(3599), "recently-answered")
        self.assert_replied(self.run_at(3600))

    def test_can_be_set(self):
        self.place.set_responder("interval = 2h")
        self.assert_replied(self.run_at(0))
        self.assert_suppressed(self.run_at(7199), "recently-answered")
        self.assert_replied(self.run_at(7200))

    def test_begins_with_the_last_reply(self):
        self.place.set_responder("interval = 1h")
        self.assert_replied(self.run_at(0))
        self.assert_suppressed(self.run_at(3000), "recently-answered")
        self.assert_replied(self.run_at(3600))
        self.assert_suppressed(self.run_at(7199), "recently-answered")

    def test_0_answers_every_message(self):
        self.place.set_responder("interval = 0")
        for _ in range(3):
            self.assert_replied(self.run_at(0))
        self.assert_sent(3)

    def test_0_answers_one_message_once_whoever_it_is_for(self):
        self.place.set_responder("interval = 0")
        outcome = self.place.run(mail(), recipients=["info@our.example", "info+x@our.example"])
        self.assertEqual([line["action"] for line in outcome.log], ["replied", "suppressed"])
        self.assert_replied(self.place.run(mail()))  # perhaps another message

    def test_once_answers_only_the_first(self):
        self.place.set_responder("interval = once")
        self.assert_replied(self.run_at(0))
        self.assert_suppressed(self.run_at(20 * 366 * DAY), "recently-answered")

    def test_a_sender_is_a_person_not_a_spelling(self):
        self.assert_replied(self.run_at(0, sender="alice@bücher.example"))
        for sender in ["ALICE@xn--bcher-kva.example", "alice+tag@BÜCHER.example",
                       "Alice@bücher.example"]:
            with self.subTest(sender):
                self.assert_suppressed(self.run_at(0, sender=sender), "recently-answered")
        self.assert_replied(self.run_at(0, sender="bob@bücher.example"))

    def test_counts_for_each_responder(self):
        self.place.set_responder("ignore = not-addressed", path="responders/our.example/sales.conf")
        self.assert_replied(self.run_at(0))
        self.assert_replied(self.run_at(0, recipients=["sales@our.example"]))
        self.assert_suppressed(self.run_at(0, recipients=["info+x@our.example"]), "recently-answered")

    def test_a_new_text_starts_afresh(self):
        self.assert_replied(self.run_at(0))
        self.place.set_responder("", "Another text.\n")
        self.assert_replied(self.run_at(0))
        self.place.set_responder()
        self.assert_suppressed(self.run_at(0), "recently-answered")

    def test_a_new_period_or_subject_starts_afresh(self):
        for settings in ["", "active-until = 2024-01-01", "active-until = 2024-01-02", "subject = x"]:
            self.place.set_responder(settings)
            self.assert_replied(self.run_at(0))

    def test_two_texts_with_one_handle_are_one_reply(self):
        self.place.set_responder("handle = holiday")
        self.assert_replied(self.run_at(0))
        self.place.set_responder("handle = holiday", "Another text.\n")
        self.assert_suppressed(self.run_at(0), "recently-answered")
        self.place.set_responder("handle = christmas", "Another text.\n")
        self.assert_replied(self.run_at(0))

    def test_a_clock_that_was_years_ahead_silences_nobody(self):
        self.assert_replied(self.run_at(10 * 366 * DAY))
        self.assert_replied(self.run_at(0))

    def test_a_clock_that_stepped_back_answers_nobody_twice(self):
        self.assert_replied(self.run_at(60))
        self.assert_suppressed(self.run_at(0), "recently-answered")


if __name__ == "__main__":
    unittest.main()
