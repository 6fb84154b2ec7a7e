"""Programs that deliver mail to a mailbox and have a copy of it answered: the files of data/dovecot,
data/maildrop, data/procmail and data/fetchmail, each run by the real program (data/doc/mail-servers.md).

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_delivery_agents.py

As root they deliver as another account, as Dovecot never does as root. No mail server runs.
"""

import itertools
import os
import pwd
import re
import shutil
import socketserver
import subprocess
import sys
import threading
import unittest
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
# Before this folder, which has a test_smtp, too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))

from programs import BIN, LOG_LINE, PATIENCE, Workplace, main, parse_message
from test_smtp import Sink
from ways_in import DASHED, HOSTILE as HOSTILE_FORMS, plain

DATA = Path(__file__).resolve().parents[2] / "data"
# An account that every Debian has, with a home and no shell.
ACCOUNT = "games" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
KIM, ALICE = "kim@ora.com", "alice@customer.example"
HOSTILE = [sender.format(mark="ran") for sender in [*HOSTILE_FORMS, *DASHED]]
BROKEN = "form = nobody\n"
NUMBERS = itertools.count(1)


def message(top="", subject="Opening hours"):
    return (f"{top}From: Alice <alice@elsewhere.example>\nTo: {KIM}\nSubject: {subject}\n"
            f"Message-ID: <{next(NUMBERS)}@customer.example>\n\nWhen are you open?\n").encode()


class Agent(unittest.TestCase):
    """A program with Kim's home; the classes below `install` its example."""

    def setUp(self):
        self.place = Workplace(self)
        self.folder = self.place.folder
        self.program = shutil.copy(BIN / "inforeply", self.folder)
        self.home = self.folder / "home"
        for name in ("inforeply.conf", "away.conf", "away.txt"):
            self.write(f"home/inforeply/{name}", (DATA / "postfix" / "forward" / name).read_text())
        with open(self.home / "inforeply" / "inforeply.conf", "a") as configuration:
            configuration.write(f"mailer = {self.place.mailer}\nlog = stderr\n")
        self.install()
        self.give_to_account()

    def write(self, path, text):
        """With the places of this test in those of the documented ones."""
        for place, own in (("/home/kim", self.home), ("/usr/bin/inforeply", self.program)):
            text = text.replace(place, str(own))
        return self.place.write(path, text)

    def give_to_account(self):
        for path in (self.folder, *self.folder.rglob("*")):
            shutil.chown(path, ACCOUNT)

    def run_as_account(self, command, stdin=b""):
        """Runs it in the folder, with an environment as poor as a mail server's."""
        other = {"user": ACCOUNT, "group": pwd.getpwnam(ACCOUNT).pw_gid, "extra_groups": []}
        return subprocess.run(
            command, input=stdin, capture_output=True, cwd=self.folder, timeout=PATIENCE,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.home), "USER": KIM, "TZ": "UTC"},
            **(other if os.geteuid() == 0 else {}))

    def break_responder(self):
        self.write("home/inforeply/away.conf", BROKEN)
        self.give_to_account()


def verdicts(done):
    """What inforeply has logged."""
    return [(found["action"], found["sender"], found["recipient"])
            for found in map(LOG_LINE.search, done.stderr.decode().splitlines()) if found]


