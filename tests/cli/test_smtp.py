"""Replies submitted by SMTP to a real server, Postfix's smtp-sink, with every fault that it can have.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_smtp.py
"""

import os
import re
import socket
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from programs import NOW, TestCase, Workplace, mail, parse_message, wait_for

SINK = "/usr/sbin/smtp-sink"
INFO = "info@our.example"
COMMAND = re.compile(r"^\S*smtp-sink: (connect|(?:EHLO|HELO|MAIL|RCPT|DATA|RSET|QUIT|\.)(?: .*)?$)",
                     re.MULTILINE)
# What smtp-sink writes above the message.
DUMP_HEAD = re.compile(rb"(?:X-.*\n)+Received: .*\n(?:\t.*\n)+")

SOFT = "450 4.3.0 Error: command failed"
HARD = "500 5.3.0 Error: command failed"
BYE = "421 4.0.0 Server closing connection"

STEPS = {"CONNECT": "greeting", "EHLO": "EHLO", "MAIL": "MAIL FROM", "RCPT": "RCPT TO",
         "DATA": "DATA", ".": "end of message"}


class Sink:
    """smtp-sink with some options; without a host on a socket in its own folder."""

    def __init__(self, test, *options, host="127.0.0.1"):
        self.folder = Workplace(test).folder
        # As root it wants another account, which must get into the folder.
        self.folder.chmod(0o777)
        account = ["-u", "nobody"] if os.geteuid() == 0 else []
        family = socket.AF_INET6 if ":" in (host or "") else socket.AF_INET
        if host is None:
            family, self.address = socket.AF_UNIX, f"{self.folder}/socket"
            self.mailer, where = f"smtp+unix:{self.address}", f"unix:{self.address}"
        else:
            with socket.socket(family) as probe:
                probe.bind((host, 0))
                self.address = probe.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            self.mailer = f"smtp://{shown}:{self.address[1]}"
            where = f"inet:{shown}:{self.address[1]}"
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [SINK, "-v", *account, "-d", f"{self.folder}/mail.", *options, where, "100"],
                stdout=log, stderr=log)
        test.addCleanup(self.stop)

        def listening():
            if self.process.poll() is not None:
                raise RuntimeError(self.log())
            with socket.socket(family) as probe:
                return probe.connect_ex(self.address) == 0

        wait_for(listening, "smtp-sink to listen")
        wait_for(lambda: "disconnect" in self.log() or "CONNECT" in options, "the probe to be seen")
        self.start = len(self.log())

    def stop(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def commands(self):
        """What clients have said so far, `connect` for each connection; complete once the last
        client is gone."""
        return [found[1].strip() for found in COMMAND.finditer(self.log()[self.start:])]

    def messages(self):
        """As they came, without smtp-sink's own fields, in any order."""
        dumps = [file.read_bytes() for file in self.folder.glob("mail.*")]
        # It writes the line end of the dot, too.
        return [DUMP_HEAD.sub(b"", dump, count=1)[:-1] for dump in dumps]


class Submission(TestCase):
    def submit(self, sink, *options, **arguments):
        return self.place.run(mail(), "--mailer", sink.mailer, *options, **arguments)

    def assert_detail(self, outcome, status, action, reason, detail):
        [line] = outcome.log
        self.assertEqual((outcome.status, line["action"], line["reason"], line["detail"]),
                         (status, action, reason, detail), outcome.stderr)


class Replies(Submission):
    def test_arrive_as_the_sendmail_command_gets_them(self):
        text = ".\n..\n.a line\nthe end\n.\n"
        self.place.set_responder("interval = 0", text)
        sink = Sink(self)
        self.assert_replied(self.submit(sink))
        self.assert_replied(self.place.run())
        [by_command] = self.place.submissions()
        self.assertEqual(sink.messages(), [by_command.raw])
        self.assertTrue(by_command.raw.endswith(text.encode()))

    def test_reach_every_kind_of_address(self):
        for host in ("127.0.0.1", "::1", None):
            with self.subTest(host):
                self.place = Workplace(self)
                sink = Sink(self, host=host)
                self.assert_replied(self.submit(sink))
                self.assertEqual(len(sink.messages()), 1)
        for host, name in (("127.0.0.1", "localhost"), ("::1", "LOCALHOST")):
            with self.subTest(name, host=host):
                self.place = Workplace(self)
                sink = Sink(self, host=host)
                sink.mailer = f"smtp://{name}:{sink.address[1]}"
                self.assert_replied(self.submit(sink))

    def test_of_a_run_share_a_session(self):
        self.place.set_responder("bcc = desk@our.example")
        self.place.set_responder("bcc = desk@our.example", path="responders/our.example/sales.conf")
        sink = Sink(self)
        recipients = (INFO, "sales@our.example")
        outcome = self.place.run(mail(cc="sales@our.example"), "--mailer", sink.mailer,
                                 recipients=recipients)
        self.assertEqual([line["action"] for line in outcome.log], ["replied", "replied"])
        wait_for(lambda: "QUIT" in sink.commands(), "the client to leave")
        verbs = [command.split(" ")[0] for command in sink.commands()]
        self.assertEqual(verbs, ["connect", "EHLO", *4 * ["MAIL", "RCPT", "DATA", "."], "QUIT"])
        to = [command for command in sink.commands() if command.startswith("RCPT")]
        self.assertEqual(to, 2 * ["RCPT TO:<alice@sender.example> NOTIFY=NEVER",
                                  "RCPT TO:<desk@our.example> NOTIFY=NEVER"])

    def test_need_no_name_service_for_an_address(self):
        for host in ("127.0.0.1", "localhost"):
            with self.subTest(host):
                self.place = Workplace(self)
                sink = Sink(self)
                sink.mailer = f"smtp://{host}:{sink.address[1]}"
                trace = self.place.folder / "trace"
                command = self.place.command("--mailer", sink.mailer)
                self.place.run_command(["strace", "-f", "-e", "trace=%file", "-o", trace, *command])
                self.assertEqual(len(sink.messages()), 1)
                self.assertNotRegex(trace.read_text(), "nsswitch|resolv.conf|/etc/hosts|libnss")

    def test_large_ones_arrive_whole(self):
        lines = "".join(f"line {number} of the price list\n" for number in range(100_000))
        self.place.write(self.place.responder.parent / "list.txt", lines)
        self.place.set_responder("attach = list.txt\nallow-large = yes")
        sink = Sink(self, "-H", "1", "-T", "1000")
        self.assert_replied(self.submit(sink))
        [message] = sink.messages()
        [attachment] = parse_message(message).iter_attachments()
        self.assertEqual(attachment.get_content(), lines)


class Servers(Submission):
    """That offer less."""

    def first_commands(self, *options):
        self.place = Workplace(self)
        sink = Sink(self, *options)
        self.assert_replied(self.submit(sink))
        self.assertEqual(len(sink.messages()), 1)
        wait_for(lambda: "QUIT" in sink.commands(), "the client to leave")
        return [command for command in sink.commands()
                if command.startswith(("HELO", "MAIL", "RCPT"))]

    def test_get_no_more_than_they_offer(self):
        plain = ["MAIL FROM:<>", "RCPT TO:<alice@sender.example>"]
        never = ["MAIL FROM:<>", "RCPT TO:<alice@sender.example> NOTIFY=NEVER"]
        for options, expected in (([], never), (["-8"], never), (["-p"], never), (["-N"], plain),
                                  (["-a", "-C", "-E", "-F"], never),
                                  (["-w", "1"], never), (["-p", "-W", "RCPT:1"], never),
                                  (["-f", "QUIT"], never), (["-q", "QUIT"], never)):
            with self.subTest(options):
                self.assertEqual(self.first_commands(*options), expected)
        for options in (["-e"], ["-P"], ["-f", "EHLO"]):
            with self.subTest(options):
                hello, *rest = self.first_commands(*options)
                self.assertTrue(hello.startswith("HELO "), hello)
                self.assertEqual(rest, plain)

    def test_of_lmtp_are_none_of_ours(self):
        self.assertEqual(self.submit(Sink(self, "-L")).status, 75)


class Faults(Submission):
    """Of the server, at each step in turn."""

    def outcome(self, *options):
        self.place = Workplace(self)
        return self.submit(Sink(self, *options))

    def test_a_4xx_defers(self):
        for command, step in STEPS.items():
            with self.subTest(command):
                self.assert_detail(self.outcome("-r", command), 75, "deferred", "mailer",
                                   f"{step}: {SOFT}")
                self.assertEqual(self.records(), [])

    def test_a_5xx_that_speaks_of_us_defers(self):
        for commands, step in (("CONNECT", "greeting"), ("EHLO,HELO", "EHLO"),
                               ("MAIL", "MAIL FROM")):
            with self.subTest(commands):
                self.assert_detail(self.outcome("-f", commands), 75, "deferred", "mailer",
                                   f"{step}: {HARD}")
                self.assertEqual(self.records(), [])
        denied = "554 5.7.1 <alice@sender.example>: Relay access denied"
        self.assert_detail(self.outcome("-f", "RCPT", "-B", denied), 75, "deferred", "mailer",
                           f"RCPT TO: {denied}")

    def test_a_5xx_that_speaks_of_the_reply_is_final(self):
        for command in ("RCPT", "DATA", "."):
            with self.subTest(command):
                self.assert_detail(self.outcome("-f", command), 0, "suppressed", "refused",
                                   f"{STEPS[command]}: {HARD}")
                [record] = self.records()
                self.assertEqual(record["state"], "answered")
        unknown = "550 5.1.1 no such user"
        self.assert_detail(self.outcome("-f", "RCPT", "-B", unknown), 0, "suppressed", "refused",
                           f"RCPT TO: {unknown}")

    def test_a_server_that_goes_away_defers(self):
        for command, step in STEPS.items():
            with self.subTest(command):
                outcome = self.outcome("-q", command)
                self.assertEqual(outcome.status, 75)
                [line] = outcome.log
                self.assertRegex(line["detail"], rf"\A{step}: connection (closed by|lost)")
                # After the end of the message nobody knows: it stays pending.
                states = [record["state"] for record in self.records()]
                self.assertEqual(states, ["pending"] if command == "." else [])

    def test_a_server_that_says_it_goes_away_defers(self):
        for command, step in STEPS.items():
            with self.subTest(command):
                outcome = self.outcome("-Q", command)
                self.assertEqual(outcome.status, 75)
                [line] = outcome.log
                self.assertRegex(line["detail"], rf"\A{step}: 421 ")
                self.assertEqual(self.records(), [])

    def test_an_answer_before_the_end_of_the_message_counts(self):
        outcome = self.outcome("-A", "0")
        [line] = outcome.log
        self.assertRegex(line["detail"], r"\A(end of )?message: 550 ")
        self.assertEqual((outcome.status, line["reason"]), (0, "refused"))

    def test_a_4xx_of_another_text_is_shown(self):
        greylisted = "451 4.7.1 Greylisted, come back later"
        self.assert_detail(self.outcome("-r", "RCPT", "-b", greylisted), 75, "deferred", "mailer",
                           f"RCPT TO: {greylisted}")

    def test_nobody_listens(self):
        sink = Sink(self)
        sink.stop()
        self.assert_detail(self.submit(sink), 75, "deferred", "mailer",
                           f"connect: 127.0.0.1:{sink.address[1]}: Connection refused")


class TriedAgain(Submission):
    """The mail server tries again after a fault, and the reply is sent once."""

    def retry(self, sink):
        return self.submit(sink, "--queue-id", "QUEUEID", "--now", NOW + 300)

    def test_after_each_fault_that_defers(self):
        good = Sink(self)
        for option in ("-r", "-q", "-Q"):
            for command in STEPS:
                with self.subTest(option, command=command):
                    self.place = Workplace(self)
                    before = len(good.messages())
                    faulty = Sink(self, option, command)
                    self.assertEqual(self.submit(faulty, "--queue-id", "QUEUEID").status, 75)
                    self.assert_replied(self.retry(good))
                    self.assert_suppressed(self.retry(good), "recently-answered")
                    self.assertEqual(len(good.messages()), before + 1)


if __name__ == "__main__":
    unittest.main()
