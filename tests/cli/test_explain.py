"""--explain: every rule with its outcome, what decided, which document, and what to do about it.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_explain.py
"""

import re
import sys
import unittest
from dataclasses import dataclass

sys.dont_write_bytecode = True

from programs import NOW, TestCase, mail

RULES = ["no-responder", "inactive", "late", "null-sender", "invalid-sender", "own-address", "loop",
         "auto-submitted", "report", "excluded", "system-sender", "list", "precedence",
         "suppress-requested", "auto-reply", "spam", "unauthenticated", "not-addressed",
         "recently-answered", "rate-limited"]
SOFT = ["system-sender", "list", "precedence", "suppress-requested", "auto-reply", "spam",
        "unauthenticated", "not-addressed"]
ROW = re.compile(r"(?P<rule>\S+) +(?P<strength>hard|soft) +"
                 r"(?P<outcome>pass|HIT|ignored|not asked|cache) {2,}"
                 r"(?P<source>\S.*?) {2,}(?P<rest>\S.*)")


@dataclass
class Explanation:
    rows: dict  # the rule's name to its match of ROW
    conclusion: str


class ExplainTestCase(TestCase):
    def explain(self, message=None, *options, **arguments):
        preview = self.place.preview(message, "--explain", *options, **arguments)
        heading, *lines = preview.table.splitlines()
        self.assertEqual(heading.split(), ["rule", "outcome", "source", "looks", "whether"])
        rows = {}
        for line in lines[:len(RULES)]:
            found = ROW.fullmatch(line)
            self.assertTrue(found, line)
            rows[found["rule"]] = found
        self.assertEqual(list(rows), RULES)
        return Explanation(rows, "\n".join(lines[len(RULES):]))

    def assert_hit(self, rule, explanation, *words):
        row = explanation.rows[rule]
        self.assertEqual(row["outcome"], "HIT")
        for word in words:
            self.assertIn(word, row[0])


class Table(ExplainTestCase):
    def test_shows_what_passed_what_hit_and_what_was_not_asked(self):
        rows = self.explain(mail(precedence="bulk")).rows
        self.assertEqual([rows[rule]["outcome"] for rule in RULES],
                         ["pass"] * 12 + ["HIT"] + ["not asked"] * 7)

    def test_leaves_the_last_word_to_the_cache(self):
        rows = self.explain().rows
        self.assertEqual([rows[rule]["outcome"] for rule in RULES],
                         ["pass"] * 18 + ["cache"] * 2)

    def test_says_which_rules_can_be_switched_off(self):
        rows = self.explain().rows
        self.assertEqual([rule for rule in RULES if rows[rule]["strength"] == "soft"], SOFT)

    def test_shows_a_rule_that_is_switched_off_and_goes_on(self):
        self.place.set_responder("ignore = list\nignore = precedence")
        rows = self.explain(mail(list_id="<x.example>", precedence="bulk")).rows
        self.assertEqual([rows[rule]["outcome"] for rule in RULES],
                         ["pass"] * 11 + ["ignored"] * 2 + ["pass"] * 5 + ["cache"] * 2)
        self.assertIn("List-Id: <x.example>", rows["list"]["rest"])

    def test_a_rule_that_is_switched_off_and_would_not_hit_passes(self):
        self.place.set_responder("ignore = list")
        self.assertEqual(self.explain().rows["list"]["outcome"], "pass")

    def test_names_a_document_for_every_rule(self):
        for message in [mail(), mail(list_id="<x.example>")]:
            for row in self.explain(message).rows.values():
                self.assertRegex(row["source"], r"RFC \d+|MS-OXCMAIL|responder file|vendors' marks")

    def test_keeps_what_the_message_says_in_its_line(self):
        for evil in ["=?utf-8?Q?x=0Averdict:_reply?=", "x\ry", "x\0y", "a\n b", "\u2028x", "\udcff",
                     "=?utf-8?Q?=1B[2J?=", "x" * 5000, "\x85" * 200]:
            with self.subTest(evil):
                table = self.place.preview(mail(list_id=evil), "--explain").table
                self.explain(mail(list_id=evil))
                self.assertTrue(table.replace("\n", "").isprintable())
                self.assertLess(max(map(len, table.splitlines())), 300)

    def test_needs_a_dry_run(self):
        self.assert_deferred(self.place.run(mail(), "--explain"), "--explain", "--dry-run")


