"""Senders that forwarders and filters have rewritten: one person, answered at the given address.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_forwarders.py
"""

import sys
import unittest

sys.dont_write_bytecode = True

from programs import TestCase, mail

ALICE = "alice@sender.example"
VARIANTS = {
    "as it is": ALICE,
    "in another case": "Alice@SENDER.example",
    "with an extension": "alice+news@sender.example",
    "SRS0": "SRS0=HHH=TT=sender.example=alice@forwarder.example",
    "SRS0 of another day": "SRS0=xyz=AB=sender.example=alice@forwarder.example",
    "SRS0 in lower case": "srs0=hhh=tt=sender.example=alice@forwarder.example",
    "SRS0 with a plus": "SRS0+HHH=TT=sender.example=alice@forwarder.example",
    "SRS0 with a minus": "SRS0-HHH=TT=sender.example=alice@forwarder.example",
    "SRS1": "SRS1=HHH=first.example==HHH=TT=sender.example=alice@second.example",
    "SRS1 with a plus": "SRS1=HHH=first.example=+HHH=TT=sender.example=alice@second.example",
    "Exchange Online": "bounces+SRS=5XhQr=TT=sender.example=alice@tenant.example",
    "BATV": "prvs=0123abcdef=alice@sender.example",
    "BATV of another day": "prvs=1234567890=alice@sender.example",
    "BATV of the first drafts": "prvs=alice/0123abcdef@sender.example",
    "Barracuda": "btv1==012abc==alice@sender.example",
    "SparkPost": "msprvs1=19876abcdef=alice@sender.example",
    "Gmail": "alice+caf_=info=our.example@sender.example",
    "SRS0 of BATV": "SRS0=HHH=TT=sender.example=prvs=0123abcdef=alice@forwarder.example",
    "SRS0 of an extension": "SRS0=HHH=TT=sender.example=alice+x@forwarder.example",
    "SRS0 of SRS0": "SRS0=H=T=first.example=SRS0=H=T=sender.example=alice@second.example",
    "BATV of SRS0": "prvs=0123abcdef=SRS0=HHH=TT=sender.example=alice@forwarder.example",
}
OTHERS = {
    "another person": "bob@sender.example",
    "of another domain": "SRS0=HHH=TT=other.example=alice@forwarder.example",
    "somebody at the forwarder": "alice@forwarder.example",
    "no SRS at all": "SRS0@forwarder.example",
    "SRS without an end": "SRS0=HHH=TT=sender.example@forwarder.example",
    "SRS of no address": "SRS0=HHH=TT=-=alice@forwarder.example",
    "a name that only begins so": "prvs@sender.example",
    "BATV of nobody": "prvs=0123abcdef=@sender.example",
}


FORWARDED = {name: sender for name, sender in VARIANTS.items()
             if not sender.lower().endswith("@sender.example")}
DIRECT = {name: sender for name, sender in VARIANTS.items() if name not in FORWARDED}


