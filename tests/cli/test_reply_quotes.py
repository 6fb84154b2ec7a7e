"""What replies quote of the messages that they answer.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_reply_quotes.py
"""

import base64
import quopri
import sys
import unittest

sys.dont_write_bytecode = True

from mail_parsers import ReplyTestCase
from programs import mail

MAX_LINES = 20
MAX_OCTETS = 2048


def quoted_lines(text):
    """The paragraphs of quoted, flowed text (RFC 3676, 4.1 and 4.5), without their marks."""
    lines = []
    flows = False
    for line in text.splitlines():
        if not line.startswith(">"):
            flows = False
            continue
        content = line[1:].removeprefix(" ")
        if flows:
            lines[-1] += content
        else:
            lines.append(content)
        flows = content.endswith(" ")
    return lines


class QuoteTestCase(ReplyTestCase):
    def quote(self, message, setting):
        """What the reply quotes; it must be bounded, and below the reply's own text."""
        self.place.set_responder(f"quote = {setting}", "We are on holiday.\n")
        text = self.reply(message).body.text
        own, _, quote = text.partition("\n\n")
        self.assertEqual(own.rstrip("\n"), "We are on holiday.")
        lines = quoted_lines(quote)
        self.assertLessEqual(len(lines), MAX_LINES)
        self.assertLessEqual(sum(len(f"> {line}\n".encode()) for line in lines), MAX_OCTETS)
        return lines

    def assert_quoted(self, expected, message, setting=MAX_LINES):
        self.assertEqual(self.quote(message, setting), expected)


class Headers(QuoteTestCase):
    def test_say_which_message_was_answered(self):
        message = mail("Secret.\n", date="Tue, 14 Nov 2023 22:00:00 +0000",
                       subject="=?koi8-r?B?8NLJ18XU?=", x_other="hidden",
                       From="=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?= <alice@sender.example>")
        self.assert_quoted(["From: 日本 <alice@sender.example>", "To: info@our.example",
                            "Date: Tue, 14 Nov 2023 22:00:00 +0000", "Subject: Привет",
                            "Message-ID: <question@sender.example>"], message, "headers")

    def test_are_short_however_long_the_fields_are(self):
        message = mail(subject="日" * 5000, to=", ".join(["info@our.example"] + ["x@x.example"] * 5000))
        self.assertEqual([line.partition(":")[0] for line in self.quote(message, "headers")],
                         ["From", "To", "Subject", "Message-ID"])

    def test_forge_no_line(self):
        lines = self.quote(mail(subject="=?utf-8?Q?a=0D=0A=0D=0Ab=E2=80=A8c=E2=80=AEd?="), "headers")
        self.assertIn("Subject: a    b cd", lines)


