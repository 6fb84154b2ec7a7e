"""Mail that is both kept and answered, on a real Postfix, while replies cannot be sent.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_keeping_a_copy.py

as root; DIR holds the built programs. What the responder defers is tried again, and the copy that is
kept must not be delivered again each time.
"""

import sys

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from postfix_server import PostfixServer
from responding_server import (ACCOUNT, RespondingServer, example_lines, example_parameters,
                               example_service, mail, main, with_program)

ALICE = "alice@customer.example"
# Accounts that every Debian has.
KEEPER, FORWARDER, OLD_FORWARDER = "news", "proxy", "backup"

COMMAND = '"|/usr/bin/inforeply"'
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
        (forward / FORWARDER).write_text(f"\\{FORWARDER}, {FORWARDER}@autoreply.ora.com\n")
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

    def test_with_the_transport_in_an_alias(self):
        self.assert_kept_once_and_answered("beside-transport@localhost")

    def test_with_the_transport_in_a_forward_file(self):
        self.assert_kept_once_and_answered(f"{FORWARDER}@localhost")

    def test_a_command_beside_a_mailbox_keeps_a_copy_at_each_try(self):
        # Why the README says so. To local(8) all of an alias is one delivery.
        for name in ("beside-command", "beside-alias", OLD_FORWARDER):
            with self.subTest(name):
                self.setUp()
                self.send_while_the_mailer_fails(f"{name}@localhost")
                self.assertEqual(self.kept(), 5)


if __name__ == "__main__":
    main()
