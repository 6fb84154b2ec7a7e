"""`[when NAME]` sections: which message gets which reply, and what the cache remembers of it.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_when.py
"""

import base64
import sys
import time
import unittest

sys.dont_write_bytecode = True

from programs import MEMORY_LIMIT, NOW, PATIENCE, SANITIZED, TestCase, mail

DAY = 24 * 3600
TEXTS = {"info": "We have your message.\n", "prices": "Our prices.\n",
         "catalogue": "Our catalogue.\n", "staff": "For our own people.\n"}


class WhenTestCase(TestCase):
    def setUp(self):
        super().setUp()
        for name, text in TEXTS.items():
            self.place.write(self.place.responder.parent / f"{name}.txt", text)

    def set_sections(self, settings, **sections):
        """The responder's own settings above sections by their names; each line may hold several."""
        lines = ["text = info.txt", *settings.split("; ")]
        for name, conditions in sections.items():
            lines += [f"[when {name}]", f"text = {name}.txt", *conditions.split("; ")]
        return self.place.write(self.place.responder, "\n".join(filter(None, lines)) + "\n")

    def answer(self, message=None, **arguments):
        """The name of the text that the reply to a message has."""
        return self.text_of(self.place.preview(message, **arguments).reply)

    @staticmethod
    def text_of(reply):
        texts = {text: name for name, text in TEXTS.items()}
        return texts[reply.get_content()]


