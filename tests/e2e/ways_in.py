"""What every way from a mail server to the responder must do, whatever the server is."""

import re
import smtplib

from responding_server import mail

ALICE = "alice@customer.example"
# Two mailboxes with a responder each, which nothing but the domain tells from one another.
KIM, OTHER_KIM = "kim@ora.com", "kim@oreilly.com"

# Senders who would have a file made, if any shell or any expansion saw them.
HOSTILE = ['"$(touch {mark})"@h.example', '"`touch {mark}`"@h.example', '"a;touch {mark};"@h.example',
           '"a|touch {mark}"@h.example', '"a\\";touch {mark};\\""@h.example', "\"';touch {mark};'\"@h.example",
           '"${{run{{/usr/bin/touch {mark}}}}}"@h.example', '"$sender_address"@h.example',
           '"%{{rcpt}}"@h.example', "o'brien@h.example", "$USER@h.example",
           "`touch${{IFS}}{mark}`@h.example", "a|touch${{IFS}}{mark}|@h.example", "a&touch${{IFS}}{mark}&@h.example", "a&b@h.example",
           '"two words"@h.example']
# Not every mail server takes mail from such an address, or sends to it.
DASHED = ["-f@h.example", '"--responder=/x"@h.example']


def plain(addresses):
    """Without quoting that is not needed, which a server may leave out."""
    return [re.sub(r'[\\"]', "", address) for address in addresses]


def submit(port, sender, recipient, message):
    """A message by SMTP, as a client that quotes and changes nothing; returns the status and text of
    what the server said in the end."""
    with smtplib.SMTP("127.0.0.1", port, "client.example", timeout=30) as client:
        client.ehlo()
        for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"):
            answer = client.docmd(command)
            if answer[0] != 250:
                return answer
        return client.data(message if isinstance(message, bytes) else message.as_bytes())


class WayIn:
    """Tests to inherit from beside a TestCase, which has

    port, mark     where its server takes mail; a file that programs could make
    installed      the program
    wait_idle()    until nothing is under way
    flush()        has what waits tried again; returns when that has been done
    waiting()      how many messages wait
    sent()         the replies that have left, `Sent`
    kept(address)  how many messages are in the mailbox
    verdicts(), write_responder(), break_responder(name)
    """

    # Whether mail comes from an address with a quoted local part.
    takes_quoted = True
    # Of those of DASHED.
    takes_dashed = 2

    def setUp(self):
        super().setUp()
        for address in (KIM, OTHER_KIM):
            self.write_kim(address)

    def write_kim(self, address):
        name, domain = address.split("@")
        self.write_responder(f"{domain}/{name}", f"from = Kim <{address}>\nkind = personal\n")

    def take(self, sender, recipient=KIM, message=None):
        message = message or mail(ALICE, recipient)
        status, text = submit(self.port, sender, recipient, message)
        self.assertEqual(status, 250, text)
        self.wait_idle()
        return message

    def test_a_message_is_kept_and_answered_once(self):
        for recipient in (KIM, OTHER_KIM):
            message = self.take(ALICE, recipient)
            self.take(ALICE, recipient)
            with self.subTest(recipient):
                [reply] = [sent for sent in self.sent() if recipient in sent.message["From"]]
                self.assertEqual((reply.sender, reply.recipients), ("", [ALICE]))
                self.assertEqual(reply.message["In-Reply-To"], message["Message-ID"])
                self.assertEqual(self.kept(recipient), 2)
        self.assertEqual(len(self.sent()), 2)
        self.assertEqual([verdict["reason"] for verdict in self.verdicts()],
                         2 * ["-", "recently-answered"])

    def test_a_bounce_is_kept_and_not_answered(self):
        self.take("")
        self.assertEqual((self.kept(KIM), self.sent(), self.waiting()), (1, [], 0))
        self.assertEqual([verdict["reason"] for verdict in self.verdicts()], ["null-sender"])

    def test_a_hostile_sender_runs_nothing_and_becomes_nobody_else(self):
        senders = [sender.format(mark=self.mark) for sender in HOSTILE]
        if not self.takes_quoted:
            for sender in senders:
                if sender.startswith('"'):
                    self.assertEqual(submit(self.port, sender, KIM, mail(ALICE, KIM))[0], 553)
            senders = [sender for sender in senders if not sender.startswith('"')]
        for count, sender in enumerate(senders, 1):
            with self.subTest(sender):
                self.take(sender)
                self.assertEqual(plain(self.sent()[-1].recipients), plain([sender]))
                self.assertEqual((len(self.sent()), self.kept(KIM)), (count, count))
                self.assertFalse(self.outer(self.mark).exists())
        self.assertEqual(self.waiting(), 0)

    def test_the_message_cannot_name_another_sender(self):
        letter = mail(ALICE, KIM).as_bytes().replace(b"\n", b"\r\n")
        for top in (b"From victim@h.example Thu Jan 1 00:00:00 2026\r\n", b"Return-Path: <victim@h.example>\r\n"):
            with self.subTest(top):
                submit(self.port, "", KIM, top + letter)
                self.wait_idle()
                self.assertEqual(self.sent(), [])
        self.take(ALICE, message=top + letter)
        self.assertEqual([reply.recipients for reply in self.sent()], [[ALICE]])
        self.assertEqual(self.waiting(), 0)

    def test_a_sender_with_a_dash_is_no_option(self):
        taken = []
        for sender in DASHED:
            if submit(self.port, sender, KIM, mail(ALICE, KIM))[0] == 250:
                taken.append(sender)
            self.wait_idle()
        self.assertEqual(len(taken), self.takes_dashed)
        self.assertEqual(plain(address for reply in self.sent() for address in reply.recipients),
                         plain(taken))
        self.assertEqual((self.kept(KIM), self.waiting()), (len(taken), 0))

    def outer(self, path):
        return path

    def test_while_the_program_cannot_run_its_reply_waits_and_nothing_bounces(self):
        kept_program = self.installed.with_suffix(".kept")
        self.installed.rename(kept_program)
        try:
            self.take(ALICE)
            # 127: what it needs to be loaded is missing. 1: no status of its own.
            for last in ("kill -9 $$", "kill -SEGV $$", "exit 127", "exit 1"):
                with self.subTest(last):
                    self.installed.write_text(f"#!/bin/sh\n{last}\n")
                    self.installed.chmod(0o755)
                    self.flush()
                    self.assertEqual((self.kept(KIM), self.sent(), self.waiting()), (1, [], 1))
        finally:
            kept_program.replace(self.installed)
        self.flush()
        [reply] = self.sent()
        self.assertEqual((reply.recipients, reply.message["From"]), ([ALICE], f"Kim <{KIM}>"))
        self.assertEqual((self.kept(KIM), self.waiting()), (1, 0))

    def test_while_a_responder_is_broken_its_reply_waits_and_nothing_else(self):
        self.break_responder("ora.com/kim")
        message = self.take(ALICE)
        for _ in range(2):
            self.flush()
        self.assertEqual((self.kept(KIM), self.sent(), self.waiting()), (1, [], 1))

        self.write_kim(KIM)
        self.flush()
        [reply] = self.sent()
        self.assertEqual((reply.recipients, reply.message["In-Reply-To"]),
                         ([ALICE], message["Message-ID"]))
        self.assertEqual((self.kept(KIM), self.waiting()), (1, 0))
        self.assertEqual([verdict["action"] for verdict in self.verdicts()],
                         3 * ["deferred"] + ["replied"])
