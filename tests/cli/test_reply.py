"""The responder as a mail server sees it: command line, message, status, log, and what is sent."""

import os
import pwd
import re
import signal
import subprocess
import sys
import unittest

from programs import (BIN, MEMORY_LIMIT, NOW, SANITIZED, HangingMailer, TestCase, Workplace, actions,
                      environment, finish, mail, needed_libraries, unflowed, unfolded,
                      wait_for)

DAY = 24 * 3600

FIELDS = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
          "Auto-Submitted", "Precedence", "X-Auto-Response-Suppress", "MIME-Version",
          "Content-Type", "Content-Transfer-Encoding"]


class DryRun(TestCase):
    def test_prints_the_verdict_then_the_message(self):
        outcome = self.place.run(mail(), "-n")
        self.assertEqual(outcome.status, 0)
        self.assertRegex(outcome.stdout, rb"\Averdict: reply\n\nFrom: info@our\.example\n")
        self.assertTrue(outcome.stdout.endswith(b"\n\nWe are on holiday.\n"))

    def test_prints_the_reason_why_not(self):
        outcome = self.place.run(mail(list_id="<x.example>"), "--dry-run")
        self.assertEqual((outcome.status, outcome.stdout), (0, b"verdict: suppress: list\n"))

    def test_prints_a_verdict_for_each_recipient(self):
        outcome = self.place.run(mail(), "-n", recipients=["nobody@our.example", "info@our.example"])
        verdicts = re.findall(rb"^verdict: .*", outcome.stdout, re.M)
        self.assertEqual(verdicts, [b"verdict: suppress: no-responder", b"verdict: reply"])

    def test_touches_neither_cache_nor_mailer(self):
        before = self.place.files()
        self.place.preview(mail())
        self.assertEqual(self.place.files(), before)
        self.place.preview(mail(), "--cache", "/nonexistent/cache", "--mailer", "/nonexistent/mailer")

    def test_does_not_ask_the_cache(self):
        self.assert_replied(self.place.run(mail()))
        self.assertEqual(self.place.preview(mail()).verdict, "verdict: reply")
        self.assert_sent(1)


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


class Strangers(TestCase):
    """Addresses are chosen by strangers."""

    ODD_BUT_VALID = ["-n@x.example", "-c@x.example", "--help@x.example", "--@x.example",
                     "--cache=x@x.example", "-f@x.example", "$HOME@x.example", "`id`@x.example",
                     "|touch/file@x.example", "o'brien@x.example", "\"$(touch file)\"@x.example",
                     "\"`touch file`\"@x.example", "\"a;touch file\"@x.example", "*@x.example",
                     "jürgen@x.example", "user@[192.0.2.1]", "%s%n@x.example"]
    INVALID = ["-", "--", "-n", "--help", "$(touch file)@x.example", "`touch file`@x.example",
               "a@x.example; touch file", "a\nb@x.example", "a@x.example\nFORGED: x",
               "a@x.example\r\n\r\nx", "\"a\nb\"@x.example", "\"@x.example", "\"a\"b@x.example",
               f"{'a' * 300}@x.example", "a" * 300, "\udcff@x.example", "\u2028@@x.example", "@"]

    def setUp(self):
        super().setUp()
        self.responder = self.place.set_responder("ignore = not-addressed\ninterval = 0")
        self.place.run(mail(), "--responder", self.responder)
        self.before = {file for file in self.place.files() if not file.startswith("calls")}

    def assert_harmless(self, outcome, recipients=1):
        self.assertEqual(outcome.status, 0, outcome.stderr)
        self.assertEqual(len(outcome.log), recipients)
        after = {file for file in self.place.files() if not file.startswith("calls")}
        self.assertEqual(after, self.before)

    def test_a_reply_goes_to_exactly_the_address_given(self):
        for sender in ["user+tag@x.example", "User.Name+A+B@X.Example", *self.ODD_BUT_VALID]:
            with self.subTest(sender):
                outcome = self.place.run(mail(), "--responder", self.responder, sender=sender)
                self.assert_harmless(outcome)
                self.assert_replied(outcome)
                sent = self.place.submissions()[-1]
                # Domain names are the same in either case (RFC 5321, 2.4).
                local_part, _, domain = sender.rpartition("@")
                sent_local_part, _, sent_domain = sent.recipient.rpartition("@")
                self.assertEqual((sent_local_part, sent_domain.lower()), (local_part, domain.lower()))
                self.assertEqual(sent.argv, ["-i", "-f", "<>", "--", sent.recipient])

    def test_a_sender_behind_the_equals_sign(self):
        for sender in ["-n@x.example", "--help@x.example", "a=b@x.example"]:
            with self.subTest(sender):
                command = self.place.command(f"--sender={sender}", sender=None)
                self.assert_replied(self.place.run_command(command))
                self.assertEqual(self.place.submissions()[-1].recipient, sender)

    def test_the_domain_of_a_reply_needs_no_smtputf8(self):
        self.place.run(mail(), sender="user@bücher.example")
        self.assertEqual(self.place.submissions()[-1].recipient, "user@xn--bcher-kva.example")

    def test_a_sender_that_is_no_address_is_not_answered(self):
        for sender in self.INVALID:
            with self.subTest(sender):
                outcome = self.place.run(mail(), "--responder", self.responder, sender=sender)
                self.assert_harmless(outcome)
                self.assert_suppressed(outcome, "invalid-sender")

    def test_a_strange_recipient_is_answered_for(self):
        for recipient in self.ODD_BUT_VALID:
            with self.subTest(recipient):
                outcome = self.place.run(mail(), "--responder", self.responder,
                                         recipients=[recipient])
                self.assert_harmless(outcome)
                self.assert_replied(outcome)
                self.assertEqual(unfolded(self.place.submissions()[-1].raw, "From"), [recipient])

    def test_a_recipient_that_is_no_address_does_no_harm(self):
        for recipient in ["", *self.INVALID]:
            with self.subTest(recipient):
                self.assert_harmless(self.place.run(mail(), recipients=[recipient]))

    def test_an_original_recipient_that_is_no_address_does_no_harm(self):
        for original in ["", *self.INVALID]:
            with self.subTest(original):
                outcome = self.place.run(mail(), f"--original-recipient={original}")
                self.assert_harmless(outcome)
                self.assert_replied(outcome)

    def test_all_at_once(self):
        recipients = [*self.ODD_BUT_VALID, *self.INVALID, ""]
        self.assert_harmless(self.place.run(mail(), recipients=recipients), len(recipients))

    def test_what_the_message_says_reaches_no_shell(self):
        self.place.set_responder("subject = ${subject}", text="${subject} ${sender_name}\n")
        evil = "$(touch file) `touch file` ; touch file"
        self.assert_harmless(self.place.run(mail(subject=evil, From=f'"{evil}" <alice@sender.example>')))

    def test_options_end_at_the_recipients(self):
        outcome = self.place.run(mail(), recipients=["info@our.example", "--", "--version"])
        self.assert_harmless(outcome, 3)
        self.assertEqual(outcome.stdout, b"")


