"""The responder and mailing lists, on a real Postfix.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/e2e/test_mailing_list.py

as root; DIR holds the built programs. A list of plain aliases, whose -request address is answered
from a local alias; a list of mlmmj; and members with personal responders, which answer neither.
"""

import re
import shutil
import subprocess
import sys

# Nothing is left behind in the source tree either.
sys.dont_write_bytecode = True

from postfix_server import PostfixServer
from responding_server import (ACCOUNT, RespondingServer, example_lines, example_parameters,
                               example_service, mail, main, with_program)
from server_ends import wait_for

LIST = "astronomy@ora.com"
ANN = "ann@elsewhere.example"
BOB = "bob@members.example"
BOBS_MAILBOX = "bob@mailboxes.example"

KDENTS_MAILBOX = "kdent@mailboxes.example"

# The domain of members, whose mail goes to their mailboxes elsewhere and to their responders.
VIRTUAL_DOMAINS = "ora.com, members.example"
VIRTUAL_ALIASES = [f"{name}@members.example {name}@autoreply.members.example, "
                   f"{name}@mailboxes.example" for name in ("bob", "kdent")]
TRANSPORTS = ["autoreply.members.example inforeply:"]


class Members(RespondingServer):
    """Has a personal responder for each address of members.example."""

    def setUp(self):
        super().setUp()
        self.write_responder("members.example", "kind = personal\n")

    def assert_verdicts(self, *expected):
        """(envelope sender, action, reason) of every message that a responder has seen, in any
        order; a sender that begins with ^ is a regular expression."""
        found = [(verdict["sender"], verdict["action"], verdict["reason"])
                 for verdict in self.verdicts()]
        self.assertEqual(len(found), len(expected), found)
        for sender, *rest in expected:
            pattern = sender if sender.startswith("^") else re.escape(sender)
            hits = [verdict for verdict in found
                    if re.fullmatch(pattern, verdict[0]) and [*verdict[1:]] == rest]
            self.assertTrue(hits, f"{(sender, *rest)} is not in {found}")
            found.remove(hits[0])

    def copies_to(self, recipient):
        """What has left for the recipient."""
        return [sent for sent in self.postfix.sent() if recipient in sent.recipients]


