"""What a reply is made of: texts, HTML, images, attachments and templates, read back by two parsers.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_reply_formats.py
"""

import base64
import quopri
import sys
import unittest

sys.dont_write_bytecode = True

from mail_parsers import ReplyTestCase
from programs import MEMORY_LIMIT, SANITIZED, mail, unflowed

OCTETS = bytes(range(256)) * 3
HTML = """<!DOCTYPE html>
<html><head><title>Holiday</title><style>p { color: red }</style></head>
<body><h1>Grüße</h1><p>We are back on <b>Monday</b>; see
<a href="https://our.example/hours?a=1&amp;b=2">our opening hours</a>.</p>
<p><img src="cid:logo.png" alt="Our logo"></p></body></html>
"""
WITHOUT_IMAGE = HTML.replace("cid:logo.png", "https://our.example/logo.png")


class FormatTestCase(ReplyTestCase):
    def set_files(self, *settings, **files):
        """A responder of these settings, and files beside it by their names; `_` is a dot."""
        self.write_files({name.replace("_", "."): content for name, content in files.items()})
        self.place.write(self.place.responder, "".join(f"{line}\n" for line in settings))

    def write_files(self, files):
        for name, content in files.items():
            self.place.write(self.place.responder.parent / name, content)

    def encoding(self, text):
        """The transfer encoding of a text, which must arrive as it is."""
        self.place.set_responder("allow-large = yes", text)
        raw = self.place.preview().raw
        self.assertEqual(unflowed(self.read(raw).body.text), text)
        return raw.partition(b"\nContent-Transfer-Encoding: ")[2].partition(b"\n")[0].decode()


class Text(FormatTestCase):
    def test_ascii_needs_no_encoding(self):
        self.assertEqual(self.encoding("We are on holiday.\n\nSee you.\n"), "7bit")

    def test_a_few_letters_beyond_ascii_are_quoted_printable(self):
        self.assertEqual(self.encoding("Wir sind am Montag zurück, = wieder da.\n" * 3),
                         "quoted-printable")

    def test_other_scripts_are_base64(self):
        self.assertEqual(self.encoding("休暇中です。\nمكتبنا مغلق\n👩🏽‍💻\n" * 3), "base64")

    def test_long_lines_arrive_whole(self):
        for word in ["word ", "Wörter ", "日本語 ", "x", "ü", "日", "😀"]:
            with self.subTest(word):
                line = (word * 5000)[:5000].rstrip(" ")
                self.encoding(f"before\n{line}\nafter\n")

    def test_lines_that_look_like_marks_arrive_as_they_are(self):
        for last in ["", "ü\n", "日本語の長い文章です。\n" * 5]:
            with self.subTest(last):
                self.encoding(".\n..\n.x\nFrom me\n>From me\n> quoted\n>> twice\n indented\n--\n"
                              "--boundary\n=20\n=\n==_x\n\n\n-- \nThe office\n" + last)

    def test_blanks_at_the_end_of_lines_join_nothing(self):
        self.place.set_responder("", "one  \ntwo \t\nthree\n")
        text = unflowed(self.reply().body.text)
        self.assertEqual([line.rstrip() for line in text.splitlines()], ["one", "two", "three"])

    def test_says_what_it_is(self):
        body = self.reply().body
        self.assertEqual((body.tree, body.charset, body.disposition), ("text/plain", "utf-8", ""))


