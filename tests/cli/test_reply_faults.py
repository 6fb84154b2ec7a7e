"""Faults of the files that a reply consists of, each with its file and line: where a reply is due, so
that the message waits, and for --check-config.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_reply_faults.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from check_config import CheckTestCase
from programs import mail

KIB = 1024
FOLDER = "responders/our.example"
INFO = f"{FOLDER}/info.conf"
TEXT = f"{FOLDER}/info.txt"
HTML = f"{FOLDER}/info.html"
TEMPLATE = f"{FOLDER}/info.template"


class FaultTestCase(CheckTestCase):
    def set_reply(self, *settings, **files):
        """A responder, and files beside it by their names; `_` is a dot."""
        for name, content in files.items():
            self.write(name.replace("_", "."), content)
        self.place.write(INFO, "".join(f"{line}\n" for line in settings))

    def write(self, name, content):
        return self.place.write(f"{FOLDER}/{name}", content)

    def assert_fault(self, place, *words):
        """The one fault that there is, told by a delivery and by --check-config alike."""
        self.assert_deferred(self.place.run(), f"{self.place.folder}/{place}: ", *words)
        self.assert_faults([(place, *words)])


class Texts(FaultTestCase):
    OCTETS = [(b"one\ntwo\rthree\n", 2, "a carriage return without a line feed"),
              (b"one\n\ntwo\0\n", 3, "a NUL octet"),
              (b"\xff\n", 1, "not UTF-8"), (b"one\r\ntwo \xc3\r\n", 2, "not UTF-8"),
              (b"\xed\xa0\x80", 1, "not UTF-8")]

    def test_of_octets_that_are_no_text(self):
        for octets, line, words in self.OCTETS:
            with self.subTest(octets):
                self.set_reply("text = info.txt", info_txt=octets)
                self.assert_fault(f"{TEXT}:{line}", words)

    def test_of_octets_that_are_no_text_in_html(self):
        for octets, line, words in self.OCTETS:
            with self.subTest(octets):
                self.set_reply("html = info.html", "text = info.txt", info_html=octets, info_txt="x\n")
                self.assert_fault(f"{HTML}:{line}", words)

    def test_of_octets_that_are_no_text_in_another_language(self):
        self.set_reply("text = info.txt", "text.de = info.de.txt", info_txt="x\n",
                       info_de_txt=b"one\n\xfc\n")
        self.assert_fault(f"{FOLDER}/info.de.txt:2", "not UTF-8")

    def test_of_placeholders_in_html(self):
        self.set_reply("html = info.html", "text = info.txt", info_txt="x\n",
                       info_html="<p>\n${nonsense}</p>\n")
        self.assert_fault(f"{HTML}:2", "'${nonsense}'")


class Images(FaultTestCase):
    def set_html(self, html, *settings):
        self.set_reply("html = info.html", "text = info.txt", *settings, info_html=html, info_txt="x\n",
                       logo_png=b"x")

    def test_that_html_refers_to_and_nobody_has(self):
        for html in ['<p>\n<img src="cid:missing.png">\n', "<p>\n<img src='cid:missing.png'>\n",
                     "<p>\n<img src=cid:missing.png>\n", "\n<p style='background: url(CID:missing.png)'>"]:
            with self.subTest(html):
                self.set_html(html)
                self.assert_fault(f"{HTML}:2", "cid:missing.png")

    def test_that_no_html_shows(self):
        for html in ["<p>x</p>\n", "<p>logo.png</p>\n", "<p>cid: logo.png</p>\n"]:
            with self.subTest(html):
                self.set_html(html, "inline = logo.png")
                self.assert_fault(f"{INFO}:3", "'inline = logo.png'", "no HTML shows 'cid:logo.png'")

    def test_without_html(self):
        self.set_reply("text = info.txt", "inline = logo.png", info_txt="x\n", logo_png=b"x")
        self.assert_deferred(self.place.run(), f"{INFO}:2: ", "'inline' needs 'html'")

    def test_of_a_name_that_no_cid_can_have(self):
        self.set_html('<img src="cid:our logo.png">', "inline = our logo.png")
        self.write("our logo.png", b"x")
        self.assert_deferred(self.place.run(), f"{INFO}:3: ", "'inline = our logo.png'", "can name only")

    def test_of_the_same_name(self):
        self.write("a/logo.png", b"x")
        self.set_html('<img src="cid:logo.png">', "inline = logo.png", "inline = a/logo.png")
        self.assert_fault(f"{INFO}:4", "'inline = a/logo.png'", "is another image already")

    def test_that_html_shows_twice_are_none(self):
        self.set_html('<img src="cid:logo.png"><img src="cid:logo.png">\n', "inline = logo.png")
        self.assert_well(1)


class Files(FaultTestCase):
    def set_file(self, name, *settings):
        self.set_reply("text = info.txt", f"attach = {name}", *settings, info_txt="x\n")

    def test_that_are_not_in_the_folder(self):
        outside = self.place.write("outside.pdf", "x")
        (self.place.folder / FOLDER / "link.pdf").symlink_to(outside)
        (self.place.folder / FOLDER / "up").symlink_to("..")
        self.write("sub/file", "x")
        for name in ["../../outside.pdf", str(outside), "link.pdf", "up/../../outside.pdf",
                     "sub/../../../outside.pdf", "/etc/passwd", "/proc/self/environ"]:
            with self.subTest(name):
                self.set_file(name)
                self.assert_fault(f"{INFO}:2", f"'{name}'", "leads outside")

    def test_that_are_not_there_or_no_files(self):
        self.write("sub/file", "x")
        for name, words in [("missing.pdf", "No such file"), ("sub", "not a regular file"),
                            ("info.txt/x", "Not a directory"), ("x" * 300, "File name too long")]:
            with self.subTest(name):
                self.set_file(name)
                self.assert_fault(f"{INFO}:2", f"'{name}'", words)

    def test_that_others_may_write(self):
        self.write("list.pdf", "x").chmod(0o646)
        self.set_file("list.pdf")
        self.assert_fault(f"{INFO}:2", "'list.pdf'", "others may write")

    def test_that_a_link_inside_the_folder_leads_to_are_well(self):
        self.write("2026.pdf", "x")
        (self.place.folder / FOLDER / "list.pdf").symlink_to("2026.pdf")
        self.set_file("list.pdf")
        self.assert_well(1)
        self.assert_replied(self.place.run())

    def test_that_are_too_large(self):
        self.write("list.pdf", b"x" * (64 * KIB + 1))
        self.set_file("list.pdf")
        self.assert_fault(f"{INFO}:2", "'list.pdf'", "larger than 65536", "'allow-large'")
        self.set_file("list.pdf", "allow-large = no")
        self.assert_fault(f"{INFO}:2", "'allow-large'")
        self.set_file("list.pdf", "allow-large = yes")
        self.assert_well(1)

    def test_that_are_too_large_in_base64(self):
        self.write("list.pdf", b"x" * 50 * KIB)
        self.set_file("list.pdf")
        self.assert_fault(INFO, "the reply has", "'allow-large'")

    def test_that_are_too_large_together(self):
        names = [f"file{number}.pdf" for number in range(5)]
        for name in names:
            self.write(name, b"x" * 15 * KIB)
        settings = ["text = info.txt", *(f"attach = {name}" for name in names)]
        self.set_reply(*settings, info_txt="x\n")
        self.assert_fault(INFO, "the reply has", "'allow-large'")

    def test_that_are_larger_than_any_reply_may_be(self):
        self.write("list.pdf", b"x" * (3200 * KIB))
        self.set_file("list.pdf", "allow-large = yes")
        self.assert_fault(INFO, "the reply has", "more than 4194304")
        self.write("list.pdf", b"x" * (4096 * KIB + 1))
        self.assert_fault(f"{INFO}:2", "'list.pdf'", "larger than 4194304")
        self.set_reply("text = info.txt", "attach = a.pdf", "attach = b.pdf", "allow-large = yes",
                       info_txt="x\n", a_pdf=b"x" * 2100 * KIB, b_pdf=b"x" * 2100 * KIB)
        self.assert_fault(f"{INFO}:3", "'b.pdf'", "larger than 4194304")

    def test_of_a_message_that_is_not_answered_do_not_matter(self):
        self.set_file("missing.pdf")
        outcome = self.place.run(mail(list_id="<x>"))
        self.assert_suppressed(outcome, "list")
        self.assertEqual(outcome.log[0]["handle"], "-")


class Templates(FaultTestCase):
    def set_parts(self, *lines):
        self.place.set_template("Content-Type: multipart/mixed; boundary=b\n\n"
                                + "".join(f"{line}\n" for line in lines))

    def test_with_several_faults(self):
        self.place.set_template("From: nobody\n"
                                "no field\n"
                                " continuing it\n"
                                "Subject: ${one} ${two}\n"
                                "Content-Type: multipart/mixed\n"
                                "Reply-To: a@x.example, b@x.example\n"
                                "Precedence: two words\n"
                                "X-About: ${three}\n"
                                "nor this\n"
                                "\n"
                                "fine\n")
        self.assert_faults([(f"{TEMPLATE}:1", "'From': expected one address"),
                            (f"{TEMPLATE}:2", "expected a header field"),
                            (f"{TEMPLATE}:4", "'${one}'"),
                            (f"{TEMPLATE}:4", "'${two}'"),
                            (f"{TEMPLATE}:6", "'Reply-To': expected one address"),
                            (f"{TEMPLATE}:7", "'Precedence': expected one word"),
                            (f"{TEMPLATE}:8", "'${three}'"),
                            (f"{TEMPLATE}:9", "expected a header field"),
                            (f"{TEMPLATE}:11", "'multipart/mixed' without a boundary")])

    def test_without_an_empty_line(self):
        self.place.set_template("Subject: x\n")
        self.assert_faults([(f"{TEMPLATE}:1", "an empty line")])

    def test_with_faults_in_several_of_their_parts(self):
        self.place.set_template("Content-Type: multipart/mixed; boundary=b\n\n"
                                "--b\n"
                                "Content-Type: text/plain; charset=no-such-charset\n"
                                "\n"
                                "text\n"
                                "--b\n"
                                "no field\n"
                                "\n"
                                "${one}\n"
                                "--b\n"
                                "Content-Type: multipart/related\n"
                                "\n"
                                "--b--\n")
        self.assert_faults([(f"{TEMPLATE}:6", "not in its charset 'no-such-charset'"),
                            (f"{TEMPLATE}:8", "expected a header field"),
                            (f"{TEMPLATE}:10", "'${one}'"),
                            (f"{TEMPLATE}:13", "'multipart/related' without a boundary")])

    def test_whose_parts_do_not_end(self):
        self.set_parts("--b", "", "text")
        self.assert_fault(f"{TEMPLATE}:3", "no line '--b--'")

    def test_without_any_part(self):
        self.set_parts("text")
        self.assert_fault(f"{TEMPLATE}:3", "no line '--b'")

    def test_that_are_nested_too_deep(self):
        depth = 40
        header = "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"
        self.place.set_template("".join(map(header.format, range(depth))) + "\nx\n"
                                + "".join(f"--b{number}--\n" for number in reversed(range(depth))))
        self.assert_deferred(self.place.run(), f"{TEMPLATE}:", "nested too deep")

    def test_with_octets_where_no_charset_is_named(self):
        self.set_parts("--b", "", "fine", "Gr\udcfc\udcdfe", "--b--")
        self.assert_fault(f"{TEMPLATE}:6", "not UTF-8")

    def test_with_text_that_is_not_in_its_charset(self):
        self.set_parts("--b", "Content-Type: text/plain; charset=utf-8",
                       "Content-Transfer-Encoding: quoted-printable", "", "Gr=FC=DFe", "--b--")
        self.assert_fault(f"{TEMPLATE}:7", "not in its charset 'utf-8'")

    def test_with_a_message_or_a_signature_that_is_not_ascii(self):
        for kind, words in [("message/rfc822", "an enclosed message"),
                            ("multipart/signed; boundary=c", "signed or encrypted")]:
            with self.subTest(kind):
                self.set_parts("--b", f"Content-Type: {kind}", "", "Subject: x", "", "ü", "--b--")
                self.assert_fault(f"{TEMPLATE}:6", words)


class Notes(CheckTestCase):
    """What --check-config says of settings that are no faults."""

    def test_on_html_without_a_text_of_its_own(self):
        self.place.write(HTML, "<p>x</p>\n")
        self.place.write(TEXT, "x\n")
        self.place.write(INFO, "kind = group\nhtml = info.html\n")
        self.assert_notes([(f"{INFO}:2", "a text of its own")])
        self.place.write(INFO, "html = info.html\ntext = info.txt\nhtml.de = info.html\n")
        self.assert_notes([(f"{INFO}:3", "a text of its own")])

    def test_on_services_without_a_name(self):
        self.place.set_responder("kind = service")
        self.assert_notes([(INFO, "display name")])
        self.place.set_responder("kind = service\nfrom = info@our.example")
        self.assert_notes([(INFO, "display name")])
        self.place.set_responder("kind = service\nfrom = The archive <info@our.example>")
        self.assert_notes([])

    def test_on_sections(self):
        self.place.write(HTML, "<p>x</p>\n")
        self.place.set_responder("[when price]\nsubject-contains = price\nhtml = info.html")
        self.assert_notes([(f"{INFO}:4", "a text of its own")])

    def test_are_told_beside_faults(self):
        self.place.write(HTML, "<p>x</p>\n")
        self.place.write(INFO, "html = info.html\nnonsense\n")
        self.assert_faults([(f"{INFO}:2", "name = value"), (f"{INFO}:1", "note: ")])


if __name__ == "__main__":
    unittest.main()
