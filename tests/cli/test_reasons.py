"""Which messages are answered, and the reason why others are not.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_reasons.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, mail


class Reasons(TestCase):
    def assert_verdict(self, reason, message=None, *options, **arguments):
        verdict = self.place.preview(message, *options, **arguments).verdict
        self.assertEqual(verdict, f"verdict: suppress: {reason}" if reason else "verdict: reply")

    def assert_verdicts(self, reason, name, values):
        for value in values:
            with self.subTest(value):
                self.assert_verdict(reason, mail(**{name: value}))

    def test_no_responder(self):
        self.assert_verdict("no-responder", recipients=["nobody@our.example"])
        self.assert_verdict("no-responder", recipients=["info@other.example"])

    def test_inactive_outside_the_period(self):
        self.place.set_responder("active-from = 2023-11-14T00:00Z\nactive-until = 2023-11-15T00:00Z")
        begin, end = 1_699_920_000, 1_700_006_400
        for now, reason in [(begin - 1, "inactive"), (begin, None), (end - 1, None), (end, "inactive")]:
            with self.subTest(now):
                self.assert_verdict(reason, None, "--now", now)

    def test_a_date_counts_to_its_end(self):
        self.place.set_responder("active-until = 2023-11-14")
        self.assert_verdict(None, None, "--now", 1_700_006_399)
        self.assert_verdict("inactive", None, "--now", 1_700_006_400)

    def test_null_sender(self):
        for sender in ["", "<>", "MAILER-DAEMON", "<MAILER-DAEMON>"]:
            with self.subTest(sender):
                self.assert_verdict("null-sender", sender=sender)

    def test_a_mailer_daemon_with_a_domain_is_a_system_sender(self):
        self.assert_verdict("system-sender", sender="MAILER-DAEMON@sender.example")

    def test_invalid_sender(self):
        for sender in ["alice", "alice@", "@sender.example", "a@b@sender.example", "a b@sender.example",
                       "alice@-x.example", "alice@sender..example", "-", "--",
                       "alice@sender.example\n", "\udcff@sender.example"]:
            with self.subTest(sender):
                self.assert_verdict("invalid-sender", sender=sender)

    def test_a_sender_in_angle_brackets_is_valid(self):
        self.assert_verdict(None, sender="<alice@sender.example>")

    def test_a_service_does_not_answer_a_message_without_from(self):
        self.assert_verdict(None, mail(From=None))
        self.place.set_responder("kind = service")
        self.assert_verdict("invalid-sender", mail(From=None))

    def test_own_address(self):
        self.place.set_responder("address = info@old.example")
        for sender in ["info@our.example", "INFO@OUR.example", "info+x@our.example",
                       "info@old.example"]:
            with self.subTest(sender):
                self.assert_verdict("own-address", sender=sender)

    def test_own_address_is_also_the_original_recipient(self):
        self.assert_verdict("own-address", None, "--original-recipient", "sales@our.example",
                            sender="sales@our.example")

    def test_loop_on_our_own_mark(self):
        reply = self.place.preview(mail()).reply
        self.assert_verdict("loop", mail(message_id=reply["Message-ID"], auto_submitted="no"))

    def test_auto_submitted(self):
        self.assert_verdicts("auto-submitted", "auto_submitted",
                             ["auto-replied", "auto-generated", "auto-notified", "yes", "",
                              "AUTO-REPLIED; owner-email=a@x.example", "(no) auto-replied",
                              ["no", "auto-replied"], "nothing", "no-way"])

    def test_auto_submitted_no(self):
        self.assert_verdicts(None, "auto_submitted",
                             ["no", "NO", "no; x=y", "no ; x=\"auto-replied\"", "no (auto-replied)",
                              "(comment (nested)) no (;)", "\n no", ["no", "no"]])

    def test_report(self):
        self.assert_verdicts("report", "content_type",
                             ["multipart/report; report-type=delivery-status; boundary=x",
                              "MULTIPART/REPORT", "multipart/report(x);\n boundary=x",
                              "message/delivery-status", "message/disposition-notification",
                              "message/feedback-report"])
        self.assert_verdicts("report", "x_failed_recipients", ["bob@x.example"])
        self.assert_verdicts(None, "content_type", ["text/plain", "multipart/mixed; x=multipart/report"])

    def test_system_sender_in_the_envelope(self):
        for name in ["postmaster", "owner-list", "list-owner", "list-request", "list-bounces",
                     "bounces+1=x", "bounce", "listserv", "Majordomo", "noreply", "No-Reply",
                     "do-not-reply", "mailer-daemon"]:
            with self.subTest(name):
                self.assert_verdict("system-sender", sender=f"{name}@sender.example")

    def test_system_sender_in_from_or_sender(self):
        for name in ["From", "Sender"]:
            self.assert_verdicts("system-sender", name,
                                 ["noreply@sender.example", "Robot <no-reply@sender.example>",
                                  "=?utf-8?Q?R=C3=B6bot?= <owner-x@sender.example>", "<>"])

    def test_names_that_only_look_alike_are_answered(self):
        for sender in ["owner@sender.example", "request@sender.example", "noreplying@sender.example"]:
            with self.subTest(sender):
                self.assert_verdict(None, sender=sender)

    def test_list(self):
        for name in ["List-Id", "List-Help", "List-Unsubscribe", "List-Subscribe", "List-Post",
                     "List-Owner", "List-Archive", "List-Unsubscribe-Post", "Mailing-List",
                     "X-Mailing-List", "X-BeenThere", "LIST-ID"]:
            self.assert_verdicts("list", name, ["<x.example>"])

    def test_precedence(self):
        self.assert_verdicts("precedence", "precedence", ["bulk", "List", "JUNK", "auto_reply"])
        self.assert_verdicts(None, "precedence", ["first-class", "normal", "bulky"])

    def test_suppress_requested(self):
        self.assert_verdicts("suppress-requested", "x_auto_response_suppress",
                             ["All", "OOF", "AutoReply", "DR, RN,oof", "dr, AUTOREPLY"])
        self.assert_verdicts(None, "x_auto_response_suppress", ["None", "DR, NDR, RN, NRN"])

    def test_not_addressed(self):
        self.assert_verdicts("not-addressed", "to",
                             [None, "other@our.example", "undisclosed-recipients:;",
                              "\"info@our.example\" <other@our.example>",
                              "other@our.example (info@our.example)"])

    def test_addressed_in_any_of_the_fields(self):
        for name in ["To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"]:
            with self.subTest(name):
                fields = {"To": "other@our.example", name: "x@x.example, Group: INFO+a@our.example;"}
                self.assert_verdict(None, mail(**fields))

    def test_addressed_by_another_own_address(self):
        self.place.set_responder("address = info@old.example")
        self.assert_verdict(None, mail(to="info@old.example"))
        self.assert_verdict(None, mail(to="sales@our.example"),
                            "--original-recipient", "sales@our.example")

    def test_a_service_need_not_be_addressed(self):
        self.place.set_responder("kind = service")
        self.assert_verdict(None, mail(to=None))
        self.place.set_responder("kind = group")
        self.assert_verdict("not-addressed", mail(to=None))

    def test_recently_answered(self):
        self.assert_replied(self.place.run(mail()))
        self.assert_suppressed(self.place.run(mail(message_id="<2@x.example>")), "recently-answered")
        self.assert_sent(1)

    def test_the_first_rule_that_hits_decides(self):
        self.assert_verdict("auto-submitted", mail(auto_submitted="x", list_id="x", precedence="bulk"))

    def test_a_soft_rule_can_be_switched_off(self):
        for rule, message, sender in [
            ("system-sender", mail(), "noreply@sender.example"),
            ("list", mail(list_id="<x.example>"), "alice@sender.example"),
            ("precedence", mail(precedence="bulk"), "alice@sender.example"),
            ("suppress-requested", mail(x_auto_response_suppress="All"), "alice@sender.example"),
            ("not-addressed", mail(to=None), "alice@sender.example"),
        ]:
            with self.subTest(rule):
                self.place.set_responder("ignore = precedence" if rule != "precedence" else "")
                self.assert_verdict(rule, message, sender=sender)
                self.place.set_responder(f"ignore = auto-reply\nignore = {rule}")
                self.assert_verdict(None, message, sender=sender)

    def test_a_hard_rule_cannot_be_switched_off(self):
        for rule in ["no-responder", "inactive", "null-sender", "invalid-sender", "own-address", "loop",
                     "auto-submitted", "report", "recently-answered"]:
            with self.subTest(rule):
                file = self.place.set_responder(f"ignore = {rule}")
                self.assert_deferred(self.place.run(mail()), f"{file}:2: ", rule)


if __name__ == "__main__":
    unittest.main()
