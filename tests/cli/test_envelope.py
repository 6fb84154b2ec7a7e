"""Senders and recipients: on the command line, in the environment, in the message.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_envelope.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, mail, unfolded


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

    def test_if_nothing_names_one_the_log_says_so(self):
        said = "nothing names the envelope sender"
        for missing in (self.place.run(mail(), sender=None),
                        self.place.run(mail(), sender=None, recipients=(),
                                       variables={"RECIPIENT": "info@our.example"})):
            self.assert_suppressed(missing, "null-sender")
            self.assertIn(said, missing.stderr)
        for named in (self.place.run(mail(), sender=""),
                      self.place.run(mail(top="Return-Path: <>\n"), sender=None),
                      self.place.run(mail(), sender=None, recipients=(),
                                     variables={"RECIPIENT": "info@our.example", "SENDER": ""})):
            self.assert_suppressed(named, "null-sender")
            self.assertNotIn(said, named.stderr)

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


if __name__ == "__main__":
    unittest.main()
