"""How many replies are sent in a time: by a responder, to a domain, and in all.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_limits.py
"""

import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True

from programs import NOW, HangingMailer, TestCase, actions, environment, finish, mail

HOUR = 3600
DAY = 24 * HOUR


class LimitTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.count = 0

    def add_responder(self, settings, name="sales", **arguments):
        self.place.set_responder(f"ignore = not-addressed\n{settings}",
                                 path=f"responders/our.example/{name}.conf", **arguments)

    def deliver(self, sender=None, at=0, *options, **arguments):
        """A message of its own; without `sender` from somebody who has not written before."""
        self.count += 1
        return self.place.run(mail(message_id=f"<{self.count}@x>"), "--now", NOW + at, *options,
                              sender=sender or f"user{self.count}@d{self.count}.example",
                              **arguments)

    def assert_limited(self, outcome, detail):
        self.assert_suppressed(outcome, "rate-limited")
        self.assertEqual(outcome.log[0]["detail"], detail)


class OfAResponder(LimitTestCase):
    def test_so_many_are_answered_and_the_next_is_not(self):
        self.place.set_responder("limit = 3/1h")
        for _ in range(3):
            self.assert_replied(self.deliver())
        for _ in range(2):
            self.assert_limited(self.deliver(), "limit 3/1h reached")
        self.assert_sent(3)

    def test_one_is_the_least(self):
        self.place.set_responder("limit = 1/1s")
        self.assert_replied(self.deliver())
        self.assert_limited(self.deliver(), "limit 1/1s reached")
        self.assert_replied(self.deliver(at=1))

    def test_a_reply_counts_for_the_period_and_not_a_second_longer(self):
        self.place.set_responder("limit = 2/1h")
        self.assert_replied(self.deliver(at=0))
        self.assert_replied(self.deliver(at=1000))
        self.assert_limited(self.deliver(at=HOUR - 1), "limit 2/1h reached")
        self.assert_replied(self.deliver(at=HOUR))
        self.assert_limited(self.deliver(at=HOUR + 999), "limit 2/1h reached")
        self.assert_replied(self.deliver(at=HOUR + 1000))

    def test_never_more_in_any_span_of_the_period_for_many_replies(self):
        # More than the counter keeps exact.
        self.place.set_responder("limit = 100/1h")
        self.place.set_quiet_mailer()
        times = [number * 10 for number in range(130)]
        sent = [at for at in times if actions(self.deliver(at=at)) == [("replied", "-")]]
        self.assertEqual(sent, times[:100])
        self.assertEqual(actions(self.deliver(at=times[129] + HOUR)), [("replied", "-")])

    def test_counts_the_responder_not_the_recipients_spelling(self):
        self.add_responder("limit = 1/1h")
        self.assert_replied(self.deliver(recipients=["sales@our.example"]))
        for recipient in ["SALES@our.example", "sales+x@OUR.example"]:
            self.assert_limited(self.deliver(recipients=[recipient]), "limit 1/1h reached")

    def test_counts_every_responder_apart(self):
        self.place.set_responder("limit = 1/1h")
        self.add_responder("limit = 1/1h")
        self.assert_replied(self.deliver())
        self.assert_replied(self.deliver(recipients=["sales@our.example"]))
        outcome = self.deliver(recipients=["info@our.example", "sales@our.example"])
        self.assertEqual(actions(outcome), [("suppressed", "rate-limited")] * 2)

    def test_of_one_file_for_a_domain_counts_for_all_its_addresses(self):
        self.place.set_responder("limit = 2/1h\nignore = not-addressed",
                                 path="responders/our.example.conf")
        for recipient in ["a@our.example", "b@our.example"]:
            self.assert_replied(self.deliver(recipients=[recipient]))
        self.assert_limited(self.deliver(recipients=["c@our.example"]), "limit 2/1h reached")

    def test_a_new_text_does_not_start_afresh(self):
        self.place.set_responder("limit = 1/1h")
        self.assert_replied(self.deliver())
        self.place.set_responder("limit = 1/1h", "Another text.\n")
        self.assert_limited(self.deliver(), "limit 1/1h reached")

    def test_a_new_limit_counts_what_was_sent_under_the_old_one(self):
        self.place.set_responder("limit = 2/1h")
        for _ in range(2):
            self.assert_replied(self.deliver())
        self.place.set_responder("limit = 3/1h")
        self.assert_replied(self.deliver())
        self.place.set_responder("limit = 1/10s")
        self.assert_limited(self.deliver(at=9), "limit 1/10s reached")
        self.assert_replied(self.deliver(at=10))

    def test_every_message_of_a_sender_counts_where_every_one_is_answered(self):
        self.place.set_responder("limit = 2/1h\ninterval = 0")
        for _ in range(2):
            self.assert_replied(self.deliver("alice@x.example"))
        self.assert_limited(self.deliver("alice@x.example"), "limit 2/1h reached")

    def test_what_is_not_answered_does_not_count(self):
        self.place.set_responder("limit = 1/1h")
        self.assert_suppressed(self.place.run(mail(list_id="<x>")), "list")
        self.place.preview()
        self.assert_replied(self.deliver("alice@x.example"))
        self.assert_suppressed(self.deliver("alice@x.example"), "recently-answered")
        self.assert_limited(self.deliver(), "limit 1/1h reached")

    def test_recently_answered_is_asked_before(self):
        self.place.set_responder("limit = 1/1h")
        self.assert_replied(self.deliver("alice@x.example"))
        self.assert_suppressed(self.deliver("alice@x.example"), "recently-answered")

    def test_who_was_not_answered_for_it_may_be_answered_later(self):
        self.place.set_responder("limit = 1/1h")
        self.assert_replied(self.deliver())
        self.assert_limited(self.deliver("alice@x.example"), "limit 1/1h reached")
        self.assert_replied(self.deliver("alice@x.example", at=HOUR))

    def test_a_clock_that_was_years_ahead_blocks_nobody(self):
        self.place.set_responder("limit = 1/1h")
        self.assert_replied(self.deliver(at=10 * 366 * DAY))
        self.assert_replied(self.deliver())

    def test_a_clock_that_stepped_back_sends_no_more(self):
        self.place.set_responder("limit = 1/1h")
        self.assert_replied(self.deliver(at=60))
        self.assert_limited(self.deliver(), "limit 1/1h reached")


