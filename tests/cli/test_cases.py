"""Messages as other people's programs write them, and what must hold of the answer to each.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_cases.py

tests/data/cases/index.tsv says so: `verdict=reply`, or the reason against one; `subject`, `to` and
`text` of the reply, decoded, and its `envelope` recipient. `=` stands before the whole of it, `~`
before a part. Beside the messages in files there are rows of fields written here.
"""

import csv
import email.header
import sys
import unittest
from pathlib import Path

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from programs import TestCase, mail, unflowed, unfolded

CASES = Path(__file__).resolve().parents[1] / "data" / "cases"


def read_cases():
    with open(CASES / "index.tsv", encoding="utf-8", newline="") as index:
        return list(csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE))


class Cases(TestCase):
    def test_each_is_answered_as_it_must_be(self):
        for case in read_cases():
            with self.subTest(case["file"]):
                self.place.set_responder("interval = 0\nignore = not-addressed\n" +
                                         case["settings"].replace(";", "\n").replace("=", " = "))
                found = self.outcome((CASES / case["file"]).read_bytes(), case["sender"])
                for condition in case["must"].split(" | "):
                    self.assert_holds(condition, found)

    def outcome(self, message, sender):
        before = len(self.place.submissions())
        log = self.place.run(message, sender=sender, recipients=["info@our.example"]).log
        if log[0]["action"] != "replied":
            return {"verdict": log[0]["reason"]}
        [submission] = self.place.submissions()[before:]
        reply = submission.message
        return {"verdict": "reply", "subject": reply["Subject"], "to": str(reply["To"]),
                "text": unflowed(reply.get_content()), "envelope": submission.recipient}

    def assert_holds(self, condition, found):
        name, expected = condition.strip().split("=" if "=" in condition.split("~")[0] else "~", 1)
        if "~" in condition.split("=")[0]:
            self.assertIn(expected, found[name])
        else:
            self.assertEqual(found[name], expected)

    def test_the_set_is_whole(self):
        self.assertEqual([case["file"] for case in read_cases()],
                         sorted(path.name for path in CASES.glob("*.eml")))


class EncodedWords(TestCase):
    """Fields as they are handed on: the octets count."""

    def fields_of_reply(self, **fields):
        self.place.set_responder("kind = service")
        raw = self.place.preview(mail(**fields)).raw
        return unfolded(raw, "Subject")[0], unfolded(raw, "To")[0]

    def test_what_cannot_be_decoded_goes_back_as_it_came(self):
        for word in ("=?x-unknown?Q?Gr=FC=DFe?=", "=?x-unknown?B?R3L832U=?=",
                     "=?utf-8?Q?=FF_broken?=", "=?utf-8?X?what?="):
            with self.subTest(word):
                subject, to = self.fields_of_reply(Subject=word,
                                                   From=f"{word} <alice@sender.example>")
                self.assertEqual(subject, f"Auto: {word}")
                self.assertEqual(to, f"{word} <alice@sender.example>")

    def test_it_goes_back_so_beside_what_can_be_decoded(self):
        subject, to = self.fields_of_reply(
            Subject="=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?x-unknown?Q?a.b?= =?x-unknown?Q?c?=",
            From="=?utf-8?Q?J=C3=BCrgen?= =?x-unknown?Q?a.b?= <alice@sender.example>")
        self.assertTrue(subject.endswith(" =?x-unknown?Q?a.b?= =?x-unknown?Q?c?="), subject)
        self.assertIn("Grüße", str(email.header.make_header(
            email.header.decode_header(subject.split(" =?x-unknown")[0]))))
        self.assertTrue(to.endswith(" =?x-unknown?Q?a.b?= <alice@sender.example>"), to)
        self.assertIn("J=C3=BCrgen", to)

    def test_a_word_that_only_looks_like_one_is_not_decoded_twice(self):
        inner = "=3D=3Futf-8=3FQ=3FBcc=3F=3D"
        subject, _ = self.fields_of_reply(Subject=f"=?utf-8?Q?{inner}?=")
        self.assertNotIn("=?utf-8?Q?Bcc?=", subject)
        self.assertEqual(str(email.header.make_header(email.header.decode_header(subject))),
                         "Auto: =?utf-8?Q?Bcc?=")


if __name__ == "__main__":
    unittest.main()
