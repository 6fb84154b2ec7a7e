"""Messages that are made to take long, much memory, or a way that nobody thought of.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_hostile_input.py
"""

import random
import sys
import unittest

sys.dont_write_bytecode = True

from programs import MEMORY_LIMIT, SANITIZED, TestCase, mail

KIB = 1024
FIELD = 200 * KIB
BODY = 64 * KIB


def multipart(boundary="b", name="boundary", kind="multipart/mixed"):
    return f'{kind}; {name}="{boundary}"'


class HostileTestCase(TestCase):
    """What every message comes to: status 0, a line in the log, little memory; and not more
    work than a program does in the patience of the tests."""

    def setUp(self):
        super().setUp()
        self.place.set_quiet_mailer()
        self.place.set_responder("interval = 0\nignore = not-addressed\nignore = system-sender\n"
                                 "subject = Auto: ${subject} ${sender_name}\nquote = 20\n"
                                 "[when asked]\nsubject-matches = (a+)+$\n"
                                 "body-contains = what nobody says\nquote = headers",
                                 "${subject} ${sender_name} ${message_id}\n")
        self.place.configure("trusted-authserv = mx.our.example",
                             "autoreply-domain = auto.our.example")

    def assert_harmless(self, message, *reasons):
        """Decided for one of the reasons; `-` is a reply. Without any: whatever it is."""
        peak, outcome = self.place.peak_memory(message)
        self.assertEqual(outcome.status, 0, outcome.stderr[:1000])
        [line] = outcome.log
        if reasons:
            self.assertIn(line["reason"], reasons)
        if not SANITIZED:
            self.assertLess(peak, MEMORY_LIMIT)


class Fields(HostileTestCase):
    def test_as_many_as_fit_with_a_large_reply(self):
        many = "a:\n" * 78_000
        message = mail(top=many)
        for settings in ["attach = large", "template = large.eml"]:
            with self.subTest(settings):
                text = "" if "template" in settings else "text = info.txt\n"
                self.place.write("responders/our.example/large", b"\0" * 3_000_000)
                self.place.write("responders/our.example/large.eml",
                                 "Content-Type: text/plain\n\n" + "A line of text.\n" * 60_000)
                self.place.write(self.place.responder, f"{text}allow-large = yes\ninterval = 0\n"
                                 f"ignore = not-addressed\n{settings}\n")
                self.assert_harmless(message, "-")

    def test_between_which_a_filter_has_its_own(self):
        many = "a:\n" * 20_000
        for message in [mail(top="X-Spam-Flag: YES\n" + many), mail(top=many, x_spam_flag="YES")]:
            self.assert_harmless(message, "spam")

    def test_that_were_too_many_are_logged(self):
        outcome = self.place.run(mail(top="a:\n" * 3000))
        self.assertEqual(outcome.log[0]["detail"],
                         "header over 3000 fields, some in its middle were not looked at")


