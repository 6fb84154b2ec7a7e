"""--check-config: every fault of every file in one run, and nothing delivered.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_check_config.py
"""

import os
import pwd
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

import lmdb

from check_config import CheckTestCase
from programs import BIN, mail

RESPONDERS = 3000
OTHER_ACCOUNT = 65534


class CacheSize(CheckTestCase):
    """local(8) limits the size of what a command writes, by default to 51,200,000 octets."""

    DEFAULT = 51_200_000

    def notes(self, octets, prelude=""):
        if not self.place.cache.exists():
            self.assert_replied(self.place.run())  # which makes one
        os.truncate(self.place.cache, octets)
        done = self.place.run_command(
            ["sh", "-c", f'{prelude} exec "$@"', "sh", BIN / "inforeply", "--check-config",
             "-c", self.place.configuration, "--cache", self.place.cache,
             "--responders", self.place.folder / "responders"])
        self.assertEqual((done.status, done.stderr), (0, ""))
        *notes, summary = done.stdout.decode().splitlines()
        self.assertEqual(summary, "no fault found, responders: 1")
        return notes

    def test_is_noted_from_half_of_postfixs_default_limit_on(self):
        self.assertEqual(self.notes(self.DEFAULT // 2 - 1), [])
        for octets in (self.DEFAULT // 2, self.DEFAULT + 1):
            [note] = self.notes(octets)
            self.assertTrue(note.startswith(f"{self.place.cache}: note: it has {octets} octets. "))
            self.assertIn(str(self.DEFAULT), note)
            self.assertIn("mailbox_size_limit", note)

    def test_is_noted_from_half_of_the_limit_of_this_process_on(self):
        limit = 1000 * 512
        self.assertEqual(self.notes(limit // 2 - 1, "ulimit -f 1000;"), [])
        [note] = self.notes(limit // 2, "ulimit -f 1000;")
        self.assertIn(f" {limit}, ", note)
        self.assertIn("RLIMIT_FSIZE", note)
        self.assertEqual(self.notes(self.DEFAULT, "ulimit -f 1000000;"), [])


class Run(CheckTestCase):
    """What it needs, and what it leaves alone."""

    def test_says_in_one_line_that_all_is_well(self):
        self.assert_well(1)

    def test_counts_the_responders(self):
        for path in ["our.example.conf", "our.example/sales.conf", "other.example/x.conf"]:
            self.place.set_responder(path=f"responders/{path}")
        self.assert_well(4)

    def test_a_folder_without_responders_is_noted(self):
        (self.place.folder / "none").mkdir()
        self.assert_notes([("none", "no responder is here")],
                          "--responders", self.place.folder / "none", responders=0)

    def test_needs_no_standard_input(self):
        command = ["sh", "-c", 'exec "$@" <&-', "sh", BIN / "inforeply", "--check-config",
                   "-c", self.place.configuration, "--cache", self.place.cache,
                   "--mailer", self.place.mailer,
                   "--responders", self.place.folder / "responders"]
        outcome = self.place.run_command(command)
        self.assertEqual((outcome.status, outcome.stderr), (0, ""))

    def test_does_not_wait_for_standard_input(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        self.addCleanup(os.close, reading)
        self.assert_well(1, stdin=reading)

    def test_does_not_wait_for_a_terminal(self):
        leader, follower = os.openpty()
        self.addCleanup(os.close, leader)
        self.addCleanup(os.close, follower)
        self.assert_well(1, stdin=follower)

    def test_delivers_nothing_and_leaves_nothing_behind(self):
        self.place.write(self.place.responder.parent / "list", "a@x.example\n" * 20_000)
        self.place.set_responder("never-reply-to = list")
        before = self.place.files()
        for extra in [[], ["-f", "alice@sender.example", "--", "info@our.example"]]:
            self.assert_well(1, "--cache", self.place.cache, "--mailer", self.place.mailer,
                             "--log", "stderr", *extra)
        self.assertEqual(self.place.files(), before)

    def test_what_is_wrong_with_the_command_line_is_no_fault_of_a_file(self):
        for options in (["--nonsense"], ["--log", "nowhere"], ["--mailer", "sendmail"]):
            with self.subTest(options):
                done = self.check(*options)
                self.assertEqual((done.returncode, done.stdout), (75, ""))
                self.assertIn(options[-1], done.stderr)

    def test_a_deliverys_faults_are_among_those_that_it_prints(self):
        self.place.set_responder("kind = holiday")
        outcome = self.place.run()
        self.assertEqual(outcome.status, 75)
        [fault] = self.faults()
        self.assertIn(fault, outcome.stderr)

    def test_a_full_disk_or_closed_output_is_no_success(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([BIN / "inforeply", "--check-config",
                                   "-c", self.place.configuration,
                                   "--responders", self.place.folder / "responders"],
                                  stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 75)

    def test_thousands_of_responders_in_one_run(self):
        expected = []
        for number in range(RESPONDERS):
            domain = f"d{number % 100:02}.example"
            broken = number % 10 == 0
            name = f"responders/{domain}/user{number:04}.conf"
            self.place.write(name, "text = text\n" + "nonsense\n" * broken)
            if broken:
                expected.append((name, 2))
            else:
                self.place.write(f"responders/{domain}/text", "Hello.\n")
        for domain in {os.path.dirname(name) for name, _ in expected}:
            self.place.write(f"{domain}/text", "Hello.\n")
        self.assertEqual(self.places(), sorted(expected))


class MainConfiguration(CheckTestCase):
    def test_values_that_could_never_match(self):
        self.assert_faults([("main.conf:1", "'trusted-authserv = mx example; foo'"),
                            ("main.conf:2", "'recipient-delimiter = @'")],
                           configuration="trusted-authserv = mx example; foo\n"
                                         "recipient-delimiter = @\n")

    def test_every_fault_with_its_line_in_their_order(self):
        self.assert_faults([
            ("main.conf:2", "unknown name 'colour'"),
            ("main.conf:3", "expected 'name = value'"),
            ("main.conf:4", "'cache' needs a value"),
            ("main.conf:5", "absolute"),
            ("main.conf:6", "unknown section '[main]'"),
            ("main.conf:7", "absolute path"),
            ("main.conf:8", "nowhere"),
            ("main.conf:9", "'log' is set already in line 8"),
            ("main.conf:10", "'log' is set already in line 8"),
            ("main.conf:11", "control character"),
            ("main.conf:12", "not UTF-8"),
            ("main.conf:13", "expected 'name = value'"),
            ("main.conf:14", "10 per day"),
            ("main.conf:15", "0/1d"),
            ("main.conf:16", "expected a domain"),
            ("main.conf:17", "no-such-account"),
            ("main.conf:18", "log-addresses"),
            ("main.conf:19", "not built in"),
        ], configuration="# fine\n"
                         "colour = red\n"
                         "nonsense\n"
                         "cache =\n"
                         "responders = here\n"
                         "[main]\n"
                         "mailer = sendmail\n"
                         "log = nowhere\n"
                         "log = stderr\n"
                         "log = syslog\n"
                         "queue-id = a\x07b\n"
                         "queue-id = \udcff\n"
                         "= value\n"
                         "limit = 10 per day\n"
                         "limit-sender-domain = 0/1d\n"
                         "autoreply-domain = a b\n"
                         "user = no-such-account\n"
                         "log-addresses = perhaps\n"
                         "cache = rediss://localhost\n")

    def test_a_name_set_twice_is_a_fault_where_the_command_line_sets_it_too(self):
        self.assert_faults([("main.conf:2", "'cache' is set already")],
                           "--cache", "/x", configuration="cache = /a\ncache = /b\n")

    def test_what_the_command_line_sets_is_checked_all_the_same(self):
        self.assert_faults([("main.conf:1", "http://x")], "--cache", "/x",
                           configuration="cache = http://x\n")

    def test_names_that_may_be_repeated(self):
        self.assert_well(1, configuration="autoreply-domain = a.example\n"
                                          "autoreply-domain = b.example\n"
                                          "trusted-authserv = mx.a.example\n"
                                          "trusted-authserv = mx.b.example\n")

    def test_a_file_that_others_may_write(self):
        self.place.write("open.conf", "nonsense\n").chmod(0o666)
        self.assert_faults([("open.conf", "others may write")],
                           "-c", self.place.folder / "open.conf")

    def test_a_file_that_is_not_there(self):
        self.assert_faults([("none.conf", "No such file")], "-c", self.place.folder / "none.conf")

    def test_an_account_that_does_not_run_is_a_fault(self):
        me = pwd.getpwuid(os.geteuid()).pw_name
        other = next(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != os.geteuid())
        self.assert_faults([("main.conf:2", f"user = {other}", f"runs is {me}")],
                           configuration=f"log = stderr\nuser = {other}\n")
        self.assert_well(1, configuration=f"user = {me}\n")

    def test_the_responders_are_checked_beside_it(self):
        self.place.set_responder("nonsense")
        self.assert_faults([("main.conf:1", "colour"), ("responders/our.example/info.conf:2",)],
                           configuration="colour = red\n")

    def test_its_folder_of_responders_is_the_one_that_is_checked(self):
        self.place.set_responder("nonsense", path="others/our.example/info.conf")
        configuration = self.place.configure(f"responders = {self.place.folder}/others")
        done = subprocess.run([BIN / "inforeply", "--check-config", "-c", configuration],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 75)
        self.assertTrue(done.stdout.startswith(f"{self.place.folder}/others/our.example/info.conf:2"))


class EveryDelivery(CheckTestCase):
    """What would defer all of them is a fault of the setting that it comes from."""

    def unprivileged(self):
        """The name of an account that may read the workplace and write nothing in it, and how to
        run as it."""
        if os.geteuid() != 0:
            return pwd.getpwuid(os.geteuid()).pw_name, {}
        self.place.folder.chmod(0o755)
        return (pwd.getpwuid(OTHER_ACCOUNT).pw_name,
                {"user": OTHER_ACCOUNT, "group": OTHER_ACCOUNT, "extra_groups": []})

    def test_a_cache_folder_that_is_missing(self):
        folder = self.place.folder / "none"
        self.assert_faults([("main.conf:2", f"make files in {folder}", "No such file")],
                           configuration=f"log = stderr\ncache = lmdb:{folder}/cache.mdb\n")
        self.assertFalse(folder.exists())
        self.place.write("file", "")
        self.assert_faults([("main.conf:1", "Not a directory")],
                           configuration=f"cache = {self.place.folder}/file/cache.mdb\n")

    def test_a_fault_of_an_option_or_a_default_says_so(self):
        done = self.check("--cache", "lmdb:/nonexistent/cache.mdb", "--mailer", "/nonexistent/x")
        self.assertEqual(done.returncode, 75)
        self.assertEqual([line.partition(": ")[0] for line in done.stdout.splitlines()],
                         ["option --cache", "option --mailer"])
        if not os.path.exists("/var/lib/inforeply"):
            done = subprocess.run([BIN / "inforeply", "--check-config", "-c",
                                   self.place.configuration, "--mailer", self.place.mailer,
                                   "--responders", self.place.folder / "responders"],
                                  capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout.partition(": ")[0]),
                             (75, "default of 'cache'"))

    def test_a_cache_that_the_account_may_not_write(self):
        name, account = self.unprivileged()
        store = self.place.folder / "store"
        store.mkdir()
        configuration = f"cache = {store}/cache.mdb\n"
        store.chmod(0o555)
        self.addCleanup(store.chmod, 0o755)
        self.assert_faults([("main.conf:1", f"make files in {store}", f"as {name}: Permission denied")],
                           configuration=configuration, account=account)
        store.chmod(0o755)
        self.assert_replied(self.place.run(mail(), "--cache", store / "cache.mdb"))
        for file in ["cache.mdb", "cache.mdb-lock"]:
            with self.subTest(file):
                (store / "cache.mdb").chmod(0o666)
                (store / "cache.mdb-lock").chmod(0o666)
                (store / file).chmod(0o444)
                self.assert_faults([("main.conf:1", file, f"as {name}: Permission denied")],
                                   configuration=configuration, account=account)

    def test_a_cache_that_is_none_of_ours(self):
        fault = [("main.conf:1", "not an LMDB file")]
        configuration = f"cache = {self.place.cache}\n"
        for content in [b"Not a cache.\n", bytes(8192)]:
            self.place.cache.write_bytes(content)
            self.assert_faults(fault, configuration=configuration)
            self.assertEqual(self.place.cache.read_bytes(), content)
        self.place.cache.unlink()
        self.place.cache.mkdir()
        self.assert_faults([("main.conf:1", "Is a directory")], configuration=configuration)
        self.place.cache.rmdir()
        with lmdb.open(str(self.place.cache), subdir=False) as env, env.begin(write=True) as txn:
            txn.put(b"theirs", b"1")
        self.assert_faults([("main.conf:1", "another program")], configuration=configuration)

    def test_a_cache_is_looked_at_and_left_as_it_is(self):
        before = self.place.files()
        self.assert_well(1)
        self.assertEqual(self.place.files(), before, "none is made where there is none")
        self.assert_replied(self.place.run())
        (self.place.folder / "cache.mdb-lock").unlink()
        files, content = self.place.files(), self.place.cache.read_bytes()
        self.assert_well(1)
        self.assertEqual((self.place.files(), self.place.cache.read_bytes()), (files, content))

    def test_a_cache_that_a_delivery_makes_anew_is_well(self):
        self.assert_replied(self.place.run())
        whole = self.place.cache.read_bytes()
        for content in [b"", whole[:24] + bytes(4072)]:
            self.place.cache.write_bytes(content)
            self.assert_well(1)
            self.assertEqual(self.place.cache.read_bytes(), content)

    def test_a_confinement_that_no_sendmail_command_can_have(self):
        self.assert_faults([("main.conf:2", "an SMTP mailer is")],
                           configuration=f"mailer = {self.place.mailer}\n"
                                         "require-confinement = yes\n")
        self.assert_well(1, configuration="mailer = smtp://localhost:25\n"
                                          "require-confinement = yes\n")

    def test_a_mailer_that_cannot_be_run(self):
        self.place.write("plain", "text\n")
        for mailer, words in [("none", "No such file"), ("plain", "Permission denied"),
                              ("responders", "Is a directory")]:
            with self.subTest(mailer):
                self.assert_faults([("main.conf:1", f"cannot run mailer {self.place.folder}/{mailer}",
                                     words)],
                                   configuration=f"mailer = {self.place.folder}/{mailer} -v\n")

    def test_an_smtp_server_that_cannot_be_one(self):
        for server, words in (("smtp://mail.example:smtp", "port"), ("smtp://", "no host"),
                              ("smtp+unix:run/smtp", "not absolute")):
            with self.subTest(server):
                self.assert_faults([("main.conf:1", f"mailer '{server}'", words)],
                                   configuration=f"mailer = {server}\n")
        self.assert_well(1, configuration="mailer = smtp://mail.example:587\n")

    def test_a_setting_that_is_at_fault_is_not_taken_for_its_default(self):
        self.assert_faults([("main.conf:1", "absolute"), ("main.conf:2", "not built in")],
                           configuration="mailer = sendmail\ncache = rediss://localhost\n")


class OpenFolders(CheckTestCase):
    """A folder that all may write is as bad as a file that all may."""

    def assert_open(self, folder, *options, place=None, **arguments):
        folder.chmod(0o777)
        self.assert_faults([(place or folder.relative_to(self.place.folder),
                             "others may write this folder")], *options, **arguments)
        folder.chmod(0o755)

    def test_of_responders(self):
        self.assert_open(self.place.folder / "responders")
        self.assert_open(self.place.folder / "responders" / "our.example")

    def test_of_the_main_configuration(self):
        configuration = self.place.write("etc/main.conf", "")
        self.assert_open(configuration.parent, "-c", configuration)

    def test_of_the_cache(self):
        (self.place.folder / "store").mkdir()
        self.assert_open(self.place.folder / "store", "--cache", self.place.folder / "store/cache.mdb")


if __name__ == "__main__":
    unittest.main()