class SenderOfTheMessage(TestCase):
    """Without -f the message says who sent it."""

    def assert_sender(self, sender, message):
        outcome = self.place.run(message, sender=None)
        self.assertEqual(outcome.status, 0)
        self.assertEqual(outcome.log[0]["sender"], sender)

    def test_return_path(self):
        self.assert_sender("bob@x.example", mail(top="Return-Path: <bob@x.example>\n"))
        self.assertEqual(self.place.submissions()[-1].recipient, "bob@x.example")

    def test_return_path_among_the_fields_of_the_delivery(self):
        self.assert_sender("bob@x.example", mail(top="X-Original-To: info@our.example\n"
                                                     "Delivered-To: info@our.example\n"
                                                     "Return-Path: <bob@x.example> (comment)\n"))

    def test_mbox_line(self):
        self.assert_sender("bob@x.example", mail(top="From bob@x.example Tue Nov 14 22:13:20 2023\n"))

    def test_return_path_goes_before_the_mbox_line(self):
        self.assert_sender("bob@x.example", mail(top="From eve@x.example Tue Nov 14 22:13:20 2023\n"
                                                     "Return-Path: <bob@x.example>\n"))

    def test_null_path(self):
        for top in ["Return-Path: <>\n", "From MAILER-DAEMON Tue Nov 14 22:13:20 2023\n",
                    "From <> Tue Nov 14 22:13:20 2023\n"]:
            with self.subTest(top):
                self.assert_suppressed(self.place.run(mail(top=top), sender=None), "null-sender")

    def test_the_command_line_goes_before_the_message(self):
        message = mail(top="Return-Path: <bob@x.example>\n")
        self.assert_replied(self.place.run(message, sender="carol@x.example"))
        self.assertEqual(self.place.submissions()[-1].recipient, "carol@x.example")
        self.assert_suppressed(self.place.run(message, sender=""), "null-sender")

    def test_other_fields_are_no_substitute(self):
        message = mail(reply_to="bob@x.example", sender="bob@x.example", errors_to="bob@x.example")
        self.assert_suppressed(self.place.run(message, sender=None), "null-sender")

    def test_a_return_path_further_down_is_not_believed(self):
        message = mail(top="Received: by x.example\nReturn-Path: <bob@x.example>\n")
        self.assert_suppressed(self.place.run(message, sender=None), "null-sender")

    def test_reply_to_is_not_answered_either(self):
        self.assert_replied(self.place.run(mail(reply_to="bob@x.example", From="eve@x.example")))
        sent = self.place.submissions()[-1]
        self.assertEqual(sent.recipient, "alice@sender.example")
        self.assertEqual(sent.message["To"], "alice@sender.example")


class EnvelopeInTheEnvironment(TestCase):
    """Without a recipient on the command line, as a command in an alias is run."""

    def run_alias(self, message=None, *options, sender=None, without=(), **variables):
        usual = {"SENDER": "alice@sender.example", "RECIPIENT": "info@our.example"}
        given = {name: value for name, value in (usual | variables).items() if name not in without}
        return self.place.run(message, *options, sender=sender, recipients=(), variables=given)

    def assert_no_recipient(self, outcome):
        self.assert_deferred(outcome, "no recipient")

    def test_is_answered(self):
        self.assert_replied(self.run_alias())
        [sent] = self.place.submissions()
        self.assertEqual(sent.recipient, "alice@sender.example")

    def test_the_original_recipient_finds_the_responder(self):
        self.place.set_responder("kind = service")
        outcome = self.run_alias(RECIPIENT="info-our@localhost",
                                 ORIGINAL_RECIPIENT="info@our.example")
        self.assert_replied(outcome)
        self.assertEqual(outcome.log[0]["recipient"], "info-our@localhost")
        [sent] = self.place.submissions()
        self.assertEqual(sent.message["From"], "info@our.example")

    def test_an_original_recipient_on_the_command_line_goes_first(self):
        outcome = self.run_alias(None, "--original-recipient", "info@our.example",
                                 RECIPIENT="x@localhost", ORIGINAL_RECIPIENT="nobody@our.example")
        self.assert_replied(outcome)

    def test_an_original_recipient_without_a_domain_is_none(self):
        # What local(8) has where a program handed the message in for a local name.
        self.assert_replied(self.run_alias(ORIGINAL_RECIPIENT="info"))

    def test_a_recipient_without_a_domain_has_no_responder(self):
        self.assert_suppressed(self.run_alias(RECIPIENT="info"), "no-responder")

    def test_no_recipient(self):
        self.assert_no_recipient(self.run_alias(without=["RECIPIENT"]))
        self.assert_no_recipient(self.run_alias(RECIPIENT=""))
        self.assert_no_recipient(self.run_alias(RECIPIENT="", ORIGINAL_RECIPIENT="info@our.example"))

    def test_null_sender(self):
        # Postfix, Exim and qmail set SENDER to an empty string.
        for sender in ["", "<>", "MAILER-DAEMON"]:
            with self.subTest(sender):
                self.assert_suppressed(self.run_alias(SENDER=sender), "null-sender")
        self.assert_suppressed(self.run_alias(without=["SENDER"]), "null-sender")

    def test_the_message_names_the_sender_as_it_is(self):
        # local(8) has replaced what could mean something to a shell: o_brien is somebody else.
        sender = "o'brien@sender.example"
        for top in [f"From {sender}  Tue Nov 14 22:13:20 2023\n", f"Return-Path: <{sender}>\n",
                    f"From {sender}  Tue Nov 14 22:13:20 2023\nReturn-Path: <{sender}>\n"]:
            with self.subTest(top):
                outcome = self.run_alias(mail(top=top), "--dry-run", SENDER="o_brien@sender.example")
                self.assertIn(f"To: {sender}\n".encode(), outcome.stdout)

    def test_a_null_path_of_the_message_counts(self):
        self.assert_suppressed(self.run_alias(mail(top="Return-Path: <>\n")), "null-sender")

    def test_a_return_path_further_down_is_not_believed(self):
        message = mail(top="Received: by x.example\nReturn-Path: <bob@x.example>\n")
        self.assertEqual(self.run_alias(message).log[0]["sender"], "alice@sender.example")

    def test_a_sender_on_the_command_line_goes_first(self):
        message = mail(top="Return-Path: <bob@x.example>\n")
        outcome = self.run_alias(message, sender="carol@x.example")
        self.assertEqual(outcome.log[0]["sender"], "carol@x.example")

    def test_no_value_is_taken_for_an_option(self):
        for value in ["--help", "-n", "--", "--log=syslog", "-"]:
            with self.subTest(value):
                self.assert_suppressed(self.run_alias(RECIPIENT=value), "no-responder")
                self.assert_suppressed(self.run_alias(SENDER=value), "invalid-sender")
                self.assert_suppressed(self.run_alias(RECIPIENT="x@y.example",
                                                      ORIGINAL_RECIPIENT=value), "no-responder")

    def test_octets_that_are_no_text_forge_nothing(self):
        outcome = self.run_alias(SENDER="a\nb: from=<x>@sender.example\udcff")
        self.assert_suppressed(outcome, "invalid-sender")

    def test_is_not_looked_at_with_recipients_on_the_command_line(self):
        variables = {"SENDER": "eve@x.example", "RECIPIENT": "nobody@our.example",
                     "ORIGINAL_RECIPIENT": "nobody@our.example"}
        self.assert_replied(self.place.run(variables=variables))
        [sent] = self.place.submissions()
        self.assertEqual(sent.recipient, "alice@sender.example")
        self.assert_suppressed(self.place.run(sender=None, variables=variables), "null-sender")


