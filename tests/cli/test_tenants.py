"""What a customer's responder file may not: speak for another domain, take what is not his.

Whose a file is goes by its owner: where the tests cannot give files away, as they do not run as root,
`trust-responders = none` makes every file a tenant's.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_tenants.py
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True

from check_config import CheckTestCase
from programs import mail

TENANT = 12345  # an account's number; it need not exist
IS_ROOT = os.geteuid() == 0

INFO = "responders/our.example/info.conf"
TEMPLATE = "responders/our.example/info.template"


class TenantTestCase(CheckTestCase):
    def give(self, *paths):
        """Makes the files a tenant's."""
        for path in paths:
            if IS_ROOT:
                os.chown(self.place.folder / path, TENANT, TENANT, follow_symlinks=False)
            else:
                self.place.configure("trust-responders = none")

    def tenant(self, settings="", **arguments):
        self.place.set_responder(settings, **arguments)
        self.give(INFO)

    def template(self, text, settings=""):
        self.place.set_template(text, settings)
        self.give(INFO)

    def assert_fault(self, place, *words):
        """A delivery defers with it, --check-config reports it, and it alone."""
        self.assert_deferred(self.place.run(), f"{self.place.folder}/{place}: ",
                             "reason=configuration", *words)
        self.assert_faults([(place, *words)])

    def assert_accepted(self):
        done = self.check()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return self.place.preview()


class Addresses(TenantTestCase):
    SETTINGS = ["from = CEO <ceo@bank.example>", "reply-to = ceo@bank.example",
                "envelope-from = ceo@bank.example", "bcc = anybody@bank.example",
                "from = x@sub.our.example", "bcc = x@our.example.bank.example",
                "from = x@our-example", "envelope-from = x@[127.0.0.1]"]

    def test_of_other_domains_are_faults(self):
        for setting in self.SETTINGS:
            with self.subTest(setting):
                self.tenant(setting)
                self.assert_fault(f"{INFO}:2", f"'{setting}'", "in our.example")

    def test_of_other_domains_are_faults_in_sections_and_never_answer_what_they_match(self):
        self.tenant("[when a]\nsubject-contains = question\nfrom = ceo@bank.example")
        self.assert_fault(f"{INFO}:4", "in our.example")

    def test_of_his_own_domain_are_his(self):
        self.tenant("from = Desk <desk@OUR.example>\nreply-to = a@our.example\nbcc = b@our.example\n"
                    "envelope-from = c@our.example\n")
        reply = self.assert_accepted().reply
        self.assertEqual((reply["From"], reply["Reply-To"]),
                         ("Desk <desk@our.example>", "a@our.example"))
        self.tenant("envelope-from = <>")
        self.assert_accepted()

    def test_are_compared_in_a_labels(self):
        file = "responders/xn--bcher-kva.example/info.conf"
        self.place.responder.unlink()
        for address, is_his in [("a@bücher.example", True), ("a@BÜCHER.example", True),
                                ("a@xn--bcher-kva.example", True), ("a@bucher.example", False)]:
            with self.subTest(address):
                self.place.set_responder(f"from = {address}", path=file)
                self.give(file)
                recipients = ["info@bücher.example"]
                run = self.place.preview if is_his else self.place.run
                outcome = run(mail(to="info@bücher.example"), recipients=recipients)
                if is_his:
                    self.assertEqual(outcome.verdict, "verdict: reply")
                    self.assertEqual(self.check().returncode, 0)
                else:
                    self.assert_deferred(outcome, "in xn--bcher-kva.example")
                    self.assertEqual(self.places(), [(file, 2)])

    def test_that_he_calls_his_own_are_not_put_into_from(self):
        """`address` says what else mail to him may carry in its To field."""
        message = mail(to="ceo@bank.example")
        settings = "address = ceo@bank.example"
        self.place.set_responder(settings)
        self.assertEqual(self.place.preview(message).reply["From"], "ceo@bank.example")
        self.tenant(settings)
        self.assertEqual(self.place.preview(message).reply["From"], "info@our.example")
        self.tenant("address = ceo@bank.example\nfrom = ceo@bank.example")
        self.assert_fault(f"{INFO}:3", "in our.example")

    def test_of_the_recipient_count_for_one_file_for_all(self):
        self.tenant("from = ceo@bank.example")
        one = ["--responder", self.place.responder]
        self.assert_deferred(self.place.run(None, *one), f"{INFO}:2: ", "in our.example")
        outcome = self.place.run(mail(to="x@bank.example"), *one, recipients=["x@bank.example"])
        self.assert_replied(outcome)

    def test_of_other_domains_in_one_file_touch_nobody_else(self):
        self.place.set_responder(path="responders/our.example/sales.conf")
        self.tenant("from = ceo@bank.example")
        outcome = self.place.run(mail(to="info@our.example, sales@our.example"),
                                 recipients=["info@our.example", "sales@our.example"])
        self.assertEqual(outcome.status, 75)
        self.assertEqual([line["action"] for line in outcome.log], ["deferred", "replied"])
        self.assert_sent(1)


