"""The files of data/opensmtpd in a real OpenSMTPD.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_opensmtpd.py

as root; DIR holds the built programs.
"""

import os
import re
import sys
import unittest
from pathlib import Path

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from rooted_server import ROOT, RootedServer, main
from server_ends import wait_for

CONFIGURATION = """
listen on 127.0.0.1 port {port}
action "out" relay host smtp+notls://127.0.0.1:{sink_port}
match from local for any action "out"
"""


class OpenSmtpd(RootedServer, unittest.TestCase):
    accounts = [("opensmtpd", 302, "/var/lib/opensmtpd/empty"),
                ("opensmtpq", 303, "/var/lib/opensmtpd/empty")]
    server_programs = ["usr/sbin/smtpd", "usr/sbin/smtpctl", "usr/libexec/opensmtpd/mail.maildir",
                       "usr/libexec/opensmtpd/mail.mda"]
    logs = []
    takes_quoted = False
    takes_dashed = 1

    @classmethod
    def start(cls):
        (cls.root / "var/lib/opensmtpd/empty").mkdir(parents=True)
        (cls.root / "var/spool").mkdir()
        (cls.root / "var/run").symlink_to("/run")
        # Version 7.6 does not start without them.
        certificates = Path("/etc/ssl/certs/ca-certificates.crt")
        cls.put(certificates.relative_to("/"), certificates.read_text() if certificates.exists() else "")
        smtpctl = cls.root / "usr/sbin/smtpctl"
        os.chown(smtpctl, 0, 303)
        smtpctl.chmod(0o2755)
        (cls.root / "usr/sbin/sendmail").symlink_to("smtpctl")
        for name in ("mailboxes", "responders"):
            cls.example(f"opensmtpd/{name}", f"etc/mail/{name}")
        cls.example("opensmtpd/inforeply.conf", "etc/inforeply/inforeply.conf")
        cls.put("etc/smtpd.conf", (ROOT / "data/opensmtpd/smtpd.conf").read_text()
                + CONFIGURATION.format(port=cls.port, sink_port=cls.sink_port))
        cls.daemon("/usr/sbin/smtpd", "-d")

    def setUp(self):
        super().setUp()
        self._start = len(self.log())

    def tearDown(self):
        self.inside("/usr/sbin/smtpctl", "remove", "all")
        super().tearDown()

    def log(self):
        return (self.root / "daemon.log").read_text(errors="replace")

    def results(self, start):
        """What came of each delivery, by its ID; the last one counts."""
        return dict(re.findall(r"delivery evpid=(\w+).* result=\"?(\w+)", self.log()[start:]))

    def wait_idle(self):
        # The log has each recipient, before it says that the message was taken. A reply has been
        # taken before the delivery that it comes from is over.
        def idle():
            log = self.log()[self._start:]
            due = sum(2 if name == "kim" else 1 for name in re.findall(r"smtp envelope .* to=<(.*)@", log))
            return len(self.results(self._start)) == due

        wait_for(idle, "all deliveries to have been tried")

    def deferred(self):
        return {delivery for delivery, result in self.results(self._start).items()
                if result == "TempFail"}

    def flush(self):
        deferred, start = self.deferred(), len(self.log())
        self.inside("/usr/sbin/smtpctl", "schedule", "all")
        wait_for(lambda: deferred <= set(self.results(start)), "what waits to be tried again")
        self.wait_idle()

    def waiting(self):
        return len(self.deferred())


if __name__ == "__main__":
    main()
