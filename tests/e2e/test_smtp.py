"""Replies that are submitted by SMTP to the Postfix that has handed us the message.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_smtp.py

as root; DIR holds the built programs.
"""

import re
import shutil
import smtplib
import sys
from pathlib import Path

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parents[1] / "cli"))

from certificates import Authority
from postfix_server import PostfixServer
from responding_server import (ACCOUNT, RespondingServer, example_lines, example_parameters,
                               example_service, mail, main)
from server_ends import free_ports

INFO = "info@ora.com"
AUTORESPONDER = "autoresp@autoreply.ora.com"
DESK = "desk@elsewhere.example"
ALICE = "alice@customer.example"
INTERNATIONAL = "用户@international.example"


class SubmittedBySmtp(RespondingServer):
    @classmethod
    def make_server(cls, folder):
        cls.kept = cls.folder / "kept"
        cls.kept.mkdir()
        shutil.chown(cls.kept, ACCOUNT)
        # smtp-sink does not take international addresses.
        services = (f"\nkeep unix - n n - - pipe\n  flags=q user={ACCOUNT}\n"
                    f"  argv=/usr/bin/tee {cls.kept}/message\n"
                    f"refuse unix - n n - - pipe\n  user={ACCOUNT} argv=/usr/bin/false\n")
        [cls.tls_port] = free_ports(1)
        services += (f"127.0.0.1:{cls.tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n"
                     "tlsmgr unix - - n 1000? 1 tlsmgr\n")
        cls.authority = Authority(cls.folder / "authority")
        certificate = cls.authority.issue("DNS:localhost")
        return PostfixServer(
            folder,
            main={**example_parameters(),
                  "smtpd_recipient_restrictions":
                      "check_recipient_access lmdb:$config_directory/access",
                  "smtpd_tls_security_level": "may", "smtpd_tls_loglevel": "1",
                  "smtpd_tls_cert_file": certificate, "smtpd_tls_key_file": certificate},
            master=example_service(cls.program, cls.configuration) + services,
            maps={"virtual_alias": [f"{INFO} {AUTORESPONDER}"],
                  "transport": [*example_lines("transport"), "international.example keep:",
                                "nowhere.example refuse:"],
                  "access": []})

    def setUp(self):
        super().setUp()
        self.write_configuration()
        self.write_responder("ora.com/info", f"kind = service\nbcc = {DESK}\n")
        self.set_access()

    def write_configuration(self, mailer=None):
        super().write_configuration(mailer or f"smtp://127.0.0.1:{self.postfix.port}")

    def set_access(self, *lines):
        """What smtpd says to recipients."""
        self.postfix.write_map("access", lines)

    def ask(self, sender=ALICE):
        self.send(sender, [INFO], mail(sender, INFO))

    def recipients(self):
        return sorted(recipient for sent in self.postfix.sent() for recipient in sent.recipients)

    def test_the_reply_and_its_copy_arrive_from_the_null_sender_in_one_session(self):
        self.ask()
        self.assertEqual(self.recipients(), [ALICE, DESK])
        for sent in self.postfix.sent():
            self.assertEqual((sent.sender, sent.message["From"]), ("", INFO))
            self.assertEqual(sent.message.get_content(), "Thank you for your message.\n")
        # One session of the test itself, one of the responder.
        self.assertEqual(self.postfix.log().count(" connect from "), 2)
        self.assertEqual(self.postfix.log().count("lost connection"), 0)
        self.ask()
        self.assertEqual([verdict["reason"] for verdict in self.verdicts()],
                         ["-", "recently-answered"])

    def test_replies_arrive_through_tls(self):
        for mailer in (f"smtp+starttls://localhost:{self.postfix.port}",
                       f"smtps://localhost:{self.tls_port}"):
            with self.subTest(mailer):
                self.setUp()
                self.write_configuration(mailer)
                with open(self.configuration, "a") as configuration:
                    configuration.write(f"smtp-ca-file = {self.authority.certificate}\n")
                self.ask()
                self.assertEqual(self.recipients(), [ALICE, DESK])
                self.assertEqual(self.postfix.log().count(" TLS connection established from "), 1)
                self.assertNotRegex(self.postfix.log(), "lost connection|SSL_|warning")

    def test_a_message_waits_while_the_certificate_is_unknown(self):
        self.write_configuration(f"smtp+starttls://localhost:{self.postfix.port}")
        self.ask()
        self.assertEqual(self.recipients(), [])
        self.postfix.wait_for_log("action=deferred reason=mailer .*detail=TLS: the certificate of "
                                  "localhost is not accepted: ")

    def test_nobody_is_notified_of_a_reply_that_is_not_delivered(self):
        self.write_responder("ora.com/info", f"kind = service\nenvelope-from = {INFO}\n")
        self.ask("alice@nowhere.example")
        self.postfix.wait_for_log(r"to=<alice@nowhere\.example>.*status=bounced")
        # A report would come back to the responder, as mail from the null sender.
        self.assertEqual([verdict["reason"] for verdict in self.verdicts()], ["-"])

    def test_an_international_address_is_answered(self):
        self.write_responder("ora.com/info", "kind = service\n")
        with smtplib.SMTP("127.0.0.1", self.postfix.port, "client.example") as client:
            client.send_message(mail(INTERNATIONAL, INFO), INTERNATIONAL, [INFO])
        self.postfix.wait_idle()
        self.assertEqual([(verdict["sender"], verdict["action"]) for verdict in self.verdicts()],
                         [(INTERNATIONAL, "replied")])
        self.assertIn(f"To: {INTERNATIONAL}\n", (self.kept / "message").read_text("utf-8"))

    def test_a_4xx_defers_the_message_which_is_then_answered_once(self):
        for refusal in ("450 4.2.0 later", "554 5.7.1 Relay access denied", "421 4.3.2 bye"):
            with self.subTest(refusal):
                self.setUp()
                self.set_access(f"{ALICE} {refusal}")
                self.ask()
                self.assertEqual(self.recipients(), [])
                [waiting] = self.postfix.queue()
                self.assertEqual(waiting["queue_name"], "deferred")
                self.postfix.wait_for_log("action=deferred reason=mailer .*detail=RCPT TO: " +
                                          re.escape(refusal.split(" ")[0]))
                self.set_access()
                self.postfix.flush()
                self.postfix.wait_idle()
                self.assertEqual(self.recipients(), [ALICE, DESK])
                self.assertEqual(self.postfix.queue(), [])

    def test_a_5xx_for_the_address_is_final(self):
        self.set_access(f"{ALICE} 550 5.1.1 no such user")
        self.ask()
        self.assertEqual((self.recipients(), self.postfix.queue()), ([], []))
        self.postfix.wait_for_log(r"action=suppressed reason=refused .*detail=RCPT TO: 550 5\.1\.1 ")

    def test_a_message_waits_while_nobody_listens(self):
        self.write_configuration("smtp://127.0.0.1:1")
        self.ask()
        self.assertEqual(self.recipients(), [])
        self.postfix.wait_for_log(r"detail=connect: 127\.0\.0\.1:1: Connection refused")
        self.write_configuration()
        self.postfix.flush()
        self.postfix.wait_idle()
        self.assertEqual(self.recipients(), [ALICE, DESK])


if __name__ == "__main__":
    main()
