"""Templates, and placeholders in all texts.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_templates.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, mail, unflowed

FIELDS = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
          "Auto-Submitted", "Precedence", "X-Auto-Response-Suppress", "MIME-Version",
          "Content-Type", "Content-Transfer-Encoding"]


class Template(TestCase):
    """A file that is a whole message, as the documented responder's info file."""

    def test_its_fields_are_kept(self):
        self.place.set_template("From: Office <office@our.example>\n"
                                "Subject: Your mail: ${subject}\n"
                                "Reply-To: sales@our.example\n"
                                "Precedence: junk\n"
                                "Organization: Büro\n"
                                "X-Topic: about\n ${subject}\n"
                                "\n"
                                "Thank you for \"$SUBJECT\".\n")
        reply = self.place.preview(mail()).reply
        self.assertEqual(reply["From"], "Office <office@our.example>")
        self.assertEqual(reply["Subject"], "Your mail: A question")
        self.assertEqual(reply["Reply-To"], "sales@our.example")
        self.assertEqual(reply.get_all("Precedence"), ["junk"])
        self.assertEqual(reply["Organization"], "Büro")
        self.assertEqual(reply["X-Topic"], "about A question")
        self.assertEqual(reply.get_content(), "Thank you for \"A question\".\n")

    def test_the_responders_own_fields_win(self):
        own = ["To", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
               "X-Auto-Response-Suppress", "MIME-Version", "Content-Transfer-Encoding"]
        self.place.set_template("".join(f"{name}: 7bit\n" for name in own) + "Bcc: eve@x.example\n\nx\n")
        reply = self.place.preview(mail()).reply
        self.place.set_responder(text="x\n")
        usual = self.place.preview(mail()).reply
        self.assertEqual(reply.keys(), FIELDS)
        for name in FIELDS:
            if name != "Message-ID":  # it depends on what is said
                self.assertEqual(reply.get_all(name), usual.get_all(name))

    def test_the_responder_file_wins(self):
        self.place.set_template("From: a@our.example\nReply-To: a@our.example\nSubject: a\n"
                                "Precedence: a\n\nx\n",
                                "from = b@our.example\nreply-to = b@our.example\nsubject = b\n"
                                "precedence = b")
        reply = self.place.preview(mail()).reply
        for name, value in [("From", "b@our.example"), ("Reply-To", "b@our.example"),
                            ("Subject", "b"), ("Precedence", "b")]:
            self.assertEqual(reply.get_all(name), [value])

    def test_without_fields(self):
        self.place.set_template("\nJust text.\n")
        reply = self.place.preview(mail()).reply
        self.assertEqual((reply["Subject"], reply.get_content()),
                         ("Auto: A question", "Just text.\n"))

    def test_with_encoded_words(self):
        self.place.set_template("Subject: =?iso-8859-1?Q?B=FCro?= ${subject}\n\nx\n")
        self.assertEqual(self.place.preview(mail()).reply["Subject"], "Büro A question")

    def test_what_it_cannot_use_is_named(self):
        file = self.place.set_template("Subject: x\nFrom: nobody\n\nx\n").with_name("info.template")
        self.assert_deferred(self.place.run(mail()), f"{file}:2: ", "From")
        self.place.set_template("Content-Type: text/plain; charset=no-such-charset\n\nx\n")
        self.assert_deferred(self.place.run(mail()), f"{file}:3: ", "no-such-charset")
        self.place.set_template("Subject: x\n\nfine\n${nonsense}\n")
        self.assert_deferred(self.place.run(mail()), f"{file}:4: ", "nonsense")
        self.place.set_template("Subject: x\n")
        self.assert_deferred(self.place.run(mail()), file, "empty line")

    def test_not_beside_a_text(self):
        file = self.place.set_responder("template = info.txt")
        self.assert_deferred(self.place.run(mail()), file, "'text'", "'template'")


