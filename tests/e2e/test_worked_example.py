"""The worked example of data/service on a real Postfix, set up as documented.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_worked_example.py

as root; DIR holds the built programs. What is installed are the example's own files; a few more
tests of replies on their way take the same server.
"""

import email
import email.policy
import shutil
import smtplib
import subprocess
import sys

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from postfix_server import PostfixServer
from responding_server import (ACCOUNT, EXAMPLES, RespondingServer, example_lines,
                               example_parameters, example_service, mail, main)

EXAMPLE = EXAMPLES.parent / "service"
INFO = "info@ora.com"
HELP = "help@ora.com"  # goes to the responder alone
ALICE = "alice@customer.example"
KDENT = "kdent@ora.com"
KDENTS_MAILBOX = "kdent@mailboxes.example"
GONE = "gone@mail.ora.com"  # the server's own domain, in which there are no mailboxes
DESK = "desk@elsewhere.example"
INTERNATIONAL = "用户@international.example"

STRICT = email.policy.default.clone(raise_on_defect=True)


def question(subject, text="Hello, I have a question.\n", sender=ALICE, to=INFO, **fields):
    message = mail(sender, to)
    message.replace_header("Subject", subject)
    message.set_content(text)
    for name, value in fields.items():
        message[name] = value
    return message


def longest_line(name):
    """Of one of the example's texts, without placeholders: no other has it."""
    lines = (EXAMPLE / name).read_text("utf-8").splitlines()
    return max((line for line in lines if "${" not in line), key=len)


class DocumentedServer(RespondingServer):
    @classmethod
    def make_server(cls, folder):
        cls.kept = cls.folder / "kept"
        # smtp-sink does not take international addresses.
        keep = (f"\nkeep unix - n n - - pipe\n  flags=q user={ACCOUNT}\n"
                f"  argv=/usr/bin/tee {cls.kept}/message\n")
        return PostfixServer(
            folder,
            main=example_parameters(),
            master=example_service(cls.program, cls.configuration) + keep,
            maps={"virtual_alias": [*example_lines("virtual_alias"), f"{KDENT} {KDENTS_MAILBOX}",
                                    f"{HELP} autoresp@autoreply.ora.com"],
                  "transport": [*example_lines("transport"), "international.example keep:"]})

    def replies(self):
        """In the order in which they were sent, parsed strictly."""
        return [email.message_from_bytes(sent.raw, policy=STRICT)
                for sent in self.postfix.sent() if sent.sender == ""]