class ByDefault(LimitTestCase):
    def test_a_person_is_answered_five_times_a_day(self):
        """A robot without any mark that answers each of our replies."""
        self.place.set_responder("interval = 0", brakes=True)
        for number in range(5):
            self.assert_replied(self.deliver("Robot+1@x.example", at=number * 600))
        for sender in ["robot@x.example", "prvs=0123456789=robot@X.example"]:
            self.assert_limited(self.deliver(sender, at=6000), "limit-person 5/1d reached")
        self.assert_replied(self.deliver("other@x.example", at=6000))
        self.assert_replied(self.deliver("robot@x.example", at=DAY))

    def test_whatever_section_answers(self):
        self.place.set_responder("".join(f"interval = 0\n[when s{number}]\n"
                                         f"subject-contains = {number}\ninterval = 0\n"
                                         for number in range(1, 2)), brakes=True)
        for number in range(5):
            outcome = self.place.run(mail(subject=f"number {number % 2}", message_id=f"<{number}@y>"),
                                     sender="robot@x.example")
            self.assert_replied(outcome)
        self.assert_limited(self.deliver("robot@x.example"), "limit-person 5/1d reached")

    def test_each_responder_counts_for_itself(self):
        self.place.set_responder("interval = 0\nlimit-person = 1/1d", brakes=True)
        self.add_responder("interval = 0\nlimit-person = 1/1d", brakes=True)
        for recipient in ["info@our.example", "sales@our.example"]:
            self.assert_replied(self.deliver("a@x.example", recipients=[recipient]))
            self.assert_limited(self.deliver("a@x.example", recipients=[recipient]),
                                "limit-person 1/1d reached")

    def test_a_person_is_who_the_reply_goes_to(self):
        self.place.set_responder("interval = 0\nlimit-person = 1/1d", brakes=True)
        self.assert_replied(self.deliver("SRS0=H=T=x.example=a@attacker.example"))
        self.assert_limited(self.deliver("SRS0=I=U=x.example=a@attacker.example"),
                            "limit-person 1/1d reached")
        self.assert_replied(self.deliver("a@x.example"))

    def test_a_responder_answers_three_hundred_an_hour(self):
        self.place.set_quiet_mailer()
        records = [self.deliver() for _ in range(3)]
        explained = self.place.preview(mail(), "--explain").table
        self.assertIn("limit 300/1h, limit-person 5/1d", explained)
        self.assertEqual([outcome.status for outcome in records], [0] * 3)

    def test_none_takes_them_away(self):
        self.place.set_responder("interval = 0\nlimit = none\nlimit-person = none", brakes=True)
        for _ in range(7):
            self.assert_replied(self.deliver("robot@x.example"))
        self.assertNotIn("limit-person", self.place.preview(mail(), "--explain").table)

    def test_a_mistake_names_its_line(self):
        self.place.set_responder("limit-person = often")
        outcome = self.deliver()
        self.assertEqual(outcome.status, 75)
        self.assertIn("info.conf:2:", outcome.stderr)


