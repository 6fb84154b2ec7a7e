"""--check-config on responder files: their faults, and what is only noted.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_check_responders.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from check_config import CheckTestCase


class Notes(CheckTestCase):
    """What works, but hardly as it was meant."""

    INFO = "responders/our.example/info.conf"

    def test_an_empty_text(self):
        for text in ["", " \n\t\n", "\N{BYTE ORDER MARK}\n"]:
            with self.subTest(text):
                self.place.set_responder(text=text)
                self.assert_notes([(f"{self.INFO}:1", "'info.txt' is empty")])
        self.place.set_responder(text="${subject}\n")
        self.assert_well(1)

    def test_an_empty_text_in_a_language_a_section_or_a_template(self):
        self.place.write("responders/our.example/blank", "\n")
        self.place.set_responder("text.de = blank\n[when a]\nsubject-contains = a\ntext = blank")
        self.assert_notes([(f"{self.INFO}:2", "'blank' is empty"), (f"{self.INFO}:5", "is empty")])
        self.place.set_template("Subject: Away\n\n \n")
        self.assert_notes([(f"{self.INFO}:1", "'info.template' is empty")])

    def test_a_time_that_is_over(self):
        self.place.set_responder("\nactive-until = 2023-11-13")
        self.assert_notes([(f"{self.INFO}:3", "2023-11-13", "is over")])
        self.assert_notes([(f"{self.INFO}:3", "note: off 2023-11-14 00:00")], "--now", 1_699_900_000)

    def test_a_responder_that_is_switched_off(self):
        self.place.set_responder("active-until = 2023-11-13\nenabled = no")
        self.assert_notes([(f"{self.INFO}:3", "'enabled = no'", "nothing is answered")])

    def sections(self, *conditions):
        """A section of each, the notes on which are in lines 3, 6, 9, …"""
        self.place.set_responder("".join(f"[when s{number}]\n{condition}\nsubject = {number}\n"
                                         for number, condition in enumerate(conditions)))

    def test_a_section_that_is_never_reached(self):
        self.place.write("responders/our.example/list", "a@x.example\n")
        for earlier, later in [
            ("subject-contains = preis", "subject-contains = PREISLISTE"),
            ("subject-contains = a\nsubject-contains = b", "subject-contains = b"),
            ("subject-contains = a", "subject-contains = a\nbody-contains = b"),
            ("subject-matches = ^a", "subject-matches = ^a"),
            ("sender = @.x.example", "sender = a@y.x.example\nsender = @x.example"),
            ("sender = @x.example", "sender = a@x.example"),
            ("sender = list", "sender = list\nbody-contains = b"),
        ]:
            with self.subTest(later):
                self.sections(earlier, later)
                first = 2 + 2 + earlier.count("\n") + 1
                self.assert_notes([(f"{self.INFO}:{first}", "'[when s1]' is never reached",
                                    "'[when s0]' in line 2")])

    def test_a_section_that_can_be_reached(self):
        self.place.write("responders/our.example/list", "a@x.example\n")
        for earlier, later in [
            ("subject-contains = preisliste", "subject-contains = preis"),
            ("subject-contains = a\nbody-contains = b", "subject-contains = a"),
            ("subject-contains = a", "body-contains = a"),
            ("subject-contains = a", "subject-contains = a\nsubject-contains = b"),
            ("subject-matches = ^a", "subject-matches = ^b"),
            ("sender = @x.example", "sender = @.x.example"),
            ("sender = @x.example", "sender = a@y.x.example"),
            ("sender = a@x.example", "sender = list"),
        ]:
            with self.subTest(later):
                self.sections(earlier, later)
                self.assert_well(1)


class Brackets(CheckTestCase):
    """An address of ours that is not written as it should be is not guessed at."""

    def test_are_faults_in_clear_words(self):
        for value, words in [
            ("Info <info@our.example", "'<' without '>'"),
            ("Info info@our.example>", "'>' without '<'"),
            ("Info <<info@our.example>>", "a second '<'"),
            ("Info <info@our.example>>", "'>' without '<'"),
            ("Info <info@our.example> desk", "'desk' behind the '>'"),
            ('"Info <info@our.example>', "'\"' without"),
            ("Info (desk <info@our.example>", "'(' without ')'"),
            ("Info: desk <info@our.example>", "':' in a name needs quotes"),
            ("Info info@our.example", "one address"),
        ]:
            for name in ["from", "reply-to"]:
                with self.subTest(value, name=name):
                    self.place.set_responder(f"{name} = {value}")
                    self.assert_faults([("responders/our.example/info.conf:2",
                                         f"'{name} = {value}': ", words)])
        self.place.set_template("From: Info <info@our.example\n\nAway.\n")
        self.assert_faults([("responders/our.example/info.template:1", "'<' without '>'")])

    def test_are_well_where_they_are_right(self):
        for value in ["info@our.example", "<info@our.example>", "Info <info@our.example>",
                      '"Info <desk>: (a)" <info@our.example>', "Info (<desk) <info@our.example>",
                      "info@our.example (Info)", "J. R. Müller <info@our.example>",
                      "Info <info@[IPv6:::1]>", "=?utf-8?Q?J=C3=BCrgen?= <info@our.example>"]:
            with self.subTest(value):
                self.place.set_responder(f"from = {value}")
                self.assert_well(1)


class ResponderFile(CheckTestCase):
    INFO = "responders/our.example/info.conf"
    TEXT = "responders/our.example/info.txt"
    LIST = "responders/our.example/list"

    def test_a_reply_that_is_too_large(self):
        """RFC 3834, 2: quoted-printable makes three octets of one that is not ASCII."""
        text = ("\N{BLACK STAR}" * 60 + "\n") * 350
        self.assertLess(len(text.encode()), 65536)
        self.place.set_responder(text=text)
        self.assert_faults([("responders/our.example/info.conf", "octets", "'allow-large'")])
        self.place.set_responder("allow-large = yes", text)
        self.assert_well(1)

    def test_every_fault_with_its_line_in_their_order(self):
        self.place.set_responder("kind = holiday\n"
                                 "Kind = group\n"
                                 "nonsense\n"
                                 "interval = 7\n"
                                 "active-from = 2023-11-15\n"
                                 "active-until = 2023-11-14\n"
                                 "\n# a comment\n"
                                 "handle = a\n"
                                 "handle = b\n"
                                 "subject =\n"
                                 "reply-to = \x01a@x.example\n"
                                 "bcc = \udcff\n"
                                 "ignore = loop\n"
                                 "limit = many\n"
                                 "never-reply-to = @-x\n"
                                 "never-reply-to = missing\n"
                                 "from = a@x.example, b@x.example\n"
                                 "[holiday]\n"
                                 "[when x]\n"
                                 "address = nobody\n"
                                 f"handle = {'x' * 129}\n"
                                 "envelope-from = nobody\n"
                                 "precedence = two words\n"
                                 "allow-large = maybe")
        info = self.INFO
        self.assert_faults([
            (f"{info}:2", "kind = holiday"),
            (f"{info}:3", "unknown name 'Kind'"),
            (f"{info}:4", "expected 'name = value'"),
            (f"{info}:5", "interval = 7"),
            (f"{info}:7", "'active-until' is before 'active-from'"),
            (f"{info}:11", "'handle' is set already in line 10"),
            (f"{info}:12", "'subject' needs a value"),
            (f"{info}:13", "control character"),
            (f"{info}:14", "not UTF-8"),
            (f"{info}:15", "cannot be switched off"),
            (f"{info}:16", "limit = many"),
            (f"{info}:17", "a domain behind the @"),
            (f"{info}:18", "'missing': cannot open: No such file"),
            (f"{info}:19", "one address"),
            (f"{info}:20", "unknown section '[holiday]'"),
            (f"{info}:21", "'[when x]' needs a condition"),
            (f"{info}:22", "'address' stands above all sections"),
            (f"{info}:23", "'handle' is over 128 octets"),
            (f"{info}:24", "a mail address"),
            (f"{info}:25", "one word"),
            (f"{info}:26", "yes or no"),
        ])

    def test_neither_text_nor_html_nor_template_and_both(self):
        self.place.write(self.INFO, "kind = group\n")
        self.place.write("responders/our.example/other.conf",
                         "text = info.txt\ntemplate = info.txt\n")
        self.place.write(self.TEXT, "\nText.\n")
        self.assert_faults([(self.INFO, "needs 'text', 'html' or 'template'"),
                            ("responders/our.example/other.conf:2",
                             "'template' does not go with 'text' and 'html'")])

    def test_a_text_that_is_missing_or_that_others_may_write(self):
        self.place.write(self.INFO, "text = missing.txt\n")
        self.place.set_responder(path="responders/our.example/open.conf")
        self.place.write("responders/our.example/open.txt", "x").chmod(0o646)
        self.assert_faults([(f"{self.INFO}:1", "'missing.txt'", "No such file"),
                            ("responders/our.example/open.conf:1", "others may write")])

    def test_a_responder_that_others_may_write(self):
        self.place.responder.chmod(0o666)
        self.assert_faults([(self.INFO, "others may write")])

    def test_unknown_placeholders_in_several_lines_and_files(self):
        self.place.set_responder("subject = ${one} ${two}",
                                 "${three}\n\n${four} ${subject} ${five\n$SUBJECT ${six}\n")
        self.place.set_responder("", "${seven}\n", "responders/our.example/other.conf")
        self.assert_faults([(f"{self.INFO}:2", "'${one}'"),
                            (f"{self.INFO}:2", "'${two}'"),
                            (f"{self.TEXT}:1", "'${three}'"),
                            (f"{self.TEXT}:3", "'${' without '}'"),
                            (f"{self.TEXT}:3", "'${four}'"),
                            (f"{self.TEXT}:4", "'${six}'"),
                            ("responders/our.example/other.txt:1", "'${seven}'")])

    def test_a_text_with_several_faults_of_its_octets(self):
        self.place.set_responder("", b"fine\n\xff\nfine\r\nalone\rhere\n\xc3\n\0\n\xe2\x82")
        self.assertEqual(self.places(), [(self.TEXT, line) for line in (2, 4, 5, 6, 7)])

    def test_a_text_that_is_too_long(self):
        self.place.set_responder("", "A line of text.\n" * 5000)
        self.assert_faults([(f"{self.INFO}:1", "allow-large")])
        self.place.set_responder("allow-large = yes", "A line of text.\n" * 5000)
        self.assert_well(1)

    def test_lists_of_senders_with_bad_lines_in_several_places(self):
        self.place.write(self.LIST, "# senders\n\na@x.example\nnobody\n@x.example\n@.x.example\n"
                                    "a@x.example b@x.example\n@\nlast\udcff@x.example")
        self.place.set_responder("never-reply-to = list\nnever-reply-to = b@x.example")
        self.assertEqual(self.places(), [(self.LIST, line) for line in (4, 7, 8, 9)])
        self.place.set_responder("only-reply-to = list")
        self.assertEqual(self.places(), [(self.LIST, line) for line in (4, 7, 8, 9)])

    def test_a_bad_line_at_the_end_of_a_long_list(self):
        self.place.write(self.LIST, "somebody@x.example\n" * 200_000 + "nobody\n")
        self.place.set_responder("never-reply-to = list")
        self.assertEqual(self.places(), [(self.LIST, 200_001)])

    def test_a_list_with_a_line_of_a_mebibyte(self):
        self.place.write(self.LIST, "a@x.example\n" + "x" * 2**20 + "\n")
        self.place.set_responder("never-reply-to = list")
        self.assertEqual(self.places(), [(self.LIST, 2)])

    def test_a_fault_of_a_file_that_several_responders_name_is_told_once(self):
        self.place.write(self.LIST, "nobody\n")
        self.place.write(self.TEXT, "${nonsense}\n")
        for name in "abc":
            self.place.write(f"responders/our.example/{name}.conf",
                             "text = info.txt\nnever-reply-to = list\nonly-reply-to = list\n")
        self.assertEqual(self.places(), [(self.TEXT, 1), (self.LIST, 1)])

    def test_files_outside_the_folder(self):
        outside = self.place.write("outside", "a@x.example\n")
        (self.place.responder.parent / "link").symlink_to(outside)
        self.place.write(self.INFO, "text = link\nnever-reply-to = ../../outside\n"
                                    f"only-reply-to = {outside}\nnever-reply-to = link\n")
        self.assert_faults([(f"{self.INFO}:{line}", "outside the folder") for line in range(1, 5)])

    def test_one_responder_alone(self):
        broken = self.place.set_responder("nonsense", path="alone/one.conf")
        self.place.set_responder("nonsense")
        self.assert_faults([("alone/one.conf:2",)], "--responder", broken)
        self.place.set_responder(path="alone/one.conf")
        self.assert_well(1, "--responder", broken)
        self.assert_faults([("alone/none.conf", "No such file")],
                           "--responder", self.place.folder / "alone/none.conf")

    def test_what_stands_in_a_file_adds_no_line(self):
        self.place.set_responder("kind = x\u2028responders/forged.conf:1: text\u0085")
        self.place.set_responder("never-reply-to = \x1b[2J", path="responders/our.example/b.conf")
        self.assertEqual(self.places(), [("responders/our.example/b.conf", 2), (self.INFO, 2)])


class Names(CheckTestCase):
    """Files that no address leads to."""

    def assert_not_found(self, path, right=None, responders=2):
        """`right` is the name that the note says would be right, without `.conf`."""
        self.place.set_responder(path=f"responders/{path}")
        words = f": '{right}.conf' would be right" if right else "(lower case"
        self.assert_notes([(f"responders/{path}", "no address leads to a file", words)],
                          responders=responders)
        (self.place.folder / "responders" / path).unlink()

    def assert_found(self, path):
        self.place.set_responder(path=f"responders/{path}")
        self.assert_well(2)
        (self.place.folder / "responders" / path).unlink()

    def test_of_local_parts(self):
        for name, right in [("Sales", "sales"), ("JÜRGEN", "jürgen"), ("ju\u0308rgen", "jürgen"),
                            (".hidden", "%2Ehidden"), ("a%b", "a%25b"), ("a%2fb", "a%2Fb"),
                            ("a%2", "a%252"), ("%41", "a"), ("%2Fa%2E", "%2Fa.")]:
            with self.subTest(name):
                self.assert_not_found(f"our.example/{name}.conf", f"our.example/{right}")
        self.assert_not_found("our.example/a%0Ab.conf")

    def test_of_a_file_that_is_all_suffix(self):
        self.assert_not_found("our.example/.conf", "our.example")

    def test_of_a_suffix_in_upper_case(self):
        self.assert_not_found("our.example/sales.CONF", "our.example/sales", responders=1)
        self.assert_not_found("other.example.Conf", "other.example", responders=1)

    def test_of_a_file_at_a_wrong_depth(self):
        self.assert_not_found("Sales@our.example.conf", "our.example/sales")
        self.assert_not_found("our.example/Sales@our.example.conf", "our.example/sales")
        self.assert_not_found("our.example/people/Sales.conf", "our.example/sales", responders=1)

    def test_of_local_parts_that_no_line_can_show(self):
        for name in ["a\tb", "a\nb", "\udcff"]:
            with self.subTest(name):
                file = self.place.write(f"responders/our.example/{name}.conf", "text = info.txt\n")
                note, _ = self.check().stdout.splitlines()
                self.assertIn(".conf: note: no address leads to", note)
                file.unlink()

    def test_of_local_parts_that_are_well(self):
        for name in ["sales", "jürgen", "%2Ehidden", "a%2Fb", "a%25b", "a b", "our.example",
                     "sales+tag", "a..b", "o'brien"]:
            with self.subTest(name):
                self.assert_found(f"our.example/{name}.conf")

    def test_of_domains(self):
        for name, right in [("Our.example", "our.example"),
                            ("bücher.example", "xn--bcher-kva.example"),
                            ("our.example.", "our.example"), (".our.example", None),
                            ("our..example", None), ("our_x.example", None), ("-x.example", None)]:
            with self.subTest(name):
                self.assert_not_found(f"{name}.conf", right)

    def test_of_domains_that_are_well(self):
        for name in ["xn--bcher-kva.example", "localhost", "[192.0.2.1]"]:
            with self.subTest(name):
                self.assert_found(f"{name}.conf")
                self.assert_found(f"{name}/info.conf")

    def test_of_folders(self):
        for name, right in [("Our.Example", "our.example"),
                            ("bücher.example", "xn--bcher-kva.example"),
                            (".our.example", None), ("our.example.", "our.example")]:
            with self.subTest(name):
                path = self.place.set_responder(path=f"responders/{name}/info.conf")
                words = f": '{right}' would be right" if right else "(lower case"
                self.assert_notes([(f"responders/{name}", "no address leads to a folder", words)],
                                  responders=2)
                path.unlink()

    def test_faults_inside_such_a_folder_are_told_too(self):
        self.place.set_responder("nonsense", path="responders/Our.Example/Info.conf")
        self.assert_faults([("responders/Our.Example/Info.conf:2", "name = value"),
                            ("responders/Our.Example", "folder"),
                            ("responders/Our.Example/Info.conf", "file")])

    def test_other_files_and_folders_are_no_responders(self):
        self.place.write("responders/README", "nonsense\n")
        self.place.write("responders/our.example/info.conf~", "nonsense\n")
        self.place.write("responders/our.example/notes/x.txt", "nonsense\n")
        self.place.write("responders/.git/config", "nonsense\n")
        self.place.write("responders/other.example/texts/x.txt", "Text.\n")
        self.place.write("responders/other.example.conf", "text = texts/x.txt\n")
        self.assert_well(2)

    def test_a_folder_in_the_place_of_a_responder(self):
        for path in ["our.example/sales.conf", "other.example.conf"]:
            with self.subTest(path):
                folder = self.place.folder / "responders" / path
                folder.mkdir()
                self.assert_faults([(f"responders/{path}", "not a regular file")])
                folder.rmdir()

    def test_a_link_that_leads_nowhere(self):
        (self.place.responder.parent / "sales.conf").symlink_to("nowhere.conf")
        self.assert_faults([("responders/our.example/sales.conf", "No such file")])

    def test_a_folder_that_is_not_there(self):
        self.assert_faults([("none", "No such file")], "--responders", self.place.folder / "none")
        self.assert_faults([("none", "No such file")], "--responders", self.place.folder / "none",
                           configuration="")

    def test_a_file_in_the_place_of_the_folder(self):
        self.place.write("file", "")
        self.assert_faults([("file", "Not a directory")],
                           "--responders", self.place.folder / "file")


if __name__ == "__main__":
    unittest.main()
