"""The line in the log.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_log.py
"""

import json
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True

from programs import NOW, TestCase, environment, mail

DAY = 24 * 3600


class Log(TestCase):
    def test_says_what_was_done(self):
        outcome = self.place.run(mail(), "--queue-id", "4Sm1Vk2xYz", sender="Al+x@sender.example")
        line, = outcome.log
        self.assertEqual(
            line.group("id", "sender", "recipient", "action", "reason", "detail"),
            ("4Sm1Vk2xYz", "Al+x@sender.example", "info@our.example", "replied", "-", None))

    def test_names_the_handle(self):
        self.place.set_responder("handle = holiday 2023")
        self.assertEqual(self.place.run(mail()).log[0]["handle"], r"holiday\x202023")

    def test_names_no_handle_where_there_is_none(self):
        outcome = self.place.run(mail(), recipients=["nobody@our.example"])
        self.assertEqual(outcome.log[0]["handle"], "-")

    def test_has_a_line_for_each_recipient(self):
        recipients = ["info@our.example", "a@our.example", "b@our.example"]
        outcome = self.place.run(mail(), recipients=recipients)
        self.assertEqual([line["recipient"] for line in outcome.log], recipients)

    def test_without_a_queue_id(self):
        self.assertRegex(self.place.run(mail()).log[0]["id"], r"\A[A-Z]+\Z")

    def test_the_null_sender_is_empty(self):
        self.assertEqual(self.place.run(mail(), sender="").log[0]["sender"], "")

    def test_cannot_be_forged(self):
        forged = "Q: from=<a> to=<b> action=replied reason=- handle=- delay=0.000"
        for evil in [f"x\n{forged}", f"x> {forged}", f"x\r{forged}", f"x\u2028{forged}",
                     f"x\x85{forged}", "x\x1b[2J", "\udc85\udcff"]:
            with self.subTest(evil):
                outcome = self.place.run(mail(subject=evil, message_id=evil), "--queue-id", evil,
                                         sender=f"{evil}@x.example", recipients=[evil])
                self.assertEqual(outcome.status, 0)
                line, = outcome.log
                self.assertEqual((line["action"], line["detail"]), ("suppressed", None))
                self.assertTrue(outcome.stderr.rstrip("\n").isprintable())

    def test_stays_short(self):
        outcome = self.place.run(mail(), "--queue-id", "q" * 100_000, sender="s" * 100_000,
                                 recipients=["r" * 100_000])
        self.assertLess(len(outcome.stderr), 2000)

    def test_nothing_is_printed_beside_it(self):
        self.assertEqual(self.place.run(mail()).stdout, b"")


NAMES = ["id", "from", "to", "action", "reason", "handle", "delay", "responder", "section", "detail"]
EARLY = ["action", "reason", "detail"]  # of a run that failed before there was a recipient


def parse_strictly(line):
    """An object of RFC 8259 whose names are each there once."""
    def unique(pairs):
        assert len(dict(pairs)) == len(pairs), pairs
        return dict(pairs)

    def refuse(constant):
        raise ValueError(constant)

    return json.loads(line, object_pairs_hook=unique, parse_constant=refuse)


