"""`fcc`: a copy of every reply in a Maildir, such as the owner's Sent folder.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_fcc.py
"""

import mailbox
import os
import re
import shutil
import socket
import stat
import sys
import unittest

sys.dont_write_bytecode = True

from check_config import CheckTestCase
from programs import find_unshare, mail, main
from test_confinement import Server
from traced import TRACED, kill_at, require_strace, strace

UNSHARE = find_unshare()
ROOT = os.geteuid() == 0
# By the rules of Maildir and, with info, of cur/; the host's name has neither / nor :.
NAME = re.compile(r"\d+\.M\d+P\d+Q\d+\.[^/:]+:2,S")


class MaildirTestCase(CheckTestCase):
    def setUp(self):
        super().setUp()
        self.root = self.place.folder / "vmail"
        self.sent = self.make("our.example/info/.Sent")
        self.place.configure(f"fcc-folder = {self.root}")
        self.set_fcc(self.sent)

    def make(self, name):
        folder = self.root / name
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True)
        return folder

    def set_fcc(self, path, more=""):
        return self.place.set_responder(f"fcc = maildir:{path}\n{more}")

    def copies(self, folder=None):
        return list(((folder or self.sent) / "cur").iterdir())

    def assert_nothing_else(self, folder=None):
        for part in ("tmp", "new"):
            self.assertEqual(list(((folder or self.sent) / part).iterdir()), [])

    def assert_no_copy(self, outcome, *words):
        """The reply is sent, and the log says what became of the copy."""
        self.assert_replied(outcome)
        self.assertIn("no copy: ", outcome.log[0]["detail"])
        for word in words:
            self.assertIn(str(word), outcome.log[0]["detail"])
        self.assert_sent(1)
        self.assertEqual({record["state"] for record in self.records()}, {"answered"})

    def make_cache(self):
        """By calls that are not to be disturbed."""
        self.place.set_responder()
        self.assert_replied(self.place.run(sender="bob@sender.example"))
        shutil.rmtree(self.place.calls / "1")
        self.set_fcc(self.sent)


class Copies(MaildirTestCase):
    def test_are_the_reply_as_it_was_sent(self):
        self.assert_replied(self.place.run())
        [copy] = self.copies()
        self.assertEqual(copy.read_bytes(), self.place.submissions()[0].raw)
        self.assertNotIn(b"\r", copy.read_bytes())
        self.assert_nothing_else()

    def test_are_messages_that_were_seen_and_nobody_else_may_read(self):
        self.addCleanup(os.umask, os.umask(0))
        self.assert_replied(self.place.run())
        [copy] = self.copies()
        self.assertRegex(copy.name, NAME)
        host = socket.gethostname().replace("/", r"\057").replace(":", r"\072")
        self.assertTrue(copy.name.endswith(f".{host}:2,S"), copy.name)
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        [message] = mailbox.Maildir(self.sent, create=False)
        self.assertEqual((message.get_subdir(), message.get_flags()), ("cur", "S"))
        self.assertEqual(message["To"], "Alice Sender <alice@sender.example>")

    @unittest.skipUnless(UNSHARE, "takes namespaces")
    def test_name_the_host_without_what_names_may_not_have(self):
        rename = "printf %s 'a/b:c.example' >/proc/sys/kernel/hostname; exec \"$@\""
        self.assert_replied(self.place.run_command(
            [*UNSHARE, "--uts", "sh", "-c", rename, "-", *self.place.command()], mail()))
        [copy] = self.copies()
        self.assertTrue(copy.name.endswith(r".a\057b\072c.example:2,S"), copy.name)

    def test_of_several_replies_have_names_of_their_own(self):
        recipients = ["info@our.example", "sales@our.example"]
        self.place.set_responder(f"fcc = maildir:{self.sent}", path="responders/our.example/sales.conf")
        outcome = self.place.run(mail(to=", ".join(recipients)), recipients=recipients)
        self.assertEqual(outcome.status, 0, outcome.stderr)
        self.assert_sent(2)
        self.assertEqual(len(self.copies()), 2)

    def test_go_beside_a_bcc(self):
        self.set_fcc(self.sent, "bcc = desk@our.example")
        self.assert_replied(self.place.run())
        self.assert_sent(2)
        self.assertEqual(len(self.copies()), 1)

    def test_of_a_section_are_its_own(self):
        other = self.make("our.example/sales/.Sent")
        self.set_fcc(self.sent, "[when price]\nsubject-contains = price\n"
                                f"text = info.txt\nfcc = maildir:{other}")
        self.assert_replied(self.place.run(mail(subject="Your prices")))
        self.assertEqual((len(self.copies()), len(self.copies(other))), (0, 1))

    def test_of_a_section_that_names_none_are_the_responders(self):
        self.set_fcc(self.sent, "[when price]\nsubject-contains = price\ntext = info.txt")
        self.assert_replied(self.place.run(mail(subject="Your prices")))
        self.assertEqual(len(self.copies()), 1)

    def test_change_no_handle(self):
        self.place.set_responder()
        self.assert_replied(self.place.run())
        self.set_fcc(self.sent)
        self.assert_suppressed(self.place.run(mail(message_id="<2@x>")), "recently-answered")

    def test_are_made_of_nothing_that_is_not_sent(self):
        self.assert_suppressed(self.place.run(mail(list_id="<x>")), "list")
        self.place.preview()
        self.place.set_mailer("exit 75")
        self.assertEqual(self.place.run().status, 75)
        self.place.set_mailer("exit 67")
        self.assert_suppressed(self.place.run(), "refused")
        self.assertEqual(self.copies(), [])
        self.set_fcc(self.sent, "mode = shadow")
        self.assertEqual(self.place.run().log[0]["action"], "would-reply")
        self.assertEqual(self.copies(), [])

    def test_go_where_a_link_to_the_folder_of_all_leads(self):
        link = self.place.folder / "link"
        link.symlink_to(self.root)
        self.place.configure("fcc-folder = /nowhere", f"fcc-folder = {link}//")
        self.set_fcc(link / "our.example/info/.Sent")
        self.assert_replied(self.place.run())
        self.assertEqual(len(self.copies()), 1)


