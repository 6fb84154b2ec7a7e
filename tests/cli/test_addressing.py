"""Which of its addresses a message reached the recipient by, and whether that is one at all.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_addressing.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, actions, mail

FIELDS = ["To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"]


class AddressingTestCase(TestCase):
    def preview(self, to, *options, **arguments):
        return self.place.preview(mail(to=to), *options, **arguments)

    def assert_addressed(self, values, *options, **arguments):
        for value in values if isinstance(values, list) else [values]:
            with self.subTest(value):
                self.assertEqual(self.preview(value, *options, **arguments).verdict,
                                 "verdict: reply")

    def assert_not_addressed(self, values, *options, **arguments):
        for value in values if isinstance(values, list) else [values]:
            with self.subTest(value):
                self.assertEqual(self.preview(value, *options, **arguments).verdict,
                                 "verdict: suppress: not-addressed")

    def assert_from(self, address, to, *options, **arguments):
        self.assertEqual(self.preview(to, *options, **arguments).reply["From"], address)


class Fields(AddressingTestCase):
    def test_any_of_the_six(self):
        for name in FIELDS:
            for spelling in (name, name.upper(), name.lower()):
                with self.subTest(spelling):
                    fields = {"To": "other@our.example"} | {spelling: "info@our.example"}
                    self.assertEqual(self.place.preview(mail(**fields)).verdict, "verdict: reply")

    def test_no_other(self):
        for name in ["From", "Sender", "Reply-To", "Delivered-To", "X-Original-To", "Envelope-To",
                     "Apparently-To", "Disposition-Notification-To", "Mail-Followup-To", "To-X",
                     "X-To", "Subject", "Errors-To"]:
            with self.subTest(name):
                fields = {"To": "other@our.example", name: "info@our.example"}
                self.assertEqual(self.place.preview(mail(**fields)).verdict,
                                 "verdict: suppress: not-addressed")

    def test_a_repeated_field(self):
        self.assert_addressed([["other@our.example", "info@our.example"]])

    def test_a_folded_field(self):
        self.assert_addressed(["\n info@our.example", "a@x.example,\n\tinfo@our.example",
                               "Info\n <info@our.example>", "Info <\n info@our.example>",
                               "a@x.example\n , info@our.example"])

    def test_none_at_all(self):
        self.assert_not_addressed([None, "", ",", ";", "<>", "undisclosed-recipients:;"])


class Forms(AddressingTestCase):
    def test_names(self):
        self.assert_addressed([
            "Info <info@our.example>", '"Desk, Info" <info@our.example>',
            "=?utf-8?Q?B=C3=BCro?= <info@our.example>", "Büro <info@our.example>",
            '"\\"quoted\\"" <info@our.example>', "info@our.example (Information Desk)",
            '"other@our.example" <info@our.example>', "<info@our.example>", '"" <info@our.example>',
            "=?utf-8?Q?a=2C_b?= <info@our.example>", "=?utf-8?B?8J+YgA==?= <info@our.example>"])

    def test_an_address_in_a_name_or_a_comment_is_none(self):
        self.assert_not_addressed([
            '"info@our.example" <other@our.example>', "info@our.example <other@our.example>",
            "other@our.example (info@our.example)", "(info@our.example)",
            '"a, info@our.example, b" <other@our.example>', "=?utf-8?Q?info=40our.example?=",
            "=?utf-8?Q?x_=3Cinfo=40our.example=3E?= <other@our.example>",
            "(a, info@our.example, (b)) other@our.example"])

    def test_comments_wherever_they_may_stand(self):
        self.assert_addressed([
            "(comment) info@our.example", "info@our.example(comment)",
            "Info (the (nested) desk) <info@our.example>", "<(comment)info@our.example>",
            "<info(comment)@our.example>", "info @ our.example", "info@ (x) our.example",
            "info@our . example", "a@x.example (a, b), info@our.example",
            "(unbalanced \\( ) info@our.example"])

    def test_blanks_inside_a_word_make_it_another(self):
        self.assert_not_addressed(["in fo@our.example", "info@our.exa mple", "info our.example"])

    def test_groups(self):
        self.assert_addressed([
            "Desk: info@our.example;", "Desk: a@x.example, Info <info@our.example>, b@x.example;",
            "A: a@x.example;, info@our.example", "A:; info@our.example", "A: ; , B: info@our.example;",
            '"A: b" : info@our.example;', "Desk: info@our.example", "(x) Desk (y) : info@our.example ;"])
        self.assert_not_addressed(["info@our.example: a@x.example;", "info@our.example:;"])

    def test_obsolete_routes(self):
        self.assert_addressed(["<@a.example,@b.example:info@our.example>",
                               "Info <@a.example:info@our.example>",
                               "<@a.example , @b.example : info@our.example>",
                               "<@[192.0.2.1]:info@our.example>"])
        self.assert_not_addressed(["<@our.example:info@other.example>",
                                   "<@a.example,info@our.example:a@b.example>"])

    def test_empty_entries(self):
        self.assert_addressed([",,info@our.example,,", ", info@our.example", "<>, info@our.example"])

    def test_quoted_local_parts(self):
        self.assert_addressed(['"info"@our.example', '<"info"@our.example>',
                               'Info <"in\\fo"@our.example>'])
        self.assert_not_addressed(['"in fo"@our.example', '"info@our.example"'])
        self.place.set_responder(path='responders/our.example/a b.conf')
        self.assert_addressed(['"a b"@our.example'], recipients=['"A B"@our.example'])

    def test_case(self):
        self.assert_addressed(["INFO@our.example", "Info@OUR.Example"])

    def test_extensions(self):
        self.assert_addressed(["info+news@our.example", "info+a+b@our.example", "info+@our.example"])
        self.assert_not_addressed(["info-news@our.example", "+info@our.example",
                                   "information@our.example", "xinfo@our.example"])
        self.assert_addressed("info@our.example", recipients=["info+news@our.example"])

    def test_domains_below_and_above_are_others(self):
        self.assert_not_addressed(["info@sub.our.example", "info@example", "info@our.example.x.example"])

    def test_other_alphabets(self):
        self.place.set_responder(path="responders/xn--bcher-kva.example/jürgen.conf")
        for recipient in ["jürgen@bücher.example", "JÜRGEN@xn--bcher-kva.example"]:
            self.assert_addressed(["jürgen@bücher.example", "JÜRGEN@BÜCHER.example",
                                   "Jürgen <ju\u0308rgen@xn--bcher-kva.example>",
                                   "=?utf-8?Q?J=C3=BCrgen?= <jürgen@xn--BCHER-kva.example>"],
                                  recipients=[recipient])
            self.assert_not_addressed(["jurgen@bücher.example", "jürgen@bucher.example",
                                       "=?utf-8?Q?j=C3=BCrgen=40b=C3=BCcher.example?="],
                                      recipients=[recipient])

    def test_octets_that_are_no_text(self):
        self.assert_addressed(["\udcff <info@our.example>", "\udcff@x.example, info@our.example",
                               "J\udcfcrgen <info@our.example>", "\0, info@our.example"])

    def test_the_last_of_ten_thousand(self):
        # As many as the header that is looked at has room for.
        others = ",\n ".join(f"u{number}@x.example" for number in range(10_000))
        self.assert_addressed(f"{others},\n info@our.example")
        self.assert_not_addressed(others)

    def test_what_is_broken_hides_nothing_behind_it(self):
        self.assert_addressed(["nobody, info@our.example", "@, info@our.example",
                               "a@b@c, info@our.example", "> , info@our.example",
                               "a@x.example> , info@our.example", "[, info@our.example"])


class OwnAddresses(AddressingTestCase):
    def test_those_of_the_responder(self):
        self.place.set_responder("address = desk@old.example\naddress = jürgen@bücher.example")
        self.assert_addressed(["desk@old.example", "Desk+x@OLD.example",
                               "JÜRGEN@xn--bcher-kva.example", "info@our.example"])
        self.assert_not_addressed("desk@our.example")

    def test_the_original_recipient(self):
        self.assert_addressed(["sales@our.example", "sales+x@our.example", "info@our.example"],
                              "--original-recipient=sales@our.example")
        self.assert_addressed("sales@our.example", "--original-recipient=sales+y@our.example")
        self.assert_not_addressed("sales@our.example")

    def test_an_extension_with_a_responder_of_its_own_is_somebody_else(self):
        self.place.configure("recipient-delimiter = +-")
        for name in ["anna-lena", "anna-maria"]:
            self.place.set_responder(path=f"responders/our.example/{name}.conf")
        self.assert_addressed("anna-lena@our.example", recipients=["anna-lena@our.example"])
        self.assert_not_addressed("anna-maria@our.example", recipients=["anna-lena@our.example"])
        self.assert_not_addressed("anna@our.example", recipients=["anna-lena@our.example"])
        for recipient in ["anna-lena@our.example", "anna-maria@our.example"]:
            message = mail(to=recipient)
            self.assert_replied(self.place.run(message, recipients=[recipient]))
        self.assert_replied(self.place.run(mail(to="anna-maria@our.example"),
                                           sender="anna-lena@our.example",
                                           recipients=["anna-maria@our.example"]))

    def test_what_programs_put_around_an_address(self):
        self.assert_addressed(["'info@our.example'", "info@our.example.", "<'info@our.example'>"])

    def test_other_delimiters(self):
        self.place.configure("recipient-delimiter = -_")
        self.assert_addressed(["info-x@our.example", "info_x@our.example", "info@our.example"])
        self.assert_not_addressed("info+x@our.example")
        self.assert_addressed("info@our.example", recipients=["info-y@our.example"])

    def test_no_delimiter(self):
        self.place.configure("recipient-delimiter = none")
        self.assert_addressed("info@our.example")
        self.assert_not_addressed(["info+x@our.example", "info-x@our.example"])
        outcome = self.place.run(recipients=["info+x@our.example"])
        self.assertEqual(actions(outcome), [("suppressed", "no-responder")])

    def test_a_service_need_not_be_addressed(self):
        self.place.set_responder("kind = service")
        self.assert_addressed([None, "other@our.example", "undisclosed-recipients:;"])

    def test_the_rule_may_be_switched_off(self):
        self.place.set_responder("ignore = not-addressed")
        self.assert_addressed([None, "other@our.example"])


class DefaultFrom(AddressingTestCase):
    """Without `from` the reply comes from the address that the sender used."""

    OWN = "address = desk@old.example\naddress = help@our.example"

    def test_as_it_is_written_in_the_message(self):
        self.place.set_responder(self.OWN)
        for to, used in [("Desk <desk@old.example>", "desk@old.example"),
                         ("Info+News@Our.Example", "Info+News@our.example"),
                         ("x@x.example, Group: help@our.example;", "help@our.example"),
                         ("<@a.example:help@our.example>", "help@our.example")]:
            with self.subTest(to):
                self.assert_from(used, to)

    def test_the_first_of_several(self):
        self.place.set_responder(self.OWN)
        self.assert_from("help@our.example", "help@our.example, desk@old.example, info@our.example")
        message = mail(top="Cc: desk@old.example\n", to="help@our.example")
        self.assertEqual(self.place.preview(message).reply["From"], "desk@old.example")

    def test_the_recipient_where_the_message_names_none(self):
        self.place.set_responder("kind = service")
        self.assert_from("info@our.example", None)
        self.assert_from("info+x@our.example", "other@our.example",
                         recipients=["info+x@our.example"])

    def test_the_original_recipient_before_it(self):
        self.place.set_responder("kind = service")
        self.assert_from("sales@our.example", None, "--original-recipient=sales@our.example")

    def test_needs_no_name_of_a_host_or_an_account(self):
        self.place.set_responder("kind = service", path="responders/localhost/info.conf")
        self.assert_from("info@localhost", None, recipients=["info@localhost"])

    def test_the_name_beside_it_in_the_message_is_not_used(self):
        self.assert_from("info@our.example", '"Cheap pills" <info@our.example>')

    def test_from_goes_first(self):
        self.place.set_responder(self.OWN + "\nfrom = Office <office@our.example>")
        self.assert_from("Office <office@our.example>", "desk@old.example")

    def test_the_message_id_has_its_domain(self):
        self.place.set_responder(self.OWN)
        reply = self.preview("desk@old.example").reply
        self.assertTrue(reply["Message-ID"].endswith("@old.example>"), reply["Message-ID"])


class AutoreplyDomain(AddressingTestCase):
    """Recipients whose local part is the real address, as PostfixAdmin and Modoboa write them."""

    DOMAIN = "autoreply.our.example"

    def setUp(self):
        super().setUp()
        self.place.configure(f"autoreply-domain = {self.DOMAIN}")

    def forms(self, local_part, domain):
        return [f"{local_part}#{domain}@{self.DOMAIN}", f"{local_part}={domain}@{self.DOMAIN}",
                f'"{local_part}@{domain}"@{self.DOMAIN}', f'"{local_part}#{domain}"@{self.DOMAIN}',
                f"{local_part}@{domain}@{self.DOMAIN}"]

    def assert_reaches(self, recipients, used="info@our.example", **fields):
        for recipient in recipients:
            with self.subTest(recipient):
                preview = self.place.preview(mail(**fields), recipients=[recipient])
                self.assertEqual(preview.verdict, "verdict: reply")
                self.assertEqual(preview.reply["From"], used)

    def assert_reaches_nobody(self, recipients):
        for recipient in recipients:
            with self.subTest(recipient):
                self.assertEqual(self.place.preview(mail(), recipients=[recipient]).verdict,
                                 "verdict: suppress: no-responder")

    def test_every_form(self):
        self.assert_reaches(self.forms("info", "our.example"))

    def test_any_case(self):
        self.assert_reaches(["INFO#OUR.example@AutoReply.our.EXAMPLE"])

    def test_a_sender_there_is_one_of_ours(self):
        for sender in [*self.forms("info", "our.example")[:4], *self.forms("sales", "our.example")[:4]]:
            with self.subTest(sender):
                preview = self.place.preview(mail(), sender=sender, recipients=[f"info#our.example@{self.DOMAIN}"])
                self.assertEqual(preview.verdict, "verdict: suppress: own-address")

    def test_with_an_extension_inside(self):
        self.assert_reaches(self.forms("info+news", "our.example"))

    def test_with_an_extension_behind(self):
        self.assert_reaches([f"info#our.example+news@{self.DOMAIN}",
                             f"info=our.example+news@{self.DOMAIN}",
                             f'"info@our.example+news"@{self.DOMAIN}'])

    def test_with_another_delimiter_behind(self):
        self.place.configure(f"autoreply-domain = {self.DOMAIN}", "recipient-delimiter = _")
        self.assert_reaches([f"info#our.example_news@{self.DOMAIN}"])

    def test_with_a_delimiter_that_domains_may_hold(self):
        self.place.set_responder(path="responders/my-own.example/info.conf")
        self.place.configure(f"autoreply-domain = {self.DOMAIN}", "recipient-delimiter = -")
        self.assert_reaches([f"info#my-own.example@{self.DOMAIN}"], "info@my-own.example",
                            to="info@my-own.example")

    def test_of_other_alphabets(self):
        self.place.set_responder(path="responders/xn--bcher-kva.example/jürgen.conf")
        for domain in ["bücher.example", "xn--bcher-kva.example"]:
            self.assert_reaches(self.forms("jürgen", domain), "jürgen@bücher.example",
                                to="jürgen@bücher.example")

    def test_a_domain_of_another_alphabet(self):
        self.place.configure("autoreply-domain = automatisch.bücher.example")
        self.assert_reaches(["info#our.example@automatisch.bücher.example",
                             "info=our.example@AUTOMATISCH.xn--bcher-kva.example"])

    def test_several_domains(self):
        self.place.configure(f"autoreply-domain = {self.DOMAIN}", "autoreply-domain = auto.x.example")
        self.assert_reaches([f"info#our.example@{self.DOMAIN}", "info#our.example@auto.x.example"])

    def test_local_parts_that_hold_the_mark_themselves(self):
        for local_part in ["a#b", "a=b", "a+c=d"]:
            with self.subTest(local_part):
                self.place.set_responder(path=f"responders/our.example/{local_part}.conf")
                self.assert_reaches([f"{local_part}#our.example@{self.DOMAIN}"],
                                    f"{local_part}@our.example", to=f"{local_part}@our.example")

    def test_addresses_that_nobody_has(self):
        self.assert_reaches_nobody([*self.forms("nobody", "our.example"),
                                    *self.forms("info", "other.example")])

    def test_local_parts_that_are_no_address(self):
        self.assert_reaches_nobody([f"info@{self.DOMAIN}", f"#our.example@{self.DOMAIN}",
                                    f"info#@{self.DOMAIN}", f"info#..@{self.DOMAIN}",
                                    f'"info@"@{self.DOMAIN}', f'"../x@../../etc"@{self.DOMAIN}',
                                    f"info#our_example@{self.DOMAIN}"])

    def test_other_domains_are_no_such(self):
        self.assert_reaches_nobody(["info#our.example@sub.autoreply.our.example",
                                    "info#our.example@our.example",
                                    "info=our.example@other.example"])

    def test_a_responder_of_the_domain_itself_is_not_asked(self):
        # Whoever is named inside has said what he wants, by having no responder.
        self.place.set_responder("kind = service", path=f"responders/{self.DOMAIN}.conf")
        self.assert_reaches_nobody([f"nobody#our.example@{self.DOMAIN}"])

    def test_may_be_the_original_recipient(self):
        preview = self.place.preview(mail(), f"--original-recipient=info#our.example@{self.DOMAIN}",
                                     recipients=["virtual@localhost"])
        self.assertEqual(preview.reply["From"], "info@our.example")

    def test_the_person_behind_has_to_be_addressed(self):
        recipient = f"info#our.example@{self.DOMAIN}"
        self.assert_not_addressed([None, "other@our.example", recipient], recipients=[recipient])

    def test_the_person_behind_is_who_sends_nothing_to_himself(self):
        outcome = self.place.run(mail(From="info@our.example"), sender="info@our.example",
                                 recipients=[f"info#our.example@{self.DOMAIN}"])
        self.assert_suppressed(outcome, "own-address")

    def test_the_cache_knows_the_person_behind(self):
        self.assert_replied(self.place.run(recipients=[f"info#our.example@{self.DOMAIN}"]))
        for recipient in ["info@our.example", *self.forms("info", "our.example")]:
            with self.subTest(recipient):
                self.assert_suppressed(self.place.run(mail(message_id="<2@x>"),
                                                      recipients=[recipient]), "recently-answered")

    def test_the_log_names_the_recipient_as_given(self):
        recipient = f"info#our.example@{self.DOMAIN}"
        self.assertEqual(self.place.run(recipients=[recipient]).log[0]["recipient"], recipient)

    def test_is_off_until_it_is_set(self):
        self.place.configure()
        self.assert_reaches_nobody(self.forms("info", "our.example"))


if __name__ == "__main__":
    unittest.main()