class Lines(QuoteTestCase):
    def test_are_quoted_as_far_as_the_setting_goes(self):
        body = "".join(f"line {number}\n" for number in range(1, 31))
        self.assert_quoted(["line 1", "line 2", "line 3 …"], mail(body), 3)
        self.assert_quoted(["line 1", "line 2", "line 3"], mail("line 1\nline 2\nline 3\n"), 3)
        self.assertEqual(len(self.quote(mail(body), 20)), 20)

    def test_are_none_by_default(self):
        self.assertEqual(self.reply(mail("Secret.\n")).body.text, "We are on holiday.\n")
        self.assert_quoted([], mail("Secret.\n"), "none")

    def test_are_two_kibibytes_at_most(self):
        for body in ["x" * 5000 + "\n", "word " * 2000 + "\n", "日本語" * 5000 + "\n",
                     "word word word\n" * 2000, ("日" * 300 + "\n") * 30, "👩🏽\u200d💻" * 900 + "\n",
                     ("x" * 150 + "\n") * 20]:
            with self.subTest(body[:20]):
                lines = self.quote(mail(body), 20)
                self.assertTrue(lines[-1].endswith("…"), lines)

    def test_leave_out_the_senders_own_quotes_and_signature(self):
        self.assert_quoted(["Question one", "", "Question two"],
                           mail("Question one\n\n> You wrote\n> much\n\n\nQuestion two\n-- \nAlice\nMD\n"))

    def test_are_of_the_text_not_of_html_or_attachments(self):
        message = mail("--b\n"
                       "Content-Type: multipart/alternative; boundary=c\n\n"
                       "--c\nContent-Type: text/html\n\n<p>in html</p>\n"
                       "--c\nContent-Type: text/plain\n\nin text\n--c--\n"
                       "--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nattached\n"
                       "--b\nContent-Type: text/plain; name=x.txt\n\nnamed\n"
                       "--b--\n", content_type="multipart/mixed; boundary=b")
        self.assert_quoted(["in text"], message)

    def test_of_html_alone_are_made_into_text(self):
        message = mail("<html><body><p>Hello <b>there</b></p></body></html>\n",
                       content_type="text/html")
        quoted = " ".join(self.quote(message, 20))
        self.assertIn("Hello there", quoted)
        self.assertNotIn("<", quoted)

    def test_of_attachments_alone_are_none(self):
        message = mail("--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nattached\n"
                       "--b--\n", content_type="multipart/mixed; boundary=b")
        self.assert_quoted([], message)

    def test_are_read_in_every_charset_and_encoding(self):
        for charset, text in [("iso-2022-jp", "日本語のお問い合わせ"), ("koi8-r", "Здравствуйте"),
                              ("windows-1252", "“Größe” – 5 €"), ("utf-8", "👩🏽\u200d💻")]:
            octets = f"{text}\n".encode(charset)
            for encoding, body in [("8bit", octets), ("base64", base64.encodebytes(octets)),
                                   ("quoted-printable", quopri.encodestring(octets))]:
                for parameter in (f"charset={charset}", f'charset="{charset.upper()}"',
                                  f"charset*=us-ascii'en'{charset}",
                                  f"charset*0={charset[:4]};\n charset*1={charset[4:]}"):
                    with self.subTest((charset, encoding, parameter)):
                        message = mail("", content_type=f"text/plain; {parameter}",
                                       content_transfer_encoding=encoding) + body
                        self.assert_quoted([text], message)

    def test_of_flowed_text_are_its_paragraphs(self):
        message = mail("One paragraph \nin two lines.\nAnother.\n",
                       content_type="text/plain; format=flowed")
        self.assert_quoted(["One paragraph in two lines.", "Another."], message)

    def test_disturb_nothing_around_them(self):
        self.assert_quoted(["abc", "d e"], mail("a\u202eb\u2066c\x07\x1b\nd\te\u202c\n"))

    def test_stand_below_the_first_text_of_a_template(self):
        self.place.set_template("Content-Type: multipart/mixed; boundary=b\n\n"
                                "--b\n\nHello.\n--b\n\nMore.\n--b--\n", "quote = 5")
        first, second = self.reply(mail("My question\n")).body.leaves
        self.assertTrue(first.text.startswith("Hello.\n"))
        self.assertEqual(quoted_lines(first.text), ["My question"])
        self.assertEqual(second.text, "More.\n")

    def test_are_escaped_in_html(self):
        self.place.write(self.place.responder.parent / "info.html",
                         "<html><body><p>Hello.</p></body></html>\n")
        self.place.set_responder("html = info.html\nquote = 5", "Hello.\n")
        plain, html = self.reply(mail("<script>x</script> & more\n")).body.leaves
        self.assertEqual(quoted_lines(plain.text), ["<script>x</script> & more"])
        self.assertIn("&lt;script&gt;x&lt;/script&gt; &amp; more", html.text)
        self.assertLess(html.text.index("&lt;script"), html.text.index("</body>"))

    def test_ask_for_a_number_that_there_may_be(self):
        for value in ["0", "21", "-1", "all", "1.5"]:
            with self.subTest(value):
                file = self.place.set_responder(f"quote = {value}")
                self.assert_deferred(self.place.run(), f"{file}:2: ", f"quote = {value}")


if __name__ == "__main__":
    unittest.main()
