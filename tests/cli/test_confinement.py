"""A process that reads a message can do little: the built program is confined before it reads, and
what it does then still works.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_confinement.py

What the kernel refuses to a confined process is the unit test confinement_test.
"""

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from programs import TestCase, Workplace, environment, mail, main, parse_message, wait_for
from traced import TRACED, require_strace, strace

PROFILE = Path(__file__).resolve().parents[2] / "data/apparmor/usr.bin.inforeply"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Server:
    """An SMTP server on loopback that takes all it is given."""

    def __init__(self, test, address="127.0.0.1"):
        self.socket = socket.create_server((address, 0))
        test.addCleanup(self.socket.close)
        self.mailer = f"smtp://{address}:{self.socket.getsockname()[1]}"
        self.messages = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with contextlib.suppress(ConnectionError), client, client.makefile("rwb") as stream:
                self.speak(stream)

    def speak(self, stream):
        def say(line):
            stream.write(line + b"\r\n")
            stream.flush()

        say(b"220 ready")
        for line in stream:
            if line.startswith(b"DATA"):
                say(b"354 go on")
                lines = iter(stream.readline, b".\r\n")
                self.messages.append(b"".join(each.removeprefix(b".") for each in lines))
            say(b"250 done")


def status_of(process):
    """The lines of /proc/PID/status."""
    text = Path(f"/proc/{process.pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines())


class Reading(TestCase):
    def test_begins_in_a_confined_process(self):
        """It waits for the first octet of its message, which never comes."""
        for options in (["--mailer", "smtp://127.0.0.1:9"], ["--mailer", "smtps://127.0.0.1:9"],
                        ["--mailer", "smtp://server.example"], ["--mailer", "smtp+unix:/socket"],
                        ["-n"]):
            with self.subTest(options=options):
                process = subprocess.Popen(self.place.command(*options), stdin=subprocess.PIPE,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                           cwd=self.place.folder, env=environment())
                with process:
                    wait_for(lambda: status_of(process)["Seccomp"] == "2", "the confinement")
                    self.assertEqual(status_of(process)["NoNewPrivs"], "1")
                    process.kill()

    def test_leaves_a_sendmail_command_its_rights(self):
        trace = self.start_and_trace()
        self.assertIn("read(0,", trace)
        for call in ("PR_SET_NO_NEW_PRIVS", "seccomp(", "landlock"):
            self.assertNotIn(call, trace)

    def test_begins_when_all_is_in_force(self):
        for options in (["--mailer", "smtp://127.0.0.1:9"], ["-n"],
                        ["--cache", "no-such:kind://x"]):  # nothing but whether it is late counts
            with self.subTest(options=options):
                trace = self.start_and_trace(*options)
                reading = trace.index("read(0,")
                for call in ("landlock_restrict_self(", "seccomp(SECCOMP_SET_MODE_FILTER"):
                    line = trace[trace.index(call):].partition("\n")[0]
                    self.assertTrue(line.endswith(" = 0"), line)
                    self.assertLess(trace.index(call), reading)

    def start_and_trace(self, *options):
        require_strace()
        trace = self.place.folder / "trace"
        self.place.run_command([*strace("-o", trace), *self.place.command(*options)], mail(), TRACED)
        return trace.read_text()


class Confined(TestCase):
    def setUp(self):
        super().setUp()
        self.server = Server(self)

    def submit(self, message=None, *options, **arguments):
        return self.place.run(message, "--mailer", self.server.mailer, *options, **arguments)

    def reply(self):
        [message] = self.server.messages
        return parse_message(message.replace(b"\r\n", b"\n"))

    def test_replies_with_files_of_its_own_to_a_charset_of_a_module(self):
        folder = self.place.responder.parent
        self.place.write(folder / "page.html", '<p>Preise</p><img src="cid:logo.png">')
        for name in ("logo.png", "prices.pdf"):
            self.place.write(folder / "files" / name, b"octets of " + name.encode())
        self.place.set_responder("html = page.html\ninline = files/logo.png\n"
                                 "attach = files/prices.pdf\nquote = 2\n")
        message = mail("", subject="=?iso-2022-jp?B?GyRCTjk5VBsoQg==?=",
                       content_type="text/plain; charset=windows-1251").rstrip(b"\n") + \
            b"\n\n" + "Привет\n".encode("windows-1251")
        self.assert_replied(self.submit(message))
        reply = self.reply()
        self.assertEqual(reply["Subject"], "Auto: 旅行")
        self.assertIn("> Привет", reply.get_body(("plain",)).get_content())
        self.assertEqual([part.get_filename() for part in reply.walk() if part.get_filename()],
                         ["logo.png", "prices.pdf"])
        self.assertEqual(self.records()[0]["state"], "answered")

    def test_finds_what_links_lead_to(self):
        """The responders, the domain's folder, the file and the cache are elsewhere."""
        real = Workplace(self).folder
        place = self.place.folder
        shutil.move(place / "responders" / "our.example", real / "customer")
        shutil.move(real / "customer" / "info.conf", real / "info.conf")
        (real / "customer" / "info.conf").symlink_to(real / "info.conf")
        shutil.move(place / "responders", real / "folder")
        (real / "folder" / "our.example").symlink_to(real / "customer")
        (place / "responders").symlink_to(real / "folder")
        (real / "caches").mkdir()
        (place / "cache.mdb").symlink_to(real / "caches" / "real.mdb")
        self.assert_replied(self.submit())
        self.assert_suppressed(self.submit(mail(message_id="<other@sender.example>")),
                               "recently-answered")
        self.assertTrue((real / "caches" / "real.mdb").exists())
        self.assertEqual(len(self.server.messages), 1)

    def test_keeps_an_index_of_a_list(self):
        folder = self.place.responder.parent
        self.place.write(folder / "list", "".join(f"p{n}@list.example\n" for n in range(1000)))
        self.place.set_responder("never-reply-to = list\n")
        state = self.place.folder / "state"
        state.mkdir()

        def index_is_made():  # once the list is old enough
            self.assert_suppressed(self.submit(None, "--cache", state / "cache.mdb",
                                               sender="p7@list.example"), "excluded")
            return list(state.glob("cache.mdb-lists/*"))

        wait_for(index_is_made, "the index")

    def test_takes_a_responder_and_a_cache_by_relative_paths(self):
        self.place.write("own/one.conf", "text = one.txt\n")
        self.place.write("own/one.txt", "One.\n")
        self.assert_replied(self.submit(None, "--responder", "own/one.conf",
                                        "--cache", "relative.mdb"))
        self.assertTrue((self.place.folder / "relative.mdb").exists())

    def test_tells_local_time(self):
        self.place.set_responder("active-from = 2023-11-01\nactive-until = 2023-12-01T01:00Z\n",
                                 "Until ${active_until}.\n")
        self.assert_replied(self.submit(variables={"TZ": "Asia/Tokyo"}))
        self.assertIn("Until 2023-12-01 10:00.", self.reply().get_content())

    def test_finds_a_server_by_its_name(self):
        name = socket.gethostname()
        try:
            address = socket.getaddrinfo(name, None, socket.AF_INET)[0][4][0]
        except OSError:
            self.skipTest("this machine does not know its own name")
        self.server = Server(self, address)
        self.server.mailer = self.server.mailer.replace(address, name)
        self.assert_replied(self.submit())


class Lacking(TestCase):
    """strace answers calls as a kernel without them does."""

    def run_without(self, *injected, log="stderr", recipient="info@our.example"):
        require_strace()
        trace = self.place.folder / "trace"
        options = [word for each in injected for word in ("-e", f"inject={each}")]
        outcome = self.place.run_command(
            [*strace("-s", 400, "-o", trace, *options),
             *self.place.command("--mailer", "smtp://127.0.0.1:9", "--log", log,
                                 recipients=[recipient])], variables=TRACED)
        return outcome, trace.read_text()

    def test_defers_where_it_is_required_and_is_named(self):
        self.place.configure("require-confinement = yes")
        for call, error, named in (
                ("landlock_create_ruleset", "ENOSYS", "Landlock: Function not implemented"),
                ("landlock_create_ruleset", "EOPNOTSUPP", "Landlock: Operation not supported"),
                ("landlock_restrict_self", "EPERM", "Landlock: Operation not permitted"),
                ("seccomp", "EINVAL", "seccomp: Invalid argument"),
                ("prctl", "EPERM", "no_new_privs: Operation not permitted")):
            with self.subTest(call=call, error=error):
                outcome, _ = self.run_without(f"{call}:error={error}")
                self.assertEqual(outcome.status, 75, outcome.stderr)
                self.assertIn(f"require-confinement = yes: {named}", outcome.stderr)

    def test_old_versions_of_landlock_are_said_to_be_too_old(self):
        self.place.configure("require-confinement = yes")
        outcome, _ = self.run_without("landlock_create_ruleset:retval=2:when=1")
        self.assertEqual(outcome.status, 75, outcome.stderr)
        self.assertIn("Landlock: version 2 ", outcome.stderr)

    def test_is_said_at_level_debug_and_deliveries_go_on(self):
        nobody = "nobody@elsewhere.example"
        outcome, _ = self.run_without("landlock_create_ruleset:error=ENOSYS", recipient=nobody)
        self.assert_suppressed(outcome, "no-responder")
        # With a socket that seems to be connected, syslog(3) shows what it would send.
        _, trace = self.run_without("landlock_create_ruleset:error=ENOSYS", "connect:retval=0",
                                    "sendto:retval=1", log="syslog", recipient=nobody)
        lines = [line for line in trace.splitlines() if line.startswith("sendto(")]
        said = [line for line in lines if "Landlock: Function not implemented" in line]
        self.assertEqual(len(said), 1, lines)
        self.assertIn('"<23>', said[0])  # mail, debug (RFC 5424, 6.2.1)


class Profile(unittest.TestCase):
    @unittest.skipUnless(shutil.which("apparmor_parser", path=SYSTEM_PATH), "no apparmor_parser here")
    def test_of_apparmor_is_one(self):
        done = subprocess.run(["apparmor_parser", "--skip-kernel-load", "--skip-cache", PROFILE],
                              capture_output=True, text=True,
                              env={"PATH": SYSTEM_PATH, "LC_ALL": "C"})
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertNotIn("error", done.stderr.lower())


class Required(TestCase):
    def setUp(self):
        super().setUp()
        self.place.configure("require-confinement = yes")

    def test_a_sendmail_command_defers(self):
        outcome = self.place.run()
        self.assert_deferred(outcome, "require-confinement = yes", "sendmail command")

    def test_a_confined_process_replies(self):
        server = Server(self)
        self.assert_replied(self.place.run(None, "--mailer", server.mailer))
        self.assertEqual(len(server.messages), 1)

    def test_a_dry_run_needs_no_smtp(self):
        self.assertEqual(self.place.preview().verdict, "verdict: reply")


if __name__ == "__main__":
    main()