class Templates(TenantTestCase):
    def test_have_nothing_else_in_the_header(self):
        for name in ["DKIM-Signature", "Authentication-Results", "Errors-To", "Bcc", "Cc", "To",
                     "Sender", "Resent-From", "Return-Path", "Precedence", "List-Id", "X-Mailer",
                     "Received", "Auto-Submitted", "Message-ID", "date", "Disposition-Notification-To"]:
            with self.subTest(name):
                self.template(f"Subject: Away\n{name}: x@our.example\n\nAway.\n")
                self.assert_fault(f"{TEMPLATE}:2", f"'{name}'", "From, Reply-To, Subject")

    def test_have_these_fields(self):
        self.template("From: Desk <desk@our.example>\nReply-To: a@our.example\nSubject: Away\n"
                      "organization: Ours\nMIME-Version: 1.0\nContent-Type: text/plain\n"
                      "Content-Language: en\n\nAway.\n")
        reply = self.assert_accepted().reply
        self.assertEqual((reply["From"], reply["Reply-To"], reply["Organization"]),
                         ("Desk <desk@our.example>", "a@our.example", "Ours"))

    def test_name_no_address_of_another_domain(self):
        for name in ["From", "Reply-To", "reply-to"]:
            with self.subTest(name):
                self.template(f"Subject: Away\n{name}: CEO <ceo@bank.example>\n\nAway.\n")
                self.assert_fault(f"{TEMPLATE}:2", f"'{name}'", "in our.example")

    def test_of_tenants_are_theirs_though_an_administrators_file_names_them(self):
        self.place.set_template("Errors-To: x@our.example\nFrom: ceo@bank.example\n\nAway.\n")
        self.assertEqual(self.place.preview().reply["From"], "ceo@bank.example")
        self.give(TEMPLATE)
        self.assert_deferred(self.place.run(), f"{TEMPLATE}:1: ", "'Errors-To'")
        self.assertEqual(self.places(), [(TEMPLATE, 1), (TEMPLATE, 2)])


