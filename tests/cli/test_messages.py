"""The verdict on every message of the hand-checked set.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_messages.py

tests/data/messages/index.tsv says of each message who sent it, to which of the recipient's
addresses, and what is right: `reply`, or the reason for silence; and why a person would say so.
"""

import csv
import sys
import unittest
from pathlib import Path

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from programs import Workplace

MESSAGES = Path(__file__).resolve().parents[1] / "data" / "messages"
RESPONDER = "address = e.mertens@example.org\naddress = ellen@mertens.example\ntext = text\n"


def index():
    with open(MESSAGES / "index.tsv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


class Messages(unittest.TestCase):
    def test_each_gets_its_verdict(self):
        place = Workplace(self)
        place.write("text", "I am away.\n")
        responder = place.write("ellen.conf", RESPONDER)
        for row in index():
            with self.subTest(row["file"], why=row["why"]):
                message = (MESSAGES / row["file"]).read_bytes()
                verdict = place.preview(message, "--responder", str(responder),
                                        sender=row["sender"], recipients=[row["recipient"]]).verdict
                expected = row["verdict"]
                self.assertEqual(verdict, "verdict: reply" if expected == "reply"
                                 else f"verdict: suppress: {expected}")

    def test_the_set_is_whole(self):
        files = [row["file"] for row in index()]
        self.assertEqual(sorted(files), sorted(path.name for path in MESSAGES.glob("*.eml")))
        replies = sum(row["verdict"] == "reply" for row in index())
        self.assertGreaterEqual(len(files), 150)
        self.assertTrue(0.4 < replies / len(files) < 0.6, replies)


if __name__ == "__main__":
    unittest.main()
