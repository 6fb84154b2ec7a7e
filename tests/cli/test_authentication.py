"""trusted-authserv: what a trusted Authentication-Results field says of a message's author.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_authentication.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, mail

TRUSTED = "mx.our.example"
FAIL = f"{TRUSTED}; dmarc=fail header.from=sender.example"
PASS = f"{TRUSTED}; dmarc=pass header.from=sender.example"


class Authentication(TestCase):
    def setUp(self):
        super().setUp()
        self.trust(TRUSTED)

    def trust(self, *names):
        self.place.configure(*[f"trusted-authserv = {name}" for name in names])

    def assert_verdict(self, verdict, results):
        with self.subTest(results):
            message = mail(authentication_results=results)
            self.assertEqual(self.place.preview(message).verdict, f"verdict: {verdict}")

    def assert_answered(self, *results):
        for result in results:
            self.assert_verdict("reply", result)

    def assert_unauthenticated(self, *results):
        for result in results:
            self.assert_verdict("suppress: unauthenticated", result)

    def test_is_off_until_somebody_is_trusted(self):
        self.trust()
        self.assert_answered(FAIL)

    def test_a_failure_is_not_answered_and_all_else_is(self):
        self.assert_unauthenticated(FAIL)
        self.assert_answered(PASS, f"{TRUSTED}; none", f"{TRUSTED}; dmarc=none", TRUSTED,
                             *[f"{TRUSTED}; dmarc={result}" for result in
                               ("temperror", "permerror", "policy", "neutral", "bestguesspass",
                                "failing", "softfail")])

    def test_without_the_field(self):
        self.assert_answered(None)

    def test_other_methods_are_not_asked(self):
        self.assert_answered(f"{TRUSTED}; spf=fail smtp.mailfrom=sender.example",
                             f"{TRUSTED}; dkim=fail header.d=sender.example",
                             f"{TRUSTED}; x-dmarc=fail", f"{TRUSTED}; dmarc.x=fail",
                             f"{TRUSTED}; spf=pass reason=\"dmarc=fail\"",
                             f"{TRUSTED}; spf=pass reason=\"; dmarc=fail\"",
                             f"{TRUSTED}; spf=pass (dmarc=fail)",
                             f"{TRUSTED}; spf=pass (; dmarc=fail ;)")

    def test_every_way_to_write_it(self):
        self.assert_unauthenticated(
            f"{TRUSTED}; spf=pass smtp.mailfrom=x; dkim=pass; dmarc=fail header.from=x",
            f"{TRUSTED} 1; dmarc=fail",
            f"{TRUSTED.upper()}; DMARC=FAIL", f"(x) {TRUSTED} (y) 1 (z) ; dmarc (a) = (b) fail (c)",
            f"{TRUSTED};\n\tspf=pass;\n\tdmarc=fail (p=none dis=none) header.from=x",
            f'"{TRUSTED}"; dmarc=fail', f"{TRUSTED}; dmarc/1=fail", f"{TRUSTED};dmarc=fail",
            f"{TRUSTED}; dmarc=fail reason=\"a; dmarc=pass\" header.from=x", f"{TRUSTED};;dmarc=fail;")

    def test_a_stranger_is_not_believed(self):
        self.assert_answered("mx.evil.example; dmarc=fail", f"{TRUSTED}.evil.example; dmarc=fail",
                             f"x.{TRUSTED}; dmarc=fail", f"mx.evil.example ({TRUSTED}); dmarc=fail",
                             "; dmarc=fail", "dmarc=fail", f"evil {TRUSTED}; dmarc=fail")

    def test_several_may_be_trusted(self):
        self.trust("mx1.our.example", "MX2.our.example")
        self.assert_unauthenticated("mx1.our.example; dmarc=fail", "mx2.our.example; dmarc=fail")
        self.assert_answered(FAIL)

    def test_a_forged_pass_below_does_not_help(self):
        self.assert_unauthenticated([FAIL, PASS], [FAIL, PASS, PASS])

    def test_a_forged_failure_below_does_no_harm(self):
        self.assert_answered([PASS, FAIL])

    def test_what_stands_below_a_strangers_field_is_not_believed(self):
        # Our own server puts its field on top: one further down came from outside.
        self.assert_answered(["mx.evil.example; dmarc=pass", FAIL])

    def test_two_fields_of_the_trusted_one_are_read_together(self):
        self.assert_unauthenticated([f"{TRUSTED}; spf=pass", FAIL])
        self.assert_answered([f"{TRUSTED}; spf=pass", PASS, FAIL])

    def test_other_fields_in_between_do_not_matter(self):
        message = mail(top="Received: by x.example\n"
                           f"Authentication-Results: {FAIL}\nReceived: from y.example\n")
        self.assertEqual(self.place.preview(message).verdict, "verdict: suppress: unauthenticated")

    def test_other_names_are_other_fields(self):
        for name in ["X-Authentication-Results", "ARC-Authentication-Results",
                     "Authentication-Results-Original", "Received-SPF"]:
            with self.subTest(name):
                self.assertEqual(self.place.preview(mail(**{name: FAIL})).verdict, "verdict: reply")

    def test_the_rule_may_be_switched_off(self):
        self.place.set_responder("ignore = unauthenticated")
        self.assert_answered(FAIL)

    def test_explain_shows_the_field(self):
        table = self.place.preview(mail(authentication_results=FAIL), "--explain").table
        self.assertIn(f"Authentication-Results: {FAIL}", table)
        self.assertIn("RFC 8601", table)
        self.assertIn("ignore = unauthenticated", table)

    def test_the_log_gives_the_reason(self):
        self.assert_suppressed(self.place.run(mail(authentication_results=FAIL)), "unauthenticated")


if __name__ == "__main__":
    unittest.main()