class Delivery:
    """What is asked of every program that delivers to a mailbox, by its `command`."""

    def deliver(self, sender, content=None):
        done = self.run_as_account(self.command(sender), message() if content is None else content)
        self.assertEqual(done.returncode, 0, done.stderr)
        return verdicts(done)

    def kept(self):
        """The messages in the mailbox."""
        return [path.read_bytes() for path in (self.folder / "Maildir" / "new").iterdir()]

    def replies(self):
        return [(sent.recipient, sent.message["From"]) for sent in self.place.submissions()]

    def test_is_answered_once_and_each_message_is_kept(self):
        for action in ("replied", "suppressed"):
            self.assertEqual(self.deliver(ALICE), [(action, ALICE, KIM)])
        self.assertEqual(self.replies(), [(ALICE, f"Kim Dent <{KIM}>")])
        self.assertEqual(len(self.kept()), 2)
        self.assertIn(b"When are you open?", self.kept()[0])

    def test_a_bounce_is_kept_and_not_answered(self):
        for sender, top in (("", ""), ("MAILER-DAEMON", ""), ("", "Return-Path: <>\n")):
            [(action, _, recipient)] = self.deliver(sender, message(top))
            self.assertEqual((action, recipient), ("suppressed", KIM))
        self.assertEqual((self.replies(), len(self.kept())), ([], 3))

    def test_a_hostile_sender_runs_nothing_and_stays_who_he_is(self):
        for sender in HOSTILE:
            with self.subTest(sender):
                self.deliver(sender, message(subject="`touch ran` $(touch ran)"))
                self.assertEqual(plain([self.place.submissions()[-1].recipient]), plain([sender]))
        self.assertEqual(len(self.replies()), len(HOSTILE))
        self.assertEqual(len(self.kept()), len(HOSTILE))
        self.assertEqual(list(self.folder.rglob("ran")), [])

    def test_a_failure_keeps_one_copy_and_leaves_the_answer_out(self):
        self.break_responder()
        self.assertEqual(self.deliver(ALICE), [("deferred", ALICE, KIM)])
        self.assertEqual((self.replies(), len(self.kept())), ([], 1))

    def test_a_program_that_is_gone_keeps_one_copy(self):
        Path(self.program).unlink()
        # More than a pipe holds that nobody reads.
        self.deliver(ALICE, message() + 20_000 * b"And so on.\n")
        self.assertEqual((self.replies(), len(self.kept())), ([], 1))


@dataclass
class DovecotVersion:
    examples: str  # where they are
    settings: str  # of the tests
    own_script: str


DOVECOTS = {
    "2.3": DovecotVersion("", "mail_location = maildir:{folder}/Maildir\n",
                          "plugin {{\n  sieve = file:{path}\n}}"),
    "2.4": DovecotVersion("2.4/", "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
                          "mail_driver = maildir\nmail_path = {folder}/Maildir\n",
                          "sieve_script own {{\n  path = {path}\n}}")}
DOVECOT = DOVECOTS[subprocess.run(["dovecot", "--version"], capture_output=True, check=True, text=True)
                   .stdout[:3]]
DOVECOT.settings += ("base_dir = {folder}/run\nstate_dir = {folder}/run\nlog_path = /dev/stderr\n"
                     "ssl = no\nfirst_valid_uid = 1\n")