class Failures(MaildirTestCase):
    def test_of_a_missing_folder(self):
        for part in ("", "tmp", "new", "cur"):
            with self.subTest(part):
                self.setUp()
                shutil.rmtree(self.sent / part)
                before = self.place.files()
                self.assert_no_copy(self.place.run(), self.sent, "No such file or directory")
                made = {name for name in self.place.files() - before if name.startswith("vmail")}
                self.assertEqual(made, set())

    def test_of_a_missing_root(self):
        shutil.rmtree(self.root)
        self.assert_no_copy(self.place.run(), f"cannot open {self.root}: No such file or directory")

    def test_of_links_on_the_way(self):
        """They could lead into somebody else's mail."""
        for name in ("info", "info/.Sent", "info/.Sent/cur", "info/.Sent/tmp", "info/.Sent/new"):
            with self.subTest(name):
                self.setUp()
                other = self.make("other.example/info/.Sent")
                link = self.root / "our.example" / name
                shutil.rmtree(link)
                link.symlink_to(self.root / "other.example" / name)
                self.assert_no_copy(self.place.run(), "a symbolic link is on the way")
                self.assertEqual([file for file in other.rglob("*") if not file.is_dir()], [])

    @unittest.skipUnless(ROOT, "takes root")
    def test_of_a_maildir_that_is_somebody_elses(self):
        os.chown(self.sent / "cur", 65534, 65534)
        self.assert_no_copy(self.place.run(), "/cur does not belong to root")
        self.assertEqual(self.copies(), [])

    def test_of_a_folder_that_others_may_write(self):
        self.root.chmod(0o777)
        self.assert_no_copy(self.place.run(), self.root, "others may write this folder")

    def test_at_any_call_lose_and_repeat_nothing(self):
        require_strace()
        for call, error in (("linkat", "EDQUOT"), ("fsync", "ENOSPC"), ("fsync", "EIO"),
                            ("linkat", "EEXIST")):
            with self.subTest(call, error=error):
                self.setUp()
                self.make_cache()
                injected = ["-o", "/dev/null", "-e", f"inject={call}:error={error}:when=1"]
                outcome = self.place.run_command([*strace(*injected), *self.place.command()], mail(),
                                                 TRACED)
                self.assert_no_copy(outcome, self.sent)
                self.assertEqual(self.copies(), [])
                self.assert_nothing_else()
                self.assert_suppressed(self.place.run(mail(message_id="<2@x>")), "recently-answered")

    @unittest.skipUnless(UNSHARE, "takes mounts")
    def test_of_a_full_disk(self):
        outcome = self.place.run_command(
            [*UNSHARE, "sh", "-ec", f"mount -t tmpfs -o size=16k none {self.sent}; cd {self.sent}; "
             "mkdir tmp new cur; head -c 16384 /dev/zero >new/full || true; "
             f"cd {self.place.folder}; \"$@\"; cd {self.sent}; test -z \"$(ls tmp cur | grep M)\"",
             "-", *self.place.command()])
        self.assert_no_copy(outcome, "No space left on device")

    def test_killed_at_any_call_repeat_no_reply(self):
        """The copy is there or not; what is left in tmp/ is what readers of Maildirs remove."""
        require_strace()
        for call in (("linkat", 1), ("fsync", 1), ("fsync", 2), ("unlinkat", 1)):
            with self.subTest(call):
                self.setUp()
                self.make_cache()
                command = self.place.command("--queue-id", "Q")
                self.place.run_command([*strace(*kill_at(call)), *command], mail(), TRACED)
                self.assert_sent(1)
                self.assertEqual({record["state"] for record in self.records()}, {"answered"})
                self.assertEqual(self.place.run(mail(), "--queue-id", "Q").status, 0)
                self.assert_sent(1)
                self.assertEqual(len(self.copies()),
                                 1 if call in (("fsync", 2), ("unlinkat", 1)) else 0)