class InAll(LimitTestCase):
    def setUp(self):
        super().setUp()
        self.add_responder("")

    def test_counts_the_replies_of_all_responders(self):
        self.place.configure("limit = 3/1d")
        for recipient in ["info@our.example", "sales@our.example", "info@our.example"]:
            self.assert_replied(self.deliver(recipients=[recipient]))
        for recipient in ["info@our.example", "sales@our.example"]:
            self.assert_limited(self.deliver(recipients=[recipient]),
                                "main limit 3/1d reached")
        self.assert_replied(self.deliver(at=DAY))

    def test_counts_every_recipient_of_one_message(self):
        self.place.configure("limit = 1/1d")
        outcome = self.deliver(recipients=["info@our.example", "sales@our.example"])
        self.assertEqual(actions(outcome), [("replied", "-"), ("suppressed", "rate-limited")])

    def test_a_limit_of_the_responder_is_named_first(self):
        self.place.configure("limit = 1/1d")
        self.place.set_responder("limit = 1/1h")
        self.assert_replied(self.deliver())
        self.assert_limited(self.deliver(), "limit 1/1h reached")
        self.assert_limited(self.deliver(at=HOUR), "main limit 1/1d reached")

    def test_what_one_limit_stops_does_not_count_for_the_others(self):
        self.place.configure("limit = 3/1d")
        self.place.set_responder("limit = 1/1d")
        self.assert_replied(self.deliver())
        for _ in range(5):
            self.assert_limited(self.deliver(), "limit 1/1d reached")
        for _ in range(2):
            self.assert_replied(self.deliver(recipients=["sales@our.example"]))
        self.assert_limited(self.deliver(recipients=["sales@our.example"]),
                            "main limit 3/1d reached")


    def test_a_busy_address_leaves_the_others_their_share(self):
        self.place.configure("limit = 10/1d")
        for _ in range(10):
            self.assert_replied(self.deliver())
        self.assert_limited(self.deliver(), "main limit 10/1d reached")
        for _ in range(2):  # a fifth
            self.assert_replied(self.deliver(recipients=["sales@our.example"]))
        self.assert_limited(self.deliver(recipients=["sales@our.example"]),
                            "main limit 10/1d reached")


class ToADomain(LimitTestCase):
    LIMITED = "limit-sender-domain 2/1d reached"

    def setUp(self):
        super().setUp()
        self.place.configure("limit-sender-domain = 2/1d")

    def test_so_many_of_one_domain_are_answered_and_others_still(self):
        for name in "ab":
            self.assert_replied(self.deliver(f"{name}@x.example"))
        self.assert_limited(self.deliver("c@X.example"), self.LIMITED)
        self.assert_replied(self.deliver("c@sub.x.example"))
        self.assert_replied(self.deliver("c@y.example"))
        self.assert_replied(self.deliver("c@x.example", DAY))

    def test_counts_across_responders(self):
        self.add_responder("")
        for recipient in ["info@our.example", "sales@our.example"]:
            self.assert_replied(self.deliver("a@x.example", recipients=[recipient]))
        self.assert_limited(self.deliver("b@x.example"), self.LIMITED)

    def test_counts_for_where_the_replies_go(self):
        """What a forwarder's address says inside, anybody could have written: neither is the domain
        in it to be silenced by that, nor the forwarder's to be flooded."""
        for sender in ["SRS0=HHH=TT=one.example=a@x.example", "prvs=0123456789=b@x.example"]:
            self.assert_replied(self.deliver(sender))
        for sender in ["c@x.example", "SRS0=HHH=TT=two.example=c@x.example",
                       "bounces+SRS=HH=TT=three.example=c@x.example"]:
            with self.subTest(sender):
                self.assert_limited(self.deliver(sender), self.LIMITED)
        self.assert_replied(self.deliver("someone@one.example"))

    def test_a_domain_is_one_in_any_spelling(self):
        self.assert_replied(self.deliver("a@bücher.example"))
        self.assert_replied(self.deliver("b@xn--bcher-kva.example"))
        self.assert_limited(self.deliver("c@BÜCHER.example"), self.LIMITED)


