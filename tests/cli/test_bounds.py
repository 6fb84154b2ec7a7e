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

    def assert_deferred_in_little_memory(self, *words):
        message = mail(From="\u65e5" * 250 + " <alice@sender.example>", subject="\U00020000" * 250)
        peak, outcome = self.place.peak_memory(message)
        self.assertEqual(outcome.status, 75)
        for word in words:
            self.assertIn(word, outcome.stderr)
        if not SANITIZED:
            self.assertLess(peak, MEMORY_LIMIT)

    def test_placeholders_make_no_reply_larger_than_it_may_be(self):
        large = "allow-large = yes"
        for settings, text in [
            ("", "${sender_name}" * 4300),
            (large, ("${subject}" * 6 + "\n") * 17_000),
            (large, ("${subject}" * 3 + "\n" + "x" * 64 + "\n") * 1350),  # just below 4 MiB
            (large + "\nhtml = info.txt", "${sender_name} " * 60_000),
            ("", "${date}" * 9000),
        ]:
            with self.subTest(settings + text[:20]):
                self.place.set_responder(settings, text)
                self.assert_deferred_in_little_memory("the reply has too many octets")
        self.place.set_template("Subject: " + "${subject}" * 5000 + "\n\nAway.\n")
        self.assert_deferred_in_little_memory("the reply has too many octets")

    def test_a_text_of_placeholders_alone_takes_little_memory(self):
        self.place.set_responder("allow-large = yes", "${date}" * 149_000)
        self.assert_small(mail())

    def test_a_responder_file_takes_little_memory(self):
        """Each section inherits what stands above it."""
        sections = "".join(f"[when {number}]\nsender = @a\n" for number in range(100))
        files = "".join(f"attach = f{number}\n" for number in range(50))
        self.place.set_responder("subject = " + "${date}" * 20_000 + "\n" + files + sections)
        self.assert_deferred_in_little_memory("'f0'")
        for lines in ["address=a@b\n", "sender=@a\n"]:
            count = 250_000 // len(lines)
            self.place.set_responder(("[when x]\n" if "sender" in lines else "") + lines * count)
            self.assert_small(mail(From=None), "-", "recently-answered")

    def test_the_parts_of_a_responder_are_bounded(self):
        for settings, line, words in [
            ("".join(f"[when {n}]\nsender = @a\n" for n in range(101)), 202, "over 100 sections"),
            ("attach = info.txt\n" * 51, 52, "over 50 times 'attach'"),
            ("html = info.txt\n" + "inline = info.txt\n" * 51, 53, "over 50 times 'inline'"),
            ("".join(f"text.{a}{b} = info.txt\n" for a in "abcde" for b in "abcdefghij"), 51, "over 50 languages"),
            ("# comment\n" * 26_300, "", "larger than 262144 octets"),
        ]:
            with self.subTest(words):
                self.place.set_responder(settings)
                self.assert_deferred(self.place.run(), f"{self.place.responder}:{line}", words)
        self.place.set_template("Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * 101
                                + "--b--\n")
        self.assert_deferred(self.place.run(), "info.template:", "over 100 parts")

    def test_regular_expressions_look_at_the_beginning_of_a_subject(self):
        for count, verdict in [(995, "inside"), (996, "We are on holiday.")]:
            with self.subTest(count):
                self.place.write("responders/our.example/inside.txt", "inside\n")
                self.place.set_responder("[when a]\nsubject-matches = price\ntext = inside.txt")
                preview = self.place.preview(mail(subject="\u65e5" * count + "price"))
                self.assertEqual(preview.reply.get_content().strip(), verdict)

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