class Settings(MaildirTestCase):
    def test_name_a_maildir_below_a_folder_that_the_administrator_names(self):
        for value, words in (
                ("/nowhere", "expected maildir:PATH"),
                ("maildir:relative", "expected maildir:PATH"),
                ("maildir:", "expected maildir:PATH"),
                ("mbox:/var/mail/info", "expected maildir:PATH"),
                (f"maildir:{self.root}/a/../b", "without '..'"),
                (f"maildir:{self.root}/..", "without '..'"),
                (f"maildir:{self.root}", f"expected a path below {self.root}/"),
                (f"maildir:{self.root}/", f"expected a path below {self.root}/"),
                (f"maildir:{self.root}//x", f"expected a path below {self.root}/"),
                (f"maildir:{self.root}-other/x", f"expected a path below {self.root}/"),
                ("maildir:/etc", f"expected a path below {self.root}/")):
            with self.subTest(value):
                place = self.place.set_responder(f"fcc = {value}")
                self.assert_deferred(self.place.run(), f"{place}:2: ", "fcc", words)
                self.assert_faults([("responders/our.example/info.conf:2", "fcc", words)],
                                   "--config", self.place.configuration)

    def test_need_such_a_folder(self):
        self.place.configure()
        self.assert_deferred(self.place.run(), "needs an 'fcc-folder' in the main configuration")
        for value in ("/", "//", "relative"):
            self.place.configure(f"fcc-folder = {value}")
            outcome = self.place.run()
            self.assertEqual(outcome.status, 75)
            self.assertIn("main.conf:1: 'fcc-folder", outcome.stderr)

    def test_are_checked(self):
        self.assert_well(1)
        self.assertEqual(self.copies(), [])
        shutil.rmtree(self.sent / "tmp")
        self.set_fcc(self.sent, "[when a]\nsubject-contains = a\n")
        self.assert_faults([("responders/our.example/info.conf:2", f"{self.sent}/tmp",
                             "No such file or directory")])

    def test_of_a_tenant_lead_into_the_folder_of_his_domain(self):
        for name, is_good in (("our.example/info/.Sent", True), ("other.example/boss/.Sent", False),
                              ("our.example.other/.Sent", False), ("boss/.Sent", False)):
            with self.subTest(name):
                self.setUp()
                folder = self.sent if is_good else self.make(name)
                place = self.set_fcc(folder)
                self.place.configure(f"fcc-folder = {self.root}", "trust-responders = none")
                outcome = self.place.run()
                if is_good:
                    self.assert_replied(outcome)
                    self.assertEqual(len(self.copies()), 1)
                    self.assert_well(1)
                else:
                    expected = f"expected a path below {self.root}/our.example/"
                    self.assert_deferred(outcome, f"{place}:2: ", expected)
                    self.assert_faults([("responders/our.example/info.conf:2", expected)])


class Confined(MaildirTestCase):
    def setUp(self):
        super().setUp()
        self.place.configure(f"fcc-folder = {self.root}", "require-confinement = yes")
        self.server = Server(self)

    def submit(self, *options):
        return self.place.run(None, "--mailer", self.server.mailer, *options)

    def test_processes_make_them(self):
        self.assert_replied(self.submit())
        [copy] = self.copies()
        self.assertEqual(copy.read_bytes().replace(b"\n", b"\r\n"), self.server.messages[0])
        self.assert_nothing_else()

    def test_processes_may_write_into_no_other_maildir(self):
        require_strace()
        self.make("our.example/other/.Sent")
        trace = self.place.folder / "trace"
        self.assert_replied(self.place.run_command(
            [*strace("-s", 400, "-e", "openat,landlock_add_rule", "-o", trace),
             *self.place.command("--mailer", self.server.mailer)], mail(), TRACED))
        permitted = [line for line in trace.read_text().splitlines() if "O_PATH" in line
                     and "vmail" in line]
        named = {line.split('"')[1] for line in permitted}
        self.assertEqual(named, {str(self.root), str(self.sent)})

    def test_processes_say_what_they_cannot(self):
        shutil.rmtree(self.sent)
        outcome = self.submit()
        self.assert_replied(outcome)
        self.assertIn("no copy: ", outcome.log[0]["detail"])


if __name__ == "__main__":
    main()
