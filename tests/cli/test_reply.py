"""The reply: its fields, its thread, its subject, its text, and that no stranger adds a field to it.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_reply.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, mail, unflowed

FIELDS = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
          "Auto-Submitted", "Precedence", "X-Auto-Response-Suppress", "MIME-Version",
          "Content-Type", "Content-Transfer-Encoding"]


class Reply(TestCase):
    def reply(self, message=None, settings="", **arguments):
        self.place.set_responder(settings)
        return self.place.preview(message, **arguments).reply

    def test_has_these_fields(self):
        reply = self.place.preview(mail()).reply
        message_id = reply["Message-ID"]
        self.assertEqual(dict(reply.items()), {
            "From": "info@our.example",
            "To": "Alice Sender <alice@sender.example>",
            "Subject": "Auto: A question",
            "Date": "Tue, 14 Nov 2023 22:13:20 +0000",
            "Message-ID": message_id,
            "In-Reply-To": "<question@sender.example>",
            "References": "<question@sender.example>",
            "Auto-Submitted": "auto-replied",
            "Precedence": "bulk",
            "X-Auto-Response-Suppress": "All",
            "MIME-Version": "1.0",
            "Content-Type": 'text/plain; charset="utf-8"; format="flowed"',
            "Content-Transfer-Encoding": "7bit",
        })
        self.assertEqual(reply.keys(), FIELDS)
        self.assertRegex(message_id, r"\A<[^<>@ ]+@our\.example>\Z")

    def test_is_sent_as_it_was_shown(self):
        preview = self.place.preview(mail())
        self.assert_replied(self.place.run(mail()))
        self.assertEqual(self.place.submissions()[0].raw, preview.raw)

    def test_is_the_same_for_the_same_message_and_time(self):
        self.assertEqual(self.place.preview(mail()).raw, self.place.preview(mail()).raw)

    def test_comes_from_the_own_address_that_the_sender_used(self):
        settings = "address = info@old.example\naddress = support@our.example"
        for to, used in [("info@old.example", "info@old.example"),
                         ("x@x.example, Support <support@our.example>", "support@our.example"),
                         ("info+tag@our.example", "info+tag@our.example")]:
            with self.subTest(to):
                self.assertEqual(self.reply(mail(to=to), settings)["From"], used)

    def test_comes_from_the_recipient_where_no_field_tells(self):
        self.assertEqual(self.reply(mail(to=None), "ignore = not-addressed")["From"],
                         "info@our.example")

    def test_from_can_be_set(self):
        reply = self.reply(settings="from = Das Büro <office@our.example>")
        self.assertEqual(reply["From"], "Das Büro <office@our.example>")

    def test_reply_to_can_be_set(self):
        reply = self.reply(settings="reply-to = Office <office@our.example>")
        self.assertEqual(reply["Reply-To"], "Office <office@our.example>")

    def test_precedence_can_be_set_or_left_out(self):
        self.assertEqual(self.reply(settings="precedence = junk")["Precedence"], "junk")
        self.assertIsNone(self.reply(settings="precedence = none")["Precedence"])

    def test_has_a_null_envelope_sender(self):
        self.assert_replied(self.place.run(mail()))
        self.assertEqual(self.place.submissions()[0].argv,
                         ["-i", "-f", "<>", "--", "alice@sender.example"])

    def test_envelope_sender_can_be_set(self):
        self.place.set_responder("envelope-from = bounces@our.example")
        self.assert_replied(self.place.run(mail()))
        self.assertEqual(self.place.submissions()[0].sender, "bounces@our.example")

    def test_mailer_keeps_its_options(self):
        self.assert_replied(self.place.run(mail(), "--mailer", f"{self.place.mailer} -oi  -odq"))
        self.assertEqual(self.place.submissions()[0].argv,
                         ["-oi", "-odq", "-i", "-f", "<>", "--", "alice@sender.example"])

    def test_to_shows_the_name_found_for_the_address(self):
        for fields, to in [
            ({"From": "=?iso-8859-1?Q?J=FCrgen?= <alice@sender.example>"},
             "Jürgen <alice@sender.example>"),
            ({"From": "Eve <eve@x.example>", "Sender": "Alice <ALICE@sender.example>"},
             "Alice <alice@sender.example>"),
            ({"From": "Eve <eve@x.example>", "Resent-From": "Al <alice@sender.example>"},
             "Al <alice@sender.example>"),
            ({"From": "Eve <eve@x.example>"}, "alice@sender.example"),
            ({"From": '"Sender, Alice" <alice@sender.example>'},
             '"Sender, Alice" <alice@sender.example>'),
        ]:
            with self.subTest(fields):
                self.assertEqual(self.reply(mail(**fields))["To"], to)

    def test_to_shows_the_extension_of_the_sender(self):
        self.assertEqual(self.reply(sender="alice+tag@sender.example")["To"],
                         "Alice Sender <alice+tag@sender.example>")

    def test_a_name_of_any_length_makes_no_long_line(self):
        for name in ["N" * 3000, "Ü" * 3000, "word " * 600]:
            preview = self.place.preview(mail(From=f'"{name}" <alice@sender.example>'))
            self.assertEqual(preview.reply["To"].addresses[0].addr_spec, "alice@sender.example")
            self.assertLessEqual(max(map(len, preview.raw.splitlines())), 998)

    def test_a_reply_over_64_kib_has_to_be_allowed(self):
        text = "A line of text.\n" * 5000
        file = self.place.set_responder("", text)
        self.assert_deferred(self.place.run(mail()), file, "allow-large")
        self.place.set_responder("allow-large = yes", text)
        self.assert_replied(self.place.run(mail()))


class Threading(TestCase):
    def references(self, **fields):
        reply = self.place.preview(mail(**fields)).reply
        return reply["References"].split() if reply["References"] else None

    def test_references_are_the_parents_and_the_parent(self):
        self.assertEqual(self.references(message_id="<3@x>", references="<1@x>\n <2@x>"),
                         ["<1@x>", "<2@x>", "<3@x>"])

    def test_in_reply_to_stands_in_if_it_names_one_message(self):
        self.assertEqual(self.references(message_id="<2@x>", in_reply_to="<1@x>"), ["<1@x>", "<2@x>"])
        self.assertEqual(self.references(message_id="<2@x>", in_reply_to="<0@x> <1@x>"), ["<2@x>"])

    def test_references_go_before_in_reply_to(self):
        self.assertEqual(self.references(message_id="<3@x>", references="<1@x>", in_reply_to="<2@x>"),
                         ["<1@x>", "<3@x>"])

    def test_in_reply_to_is_the_message_answered(self):
        reply = self.place.preview(mail(message_id="<2@x> (comment)", in_reply_to="<1@x>")).reply
        self.assertEqual(reply.get_all("In-Reply-To"), ["<2@x>"])

    def test_without_a_message_id_there_is_no_thread(self):
        for message_id in [None, "", "nonsense", "<with blank@x>", f"<{'x' * 2000}@x>"]:
            with self.subTest(message_id):
                reply = self.place.preview(mail(message_id=message_id, references="<1@x>")).reply
                self.assertNotIn("In-Reply-To", reply)
                self.assertNotIn("References", reply)
                self.assertTrue(reply["Message-ID"])

    def test_references_stay_bounded(self):
        ids = [f"<{number}@{'x' * 50}>" for number in range(1000)]
        references = self.references(message_id="<last@x>", references="\n ".join(ids))
        self.assertLess(len(references), 100)
        self.assertEqual(references[0], ids[0])
        self.assertEqual(references[-2:], [ids[-1], "<last@x>"])

    def test_a_reply_has_a_message_id_of_its_own(self):
        ids = {self.place.preview(mail(message_id=f"<{number}@x>"),
                                  sender=sender).reply["Message-ID"]
               for number in range(3) for sender in ["a@x.example", "b@x.example"]}
        self.assertEqual(len(ids), 6)


class Subject(TestCase):
    def subject(self, subject, settings=""):
        self.place.set_responder(settings)
        preview = self.place.preview(mail(subject=subject))
        for line in preview.raw.split(b"\n\n", 1)[0].splitlines():
            self.assertLessEqual(len(line), 76 if b"=?" in line else 998)
            self.assertTrue(line.isascii())
        return preview.reply["Subject"]

    def test_is_taken_over_behind_auto(self):
        self.assertEqual(self.subject("Opening times?"), "Auto: Opening times?")
        self.assertEqual(self.subject(None), "Auto:")

    def test_can_be_set(self):
        self.assertEqual(self.subject("x", "subject = Büro: ${subject} (closed)"), "Büro: x (closed)")

    def test_a_hash_in_it_is_no_comment(self):
        self.assertEqual(self.subject("x", "subject = Ticket #5: ${subject} # open"),
                         "Ticket #5: x # open")

    def test_is_decoded_and_encoded_again(self):
        for written, meant in [
            ("=?iso-8859-1?Q?Gr=FC=DFe?=", "Grüße"),
            ("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"),
            ("=?utf-8?B?4oKs?= =?utf-8?B?4oKs?=", "€€"),
            ("=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?=", "€"),
            ("=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?= aus =?utf-8?Q?K=C3=B6ln?=", "Grüße aus Köln"),
            ("Grüße aus Köln", "Grüße aus Köln"),
            ("Gr\udcfc\udcdfe", "Grüße"),
            ("a\n folded\n\tsubject", "a folded subject"),
            ("Re: =?utf-8?Q?=F0=9F=98=80?=", "Re: 😀"),
        ]:
            with self.subTest(written):
                self.assertEqual(self.subject(written), f"Auto: {meant}")

    def test_a_long_one_is_folded(self):
        for subject in ["word " * 40 + "end", "Grüße aus Köln " * 12 + "Ende", "ü" * 200,
                        "日本" * 100, "x" * 240]:
            with self.subTest(subject):
                self.assertEqual(self.subject(subject), f"Auto: {subject}")

    def test_256_characters_are_kept(self):
        self.assertEqual(self.subject("ü" * 250), "Auto: " + "ü" * 250)

    def test_a_longer_one_is_cut_with_an_ellipsis(self):
        for character in ["x", "ü", "日", "😀"]:
            for count in [251, 5000]:
                with self.subTest((character, count)):
                    self.assertEqual(self.subject(character * count), f"Auto: {character * 249}…")

    def test_is_never_cut_inside_a_character(self):
        for character in ["e\u0301\u0308", "👨\u200d👩\u200d👧", "🇩🇪"]:
            with self.subTest(character):
                subject = self.subject(character * 300)
                kept = subject.removeprefix("Auto: ").removesuffix("…")
                self.assertLessEqual(len(subject), 256)
                self.assertGreater(len(subject), 240)
                self.assertEqual(kept, character * (len(kept) // len(character)))

    def test_a_setting_is_cut_as_well(self):
        self.assertEqual(len(self.subject("x" * 200, "subject = ${subject}${subject}")), 256)


class Body(TestCase):
    def preview(self, text):
        self.place.set_responder("allow-large = yes", text)
        return self.place.preview(mail())

    def assert_arrives(self, text):
        preview = self.preview(text)
        self.assertEqual(unflowed(preview.reply.get_content()), text)
        self.assertLessEqual(max(map(len, preview.raw.splitlines())), 998)
        self.assertNotIn(b"\r", preview.raw)
        return preview

    def test_ascii_text_stays_readable(self):
        preview = self.assert_arrives("Hello,\n\nwe are closed.\n")
        self.assertTrue(preview.raw.endswith(b"\n\nHello,\n\nwe are closed.\n"))
        self.assertEqual(preview.reply["Content-Transfer-Encoding"], "7bit")

    def test_long_lines_are_flowed(self):
        preview = self.assert_arrives("A sentence of some words. " * 40 + "End.\n" + "short\n")
        self.assertLessEqual(max(map(len, preview.raw.splitlines())), 78)

    def test_a_word_that_fits_no_line(self):
        self.assert_arrives("https://our.example/" + "x" * 300 + " and more\n")
        self.assert_arrives("x" * 3000 + "\n")

    def test_other_languages(self):
        for text in ["Grüße aus Köln, wir sind im Urlaub. " * 20 + "Ende.\n",
                     "日本語のテキスト。\n" * 30, "€" * 2000 + "\n",
                     "We're “closed” until 5 May – sorry.\n", "naïve = 1\n"]:
            with self.subTest(text[:20]):
                self.assert_arrives(text)

    def test_lines_that_programs_on_the_way_might_change(self):
        text = "From me\n>quoted\n indented\n.\n..\n\n-- \nThe office\nFrom here\n"
        self.assert_arrives(text)
        self.assert_arrives(text + "ü\n")

    def test_blanks_at_the_end_of_a_line_join_no_lines(self):
        reply = self.preview("one  \ntwo\n").reply
        self.assertEqual(unflowed(reply.get_content()), "one\ntwo\n")

    def test_line_ends_of_other_systems(self):
        self.assertEqual(unflowed(self.preview("one\r\ntwo\r\n").reply.get_content()), "one\ntwo\n")

    def test_a_last_line_without_an_end(self):
        self.assertTrue(self.preview("one\ntwo").raw.endswith(b"\none\ntwo\n"))

    def test_an_empty_text(self):
        self.assertEqual(self.preview("").reply.get_content().strip(), "")

    def test_nothing_of_the_message(self):
        reply = self.place.preview(mail("private matter\n")).reply
        self.assertNotIn("private matter", reply.get_content())

    def test_text_that_is_not_utf8_is_refused(self):
        self.place.set_responder("", b"one\ntwo \xff\n")
        self.assert_deferred(self.place.run(mail()), "info.txt:2: ", "UTF-8")


class Injection(TestCase):
    """Nothing from the message adds a field, a line of the header or a body to the reply."""

    def setUp(self):
        super().setUp()
        self.place.set_template("X-About: ${subject} ${sender_name} ${message_id}\n\n"
                                "${subject} ${sender_name}\n",
                                "subject = ${subject} ${sender_name} ${message_id}")

    def assert_harmless(self, message, **arguments):
        preview = self.place.preview(message, **arguments)
        expected = [name for name in FIELDS if name in preview.reply]
        expected.insert(expected.index("MIME-Version"), "X-About")
        self.assertEqual(preview.reply.keys(), expected)
        self.assertEqual(preview.reply.defects, [])
        self.assertNotIn(b"\r", preview.raw)
        self.assertNotIn(b"\0", preview.raw)

    def test_by_encoded_words(self):
        for evil in ["=?utf-8?Q?a=0D=0ABcc:_eve@x.example?=",
                     "=?utf-8?Q?a=0ABcc:_eve@x.example=0A=0Abody?=",
                     "=?utf-8?B?YQ0KQmNjOiBldmVAeC5leGFtcGxl?=",
                     "=?utf-8?Q?=00=0C=0B=C2=85=E2=80=A8Bcc:x?=",
                     "=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3D0ABcc=3A=3F=3D?="]:
            with self.subTest(evil):
                self.assert_harmless(mail(subject=evil))
                self.assert_harmless(mail(From=f"{evil} <alice@sender.example>"))
                self.assert_harmless(mail(From=f'"{evil}" <alice@sender.example>'))

    def test_by_raw_octets(self):
        for evil in ["a\rBcc: eve@x.example", "a\r\n Bcc: eve@x.example", "a\0b", "a\n\tBcc: x",
                     "\x85Bcc: x"]:
            with self.subTest(evil):
                self.assert_harmless(mail(subject=evil))
                self.assert_harmless(mail(From=f'"{evil}" <alice@sender.example>'))
                self.assert_harmless(mail(message_id=f"<{evil}@x.example>"))
                self.assert_harmless(mail(message_id=f"<1@x>\r{evil}", references=f"<2@x> {evil} <3@x>"))

    def test_by_the_name_of_the_recipient(self):
        self.assert_harmless(mail(to='"=?utf-8?Q?a=0ABcc:_x?=" <info@our.example>'))

    def test_by_the_senders_address(self):
        self.assert_harmless(mail(), sender='"a,eve@x.example"@sender.example')
        reply = self.place.preview(mail(), sender='"a,eve@x.example"@sender.example').reply
        self.assertEqual(len(reply["To"].addresses), 1)


if __name__ == "__main__":
    unittest.main()
