"""Replies submitted by SMTP through TLS and with a password, to a server that speaks as it is told.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_smtp_tls.py
"""

import base64
import contextlib
import re
import socket
import ssl
import sys
import tempfile
import threading
import time
import unittest
import warnings
from pathlib import Path

sys.dont_write_bytecode = True

from certificates import Authority
from check_config import CheckTestCase
from programs import TestCase, Workplace, mail, wait_for

USER = "replies@our.example"
PASSWORD = "correct horse: battery"
HOSTS = "DNS:localhost, IP:127.0.0.1"
EXTENSIONS = ("PIPELINING", "8BITMIME", "DSN")
PLAIN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
LOGIN = [base64.b64encode(text.encode()).decode() for text in (USER, PASSWORD)]


class Server:
    """Answers each command as `answers` says by its verb, else as usual: a text; octets, which go
    out as they are; None, which ends the connection. CONNECT stands for the greeting, TLS for the
    handshake, where anything but None is said in the clear instead."""

    def __init__(self, test, certificate, *, implicit=False, auth="", answers=None, version=None):
        self.implicit, self.auth, self.answers = implicit, auth, answers or {}
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        if version:
            self.context.minimum_version = self.context.maximum_version = version
            self.context.set_ciphers("DEFAULT:@SECLEVEL=0")  # of old versions
        self.names = []  # that clients have asked for
        self.context.sni_callback = lambda _, name, __: self.names.append(name)
        self.heard = []  # (whether through TLS, line)
        self.messages = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        test.addCleanup(self.finish)

    def mailer(self, host="127.0.0.1"):
        return f"{'smtps' if self.implicit else 'smtp+starttls'}://{host}:{self.port}"

    def finish(self):
        """Returns once every client has been served."""
        if self.thread.is_alive():
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.thread.join()
            self.listener.close()

    def commands(self):
        """What came through TLS."""
        self.finish()
        return [line for through_tls, line in self.heard if through_tls]

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # A client may leave as it likes.
                with client, contextlib.suppress(OSError, EOFError):
                    if self.implicit:
                        with self.wrap(client) as stream:
                            self.serve_client(stream, "CONNECT")
                    elif self.serve_client(client, "CONNECT", through_tls=False):
                        with self.wrap(client) as stream:
                            self.serve_client(stream, self.read_command(stream))

    def serve_client(self, stream, verb, through_tls=True):
        """Returns whether TLS is to follow."""
        while True:
            answer = self.answers.get(verb, self.usual(verb, through_tls))
            if answer is None:
                return False
            octets = answer if isinstance(answer, bytes) else f"{answer}\r\n".encode()
            stream.sendall(octets)
            if verb == "STARTTLS" and octets.startswith(b"220"):
                return True
            if verb == "DATA":
                self.messages.append(self.read_until(stream, b"\r\n.\r\n"))
                verb = "."
                continue
            verb = self.read_command(stream)

    def read_command(self, stream):
        line = self.read_until(stream, b"\r\n").decode()
        self.heard.append((isinstance(stream, ssl.SSLSocket), line))
        return re.split("[ :]", line)[0]

    def wrap(self, client):
        if "TLS" in self.answers:
            if self.answers["TLS"] is not None:
                client.recv(4096)  # what the client begins with
                client.sendall(self.answers["TLS"])
            raise EOFError
        return self.context.wrap_socket(client, server_side=True, suppress_ragged_eofs=False)

    def usual(self, verb, through_tls):
        if verb == "EHLO":
            more = [f"AUTH {self.auth}"] if through_tls and self.auth else []
            return "".join(f"250-{name}\r\n" for name in [
                "test.example", *EXTENSIONS, *([] if through_tls else ["STARTTLS"]), *more]
            ) + "250 SIZE"
        return {"CONNECT": "220 test.example", "STARTTLS": "220 go on", "DATA": "354 go on",
                "AUTH": "334 ", LOGIN[0]: "334 UGFzc3dvcmQ6", LOGIN[1]: "235 2.7.0 welcome",
                PLAIN: "235 2.7.0 welcome"}.get(verb, "250 ok")

    @staticmethod
    def read_until(stream, end):
        octets = bytearray()
        while not octets.endswith(end):
            octet = stream.recv(1)  # and nothing of the handshake that may follow
            if not octet:
                raise EOFError
            octets += octet
        return bytes(octets.removesuffix(end))