class Failures(LimitTestCase):
    def setUp(self):
        super().setUp()
        self.place.set_responder("limit = 1/1h")

    def try_in_vain(self, **arguments):
        self.place.set_mailer("exit 75")
        outcome = self.deliver(**arguments)
        self.assertEqual(actions(outcome), [("deferred", "mailer")])
        self.place.set_mailer()

    def test_a_reply_that_was_not_submitted_does_not_count(self):
        for _ in range(3):
            self.try_in_vain()
        self.assert_replied(self.deliver())
        self.assert_limited(self.deliver(), "limit 1/1h reached")

    def test_nor_where_the_mailer_cannot_be_run(self):
        for _ in range(2):
            outcome = self.place.run(mail(), "--mailer", "/nonexistent/sendmail")
            self.assertEqual(actions(outcome), [("deferred", "mailer")])
        self.assert_replied(self.deliver())

    def test_a_reply_that_was_refused_for_good_counts(self):
        # Somebody was written to, after all: the mail server has looked at it.
        self.place.set_mailer("exit 67")
        self.assert_suppressed(self.deliver(), "refused")
        self.place.set_mailer()
        self.assert_limited(self.deliver(), "limit 1/1h reached")

    def start_and_kill(self, *options, **arguments):
        """A delivery that dies while its mailer is at work, and afterwards a mailer that works."""
        mailer = HangingMailer(self, self.place)
        process = self.place.start(mail(), "--queue-id", "QUEUEID", *options, **arguments)
        mailer.wait()
        process.kill()
        finish(process)
        mailer.let_go()
        self.place.set_mailer()

    def retry(self, at=0):
        return self.place.run(mail(), "--queue-id", "QUEUEID", "--now", NOW + at)

    def test_a_delivery_that_is_tried_again_after_it_was_killed_counts_once(self):
        self.place.set_responder("limit = 2/1h")
        self.start_and_kill()
        self.assert_replied(self.retry(60))
        self.assert_replied(self.deliver(at=60))
        self.assert_limited(self.deliver(at=60), "limit 2/1h reached")

    def test_and_is_answered_however_many_others_were_meanwhile(self):
        self.start_and_kill()
        self.assert_limited(self.deliver(), "limit 1/1h reached")
        self.assert_replied(self.retry(60))

    def test_and_counts_from_when_it_was_sent(self):
        self.start_and_kill()
        self.assert_replied(self.retry(1000))
        self.assert_limited(self.deliver(at=HOUR + 999), "limit 1/1h reached")
        self.assert_replied(self.deliver(at=HOUR + 1000))

    def test_and_counts_on_where_it_fails_then_as_the_first_try_may_have_sent_it(self):
        self.start_and_kill()
        self.place.set_mailer("exit 75")
        self.assertEqual(actions(self.retry(60)), [("deferred", "mailer")])
        self.place.set_mailer()
        self.assert_limited(self.deliver(at=60), "limit 1/1h reached")
        self.assert_replied(self.retry(120))

    def test_a_failure_takes_nothing_from_the_replies_of_others(self):
        self.place.set_responder("limit = 2/1h")
        self.start_and_kill()
        self.assert_replied(self.deliver(at=100))
        self.place.set_mailer("exit 75")
        self.assertEqual(actions(self.retry(60)), [("deferred", "mailer")])
        self.place.set_mailer()
        self.assert_replied(self.retry(HOUR + 90))
        self.assert_limited(self.deliver(at=HOUR + 95), "limit 2/1h reached")
        self.assert_replied(self.deliver(at=HOUR + 100))

    def test_a_failure_beside_another_message_of_the_sender_does_not_count(self):
        self.place.set_responder("limit = 2/1h\ninterval = 0")
        mailer = HangingMailer(self, self.place)
        self.place.set_mailer(f"test $number != 1 || {{ echo $$ >$call/waits; "
                              f"read line <{mailer.gate}; exit 75; }}")
        first = self.place.start(mail(), "--queue-id", "FIRST")
        mailer.wait()
        self.assert_replied(self.deliver("alice@sender.example"))
        mailer.let_go()
        self.assertEqual(actions(finish(first)), [("deferred", "mailer")])
        self.assert_replied(self.deliver())
        self.assert_limited(self.deliver(), "limit 2/1h reached")


