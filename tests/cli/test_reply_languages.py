"""Replies in several languages.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_reply_languages.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from mail_parsers import ReplyTestCase
from programs import mail

TEXTS = {"": "We are on holiday.\n", ".de": "Wir sind im Urlaub.\n", ".fr": "En congé.\n",
         ".pt-BR": "Estamos de férias.\n", ".zh-Hant": "休假中\n"}


class LanguageTestCase(ReplyTestCase):
    def setUp(self):
        super().setUp()
        self.set_languages()

    def set_languages(self, *settings, kind="text", suffixes=TEXTS):
        lines = list(settings)
        for suffix in suffixes:
            name = f"info{suffix}.{kind}"
            self.place.write(self.place.responder.parent / name, TEXTS[suffix])
            lines.append(f"{kind}{suffix} = {name}")
        return self.place.write(self.place.responder, "".join(f"{line}\n" for line in lines))

    def assert_language(self, suffix, **fields):
        body = self.reply(mail(**fields)).body
        self.assertEqual((body.text, body.language), (TEXTS[suffix], suffix.removeprefix(".")))


class Choice(LanguageTestCase):
    def test_is_the_one_that_the_sender_reads_best(self):
        for accepted, suffix in [
            ("de", ".de"), ("DE", ".de"), ("de-AT", ".de"), ("de-Latn-AT, fr", ".de"),
            ("fr;q=0.3, de;q=0.8, ja", ".de"), ("de;q=0.8,fr;q=0.9", ".fr"), ("de, fr", ".de"),
            ("fr;q=0, de;q=0.1", ".de"), ("ja, fr;q=0.001", ".fr"), ("pt", ".pt-BR"),
            ("pt-br", ".pt-BR"), ("zh-hant-tw", ".zh-Hant"), ("en, (comment) de", ".de"),
            ("de;q=1.000, fr;q=0.999", ".de"), ("de;q=2, fr;q=0.5", ".fr"),
            (["ja", "fr"], ".fr"), ("x" * 100 + ", fr", ".fr"),
        ]:
            with self.subTest(accepted):
                self.assert_language(suffix, accept_language=accepted)

    def test_is_the_default_where_none_is_read(self):
        for accepted in [None, "", "ja", "*", "de;q=0", "de;q=0.000", ";;,,", "d", "ja;q=0.5, *;q=0.1",
                         "\udcff"]:
            with self.subTest(accepted):
                self.assert_language("", accept_language=accepted)

    def test_is_the_language_of_the_message_where_the_sender_accepts_none_in_particular(self):
        self.assert_language(".de", content_language="de-CH")
        self.assert_language(".fr", content_language="en, fr")
        self.assert_language(".fr", accept_language="fr", content_language="de")
        self.assert_language("", accept_language="ja", content_language="de")

    def test_is_named_by_the_reply(self):
        raw = self.place.preview(mail(accept_language="de")).raw
        self.assertIn(b"\nContent-Language: de\n", raw)
        self.assertNotIn(b"Content-Language", self.place.preview().raw)

    def test_may_be_the_default_one_by_its_name(self):
        self.set_languages("language = en")
        for accepted in ["en-GB, de;q=0.5", "ja", None]:
            with self.subTest(accepted):
                body = self.reply(mail(accept_language=accepted)).body
                self.assertEqual((body.text, body.language), (TEXTS[""], "en"))
        self.assert_language(".de", accept_language="de, en;q=0.5")

    def test_is_the_first_one_where_none_is_the_default(self):
        self.set_languages(suffixes=[".fr", ".de"])
        self.assert_language(".fr")
        self.assert_language(".fr", accept_language="ja")
        self.assert_language(".de", accept_language="de")

    def test_brings_its_subject(self):
        self.set_languages("subject = Away: ${subject}", "subject.de = Urlaub: ${subject}")
        for accepted, subject in [("de", "Urlaub: A question"), ("fr", "Away: A question"),
                                  (None, "Away: A question")]:
            with self.subTest(accepted):
                self.assertEqual(self.reply(mail(accept_language=accepted)).subject, subject)

    def test_brings_its_html(self):
        self.set_languages(kind="html")
        for accepted, suffix in [("de", ".de"), ("zh-Hant", ".zh-Hant"), (None, "")]:
            with self.subTest(accepted):
                body = self.reply(mail(accept_language=accepted)).body
                self.assertEqual(body.tree, "multipart/alternative(text/plain, text/html)")
                self.assertEqual([part.text.strip() for part in body.leaves],
                                 [TEXTS[suffix].strip()] * 2)
                self.assertEqual(body.language, suffix.removeprefix("."))

    def test_does_not_make_another_reply(self):
        self.assert_replied(self.place.run(mail(accept_language="de")))
        self.assert_suppressed(self.place.run(mail(accept_language="fr", message_id="<2@x>")),
                               "recently-answered")


class All(LanguageTestCase):
    def test_are_alternatives_of_which_the_sender_sees_the_best(self):
        self.set_languages("languages = all")
        for accepted, suffix in [("de", ".de"), ("fr", ".fr"), ("ja", "")]:
            with self.subTest(accepted):
                body = self.reply(mail(accept_language=accepted)).body
                self.assertEqual(body.type, "multipart/alternative")
                self.assertEqual(sorted(part.text for part in body.leaves), sorted(TEXTS.values()))
                self.assertEqual(body.leaves[-1].text, TEXTS[suffix])
                languages = {part.text: part.language for part in body.parts}
                for other, text in TEXTS.items():
                    self.assertEqual(languages[text], other.removeprefix(".") or "i-default")

    def test_have_the_subject_of_the_best(self):
        self.set_languages("languages = all", "subject.de = Urlaub")
        self.assertEqual(self.reply(mail(accept_language="de")).subject, "Urlaub")
        self.assertEqual(self.reply().subject, "Auto: A question")

    def test_may_have_html_each(self):
        self.set_languages("languages = all", kind="html", suffixes=["", ".de"])
        self.assertEqual(self.reply().body.tree,
                         "multipart/alternative(multipart/alternative(text/plain, text/html), "
                         "multipart/alternative(text/plain, text/html))")


class Faults(LanguageTestCase):
    def assert_fault(self, line, *words, settings):
        file = self.place.write(self.place.responder, settings)
        self.assert_deferred(self.place.run(), f"{file}:{line}: ", *words)

    def test_are_named_by_their_line(self):
        text = "text = info.text\n"
        self.assert_fault(2, "'text.d'", settings=f"{text}text.d = info.de.text\n")
        self.assert_fault(2, "'text.'", settings=f"{text}text. = info.de.text\n")
        self.assert_fault(2, "'interval.de'", settings=f"{text}interval.de = 7d\n")
        self.assert_fault(3, "'text.de' is set already in line 2",
                          settings=f"{text}text.de = info.de.text\ntext.de = info.fr.text\n")
        self.assert_fault(2, "'subject.de' without 'text.de'", settings=f"{text}subject.de = Urlaub\n")
        self.assert_fault(2, "'languages = all' needs a language",
                          settings=f"{text}languages = all\n")
        self.assert_fault(2, "languages = de", settings=f"{text}languages = de\n")
        self.assert_fault(2, "language = deutsch!", settings=f"{text}language = deutsch!\n")

    def test_of_a_file_that_is_missing_defer_the_replies_in_other_languages_too(self):
        file = self.set_languages()
        (file.parent / "info.de.text").unlink()
        self.assert_deferred(self.place.run(mail(accept_language="fr")), f"{file}:2: ", "info.de.text")


if __name__ == "__main__":
    unittest.main()
