"""Header texts of replies, and what they say of messages in any charset, read back by two parsers.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_reply_texts.py
"""

import base64
import sys
import unittest

sys.dont_write_bytecode = True

from mail_parsers import ReplyTestCase
from programs import mail, unflowed

ALICE = "alice@sender.example"
JAPANESE = "お問い合わせの件について、"
ARABIC = "محمد عبد الله"
DEVELOPER = "👩🏽\u200d💻"  # a woman, a skin tone, a joiner, a computer
FAMILY = "👨\u200d👩\u200d👧"


def encoded_word(text, charset, encoding="B"):
    octets = text.encode(charset)
    if encoding == "B":
        return f"=?{charset}?B?{base64.b64encode(octets).decode()}?="
    return f"=?{charset}?Q?{''.join(f'={octet:02X}' for octet in octets)}?="


def split_word(text, charset, octets_in_word):
    """Encoded-words that cut the text's octets without regard to characters, as some senders do."""
    octets = text.encode(charset)
    return "\n ".join(
        f"=?{charset}?B?{base64.b64encode(octets[i:i + octets_in_word]).decode()}?="
        for i in range(0, len(octets), octets_in_word))


class Subject(ReplyTestCase):
    def subject(self, written, setting=None):
        self.place.set_responder(f"subject = {setting}" if setting else "")
        return self.reply(mail(subject=written)).subject

    def test_of_2000_japanese_characters_is_cut_at_256(self):
        text = (JAPANESE * 200)[:2000]
        words = "\n ".join(encoded_word(text[i:i + 12], "utf-8") for i in range(0, 2000, 12))
        for written in (text, words):
            with self.subTest(written[:20]):
                self.assertEqual(self.subject(written), f"Auto: {text[:249]}…")

    def test_is_cut_between_what_people_take_for_characters(self):
        for cluster in [DEVELOPER, FAMILY, "e\u0301\u0323", "🇯🇵", "はっ\u3099", "ক্ষ"]:
            for count in (2000, 250 // len(cluster) + 1):
                with self.subTest((cluster, count)):
                    kept = self.subject(cluster * count).removeprefix("Auto: ").removesuffix("…")
                    self.assertTrue(kept)
                    if len(cluster) * count > 250:
                        self.assertEqual(kept.replace(cluster, "").strip(cluster[0]), "")
                        self.assertLessEqual(len(kept), 249)

    def test_of_any_length_arrives_whole_up_to_256_characters(self):
        for unit in ["x", "word ", "ü", "wörter ", "日", "😀", DEVELOPER, ARABIC + " ", "=", "?_ ",
                     "\"\\ "]:
            for length in (1, 30, 60, 61, 62, 63, 64, 75, 76, 77, 78, 150, 250):
                text = (unit * length)[:length // len(unit) * len(unit)].strip()
                with self.subTest((unit, length)):
                    self.assertEqual(self.subject(text), f"Auto: {text}".strip())

    def test_that_looks_like_encoded_words_arrives_as_it_looks(self):
        for text in ["=?utf-8?Q?x", "a =? b ?= c", "=?x?=", "?="]:
            with self.subTest(text):
                self.assertEqual(self.subject(text), f"Auto: {text}")
        written = encoded_word("=?utf-8?Q?evil?=", "utf-8")
        self.assertEqual(self.subject(written), "Auto: =?utf-8?Q?evil?=")

    def test_keeps_its_inner_blanks_where_it_is_encoded(self):
        self.assertEqual(self.subject("ü  zwei   drei"), "Auto: ü  zwei   drei")

    def test_can_be_set_in_any_script(self):
        self.assertEqual(self.subject("x", f"{ARABIC} {DEVELOPER} ${{subject}} 日本"),
                         f"{ARABIC} {DEVELOPER} x 日本")


class Names(ReplyTestCase):
    NAMES = [ARABIC, f"Zoë {DEVELOPER}", f"{FAMILY * 30}", "山田　太郎", "Sender, Alice",
             'Alice "Al" Sender', "Back\\slash \\\\", "O'Brien; (Alice) <a@b>: [x]", "a.b.c", "Ünï, \"x\"",
             "=?utf-8?Q?x?=", "alice@elsewhere.example", "N" * 75, "word " * 30 + "end", "ü" * 250]

    def test_of_senders_arrive_however_they_are_written(self):
        for name in self.NAMES:
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            words = [" ".join(encoded_word(name[i:i + 10], "utf-8", encoding)
                              for i in range(0, len(name), 10)) for encoding in "BQ"]
            for written in (f'"{quoted}"', *words):
                if name.startswith("=?") and written.startswith('"'):
                    continue  # is an encoded-word to most senders
                with self.subTest(written[:60]):
                    reply = self.reply(mail(From=f"{written} <{ALICE}>"))
                    self.assertEqual(reply.to, [(name, ALICE)])

    def test_of_responders_arrive_as_they_are_set(self):
        for name in self.NAMES:
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            if name.startswith("=?"):
                continue
            with self.subTest(name[:20]):
                self.place.set_responder(f'from = "{quoted}" <office@our.example>\n'
                                         f'reply-to = "{quoted}" <reply@our.example>')
                reply = self.reply()
                self.assertEqual(reply.sender, [(name, "office@our.example")])
                self.assertEqual(reply.reply_to, [(name, "reply@our.example")])


class Charsets(ReplyTestCase):
    """Messages of senders who do not write UTF-8."""

    TEXTS = [("iso-2022-jp", "日本語の件名とお問い合わせ"), ("koi8-r", "Здравствуйте, вопрос о ценах"),
             ("windows-1252", "Größe – “Übergröße” für 5 €"), ("shift_jis", "見積もりのお願い"),
             ("gb18030", "询价单与报价"), ("euc-kr", "견적 요청"), ("windows-1256", ARABIC),
             ("iso-8859-15", "Prix en €, déjà"), ("utf-16be", "wide"), ("big5", "詢價")]

    def setUp(self):
        super().setUp()
        self.place.set_responder("", "[${subject}]\n[${sender_name}]\n")

    def assert_understood(self, message, subject, name):
        reply = self.reply(message)
        self.assertEqual(reply.subject, f"Auto: {subject}")
        self.assertEqual(reply.to, [(name, ALICE)])
        self.assertEqual(unflowed(reply.body.text), f"[{subject}]\n[{name}]\n")

    def test_of_encoded_words(self):
        for charset, text in self.TEXTS:
            for encoding in "BQ":
                with self.subTest((charset, encoding)):
                    word = encoded_word(text, charset, encoding)
                    self.assert_understood(mail(subject=word, From=f"{word} <{ALICE}>"), text, text)

    def test_of_encoded_words_that_are_split_inside_a_character(self):
        for charset, text in [("utf-8", JAPANESE + DEVELOPER), *self.TEXTS]:
            if charset in ("iso-2022-jp", "utf-16be"):
                continue  # each of whose words has a state of its own
            for octets in (1, 2, 5, 7):
                with self.subTest((charset, octets)):
                    words = split_word(text, charset, octets)
                    self.assert_understood(mail(subject=words, From=f"{words}\n <{ALICE}>"), text, text)

    def test_of_encoded_words_in_several_charsets(self):
        words = " ".join(encoded_word(text, charset) for charset, text in self.TEXTS[:3])
        meant = "".join(text for _, text in self.TEXTS[:3])
        self.assert_understood(mail(subject=words, From=f"{words} <{ALICE}>"), meant, meant)

    def test_of_encoded_words_that_name_their_language(self):
        word = encoded_word("Grüße", "iso-8859-1").replace("iso-8859-1", "iso-8859-1*de")
        self.assert_understood(mail(subject=word, From=f"{word} <{ALICE}>"), "Grüße", "Grüße")

    def test_of_raw_octets(self):
        for charset in ("utf-8", "iso-8859-1"):
            with self.subTest(charset):
                raw = "Größe für Zoë".encode(charset).decode("utf-8", "surrogateescape")
                self.assert_understood(mail(subject=raw, From=f"{raw} <{ALICE}>"),
                                       "Größe für Zoë", "Größe für Zoë")

    def test_of_raw_octets_in_a_charset_that_nobody_names_make_some_text(self):
        for charset, text in self.TEXTS:
            with self.subTest(charset):
                raw = text.encode(charset).decode("utf-8", "surrogateescape")
                if "\n" in raw or "\0" in raw:
                    continue
                self.assertTrue(self.reply(mail(subject=raw, From=f'"{raw}" <{ALICE}>')).subject
                                .startswith("Auto: "))

    def test_of_octets_that_are_in_no_charset_make_some_text(self):
        for word in ["=?iso-2022-jp?B?GyRCRg==?=", "=?utf-8?B?4oI=?=",
                     "=?utf-7?Q?+A?=", "=?utf-8?B?!!!?=", "=?utf-16?B?2AA=?="]:
            with self.subTest(word):
                self.assertTrue(self.reply(mail(subject=word, From=f"{word} <{ALICE}>")).subject
                                .startswith("Auto:"))


class InternationalAddress(ReplyTestCase):
    """RFC 6532: UTF-8 in header fields only where an address needs it."""

    def test_of_the_sender_is_shown_as_it_is(self):
        sender = "用户@例え.jp"
        message = mail(From=f"{encoded_word('用户', 'utf-8')} <{sender}>")
        self.place.set_responder("", "${sender}\n")
        reply = self.reply(message, sender=sender, international=True)
        self.assertEqual(reply.subject, "Auto: A question")
        self.assertEqual(reply.to, [("用户", "用户@xn--r8jz45g.jp")])
        self.assertEqual(reply.body.text, f"{sender}\n")
        self.assert_replied(self.place.run(message, sender=sender))
        self.assertEqual(self.place.submissions()[0].recipient, sender)

    def test_in_its_domain_alone_needs_no_utf8(self):
        reply = self.reply(mail(From="Alice <alice@例え.jp>"), sender="alice@例え.jp")
        self.assertEqual(reply.to, [("Alice", "alice@xn--r8jz45g.jp")])

    def test_in_the_subject_is_encoded(self):
        self.place.set_responder("subject = Mail of ${sender}")
        reply = self.reply(mail(From=f"Alice <{ALICE}>"), sender="用户@sender.example",
                           international=True)
        self.assertEqual(reply.subject, "Mail of 用户@sender.example")

    def test_of_the_recipient_is_shown_as_it_is(self):
        self.place.set_responder("ignore = not-addressed", path="responders/our.example/büro.conf")
        reply = self.reply(mail(to="büro@our.example"), recipients=["büro@our.example"],
                           international=True)
        self.assertEqual(reply.sender, [("", "büro@our.example")])


if __name__ == "__main__":
    unittest.main()
