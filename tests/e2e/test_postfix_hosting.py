"""Mailboxes of several domains, as a host of mail has them, on a real Postfix.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_postfix_hosting.py

as root; DIR holds the built programs. The files are those of data/postfix/hosting.
"""

import pwd
import shutil
import sys

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from postfix_server import PostfixServer
from responding_server import (ACCOUNT, RespondingServer, example_lines, example_parameters,
                               example_service, main)
from ways_in import KIM, OTHER_KIM, WayIn


class Hosting(WayIn, RespondingServer):
    takes_dashed = 0  # Postfix: allow_min_user = no

    @classmethod
    def make_server(cls, folder):
        cls.mailboxes = cls.folder / "mailboxes"
        cls.mailboxes.mkdir()
        shutil.chown(cls.mailboxes, ACCOUNT)
        cls.marks = cls.folder / "marks"
        cls.marks.mkdir()
        cls.marks.chmod(0o777)
        cls.mark = cls.marks / "ran"
        return PostfixServer(
            folder,
            main={"virtual_mailbox_domains": "ora.com, oreilly.com",
                  "virtual_mailbox_base": cls.mailboxes,
                  "virtual_mailbox_maps": "lmdb:$config_directory/mailboxes",
                  "virtual_minimum_uid": 1,
                  "virtual_uid_maps": f"static:{pwd.getpwnam(ACCOUNT).pw_uid}",
                  "virtual_gid_maps": f"static:{pwd.getpwnam(ACCOUNT).pw_gid}",
                  **example_parameters("hosting/main.cf")},
            master=example_service(cls.program, cls.configuration)
            + "\nvirtual unix - n n - - virtual\n",
            maps={"mailboxes": [f"{address} {address}/" for address in (KIM, OTHER_KIM)],
                  "virtual_alias": example_lines("hosting/virtual_alias"),
                  "transport": example_lines("hosting/transport")})

    @property
    def installed(self):
        return self.program

    @property
    def port(self):
        return self.postfix.port

    def setUp(self):
        super().setUp()
        for mailbox in self.mailboxes.iterdir():
            shutil.rmtree(mailbox)

    def write_configuration(self):
        super().write_configuration()
        settings = self.configuration.read_text().replace("mailer = /usr/sbin/sendmail\n", "")
        self.configuration.write_text("\n".join([settings, *example_lines("hosting/inforeply.conf"), ""]))

    def break_responder(self, name):
        (self.responders / f"{name}.conf").write_text("kind = nothing\n")

    def wait_idle(self):
        self.postfix.wait_idle()

    def flush(self):
        self.postfix.flush()
        self.postfix.wait_idle()

    def waiting(self):
        return len(self.postfix.queue())

    def sent(self):
        return self.postfix.sent()

    def kept(self, address):
        return len(list((self.mailboxes / address / "new").glob("*")))


if __name__ == "__main__":
    main()