class Conditions(WhenTestCase):
    def assert_hits(self, condition, hits, misses):
        """Of mail()'s arguments, or whole messages."""
        self.set_sections("", prices=condition)
        for expected, messages in (("prices", hits), ("info", misses)):
            for message in messages:
                with self.subTest((condition, message)):
                    whole = mail(**message) if isinstance(message, dict) else message
                    self.assertEqual(self.answer(whole), expected)

    def assert_subjects(self, condition, hits, misses):
        self.assert_hits(condition, [{"subject": text} for text in hits],
                         [{"subject": text} for text in misses])

    def test_on_what_the_subject_contains(self):
        self.assert_subjects("subject-contains = price list",
                             ["price list", "Your PRICE  List, please", "Price\n list", "xprice listx"],
                             ["price", "list price", "pricelist", None, ""])

    def test_on_what_the_subject_contains_in_any_case_script_and_encoding(self):
        self.assert_subjects("subject-contains = straße",
                             ["Zur STRASSE 5", "=?utf-8?Q?Stra=C3=9Fe?=", "=?iso-8859-1?Q?Stra=DFe?=",
                              "=?utf-8?Q?Stra=C3?= =?utf-8?Q?=9Fe?=", "Stra\udcdfe"],
                             ["strase", "=?utf-8?Q?Stra_=C3=9Fe?="])
        self.assert_subjects("subject-contains = цены", ["=?koi8-r?B?8OTFztnP?= =?koi8-r?B?w8XO2Q==?=",
                                                         "ЦЕНЫ"], ["цена"])
        self.assert_subjects("subject-contains = 価格",
                             [f"=?ISO-2022-JP?B?{base64.b64encode('製品の価格'.encode('iso-2022-jp')).decode()}?="],
                             ["価", "格価"])

    def test_on_what_the_subject_matches(self):
        self.assert_subjects(r"subject-matches = ^(re: )?order #[0-9]{4,}\b",
                             ["Order #1234", "RE: order #99999 again", "=?utf-8?Q?Order_#1234?="],
                             ["order #123", "My order #1234", "Order # 1234"])
        self.assert_subjects(r"subject-matches = (?-i)URGENT", ["URGENT"], ["urgent"])
        self.assert_subjects(r"subject-matches = ^\p{Greek}+$", ["τιμές"], ["prices", "τιμές 1"])
        self.assert_subjects(r"subject-matches = ^$", [None, "", " "], ["x"])

    def test_on_what_the_body_contains(self):
        encoded = base64.encodebytes("Bitte die Preisliste für Köln.\n".encode()).decode()
        japanese = "価格表を送ってください。\n".encode("iso-2022-jp").decode()
        html = "<html><body><p>Please send the <b>price</b>\nlist.</p></body></html>\n"
        alternative = ("--b\nContent-Type: text/html\n\n<p>no</p>\n"
                       "--b\nContent-Type: text/plain\n\nthe price list\n--b--\n")
        attached = ("--b\n\nSee below.\n--b\nContent-Disposition: attachment\n\nprice list\n--b--\n")
        self.assert_hits("body-contains = price list",
                         [{"body": "the PRICE\nlist\n"}, mail(html, content_type="text/html"),
                          mail(alternative, content_type="multipart/alternative; boundary=b")],
                         [{"subject": "price list"}, {"body": "price-list\n"}, {"body": ""},
                          mail(attached, content_type="multipart/mixed; boundary=b"),
                          mail("<i title='price list'></i>\n<!-- price list -->x", content_type="text/html")])
        self.assert_hits("body-contains = preisliste FÜR köln",
                         [mail(encoded, content_transfer_encoding="base64")],
                         [mail(encoded)])
        self.assert_hits("body-contains = 価格",
                         [mail(japanese, content_type="text/plain; charset=iso-2022-jp")],
                         [mail(japanese)])

    def test_on_the_sender(self):
        self.place.write(self.place.responder.parent / "colleagues",
                         "# colleagues\nbob@partner.example\n@.branch.example\n")
        for setting, inside, outside in [
            ("alice@sender.example", ["alice@sender.example", "Alice+x@SENDER.example"],
             ["bob@sender.example", "alice@sub.sender.example"]),
            ("@our.example", ["bob@our.example", "bob@OUR.example"],
             ["bob@sub.our.example", "bob@notour.example", "bob@our.example.x.example"]),
            ("@.our.example", ["bob@our.example", "bob@a.b.our.example"], ["bob@notour.example"]),
            ("@bücher.example", ["bob@xn--bcher-kva.example", "bob@BÜCHER.example"], ["bob@b.example"]),
            ("colleagues", ["bob@partner.example", "x@y.branch.example"], ["eve@partner.example"]),
        ]:
            self.set_sections("", staff=f"sender = {setting}")
            for expected, senders in (("staff", inside), ("info", outside)):
                for sender in senders:
                    with self.subTest((setting, sender)):
                        self.assertEqual(self.answer(sender=sender), expected)

    def test_on_the_sender_look_at_the_envelope_not_at_the_message(self):
        self.set_sections("", staff="sender = @our.example")
        self.assertEqual(self.answer(mail(From="Bob <bob@our.example>")), "info")

    def test_of_one_kind_need_one_to_hit(self):
        self.set_sections("", prices="subject-contains = price; subject-contains = cost; "
                                     "subject-matches = how much")
        for subject, expected in [("price: how much", "prices"), ("how much does it cost", "prices"),
                                  ("how much", "info"), ("price", "info")]:
            with self.subTest(subject):
                self.assertEqual(self.answer(mail(subject=subject)), expected)

    def test_of_all_kinds_must_hit(self):
        self.set_sections("", prices="sender = @sender.example; subject-contains = price; "
                                     "subject-matches = list$; body-contains = urgent")
        good = {"subject": "price list", "body": "It is urgent.\n"}
        self.assertEqual(self.answer(mail(**good)), "prices")
        self.assertEqual(self.answer(mail(**good), sender="bob@x.example"), "info")
        for change in ({"subject": "list"}, {"subject": "price list 1"}, {"body": "x\n"}):
            with self.subTest(change):
                self.assertEqual(self.answer(mail(**{**good, **change})), "info")