class Placeholders(TestCase):
    def text(self, text, message=None, settings="", **arguments):
        self.place.set_responder(settings, text)
        reply = self.place.preview(message, **arguments).reply
        return unflowed(reply.get_content()).removesuffix("\n")

    def test_all(self):
        for name, value in [
            ("subject", "A question"),
            ("sender", "alice@sender.example"),
            ("sender_name", "Alice Sender"),
            ("recipient", "info@our.example"),
            ("date", "2023-11-14 22:13"),
            ("active_from", "2023-11-01"),
            ("active_until", "2023-11-20"),
            ("message_id", "<question@sender.example>"),
        ]:
            with self.subTest(name):
                text = self.text(f"({name}: ${{{name}}})",
                                 settings="active-from = 2023-11-01\nactive-until = 2023-11-20")
                self.assertEqual(text, f"({name}: {value})")

    def test_are_known_in_the_subject_too(self):
        self.place.set_responder("subject = ${sender_name} to ${recipient}")
        self.assertEqual(self.place.preview(mail()).reply["Subject"], "Alice Sender to info@our.example")

    def test_of_vacation(self):
        self.assertEqual(self.text("Your mail \"$SUBJECT\""), "Your mail \"A question\"")
        self.assertEqual(self.text("$SUBJECTS"), "$SUBJECTS")

    def test_a_dollar(self):
        self.assertEqual(self.text("$$ $$$$ $5 $ $$SUBJECT $${subject}"),
                         "$ $$ $5 $ $SUBJECT ${subject}")

    def test_what_the_message_says_is_not_expanded(self):
        message = mail(subject="${recipient} $SUBJECT $$")
        self.assertEqual(self.text("${subject}", message), "${recipient} $SUBJECT $$")

    def test_encoded_words_are_decoded(self):
        message = mail(subject="=?iso-8859-1?Q?Gr=FC=DFe?=",
                       From="=?utf-8?Q?J=C3=BC?= <alice@sender.example>")
        self.assertEqual(self.text("${subject} ${sender_name}", message), "Grüße Jü")

    def test_what_is_not_known(self):
        message = mail(subject=None, message_id=None, From="eve@x.example")
        self.assertEqual(self.text("[${subject}${message_id}]", message), "[]")
        self.assertEqual(self.text("${sender_name}", message), "alice@sender.example")

    def test_a_fallback_stands_for_what_is_not_known(self):
        nameless = mail(subject=None, From="nina@example.net")
        self.place.set_responder("subject = To ${sender_name:-Kundin}",
                                 "Dear ${sender_name:-Ü-customer},\n${subject:-} ${active_until:-soon}")
        for message, name, subject in [
            (nameless, "Ü-customer", "To Kundin"),
            (mail(subject=None), "Alice Sender", "To Alice Sender"),
        ]:
            reply = self.place.preview(message).reply
            self.assertEqual(reply["Subject"], subject)
            self.assertEqual(unflowed(reply.get_content()), f"Dear {name},\n soon\n")

    def test_a_fallback_adds_no_line_to_the_header(self):
        self.place.set_template("X-About: ${subject:-a\n\tX-More: b}\n\ntext\n")
        reply = self.place.preview(mail(subject=None)).reply
        self.assertEqual(reply["X-About"], "a X-More: b")
        self.assertNotIn("X-More", reply)

    def test_unknown_or_unclosed_is_a_fault(self):
        file = self.place.set_responder("", "one\n\n${nonsense}\n")
        self.assert_deferred(self.place.run(mail()), "info.txt:3: ", "nonsense")
        self.place.set_responder("", "one\n${subject\n}")
        self.assert_deferred(self.place.run(mail()), "info.txt:2: ")
        self.place.set_responder("subject = ${Subject}")
        self.assert_deferred(self.place.run(mail()), f"{file}:2: ", "Subject")


if __name__ == "__main__":
    unittest.main()