class Trust(TenantTestCase):
    FOREIGN = "from = ceo@bank.example"

    def test_all_makes_every_file_the_administrators(self):
        self.tenant(self.FOREIGN)
        self.place.configure("trust-responders = all")
        self.assertEqual(self.assert_accepted().reply["From"], "ceo@bank.example")

    def test_none_makes_every_file_a_tenants(self):
        self.place.set_responder(self.FOREIGN)
        self.assertEqual(self.assert_accepted().reply["From"], "ceo@bank.example")
        self.place.configure("trust-responders = none")
        self.assert_fault(f"{INFO}:2", "in our.example")

    def test_owner_is_the_default(self):
        self.place.set_responder(self.FOREIGN)
        self.place.configure("trust-responders = owner")
        self.assert_accepted()

    def test_is_one_of_three(self):
        self.place.configure("trust-responders = some")
        self.assert_faults([("main.conf:1", "owner, all or none")])

    def test_a_tenants_link_to_an_administrators_file_is_a_tenants(self):
        self.place.set_responder(self.FOREIGN, path="responders/bank.example/ceo.conf")
        self.place.write("responders/our.example/ceo.txt", "Pay this.\n")
        self.place.responder.unlink()
        self.place.responder.symlink_to("../bank.example/ceo.conf")
        self.assertEqual(self.place.preview().reply["From"], "ceo@bank.example")
        self.place.responder.unlink()
        self.place.set_responder(self.FOREIGN, path="responders/our.example/ceo.conf")
        self.place.responder.symlink_to("ceo.conf")
        self.assertEqual(self.place.preview().reply["From"], "ceo@bank.example")
        self.give(INFO)
        self.assert_deferred(self.place.run(), f"{INFO}:2: ", "in our.example")
        self.assertIn((INFO, 2), self.places())

    def test_a_tenants_link_to_another_tenants_file_is_not_followed(self):
        other = self.place.set_responder("subject = A secret plan",
                                         path="responders/bank.example/ceo.conf")
        self.give("responders/bank.example/ceo.conf")
        for target in ("../bank.example/ceo.conf", other, "../our.example/../bank.example/ceo.conf"):
            with self.subTest(target=target):
                self.place.responder.unlink()
                self.place.responder.symlink_to(target)
                self.give(INFO)
                self.assert_not_followed()
        # The administrator's link into a home, whose owner has links there.
        home = self.place.folder / "home"
        home.mkdir()
        (home / "file.conf").symlink_to(other)
        (home / "folder").symlink_to(other.parent)
        self.give("home/file.conf", "home/folder")
        for target in (home / "file.conf", home / "folder/ceo.conf", "../../home/folder/ceo.conf"):
            with self.subTest(target=target):
                self.place.responder.unlink()
                self.place.responder.symlink_to(target)
                self.assert_not_followed()

    def assert_not_followed(self):
        self.assert_deferred(self.place.run(), f"{INFO}: a link leads outside its folder")
        self.assertIn((INFO, 0), self.places())

    def test_links_within_a_folder_and_the_administrators_lead_on(self):
        folder = self.place.folder / "responders/our.example"
        self.place.responder.rename(folder / "real.conf")
        for target in ("../our.example/real.conf", folder / "real.conf", "real.conf"):
            with self.subTest(target=target):
                self.place.responder.unlink(missing_ok=True)
                self.place.responder.symlink_to(target)
                self.give(INFO)
                self.assertEqual(self.place.preview().verdict, "verdict: reply")
        elsewhere = self.place.folder / "elsewhere"
        folder.rename(elsewhere)
        folder.symlink_to(elsewhere)
        self.assertEqual(self.place.preview().verdict, "verdict: reply")


class Files(TenantTestCase):
    """A responder file names files of its own folder alone."""

    DOMAIN = "responders/our.example.conf"

    def setUp(self):
        super().setUp()
        self.place.responder.unlink()
        self.place.write("responders/our.example/all.txt", "for all\n")
        self.place.write("responders/bank.example/secret.txt", "secret\n")

    def test_of_a_domain_are_in_the_domains_folder(self):
        self.place.write(self.DOMAIN, "text = all.txt\n")
        self.assertEqual(self.place.preview().reply.get_content().strip(), "for all")
        self.assert_well(1)

    def test_of_a_domain_are_no_other_domains(self):
        (self.place.folder / "responders/our.example/link").symlink_to("../bank.example/secret.txt")
        for name in ["../bank.example/secret.txt", "link", "../our.example.conf"]:
            for setting in ["attach", "inline", "never-reply-to", "text", "text.de"]:
                with self.subTest(name, setting=setting):
                    self.place.write(self.DOMAIN, f"html = all.txt\n{setting} = {name}\n")
                    self.assert_deferred(self.place.run(), f"{self.DOMAIN}:2: ", "outside")
                    self.assertEqual(self.places()[0], (self.DOMAIN, 2))
        self.place.write(self.DOMAIN, "text = all.txt\nattach = bank.example/secret.txt\n")
        self.assert_fault(f"{self.DOMAIN}:2", "No such file")

    def test_are_never_configuration_files(self):
        folder = self.place.folder / "responders/our.example"
        secret = "never-reply-to = secret@bank.example\n"
        self.place.write(folder / "sub/neighbour.CoNf", f"text = x\n{secret}")
        self.place.write(folder / "sub/x.conf", f"text = x\n{secret}")
        (folder / "link").symlink_to("sub/neighbour.CoNf")
        (folder / "way").symlink_to("sub")
        for name in ["info.conf", "./info.conf", "sub/neighbour.CoNf", "sub/x.conf", "link",
                     "way/x.conf", "sub/../info.conf"]:
            for setting in ["attach", "inline", "template", "never-reply-to"]:
                with self.subTest(name, setting=setting):
                    text = "" if setting == "template" else "html = all.txt\n"
                    line = 1 if setting == "template" else 2
                    self.place.write(INFO, f"{text}{setting} = {name}\n")
                    self.assert_deferred(self.place.run(), f"{INFO}:{line}: ", f"'{name}'",
                                         "*.conf is no part of a reply")
                    self.assertIn((INFO, line), self.places())

    def test_may_be_links_within_the_folder(self):
        folder = self.place.folder / "responders/our.example"
        self.place.write(folder / "sub/deep.txt", "deep\n")
        (folder / "link").symlink_to("sub/deep.txt")
        self.place.write(INFO, "text = link\n")
        self.assertEqual(self.place.preview().reply.get_content().strip(), "deep")
        self.assert_well(1)