class Sections(WhenTestCase):
    def test_of_which_the_first_that_matches_wins(self):
        self.set_sections("", prices="subject-contains = price", catalogue="subject-contains = catalogue",
                          staff="subject-contains = a")
        for subject, expected in [("catalogue and price", "prices"), ("catalogue", "catalogue"),
                                  ("a", "staff"), ("b", "info")]:
            with self.subTest(subject):
                self.assertEqual(self.answer(mail(subject=subject)), expected)

    def test_take_over_what_they_do_not_set(self):
        file = self.set_sections("from = Office <office@our.example>; subject = Re: ${subject}; "
                                 "precedence = junk; reply-to = r@our.example")
        file.write_text(file.read_text() + "[when prices]\nsubject-contains = price\n"
                                           "subject = Prices\nprecedence = none\n")
        reply = self.place.preview(mail(subject="price")).reply
        self.assertEqual((reply["From"], reply["Reply-To"], reply["Subject"], reply["Precedence"]),
                         ("Office <office@our.example>", "r@our.example", "Prices", None))
        self.assertEqual(self.text_of(reply), "info")
        reply = self.place.preview(mail(subject="x")).reply
        self.assertEqual((reply["Subject"], reply["Precedence"]), ("Re: x", "junk"))

    def test_do_not_mix_their_body_with_the_responders(self):
        folder = self.place.responder.parent
        self.place.write(folder / "info.html", "<p>own</p>\n")
        self.place.write(folder / "list.pdf", "x")
        self.set_sections("html = info.html; attach = list.pdf", prices="subject-contains = price")
        reply = self.place.preview(mail(subject="price")).reply
        self.assertEqual(reply.get_content_type(), "text/plain")
        reply = self.place.preview(mail(subject="x")).reply
        self.assertEqual(reply.get_content_type(), "multipart/mixed")

    def test_do_not_answer_what_must_not_be_answered(self):
        self.set_sections("never-reply-to = @bad.example", prices="subject-contains = price")
        verdict = self.place.preview(mail(subject="price", list_id="<x>")).verdict
        self.assertEqual(verdict, "verdict: suppress: list")
        verdict = self.place.preview(mail(subject="price"), sender="x@bad.example").verdict
        self.assertEqual(verdict, "verdict: suppress: excluded")


class Memory(WhenTestCase):
    """Each section's reply is another one."""

    def setUp(self):
        super().setUp()
        self.count = 0
        self.set_sections("", prices="subject-contains = price",
                          catalogue="subject-contains = catalogue; interval = 2d")

    def run_at(self, subject, days, **arguments):
        self.count += 1
        message = mail(subject=subject, message_id=f"<{self.count}@x>")
        return self.place.run(message, "--now", NOW + int(days * DAY), **arguments)

    def test_who_asked_for_prices_yesterday_gets_the_catalogue_today(self):
        prices = self.run_at("price", 0)
        self.assert_replied(prices)
        catalogue = self.run_at("catalogue", 1)
        self.assert_replied(catalogue)
        self.assert_replied(self.run_at("something else", 1))
        self.assertEqual([self.text_of(sent.message) for sent in self.place.submissions()],
                         ["prices", "catalogue", "info"])
        self.assertEqual(len({record["handle"] for record in self.records()}), 3)
        for subject in ("price", "catalogue", "else"):
            self.assert_suppressed(self.run_at(subject, 1.5), "recently-answered")

    def test_a_section_has_an_interval_of_its_own(self):
        for subject in ("price", "catalogue"):
            self.assert_replied(self.run_at(subject, 0))
        self.assert_suppressed(self.run_at("catalogue", 1.99), "recently-answered")
        self.assert_replied(self.run_at("catalogue", 2))
        self.assert_suppressed(self.run_at("price", 6.99), "recently-answered")
        self.assert_replied(self.run_at("price", 7))

    def test_a_section_that_answers_every_message(self):
        self.set_sections("", prices="subject-contains = price; interval = 0")
        for _ in range(3):
            self.assert_replied(self.run_at("price", 0))
        self.assert_replied(self.run_at("x", 0))
        self.assert_suppressed(self.run_at("x", 0), "recently-answered")

    def test_a_handle_of_the_responder_is_not_that_of_its_sections(self):
        self.set_sections("handle = 2023", prices="subject-contains = price",
                          catalogue="subject-contains = catalogue; handle = spring")
        for subject in ("x", "price", "catalogue"):
            self.assert_replied(self.run_at(subject, 0))
        self.assertEqual(sorted(record["handle"] for record in self.records()),
                         ["2023", "2023/prices", "spring"])

    def test_one_handle_for_all_is_one_reply(self):
        self.set_sections("handle = one", prices="subject-contains = price; handle = one")
        self.assert_replied(self.run_at("x", 0))
        self.assert_suppressed(self.run_at("price", 0), "recently-answered")

    def test_the_log_names_the_handle_of_the_section(self):
        self.set_sections("handle = 2023", prices="subject-contains = price")
        self.assertEqual(self.run_at("price", 0).log[0]["handle"], "2023/prices")

    def test_a_limit_counts_the_replies_of_all_sections(self):
        self.set_sections("limit = 2/1d", prices="subject-contains = price",
                          catalogue="subject-contains = catalogue")
        self.assert_replied(self.run_at("price", 0))
        self.assert_replied(self.run_at("catalogue", 0))
        self.assert_suppressed(self.run_at("x", 0), "rate-limited")