class Html(FormatTestCase):
    def test_alone_comes_with_a_text_made_from_it(self):
        self.set_files("html = info.html", info_html=WITHOUT_IMAGE)
        body = self.reply().body
        self.assertEqual(body.tree, "multipart/alternative(text/plain, text/html)")
        plain, html = body.leaves
        self.assertEqual(html.text, WITHOUT_IMAGE)
        for word in ["Grüße", "We are back on", "Monday", "our opening hours"]:
            self.assertIn(word, plain.text)
        self.assertNotIn("<b>", plain.text)

    def test_shows_its_links_in_the_text_made_from_it(self):
        self.set_files("html = info.html", info_html=WITHOUT_IMAGE)
        plain, _ = self.reply().body.leaves
        self.assertIn("our opening hours <https://our.example/hours?a=1&b=2>", unflowed(plain.text))

    def test_says_nothing_of_its_head_in_the_text_made_from_it(self):
        self.set_files("html = info.html", info_html=WITHOUT_IMAGE)
        plain, _ = self.reply().body.leaves
        self.assertNotIn("color", plain.text)
        self.assertNotIn("Holiday", plain.text)

    def test_follows_the_text(self):
        self.set_files("text = info.txt", "html = info.html", info_txt="Hällo.\n",
                       info_html="<p>Hällo.</p>\n")
        body = self.reply().body
        self.assertEqual(body.tree, "multipart/alternative(text/plain, text/html)")
        self.assertEqual([part.text for part in body.leaves], ["Hällo.\n", "<p>Hällo.</p>\n"])

    def test_escapes_what_placeholders_stand_for(self):
        self.set_files("text = info.txt", "html = info.html", info_txt="${subject}\n",
                       info_html='<p title="${subject}">${subject}</p>\n')
        body = self.reply(mail(subject="<script>a & 'b' \"c\"</script>")).body
        plain, html = (part.text for part in body.leaves)
        self.assertEqual(plain, "<script>a & 'b' \"c\"</script>\n")
        for character in ["<script>", "& ", '"c"']:
            self.assertNotIn(character, html)
        self.assertIn("&lt;script&gt;", html)

    def test_of_long_lines_arrives_as_it_is(self):
        html = "<p>" + "word " * 1000 + "</p><p>" + "x" * 5000 + "</p>\n"
        self.set_files("text = info.txt", "html = info.html", info_txt="x\n", info_html=html)
        self.assertEqual(self.reply().body.leaves[1].text, html)

    def test_comes_with_its_images_and_the_attachments(self):
        self.set_files("text = info.txt", "html = info.html", "inline = images/logo.png",
                       "attach = list.pdf", "attach = note.txt", info_txt="Hello.\n",
                       info_html=HTML, list_pdf=OCTETS, note_txt="Grüße\n")
        self.write_files({"images/logo.png": OCTETS[::-1]})
        body = self.reply().body
        self.assertEqual(body.tree,
                         "multipart/mixed(multipart/related(multipart/alternative(text/plain, "
                         "text/html), image/png), application/pdf, text/plain)")
        plain, html, image, pdf, note = body.leaves
        self.assertEqual((plain.text, html.text), ("Hello.\n", HTML))
        self.assertEqual((image.content_id, image.disposition, image.name, image.octets),
                         ("logo.png", "inline", "logo.png", OCTETS[::-1]))
        self.assertEqual((pdf.disposition, pdf.name, pdf.octets), ("attachment", "list.pdf", OCTETS))
        self.assertEqual((note.disposition, note.name, note.charset, note.octets),
                         ("attachment", "note.txt", "utf-8", "Grüße\n".encode()))

    def test_may_refer_to_its_images_in_any_form_of_a_url(self):
        for html in ['<img src="cid:logo.png">', "<img src='cid:logo.png'>", "<img src=cid:logo.png>",
                     '<img src="CID:logo.png">', "<p style='background: url(cid:logo.png)'>"]:
            with self.subTest(html):
                self.set_files("text = info.txt", "html = info.html", "inline = logo.png",
                               info_txt="x\n", info_html=html, logo_png=OCTETS)
                body = self.reply().body
                self.assertEqual([part.name for part in body.leaves], ["", "", "logo.png"])

    def test_of_a_language_comes_with_the_images_that_it_shows(self):
        self.set_files("html = info.html", "html.de = info.de.html", "inline = logo.png",
                       info_html=WITHOUT_IMAGE, info_de_html=HTML, logo_png=OCTETS)
        tree = self.reply(mail(accept_language="de")).body.tree
        self.assertEqual(tree, "multipart/related(multipart/alternative(text/plain, text/html), "
                               "image/png)")
        tree = self.reply().body.tree
        self.assertEqual(tree, "multipart/alternative(text/plain, text/html)")


