"""Mail that is both kept and answered, on a real Postfix, while replies cannot be sent.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_keeping_a_copy.py

as root; DIR holds the built programs. What the responder defers is tried again, and the copy that is
kept must not be delivered again each time.
"""

import shutil
import sys

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from postfix_server import PostfixServer
from responding_server import (ACCOUNT, EXAMPLES, RespondingServer, example_lines, example_parameters,
                               example_service, mail, main, with_program)

ALICE = "alice@customer.example"
# Accounts that every Debian has.
KEEPER, FORWARDER, OLD_FORWARDER, LONER = "news", "proxy", "backup", "irc"
FORWARD = EXAMPLES / "forward"

COMMAND = '"|/usr/bin/inforeply || exit 75"'
TRANSPORT = "autoresp@autoreply.ora.com"


class KeepingACopy(RespondingServer):
    @classmethod
    def make_server(cls, folder):
        cls.mailboxes = cls.folder / "mailboxes"
        cls.mailboxes.mkdir()
        cls.mailboxes.chmod(0o1777)
        command = with_program(COMMAND, cls.program, cls.configuration)
        forward = cls.folder / "forward"
        forward.mkdir()
        (forward / FORWARDER).write_text(cls.example("forward", FORWARDER))
        (forward / LONER).write_text(cls.example("forward-alone", LONER))
        (forward / OLD_FORWARDER).write_text(f"\\{OLD_FORWARDER}, {command}\n")
        return PostfixServer(
            folder,
            main={**example_parameters(),
                  "local_recipient_maps": "",
                  "mail_spool_directory": str(cls.mailboxes),
                  "forward_path": f"{forward}/$user",
                  # Who runs the commands of root's alias table.
                  "default_privs": ACCOUNT},
            master=example_service(cls.program, cls.configuration),
            maps={"virtual_alias": [
                      f"transport@ora.com {TRANSPORT}, {KEEPER}@localhost",
                      f"command@ora.com {KEEPER}@localhost, command-auto@localhost"],
                  "transport": example_lines("transport")},
            aliases=[f"command-auto: {command}",
                     f"beside-command: {KEEPER}, {command}",
                     f"beside-alias: {KEEPER}, command-auto",
                     f"beside-transport: {KEEPER}, {TRANSPORT}"])

    @classmethod
    def example(cls, name, user):
        """A file of data/postfix/forward, with this user in the place of Kim."""
        return ((FORWARD / name).read_text().replace("/home/kim", str(cls.folder / "home"))
                .replace("/usr/bin/inforeply", str(cls.program)).replace("kim", user))

    def make_home(self):
        """Of the user whose command has its own settings."""
        shutil.rmtree(self.folder / "home", ignore_errors=True)
        folder = self.folder / "home" / "inforeply"
        folder.mkdir(parents=True)
        for name in ("inforeply.conf", "away.conf", "away.txt"):
            (folder / name).write_text(self.example(name, LONER))
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, LONER)
        return folder

    def setUp(self):
        super().setUp()
        for name in ("ora.com", "localhost"):
            self.write_responder(name, "kind = personal\n")
        for mailbox in self.mailboxes.iterdir():
            mailbox.unlink()

    def send_while_the_mailer_fails(self, recipient):
        """Five tries, the last of them with a mailer that works."""
        mailer = self.folder / "mailer"
        mailer.write_text("#!/bin/sh\nexit 75\n")
        mailer.chmod(0o755)
        self.write_configuration(mailer)
        self.send(ALICE, [recipient], mail(ALICE, recipient))
        for _ in range(3):
            self.flush()
        self.write_configuration()
        self.flush()

    def flush(self):
        self.postfix.flush()
        self.postfix.wait_idle()

    def kept(self):
        return sum(line.startswith("From ") for mailbox in self.mailboxes.iterdir()
                   for line in mailbox.read_text().splitlines())

    def assert_kept_once_and_answered(self, recipient):
        self.send_while_the_mailer_fails(recipient)
        self.assertEqual([verdict["action"] for verdict in self.verdicts()],
                         4 * ["deferred"] + ["replied"])
        self.assertEqual(self.kept(), 1)
        [reply] = self.postfix.sent()
        self.assertEqual((reply.recipients, reply.message["From"]), ([ALICE], recipient))
        self.assertEqual(self.postfix.queue(), [])

    def test_with_the_transport_in_a_virtual_alias(self):
        self.assert_kept_once_and_answered("transport@ora.com")

    def test_with_a_command_behind_an_address_of_its_own_in_a_virtual_alias(self):
        self.assert_kept_once_and_answered("command@ora.com")

    def test_a_command_that_cannot_run_has_nothing_bounced(self):
        kept_program = self.program.with_suffix(".kept")
        self.program.rename(kept_program)
        self.addCleanup(kept_program.replace, self.program)
        self.send(ALICE, ["command@ora.com"], mail(ALICE, "command@ora.com"))
        for last in ("kill -9 $$", "exit 127"):
            self.program.write_text(f"#!/bin/sh\n{last}\n")
            self.program.chmod(0o755)
            self.flush()
            self.assertEqual((self.kept(), len(self.postfix.queue()), self.postfix.sent()), (1, 1, []))

    def test_with_the_transport_in_an_alias(self):
        self.assert_kept_once_and_answered("beside-transport@localhost")

    def test_with_the_transport_in_a_forward_file(self):
        self.assert_kept_once_and_answered(f"{FORWARDER}@localhost")

    def test_with_a_command_of_ones_own_in_a_forward_file(self):
        folder = self.make_home()
        for _ in range(2):
            self.send(ALICE, [f"{LONER}@localhost"], mail(ALICE, f"{LONER}@localhost"))
        self.assertEqual([(verdict["action"], verdict["reason"]) for verdict in self.verdicts()],
                         [("replied", "-"), ("suppressed", "recently-answered")])
        self.assertEqual(self.kept(), 2)
        [reply] = self.postfix.sent()
        self.assertEqual((reply.recipients, reply.message["From"]),
                         ([ALICE], f"Kim Dent <{LONER}@ora.com>"))
        self.assertEqual((folder / "cache.mdb").owner(), LONER)

    def test_a_command_of_ones_own_that_fails_keeps_one_copy_and_leaves_the_answer_out(self):
        folder = self.make_home()
        (folder / "away.txt").unlink()
        self.send(ALICE, [f"{LONER}@localhost"], mail(ALICE, f"{LONER}@localhost"))
        self.assertEqual([verdict["action"] for verdict in self.verdicts()], ["deferred"])
        self.assertEqual((self.kept(), self.postfix.queue(), self.postfix.sent()), (1, [], []))

    def test_a_command_beside_a_mailbox_keeps_a_copy_at_each_try(self):
        # Why data/doc/local-aliases.md says so. To local(8) all of an alias is one delivery.
        for name in ("beside-command", "beside-alias", OLD_FORWARDER):
            with self.subTest(name):
                self.setUp()
                self.send_while_the_mailer_fails(f"{name}@localhost")
                self.assertEqual(self.kept(), 5)


if __name__ == "__main__":
    main()
