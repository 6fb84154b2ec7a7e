"""The main configuration and the responder files, and the faults in them.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_configuration.py
"""

import os
import pwd
import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, actions, mail


class Configuration(TestCase):
    """The main configuration file."""

    def run_with(self, text, *options, **arguments):
        self.place.configure(text)
        return self.place.run(mail(), *options, **arguments)

    def test_sets_options(self):
        defaults = ["--log", "--cache", "--mailer", "--responders"]
        outcome = self.run_with(
            f"# where things are\n\nlog = stderr\ncache = lmdb:{self.place.cache}\n"
            f"  mailer=  {self.place.mailer} -x  \n"
            f"responders = {self.place.folder}/responders\nqueue-id = Q\n", without=defaults)
        self.assert_replied(outcome)
        self.assertEqual(outcome.log[0]["id"], "Q")
        self.assertEqual(self.place.submissions()[0].argv[0], "-x")
        self.assertTrue(self.place.cache.exists())

    def test_sets_one_responder_for_all(self):
        file = self.place.set_responder("ignore = not-addressed")
        self.assert_replied(self.run_with(f"responder = {file}\n", recipients=["x@x.example"]))

    def test_the_command_line_goes_first(self):
        outcome = self.run_with("queue-id = FILE\nlog = syslog\ncache = /nonexistent/cache\n"
                                "mailer = /nonexistent/mailer\nresponders = /nonexistent\n",
                                "--queue-id", "LINE")
        self.assert_replied(outcome)
        self.assertEqual(outcome.log[0]["id"], "LINE")

    def test_a_hash_inside_a_value_is_kept(self):
        self.assertEqual(self.run_with("queue-id = a#b # c\n").log[0]["id"], r"a#b\x20#\x20c")

    def test_recipient_delimiter(self):
        self.assert_replied(self.run_with("", recipients=["info+tag@our.example"]))
        outcome = self.run_with("recipient-delimiter = -_\n", recipients=["info+tag@our.example"])
        self.assert_suppressed(outcome, "no-responder")
        for recipient in ["info-tag@our.example", "info_tag@our.example"]:
            outcome = self.run_with("recipient-delimiter = -_\n", recipients=[recipient])
            self.assert_suppressed(outcome, "recently-answered")

    def test_log_addresses(self):
        line = self.run_with("log-addresses = yes\n").log[0]
        self.assertEqual((line["sender"], line["recipient"]),
                         ("alice@sender.example", "info@our.example"))
        outcome = self.run_with("log-addresses = no\n")
        self.assertNotIn("alice", outcome.stderr)
        self.assertNotIn("info@", outcome.stderr)
        self.assertIn("@sender.example", outcome.log[0]["sender"])

    def test_log_addresses_keeps_the_rest_silent_too(self):
        outcome = self.run_with("log-addresses = no\n", sender="alice")
        self.assertNotIn("alice", outcome.stderr)

    def test_user(self):
        me = pwd.getpwuid(os.geteuid()).pw_name
        other = next(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != os.geteuid())
        self.assert_deferred(self.run_with(f"user = {other}\n"), "user", other)
        self.assert_deferred(self.run_with("user = no-such-account\n"), "user", "no-such-account")
        self.assert_replied(self.run_with(f"user = {me}\n"))

    def test_faults_are_named(self):
        for text, words in [
            ("\nfoo = bar\n", ["unknown name 'foo'"]),
            ("# fine\nnonsense\n", []),
            ("log = stderr\nlog = stderr\n", ["log"]),
            ("\nlog-addresses = maybe\n", ["log-addresses"]),
            ("\nmailer = sendmail\n", ["sendmail", "absolute"]),
            ("\nmailer = smtp://localhost:0\n", ["smtp://localhost:0", "port"]),
            ("\ncache = rediss://localhost\n", ["not built in"]),
            ("\nlog = nowhere\n", ["nowhere"]),
            ("\nqueue-id =\n", ["queue-id"]),
            ("\n[section]\n", ["section"]),
        ]:
            with self.subTest(text):
                file = self.place.configure(text)
                self.assert_deferred(self.place.run(mail(), without=["--log"]),
                                     f"{file}:2: ", *words)

    def test_what_belongs_to_one_delivery_cannot_be_set(self):
        for name in ["sender", "config", "dry-run", "show", "explain", "now", "help", "version", "words"]:
            with self.subTest(name):
                self.assert_deferred(self.run_with(f"{name} = x\n"), "main.conf:1: ", name)

    def test_has_to_be_there_where_it_is_named(self):
        self.assert_deferred(self.place.run(mail(), "--config", "/nonexistent.conf"),
                             "/nonexistent.conf: ", "No such file")

    def test_an_empty_name_is_no_default(self):
        for option in (["-c", ""], ["--config="]):
            self.assert_deferred(self.place.run(mail(), *option), "cannot open")

    def test_a_path_at_fault_is_not_used(self):
        self.place.configure("responders = here\n")
        outcome = self.place.run("", "--check-config", recipients=[], without=["--responders"])
        self.assertIn("'responders' needs an absolute path", outcome.stdout.decode())
        self.assertNotIn("here: ", outcome.stdout.decode())

    def test_a_folder_is_no_configuration(self):
        self.assert_deferred(self.place.run(mail(), "-c", self.place.folder), self.place.folder,
                             "not a regular file")

    def test_others_may_not_write_it(self):
        file = self.place.configure()
        file.chmod(0o666)
        self.assert_deferred(self.place.run(mail()), f"{file}: ", "others may write")


