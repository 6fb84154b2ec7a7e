"""The verdict on every message of the hand-checked set.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_messages.py
"""

import sys
import unittest

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from messages import MAIN_CONFIGURATION, MESSAGES, SETTINGS, read_cases
from programs import Workplace


class Messages(unittest.TestCase):
    def test_each_gets_its_verdict(self):
        place = Workplace(self)
        place.write("text", "I am away.\n")
        place.configure(MAIN_CONFIGURATION)
        responder = place.write("ellen.conf", SETTINGS)
        for case in read_cases():
            with self.subTest(case.file, why=case.why):
                verdict = place.preview(case.raw, "--responder", str(responder),
                                        sender=case.sender, recipients=[case.recipient]).verdict
                self.assertEqual(verdict, "verdict: reply" if case.verdict == "reply"
                                 else f"verdict: suppress: {case.verdict}")

    def test_the_set_is_whole(self):
        cases = read_cases()
        files = [case.file for case in cases]
        self.assertEqual(sorted(files), sorted(path.name for path in MESSAGES.glob("*.eml")))
        replies = sum(case.verdict == "reply" for case in cases)
        self.assertGreaterEqual(len(files), 150)
        self.assertTrue(0.4 < replies / len(files) < 0.6, replies)


if __name__ == "__main__":
    unittest.main()