class Modes(TenantTestCase):
    """Nobody but its author may write a file, or replace it in its folder."""

    OTHERS = "others may write"
    GROUP = "the group may write"

    def set_mode(self, path, mode):
        (self.place.folder / path).chmod(mode)

    def test_folders_that_others_may_write_are_faults(self):
        for folder in ["responders", "responders/our.example", "."]:
            with self.subTest(folder):
                path = self.place.folder / folder
                mode = path.stat().st_mode & 0o7777
                for wrong in [0o757, 0o777, 0o1777]:
                    path.chmod(wrong)
                    outcome = self.place.run()
                    self.assertEqual(outcome.status, 75)
                    self.assertIn(f"{path.resolve()}: {self.OTHERS} this folder", outcome.stderr)
                    self.assertIn(f"{path.resolve()}: {self.OTHERS} this folder",
                                  self.check().stdout)
                    self.assert_sent(0)
                path.chmod(mode)
        self.assert_replied(self.place.run())

    def test_folders_below_that_hold_a_named_file_count(self):
        for name in ["sub/deep/text", "link"]:
            with self.subTest(name):
                self.place.write("responders/our.example/sub/deep/text", "Text.\n")
                link = self.place.responder.parent / "link"
                link.unlink(missing_ok=True)
                link.symlink_to("sub/deep/text")
                self.place.write(INFO, f"text = {name}\n")
                for folder in ["sub", "sub/deep"]:
                    path = f"responders/our.example/{folder}"
                    self.set_mode(path, 0o757)
                    self.assert_fault(f"{INFO}:1", f"'{name}'", self.OTHERS, f"folder '{folder}'")
                    self.set_mode(path, 0o755)
                self.assert_well(1)

    def test_the_folder_of_a_domains_files_counts(self):
        self.place.responder.rename(self.place.folder / "responders/our.example.conf")
        self.set_mode("responders/our.example", 0o757)
        self.assert_fault("responders/our.example", self.OTHERS)

    def test_the_folder_of_one_file_for_all_counts(self):
        self.set_mode("responders/our.example", 0o757)
        one = ["--responder", self.place.responder]
        self.assert_deferred(self.place.run(None, *one), "our.example: ", self.OTHERS)
        self.assert_faults([("responders/our.example", self.OTHERS)], *one)

    def test_what_a_tenants_group_may_write_is_a_fault(self):
        text = "responders/our.example/info.txt"
        for path, place in [(INFO, INFO), (text, f"{INFO}:1"),
                            ("responders/our.example", "responders/our.example")]:
            with self.subTest(path):
                self.give(INFO, text, "responders/our.example")
                mode = (self.place.folder / path).stat().st_mode & 0o777
                self.set_mode(path, mode | 0o020)
                self.assert_fault(place, self.GROUP)
                self.set_mode(path, mode)
                self.assert_accepted()

    def test_what_an_administrators_group_may_write_is_none(self):
        """With umask 002 everything is so."""
        for path, mode in [(INFO, 0o664), ("responders/our.example/info.txt", 0o664),
                           ("responders/our.example", 0o775), ("responders", 0o775), (".", 0o775),
                           ("main.conf", 0o664)]:
            self.set_mode(path, mode)
        self.assert_well(1)
        self.assert_replied(self.place.run())


if __name__ == "__main__":
    unittest.main()