class LookUp(TestCase):
    """Responder files by address."""

    def setUp(self):
        super().setUp()
        self.place.responder.unlink()

    def add(self, *paths):
        """Responders that answer with their path."""
        for path in paths:
            self.place.set_responder("ignore = not-addressed", f"{path}\n", f"responders/{path}")

    def found(self, recipient, *options):
        preview = self.place.preview(mail(), *options, recipients=[recipient])
        if preview.verdict == "verdict: suppress: no-responder":
            return None
        return preview.reply.get_content().rstrip("\r\n")

    def test_the_most_particular_file_is_taken(self):
        paths = ["our.example/info+tag.conf", "our.example/info.conf", "our.example.conf"]
        self.add(*paths)
        for path in paths:
            self.assertEqual(self.found("info+tag@our.example"), path)
            (self.place.folder / "responders" / path).unlink()
        self.assertIsNone(self.found("info+tag@our.example"))

    def test_a_domain_has_one_for_all_who_have_none(self):
        self.add("our.example/info.conf", "our.example.conf")
        self.assertEqual(self.found("sales@our.example"), "our.example.conf")
        self.assertIsNone(self.found("sales@sub.our.example"))

    def test_an_address_that_begins_with_the_delimiter_is_whole(self):
        self.add("our.example/+tag.conf")
        self.assertEqual(self.found("+tag@our.example"), "our.example/+tag.conf")
        self.assertIsNone(self.found("+other@our.example"))

    def test_the_recipient_goes_before_the_original_recipient(self):
        self.add("our.example/info.conf", "our.example/sales.conf")
        sales = ["--original-recipient", "sales@our.example"]
        self.assertEqual(self.found("info@our.example", *sales), "our.example/info.conf")
        self.assertEqual(self.found("alias@our.example", *sales), "our.example/sales.conf")

    def test_the_nth_original_recipient_belongs_to_the_nth_recipient(self):
        self.add("our.example/b.conf")
        originals = [f"--original-recipient={name}@our.example" for name in "ab"]
        recipients = ["x@our.example", "y@our.example", "z@our.example"]
        outcome = self.place.run(mail(), *originals, recipients=recipients)
        self.assertEqual(actions(outcome), [("suppressed", "no-responder"), ("replied", "-"),
                                            ("suppressed", "no-responder")])

    def test_an_original_recipient_that_is_not_known_keeps_its_place(self):
        self.add("our.example/b.conf")
        originals = ["--original-recipient=", "--original-recipient=b@our.example"]
        outcome = self.place.run(mail(), *originals, recipients=["x@our.example", "y@our.example"])
        self.assertEqual(actions(outcome), [("suppressed", "no-responder"), ("replied", "-")])

    def test_case_does_not_matter(self):
        self.add("our.example/info.conf")
        self.assertEqual(self.found("INFO@Our.EXAMPLE"), "our.example/info.conf")
        self.add("our.example/jürgen.conf")
        self.assertEqual(self.found("JÜRGEN@our.example"), "our.example/jürgen.conf")

    def test_a_domain_is_found_by_its_a_labels(self):
        self.add("xn--bcher-kva.example/info.conf")
        for domain in ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"]:
            with self.subTest(domain):
                self.assertEqual(self.found(f"info@{domain}"), "xn--bcher-kva.example/info.conf")

    def test_what_has_a_meaning_in_paths_is_percent_encoded(self):
        for recipient, name in [("a/b@our.example", "a%2Fb"), ("a%2Fb@our.example", "a%252fb"),
                                ("\".hidden\"@our.example", "%2Ehidden"),
                                ("\"..\"@our.example", "%2E."), ("\"a b\"@our.example", "a b")]:
            with self.subTest(recipient):
                self.add(f"our.example/{name}.conf")
                self.assertEqual(self.found(recipient), f"our.example/{name}.conf")

    def test_no_address_leads_out_of_the_folder(self):
        self.add("info.conf", "other.example/info.conf", "our.example/a/info.conf", "our.example/.conf")
        outside = self.place.set_responder("ignore = not-addressed", path="outside/info.conf")
        for local_part in ["../info", "../../outside/info", "../other.example/info", "a/info",
                           str(outside.with_suffix("")), "./a/info", "", "%2E%2E/info"]:
            for recipient in [f"{local_part}@our.example", f'"{local_part}"@our.example']:
                with self.subTest(recipient):
                    self.assertIsNone(self.found(recipient))
        for domain in ["..", ".", "../our.example", "our.example/a"]:
            with self.subTest(domain):
                self.assertIsNone(self.found(f"info@{domain}"))

    def test_a_name_longer_than_file_names_may_be_is_not_there(self):
        self.assertIsNone(self.found(f"{'%' * 200}@our.example"))

    def test_one_file_for_every_recipient(self):
        file = self.place.set_responder("ignore = not-addressed", "for all\n", "one.conf")
        for recipient in ["info@our.example", "anybody@other.example"]:
            self.assertEqual(self.found(recipient, "--responder", file), "for all")

    def test_one_file_by_a_relative_path(self):
        self.place.set_responder("ignore = not-addressed", "for all\n", "one.conf")
        self.assertEqual(self.found("info@our.example", "--responder", "one.conf"), "for all")

    def test_another_responder_that_is_broken_does_not_matter(self):
        self.add("our.example/info.conf")
        self.place.write("responders/our.example/sales.conf", "nonsense")
        self.place.write("responders/our.example.conf", "nonsense")
        self.assertEqual(self.found("info@our.example"), "our.example/info.conf")


class Reply(TestCase):
    def reply(self, message=None, settings="", **arguments):
        self.place.set_responder(settings)
        return self.place.preview(message, **arguments).reply

    def test_has_these_fields(self):
        reply = self.place.preview(mail()).reply
        message_id = reply["Message-ID"]
        self.assertEqual(dict(reply.items()), {
            "From": "info@our.example",
            "To": "Alice Sender <alice@sender.example>",
            "Subject": "Auto: A question",
            "Date": "Tue, 14 Nov 2023 22:13:20 +0000",
            "Message-ID": message_id,
            "In-Reply-To": "<question@sender.example>",
            "References": "<question@sender.example>",
            "Auto-Submitted": "auto-replied",
            "Precedence": "bulk",
            "X-Auto-Response-Suppress": "All",
            "MIME-Version": "1.0",
            "Content-Type": 'text/plain; charset="utf-8"; format="flowed"',
            "Content-Transfer-Encoding": "7bit",
        })
        self.assertEqual(reply.keys(), FIELDS)
        self.assertRegex(message_id, r"\A<[^<>@ ]+@our\.example>\Z")

    def test_is_sent_as_it_was_shown(self):
        preview = self.place.preview(mail())
        self.assert_replied(self.place.run(mail()))
        self.assertEqual(self.place.submissions()[0].raw, preview.raw)

    def test_is_the_same_for_the_same_message_and_time(self):
        self.assertEqual(self.place.preview(mail()).raw, self.place.preview(mail()).raw)

    def test_comes_from_the_own_address_that_the_sender_used(self):
        settings = "address = info@old.example\naddress = support@our.example"
        for to, used in [("info@old.example", "info@old.example"),
                         ("x@x.example, Support <support@our.example>", "support@our.example"),
                         ("info+tag@our.example", "info+tag@our.example")]:
            with self.subTest(to):
                self.assertEqual(self.reply(mail(to=to), settings)["From"], used)

    def test_comes_from_the_recipient_where_no_field_tells(self):
        self.assertEqual(self.reply(mail(to=None), "ignore = not-addressed")["From"],
                         "info@our.example")

    def test_from_can_be_set(self):
        reply = self.reply(settings="from = Das Büro <office@our.example>")
        self.assertEqual(reply["From"], "Das Büro <office@our.example>")

    def test_reply_to_can_be_set(self):
        reply = self.reply(settings="reply-to = Office <office@our.example>")
        self.assertEqual(reply["Reply-To"], "Office <office@our.example>")

    def test_precedence_can_be_set_or_left_out(self):
        self.assertEqual(self.reply(settings="precedence = junk")["Precedence"], "junk")
        self.assertIsNone(self.reply(settings="precedence = none")["Precedence"])

    def test_has_a_null_envelope_sender(self):
        self.assert_replied(self.place.run(mail()))
        self.assertEqual(self.place.submissions()[0].argv,
                         ["-i", "-f", "<>", "--", "alice@sender.example"])

    def test_envelope_sender_can_be_set(self):
        self.place.set_responder("envelope-from = bounces@our.example")
        self.assert_replied(self.place.run(mail()))
        self.assertEqual(self.place.submissions()[0].sender, "bounces@our.example")

    def test_mailer_keeps_its_options(self):
        self.assert_replied(self.place.run(mail(), "--mailer", f"{self.place.mailer} -oi  -odq"))
        self.assertEqual(self.place.submissions()[0].argv,
                         ["-oi", "-odq", "-i", "-f", "<>", "--", "alice@sender.example"])

    def test_to_shows_the_name_found_for_the_address(self):
        for fields, to in [
            ({"From": "=?iso-8859-1?Q?J=FCrgen?= <alice@sender.example>"},
             "Jürgen <alice@sender.example>"),
            ({"From": "Eve <eve@x.example>", "Sender": "Alice <ALICE@sender.example>"},
             "Alice <alice@sender.example>"),
            ({"From": "Eve <eve@x.example>", "Resent-From": "Al <alice@sender.example>"},
             "Al <alice@sender.example>"),
            ({"From": "Eve <eve@x.example>"}, "alice@sender.example"),
            ({"From": '"Sender, Alice" <alice@sender.example>'},
             '"Sender, Alice" <alice@sender.example>'),
        ]:
            with self.subTest(fields):
                self.assertEqual(self.reply(mail(**fields))["To"], to)

    def test_to_shows_the_extension_of_the_sender(self):
        self.assertEqual(self.reply(sender="alice+tag@sender.example")["To"],
                         "Alice Sender <alice+tag@sender.example>")

    def test_a_name_of_any_length_makes_no_long_line(self):
        for name in ["N" * 3000, "Ü" * 3000, "word " * 600]:
            preview = self.place.preview(mail(From=f'"{name}" <alice@sender.example>'))
            self.assertEqual(preview.reply["To"].addresses[0].addr_spec, "alice@sender.example")
            self.assertLessEqual(max(map(len, preview.raw.splitlines())), 998)

    def test_a_reply_over_64_kib_has_to_be_allowed(self):
        text = "A line of text.\n" * 5000
        file = self.place.set_responder("", text)
        self.assert_deferred(self.place.run(mail()), file, "allow-large")
        self.place.set_responder("allow-large = yes", text)
        self.assert_replied(self.place.run(mail()))


