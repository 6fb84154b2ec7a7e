"""The files of data/exim in a real Exim.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_exim.py

as root; DIR holds the built programs.
"""

import shutil
import sys
import unittest

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from rooted_server import RootedServer, main

CONFIGURATION = """
primary_hostname = mail.ora.com
domainlist local_domains = ora.com : oreilly.com
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
acl_smtp_rcpt = take
# As in Debian's configuration.
local_from_check = false
local_sender_retain = true
untrusted_set_sender = *
# The test has the queue run when it wants to.
queue_only
keep_environment =
tls_advertise_hosts =

begin acl
take:
  accept

begin routers
out:
  driver = manualroute
  domains = ! +local_domains
  transport = smtp
  route_list = * 127.0.0.1 byname
  self = send
.include /etc/exim4/conf.d/router/350_inforeply
mailbox:
  driver = accept
  domains = +local_domains
  local_parts = kim
  transport = mailbox

begin transports
smtp:
  driver = smtp
  port = {sink_port}
  allow_localhost
mailbox:
  driver = appendfile
  directory = /var/vmail/$local_part_data@$domain_data
  maildir_format
  user = vmail
.include /etc/exim4/conf.d/transport/30_inforeply

begin retry
* * F,2d,1h
"""


class Exim(RootedServer, unittest.TestCase):
    accounts = [("Debian-exim", 302, "/var/spool/exim4")]
    server_programs = ["usr/sbin/exim4"]
    logs = ["var/log/exim4/mainlog", "var/log/exim4/paniclog"]

    @classmethod
    def start(cls):
        (cls.root / "usr/sbin/exim4").chmod(0o4755)
        (cls.root / "usr/sbin/sendmail").symlink_to("exim4")
        for folder in ("var/spool/exim4", "var/log/exim4"):
            (cls.root / folder).mkdir(parents=True)
            shutil.chown(cls.root / folder, 302, 302)
        cls.example("exim/router", "etc/exim4/conf.d/router/350_inforeply")
        cls.example("exim/transport", "etc/exim4/conf.d/transport/30_inforeply")
        cls.put("etc/exim4/exim4.conf",
                CONFIGURATION.format(port=cls.port, sink_port=cls.sink_port))
        cls.daemon("/usr/sbin/exim4", "-bdf")

    def setUp(self):
        super().setUp()
        for name in ("input", "msglog", "db"):
            shutil.rmtree(self.root / "var/spool/exim4" / name, ignore_errors=True)

    def wait_idle(self):
        # A run of the queue delivers the message, the next one the reply to it. What waits until
        # later is left alone.
        for _ in range(2):
            self.inside("/usr/sbin/exim4", "-q")

    def flush(self):
        self.inside("/usr/sbin/exim4", "-qf")  # what is frozen stays so
        self.wait_idle()

    def waiting(self):
        return int(self.inside("/usr/sbin/exim4", "-bpc"))


if __name__ == "__main__":
    main()