class Evidence(ExplainTestCase):
    """The line of the rule that hit says what decided it, and where that comes from."""

    def test_of_a_long_field_is_what_decided(self):
        report = "CIP:192.0.2.1;CTRY:DE;LANG:en;SCL:5;SRV:;IPV:NLI;H:mail-with-a-long-name.x.example;"
        own = self.place.preview().reply["Message-ID"]
        self.place.configure("trusted-authserv = mx.our.example")
        for rule, fields, word in [
            ("spam", {"x_forefront_antispam_report": report * 2 + "SFV:SPM;PTR:x"}, "SFV:SPM"),
            ("spam", {"content_type": f'application/x; x="{"y" * 200}"; name="a.pdf.exe"'},
             "a.pdf.exe"),
            ("loop", {"references": " ".join(["<a-rather-long-message-id@x.example>"] * 5 + [own])},
             own[:30]),
            ("unauthenticated", {"authentication_results":
                                 f'mx.our.example; dkim=fail reason="{"y" * 100}"; dmarc=fail'},
             "dmarc=fail"),
            ("system-sender", {"from": ", ".join(["Somebody Else <else@x.example>"] * 9
                                                 + ["Shop <noreply@x.example>"])},
             "noreply@x.example"),
        ]:
            with self.subTest(rule, word=word):
                self.assert_hit(rule, self.explain(mail(**fields)), word)

    def test_of_faults_in_the_set_up_names_the_addresses(self):
        explanation = self.explain(recipients=["nobody@our.example"])
        self.assert_hit("no-responder", explanation, "nobody@our.example")
        explanation = self.explain(mail(to="sales@our.example"))
        self.assert_hit("not-addressed", explanation, "info@our.example")
        self.assertIn("'address = '", explanation.conclusion)

    def looked_for(self, *recipients, **arguments):
        """What stands below `Looked for:`, the folder of responders left out."""
        conclusion = self.explain(mail(), recipients=recipients, **arguments).conclusion
        _, found, lines = conclusion.partition("Looked for:\n")
        self.assertTrue(found, conclusion)
        return lines.replace(f"{self.place.folder}/responders/", "").splitlines()

    def test_of_no_responder_lists_every_address_and_file_that_was_tried(self):
        self.assertEqual(self.looked_for("Nobody+x@Other.example"), [
            "  recipient Nobody+x@Other.example",
            "    nobody+x@other.example  other.example/nobody+x.conf",
            "    nobody@other.example  other.example/nobody.conf",
            "    nobody@other.example  other.example.conf"])
        self.place.configure("autoreply-domain = auto.our.example")
        preview = self.place.preview(
            mail(), "--explain", "--original-recipient", "a/b@b\N{LATIN SMALL LETTER U WITH DIAERESIS}.example",
            recipients=["nobody#other.example@auto.our.example"])
        for line in ["  recipient nobody#other.example@auto.our.example",
                     "    nobody@other.example  {}/other.example/nobody.conf",
                     "    nobody@other.example  {}/other.example.conf",
                     "  original recipient a/b@b\N{LATIN SMALL LETTER U WITH DIAERESIS}.example",
                     "    a/b@xn--b-eha.example  {}/xn--b-eha.example/a%2Fb.conf",
                     "    a/b@xn--b-eha.example  {}/xn--b-eha.example.conf"]:
            self.assertIn(line.format(self.place.folder / "responders"), preview.table.splitlines())

    def test_of_no_responder_says_what_is_no_address(self):
        self.assertEqual(self.looked_for("no\nverdict: reply"),
                         ["  recipient no\\x0averdict:\\x20reply: not a mail address"])

    def test_of_a_responder_lists_no_files(self):
        self.assertNotIn("Looked for", self.explain().conclusion)

    def test_of_every_rule(self):
        service = self.place.set_responder("kind = service", path="service.conf")
        mark = self.place.preview().reply["Message-ID"]
        for rule, message, sender, words in [
            ("null-sender", mail(), "", ["envelope sender <>", "RFC 3834"]),
            ("invalid-sender", mail(), "alice", ["envelope sender <alice>", "RFC 5321"]),
            ("own-address", mail(), "info@our.example", ["<info@our.example>", "RFC 5230"]),
            ("loop", mail(message_id=mark), None, [mark[:30], "our own mark"]),
            ("loop", mail(received=["x"] * 51), None, ["51 Received fields", "RFC 5321"]),
            ("auto-submitted", mail(auto_submitted="auto-generated (x)"), None,
             ["Auto-Submitted: auto-generated (x)", "RFC 3834"]),
            ("report", mail(content_type="multipart/report; boundary=x"), None,
             ["Content-Type: multipart/report", "RFC 6522"]),
            ("system-sender", mail(), "postmaster@x.example",
             ["<postmaster@x.example>", "RFC 5321, 4.5.1"]),
            ("system-sender", mail(sender="noreply@x.example"), None,
             ["Sender: noreply@x.example", "English, noreply@github.com"]),
            ("list", mail(list_id="<x.example>"), None, ["List-Id: <x.example>", "RFC 2919"]),
            ("list", mail(x_beenthere="x@x.example"), None, ["X-Beenthere:", "Mailman"]),
            ("list", mail(feedback_id="1:2:3:x"), None, ["Feedback-Id: 1:2:3:x", "Gmail"]),
            ("report", mail(x_mailer="SpamLion 1"), None, ["X-Mailer: SpamLion 1", "SurfControl"]),
            ("precedence", mail(precedence="bulk"), None, ["Precedence: bulk", "RFC 3834"]),
            ("suppress-requested", mail(x_auto_response_suppress="OOF"), None,
             ["X-Auto-Response-Suppress: OOF", "MS-OXCMAIL"]),
            ("auto-reply", mail(x_autoreply="yes"), None, ["X-Autoreply: yes", "Gmail"]),
            ("spam", mail(x_spam_flag="YES"), None, ["X-Spam-Flag: YES", "SpamAssassin"]),
            ("not-addressed", mail(to="x@x.example"), None, ["To, Cc, Bcc and their Resent- forms", "RFC 3834"]),
        ]:
            with self.subTest(rule=rule, words=words):
                explanation = self.explain(message, sender="alice@sender.example"
                                           if sender is None else sender)
                self.assert_hit(rule, explanation, *words)
        self.assert_hit("invalid-sender", self.explain(mail(From=None), "--responder", service),
                        "no From field")

    def test_of_the_responders_own_settings(self):
        for rule, settings, words in [
            ("inactive", "enabled = no", ["enabled = no"]),
            ("inactive", "active-from = 2030-01-01", ["active-from = 2030-01-01"]),
            ("inactive", "active-until = 2020-01-01", ["active-until = 2020-01-01"]),
            ("excluded", "never-reply-to = @.example", ["never-reply-to = @.example"]),
            ("excluded", "only-reply-to = @x.example", ["not in only-reply-to"]),
        ]:
            with self.subTest(settings):
                self.place.set_responder(settings)
                self.assert_hit(rule, self.explain(), "responder file", *words)

    def test_of_an_address_without_a_responder(self):
        explanation = self.explain(recipients=["nobody@our.example"])
        self.assert_hit("no-responder", explanation, "no settings for this address")
        self.assertEqual({explanation.rows[rule]["outcome"] for rule in RULES[1:]}, {"not asked"})

    def test_of_a_part(self):
        message = mail("--b\nContent-Type: message/delivery-status\n\nx\n--b--\n",
                       content_type="multipart/mixed; boundary=b")
        self.assert_hit("report", self.explain(message),
                        "part with Content-Type: message/delivery-status", "RFC 3464")

    def test_is_decoded(self):
        explanation = self.explain(mail(list_id="=?utf-8?Q?B=C3=BCro?= <x.example>"))
        self.assert_hit("list", explanation, "List-Id: Büro <x.example>")