class Dovecot(Delivery, Agent):
    def install(self):
        """For virtual users, as the account that Dovecot delivers as."""
        self.write("main.conf", f"responders = {self.folder}/responders\nlog = stderr\n"
                   f"cache = {self.folder}/cache.mdb\nmailer = {self.place.mailer}\n")
        self.place.set_responder(f"from = Kim Dent <{KIM}>", path="responders/ora.com/kim.conf")
        example = {Path(name).name: (DATA / "dovecot" / name).read_text().replace("/etc/dovecot", str(self.folder))
                   for name in (f"{DOVECOT.examples}95-inforeply.conf", "inforeply.sieve", "inforeply")}
        self.write("inforeply.sieve", example["inforeply.sieve"])
        wrapper = example["inforeply"].replace("/usr/bin/inforeply",
                                               f"{self.program} -c {self.folder}/main.conf")
        self.place.write("sieve-pipe/inforeply", wrapper).chmod(0o755)
        self.write("dovecot.conf", DOVECOT.settings.format(folder=self.folder) +
                   example["95-inforeply.conf"])

    def command(self, sender):
        return ["/usr/lib/dovecot/dovecot-lda", "-c", f"{self.folder}/dovecot.conf",
                "-f", sender, "-a", KIM]

    def break_responder(self):
        self.place.set_responder(BROKEN, path="responders/ora.com/kim.conf")
        self.give_to_account()

    def file_letters(self, *extensions):
        """A script of Kim's own."""
        names = ", ".join(f'"{name}"' for name in ("fileinto", *extensions))
        self.write("home/own.sieve", f'require [{names}]; fileinto "INBOX.Letters";\n')
        with open(self.folder / "dovecot.conf", "a") as configuration:
            configuration.write(DOVECOT.own_script.format(path=f"{self.home}/own.sieve") +
                                "\nlda_mailbox_autocreate = yes\n")
        self.give_to_account()

    def assert_kept_in(self, letters, inbox):
        self.assertEqual((len(list(self.folder.glob("Maildir/.*Letters/new/*"))), len(self.kept())),
                         (letters, inbox))

    def test_a_users_own_script_decides_where_the_message_is_kept(self):
        self.file_letters()
        self.assertEqual(self.deliver(ALICE), [("replied", ALICE, KIM)])
        self.assert_kept_in(letters=1, inbox=0)

    def test_a_users_own_script_runs_after_a_failure(self):
        self.file_letters()
        self.break_responder()
        self.deliver(ALICE)
        self.assert_kept_in(letters=1, inbox=0)

    def test_a_users_own_script_may_run_no_program(self):
        self.file_letters("vnd.dovecot.pipe")
        self.deliver(ALICE)
        self.assert_kept_in(letters=0, inbox=1)


class Maildrop(Delivery, Agent):
    def install(self):
        for name in ("cur", "new", "tmp"):
            (self.folder / "Maildir" / name).mkdir(parents=True)
        # The last line is where the account's mailbox is here.
        self.write("home/.mailfilter", (DATA / "maildrop" / "mailfilter").read_text() +
                   f'to "{self.folder}/Maildir"\n').chmod(0o600)

    def command(self, sender):
        return ["maildrop", "-f", sender, f"{self.home}/.mailfilter"]


class Procmail(Delivery, Agent):
    def install(self):
        # procmail makes it, empty, whatever DEFAULT says.
        system_mailbox = Path("/var/mail", ACCOUNT)
        if not system_mailbox.exists():
            self.addCleanup(system_mailbox.unlink, missing_ok=True)
        (self.folder / "Maildir").mkdir()
        self.write("home/.procmailrc", f"DEFAULT={self.folder}/Maildir/\n" +
                   (DATA / "procmail" / "procmailrc").read_text())

    def command(self, sender):
        return ["procmail", "-f", sender, f"{self.home}/.procmailrc"]


class Mailbox(socketserver.ThreadingTCPServer):
    """A POP3 server with some messages."""
    daemon_threads = True

    def __init__(self, messages):
        self.messages = [each.replace(b"\n", b"\r\n") for each in messages]
        super().__init__(("127.0.0.1", 0), MailboxSession)
        self.deleted = False


