"""Two responders that write to each other, on a real Postfix: it ends, whatever is in between.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_loops.py

as root; DIR holds the built programs. The responders live at a@one.HOP.example and
b@two.HOP.example, each with a cache of its own. All mail to them takes a hop by SMTP, named in their
domains, which does to it what servers on the way may do.
"""

import sys

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from postfix_server import PostfixServer
from responding_server import ACCOUNT, RespondingServer, mail, main
from server_ends import free_ports

STRIP = "/^(Auto-Submitted|Precedence|X-Auto-Response-Suppress):/ IGNORE\n"

# Name of the hop: parameters of its cleanup(8), with the text of their tables.
HOPS = {
    "plain": {},
    "forwarder": {"sender_canonical_maps":
                  r"/^([^@]+)@((one|two)\.forwarder\.example)$/ SRS0=hhh=tt=$2=$1@srs.example"},
    "strip": {"header_checks": STRIP},
    # cleanup(8) adds a Message-ID where it finds none.
    "anonymize": {"header_checks": STRIP + "/^Message-ID:/ IGNORE\n"},
}

KINDS = [(first, second) for first in ("personal", "service") for second in ("personal", "service")]


class TwoResponders(RespondingServer):
    @classmethod
    def make_server(cls, folder):
        def table(name, text):
            path = cls.folder / name
            path.write_text(f"{text}\n")
            return f"regexp:{path}"

        master = "".join(
            f"{name} unix - n n - - pipe\n"
            f"  flags=Rq user={ACCOUNT} argv={cls.program} -c {cls.folder}/{name}.conf\n"
            "  --queue-id ${queue_id} --original-recipient=${original_recipient}\n"
            "  -f ${sender} -- ${recipient}\n" for name in ("one", "two"))
        transports = []
        # Behind the hop the domain has another name, with which mail goes to the responder.
        arrival = table("arrival", r"/^([^@]+)@(one|two)\.([a-z]+)\.example$/ $1@$2.$3.inner")
        for port, (name, parameters) in zip(free_ports(len(HOPS)), HOPS.items()):
            tables = "".join(f" -o {key}={table(f'{name}-{key}', text)}"
                             for key, text in parameters.items())
            master += (
                f"127.0.0.1:{port} inet n - n - - smtpd -o cleanup_service_name={name}\n"
                f"{name} unix n - n - 0 cleanup -o virtual_alias_maps={arrival}"
                f" -o sender_canonical_classes=envelope_sender{tables}\n")
            for side in ("one", "two"):
                transports += [f"{side}.{name}.example smtp:[127.0.0.1]:{port}",
                               f"{side}.{name}.inner {side}:"]
        return PostfixServer(
            folder,
            main={"transport_maps": "lmdb:$config_directory/transport",
                  # What the forwarder wrote it also takes back.
                  "virtual_alias_maps": table(
                      "srs", r"/^SRS0=[^=]+=[^=]+=([^=]+)=([^@]+)@srs\.example$/ $2@$1"),
                  "one_destination_recipient_limit": "1",
                  "two_destination_recipient_limit": "1"},
            master=master,
            maps={"transport": transports})

    def write_responders(self, hop, kinds, null_sender):
        """Empty caches, too."""
        self.postfix.clear()
        self.a, self.b = f"a@one.{hop}.example", f"b@two.{hop}.example"
        for name, address, kind in zip(("one", "two"), (self.a, self.b), kinds):
            envelope_from = "<>" if null_sender else address
            self.write_responder(f"pair/{name}", f"kind = {kind}\nenvelope-from = {envelope_from}\n")
            (self.folder / f"{name}.conf").write_text(
                f"responder = {self.responders}/pair/{name}.conf\n"
                f"cache = {self.make_cache(f'cache-{name}')}\n"
                "log = syslog\n")

    def assert_steps(self, *expected):
        """What the responders did: the letter of each, then what it did or why not. The log may
        have them in another order: a reply is logged once it is on its way."""
        steps = [(verdict["recipient"][0],
                  "replied" if verdict["action"] == "replied" else verdict["reason"])
                 for verdict in self.verdicts()]
        self.assertCountEqual(steps, expected)

    def assert_ends(self, hop, *steps, null_sender=False):
        """A message of b to a leads to these steps, whatever kinds the two are of."""
        for kinds in KINDS:
            with self.subTest(kinds=kinds):
                self.write_responders(hop, kinds, null_sender)
                self.send(self.b, [self.a], mail(self.b, self.a))
                self.assert_steps(*steps)
                self.assertEqual(self.postfix.queue(), [])
                self.assertEqual(self.postfix.sent(), [])

    def test_the_null_sender_ends_it(self):
        self.assert_ends("plain", ("a", "replied"), ("b", "null-sender"), null_sender=True)

    def test_the_null_sender_passes_a_forwarder(self):
        self.assert_ends("forwarder", ("a", "replied"), ("b", "null-sender"), null_sender=True)

    def test_with_another_envelope_sender_the_mark_in_the_message_id_ends_it(self):
        self.assert_ends("plain", ("a", "replied"), ("b", "loop"))

    def test_the_mark_passes_a_forwarder_that_rewrites_the_sender(self):
        self.assert_ends("forwarder", ("a", "replied"), ("b", "loop"))
        self.assertEqual({verdict["sender"] for verdict in self.verdicts()},
                         {"SRS0=hhh=tt=two.forwarder.example=b@srs.example",
                          "SRS0=hhh=tt=one.forwarder.example=a@srs.example"})

    def test_the_mark_is_enough_where_all_other_marks_are_stripped(self):
        self.assert_ends("strip", ("a", "replied"), ("b", "loop"))

    def test_without_any_mark_the_caches_end_it(self):
        # Nothing tells b that this is a reply, nor a: but a has answered b already.
        self.assert_ends("anonymize", ("a", "replied"), ("b", "replied"),
                         ("a", "recently-answered"))

    def test_one_person_through_the_forwarder_is_answered_once(self):
        self.write_responders("forwarder", ("personal", "personal"), null_sender=False)
        self.send(self.b, [self.a], mail(self.b, self.a))
        # The next day's stamp.
        domain = self.b.partition("@")[2]
        self.send(f"SRS0=iii=tu={domain}=b@srs.example", [self.a], mail(self.b, self.a))
        self.assert_steps(("a", "replied"), ("b", "loop"), ("a", "recently-answered"))

    def answer_of_a_robot(self, kind, field):
        """Somebody else's responder, which marks nothing and writes from a new address each time,
        answers our reply."""
        self.write_responders("strip", (kind, kind), null_sender=True)
        self.send("c@robots.example", [self.a], mail("c@robots.example", self.a))
        [reply] = self.postfix.sent()
        self.assertEqual(reply.recipients, ["c@robots.example"])
        answer = mail("d@robots.example", self.a, **{field: reply.message["Message-ID"]})
        self.send("d@robots.example", [self.a], answer)

    def test_what_refers_to_a_personal_reply_is_not_answered(self):
        for field in ("in_reply_to", "references"):
            with self.subTest(field):
                self.answer_of_a_robot("personal", field)
                self.assert_steps(("a", "replied"), ("a", "loop"))

    def test_what_refers_to_a_reply_of_a_service_is_answered_once_an_address(self):
        # People do write back to a service.
        self.answer_of_a_robot("service", "in_reply_to")
        self.send("d@robots.example", [self.a], mail("d@robots.example", self.a))
        self.assert_steps(("a", "replied"), ("a", "replied"), ("a", "recently-answered"))


if __name__ == "__main__":
    main()
