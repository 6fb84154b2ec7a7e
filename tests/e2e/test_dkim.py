"""Replies that a real OpenDKIM or Rspamd signs as a filter of a real Postfix, and what
`--check-delivery` says of them, set up as data/doc/deliverability.md tells.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_dkim.py

as root; DIR holds the built programs.
"""

import base64
import os
import shutil
import socket
import subprocess
import sys

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

import dkim

from postfix_server import PostfixServer
from responding_server import (ACCOUNT, RespondingServer, example_lines,
                               example_parameters, example_service, mail, main)
from server_ends import free_ports, wait_for

INFO = "info@ora.com"
ALICE = "alice@customer.example"
NULL_SENDER = "<>"


def make_key(file):
    """A private key; returns what DNS would say of it."""
    subprocess.run(["openssl", "genrsa", "-out", file, "2048"], check=True, capture_output=True)
    shutil.chown(file, ACCOUNT)
    file.chmod(0o600)
    public = subprocess.run(["openssl", "rsa", "-in", file, "-pubout", "-outform", "DER"],
                            check=True, capture_output=True).stdout
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


class SignedReplies(RespondingServer):
    """A filter that signs, for a domain or two."""

    milters = example_parameters("dkim/main.cf")
    keys = {}

    @classmethod
    def make_server(cls, folder):
        [cls.port] = free_ports(1)
        milters = {name: value.replace(":8891", f":{cls.port}")
                   for name, value in cls.milters.items()}
        return PostfixServer(
            folder,
            main={**example_parameters(), **milters,
                  "smtpd_null_access_lookup_key": NULL_SENDER,
                  "smtpd_sender_restrictions": "check_sender_access lmdb:$config_directory/senders"},
            master=example_service(cls.program, cls.configuration),
            maps={"virtual_alias": [f"{INFO} autoresp@autoreply.ora.com"],
                  "transport": example_lines("transport"), "senders": []})

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # After Postfix, which waits in the end until all other processes have gone.
        command = cls.configure_filter()
        log = cls.enterClassContext(open(cls.folder / "filter.log", "wb"))
        process = subprocess.Popen(command, stdout=log, stderr=log)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)

        def listening():
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]}: {(cls.folder / 'filter.log').read_text()}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", cls.port)) == 0

        wait_for(listening, f"{command[0]} to listen")

    @classmethod
    def configure_filter(cls):
        """Returns the command that runs it at `cls.port`, and sets `cls.keys`: name -> record of DNS."""
        raise NotImplementedError

    def setUp(self):
        super().setUp()
        self.postfix.write_map("senders", [])
        self.write_responder("ora.com/info", "kind = service\nfrom = Information Desk <info@ora.com>\n")

    def submit_by_smtp(self):
        self.write_configuration(f"smtp://127.0.0.1:{self.postfix.port}")

    def reply(self):
        """What arrives in answer to a message."""
        self.send(ALICE, [INFO], mail(ALICE, INFO))
        [sent] = self.postfix.sent()
        self.assertEqual((sent.sender, sent.recipients), ("", [ALICE]))
        return sent

    def signers(self, raw):
        """The domains of the signatures, each of which must be valid."""
        verifier = dkim.DKIM(raw)
        names = []
        while len(names) < len([1 for name, _ in verifier.headers if name.lower() == b"dkim-signature"]):
            self.assertTrue(verifier.verify(len(names), lambda name, **_: self.keys[name.decode()]))
            names.append(verifier.domain.decode())
        return names

    def check(self, *words, arrived=b""):
        """Status and findings, a list for each kind."""
        done = subprocess.run(
            [self.program, "-c", self.configuration, "--check-delivery", INFO, *words], input=arrived,
            user=ACCOUNT, group=ACCOUNT, extra_groups=[], capture_output=True,
            # As pipe(8) does, for the sendmail command.
            env={**os.environ, "MAIL_CONFIG": str(self.postfix.configuration)})
        self.assertEqual(done.stderr, b"")
        findings = {"ok": [], "note": [], "fault": []}
        for line in done.stdout.decode().splitlines():
            kind, _, text = line.partition(": ")
            findings[kind].append(text)
        return done.returncode, findings


class Signing:
    """What holds for each kind of filter."""

    def assert_signed(self, domain="ora.com"):
        sent = self.reply()
        self.assertEqual(self.signers(sent.raw), [domain])
        status, findings = self.check(arrived=sent.raw)
        self.assertEqual((status, findings["fault"]), (0, []))
        self.assertTrue(any(text.startswith(f"signed as d={domain} ") for text in findings["ok"]),
                        findings)
        self.assertIn("no field was lost on the way", findings["ok"])

    def test_a_reply_by_the_sendmail_command_is_signed_as_its_from_domain(self):
        self.assert_signed()

    def test_a_reply_by_smtp_is_signed_as_its_from_domain(self):
        self.submit_by_smtp()
        self.assert_signed()

    def test_another_domain_of_the_server_is_signed_as_its_own(self):
        self.write_responder("ora.com/info", "kind = service\nfrom = Desk <desk@oreilly.com>\n")
        self.assert_signed("oreilly.com")

    def test_a_domain_without_a_key_is_not_signed(self):
        self.write_responder("ora.com/info", "kind = service\nfrom = Desk <desk@foreign.example>\n")
        sent = self.reply()
        self.assertEqual(self.signers(sent.raw), [])
        status, findings = self.check(arrived=sent.raw)
        self.assertEqual(status, 75)
        self.assertIn("must sign as d=foreign.example", findings["fault"][0])

    def test_the_check_sends_a_reply_that_is_signed(self):
        for by_smtp in (False, True):
            with self.subTest(by_smtp=by_smtp):
                self.setUp()
                if by_smtp:
                    self.submit_by_smtp()
                status, findings = self.check("--to", "me@elsewhere.example")
                self.assertEqual((status, findings["fault"]), (0, []))
                self.postfix.wait_idle()
                [sent] = self.postfix.sent()
                self.assertEqual((sent.sender, sent.recipients), ("", ["me@elsewhere.example"]))
                self.assertEqual(self.signers(sent.raw), ["ora.com"])
                self.assertEqual(self.check(arrived=sent.raw)[0], 0)