class OnePerson(TestCase):
    def deliver(self, number, sender):
        return self.place.run(mail(message_id=f"<{number}@x>", From=None), sender=sender)

    def test_is_answered_once_by_all_the_ways(self):
        for first in DIRECT:
            with self.subTest(first=first):
                self.place = type(self.place)(self)
                self.assert_replied(self.deliver(0, VARIANTS[first]))
                for number, then in enumerate(["as it is", "SRS0", "SRS1", "BATV"], 1):
                    outcome = self.deliver(number, VARIANTS[then])
                    self.assert_suppressed(outcome, "recently-answered")

    def test_is_not_answered_through_a_forwarder_who_was_answered_directly(self):
        self.assert_replied(self.deliver(0, ALICE))
        for number, (name, sender) in enumerate(VARIANTS.items(), 1):
            with self.subTest(name):
                self.assert_suppressed(self.deliver(number, sender), "recently-answered")
        self.assert_sent(1)

    def test_is_answered_once_through_each_forwarder(self):
        """Anybody could have written the address inside."""
        answered = set()
        for number, (name, sender) in enumerate(FORWARDED.items()):
            with self.subTest(name):
                forwarder = sender.rpartition("@")[2]
                outcome = self.deliver(number, sender)
                if forwarder in answered:
                    self.assert_suppressed(outcome, "recently-answered")
                else:
                    self.assert_replied(outcome)
                answered.add(forwarder)
        self.assertEqual({record.get("forwarder") for record in self.records()}, answered)

    def test_is_silenced_by_nobody_elses_forwarder(self):
        self.assert_replied(self.deliver(0, "SRS0=H=T=sender.example=alice@attacker.example"))
        self.assert_replied(self.deliver(1, VARIANTS["SRS0"]))
        self.assert_replied(self.deliver(2, ALICE))
        # Now that she was answered directly, no way is open.
        self.assert_suppressed(self.deliver(3, VARIANTS["SRS1"]), "recently-answered")
        self.assertEqual(set(self.senders()), {ALICE})

    def test_is_exported_and_imported_with_the_forwarder(self):
        self.assert_replied(self.deliver(0, VARIANTS["SRS0"]))
        exported = self.place.write("exported", self.tool_output("cache", "export"))
        self.tool_output("cache", "forget", "--sender", ALICE)
        self.assertEqual(self.records(), [])
        self.tool_output("cache", "import", str(exported))
        self.assert_suppressed(self.deliver(1, VARIANTS["SRS0"]), "recently-answered")
        self.assert_replied(self.deliver(2, ALICE))
        self.assertIn("forwarder.example",
                      self.tool_output("cache", "show", "info@our.example", ALICE))

    def test_others_are_not_taken_for_him(self):
        self.assert_replied(self.deliver(0, ALICE))
        for number, (name, sender) in enumerate(OTHERS.items(), 1):
            with self.subTest(name):
                self.assert_replied(self.deliver(number, sender))

    def test_is_the_recipient_himself_where_it_comes_back(self):
        for sender in ["SRS0=HHH=TT=our.example=info@forwarder.example",
                       "prvs=0123abcdef=info@our.example",
                       "info+caf_=x=y.example@our.example",
                       "SRS0=HHH=TT=our.example=info+x@forwarder.example"]:
            with self.subTest(sender):
                self.assert_suppressed(self.deliver(0, sender), "own-address")

    def test_is_a_system_that_was_forwarded_all_the_same(self):
        for sender in ["SRS0=HHH=TT=x.example=noreply@forwarder.example",
                       "prvs=0123abcdef=owner-list@x.example",
                       "SRS1=HHH=f.example==HHH=TT=x.example=list-bounces@second.example",
                       "bounces+SRS=HHH=TT=x.example=postmaster@tenant.example"]:
            with self.subTest(sender):
                self.assert_suppressed(self.deliver(0, sender), "system-sender")

    def test_a_forwarders_own_mark_makes_nobody_a_system(self):
        # bounces+SRS=…, the mailbox that Exchange Online puts in front.
        self.assert_replied(self.deliver(0, VARIANTS["Exchange Online"]))


class Reply(TestCase):
    def test_goes_to_the_address_that_was_given(self):
        self.place.set_responder("interval = 0")
        for name, sender in (VARIANTS | OTHERS).items():
            with self.subTest(name):
                self.assert_replied(self.place.run(mail(From=None), sender=sender))
                sent = self.place.submissions()[-1].recipient
                local_part, _, domain = sender.rpartition("@")
                self.assertEqual(sent, f"{local_part}@{domain.lower()}")

    def test_shows_the_persons_own_address(self):
        for name, sender in VARIANTS.items():
            with self.subTest(name):
                reply = self.place.preview(mail(From=None), sender=sender).reply
                [shown] = reply["To"].addresses
                self.assertIn(shown.addr_spec.lower(), [ALICE, "alice+news@sender.example",
                                                        "alice+x@sender.example"])
                self.assertEqual(shown.display_name, "")

    def test_shows_the_name_found_for_it(self):
        for name in ["SRS0", "SRS1", "BATV", "Gmail", "Exchange Online", "SRS0 of BATV"]:
            with self.subTest(name):
                message = mail(From="=?utf-8?Q?Alice_S=C3=BCnder?= <alice@sender.example>")
                reply = self.place.preview(message, sender=VARIANTS[name]).reply
                self.assertEqual(reply["To"], "Alice Sünder <alice@sender.example>")

    def test_greets_the_person_not_the_forwarder(self):
        self.place.set_responder("", "${sender} ${sender_name}\n")
        reply = self.place.preview(sender=VARIANTS["SRS0"]).reply
        self.assertEqual(reply.get_content(), "alice@sender.example Alice Sender\n")

    def test_has_the_same_message_id_by_every_way(self):
        ids = {self.place.preview(sender=sender).reply["Message-ID"]
               for sender in VARIANTS.values()}
        self.assertEqual(len(ids), 1)


if __name__ == "__main__":
    unittest.main()