class Conclusion(ExplainTestCase):
    def test_of_a_message_that_is_due_an_answer(self):
        self.assertEqual(self.explain().conclusion,
                         "Due an answer, unless the cache knows that the sender was answered or a "
                         "limit is reached.")

    def test_of_a_mailing_list_tells_how_to_answer_it_all_the_same(self):
        explanation = self.explain(mail(list_id="<x.example>"))
        self.assertEqual(explanation.conclusion,
                         "Not answered: it came through a mailing list or a mass mailing"
                         " (List-Id: <x.example>).\n"
                         "To answer such messages all the same, put 'ignore = list' into "
                         f"{self.place.responder}")

    def test_and_what_it_tells_works(self):
        for rule, fields in [("list", {"list_id": "<x>"}), ("precedence", {"precedence": "list"}),
                             ("spam", {"x_spam_flag": "YES"}), ("auto-reply", {"x_autoreply": "1"}),
                             ("suppress-requested", {"x_auto_response_suppress": "All"}),
                             ("system-sender", {"sender": "noreply@x.example"}),
                             ("not-addressed", {"to": "x@x.example"})]:
            with self.subTest(rule):
                self.place.set_responder()
                advice = self.explain(mail(**fields)).conclusion
                setting, file = re.search(r"put '(.+)' into (.+)", advice).groups()
                with open(file, "a") as responder:
                    responder.write(f"{setting}\n")
                self.assertEqual(self.place.preview(mail(**fields)).verdict, "verdict: reply")

    def test_of_a_hard_rule_gives_no_such_advice(self):
        for message, sender in [(mail(auto_submitted="auto-replied"), "alice@sender.example"),
                                (mail(), ""), (mail(), "info@our.example")]:
            conclusion = self.explain(message, sender=sender).conclusion
            self.assertRegex(conclusion, r"\ANot answered: [^\n]+\.\Z")

    def test_names_the_file_of_a_domain(self):
        self.place.responder.unlink()
        file = self.place.set_responder(path="responders/our.example.conf")
        self.assertIn(str(file), self.explain(mail(list_id="<x>")).conclusion)


