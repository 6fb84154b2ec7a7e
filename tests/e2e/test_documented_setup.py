"""The documented set-up, step by step, on a real Postfix.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_documented_setup.py

as root; DIR holds the built programs. A message to info@ora.com is answered once from
info@ora.com, and also reaches service@oreilly.com.
"""

import concurrent.futures
import sys
import threading

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from postfix_server import PostfixServer
from responding_server import (RespondingServer, example_lines, example_parameters,
                               example_service, mail, main)

INFO = "info@ora.com"
AUTORESPONDER = "autoresp@autoreply.ora.com"
SERVICE = "service@oreilly.com"
CUSTOMER = "alice+tag@customer.example"

RESPONDER = f"kind = service\nfrom = Information desk <{INFO}>\n"
TEXT = "Thank you for your message.\nOur catalogue is at https://www.ora.com/ .\n"


def customer_message(**fields):
    return mail("Alice <alice@customer.example>", INFO, **fields)


class DocumentedSetup(RespondingServer):
    @classmethod
    def make_server(cls, folder):
        return PostfixServer(
            folder,
            main=example_parameters(),
            master=example_service(cls.program, cls.configuration),
            maps={name: example_lines(name) for name in ("virtual_alias", "transport")})

    def setUp(self):
        super().setUp()
        self.write_info()

    def write_info(self, settings=RESPONDER):
        self.write_responder("ora.com/info", settings, TEXT)

    def write_mailer(self, script):
        mailer = self.folder / self._testMethodName
        mailer.write_text(f"#!/bin/sh\n{script}\n")
        mailer.chmod(0o755)
        return mailer

    def submit(self, message=None, sender=CUSTOMER):
        self.postfix.send(sender, [INFO], (message or customer_message()).as_bytes())

    def replies(self):
        return [sent for sent in self.postfix.sent() if sent.recipients != [SERVICE]]

    def forwarded(self):
        return [sent for sent in self.postfix.sent() if sent.recipients == [SERVICE]]

    def assert_not_answered(self, message=None, sender=CUSTOMER, *, reason, before=0):
        """Send a message: it reaches the other recipient, and adds no reply to those before."""
        forwarded = len(self.forwarded())
        self.submit(message, sender)
        self.postfix.wait_idle()
        self.assertEqual(len(self.replies()), before)
        self.assertEqual(len(self.forwarded()), forwarded + 1)
        self.assertEqual(self.postfix.queue(), [])
        self.postfix.wait_for_log(rf"action=suppressed reason={reason}\b")

    def assert_answered_once_mended(self, mend, log):
        """Send a message that cannot be answered yet: it waits, and nobody hears of the trouble."""
        message = customer_message()
        self.submit(message)
        self.postfix.wait_idle()
        self.assertEqual(self.replies(), [])
        self.assertEqual(len(self.forwarded()), 1)
        [waiting] = self.postfix.queue()
        self.assertEqual(waiting["queue_name"], "deferred")
        [recipient] = waiting["recipients"]
        self.assertEqual(recipient["address"], AUTORESPONDER)
        self.postfix.wait_for_log(log)

        mend()
        self.postfix.flush()
        self.postfix.wait_idle()
        [reply] = self.replies()
        self.assertEqual(reply.message["In-Reply-To"], message["Message-ID"])
        self.assertEqual(len(self.forwarded()), 1)
        self.assertEqual(self.postfix.queue(), [])

    def test_a_message_is_answered_and_reaches_the_other_recipient(self):
        message = customer_message()
        self.submit(message)
        self.postfix.wait_idle()

        [reply] = self.replies()
        self.assertEqual(reply.sender, "")
        self.assertEqual(reply.recipients, [CUSTOMER])
        [author] = reply.message["From"].addresses
        self.assertEqual((author.display_name, author.addr_spec), ("Information desk", INFO))
        self.assertEqual([to.addr_spec for to in reply.message["To"].addresses], [CUSTOMER])
        self.assertEqual(reply.message["Auto-Submitted"], "auto-replied")
        self.assertEqual(reply.message["In-Reply-To"], message["Message-ID"])
        self.assertEqual(reply.message.get_body(["plain"]).get_content(), TEXT)

        [forwarded] = self.forwarded()
        self.assertEqual(forwarded.sender, CUSTOMER)
        self.assertEqual(forwarded.message["Message-ID"], message["Message-ID"])
        self.assertEqual(self.postfix.queue(), [])

        [record] = self.cache_records()
        self.assertEqual((record["state"], record["responder"], record["sender"]),
                         ("answered", INFO, "alice@customer.example"))

    def test_a_second_message_of_the_same_sender_is_not_answered(self):
        self.submit()
        self.postfix.wait_idle()
        self.assertEqual(len(self.replies()), 1)
        self.assert_not_answered(reason="recently-answered", before=1)

    def test_a_bounce_is_not_answered(self):
        self.assert_not_answered(sender="", reason="null-sender")

    def test_an_automatic_reply_is_not_answered(self):
        message = customer_message(Auto_Submitted="auto-replied")
        self.assert_not_answered(message, reason="auto-submitted")

    def test_list_mail_is_not_answered(self):
        message = customer_message(List_Id="<astronomy.customer.example>")
        self.assert_not_answered(message, reason="list")

    def test_a_message_waits_while_the_responder_file_is_broken(self):
        self.write_info("kind = service\nform = info.txt\n")
        self.assert_answered_once_mended(self.write_info, log=r"info\.conf:2\b")

    def test_a_message_waits_while_the_mailer_fails(self):
        self.write_configuration(mailer=self.write_mailer("exit 75"))
        self.assert_answered_once_mended(self.write_configuration, log=r"action=deferred\b")

    def test_a_message_waits_while_the_mailer_is_missing(self):
        self.write_configuration(mailer="/nonexistent/sendmail")
        self.assert_answered_once_mended(self.write_configuration, log=r"action=deferred\b")

    def test_two_messages_at_the_same_moment_get_one_reply(self):
        start = threading.Barrier(2)

        def send(_):
            start.wait()
            self.submit()

        with concurrent.futures.ThreadPoolExecutor(2) as both:
            list(both.map(send, range(2)))
        self.postfix.wait_idle()
        self.assertEqual(len(self.replies()), 1)
        self.assertEqual(len(self.forwarded()), 2)
        self.assertEqual(self.postfix.queue(), [])

    def test_a_message_is_not_answered_while_the_reply_to_another_is_being_submitted(self):
        gate = self.folder / "gate"
        self.addCleanup(gate.touch)
        self.write_configuration(mailer=self.write_mailer(
            f'until [ -e {gate} ]; do sleep 0.05; done; exec /usr/sbin/sendmail "$@"'))
        self.submit()
        self.submit()
        self.postfix.wait_for_log(r"action=suppressed reason=recently-answered\b")
        self.assertEqual(self.replies(), [])
        gate.touch()
        self.postfix.wait_idle()
        self.assertEqual(len(self.replies()), 1)
        self.assertEqual(len(self.forwarded()), 2)
        self.assertEqual(self.postfix.queue(), [])


if __name__ == "__main__":
    main()