class AliasedList(Members):
    """The virtual mailing list of the documentation, out of aliases."""

    OWNER = "owner-astronomy-ora@mail.ora.com"  # what local(8) makes the envelope sender
    REQUEST = "astronomy-request@ora.com"

    @classmethod
    def make_server(cls, folder):
        lists = cls.folder / "lists"
        lists.mkdir(mode=0o755)

        def local(text):
            return text.replace("/var/lib/lists", str(lists)).replace("/etc/aliases",
                                                                      "$config_directory/aliases")

        aliases = local("\n".join(example_lines("list/aliases")) + "\n")
        (lists / "aliases").write_text(with_program(aliases, cls.program, cls.configuration))
        (lists / "astronomy").write_text(f"{ANN}\n{BOB}\n")
        parameters = {name: local(value)
                      for name, value in example_parameters("list/main.cf").items()}
        return AliasServer(
            folder,
            lists=lists,
            main={**example_parameters(), **parameters,
                  "virtual_alias_domains": VIRTUAL_DOMAINS},
            master=example_service(cls.program, cls.configuration),
            aliases=[with_program('rooted: "|/usr/bin/inforeply || exit 75"', cls.program, cls.configuration)],
            maps={"virtual_alias": [*example_lines("list/virtual_alias"), *VIRTUAL_ALIASES,
                                    "kdent@ora.com kdent@members.example",
                                    "astronomy-help@ora.com rooted@localhost"],
                  "transport": TRANSPORTS})

    def setUp(self):
        super().setUp()
        self.write_responder("ora.com/astronomy-request",
                             "kind = service\nfrom = Astronomy list <astronomy-request@ora.com>\n",
                             "Write to owner-astronomy@ora.com to leave the list.\n")

    def request(self, sender=ANN, **fields):
        self.send(sender, [self.REQUEST], mail(ANN, self.REQUEST, **fields))

    def test_a_post_reaches_all_members_and_no_responder_answers_it(self):
        self.send(ANN, [LIST], mail(ANN, LIST))
        self.assertEqual([sent.sender for sent in self.copies_to(ANN)], [self.OWNER])
        self.assertEqual([sent.sender for sent in self.copies_to(BOBS_MAILBOX)], [self.OWNER])
        self.assert_verdicts((self.OWNER, "suppressed", "system-sender"))

    def test_a_member_answers_the_author_who_has_written_to_both(self):
        self.send(ANN, [LIST, BOB], mail(ANN, LIST, cc=BOB))
        self.assert_verdicts((self.OWNER, "suppressed", "system-sender"), (ANN, "replied", "-"))
        [reply] = [sent for sent in self.postfix.sent() if sent.sender == ""]
        self.assertEqual(reply.recipients, [ANN])
        self.assertEqual(reply.message["From"], BOB)

    def test_mail_to_the_owner_is_not_answered(self):
        for name in ("owner-astronomy", "astronomy-approval"):
            with self.subTest(name):
                self.postfix.clear()
                self.send(ANN, [f"{name}@ora.com"], mail(ANN, f"{name}@ora.com"))
                self.assertEqual(len(self.copies_to(KDENTS_MAILBOX)), 1)
                # His responder is for his own address, and nobody has used that.
                self.assert_verdicts((ANN, "suppressed", "no-responder"))

    def test_mail_of_the_list_to_a_member_is_not_answered(self):
        for sender in ("owner-astronomy@ora.com", self.OWNER, self.REQUEST):
            with self.subTest(sender):
                self.postfix.clear()
                self.send(sender, [BOB], mail(sender, BOB))
                self.assertEqual(len(self.copies_to(BOBS_MAILBOX)), 1)
                self.assert_verdicts((sender, "suppressed", "system-sender"))

    def test_a_bounce_is_not_answered(self):
        self.send("", [BOB], mail("MAILER-DAEMON@elsewhere.example", BOB))
        self.assertEqual(len(self.copies_to(BOBS_MAILBOX)), 1)
        self.assert_verdicts(("", "suppressed", "null-sender"))

    def test_the_bounce_of_a_post_reaches_the_owner_and_is_not_answered(self):
        self.send("", [self.OWNER], mail("MAILER-DAEMON@elsewhere.example", self.OWNER))
        self.assertEqual(len(self.copies_to(KDENTS_MAILBOX)), 1)
        self.assert_verdicts(("", "suppressed", "no-responder"))

    def test_a_request_is_answered_once(self):
        self.request()
        self.request()
        [reply] = self.postfix.sent()
        self.assertEqual((reply.sender, reply.recipients), ("", [ANN]))
        [author] = reply.message["From"].addresses
        self.assertEqual((author.display_name, author.addr_spec), ("Astronomy list", self.REQUEST))
        self.assertEqual(reply.message["Auto-Submitted"], "auto-replied")
        self.assertIn("to leave the list", reply.message.get_content())
        self.assert_verdicts((ANN, "replied", "-"), (ANN, "suppressed", "recently-answered"))
        [record] = self.cache_records()
        self.assertEqual((record["responder"], record["sender"]), (self.REQUEST, ANN))

    def test_a_request_of_a_mail_system_is_not_answered(self):
        for sender, reason in [("", "null-sender"), ("owner-x@elsewhere.example", "system-sender"),
                               ("x-request@elsewhere.example", "system-sender"),
                               ("x-bounces+a=b@elsewhere.example", "system-sender")]:
            with self.subTest(sender):
                self.postfix.clear()
                self.request(sender)
                self.assertEqual(self.postfix.sent(), [])
                self.assert_verdicts((sender, "suppressed", reason))

    def test_a_request_of_a_program_is_not_answered(self):
        self.request(auto_submitted="auto-generated")
        self.assertEqual(self.postfix.sent(), [])
        self.assert_verdicts((ANN, "suppressed", "auto-submitted"))

    def test_the_reply_goes_to_an_address_that_a_shell_might_misread(self):
        # In SENDER local(8) makes this o_brien_co, who has asked nothing.
        sender = "o'brien&co@elsewhere.example"
        self.request(sender)
        [reply] = self.postfix.sent()
        self.assertEqual(reply.recipients, [sender])

    def test_a_request_waits_while_the_responder_file_is_broken(self):
        self.write_responder("ora.com/astronomy-request", "kind = nothing\n")
        self.request()
        self.assertEqual(self.postfix.sent(), [])
        [waiting] = self.postfix.queue()
        self.assertEqual(waiting["queue_name"], "deferred")

        self.write_responder("ora.com/astronomy-request", "kind = service\n")
        self.postfix.flush()
        self.postfix.wait_idle()
        [reply] = self.postfix.sent()
        self.assertEqual(reply.message["From"], self.REQUEST)

    def test_a_command_of_roots_alias_table_cannot_open_the_cache_and_the_message_waits(self):
        # It runs as nobody.
        self.write_responder("ora.com/astronomy-help", "kind = service\n")
        self.send(ANN, ["astronomy-help@ora.com"], mail(ANN, "astronomy-help@ora.com"))
        self.assertEqual(self.postfix.sent(), [])
        self.assert_verdicts((ANN, "deferred", "cache"))
        self.postfix.wait_for_log(r"action=deferred .*Permission denied")
        [waiting] = self.postfix.queue()
        self.assertEqual(waiting["queue_name"], "deferred")