class Threading(TestCase):
    def references(self, **fields):
        reply = self.place.preview(mail(**fields)).reply
        return reply["References"].split() if reply["References"] else None

    def test_references_are_the_parents_and_the_parent(self):
        self.assertEqual(self.references(message_id="<3@x>", references="<1@x>\n <2@x>"),
                         ["<1@x>", "<2@x>", "<3@x>"])

    def test_in_reply_to_stands_in_if_it_names_one_message(self):
        self.assertEqual(self.references(message_id="<2@x>", in_reply_to="<1@x>"), ["<1@x>", "<2@x>"])
        self.assertEqual(self.references(message_id="<2@x>", in_reply_to="<0@x> <1@x>"), ["<2@x>"])

    def test_references_go_before_in_reply_to(self):
        self.assertEqual(self.references(message_id="<3@x>", references="<1@x>", in_reply_to="<2@x>"),
                         ["<1@x>", "<3@x>"])

    def test_in_reply_to_is_the_message_answered(self):
        reply = self.place.preview(mail(message_id="<2@x> (comment)", in_reply_to="<1@x>")).reply
        self.assertEqual(reply.get_all("In-Reply-To"), ["<2@x>"])

    def test_without_a_message_id_there_is_no_thread(self):
        for message_id in [None, "", "nonsense", "<with blank@x>", f"<{'x' * 2000}@x>"]:
            with self.subTest(message_id):
                reply = self.place.preview(mail(message_id=message_id, references="<1@x>")).reply
                self.assertNotIn("In-Reply-To", reply)
                self.assertNotIn("References", reply)
                self.assertTrue(reply["Message-ID"])

    def test_references_stay_bounded(self):
        ids = [f"<{number}@{'x' * 50}>" for number in range(1000)]
        references = self.references(message_id="<last@x>", references="\n ".join(ids))
        self.assertLess(len(references), 100)
        self.assertEqual(references[0], ids[0])
        self.assertEqual(references[-2:], [ids[-1], "<last@x>"])

    def test_a_reply_has_a_message_id_of_its_own(self):
        ids = {self.place.preview(mail(message_id=f"<{number}@x>"),
                                  sender=sender).reply["Message-ID"]
               for number in range(3) for sender in ["a@x.example", "b@x.example"]}
        self.assertEqual(len(ids), 6)