class Together(LimitTestCase):
    PROCESSES = 20

    def start_all(self, recipients=("info@our.example",)):
        """Processes that all have their message and are held before the mailer by nothing."""
        processes = [
            subprocess.Popen(self.place.command("--queue-id", f"Q{number}",
                                                sender=f"a{number}@x.example",
                                                recipients=[recipients[number % len(recipients)]]),
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, env=environment())
            for number in range(self.PROCESSES)]
        for number, process in enumerate(processes):
            process.stdin.write(mail(message_id=f"<{number}@x>"))
            process.stdin.flush()
        for process in processes:
            process.stdin.close()
            process.stdin = None
        return [action for process in processes for action in actions(finish(process))]

    def assert_so_many(self, done, replies):
        self.assertEqual(sorted(done), [("replied", "-")] * replies +
                         [("suppressed", "rate-limited")] * (self.PROCESSES - replies))
        self.assert_sent(replies)

    def test_never_exceed_the_limit_of_a_responder(self):
        self.place.set_responder("limit = 7/1h")
        self.assert_so_many(self.start_all(), 7)

    def test_never_exceed_the_limit_of_a_domain(self):
        self.place.configure("limit-sender-domain = 7/1h")
        self.assert_so_many(self.start_all(), 7)

    def test_never_exceed_the_limit_of_all(self):
        self.add_responder("")
        self.place.configure("limit = 7/1h")
        self.assert_so_many(self.start_all(["info@our.example", "sales@our.example"]), 7)


class Tools(LimitTestCase):
    """Counters are no records."""

    def setUp(self):
        super().setUp()
        self.place.set_responder("limit = 1/1h\ninterval = 1h")
        self.place.configure("limit = 100/1d", "limit-sender-domain = 100/1d")

    def test_list_shows_the_records_alone(self):
        self.assert_replied(self.deliver("alice@x.example"))
        self.assert_limited(self.deliver("bob@x.example"), "limit 1/1h reached")
        self.assertEqual(self.senders(), ["alice@x.example"])
        self.assertEqual(len(self.tool_output("cache", "list").splitlines()), 2)

    def test_forgetting_a_sender_does_not_undo_the_count(self):
        self.assert_replied(self.deliver("alice@x.example"))
        self.assertEqual(self.tool_output("cache", "forget", "--sender", "alice@x.example"),
                         "forgot 1 record\n")
        self.assert_limited(self.deliver("alice@x.example"), "limit 1/1h reached")

    def test_a_purge_removes_records_and_keeps_counters_that_still_count(self):
        now = int(time.time())
        self.place.set_responder("limit = 2/36000d\ninterval = 1h")
        self.assert_replied(self.deliver("alice@x.example"))  # long expired by now
        self.assert_replied(self.deliver("bob@x.example", now - NOW))
        self.assertIn("removed 1 record ", self.tool_output("purge"))
        self.assertEqual(self.senders(), ["bob@x.example"])
        self.assert_limited(self.deliver("carol@x.example", now - NOW),
                            "limit 2/36000d reached")

    def test_a_purge_removes_the_counters_that_are_over(self):
        # A purge goes by today's clock, by which those of 2023 are.
        self.assert_replied(self.deliver("alice@x.example"))
        self.assert_limited(self.deliver("bob@x.example"), "limit 1/1h reached")
        self.assertEqual(self.tool_output("purge", "--dry-run"), "would remove 1 record\n")
        self.assert_limited(self.deliver("bob@x.example"), "limit 1/1h reached")
        self.assertIn("removed 1 record ", self.tool_output("purge"))
        self.assert_replied(self.deliver("bob@x.example"))


if __name__ == "__main__":
    unittest.main()