class AliasServer(PostfixServer):
    """With a second alias table, in a folder that belongs to the responder's account."""

    def __init__(self, folder, lists, **settings):
        super().__init__(folder, **settings)
        self.lists = lists

    def _write_configuration(self, sink_port):
        super()._write_configuration(sink_port)
        for path in (self.lists, *self.lists.iterdir()):
            shutil.chown(path, ACCOUNT, ACCOUNT)
        self._run("postalias", f"lmdb:{self.lists}/aliases")


class ManagedList(Members):
    """A list of mlmmj, which by default says nowhere but in the envelope that it is one."""

    BOUNCES = "^astronomy\\+bounces-{}@ora\\.com"
    MANAGER = "list"  # its account; every Debian has it

    @classmethod
    def make_server(cls, folder):
        cls.lists = cls.folder / "lists"
        cls.lists.mkdir(mode=0o755)
        cls.list = cls.lists / "astronomy"
        manager = ("mlmmj unix - n n - - pipe\n"
                   f"  flags=ORhu user={cls.MANAGER} argv=/usr/bin/mlmmj-receive -F -L "
                   f"{cls.lists}/${{nexthop}}\n")
        return PostfixServer(
            folder,
            main={**example_parameters(),
                  "virtual_alias_domains": VIRTUAL_DOMAINS,
                  "recipient_delimiter": "+",
                  "mlmmj_destination_recipient_limit": "1"},
            master=f"{example_service(cls.program, cls.configuration)}\n{manager}",
            maps={"virtual_alias": [f"{LIST} astronomy@lists.localhost", *VIRTUAL_ALIASES],
                  "transport": ["lists.localhost mlmmj:astronomy", *TRANSPORTS]})

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.list, ignore_errors=True)
        subprocess.run(["/usr/bin/mlmmj-make-ml", "-L", "astronomy", "-s", self.lists], check=True,
                       input="ora.com\nkdent@members.example\nen\n", text=True,
                       stdout=subprocess.DEVNULL)
        self.control("smtpport", self.postfix.port)
        for path in (self.list, *self.list.rglob("*")):
            shutil.chown(path, self.MANAGER, self.MANAGER)

    def control(self, name, value):
        (self.list / "control" / name).write_text(f"{value}\n")

    def mlmmj(self, program, *arguments):
        # As the list's owner, so that nothing in the list's folder becomes root's.
        subprocess.run([f"/usr/bin/mlmmj-{program}", "-L", self.list, *arguments], check=True,
                       user=self.MANAGER, group=self.MANAGER, extra_groups=[],
                       stdout=subprocess.DEVNULL)

    def subscribe(self, address, *options):
        self.mlmmj("sub", "-a", address, *options)

    def wait_for_verdicts(self, count):
        # mlmmj sends in a process of its own, which the queue knows nothing of.
        wait_for(lambda: len(self.verdicts()) >= count, f"{count} verdicts")
        self.postfix.wait_idle()

    def assert_suppressed(self, what):
        """Bob's responder alone has seen a message, and has not answered this one."""
        self.wait_for_verdicts(1)
        self.assert_verdicts((self.BOUNCES.format(what), "suppressed", "system-sender"))
        [copy] = self.copies_to(BOBS_MAILBOX)
        return copy

    def test_a_post_reaches_all_members_and_no_responder_answers_it(self):
        self.subscribe(ANN)
        self.subscribe(BOB)
        self.send(ANN, [LIST], mail(ANN, LIST))
        copy = self.assert_suppressed(r"\d+-bob=members\.example")
        self.assertEqual(len(self.copies_to(ANN)), 1)
        self.assertEqual(len(self.postfix.sent()), 2)
        # The day that this fails the list itself says what it is.
        marks = [name for name in copy.message.keys()
                 if re.match("list-|precedence|auto-submitted|mailing-list|x-mlmmj", name, re.I)]
        self.assertEqual(marks, [])

    def test_a_post_that_also_names_the_member_is_not_answered(self):
        self.subscribe(BOB)
        self.send(ANN, [LIST], mail(ANN, LIST, cc=BOB))
        self.assert_suppressed(r"\d+-bob=members\.example")

    def test_a_post_with_fields_of_a_list_is_not_answered(self):
        # As an administrator may set them; they also hit where envelopes are ignored.
        self.write_responder("members.example", "ignore = system-sender\n")
        self.control("customheaders", "List-Id: <astronomy.ora.com>\nPrecedence: list")
        self.subscribe(BOB)
        self.send(ANN, [LIST], mail(ANN, LIST, cc=BOB))
        self.wait_for_verdicts(1)
        self.assert_verdicts((self.BOUNCES.format(r"\d+-bob=members\.example"), "suppressed", "list"))

    def test_a_request_to_confirm_is_not_answered(self):
        self.send(BOB, ["astronomy+subscribe@ora.com"], mail(BOB, "astronomy+subscribe@ora.com"))
        # mlmmj 1.3 has the address there, too; 1.5 has not.
        copy = self.assert_suppressed(r"confsub-[0-9a-f]+(-bob=members\.example)?")
        self.assertEqual(copy.message["From"], "astronomy+help@ora.com")
        self.assertEqual(copy.message["To"], BOB)

    def test_a_welcome_is_not_answered(self):
        self.subscribe(BOB, "-c")
        self.assert_suppressed("help")

    def test_help_is_not_answered(self):
        self.send(BOB, ["astronomy+help@ora.com"], mail(BOB, "astronomy+help@ora.com"))
        self.assert_suppressed("help")

    def test_a_digest_is_not_answered(self):
        self.subscribe(BOB, "-d")
        self.send(ANN, [LIST], mail(ANN, LIST))
        wait_for((self.list / "archive" / "1").exists, "the post to be archived")
        self.control("digestmaxmails", 1)
        self.mlmmj("maintd", "-F")
        # mlmmj 1.5 has a number in place of the word.
        copy = self.assert_suppressed(r"(digest|0)-bob=members\.example")
        self.assertEqual(copy.message.get_content_type(), "multipart/digest")

    def test_a_probe_is_not_answered(self):
        bouncing = self.list / "bounce" / "bob=members.example"
        bouncing.write_text("1:1700000000 # Tue, 14 Nov 2023 22:13:20 +0000\n")
        shutil.chown(bouncing, self.MANAGER, self.MANAGER)
        self.mlmmj("bounce", "-a", "bob=members.example", "-p")
        self.assert_suppressed(r"probe-bob=members\.example")

    def test_mail_to_the_owner_is_not_answered(self):
        self.send(ANN, ["astronomy+owner@ora.com"], mail(ANN, "astronomy+owner@ora.com"))
        self.wait_for_verdicts(1)
        self.assert_verdicts((ANN, "suppressed", "not-addressed"))
        self.assertEqual(len(self.copies_to(KDENTS_MAILBOX)), 1)

    def test_an_answer_would_have_counted_as_a_bounce(self):
        self.subscribe(BOB)
        self.send(ANN, [LIST], mail(ANN, LIST))
        copy = self.assert_suppressed(r"\d+-bob=members\.example")
        bounces = self.list / "bounce"
        self.assertEqual(list(bounces.iterdir()), [])
        self.send("", [copy.sender], mail(BOB, copy.sender, auto_submitted="auto-replied"))
        wait_for((bounces / "bob=members.example").exists, "mlmmj to note a bounce")


if __name__ == "__main__":
    main()