class OpenDkim(Signing, SignedReplies):
    @classmethod
    def configure_filter(cls):
        key = cls.folder / "mail.private"
        record = make_key(key)
        cls.keys = {f"mail._domainkey.{domain}.": record for domain in ("ora.com", "oreilly.com")}
        lines = "\n".join(example_lines("dkim/opendkim.conf"))
        configuration = cls.folder / "opendkim.conf"
        configuration.write_text(
            lines.replace("/etc/dkimkeys/mail.private", str(key)).replace("8891", str(cls.port)) +
            # As in Debian's own file; but anybody may write into the folder above ours.
            f"\nCanonicalization relaxed/simple\nOversignHeaders From\nUserID {ACCOUNT}\n"
            "RequireSafeKeys no\n")
        return ["/usr/sbin/opendkim", "-f", "-x", configuration]

    def test_a_server_that_refuses_the_null_sender_is_found_out(self):
        self.submit_by_smtp()
        self.postfix.write_map("senders", [f"{NULL_SENDER} 550 5.7.1 null sender not accepted"])
        status, findings = self.check("--to", "me@elsewhere.example")
        self.assertEqual(status, 75)
        self.assertIn("550 5.7.1 ", findings["fault"][0])
        self.assertEqual(self.postfix.sent(), [])
        self.write_responder("ora.com/info", "kind = service\nenvelope-from = bounces@ora.com\n")
        status, findings = self.check("--to", "me@elsewhere.example")
        self.assertEqual((status, findings["fault"]), (0, []))
        self.postfix.wait_idle()
        [sent] = self.postfix.sent()
        self.assertEqual((sent.sender, self.signers(sent.raw)), ("bounces@ora.com", ["ora.com"]))


class OnlyForSmtp(OpenDkim):
    """The usual mistake: `non_smtpd_milters` is not set."""

    milters = {"smtpd_milters": SignedReplies.milters["smtpd_milters"]}

    def test_a_reply_by_the_sendmail_command_is_signed_as_its_from_domain(self):
        sent = self.reply()
        self.assertEqual(self.signers(sent.raw), [])
        status, findings = self.check(arrived=sent.raw)
        self.assertEqual(status, 75)
        [fault] = findings["fault"]
        self.assertIn("nobody has signed it", fault)
        self.assertIn("non_smtpd_milters", fault)

    test_another_domain_of_the_server_is_signed_as_its_own = None
    test_the_check_sends_a_reply_that_is_signed = None
    test_a_server_that_refuses_the_null_sender_is_found_out = None


# The part of Rspamd that speaks with Postfix and signs, alone. Its own list of public suffixes would
# take most of a minute to load.
RSPAMD = """
options {{
  filters = "dkim"; tempdir = "{folder}"; url_tld = "{folder}/suffixes";
  dns {{ nameserver = ["127.0.0.1"]; }}
}}
dkim {{ }}
logging {{ type = "console"; level = "info"; }}
worker "rspamd_proxy" {{
  bind_socket = "127.0.0.1:{port}";
  milter = yes;
  upstream "local" {{ self_scan = yes; default = yes; }}
}}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
dkim_signing {{
{signing}
}}
"""


class Rspamd(Signing, SignedReplies):
    @classmethod
    def configure_filter(cls):
        folder = cls.folder / "rspamd"
        folder.mkdir()
        shutil.chown(folder, ACCOUNT)
        for domain in ("ora.com", "oreilly.com"):
            cls.keys[f"dkim._domainkey.{domain}."] = make_key(folder / f"{domain}.dkim.key")
        (folder / "suffixes").write_text("com\nexample\n")
        signing = "\n".join(example_lines("dkim/dkim_signing.conf"))
        configuration = folder / "rspamd.conf"
        configuration.write_text(RSPAMD.format(
            folder=folder, port=cls.port,
            signing=signing.replace("/var/lib/rspamd/dkim", str(folder))))
        return ["/usr/bin/rspamd", "--no-fork", "--user", ACCOUNT, "--group", ACCOUNT,
                "--config", configuration, f"--var=DBDIR={folder}", f"--var=RUNDIR={folder}"]

    def test_an_envelope_sender_of_another_domain_is_not_signed(self):
        self.write_responder("ora.com/info", "kind = service\nenvelope-from = b@oreilly.com\n")
        self.send(ALICE, [INFO], mail(ALICE, INFO))
        [sent] = self.postfix.sent()
        self.assertEqual((sent.sender, self.signers(sent.raw)), ("b@oreilly.com", []))


if __name__ == "__main__":
    main()