class TlsTestCase(TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="inforeply-")))
        cls.authority = Authority(folder / "authority")
        cls.other_authority = Authority(folder / "other")
        cls.good = cls.authority.issue(HOSTS)

    def server(self, *, certificate=None, **arguments):
        return Server(self, certificate or self.good, **arguments)

    def submit(self, server, *options, host="127.0.0.1", authority=None, **arguments):
        return self.place.run(mail(), "--mailer", server.mailer(host), "--smtp-ca-file",
                              (authority or self.authority).certificate, *options, **arguments)

    def login(self, password=PASSWORD, user=USER):
        file = self.place.write("password", f"{password}\nanother line\n")
        file.chmod(0o600)
        return "--smtp-user", user, "--smtp-password-file", file

    def assert_deferred_at(self, outcome, detail, reason="mailer"):
        [line] = outcome.log
        self.assertRegex(line["detail"], rf"\A{detail}\Z")
        self.assertEqual((outcome.status, line["action"], line["reason"]), (75, "deferred", reason))
        self.assertEqual(self.records(), [])


class Replies(TlsTestCase):
    def test_arrive_through_tls(self):
        for implicit in (False, True):
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                for host, name in (("127.0.0.1", None), ("localhost", "localhost")):
                    with self.subTest(implicit=implicit, version=version, host=host):
                        self.place = Workplace(self)
                        server = self.server(implicit=implicit, version=version)
                        self.assert_replied(self.submit(server, host=host))
                        verbs = [re.split("[ :]", line)[0] for line in server.commands()]
                        self.assertEqual(verbs, ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"])
                        self.assertIn("RCPT TO:<alice@sender.example> NOTIFY=NEVER", server.commands())
                        self.assertEqual(server.names, [name])
                        [message] = server.messages
                        self.assertTrue(message.endswith(b"\r\n\r\nWe are on holiday."), message)
                        clear = [line for through_tls, line in server.heard if not through_tls]
                        self.assertEqual(clear[1:], [] if implicit else ["STARTTLS"])

    def test_of_a_run_share_a_session(self):
        self.place.set_responder("bcc = desk@our.example")
        server = self.server(auth="PLAIN")
        self.assert_replied(self.submit(server, *self.login()))
        verbs = [re.split("[ :]", line)[0] for line in server.commands()]
        self.assertEqual(verbs, ["EHLO", "AUTH", PLAIN, *2 * ["MAIL", "RCPT", "DATA"], "QUIT"])

    def test_large_ones_arrive_whole(self):
        lines = "".join(f"line {number} of the price list\n" for number in range(10_000))
        self.place.write(self.place.responder.parent / "list.txt", lines)
        self.place.set_responder("attach = list.txt\nallow-large = yes")
        server = self.server(implicit=True)
        self.assert_replied(self.submit(server))
        server.finish()
        [message] = server.messages
        self.assertGreater(len(message), len(lines))

    def test_use_the_systems_certificates_unless_others_are_named(self):
        for known, named, accepted in ((self.authority, None, True),
                                       (self.other_authority, None, False),
                                       (self.authority, self.other_authority, False),
                                       (self.other_authority, self.authority, True)):
            with self.subTest(known=known.folder.name, named=named and named.folder.name):
                self.place = Workplace(self)
                server = self.server()
                options = ["--smtp-ca-file", named.certificate] if named else []
                outcome = self.place.run(mail(), "--mailer", server.mailer(), *options,
                                         variables={"SSL_CERT_FILE": str(known.certificate)})
                if accepted:
                    self.assert_replied(outcome)
                else:
                    self.assert_deferred_at(outcome, "TLS: the certificate of 127.0.0.1 is not "
                                            "accepted: unable to get local issuer certificate")

    def test_load_openssl_only_to_be_submitted_through_tls(self):
        server, plain = self.server(), self.server()
        for mailer, message, is_loaded in ((server.mailer(), mail(), True),
                                           (server.mailer(), mail(precedence="bulk"), False),
                                           (f"smtp://127.0.0.1:{plain.port}", mail(), False)):
            with self.subTest(mailer, is_loaded=is_loaded):
                self.place = Workplace(self)
                trace = self.place.folder / "trace"
                command = self.place.command("--mailer", mailer)
                self.place.run_command(["strace", "-f", "-e", "trace=%file", "-o", trace, *command],
                                       message)
                self.assertEqual(bool(re.search("libssl|libcrypto|openssl", trace.read_text())),
                                 is_loaded)
        plain.finish()
        self.assertEqual(len(plain.messages), 1)


class Handshakes(TlsTestCase):
    """That fail."""

    def test_a_certificate_that_is_not_good_enough(self):
        expired = self.authority.issue(HOSTS, days=0)
        wait_for(lambda: time.time() > expired.stat().st_mtime + 1, "the certificate to expire")
        for certificate, host, cause in (
                (self.authority.issue("DNS:*.localhost"), "localhost", "hostname mismatch"),
                (self.authority.issue("DNS:local*"), "localhost", "hostname mismatch"),
                (self.authority.issue("DNS:mail.example"), "localhost", "hostname mismatch"),
                (self.authority.issue("DNS:localhost"), "127.0.0.1", "IP address mismatch"),
                (self.authority.issue("DNS:127.0.0.1"), "127.0.0.1", "IP address mismatch"),
                (expired, "127.0.0.1", "certificate has expired"),
                (self.other_authority.issue(HOSTS), "127.0.0.1",
                 "unable to get local issuer certificate")):
            for implicit in (False, True):
                with self.subTest(cause, certificate=certificate.name, implicit=implicit):
                    self.place = Workplace(self)
                    server = self.server(certificate=certificate, implicit=implicit)
                    outcome = self.submit(server, host=host)
                    self.assert_deferred_at(outcome, f"TLS: the certificate of {host} is not "
                                            f"accepted: {cause}")
                    self.assertEqual(server.commands(), [])

    def test_a_certificate_that_is_signed_by_itself(self):
        own = self.authority.folder / "self-signed"
        own.write_text(self.authority.certificate.read_text() + self.authority.key.read_text())
        server = self.server(certificate=own)
        self.assert_deferred_at(self.submit(server, authority=self.other_authority),
                                "TLS: the certificate of 127.0.0.1 is not accepted: "
                                "self-signed certificate")

    def test_a_version_that_is_too_old(self):
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            server = self.server(version=ssl.TLSVersion.TLSv1_1, implicit=True)
        self.assert_deferred_at(self.submit(server), "TLS: .*protocol version.*")

    def test_a_handshake_that_is_cut_off(self):
        for implicit in (False, True):
            with self.subTest(implicit=implicit):
                server = self.server(implicit=implicit, answers={"TLS": None})
                self.assert_deferred_at(self.submit(server),
                                        "TLS: connection (closed by the server|lost: .*)")

    def test_a_server_that_speaks_no_tls_there(self):
        for implicit in (False, True):
            with self.subTest(implicit=implicit):
                server = self.server(implicit=implicit, answers={"TLS": b"220 test.example\r\n"})
                self.assert_deferred_at(self.submit(server), "TLS: wrong version number")

    def test_a_library_that_is_missing(self):
        broken = self.place.write("libraries/libssl.so.3", "no library\n")
        server = self.server()
        outcome = self.submit(server, variables={"LD_LIBRARY_PATH": str(broken.parent)})
        self.assert_deferred_at(outcome, r"cannot load OpenSSL for TLS: .*libssl\.so\.3: .*")


class StartTls(TlsTestCase):
    def assert_never_without(self, detail, answers):
        server = self.server(answers=answers)
        self.assert_deferred_at(self.submit(server, *self.login()), detail)
        server.finish()
        self.assertEqual([line for _, line in server.heard if not line.startswith(("EHLO", "HELO"))],
                         ["STARTTLS"] if "STARTTLS" in answers else [])
        self.assertEqual(server.messages, [])

    def test_that_is_not_offered(self):
        for answer in ("250 test.example", "250-test.example\r\n250 AUTH PLAIN LOGIN", "502 what"):
            with self.subTest(answer):
                self.assert_never_without("STARTTLS: the server does not offer it", {"EHLO": answer})

    def test_that_is_refused(self):
        for answer in ("454 4.7.0 TLS not available", "501 no parameters", "554 5.7.0 no"):
            with self.subTest(answer):
                self.assert_never_without(f"STARTTLS: {answer}", {"STARTTLS": answer})

    def test_behind_which_somebody_puts_answers(self):
        for more in (b"250-test.example\r\n250 AUTH PLAIN\r\n", b"2", b"\0"):
            with self.subTest(more):
                self.assert_never_without("TLS: the server says more before it",
                                          {"STARTTLS": b"220 go on\r\n" + more, "TLS": None})

    def test_what_was_offered_before_it_counts_no_more(self):
        class Forgetful(Server):
            def usual(self, verb, through_tls):
                if verb == "EHLO":
                    return ("250 test.example" if through_tls else
                            "250-test.example\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 DSN")
                return super().usual(verb, through_tls)

        server = Forgetful(self, self.good)
        self.assert_replied(self.submit(server))
        self.assertIn("RCPT TO:<alice@sender.example>", server.commands())
        self.place = Workplace(self)
        server = Forgetful(self, self.good)
        self.assert_deferred_at(self.submit(server, *self.login()),
                                "AUTH: the server offers neither PLAIN nor LOGIN")


class Login(TlsTestCase):
    def test_by_the_mechanism_that_is_offered(self):
        plain, login = ["AUTH PLAIN", PLAIN], ["AUTH LOGIN", *LOGIN]
        for auth, said in (("PLAIN LOGIN", plain), ("LOGIN PLAIN", plain), ("plain", plain),
                           ("CRAM-MD5 LOGIN", login)):
            for implicit in (False, True):
                with self.subTest(auth, implicit=implicit):
                    self.place = Workplace(self)
                    server = self.server(auth=auth, implicit=implicit)
                    self.assert_replied(self.submit(server, *self.login()))
                    self.assertEqual(server.commands()[1:1 + len(said)], said)
                    self.assertEqual(len(server.messages), 1)

    def test_needs_a_mechanism(self):
        for auth in ("", "CRAM-MD5 XPLAIN LOGIN-X"):
            with self.subTest(auth):
                server = self.server(auth=auth)
                self.assert_deferred_at(self.submit(server, *self.login()),
                                        "AUTH: the server offers neither PLAIN nor LOGIN")

    def test_that_is_refused_defers(self):
        for answers, detail in (({PLAIN: "535 5.7.8 wrong password"}, "535 5.7.8 wrong password"),
                                ({"AUTH": "534 5.7.9 too weak"}, "534 5.7.9 too weak"),
                                ({"AUTH": "454 4.7.0 not now"}, "454 4.7.0 not now"),
                                ({PLAIN: "334 more"}, "334 more"),
                                ({PLAIN: None}, "connection closed by the server")):
            with self.subTest(detail):
                server = self.server(auth="PLAIN", answers=answers)
                self.assert_deferred_at(self.submit(server, *self.login()), f"AUTH: {detail}")
                self.assertNotIn("MAIL FROM:<>", server.commands())

    def test_its_password_is_in_no_log(self):
        for answer in (f"535 {PASSWORD}", f"535 {PLAIN}", f"535-<{PASSWORD}> is wrong\r\n535 bye"):
            with self.subTest(answer):
                server = self.server(auth="PLAIN", answers={PLAIN: answer})
                outcome = self.submit(server, *self.login())
                self.assert_deferred_at(outcome, r"AUTH: 535 \(the rest holds the password\)")
                self.assertNotIn(PASSWORD, outcome.stderr)

    def test_is_in_no_preview(self):
        preview = self.place.preview(mail(), "--explain", "--mailer", "smtps://localhost",
                                     *self.login())
        self.assertNotIn(PASSWORD, f"{preview.table}{preview.raw}")


class Settings(CheckTestCase):
    """Are checked without a connection."""

    def setUp(self):
        super().setUp()
        self.password = self.place.write("password", f"{PASSWORD}\n")
        self.password.chmod(0o600)

    def lines(self, **settings):
        return "".join(f"{name.replace('_', '-')} = {value}\n" for name, value in settings.items())

    def assert_fault(self, line, words, **settings):
        """As --check-config says it; a delivery is deferred for the same reason."""
        configuration = self.lines(**settings)
        self.assert_faults([(f"main.conf:{line}", words)], configuration=configuration)
        self.place.configure(configuration)
        outcome = self.place.run(mail(), without=["--mailer"])
        self.assertEqual(outcome.status, 75)
        self.assertIn(words, outcome.stderr)
        self.assertNotIn(PASSWORD, outcome.stderr)

    def test_that_are_well(self):
        for mailer in ("smtp+starttls://mail.example", "smtps://mail.example:4650", "smtps://[::1]",
                       "smtp+unix:/run/smtp"):
            with self.subTest(mailer):
                self.assert_well(1, configuration=self.lines(
                    mailer=mailer, smtp_user=USER, smtp_password_file=self.password))

    def test_of_a_user_fit_each_other(self):
        tls, both = "smtps://mail.example", {"smtp_user": USER, "smtp_password_file": self.password}
        plain = "smtp://mail.example"
        self.assert_fault(2, "'smtp-user' needs a mailer smtp+starttls:", mailer=plain, **both)
        self.assert_fault(2, "'smtp-user' needs 'smtp-password-file'", mailer=tls, smtp_user=USER)
        self.assert_fault(2, "'smtp-password-file' needs 'smtp-user'", mailer=tls,
                          smtp_password_file=self.password)
        self.assert_fault(2, "'smtp-ca-file' needs a mailer smtp+starttls:", mailer=plain,
                          smtp_ca_file=self.password)

    def test_a_user_in_the_url_is_told_where_it_belongs(self):
        for url in (f"smtps://{USER}:{PASSWORD}@mail.example", f"smtp://x:{PASSWORD}@mail.example",
                    f"smtp+starttls://{USER}@mail.example:587"):
            with self.subTest(url):
                self.assert_fault(1, "a user is set by smtp-user and smtp-password-file", mailer=url)
        self.assert_fault(1, "expected the absolute path", mailer=f"smtpx://x:{PASSWORD}@mail.example")

    def test_a_password_that_others_may_read(self):
        for mode in (0o640, 0o604, 0o660, 0o666):
            with self.subTest(oct(mode)):
                self.password.chmod(mode)
                self.assert_fault(3, f"{self.password}: others ", mailer="smtps://mail.example",
                                  smtp_user=USER, smtp_password_file=self.password)

    def test_a_password_file_that_holds_none(self):
        for content, words in (("", "no password in its first line"),
                               (f"\n{PASSWORD}\n", "no password in its first line"),
                               (f"{PASSWORD}\r\n", "control character"),
                               ("a\0b\n", "control character"),
                               (f"{PASSWORD}\n" * 1000, "larger than")):
            with self.subTest(content[:10]):
                self.password.write_text(content)
                self.assert_fault(3, words, mailer="smtps://mail.example", smtp_user=USER,
                                  smtp_password_file=self.password)

    def test_a_file_that_is_missing(self):
        for name in ("smtp_password_file", "smtp_ca_file"):
            files = {"smtp_password_file": self.password, name: "/nonexistent/file"}
            with self.subTest(name):
                self.assert_fault(1 + list(files).index(name) + 2, "/nonexistent/file: cannot open",
                                  mailer="smtps://mail.example", smtp_user=USER, **files)

    def test_certificates_that_others_may_write_or_that_are_none(self):
        file = self.place.write("ca.pem", "none\n")
        self.assert_fault(1, f"cannot read the certificates of {file}: no certificate",
                          mailer="smtps://mail.example", smtp_ca_file=file)
        file.chmod(0o666)
        self.assert_fault(2, "others may write", mailer="smtps://mail.example", smtp_ca_file=file)

    def test_the_paths_are_absolute(self):
        for name in ("smtp_password_file", "smtp_ca_file"):
            with self.subTest(name):
                self.assert_fault(1, "needs an absolute path", **{name: "password"})

    def test_a_sendmail_command_needs_none_of_them(self):
        self.place.configure("smtp-user = x", "smtp-password-file = /nonexistent/file")
        self.assert_replied(self.place.run())


if __name__ == "__main__":
    unittest.main()