class ResponderFaults(TestCase):
    """A responder that cannot be used: the message waits, and the log says why."""

    def assert_fault(self, settings, *words, line=2):
        file = self.place.set_responder(settings)
        place = f"{file}:{line}: " if line else f"{file}: "
        self.assert_deferred(self.place.run(mail()), place, "reason=configuration", *words)

    def test_missing_file(self):
        self.assert_deferred(self.place.run(mail(), "--responder", "/nonexistent.conf"),
                             "/nonexistent.conf: ", "No such file")

    def test_missing_folder(self):
        self.assert_deferred(self.place.run(mail(), "--responders", "/nonexistent"), "/nonexistent: ")

    def test_not_a_file(self):
        self.place.responder.unlink()
        self.place.responder.mkdir()
        self.assert_deferred(self.place.run(mail()), f"{self.place.responder}: ", "not a regular file")
        self.place.responder.rmdir()
        os.mkfifo(self.place.responder)
        self.assert_deferred(self.place.run(mail()), f"{self.place.responder}: ", "not a regular file")

    def test_file_that_others_may_write(self):
        self.place.responder.chmod(0o646)
        self.assert_deferred(self.place.run(mail()), f"{self.place.responder}: ", "others may write")

    def test_text_that_others_may_write(self):
        text = self.place.responder.with_suffix(".txt")
        text.chmod(0o666)
        self.assert_deferred(self.place.run(mail()), "info.conf:1: 'info.txt': others may write")

    def test_unknown_name(self):
        self.assert_fault("\n# a comment\nfoo = bar", "unknown name 'foo'", line=4)

    def test_names_are_known_in_lower_case_only(self):
        self.assert_fault("Kind = group", "unknown name 'Kind'")

    def test_values_that_do_not_parse(self):
        for setting in ["kind = holiday", "interval = 7", "interval = 7x", "interval = -1d",
                        "interval = 1000000w", "active-from = tomorrow", "active-until = 2023-02-30",
                        "active-from = 2023-11-14T25:00", "ignore = nonsense", "precedence = a b",
                        "envelope-from = nobody", "from = a@x.example, b@x.example", "from = Office",
                        "reply-to = nobody", "address = nobody", "allow-large = maybe"]:
            with self.subTest(setting):
                self.assert_fault(setting, setting.partition(" ")[0], setting.partition(" = ")[2])

    def test_lines_that_are_no_settings(self):
        for line in ["nonsense", "= value", "kind =", "[section]", "kind = group\x01", "kind = \udcff"]:
            with self.subTest(line):
                self.assert_fault(line)

    def test_a_name_set_twice(self):
        self.assert_fault("kind = group\n\nkind = personal", "kind", "line 2", line=4)

    def test_a_period_that_ends_before_it_begins(self):
        self.assert_fault("active-from = 2023-11-15\nactive-until = 2023-11-14", "active-until", line=3)

    def test_neither_text_nor_template(self):
        file = self.place.write(self.place.responder, "kind = group\n")
        self.assert_deferred(self.place.run(mail()), f"{file}: ", "'text'", "'template'")

    def test_missing_text(self):
        file = self.place.write(self.place.responder, "kind = group\ntext = missing.txt\n")
        self.assert_deferred(self.place.run(mail()), f"{file}:2: ", "missing.txt", "No such file")

    def test_files_outside_the_folder(self):
        outside = self.place.write("outside.txt", "secret\n")
        folder = self.place.responder.parent
        (folder / "link.txt").symlink_to(outside)
        (folder / "up").symlink_to("../..")
        for name in ["../../outside.txt", outside, "link.txt", "up/outside.txt",
                     f"../{folder.name}/info.txt", "/proc/self/environ"]:
            for setting in ["text", "template"]:
                with self.subTest(name=name, setting=setting):
                    file = self.place.write(self.place.responder, f"{setting} = {name}\n")
                    self.assert_deferred(self.place.run(mail()), f"{file}:1: ", name, "outside")

    def test_files_further_down_are_fine(self):
        self.place.write(self.place.responder.parent / "texts" / "a.txt", "further down\n")
        (self.place.responder.parent / "link.txt").symlink_to("texts/a.txt")
        for name in ["texts/a.txt", "link.txt", "./texts/a.txt"]:
            with self.subTest(name):
                self.place.write(self.place.responder, f"text = {name}\n")
                self.assertEqual(self.place.preview(mail()).reply.get_content(), "further down\n")

    def test_the_other_recipients_are_answered(self):
        self.place.write("responders/our.example/broken.conf", "nonsense\n")
        recipients = ["broken@our.example", "info@our.example"]
        outcome = self.place.run(mail(), recipients=recipients)
        self.assertEqual((outcome.status, actions(outcome)),
                         (75, [("deferred", "configuration"), ("replied", "-")]))
        self.assert_sent(1)


if __name__ == "__main__":
    unittest.main()