class Subject(TestCase):
    def subject(self, subject, settings=""):
        self.place.set_responder(settings)
        preview = self.place.preview(mail(subject=subject))
        for line in preview.raw.split(b"\n\n", 1)[0].splitlines():
            self.assertLessEqual(len(line), 76 if b"=?" in line else 998)
            self.assertTrue(line.isascii())
        return preview.reply["Subject"]

    def test_is_taken_over_behind_auto(self):
        self.assertEqual(self.subject("Opening times?"), "Auto: Opening times?")
        self.assertEqual(self.subject(None), "Auto:")

    def test_can_be_set(self):
        self.assertEqual(self.subject("x", "subject = Büro: ${subject} (closed)"), "Büro: x (closed)")

    def test_a_hash_in_it_is_no_comment(self):
        self.assertEqual(self.subject("x", "subject = Ticket #5: ${subject} # open"),
                         "Ticket #5: x # open")

    def test_is_decoded_and_encoded_again(self):
        for written, meant in [
            ("=?iso-8859-1?Q?Gr=FC=DFe?=", "Grüße"),
            ("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"),
            ("=?utf-8?B?4oKs?= =?utf-8?B?4oKs?=", "€€"),
            ("=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?=", "€"),
            ("=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?= aus =?utf-8?Q?K=C3=B6ln?=", "Grüße aus Köln"),
            ("Grüße aus Köln", "Grüße aus Köln"),
            ("Gr\udcfc\udcdfe", "Grüße"),
            ("a\n folded\n\tsubject", "a folded subject"),
            ("Re: =?utf-8?Q?=F0=9F=98=80?=", "Re: 😀"),
        ]:
            with self.subTest(written):
                self.assertEqual(self.subject(written), f"Auto: {meant}")

    def test_a_long_one_is_folded(self):
        for subject in ["word " * 40 + "end", "Grüße aus Köln " * 12 + "Ende", "ü" * 200,
                        "日本" * 100, "x" * 240]:
            with self.subTest(subject):
                self.assertEqual(self.subject(subject), f"Auto: {subject}")

    def test_256_characters_are_kept(self):
        self.assertEqual(self.subject("ü" * 250), "Auto: " + "ü" * 250)

    def test_a_longer_one_is_cut_with_an_ellipsis(self):
        for character in ["x", "ü", "日", "😀"]:
            for count in [251, 5000]:
                with self.subTest((character, count)):
                    self.assertEqual(self.subject(character * count), f"Auto: {character * 249}…")

    def test_is_never_cut_inside_a_character(self):
        for character in ["e\u0301\u0308", "👨\u200d👩\u200d👧", "🇩🇪"]:
            with self.subTest(character):
                subject = self.subject(character * 300)
                kept = subject.removeprefix("Auto: ").removesuffix("…")
                self.assertLessEqual(len(subject), 256)
                self.assertGreater(len(subject), 240)
                self.assertEqual(kept, character * (len(kept) // len(character)))

    def test_a_setting_is_cut_as_well(self):
        self.assertEqual(len(self.subject("x" * 200, "subject = ${subject}${subject}")), 256)


class Body(TestCase):
    def preview(self, text):
        self.place.set_responder("allow-large = yes", text)
        return self.place.preview(mail())

    def assert_arrives(self, text):
        preview = self.preview(text)
        self.assertEqual(unflowed(preview.reply.get_content()), text)
        self.assertLessEqual(max(map(len, preview.raw.splitlines())), 998)
        self.assertNotIn(b"\r", preview.raw)
        return preview

    def test_ascii_text_stays_readable(self):
        preview = self.assert_arrives("Hello,\n\nwe are closed.\n")
        self.assertTrue(preview.raw.endswith(b"\n\nHello,\n\nwe are closed.\n"))
        self.assertEqual(preview.reply["Content-Transfer-Encoding"], "7bit")

    def test_long_lines_are_flowed(self):
        preview = self.assert_arrives("A sentence of some words. " * 40 + "End.\n" + "short\n")
        self.assertLessEqual(max(map(len, preview.raw.splitlines())), 78)

    def test_a_word_that_fits_no_line(self):
        self.assert_arrives("https://our.example/" + "x" * 300 + " and more\n")
        self.assert_arrives("x" * 3000 + "\n")

    def test_other_languages(self):
        for text in ["Grüße aus Köln, wir sind im Urlaub. " * 20 + "Ende.\n",
                     "日本語のテキスト。\n" * 30, "€" * 2000 + "\n",
                     "We're “closed” until 5 May – sorry.\n", "naïve = 1\n"]:
            with self.subTest(text[:20]):
                self.assert_arrives(text)

    def test_lines_that_programs_on_the_way_might_change(self):
        text = "From me\n>quoted\n indented\n.\n..\n\n-- \nThe office\nFrom here\n"
        self.assert_arrives(text)
        self.assert_arrives(text + "ü\n")

    def test_blanks_at_the_end_of_a_line_join_no_lines(self):
        reply = self.preview("one  \ntwo\n").reply
        self.assertEqual(unflowed(reply.get_content()), "one\ntwo\n")

    def test_line_ends_of_other_systems(self):
        self.assertEqual(unflowed(self.preview("one\r\ntwo\r\n").reply.get_content()), "one\ntwo\n")

    def test_a_last_line_without_an_end(self):
        self.assertTrue(self.preview("one\ntwo").raw.endswith(b"\none\ntwo\n"))

    def test_an_empty_text(self):
        self.assertEqual(self.preview("").reply.get_content().strip(), "")

    def test_nothing_of_the_message(self):
        reply = self.place.preview(mail("private matter\n")).reply
        self.assertNotIn("private matter", reply.get_content())

    def test_text_that_is_not_utf8_is_refused(self):
        self.place.set_responder("", b"one\ntwo \xff\n")
        self.assert_deferred(self.place.run(mail()), "info.txt:2: ", "UTF-8")


class Template(TestCase):
    """A file that is a whole message, as the documented responder's info file."""

    def test_its_fields_are_kept(self):
        self.place.set_template("From: Office <office@our.example>\n"
                                "Subject: Your mail: ${subject}\n"
                                "Reply-To: sales@our.example\n"
                                "Precedence: junk\n"
                                "Organization: Büro\n"
                                "X-Topic: about\n ${subject}\n"
                                "\n"
                                "Thank you for \"$SUBJECT\".\n")
        reply = self.place.preview(mail()).reply
        self.assertEqual(reply["From"], "Office <office@our.example>")
        self.assertEqual(reply["Subject"], "Your mail: A question")
        self.assertEqual(reply["Reply-To"], "sales@our.example")
        self.assertEqual(reply.get_all("Precedence"), ["junk"])
        self.assertEqual(reply["Organization"], "Büro")
        self.assertEqual(reply["X-Topic"], "about A question")
        self.assertEqual(reply.get_content(), "Thank you for \"A question\".\n")

    def test_the_responders_own_fields_win(self):
        own = ["To", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
               "X-Auto-Response-Suppress", "MIME-Version", "Content-Transfer-Encoding"]
        self.place.set_template("".join(f"{name}: 7bit\n" for name in own) + "Bcc: eve@x.example\n\nx\n")
        reply = self.place.preview(mail()).reply
        self.place.set_responder(text="x\n")
        usual = self.place.preview(mail()).reply
        self.assertEqual(reply.keys(), FIELDS)
        for name in FIELDS:
            if name != "Message-ID":  # it depends on what is said
                self.assertEqual(reply.get_all(name), usual.get_all(name))

    def test_the_responder_file_wins(self):
        self.place.set_template("From: a@our.example\nReply-To: a@our.example\nSubject: a\n"
                                "Precedence: a\n\nx\n",
                                "from = b@our.example\nreply-to = b@our.example\nsubject = b\n"
                                "precedence = b")
        reply = self.place.preview(mail()).reply
        for name, value in [("From", "b@our.example"), ("Reply-To", "b@our.example"),
                            ("Subject", "b"), ("Precedence", "b")]:
            self.assertEqual(reply.get_all(name), [value])

    def test_without_fields(self):
        self.place.set_template("\nJust text.\n")
        reply = self.place.preview(mail()).reply
        self.assertEqual((reply["Subject"], reply.get_content()),
                         ("Auto: A question", "Just text.\n"))

    def test_with_encoded_words(self):
        self.place.set_template("Subject: =?iso-8859-1?Q?B=FCro?= ${subject}\n\nx\n")
        self.assertEqual(self.place.preview(mail()).reply["Subject"], "Büro A question")

    def test_what_it_cannot_use_is_named(self):
        file = self.place.set_template("Subject: x\nFrom: nobody\n\nx\n").with_name("info.template")
        self.assert_deferred(self.place.run(mail()), f"{file}:2: ", "From")
        self.place.set_template("Content-Type: text/plain; charset=no-such-charset\n\nx\n")
        self.assert_deferred(self.place.run(mail()), f"{file}:3: ", "no-such-charset")
        self.place.set_template("Subject: x\n\nfine\n${nonsense}\n")
        self.assert_deferred(self.place.run(mail()), f"{file}:4: ", "nonsense")
        self.place.set_template("Subject: x\n")
        self.assert_deferred(self.place.run(mail()), file, "empty line")

    def test_not_beside_a_text(self):
        file = self.place.set_responder("template = info.txt")
        self.assert_deferred(self.place.run(mail()), file, "'text'", "'template'")


class Placeholders(TestCase):
    def text(self, text, message=None, settings="", **arguments):
        self.place.set_responder(settings, text)
        reply = self.place.preview(message, **arguments).reply
        return unflowed(reply.get_content()).removesuffix("\n")

    def test_all(self):
        for name, value in [
            ("subject", "A question"),
            ("sender", "alice@sender.example"),
            ("sender_name", "Alice Sender"),
            ("recipient", "info@our.example"),
            ("date", "2023-11-14 22:13"),
            ("active_from", "2023-11-01"),
            ("active_until", "2023-11-20"),
            ("message_id", "<question@sender.example>"),
        ]:
            with self.subTest(name):
                text = self.text(f"({name}: ${{{name}}})",
                                 settings="active-from = 2023-11-01\nactive-until = 2023-11-20")
                self.assertEqual(text, f"({name}: {value})")

    def test_are_known_in_the_subject_too(self):
        self.place.set_responder("subject = ${sender_name} to ${recipient}")
        self.assertEqual(self.place.preview(mail()).reply["Subject"], "Alice Sender to info@our.example")

    def test_of_vacation(self):
        self.assertEqual(self.text("Your mail \"$SUBJECT\""), "Your mail \"A question\"")
        self.assertEqual(self.text("$SUBJECTS"), "$SUBJECTS")

    def test_a_dollar(self):
        self.assertEqual(self.text("$$ $$$$ $5 $ $$SUBJECT $${subject}"),
                         "$ $$ $5 $ $SUBJECT ${subject}")

    def test_what_the_message_says_is_not_expanded(self):
        message = mail(subject="${recipient} $SUBJECT $$")
        self.assertEqual(self.text("${subject}", message), "${recipient} $SUBJECT $$")

    def test_encoded_words_are_decoded(self):
        message = mail(subject="=?iso-8859-1?Q?Gr=FC=DFe?=",
                       From="=?utf-8?Q?J=C3=BC?= <alice@sender.example>")
        self.assertEqual(self.text("${subject} ${sender_name}", message), "Grüße Jü")

    def test_what_is_not_known(self):
        message = mail(subject=None, message_id=None, From="eve@x.example")
        self.assertEqual(self.text("[${subject}${message_id}]", message), "[]")
        self.assertEqual(self.text("${sender_name}", message), "alice@sender.example")

    def test_a_fallback_stands_for_what_is_not_known(self):
        nameless = mail(subject=None, From="nina@example.net")
        self.place.set_responder("subject = To ${sender_name:-Kundin}",
                                 "Dear ${sender_name:-Ü-customer},\n${subject:-} ${active_until:-soon}")
        for message, name, subject in [
            (nameless, "Ü-customer", "To Kundin"),
            (mail(subject=None), "Alice Sender", "To Alice Sender"),
        ]:
            reply = self.place.preview(message).reply
            self.assertEqual(reply["Subject"], subject)
            self.assertEqual(unflowed(reply.get_content()), f"Dear {name},\n soon\n")

    def test_a_fallback_adds_no_line_to_the_header(self):
        self.place.set_template("X-About: ${subject:-a\n\tX-More: b}\n\ntext\n")
        reply = self.place.preview(mail(subject=None)).reply
        self.assertEqual(reply["X-About"], "a X-More: b")
        self.assertNotIn("X-More", reply)

    def test_unknown_or_unclosed_is_a_fault(self):
        file = self.place.set_responder("", "one\n\n${nonsense}\n")
        self.assert_deferred(self.place.run(mail()), "info.txt:3: ", "nonsense")
        self.place.set_responder("", "one\n${subject\n}")
        self.assert_deferred(self.place.run(mail()), "info.txt:2: ")
        self.place.set_responder("subject = ${Subject}")
        self.assert_deferred(self.place.run(mail()), f"{file}:2: ", "Subject")


class Injection(TestCase):
    """Nothing from the message adds a field, a line of the header or a body to the reply."""

    def setUp(self):
        super().setUp()
        self.place.set_template("X-About: ${subject} ${sender_name} ${message_id}\n\n"
                                "${subject} ${sender_name}\n",
                                "subject = ${subject} ${sender_name} ${message_id}")

    def assert_harmless(self, message, **arguments):
        preview = self.place.preview(message, **arguments)
        expected = [name for name in FIELDS if name in preview.reply]
        expected.insert(expected.index("MIME-Version"), "X-About")
        self.assertEqual(preview.reply.keys(), expected)
        self.assertEqual(preview.reply.defects, [])
        self.assertNotIn(b"\r", preview.raw)
        self.assertNotIn(b"\0", preview.raw)

    def test_by_encoded_words(self):
        for evil in ["=?utf-8?Q?a=0D=0ABcc:_eve@x.example?=",
                     "=?utf-8?Q?a=0ABcc:_eve@x.example=0A=0Abody?=",
                     "=?utf-8?B?YQ0KQmNjOiBldmVAeC5leGFtcGxl?=",
                     "=?utf-8?Q?=00=0C=0B=C2=85=E2=80=A8Bcc:x?=",
                     "=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3D0ABcc=3A=3F=3D?="]:
            with self.subTest(evil):
                self.assert_harmless(mail(subject=evil))
                self.assert_harmless(mail(From=f"{evil} <alice@sender.example>"))
                self.assert_harmless(mail(From=f'"{evil}" <alice@sender.example>'))

    def test_by_raw_octets(self):
        for evil in ["a\rBcc: eve@x.example", "a\r\n Bcc: eve@x.example", "a\0b", "a\n\tBcc: x",
                     "\x85Bcc: x"]:
            with self.subTest(evil):
                self.assert_harmless(mail(subject=evil))
                self.assert_harmless(mail(From=f'"{evil}" <alice@sender.example>'))
                self.assert_harmless(mail(message_id=f"<{evil}@x.example>"))
                self.assert_harmless(mail(message_id=f"<1@x>\r{evil}", references=f"<2@x> {evil} <3@x>"))

    def test_by_the_name_of_the_recipient(self):
        self.assert_harmless(mail(to='"=?utf-8?Q?a=0ABcc:_x?=" <info@our.example>'))

    def test_by_the_senders_address(self):
        self.assert_harmless(mail(), sender='"a,eve@x.example"@sender.example')
        reply = self.place.preview(mail(), sender='"a,eve@x.example"@sender.example').reply
        self.assertEqual(len(reply["To"].addresses), 1)


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


class Cache(TestCase):
    def assert_cache_refused(self, *words):
        """Status 75, one line that holds all of `words`, nothing sent, and the file as it was."""
        before = self.place.cache.read_bytes()
        sent = len(self.place.submissions())
        outcome = self.place.run(mail())
        self.assertEqual(outcome.status, 75, outcome.stderr)
        self.assertEqual(len(outcome.stderr.splitlines()), 1, outcome.stderr)
        for word in [self.place.cache, *words]:
            self.assertIn(str(word), outcome.stderr)
        self.assert_sent(sent)
        self.assertTrue(self.place.cache.read_bytes() == before, "the file was changed")

    def test_is_made_where_there_is_none_but_not_its_folder(self):
        cache = self.place.folder / "missing" / "cache.mdb"
        self.assert_deferred(self.place.run(mail(), "--cache", cache), cache, "No such file")
        cache.parent.mkdir()
        self.assert_replied(self.place.run(mail(), "--cache", cache))
        self.assertTrue(cache.is_file())

    def test_is_private(self):
        self.place.run(mail())
        self.assertEqual(self.place.cache.stat().st_mode & 0o777, 0o600)

    def test_may_be_named_by_url_or_path(self):
        self.assert_replied(self.place.run(mail(), "--cache", f"lmdb:{self.place.cache}"))
        self.assert_suppressed(self.place.run(mail(), "--cache", self.place.cache), "recently-answered")

    def test_a_folder_in_its_place(self):
        self.place.cache.mkdir()
        self.assert_deferred(self.place.run(mail()), self.place.cache, "directory", "reason=cache")
        self.assertEqual(list(self.place.cache.iterdir()), [])

    def test_a_foreign_file_in_its_place_is_left_as_it_is(self):
        for content in ["Not a cache.\n", "x", b"SQLite format 3\0" + bytes(20_000), bytes(8192),
                        os.urandom(10_000)]:
            with self.subTest(content[:20]):
                self.place.write(self.place.cache, content)
                self.assert_cache_refused("reason=cache", "cannot open cache")

    def test_a_newer_format_is_left_as_it_is(self):
        self.place.run(mail())
        content = self.place.cache.read_bytes()
        self.place.cache.write_bytes(content.replace(b"inforeply1", b"inforeply9"))
        self.assert_cache_refused("format", "'9'")

    def test_a_file_that_lost_its_end_is_left_as_it_is(self):
        for number in range(50):
            self.place.run(mail(), sender=f"a{number}@x.example")
        whole = self.place.cache.read_bytes()
        for size in [100, 4096, 8192, len(whole) // 2]:
            with self.subTest(size):
                self.place.cache.write_bytes(whole[:size])
                self.assert_cache_refused()

    def test_is_not_asked_where_no_reply_is_due(self):
        outcome = self.place.run(mail(list_id="x"), "--cache", "/nonexistent/cache")
        self.assert_suppressed(outcome, "list")

    def test_addresses_of_any_length_are_remembered(self):
        senders = [f"{'a' * 60}.{number}@{'b' * 60}.{'c' * 60}.{'d' * 50}.example"
                   for number in range(2)]
        for sender in senders:
            self.assert_replied(self.place.run(mail(), sender=sender))
            self.assert_suppressed(self.place.run(mail(), sender=sender), "recently-answered")

    def test_the_log_is_not_written_into_it_where_standard_error_is_closed(self):
        for _ in range(2):
            command = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh",
                       *self.place.command("--queue-id", "CLOSED")]
            self.assertEqual(self.place.run_command(command).status, 0)
        self.assert_sent(1)
        for file in self.place.folder.glob("cache.mdb*"):
            self.assertFalse(b"CLOSED" in file.read_bytes(), file)


class ResponderFaults(TestCase):
    """A responder that cannot be used: the message waits, and the log says why."""

    def assert_fault(self, settings, *words, line=2):
        file = self.place.set_responder(settings)
        place = f"{file}:{line}: " if line else f"{file}: "
        self.assert_deferred(self.place.run(mail()), place, "reason=configuration", *words)

    def test_missing_file(self):
        self.assert_deferred(self.place.run(mail(), "--responder", "/nonexistent.conf"),
                             "/nonexistent.conf: ", "No such file")

    def test_missing_folder(self):
        self.assert_deferred(self.place.run(mail(), "--responders", "/nonexistent"), "/nonexistent: ")

    def test_not_a_file(self):
        self.place.responder.unlink()
        self.place.responder.mkdir()
        self.assert_deferred(self.place.run(mail()), f"{self.place.responder}: ", "not a regular file")
        self.place.responder.rmdir()
        os.mkfifo(self.place.responder)
        self.assert_deferred(self.place.run(mail()), f"{self.place.responder}: ", "not a regular file")

    def test_file_that_others_may_write(self):
        self.place.responder.chmod(0o646)
        self.assert_deferred(self.place.run(mail()), f"{self.place.responder}: ", "others may write")

    def test_text_that_others_may_write(self):
        text = self.place.responder.with_suffix(".txt")
        text.chmod(0o666)
        self.assert_deferred(self.place.run(mail()), "info.conf:1: 'info.txt': others may write")

    def test_unknown_name(self):
        self.assert_fault("\n# a comment\nfoo = bar", "unknown name 'foo'", line=4)

    def test_names_are_known_in_lower_case_only(self):
        self.assert_fault("Kind = group", "unknown name 'Kind'")

    def test_values_that_do_not_parse(self):
        for setting in ["kind = holiday", "interval = 7", "interval = 7x", "interval = -1d",
                        "interval = 1000000w", "active-from = tomorrow", "active-until = 2023-02-30",
                        "active-from = 2023-11-14T25:00", "ignore = nonsense", "precedence = a b",
                        "envelope-from = nobody", "from = a@x.example, b@x.example", "from = Office",
                        "reply-to = nobody", "address = nobody", "allow-large = maybe"]:
            with self.subTest(setting):
                self.assert_fault(setting, setting.partition(" ")[0], setting.partition(" = ")[2])

    def test_lines_that_are_no_settings(self):
        for line in ["nonsense", "= value", "kind =", "[section]", "kind = group\x01", "kind = \udcff"]:
            with self.subTest(line):
                self.assert_fault(line)

    def test_a_name_set_twice(self):
        self.assert_fault("kind = group\n\nkind = personal", "kind", "line 2", line=4)

    def test_a_period_that_ends_before_it_begins(self):
        self.assert_fault("active-from = 2023-11-15\nactive-until = 2023-11-14", "active-until", line=3)

    def test_neither_text_nor_template(self):
        file = self.place.write(self.place.responder, "kind = group\n")
        self.assert_deferred(self.place.run(mail()), f"{file}: ", "'text'", "'template'")

    def test_missing_text(self):
        file = self.place.write(self.place.responder, "kind = group\ntext = missing.txt\n")
        self.assert_deferred(self.place.run(mail()), f"{file}:2: ", "missing.txt", "No such file")

    def test_files_outside_the_folder(self):
        outside = self.place.write("outside.txt", "secret\n")
        folder = self.place.responder.parent
        (folder / "link.txt").symlink_to(outside)
        (folder / "up").symlink_to("../..")
        for name in ["../../outside.txt", outside, "link.txt", "up/outside.txt",
                     f"../{folder.name}/info.txt", "/proc/self/environ"]:
            for setting in ["text", "template"]:
                with self.subTest(name=name, setting=setting):
                    file = self.place.write(self.place.responder, f"{setting} = {name}\n")
                    self.assert_deferred(self.place.run(mail()), f"{file}:1: ", name, "outside")

    def test_files_further_down_are_fine(self):
        self.place.write(self.place.responder.parent / "texts" / "a.txt", "further down\n")
        (self.place.responder.parent / "link.txt").symlink_to("texts/a.txt")
        for name in ["texts/a.txt", "link.txt", "./texts/a.txt"]:
            with self.subTest(name):
                self.place.write(self.place.responder, f"text = {name}\n")
                self.assertEqual(self.place.preview(mail()).reply.get_content(), "further down\n")

    def test_the_other_recipients_are_answered(self):
        self.place.write("responders/our.example/broken.conf", "nonsense\n")
        recipients = ["broken@our.example", "info@our.example"]
        outcome = self.place.run(mail(), recipients=recipients)
        self.assertEqual((outcome.status, actions(outcome)),
                         (75, [("deferred", "configuration"), ("replied", "-")]))
        self.assert_sent(1)


class Invocation(TestCase):
    """A wrong command line: the message waits."""

    def test_unknown_option(self):
        self.assert_deferred(self.place.run(mail(), "--nonsense"), "--nonsense")
        self.assert_deferred(self.place.run(mail(), "-x"), "-x")

    def test_options_are_not_guessed(self):
        self.assert_deferred(self.place.run(mail(), "--dry"), "--dry")

    def test_no_recipient(self):
        self.assert_deferred(self.place.run(mail(), recipients=[]), "recipient")

    def test_no_arguments(self):
        self.assert_deferred(self.place.run_command([BIN / "inforeply"]), "recipient")

    def test_an_option_without_its_argument(self):
        for option in ["-f", "--sender", "--cache"]:
            with self.subTest(option):
                self.assert_deferred(self.place.run_command([BIN / "inforeply", option]), option)

    def test_values_that_do_not_parse(self):
        for option, value in [("--log", "file"),
                              ("--mailer", "sendmail"), ("--mailer", "./mailer"), ("--mailer", ""),
                              ("--cache", "http://x")]:
            with self.subTest((option, value)):
                self.assert_deferred(self.place.run(mail(), option, value), option[2:], value)

    def test_a_time_that_is_none(self):
        for value in ["tomorrow", "-1", "", "1.5", "99999999999999999999"]:
            with self.subTest(value):
                self.assert_deferred(self.place.run(mail(), "--now", value), "--now", "seconds")

    def test_what_is_not_built_in_says_so(self):
        for option, value in [("--cache", "redis://localhost"), ("--mailer", "smtp://localhost"),
                              ("--mailer", "smtp+unix:/run/smtp")]:
            with self.subTest(value):
                self.assert_deferred(self.place.run(mail(), option, value), value, "not built in")

    def test_more_original_recipients_than_recipients(self):
        self.assert_deferred(self.place.run(mail(), "--original-recipient=a@x.example",
                                            "--original-recipient=b@x.example"), "original recipient")

    def test_a_message_that_cannot_be_read(self):
        command = ["sh", "-c", 'exec "$@" <&-', "sh", *self.place.command()]
        self.assert_deferred(self.place.run_command(command), "read the message")

    def test_an_option_twice(self):
        self.assert_deferred(self.place.run(mail(), "--queue-id", "a", "--queue-id", "b"), "queue-id")

    def test_help_and_version(self):
        for option, text in [("-h", b"Usage: inforeply"), ("--help", b"Usage: inforeply"),
                             ("--version", b"inforeply ")]:
            with self.subTest(option):
                outcome = self.place.run_command([BIN / "inforeply", option])
                self.assertEqual((outcome.status, outcome.stderr), (0, ""))
                self.assertTrue(outcome.stdout.startswith(text))

    def test_help_names_every_option(self):
        text = self.place.run_command([BIN / "inforeply", "--help"]).stdout.decode()
        for option in ["-f", "--sender", "--original-recipient", "--queue-id", "-c", "--config",
                       "--responder", "--responders", "--cache", "--mailer", "--log", "-n", "--dry-run",
                       "--show", "--explain", "--now", "-h", "--help", "--version"]:
            self.assertRegex(text, rf"(?m)(^|[ \[]){option}\b")

    def test_help_fits_a_terminal(self):
        text = self.place.run_command([BIN / "inforeply", "--help"]).stdout.decode()
        self.assertLessEqual(max(map(len, text.splitlines())), 80)


class Configuration(TestCase):
    """The main configuration file."""

    def run_with(self, text, *options, **arguments):
        self.place.configure(text)
        return self.place.run(mail(), *options, **arguments)

    def test_sets_options(self):
        defaults = ["--log", "--cache", "--mailer", "--responders"]
        outcome = self.run_with(
            f"# where things are\n\nlog = stderr\ncache = lmdb:{self.place.cache}\n"
            f"  mailer=  {self.place.mailer} -x  \n"
            f"responders = {self.place.folder}/responders\nqueue-id = Q\n", without=defaults)
        self.assert_replied(outcome)
        self.assertEqual(outcome.log[0]["id"], "Q")
        self.assertEqual(self.place.submissions()[0].argv[0], "-x")
        self.assertTrue(self.place.cache.exists())

    def test_sets_one_responder_for_all(self):
        file = self.place.set_responder("ignore = not-addressed")
        self.assert_replied(self.run_with(f"responder = {file}\n", recipients=["x@x.example"]))

    def test_the_command_line_goes_first(self):
        outcome = self.run_with("queue-id = FILE\nlog = syslog\ncache = /nonexistent/cache\n"
                                "mailer = /nonexistent/mailer\nresponders = /nonexistent\n",
                                "--queue-id", "LINE")
        self.assert_replied(outcome)
        self.assertEqual(outcome.log[0]["id"], "LINE")

    def test_a_hash_inside_a_value_is_kept(self):
        self.assertEqual(self.run_with("queue-id = a#b # c\n").log[0]["id"], r"a#b\x20#\x20c")

    def test_recipient_delimiter(self):
        self.assert_replied(self.run_with("", recipients=["info+tag@our.example"]))
        outcome = self.run_with("recipient-delimiter = -_\n", recipients=["info+tag@our.example"])
        self.assert_suppressed(outcome, "no-responder")
        for recipient in ["info-tag@our.example", "info_tag@our.example"]:
            outcome = self.run_with("recipient-delimiter = -_\n", recipients=[recipient])
            self.assert_suppressed(outcome, "recently-answered")

    def test_log_addresses(self):
        line = self.run_with("log-addresses = yes\n").log[0]
        self.assertEqual((line["sender"], line["recipient"]),
                         ("alice@sender.example", "info@our.example"))
        outcome = self.run_with("log-addresses = no\n")
        self.assertNotIn("alice", outcome.stderr)
        self.assertNotIn("info@", outcome.stderr)
        self.assertIn("@sender.example", outcome.log[0]["sender"])

    def test_log_addresses_keeps_the_rest_silent_too(self):
        outcome = self.run_with("log-addresses = no\n", sender="alice")
        self.assertNotIn("alice", outcome.stderr)

    def test_user(self):
        me = pwd.getpwuid(os.geteuid()).pw_name
        other = next(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != os.geteuid())
        self.assert_deferred(self.run_with(f"user = {other}\n"), "user", other)
        self.assert_deferred(self.run_with("user = no-such-account\n"), "user", "no-such-account")
        self.assert_replied(self.run_with(f"user = {me}\n"))

    def test_faults_are_named(self):
        for text, words in [
            ("\nfoo = bar\n", ["unknown name 'foo'"]),
            ("# fine\nnonsense\n", []),
            ("log = stderr\nlog = stderr\n", ["log"]),
            ("\nlog-addresses = maybe\n", ["log-addresses"]),
            ("\nmailer = sendmail\n", ["sendmail", "absolute"]),
            ("\nmailer = smtp://localhost\n", ["not built in"]),
            ("\ncache = redis://localhost\n", ["not built in"]),
            ("\nlog = nowhere\n", ["nowhere"]),
            ("\nqueue-id =\n", ["queue-id"]),
            ("\n[section]\n", ["section"]),
        ]:
            with self.subTest(text):
                file = self.place.configure(text)
                self.assert_deferred(self.place.run(mail(), without=["--log"]),
                                     f"{file}:2: ", *words)

    def test_what_belongs_to_one_delivery_cannot_be_set(self):
        for name in ["sender", "config", "dry-run", "show", "explain", "now", "help", "version", "words"]:
            with self.subTest(name):
                self.assert_deferred(self.run_with(f"{name} = x\n"), "main.conf:1: ", name)

    def test_has_to_be_there_where_it_is_named(self):
        self.assert_deferred(self.place.run(mail(), "--config", "/nonexistent.conf"),
                             "/nonexistent.conf: ", "No such file")

    def test_a_folder_is_no_configuration(self):
        self.assert_deferred(self.place.run(mail(), "-c", self.place.folder), self.place.folder,
                             "not a regular file")

    def test_others_may_not_write_it(self):
        file = self.place.configure()
        file.chmod(0o666)
        self.assert_deferred(self.place.run(mail()), f"{file}: ", "others may write")


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


class Bounds(TestCase):
    MIB = 1024 * 1024

    def assert_small(self, message, *reasons):
        peak, outcome = self.place.peak_memory(message)
        self.assertEqual(outcome.status, 0, outcome.stderr[:1000])
        line, = outcome.log
        self.assertIn(line["reason"], reasons or ["-"])
        if not SANITIZED:
            self.assertLess(peak, MEMORY_LIMIT)
        return line

    def test_a_body_of_50_mb(self):
        self.assert_small(mail("A line of text in a body.\n" * 2_000_000))

    def test_a_body_that_is_one_line_of_50_mb(self):
        self.assert_small(mail("x" * 50_000_000))

    def test_a_header_of_1_mib_is_decided_on_its_beginning(self):
        line = self.assert_small(mail(x_padding="x" * self.MIB, auto_submitted="auto-replied"))
        self.assertIn("header", line["detail"])

    def test_a_header_of_1_mib_of_any_make(self):
        for name, field in [
            ("tiny fields", "X:\n" * (self.MIB // 3)),
            ("tiny folds", "Subject: x" + "\n x" * (self.MIB // 3) + "\n"),
            ("tiny addresses", "To: " + "@," * (self.MIB // 2) + "\n"),
            ("addresses", "Cc: " + "Name <a@x.example>, " * (self.MIB // 20) + "\n"),
            ("message ids", "References: " + "<1@x> " * (self.MIB // 6) + "\n"),
            ("encoded-words", "Subject: " + "=?utf-8?Q?x?= =?big5?Q?y?= " * (self.MIB // 28) + "\n"),
            ("comments", "Auto-Submitted: no " + "(" * self.MIB + "\n"),
            ("combining", "Subject: e" + "\u0301" * (self.MIB // 2) + "\n"),
            ("no fields", "x" * self.MIB + "\n"),
            ("nothing", "\0" * self.MIB),
            ("8 bits", "From: " + "\udcff" * self.MIB + "\n"),
        ]:
            with self.subTest(name):
                place = self.place = Workplace(self)
                place.set_responder("ignore = not-addressed\nignore = system-sender")
                self.assert_small(mail(top=field, to=None, From=None))

    def test_what_is_hardly_a_message(self):
        self.place.set_responder("interval = 0\nignore = not-addressed")
        for message in [b"", b"\n", b"\r\n", b"\0", b":", b"From ", b"From \n", b" ", b"a", b"a:",
                        b"\xff" * 9, b"To: <", b"To: \"", b"Subject: =?", b"\n\n\n", b"From:\n\n"]:
            with self.subTest(message):
                self.assert_replied(self.place.run(message))

    def test_network_line_ends(self):
        message = mail(subject="=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n aus =?utf-8?Q?K=C3=B6ln?=",
                       auto_submitted="no").replace(b"\n", b"\r\n")
        self.assertEqual(self.place.preview(message).reply["Subject"], "Auto: Grüße aus Köln")

    def test_a_field_in_the_body_is_none(self):
        self.assertEqual(self.place.preview(mail("List-Id: x\n")).verdict, "verdict: reply")


@unittest.skipIf(SANITIZED, "sanitizers build programs of another kind")
class Programs(unittest.TestCase):
    """How they are built."""

    PROGRAMS = ("inforeply", "inforeply-cache", "inforeply-purge")

    def test_need_nothing_but_the_c_library(self):
        for name in self.PROGRAMS:
            for library in needed_libraries(BIN / name):
                self.assertRegex(library, r"\A(libc\.so|libm\.so|ld-linux)")

    def test_are_hardened(self):
        for name in self.PROGRAMS:
            with self.subTest(name):
                listing = subprocess.run(["readelf", "-hldW", "--dyn-syms", BIN / name],
                                         capture_output=True, text=True, check=True).stdout
                for mark in ("DYN (Position-Independent Executable", "GNU_RELRO", "BIND_NOW",
                             "__stack_chk_fail", "_chk@"):
                    self.assertIn(mark, listing)


if __name__ == "__main__":
    unittest.main()