class Explanation(WhenTestCase):
    def explain(self, **fields):
        return self.place.preview(mail(**fields), "--explain").table

    def test_names_the_section_and_why(self):
        file = self.set_sections("", prices="sender = @.example; subject-contains = price",
                                 catalogue="subject-matches = cat.*; body-contains = please")
        table = self.explain(subject="catalogue", body="Please.\n")
        self.assertRegex(table, r"(?m)^\[when prices\] +pass +no subject-contains hits$")
        self.assertRegex(table, r"(?m)^\[when catalogue\] +HIT +"
                                r"subject-matches = cat\.\*, body-contains = please$")
        self.assertIn(f"The reply is that of [when catalogue] in {file}:6.", table)

    def test_says_which_section_was_not_asked(self):
        self.set_sections("", prices="subject-contains = price", catalogue="subject-contains = cat")
        table = self.explain(subject="price")
        self.assertRegex(table, r"\[when prices\] +HIT +subject-contains = price")
        self.assertNotIn("[when catalogue]", table)

    def test_says_that_none_hit(self):
        self.set_sections("", staff="sender = @our.example")
        table = self.explain()
        self.assertRegex(table, r"\[when staff\] +pass +no sender hits")
        self.assertIn("No section hits: the reply is the responder's own.", table)

    def test_says_nothing_where_there_are_none(self):
        self.set_sections("")
        self.assertNotIn("section", self.explain())


class Faults(WhenTestCase):
    def assert_fault(self, line, *words, sections):
        """Of a file whose text stands in the first line."""
        file = self.place.write(self.place.responder, f"text = info.txt\n{sections}\n")
        self.assert_deferred(self.place.run(), f"{file}:{line}: ", *words)

    def test_are_named_by_their_line(self):
        when = "[when x]\nsubject-contains = x\n"
        for line, words, sections in [
            (3, ["subject-matches = (a", "missing )"], "[when x]\nsubject-matches = (a"),
            (3, ["subject-matches = a**"], "[when x]\nsubject-matches = a**"),
            (3, ["subject-matches"], "[when x]\nsubject-matches = (?<=a)b"),
            (3, ["subject-matches"], r"[when x]" "\n" r"subject-matches = (a)\1"),
            (3, ["subject-matches", "too large"], "[when x]\nsubject-matches = (\\pL{0,90}){0,9}y"),
            (3, ["subject-matches"], "[when x]\nsubject-matches = ((a{100}){100}){100}"),
            (2, ["unknown section '[holiday]'"], "[holiday]\nsubject-contains = x"),
            (2, ["unknown section '[when]'"], "[when]\nsubject-contains = x"),
            (2, ["expected one word"], "[when two words]\nsubject-contains = x"),
            (2, ["expected one word"], f"[when {'x' * 49}]\nsubject-contains = x"),
            (2, ["expected a section"], "[when x\nsubject-contains = x"),
            (2, ["expected a section"], "[]\nsubject-contains = x"),
            (2, ["'[when x]' needs a condition"], "[when x]\nsubject = y"),
            (4, ["'[when x]' is there already in line 2"], f"{when}{when}"),
            (2, ["'subject-contains' stands in a section"], "subject-contains = x"),
            (2, ["'sender' stands in a section"], "sender = a@x.example"),
            (4, ["'kind' stands above all sections"], f"{when}kind = group"),
            (4, ["'active-until' stands above all sections"], f"{when}active-until = 2024-01-01"),
            (4, ["'limit' stands above all sections"], f"{when}limit = 1/1d"),
            (4, ["'never-reply-to' stands above all"], f"{when}never-reply-to = a@x.example"),
            (4, ["'address' stands above all sections"], f"{when}address = a@x.example"),
            (4, ["unknown name 'body-matches'"], f"{when}body-matches = x"),
            (3, ["'subject-contains' needs a value"], "[when x]\nsubject-contains ="),
            (3, ["a domain behind the @"], "[when x]\nsender = @"),
            (3, ["'missing'", "No such file"], "[when x]\nsender = missing"),
            (4, ["interval = 7"], f"{when}interval = 7"),
            (4, ["'missing.txt'", "No such file"],
             "[when x]\nsubject-contains = question\ntext = missing.txt"),
        ]:
            with self.subTest(sections[:60]):
                self.assert_fault(line, *words, sections=sections)

    def test_of_a_reply_that_is_not_due_wait(self):
        self.set_sections("", missing="subject-contains = price")
        self.assert_deferred(self.place.run(mail(subject="price")), "missing.txt")
        self.assert_replied(self.place.run(mail(subject="x")))

    def test_a_section_without_a_text_needs_one_above(self):
        self.place.write(self.place.responder, "[when x]\nsubject-contains = x\ntext = info.txt\n")
        self.assert_deferred(self.place.run(), "needs 'text', 'html' or 'template'")