class Json(TestCase):
    def setUp(self):
        super().setUp()
        self.place.configure("log-format = json")

    def objects(self, outcome):
        outcome.stderr.encode()  # UTF-8
        return [parse_strictly(line) for line in outcome.stderr.splitlines()]

    def logged(self, *arguments, **named):
        line, = self.objects(self.place.run(*arguments, **named))
        return line

    def test_has_the_names_of_the_text_in_its_order(self):
        self.place.set_responder("[when prices]\nsubject-contains = question\nhandle = sale 2023")
        line = self.logged(mail(), "--queue-id", "4Sm1Vk2xYz", sender="Al+x@sender.example")
        self.assertEqual(list(line), NAMES)
        self.assertIsInstance(line.pop("delay"), float)
        self.assertEqual(line, {"id": "4Sm1Vk2xYz", "from": "Al+x@sender.example",
                                "to": "info@our.example", "action": "replied", "reason": None,
                                "handle": "sale 2023", "responder": "info@our.example",
                                "section": "prices", "detail": None})

    def test_says_the_same_as_the_text(self):
        for message, arguments in ((mail(), {}), (mail(), {"sender": ""}),
                                   (mail(precedence="bulk"), {}),
                                   (mail(), {"recipients": ["nobody@our.example"]})):
            with self.subTest(message=message, **arguments):
                line = self.logged(message, **arguments)
                self.place.configure()
                self.place.cache.unlink(missing_ok=True)
                text = self.place.run(message, **arguments).log[0]
                self.place.configure("log-format = json")
                self.place.cache.unlink(missing_ok=True)
                names = {"from": "sender", "to": "recipient"}
                for name in NAMES:
                    if name != "delay":
                        value = text[names.get(name, name)]
                        self.assertEqual(line[name], None if value == "-" else value, name)

    def test_has_a_line_for_each_recipient(self):
        recipients = ["info@our.example", "a@our.example", "b@our.example"]
        lines = self.objects(self.place.run(mail(), recipients=recipients))
        self.assertEqual([line["to"] for line in lines], recipients)

    def test_a_deferral_tells_why(self):
        self.place.set_responder("handle")
        line = self.logged()
        self.assertEqual((line["action"], line["reason"]), ("deferred", "configuration"))
        self.assertIn(f"{self.place.responder}:2: ", line["detail"])

    def test_cannot_be_forged_or_broken(self):
        forged = '","action":"replied"}\n{"id":"x","action":"replied"}'
        for evil in [forged, "x\\", 'x\\"', f"x\r{forged}", f"x\u2028{forged}", f"x\x85{forged}",
                     "x\x1b[2J", "x\x7f", "\u202ex", "\U0001f600", "\udcff\udc85\udced\udca0\udc80",
                     "\udcf0\udc9f", "é"]:
            with self.subTest(evil):
                outcome = self.place.run(mail(subject=evil, message_id=evil), "--queue-id", evil,
                                         sender=f"{evil}@x.example",
                                         recipients=[evil])
                self.assertEqual(outcome.status, 0)
                self.assertTrue(outcome.stderr.replace("\n", "").isprintable(), outcome.stderr)
                line, = self.objects(outcome)
                self.assertEqual(line["action"], "suppressed")
                read = evil.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
                self.assertEqual((line["id"], line["to"]), (read, read))

    def test_stays_short(self):
        for character in ("s", "\u20ac", "\udc80", "\x01"):
            with self.subTest(character):
                much = character * 30_000
                outcome = self.place.run(mail(), "--queue-id", much, sender=much, recipients=[much])
                self.assertLess(len(outcome.stderr), 7000)
                self.assertTrue(self.objects(outcome)[0]["to"].endswith("..."))

    def test_addresses_are_left_out_if_they_are_to_be(self):
        self.place.configure("log-format = json", "log-addresses = no")
        line = self.logged()
        self.assertEqual([line[name] for name in ("from", "to", "responder")],
                         ["...@sender.example", "...@our.example", "...@our.example"])

    def test_nor_does_a_detail_name_them(self):
        said = "550 5.1.1 <alice@sender.example>, \"a b\"@sender.example: user x=y@sender.example"
        self.place.set_mailer(f"echo '{said}'; exit 67")
        self.assertIn(said, self.logged()["detail"])
        self.place.configure("log-format = json", "log-addresses = no")
        self.assertIn("550 5.1.1 <...@sender.example>, \"...@sender.example: user ...@sender.example",
                      self.logged(mail(), sender="bob@sender.example")["detail"])

    def test_names_of_files_stay(self):
        self.place.configure("log-format = json", "log-addresses = no")
        file = self.place.set_responder("handle", path="kim@our.example/info.conf")
        self.assertIn(f"{file}:2: ", self.logged(mail(), "--responder", file)["detail"])

    def test_a_run_that_fails_before_there_is_a_recipient(self):
        line = self.logged(mail(), "-n", recipients=[])
        self.assertEqual((list(line), line["action"]), (EARLY, "deferred"))
        self.assertIn("no recipient", line["detail"])

    def test_a_fault_of_the_configuration(self):
        for lines, number in ((["log-format = json", "no-such-name = x"], 2),
                              (["no-such-name = x", "log-format = json"], 1),
                              (["log-format = json", "log-format = text"], 2)):
            with self.subTest(lines):
                self.place.configure(*lines)
                line = self.logged()
                self.assertEqual((list(line), line["action"], line["reason"]),
                                 (EARLY, "deferred", "configuration"))
                self.assertIn(f"{self.place.configuration}:{number}: ", line["detail"])
        self.place.configure("log-format = json")
        line = self.logged(mail(), "--mailer", "sendmail")
        self.assertEqual((line["action"], line["reason"]), ("deferred", "usage"))

    def test_an_old_message_that_cannot_even_be_begun_with(self):
        self.place.configure("log-format = json", "require-confinement = yes")
        date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(NOW - 3 * DAY))
        line = self.logged(mail(top=f"Received: by mx; {date}\n"))
        self.assertEqual((list(line), line["action"], line["reason"]), (EARLY, "suppressed", "late"))
        line = self.logged(mail())
        self.assertEqual((line["action"], line["reason"]), ("deferred", "configuration"))

    def test_a_signal_ends_with_an_object(self):
        process = subprocess.Popen(self.place.command(), stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=environment())
        # The whole header and more of the body than a pipe holds: it is reading.
        process.stdin.write(mail("x" * 200_000))
        process.stdin.flush()
        process.terminate()
        _, stderr = process.communicate()
        line = parse_strictly(stderr)
        self.assertEqual((process.returncode, list(line), line["action"]), (75, EARLY, "deferred"))

    @unittest.skipUnless(shutil.which("strace"), "no strace here")
    def test_in_syslog_the_message_is_the_object(self):
        # With a socket that seems to be connected, syslog(3) shows what it would send.
        trace = self.place.folder / "trace"
        command = self.place.command("--log", "syslog", recipients=["nobody@elsewhere.example"])
        self.place.run_command(["strace", "-qq", "-s", "2000", "-o", str(trace), "-e",
                                "trace=connect,sendto", "-e", "inject=connect:retval=0", "-e",
                                "inject=sendto:retval=1", "--", *command])
        sent, = re.findall(r'^sendto\(\d+, "(.*)", \d+, MSG_NOSIGNAL', trace.read_text(), re.M)
        head, _, message = sent.encode().decode("unicode_escape").partition("]: ")
        self.assertRegex(head, r"^<22>.* inforeply\[\d+$")  # mail, info
        self.assertEqual(parse_strictly(message)["reason"], "no-responder")

    def test_another_format_is_a_fault(self):
        self.place.configure("", "log-format = xml")
        outcome = self.place.run()
        self.assert_deferred(outcome, f"{self.place.configuration}:2: ", "expected text or json")


if __name__ == "__main__":
    unittest.main()