class WorkedExample(DocumentedServer):
    def setUp(self):
        super().setUp()
        shutil.rmtree(self.responders)
        shutil.copytree(EXAMPLE, self.responders / "ora.com")

    def ask(self, *arguments, **fields):
        """The replies to a message."""
        before = len(self.replies())
        message = question(*arguments, **fields)
        self.send(str(message["From"]), [INFO], message)
        self.assertEqual(self.postfix.queue(), [])
        return self.replies()[before:]

    def assert_says(self, reply, name):
        text = reply.get_body(["plain"]).get_content()
        # format=flowed: a line that ends in a blank goes on in the next one.
        self.assertIn(longest_line(name), text.replace(" \n", " "))
        self.assertNotIn("${", text)

    def test_its_check_has_no_fault_to_report_and_no_note(self):
        done = subprocess.run([self.program, "-c", self.configuration, "--check-config"],
                              capture_output=True, text=True)
        self.assertEqual((done.stdout, done.stderr), ("no fault found, responders: 1\n", ""))

    def test_a_question_about_prices_is_answered_with_html_a_logo_and_the_price_list(self):
        [reply] = self.ask("Price list?", "What is an evening at the telescope?\n")
        self.assert_says(reply, "prices.txt")
        self.assertEqual(reply["Subject"], "Auto: Price list?")
        [author] = reply["From"].addresses
        self.assertEqual(author.addr_spec, INFO)
        self.assertIn("kept by", author.display_name)

        page = reply.get_body(["html"]).get_content()
        self.assertIn("an automatic answer to “Price list?”", page)
        self.assertIn('<img src="cid:logo.png"', page)
        # Each form has what the sender wrote.
        self.assertIn("> What is an evening at the telescope?",
                      reply.get_body(["plain"]).get_content())
        self.assertIn("What is an evening at the telescope?<br>", page)

        [logo] = [part for part in reply.walk() if part["Content-ID"] == "<logo.png>"]
        self.assertEqual((logo.get_content_type(), logo.get_content_disposition()),
                         ("image/png", "inline"))
        self.assertEqual(logo.get_content(), (EXAMPLE / "logo.png").read_bytes())
        [prices] = reply.iter_attachments()
        self.assertEqual((prices.get_content_type(), prices.get_filename()),
                         ("application/pdf", "price-list-2026.pdf"))
        self.assertEqual(prices.get_content(), (EXAMPLE / "price-list-2026.pdf").read_bytes())

    def test_other_words_for_prices_get_the_same(self):
        for number, subject in enumerate(("ADMISSION", "Eintrittspreise 2026", "料金について")):
            with self.subTest(subject):
                [reply] = self.ask(subject, sender=f"visitor{number}@customer.example")
                self.assert_says(reply, "prices.txt")

    def test_a_conversation_about_prices_is_left_to_people(self):
        [reply] = self.ask("Re: Price list?")
        self.assert_says(reply, "general.txt")

    def test_a_question_about_opening_hours_is_answered_in_its_language(self):
        english = ("hours.txt", "en", "Auto: Our opening hours")
        german = ("hours.de.txt", "de", "Auto: Unsere Öffnungszeiten")
        cases = (("john", {}, english),
                 ("hans", {"Accept-Language": "de"}, german),
                 ("resi", {"Accept-Language": "fr;q=0.2, de-AT"}, german),
                 ("marie", {"Accept-Language": "fr"}, english))
        for person, fields, (name, language, subject) in cases:
            with self.subTest(person):
                [reply] = self.ask("Your opening", "When are you open?\n",
                                   f"{person}@customer.example", **fields)
                self.assert_says(reply, name)
                self.assertEqual(reply["Subject"], subject)
                self.assertEqual(reply["Content-Language"], language)

    def test_german_words_ask_for_opening_hours_as_well(self):
        [reply] = self.ask("Besuch", "Wie sind denn Ihre ÖFFNUNGSZEITEN?\n",
                           **{"Content-Language": "de"})
        self.assert_says(reply, "hours.de.txt")

    def test_a_colleague_gets_the_text_for_colleagues_whatever_the_question_is(self):
        [reply] = self.ask("Price list?", "When are you open?\n", KDENT)
        self.assert_says(reply, "colleagues.txt")
        self.assertEqual(reply["To"].addresses[0].addr_spec, KDENT)

    def test_anything_else_gets_the_general_text(self):
        [reply] = self.ask("A lost umbrella")
        self.assert_says(reply, "general.txt")
        self.assertEqual(reply.get_content_type(), "text/plain")

    def test_each_answer_is_given_once_in_its_interval(self):
        [prices] = self.ask("Prices")
        self.assert_says(prices, "prices.txt")
        [hours] = self.ask("A visit", "What are your opening hours?\n")
        self.assert_says(hours, "hours.txt")
        self.assertEqual(self.ask("Prices again"), [])
        self.assertEqual(self.ask("Opening", "And your opening hours?\n"), [])
        self.assertEqual([(verdict["action"], verdict["reason"]) for verdict in self.verdicts()],
                         [("replied", "-"), ("replied", "-"),
                          ("suppressed", "recently-answered"),
                          ("suppressed", "recently-answered")])
        self.assertEqual(len(self.cache_records()), 2)


class UndeliverableReplies(DocumentedServer):
    """A reply of which the mail server finds out later that nobody gets it."""

    def answer_nobody(self, mailer):
        """What the envelope sender of the reply gets to hear of it."""
        self.write_configuration(mailer)
        self.write_responder("ora.com/info", f"kind = service\nenvelope-from = {DESK}\n")
        self.send(GONE, [INFO], question("A question", sender=GONE))
        self.assertEqual([verdict["action"] for verdict in self.verdicts()], ["replied"])
        self.postfix.wait_for_log(rf"to=<{GONE}>.* status=bounced \(unknown user")
        self.assertEqual(self.postfix.queue(), [])
        return [sent for sent in self.postfix.sent() if sent.recipients == [DESK]]

    def test_R28_notify_never_keeps_the_mail_server_from_reporting(self):
        self.assertEqual(self.answer_nobody("/usr/sbin/sendmail -N never"), [])

    def test_without_it_the_envelope_sender_gets_a_report(self):
        [report] = self.answer_nobody("/usr/sbin/sendmail")
        self.assertEqual(report.message.get_content_type(), "multipart/report")
        self.assertIn(GONE, str(report.message))


class InternationalAddresses(DocumentedServer):
    def setUp(self):
        super().setUp()
        self.kept.mkdir()
        shutil.chown(self.kept, ACCOUNT)

    def test_a_sender_with_an_international_address_is_answered(self):
        self.write_responder("ora.com/help", "kind = service\n")
        message = question("資料", sender=INTERNATIONAL, to=HELP)
        with smtplib.SMTP("127.0.0.1", self.postfix.port, "client.example") as client:
            client.send_message(message, INTERNATIONAL, [HELP])
        self.postfix.wait_idle()
        self.assertEqual([(verdict["sender"], verdict["action"]) for verdict in self.verdicts()],
                         [(INTERNATIONAL, "replied")])
        self.postfix.wait_for_log(f"to=<{INTERNATIONAL}>.* status=sent")
        reply = email.message_from_string((self.kept / "message").read_text("utf-8"),
                                          policy=STRICT)
        self.assertEqual(reply["To"].addresses[0].addr_spec, INTERNATIONAL)
        self.assertEqual(reply["Subject"], "Auto: 資料")


if __name__ == "__main__":
    main()
