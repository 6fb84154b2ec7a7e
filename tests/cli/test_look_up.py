"""Which responder file answers for a recipient.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_look_up.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, actions, mail


class LookUp(TestCase):
    """Responder files by address."""

    def setUp(self):
        super().setUp()
        self.place.responder.unlink()

    def add(self, *paths):
        """Responders that answer with their path."""
        for path in paths:
            self.place.set_responder("ignore = not-addressed", f"{path}\n", f"responders/{path}")

    def found(self, recipient, *options):
        preview = self.place.preview(mail(), *options, recipients=[recipient])
        if preview.verdict == "verdict: suppress: no-responder":
            return None
        return preview.reply.get_content().rstrip("\r\n")

    def test_the_most_particular_file_is_taken(self):
        paths = ["our.example/info+tag.conf", "our.example/info.conf", "our.example.conf"]
        self.add(*paths)
        for path in paths:
            self.assertEqual(self.found("info+tag@our.example"), path)
            (self.place.folder / "responders" / path).unlink()
        self.assertIsNone(self.found("info+tag@our.example"))

    def test_a_domain_has_one_for_all_who_have_none(self):
        self.add("our.example/info.conf", "our.example.conf")
        self.assertEqual(self.found("sales@our.example"), "our.example.conf")
        self.assertIsNone(self.found("sales@sub.our.example"))

    def test_an_address_that_begins_with_the_delimiter_is_whole(self):
        self.add("our.example/+tag.conf")
        self.assertEqual(self.found("+tag@our.example"), "our.example/+tag.conf")
        self.assertIsNone(self.found("+other@our.example"))

    def test_the_recipient_goes_before_the_original_recipient(self):
        self.add("our.example/info.conf", "our.example/sales.conf")
        sales = ["--original-recipient", "sales@our.example"]
        self.assertEqual(self.found("info@our.example", *sales), "our.example/info.conf")
        self.assertEqual(self.found("alias@our.example", *sales), "our.example/sales.conf")

    def test_the_nth_original_recipient_belongs_to_the_nth_recipient(self):
        self.add("our.example/b.conf")
        originals = [f"--original-recipient={name}@our.example" for name in "ab"]
        recipients = ["x@our.example", "y@our.example", "z@our.example"]
        outcome = self.place.run(mail(), *originals, recipients=recipients)
        self.assertEqual(actions(outcome), [("suppressed", "no-responder"), ("replied", "-"),
                                            ("suppressed", "no-responder")])

    def test_an_original_recipient_that_is_not_known_keeps_its_place(self):
        self.add("our.example/b.conf")
        originals = ["--original-recipient=", "--original-recipient=b@our.example"]
        outcome = self.place.run(mail(), *originals, recipients=["x@our.example", "y@our.example"])
        self.assertEqual(actions(outcome), [("suppressed", "no-responder"), ("replied", "-")])

    def test_case_does_not_matter(self):
        self.add("our.example/info.conf")
        self.assertEqual(self.found("INFO@Our.EXAMPLE"), "our.example/info.conf")
        self.add("our.example/jürgen.conf")
        self.assertEqual(self.found("JÜRGEN@our.example"), "our.example/jürgen.conf")

    def test_a_domain_is_found_by_its_a_labels(self):
        self.add("xn--bcher-kva.example/info.conf")
        for domain in ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"]:
            with self.subTest(domain):
                self.assertEqual(self.found(f"info@{domain}"), "xn--bcher-kva.example/info.conf")

    def test_what_has_a_meaning_in_paths_is_percent_encoded(self):
        for recipient, name in [("a/b@our.example", "a%2Fb"), ("a%2Fb@our.example", "a%252fb"),
                                ("\".hidden\"@our.example", "%2Ehidden"),
                                ("\"..\"@our.example", "%2E."), ("\"a b\"@our.example", "a b")]:
            with self.subTest(recipient):
                self.add(f"our.example/{name}.conf")
                self.assertEqual(self.found(recipient), f"our.example/{name}.conf")

    def test_no_address_leads_out_of_the_folder(self):
        self.add("info.conf", "other.example/info.conf", "our.example/a/info.conf", "our.example/.conf")
        outside = self.place.set_responder("ignore = not-addressed", path="outside/info.conf")
        for local_part in ["../info", "../../outside/info", "../other.example/info", "a/info",
                           str(outside.with_suffix("")), "./a/info", "", "%2E%2E/info"]:
            for recipient in [f"{local_part}@our.example", f'"{local_part}"@our.example']:
                with self.subTest(recipient):
                    self.assertIsNone(self.found(recipient))
        for domain in ["..", ".", "../our.example", "our.example/a"]:
            with self.subTest(domain):
                self.assertIsNone(self.found(f"info@{domain}"))

    def test_a_name_longer_than_file_names_may_be_is_not_there(self):
        self.assertIsNone(self.found(f"{'%' * 200}@our.example"))

    def test_one_file_for_every_recipient(self):
        file = self.place.set_responder("ignore = not-addressed", "for all\n", "one.conf")
        for recipient in ["info@our.example", "anybody@other.example"]:
            self.assertEqual(self.found(recipient, "--responder", file), "for all")

    def test_one_file_by_a_relative_path(self):
        self.place.set_responder("ignore = not-addressed", "for all\n", "one.conf")
        self.assertEqual(self.found("info@our.example", "--responder", "one.conf"), "for all")

    def test_another_responder_that_is_broken_does_not_matter(self):
        self.add("our.example/info.conf")
        self.place.write("responders/our.example/sales.conf", "nonsense")
        self.place.write("responders/our.example.conf", "nonsense")
        self.assertEqual(self.found("info@our.example"), "our.example/info.conf")


if __name__ == "__main__":
    unittest.main()
