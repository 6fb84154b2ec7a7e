"""The documented set-up, step by step, on a real Postfix.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_documented_setup.py

as root; DIR holds the built programs. A message to info@ora.com is answered once from
info@ora.com, and also reaches service@oreilly.com.
"""

import concurrent.futures
import email.message
import email.utils
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from postfix_server import PostfixServer, enter_private_namespaces

INFO = "info@ora.com"
AUTORESPONDER = "autoresp@autoreply.ora.com"
SERVICE = "service@oreilly.com"
CUSTOMER = "alice+tag@customer.example"

# What the documentation tells an administrator to copy. Maps are of type lmdb here: what "hash"
# needs may not be installed.
EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "postfix"


def example_lines(name):
    lines = (EXAMPLES / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def example_parameters():
    lines = (line.replace("hash:", "lmdb:") for line in example_lines("main.cf"))
    return dict(line.split(" = ", 1) for line in lines)


def example_service(program, configuration):
    return "\n".join(example_lines("master.cf")).replace(
        "/usr/bin/inforeply", f"{program} -c {configuration}")


RESPONDER = f"kind = service\nfrom = Information desk <{INFO}>\ntext = info.txt\n"
TEXT = "Thank you for your message.\nOur catalogue is at https://www.ora.com/ .\n"


def customer_message(**fields):
    message = email.message.EmailMessage()
    message["From"] = "Alice <alice@customer.example>"
    message["To"] = INFO
    message["Subject"] = "Opening hours"
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = email.utils.make_msgid(domain="customer.example")
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content("When are you open?\n")
    return message


class DocumentedSetup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="inforeply-e2e-")
        cls.folder = Path(cls.enterClassContext(folder))
        cls.folder.chmod(0o755)
        cls.responders = cls.folder / "responders" / "ora.com"
        cls.responders.mkdir(parents=True)
        cls.configuration = cls.folder / "inforeply.conf"
        # The account may have no way into the folder in which the programs were built.
        cls.programs = cls.folder / "programs"
        cls.programs.mkdir()
        for name in ("inforeply", "inforeply-cache"):
            shutil.copy(Path(os.environ["INFOREPLY_BIN"]) / name, cls.programs)
            (cls.programs / name).chmod(0o755)

        postfix_folder = cls.folder / "postfix"
        postfix_folder.mkdir()
        cls.postfix = cls.enterClassContext(PostfixServer(
            postfix_folder,
            main=example_parameters(),
            master=example_service(cls.programs / "inforeply", cls.configuration),
            maps={name: example_lines(name) for name in ("virtual_alias", "transport")},
            accounts=["autoresp"]))

    def setUp(self):
        self.postfix.clear()
        cache = self.folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(mode=0o700)
        shutil.chown(cache, "autoresp", "autoresp")
        self.cache = f"lmdb:{cache}/replies.lmdb"
        self.write_configuration()
        self.write_responder()

    def run(self, result=None):
        faults = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > faults:
            print(f"--- mail log of {self}:\n{self.postfix.log()}---", file=sys.stderr)

    def write_configuration(self, mailer="/usr/sbin/sendmail"):
        self.configuration.write_text(
            f"responders = {self.responders.parent}\n"
            f"cache = {self.cache}\n"
            f"mailer = {mailer}\n"
            # pipe(8) would cut what a successful command prints after a hundred characters.
            "log = syslog\n")

    def write_responder(self, settings=RESPONDER):
        (self.responders / "info.conf").write_text(settings)
        (self.responders / "info.txt").write_text(TEXT)

    def write_mailer(self, script):
        mailer = self.folder / self._testMethodName
        mailer.write_text(f"#!/bin/sh\n{script}\n")
        mailer.chmod(0o755)
        return mailer

    def send(self, message=None, sender=CUSTOMER):
        self.postfix.send(sender, [INFO], (message or customer_message()).as_bytes())

    def replies(self):
        return [sent for sent in self.postfix.sent() if sent.recipients != [SERVICE]]

    def forwarded(self):
        return [sent for sent in self.postfix.sent() if sent.recipients == [SERVICE]]

    def cache_records(self):
        done = subprocess.run(
            [self.programs / "inforeply-cache", "--cache", self.cache, "list", "--format", "json"],
            user="autoresp", group="autoresp", extra_groups=[], check=True, stdout=subprocess.PIPE)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def assert_not_answered(self, message=None, sender=CUSTOMER, *, reason, before=0):
        """Send a message: it reaches the other recipient, and adds no reply to those before."""
        forwarded = len(self.forwarded())
        self.send(message, sender)
        self.postfix.wait_idle()
        self.assertEqual(len(self.replies()), before)
        self.assertEqual(len(self.forwarded()), forwarded + 1)
        self.assertEqual(self.postfix.queue(), [])
        self.postfix.wait_for_log(rf"action=suppressed reason={reason}\b")

    def assert_answered_once_mended(self, mend, log):
        """Send a message that cannot be answered yet: it waits, and nobody hears of the trouble."""
        message = customer_message()
        self.send(message)
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
        self.send(message)
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
        self.send()
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
        self.write_responder("kind = service\nform = info.txt\n")
        self.assert_answered_once_mended(self.write_responder, log=r"info\.conf:2\b")

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
            self.send()

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
        self.send()
        self.send()
        self.postfix.wait_for_log(r"action=suppressed reason=recently-answered\b")
        self.assertEqual(self.replies(), [])
        gate.touch()
        self.postfix.wait_idle()
        self.assertEqual(len(self.replies()), 1)
        self.assertEqual(len(self.forwarded()), 2)
        self.assertEqual(self.postfix.queue(), [])


if __name__ == "__main__":
    if not os.environ.get("INFOREPLY_BIN"):
        sys.exit("FAILED: INFOREPLY_BIN must name the folder that holds the built programs")
    enter_private_namespaces()
    unittest.main(verbosity=2)