class Output(ExplainTestCase):
    def test_of_a_reply_is_verdict_table_and_message(self):
        outcome = self.place.run(mail(), "-n", "--explain")
        verdict, table, message = outcome.stdout.decode().split("\n\n", 2)
        self.assertEqual(verdict, "verdict: reply")
        self.assertEqual(len(table.splitlines()), len(RULES) + 2)
        self.assertTrue(message.startswith("From: info@our.example\n"))
        self.assertTrue(message.endswith("\n\nWe are on holiday.\n"))

    def test_of_two_recipients_is_one_after_the_other(self):
        self.place.set_responder("kind = service", path="responders/our.example/b.conf")
        for recipients, verdicts in [
            (["info@our.example", "b@our.example"], ["suppress: not-addressed", "reply"]),
            (["b@our.example", "info@our.example"], ["reply", "suppress: not-addressed"]),
            (["nobody@our.example", "info@our.example"],
             ["suppress: no-responder", "suppress: not-addressed"]),
        ]:
            with self.subTest(recipients):
                outcome = self.place.run(mail(to="x@x.example"), "-n", "--explain",
                                         recipients=recipients)
                self.assertEqual((outcome.status, outcome.stderr), (0, ""))
                text = outcome.stdout.decode()
                self.assertEqual(re.findall(r"^verdict: (.*)$", text, re.M), verdicts)
                tables = re.findall(r"^verdict: .*\n\n(rule .*\n(?:.+\n)*)(?:\n|\Z)", text, re.M)
                self.assertEqual(len(tables), 2)
                for table in tables:
                    lines = table.splitlines()
                    self.assertEqual([line.split()[0] for line in lines[1:len(RULES) + 1]], RULES)

    def test_touches_neither_cache_nor_mailer(self):
        before = self.place.files()
        self.explain()
        self.assertEqual(self.place.files(), before)

    def test_is_the_same_every_time(self):
        first, second = (self.place.run(mail(), "-n", "--explain", "--now", NOW).stdout
                         for _ in range(2))
        self.assertEqual(first, second)


if __name__ == "__main__":
    unittest.main()