class Patterns(WhenTestCase):
    """What takes some programs for ever is answered here."""

    def test_that_backtrack_without_end_elsewhere(self):
        for pattern in ["(a+)+$", "(a*)*b", "(a|a)*$", "(a|aa)+$", "^(.*a){30}$", "(.*)*=(.*)*!"]:
            with self.subTest(pattern):
                self.set_sections("", prices=f"subject-matches = {pattern}")
                self.answer(mail(subject="a" * 900 + "!"))
                self.answer(mail(subject="a" * 200_000 + "!"))

    def test_that_need_much_memory_elsewhere(self):
        for pattern in ["x.{0,900}y", "(x+x+)+y", r"\pL{0,9}y", "(?:a?){900}a{900}"]:
            with self.subTest(pattern):
                self.set_sections("interval = 0", prices=f"subject-matches = {pattern}")
                peak, outcome = self.place.peak_memory(mail(subject="x" * 100_000))
                self.assert_replied(outcome)
                if not SANITIZED:
                    self.assertLess(peak, MEMORY_LIMIT)

    def test_that_are_large_and_many_take_little(self):
        pattern = r"subject-matches = " + r"(\pL{1,90})x" * 18
        self.set_sections("", prices="\n".join(["subject-contains = price"] + [pattern] * 100))
        self.assert_deferred(self.place.run(mail(subject="price")),
                             f"{self.place.responder}:5: ", "too large")
        start = time.monotonic()
        peak, outcome = self.place.peak_memory(mail(subject="hours"))
        self.assert_replied(outcome)
        self.assertLess(time.monotonic() - start, 1 if not SANITIZED else PATIENCE)
        if not SANITIZED:
            self.assertLess(peak, MEMORY_LIMIT)

    def test_that_all_have_to_be_asked_take_little_memory(self):
        pattern = "subject-matches = " + "|".join([r"\pL"] * 60) + "0"
        self.set_sections("", prices="\n".join([pattern] * 100))
        peak, outcome = self.place.peak_memory(mail(subject="1"))
        self.assert_replied(outcome)
        if not SANITIZED:
            self.assertLess(peak, MEMORY_LIMIT)

    def test_of_octets_that_are_no_text_end(self):
        self.set_sections("", prices=r"subject-matches = ^\pL+$")
        for subject in ["\udcff" * 100, "=?utf-8?Q?=FF?=", "\u0301" * 1000]:
            with self.subTest(subject[:10]):
                self.answer(mail(subject=subject))


if __name__ == "__main__":
    unittest.main()