class Bodies(HostileTestCase):
    def fill(self, piece, size=BODY):
        return piece * (size // len(piece) + 1)

    def test_nothing_but_boundaries(self):
        for body in ["--b\n", "--b--\n", "--b\n\n", "--b\n--b--\n", "--b\r\n", "--", "-", "--\n",
                     "--b \t\n", "--b\n:\n", "--b\n \n", "--b\nContent-Type: multipart/x; boundary=b\n\n"]:
            for kind in ["multipart/mixed", "multipart/digest", "multipart/"]:
                with self.subTest(body=body, kind=kind):
                    self.assert_harmless(mail(self.fill(body), content_type=multipart(kind=kind)), "-")

    def test_ten_thousand_parts(self):
        part = "--b\nContent-Type: text/plain\n\nx\n"
        self.assert_harmless(mail(part * 10_000 + "--b--\n", content_type=multipart()), "-")
        self.assert_harmless(mail("--b\n\n" * 10_000, content_type=multipart()), "-")

    def test_a_report_among_the_last_of_many_parts(self):
        part = "--b\nContent-Type: text/plain\n\nx\n"
        report = "--b\nContent-Type: message/delivery-status\n\nx\n--b--\n"
        count = (BODY - len(report)) // len(part)
        self.assert_harmless(mail(part * count + report, content_type=multipart()), "report")
        self.assert_harmless(mail(part * (count + 100) + report, content_type=multipart()), "-")

    def nested(self, depth, inner="x\n"):
        body = "".join(f"--{number}\nContent-Type: {multipart(number + 1)}\n\n"
                       for number in range(depth))
        return mail(body + f"--{depth}\n{inner}", content_type=multipart(0))

    def test_multiparts_in_multiparts(self):
        for depth in [1, 31, 32, 33, 100, 5000]:
            with self.subTest(depth):
                self.assert_harmless(self.nested(depth), "-")

    def test_a_report_as_deep_as_anybody_looks(self):
        report = "Content-Type: message/delivery-status\n\nx\n"
        self.assert_harmless(self.nested(20, report), "report")
        self.assert_harmless(self.nested(1000, report), "-")

    def test_multiparts_that_all_have_the_same_boundary(self):
        inner = f"--b\nContent-Type: {multipart()}\n\n"
        self.assert_harmless(mail(inner * 5000, content_type=multipart()), "-")

    def test_boundaries_that_are_the_beginning_of_others(self):
        inner = "".join(f"--{'b' * number}\nContent-Type: {multipart('b' * (number + 1))}\n\n"
                        for number in range(1, 200))
        self.assert_harmless(mail(inner + "--b--\n", content_type=multipart()), "-")

    def test_a_boundary_of_100_kib(self):
        for boundary in ["b" * 100 * KIB, "-" * 100 * KIB, "\\b" * 50 * KIB, "b;" * 50 * KIB,
                         "=" * 100 * KIB]:
            with self.subTest(boundary[:3]):
                self.assert_harmless(mail("--b\n\nx\n--b--\n", content_type=multipart(boundary)))
                self.assert_harmless(mail("-" * BODY, content_type=multipart(boundary)))

    def test_boundaries_that_are_none(self):
        for given in ["", " ", "\"", "\\", "\0", "b\\", "--"]:
            for content_type in [f"multipart/mixed; boundary={given}",
                                 f"multipart/mixed; boundary=\"{given}", "multipart/mixed"]:
                with self.subTest(content_type):
                    self.assert_harmless(mail(self.fill("--b\n--\n"), content_type=content_type))

    def test_many_content_types(self):
        types = [multipart(number) for number in range(1000)]
        body = "".join(f"--{number}\n\nx\n" for number in range(1000))
        self.assert_harmless(mail(body, content_type=types), "-")

    def test_enclosed_messages(self):
        inner = "--b\nContent-Type: message/rfc822\n\n" + "X: y\n" * 10 + "\n"
        self.assert_harmless(mail(inner * 1000, content_type=multipart()), "-")
        huge = "--b\nContent-Type: message/rfc822\n\nReferences: " + "<1@x>" * 12_000 + "\n"
        self.assert_harmless(mail(huge, content_type=multipart()), "-")
        russian = "--b\nContent-Type: message/rfc822\n\n" + \
                  "Content-Type: message/rfc822\n\n" * 2000
        self.assert_harmless(mail(russian, content_type=multipart()), "-")

    def test_part_headers_of_any_make(self):
        for line in ["X:\n", "x\n", " \n", " x\n", ":\n", "Content-Type: x\n",
                     "Content-Disposition: x; filename=a.exe.txt\n", "(\n", "\"\n", "\0\n"]:
            with self.subTest(line):
                self.assert_harmless(mail("--b\n" + self.fill(line), content_type=multipart()), "-")

    def test_octets_at_random(self):
        chance = random.Random(3834)
        for _ in range(10):
            body = chance.randbytes(BODY).replace(b"x", b"\n--b\n")
            self.assert_harmless(mail("", content_type=multipart()) + body)


class Headers(HostileTestCase):
    def test_sixty_thousand_short_fields(self):
        for field in ["a:\n", "a:b\n", "To:\n", "From:\n", "Sender:\n", "Received:\n", "References:\n",
                      "Cc:a\n", "Content-Type:\n", "Message-ID:\n", "x\n", ":\n", "\t\n", "X-*:\n"]:
            with self.subTest(field):
                self.assert_harmless(mail(top=field * 60_000))
                self.assert_harmless(mail(top=field * 60_000, From=None, to=None))

    def test_authentication_results_without_end(self):
        for field in ["Authentication-Results: mx.our.example\n", "Authentication-Results:\n",
                      "Authentication-Results: mx.our.example; dmarc=pass\n"]:
            with self.subTest(field):
                self.assert_harmless(mail(top=field * (FIELD // len(field))), "-")

    PIECES = [",", ";", "(", ")", "()", '"', '""', "<", ">", "<>", "@", ":", "\\", "=", "a,", "a;",
              "a@b,", "<a@b>,", "(a", '"a', '\\"', '\\(', "a ", "[", "[]", "=?", "?=", "=?utf-8?Q?a?= ",
              "\n ", "\n\t,", "\udcff", "é", "/", "*", "%", "+", "x=y;", "x=\"y\";", "a:b;", "- ",
              "=?utf-8?Q?=", "=?big5?B?pHCk?= ", "\0", "\x7f", "e\u0301", ".", "..", "--"]
    FIELDS = ["To", "Content-Type", "Authentication-Results", "X-Spam-Status", "From", "Subject",
              "Auto-Submitted", "Precedence", "References", "In-Reply-To", "Message-Id",
              "X-Auto-Response-Suppress", "Content-Disposition", "X-Forefront-Antispam-Report",
              "Return-Path", "Resent-Bcc", "X-Mailer", "Feedback-Id", "Delivered-To", "Date",
              "X-Foo-MailScanner-SpamCheck"]

    def test_a_field_of_200_kib_of_one_piece(self):
        for field in self.FIELDS:
            for piece in self.PIECES:
                with self.subTest(field=field, piece=piece):
                    value = piece * (FIELD // len(piece.encode("utf-8", "surrogateescape")))
                    outcome = self.place.run(mail(**{field: value}))
                    self.assertEqual(outcome.status, 0, outcome.stderr[:1000])
                    self.assertEqual(len(outcome.log), 1)

    def test_a_field_of_200_kib_takes_little_memory(self):
        for field in self.FIELDS[:6]:
            for piece in [",", "(", '"', "a@b,", "x=y;", "=?utf-8?Q?a?= "]:
                with self.subTest(field=field, piece=piece):
                    self.assert_harmless(mail(**{field: piece * (FIELD // len(piece))}))

    def test_a_field_of_200_kib_with_a_right_beginning(self):
        for field, begin in [("Content-Type", 'multipart/mixed; boundary="b"; '),
                             ("Authentication-Results", "mx.our.example; dmarc=pass "),
                             ("X-Spam-Status", "No, "), ("To", "info@our.example, "),
                             ("From", "Alice <alice@sender.example>, "), ("Auto-Submitted", "no; "),
                             ("Subject", "Re: "), ("Message-Id", "<1@x.example> ")]:
            for piece in [",", ";", "(", '"', "x=y;", "a@b,", "\\", "=?utf-8?Q?"]:
                with self.subTest(field=field, piece=piece):
                    self.assert_harmless(mail(**{field: begin + piece * (FIELD // len(piece))}))

    def test_a_name_of_200_kib(self):
        for name in ["X" * FIELD, "X-" * (FIELD // 2), "*" * FIELD, "X-MailScanner" * (FIELD // 13)]:
            with self.subTest(name[:20]):
                self.assert_harmless(mail(top=f"{name}: x\n"), "-")
                self.assert_harmless(mail(top=f"{name}\n"), "-")

    def test_octets_at_random(self):
        chance = random.Random(5322)
        for size in [1, 100, 10_000, 300_000]:
            for _ in range(5):
                with self.subTest(size):
                    self.assert_harmless(chance.randbytes(size))
                    self.assert_harmless(mail(top="X: ")[:-2] + chance.randbytes(size))

    def test_a_message_that_is_cut_anywhere(self):
        whole = mail("--b\nContent-Type: message/rfc822\n\nMessage-ID: <1@x>\n\nx\n--b--\n",
                     content_type=multipart(), cc="A (b) <a@x.example>, G: b@x.example;",
                     references="<1@x> <2@x>", subject="=?utf-8?Q?x?= y",
                     authentication_results="mx.our.example; dmarc=fail (x)")
        for end in range(0, len(whole), 7):
            outcome = self.place.run(whole[:end])
            self.assertEqual((outcome.status, len(outcome.log)), (0, 1))


class Envelopes(HostileTestCase):
    def test_addresses_in_addresses(self):
        for address in ["SRS0=" * 40 + "a@x.example", "prvs=" * 40 + "a@x.example",
                        "SRS1=a==" * 25 + "@x.example", "btv1==" * 30 + "@x.example",
                        "a" + "+caf_=" * 30 + "@x.example", "a+SRS=" * 30 + "@x.example",
                        "=" * 60 + "@x.example", "#" * 60 + "@auto.our.example",
                        "=".join("ab" * 30) + "@auto.our.example", '"' + "@" * 200 + '"@auto.our.example',
                        '"' + '\\"' * 100 + '"@auto.our.example', "a@" + "b." * 120 + "example",
                        "ü" * 60 + "@" + "ü." * 40 + "example", "a@" + "xn--" * 15 + ".example",
                        "a@xn--.example", "a@xn--a-\u00fc.example"]:
            with self.subTest(address):
                outcome = self.place.run(sender=address, recipients=["info@our.example", address])
                self.assertEqual((outcome.status, len(outcome.log)), (0, 2), outcome.stderr[:1000])

    def test_a_thousand_recipients(self):
        recipients = [f"user{number}@our.example" for number in range(999)] + ["info@our.example"]
        outcome = self.place.run(recipients=recipients)
        self.assertEqual(outcome.status, 0)
        self.assertEqual([line["reason"] for line in outcome.log], ["no-responder"] * 999 + ["-"])


if __name__ == "__main__":
    unittest.main()