class Attachments(FormatTestCase):
    # As long as file systems allow: 255 octets.
    NAMES = ['Preisübersicht 2026 "final".pdf', "料" * 83 + ".pdf", "a" * 251 + ".pdf", "a b.pdf",
             "it's 100%; really\\no = joke (1).pdf", "=?utf-8?Q?x?=.pdf", "🇩🇪👩🏽‍💻.pdf", "مرحبا.pdf"]

    def test_keep_their_names_and_octets(self):
        for name in self.NAMES:
            with self.subTest(name):
                self.set_files("text = info.txt", f"attach = {name}", info_txt="Hello.\n")
                self.write_files({name: OCTETS})
                body = self.reply().body
                self.assertEqual(body.tree, "multipart/mixed(text/plain, application/pdf)")
                _, pdf = body.leaves
                self.assertEqual((pdf.name, pdf.octets), (name, OCTETS))

    def test_keep_their_order(self):
        names = [f"file{number}.pdf" for number in (3, 1, 2)]
        self.write_files({name: name for name in names})
        self.set_files("text = info.txt", *(f"attach = {name}" for name in names), info_txt="x\n")
        self.assertEqual([part.name for part in self.reply().body.leaves[1:]], names)

    def test_of_any_size_and_type(self):
        for name, content, kind in [("empty.pdf", b"", "application/pdf"),
                                    ("mail.eml", mail(), "application/octet-stream"),
                                    ("unknown.xyzzy", OCTETS, "application/octet-stream"),
                                    ("none", OCTETS, "application/octet-stream"),
                                    ("latin.txt", b"Gr\xfc\xdfe\r\n", "text/plain")]:
            with self.subTest(name):
                self.write_files({name: content})
                self.set_files("text = info.txt", f"attach = {name}", info_txt="x\n")
                _, attached = self.reply().body.leaves
                self.assertEqual((attached.type, attached.octets), (kind, content))

    def test_do_not_name_a_charset_that_they_are_not_in(self):
        self.set_files("text = info.txt", "attach = latin.txt", info_txt="x\n",
                       latin_txt=b"Gr\xfc\xdfe\n")
        self.assertEqual(self.reply().body.leaves[1].charset, "")

    def test_are_placed_behind_a_template(self):
        self.set_files("template = info.template", "attach = list.pdf",
                       info_template="Subject: x\n\nHello.\n", list_pdf=OCTETS)
        body = self.reply().body
        self.assertEqual(body.tree, "multipart/mixed(text/plain, application/pdf)")
        self.assertEqual(body.leaves[0].text, "Hello.\n")

    def test_up_to_four_mebibytes_take_little_memory_where_that_is_allowed(self):
        content = OCTETS * (3_000_000 // len(OCTETS))  # base64 makes four octets of three
        self.set_files("text = info.txt", "attach = list.pdf", "allow-large = yes",
                       info_txt="x\n", list_pdf=content)
        body = self.assert_small_memory(4_000_000)
        self.assertEqual(body.leaves[1].octets, content)

    def test_beside_long_texts_take_little_memory(self):
        text = "Wörter und Wörter und mehr\n" * 36_000
        html = "<p>word word word word.</p>\n" * 37_000
        self.set_files("text = info.txt", "html = info.html", "attach = list.pdf",
                       "allow-large = yes", info_txt=text, info_html=html,
                       list_pdf=b"x" * 1024 * 1024)
        body = self.assert_small_memory(3_500_000)
        self.assertEqual([part.text for part in body.leaves[:2]], [text, html])

    def assert_small_memory(self, octets):
        """The body of a reply of more octets than that."""
        peak, outcome = self.place.peak_memory(mail())
        self.assert_replied(outcome)
        [sent] = self.place.submissions()
        self.assertGreater(len(sent.raw), octets)
        if not SANITIZED:
            self.assertLess(peak, MEMORY_LIMIT)
        return self.read(sent.raw).body


class Template(FormatTestCase):
    HTML = "<p>Здравствуйте, ${sender_name}!</p>\n"
    LONG_NAME = "料金表" * 66 + "二〇"  # 200 characters

    def set_mime_template(self):
        encoded_name = "".join(f"%{octet:02X}" for octet in self.LONG_NAME.encode())
        pieces = [encoded_name[i:i + 45] for i in range(0, len(encoded_name), 45)]
        name = "".join(f";\n filename*{i}*={'utf-8' + chr(39) * 2 if i == 0 else ''}{piece}"
                       for i, piece in enumerate(pieces))
        self.set_files("template = info.template", info_template=b"".join([
            b"From: =?iso-8859-1?Q?B=FCro?= <office@our.example>\n"
            b"Subject: =?koi8-r?B?" + base64.b64encode("Привет".encode("koi8-r")) + b"?= ${subject}\n"
            b"MIME-Version: 1.0\n"
            b"Content-Type: multipart/mixed; boundary=\"outer\"\n"
            b"\n"
            b"This is a message in several parts.\n"
            b"--outer\n"
            b"Content-Type: multipart/alternative; boundary=inner\n"
            b"\n"
            b"--inner\n"
            b"Content-Type: text/plain; charset=iso-8859-1\n"
            b"Content-Transfer-Encoding: quoted-printable\n"
            b"\n",
            quopri.encodestring("Grüße, ${sender_name}!\n--outer\n".encode("iso-8859-1"))
            .replace(b"--outer", b"=2D-outer"),
            b"\n--inner\n"
            b"Content-Type: text/html; charset=koi8-r\n"
            b"Content-Transfer-Encoding: base64\n"
            b"\n",
            base64.encodebytes(self.HTML.encode("koi8-r").replace(b"\n", b"\r\n")),
            b"--inner--\n"
            b"--outer\n"
            b"Content-Type: application/octet-stream\n"
            b"Content-Transfer-Encoding: base64\n"
            b"Content-Disposition: attachment" + name.encode() + b"\n"
            b"\n",
            base64.encodebytes(OCTETS),
            b"--outer--\n"
            b"What follows is not shown.\n"]))

    def test_in_several_parts_charsets_and_encodings_keeps_its_structure(self):
        self.set_mime_template()
        reply = self.reply()
        self.assertEqual(reply.sender, [("Büro", "office@our.example")])
        self.assertEqual(reply.subject, "Привет A question")
        self.assertEqual(reply.body.tree, "multipart/mixed(multipart/alternative(text/plain, "
                                          "text/html), application/octet-stream)")
        plain, html, file = reply.body.leaves
        self.assertEqual([plain.charset, html.charset], ["utf-8", "utf-8"])
        self.assertEqual(unflowed(plain.text), "Grüße, Alice Sender!\n--outer\n")
        self.assertEqual(html.text, "<p>Здравствуйте, Alice Sender!</p>\n")
        self.assertEqual((file.disposition, file.name, file.octets),
                         ("attachment", self.LONG_NAME, OCTETS))

    def test_escapes_what_placeholders_stand_for_in_its_html_alone(self):
        self.set_mime_template()
        message = mail(From='"Alice <b> & Co." <alice@sender.example>')
        plain, html, _ = self.reply(message).body.leaves
        self.assertIn("Alice <b> & Co.", plain.text)
        self.assertNotIn("<b>", html.text)
        self.assertIn("Alice &lt;b&gt; &amp; Co.", html.text)

    def test_of_vacation(self):
        self.set_files("template = info.template", info_template=(
            "From: eric@our.example (Eric Allman)\n"
            "Subject: I am on vacation\n"
            "Delivered-By-The-Graces-Of: The Vacation program\n"
            "Precedence: bulk\n"
            "\n"
            "I am on vacation until July 22. Your mail about\n"
            "\"$SUBJECT\" will be read when I return.\n"
            "--eric\n"))
        preview = self.place.preview()
        reply = self.read(preview.raw)
        self.assertEqual((reply.subject, reply.sender[0][1]), ("I am on vacation", "eric@our.example"))
        self.assertIn(b"\nDelivered-By-The-Graces-Of: The Vacation program\n", preview.raw)
        self.assertEqual(unflowed(reply.body.text),
                         "I am on vacation until July 22. Your mail about\n"
                         "\"A question\" will be read when I return.\n--eric\n")

    def test_of_vacation_in_latin_1(self):
        self.set_files("template = info.template", info_template=(
            "Subject: =?iso-8859-1?Q?Geschlossen_f=FCr_heute?=\n"
            "Content-Type: text/plain; charset=iso-8859-1\n"
            "Content-Transfer-Encoding: 8bit\n\nGrüße\n").encode("iso-8859-1"))
        reply = self.reply()
        self.assertEqual((reply.subject, reply.body.charset, reply.body.text),
                         ("Geschlossen für heute", "utf-8", "Grüße\n"))

    def test_with_an_empty_part(self):
        self.set_files("template = info.template", info_template=(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello.\n--b\n"
            "Content-Type: application/octet-stream\n\n--b--\n"))
        body = self.reply().body
        self.assertEqual(body.tree, "multipart/mixed(text/plain, application/octet-stream)")
        self.assertEqual((body.leaves[0].text, body.leaves[1].octets.strip()), ("Hello.\n", b""))

    def test_with_octets_that_are_not_encoded(self):
        self.set_files("template = info.template", info_template=(
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello.\n--b\n"
            b"Content-Type: application/octet-stream\n"
            b"Content-Disposition: attachment; filename=x.bin\n"
            b"Content-Transfer-Encoding: 8bit\n\n\xff\xfe\x80\n--b--\n"))
        file = self.reply().body.leaves[1]
        self.assertEqual((file.name, file.octets.rstrip(b"\n")), ("x.bin", b"\xff\xfe\x80"))


class Determinism(FormatTestCase):
    def test_the_same_request_gives_the_same_octets(self):
        self.set_files("text = info.txt", "html = info.html", "inline = logo.png",
                       "attach = list.pdf", "quote = 3", "text.de = de.txt", "languages = all",
                       info_txt="Grüße ${date}\n", info_html=HTML, logo_png=OCTETS, list_pdf=OCTETS,
                       de_txt="Hallo\n")
        message = mail(subject="=?utf-8?Q?Gr=C3=BC=C3=9Fe?=")
        raw = self.place.preview(message).raw
        self.read(raw)
        self.assertEqual(self.place.preview(message).raw, raw)
        self.assert_replied(self.place.run(message))
        self.assertEqual(self.place.submissions()[0].raw, raw)

    def test_a_boundary_that_the_texts_foresee_is_not_taken(self):
        settings = ("text = info.txt", "html = info.html", "handle = fixed")
        self.set_files(*settings, info_txt="x\n", info_html="<p>x</p>\n")
        raw = self.place.preview().raw
        boundary = raw.partition(b'boundary="')[2].partition(b'"')[0].decode()
        text = f"--{boundary}\nContent-Type: text/html\n\n--{boundary}--\n"
        self.set_files(*settings, info_txt=text, info_html="<p>x</p>\n")
        self.assertEqual(self.reply().body.leaves[0].text, text)


if __name__ == "__main__":
    unittest.main()
