"""Large messages take little memory.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_bounds.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import MEMORY_LIMIT, SANITIZED, TestCase, Workplace, mail


class Bounds(TestCase):
    MIB = 1024 * 1024

    def assert_small(self, message, *reasons):
        peak, outcome = self.place.peak_memory(message)
        self.assertEqual(outcome.status, 0, outcome.stderr[:1000])
        line, = outcome.log
        self.assertIn(line["reason"], reasons or ["-"])
        if not SANITIZED:
            self.assertLess(peak, MEMORY_LIMIT)
        return line

    def test_a_body_of_50_mb(self):
        self.assert_small(mail("A line of text in a body.\n" * 2_000_000))

    def test_a_body_that_is_one_line_of_50_mb(self):
        self.assert_small(mail("x" * 50_000_000))

    def test_a_header_of_1_mib_is_decided_on_its_beginning(self):
        line = self.assert_small(mail(x_padding="x" * self.MIB, auto_submitted="auto-replied"))
        self.assertIn("header", line["detail"])

    def test_a_header_of_1_mib_of_any_make(self):
        for name, field in [
            ("tiny fields", "X:\n" * (self.MIB // 3)),
            ("tiny folds", "Subject: x" + "\n x" * (self.MIB // 3) + "\n"),
            ("tiny addresses", "To: " + "@," * (self.MIB // 2) + "\n"),
            ("addresses", "Cc: " + "Name <a@x.example>, " * (self.MIB // 20) + "\n"),
            ("message ids", "References: " + "<1@x> " * (self.MIB // 6) + "\n"),
            ("encoded-words", "Subject: " + "=?utf-8?Q?x?= =?big5?Q?y?= " * (self.MIB // 28) + "\n"),
            ("comments", "Auto-Submitted: no " + "(" * self.MIB + "\n"),
            ("combining", "Subject: e" + "\u0301" * (self.MIB // 2) + "\n"),
            ("no fields", "x" * self.MIB + "\n"),
            ("nothing", "\0" * self.MIB),
            ("8 bits", "From: " + "\udcff" * self.MIB + "\n"),
        ]:
            with self.subTest(name):
                place = self.place = Workplace(self)
                place.set_responder("ignore = not-addressed\nignore = system-sender")
                self.assert_small(mail(top=field, to=None, From=None))

    def test_what_is_hardly_a_message(self):
        self.place.set_responder("interval = 0\nignore = not-addressed")
        for message in [b"", b"\n", b"\r\n", b"\0", b":", b"From ", b"From \n", b" ", b"a", b"a:",
                        b"\xff" * 9, b"To: <", b"To: \"", b"Subject: =?", b"\n\n\n", b"From:\n\n"]:
            with self.subTest(message):
                self.assert_replied(self.place.run(message))

    def test_network_line_ends(self):
        message = mail(subject="=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n aus =?utf-8?Q?K=C3=B6ln?=",
                       auto_submitted="no").replace(b"\n", b"\r\n")
        self.assertEqual(self.place.preview(message).reply["Subject"], "Auto: Grüße aus Köln")

    def test_a_field_in_the_body_is_none(self):
        self.assertEqual(self.place.preview(mail("List-Id: x\n")).verdict, "verdict: reply")


if __name__ == "__main__":
    unittest.main()