class MailboxSession(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("+OK")
        for line in self.rfile:
            command, *arguments = line.decode().split()
            if command == "QUIT":
                self.say("+OK")
                return
            self.say(self.answer(command, arguments))

    def answer(self, command, arguments):
        messages = self.server.messages
        numbers = [int(arguments[0])] if arguments and arguments[0].isdigit() else range(1, len(messages) + 1)
        if command == "STAT":
            return f"+OK {len(messages)} {sum(map(len, messages))}"
        if command in ("LIST", "UIDL"):
            lines = [f"{n} {len(messages[n - 1]) if command == 'LIST' else f'id{n}'}" for n in numbers]
            return f"+OK {lines[0]}" if arguments else "\r\n".join(["+OK", *lines, "."])
        if command in ("RETR", "TOP"):
            return f"+OK\r\n{messages[numbers[0] - 1].decode()}."
        if command == "CAPA":
            return "+OK\r\nUIDL\r\nUSER\r\nTOP\r\n."
        self.server.deleted |= command == "DELE"
        return "+OK"

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


class Fetchmail(Agent):
    """The mailbox stays at the provider, and replies go out by SMTP."""

    def install(self):
        self.sink = Sink(self)
        example = (DATA / "fetchmail" / "inforeply.conf").read_text()
        # smtp-sink has neither TLS nor passwords; tests/cli/test_smtp_tls.py is about both.
        lines = [line for line in example.splitlines() if not line.startswith("smtp-")]
        self.write("home/inforeply/inforeply.conf",
                   "\n".join([*lines, ""])
                   .replace("smtps://smtp.example.net", self.sink.mailer))

    def fetch(self, *messages):
        """Returns what is logged at the first poll of a mailbox with these."""
        self.mailbox = Mailbox(messages)
        self.addCleanup(self.mailbox.server_close)
        self.addCleanup(self.mailbox.shutdown)
        threading.Thread(target=self.mailbox.serve_forever, args=(0.01,), daemon=True).start()
        example = (DATA / "fetchmail" / "fetchmailrc").read_text()
        self.write("home/.fetchmailrc", example.replace("set daemon 300\n", "")
                   .replace("pop.example.net",
                            f"127.0.0.1 service {self.mailbox.server_address[1]}")
                   .replace(" ssl keep", " sslproto '' keep")).chmod(0o600)
        self.give_to_account()
        return self.poll()

    def poll(self):
        done = self.run_as_account(["fetchmail", "--nosyslog", "--nodetach",
                                    "-f", f"{self.home}/.fetchmailrc"])
        return verdicts(done)

    def replied_to(self):
        """To whom replies went, as the envelopes say, in any order."""
        return sorted(re.findall(r"RCPT TO:<(.*)>", "\n".join(self.sink.commands())))

    def test_is_answered_once_and_stays_in_the_mailbox(self):
        top = f"Return-Path: <{ALICE}>\n"
        self.assertEqual(self.fetch(message(top), message(top)),
                         [("replied", ALICE, KIM), ("suppressed", ALICE, KIM)])
        self.assertEqual(self.poll(), [])
        [reply] = map(parse_message, self.sink.messages())
        self.assertEqual((reply["To"], reply["From"]), (ALICE, f"Kim Dent <{KIM}>"))
        self.assertFalse(self.mailbox.deleted)

    def test_a_bounce_is_not_answered_nor_what_names_no_sender_on_top(self):
        below = message(f"Received: by x.example\nReturn-Path: <{ALICE}>\n")
        self.assertEqual(self.fetch(message("Return-Path: <>\n"), message(), below),
                         3 * [("suppressed", "", KIM)])
        self.assertEqual(self.sink.messages(), [])

    def test_old_mail_is_not_answered(self):
        letter = message(f"Return-Path: <{ALICE}>\nReceived: by mx.example.net;\n"
                         "\tTue, 14 Nov 2023 22:13:20 +0000\n")
        self.assertEqual(self.fetch(letter), [("suppressed", ALICE, KIM)])

    def test_a_hostile_sender_runs_nothing_and_stays_who_he_is(self):
        self.fetch(*(message(f"Return-Path: <{sender}>\n", subject="`touch ran` $(touch ran)")
                     for sender in HOSTILE))
        self.assertEqual(sorted(plain(self.replied_to())), sorted(plain(HOSTILE)))
        self.assertEqual(list(self.folder.rglob("ran")), [])

    def test_a_failure_is_made_good_at_a_later_poll(self):
        self.break_responder()
        self.assertEqual(self.fetch(message(f"Return-Path: <{ALICE}>\n")), [("deferred", ALICE, KIM)])
        self.write("home/inforeply/away.conf", (DATA / "postfix" / "forward" / "away.conf").read_text())
        self.give_to_account()
        self.assertEqual(self.poll(), [("replied", ALICE, KIM)])
        self.assertEqual(self.poll(), [])


if __name__ == "__main__":
    main()
