"""`inforeply --check-delivery`: what a receiver finds in a reply, before it leaves and when it arrived.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_check_delivery.py

tests/e2e/test_dkim.py has replies signed by real filters, tests/unit/delivery/delivery_check_test.cpp
has each finding.
"""

import os
import pty
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from programs import BIN, PATIENCE, TestCase, environment, mail

SIGNATURE = b"""DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=our.example;
\ts=mail; h=Subject:From:To:
\t Date; bh=YQ==; b=YQ==
"""


class CheckDelivery(TestCase):
    def setUp(self):
        super().setUp()
        self.place.set_responder("kind = service", path="responders/our.example/info.conf")

    def check(self, *words, arrived=b"", address="info@our.example"):
        command = [BIN / "inforeply", "-c", self.place.configuration, "--mailer", self.place.mailer,
                   "--responders", self.place.folder / "responders",
                   "--cache", self.place.cache, "--check-delivery", address, *words]
        stdin = {"stdin": arrived} if isinstance(arrived, int) else {"input": arrived}
        done = subprocess.run(command, capture_output=True, cwd=self.place.folder, **stdin,
                              env=environment(), timeout=2 * PATIENCE)
        lines = done.stdout.decode().splitlines()
        for line in lines:
            self.assertRegex(line, r"\A(ok|note|fault): ")
        self.assertEqual(done.returncode == 0 or not lines,
                         not any(line.startswith("fault: ") for line in lines))
        return done.returncode, lines, done.stderr.decode()

    def assert_finds(self, *beginnings, **arguments):
        """A line that begins so for each of them, in this order, and no other."""
        _, lines, errors = self.check(**arguments)
        self.assertEqual((len(lines), errors), (len(beginnings), ""), lines)
        for line, beginning in zip(lines, beginnings):
            self.assertTrue(line.startswith(beginning), line)

    def reply(self, top=b""):
        outcome = self.place.run(None, "-n")
        return top + outcome.stdout.partition(b"\n\n")[2]


class BeforeItLeaves(CheckDelivery):
    def test_says_what_receivers_will_ask_for(self):
        files = self.place.files()
        self.assert_finds("ok: From is info@our.example. ", "ok: the envelope sender is <>: ",
                          "ok: ", "note: whether it is signed ")
        self.assert_sent(0)
        self.assertEqual(self.place.files(), files)

    def test_needs_nothing_on_a_terminal(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, theirs)
        self.assertEqual(self.check(arrived=theirs)[0], 0)

    def test_names_the_filters_of_the_mailer_that_is_set(self):
        self.assertIn(" non_smtpd_milters ", self.check()[1][-1])
        self.place.configure("mailer = smtp://127.0.0.1:1\n")
        done = self.place.run(b"", "--check-delivery", "info@our.example", sender=None,
                              recipients=(), without=("--mailer",))
        self.assertIn(b" smtpd_milters ", done.stdout)

    def test_a_private_domain_is_a_fault(self):
        self.place.set_responder("", path="responders/localhost/info.conf")
        status, [first, *_], _ = self.check(address="info@localhost")
        self.assertEqual(status, 75)
        self.assertTrue(first.startswith("fault: From is info@localhost: "))

    def test_an_address_without_a_responder_is_a_fault(self):
        status, [fault], _ = self.check(address="nobody@our.example")
        self.assertEqual(status, 75)
        self.assertIn(" is not answered: no-responder ", fault)

    def test_of_a_responder_that_is_named(self):
        self.place.set_responder("from = sales@our.example", path="other.conf")
        _, [first, *_], _ = self.check("--responder", "other.conf")
        self.assertTrue(first.startswith("ok: From is sales@our.example"))

    def test_of_a_responder_that_is_still_off(self):
        self.place.set_responder("enabled = no", path="responders/our.example/info.conf")
        status, lines, _ = self.check()
        self.assertEqual((status, lines[-1]), (0, "note: the responder is off: 'enabled = no'"))

    def test_of_a_responder_that_is_not_active_now(self):
        self.place.set_responder("active-from = 2099-12-24", path="responders/our.example/info.conf")
        self.assertEqual(self.check()[0], 0)


class Sent(CheckDelivery):
    def test_to_an_address_beside_cache_and_limits(self):
        status, lines, _ = self.check("--to", "me@elsewhere.example")
        self.assertEqual(status, 0)
        self.assertTrue(lines[-1].startswith("ok: handed to "))
        [sent] = self.place.submissions()
        self.assertEqual(sent.argv[-1], "me@elsewhere.example")
        self.assertIn("<>", sent.argv)
        self.assertFalse((self.place.folder / "cache.mdb").exists())
        # What was sent passes, but for the signature that no mail server added.
        status, lines, _ = self.check(arrived=sent.raw)
        self.assertEqual([line for line in lines if line.startswith("fault: ")],
                         [line for line in lines if line.startswith("fault: nobody has signed it ")])

    def test_what_the_mailer_says_against_it_is_a_fault(self):
        self.place.set_mailer("echo 'no <> here' >&2; exit 69")
        status, lines, _ = self.check("--to", "me@elsewhere.example")
        self.assertEqual(status, 75)
        self.assertIn("no <> here", lines[-1])
        self.assertTrue(lines[-1].startswith("fault: "))

    def test_in_shadow_mode_as_well(self):
        self.place.configure("mode = shadow\n")
        self.assertEqual(self.check("--to", "me@elsewhere.example")[0], 0)
        self.assert_sent(1)

    def test_reads_no_message(self):
        reading, writing = os.pipe()  # nobody writes
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        self.assertEqual(self.check("--to", "me@elsewhere.example", arrived=reading)[0], 0)


class Arrived(CheckDelivery):
    def test_signed_and_believed(self):
        self.assert_finds(
            "ok: From is info@our.example", "ok: signed as d=our.example (s=mail), From's domain",
            "ok: mx.far.example says dkim=pass", "note: mx.far.example says spf=none: ",
            "ok: mx.far.example says dmarc=pass", "ok: no field was lost on the way",
            arrived=self.reply(b"Return-Path: <>\nAuthentication-Results: mx.far.example;\n"
                               b" dkim=pass header.d=our.example; spf=none; dmarc=pass\n" + SIGNATURE))

    def test_not_signed(self):
        self.assert_finds("ok: From is ", "fault: nobody has signed it (DKIM). ",
                          "note: the receiver has written no Authentication-Results",
                          "ok: no field was lost", arrived=self.reply())

    def test_with_lines_as_on_the_wire(self):
        arrived = self.reply(SIGNATURE).replace(b"\n", b"\r\n")
        self.assertEqual(self.check(arrived=arrived)[0], 0)

    def test_changed_on_the_way(self):
        arrived = self.reply(b"Return-Path: <relay@far.example>\n" + SIGNATURE)
        for old, new in ((b"Auto-Submitted: auto-replied\n", b""), (b"Precedence: bulk\n", b""),
                         (b"<inforeply.", b"<relay.")):
            self.assertIn(old, arrived)
            arrived = arrived.replace(old, new)
        arrived = arrived.replace(b"\nMIME-Version", b"\nAuto-Submitted: no\nMIME-Version")
        self.assert_finds("ok: From is ", "ok: signed as ", "note: the receiver ",
                          "note: lost on the way: Precedence", "note: Message-ID is another one",
                          "note: it left with the envelope sender <> and arrived with "
                          "<relay@far.example>", arrived=arrived)

    def test_from_somebody_else(self):
        self.place.set_responder("from = sales@our.example", path="responders/our.example/info.conf")
        arrived = self.reply(SIGNATURE)
        self.place.set_responder("", path="responders/our.example/info.conf")
        self.assertIn("fault: From is sales@our.example, ", self.check(arrived=arrived)[1][0])

    def test_what_is_no_reply(self):
        for arrived in (mail(), b"nothing of the kind\n", b"\n\nbody\n"):
            with self.subTest(arrived):
                self.assert_finds("fault: this is no reply of inforeply", arrived=arrived)

    def test_hostile_fields_disturb_no_terminal(self):
        arrived = self.reply(b"Authentication-Results: \x1b[2J; dkim=\x1b[1m\xff; dmarc=\xe2\x80\xae\n"
                             b"DKIM-Signature: d=\x1b[2J.our.example; s=\xff; h=" + b":" * 5000 + b"\n"
                             b"DKIM-Signature: =;;d;d=;h\nDKIM-Signature:\n")
        _, lines, _ = self.check(arrived=arrived)
        self.assertNotRegex("".join(lines), "[\x1b\u202e]")

    def test_a_signature_puts_nothing_into_a_command_that_is_shown(self):
        for tag in (b"d=our.example; s=$(id)", b"d=`id`.our.example; s=x", b"d=our.example; s="):
            arrived = self.reply(b"Authentication-Results: x; dkim=fail\nDKIM-Signature: " + tag +
                                 b"; h=From\n")
            _, lines, _ = self.check(arrived=arrived)
            self.assertIn("fault: nobody has signed it ", "".join(lines))
            self.assertNotIn("id", "".join(line for line in lines if "dig +short" in line))


class Usage(CheckDelivery):
    def test_faults(self):
        for words, expected in ((["--to", "me"], "is no mail address"),
                                (["--", "bob@our.example"], "no recipients"),
                                (["--show"], "--show needs --dry-run")):
            with self.subTest(words):
                status, lines, errors = self.check(*words)
                self.assertEqual((status, lines), (75, []))
                self.assertIn(expected, errors)
        self.assert_deferred(self.place.run(None, "--to", "me@our.example"),
                             "--to needs --check-delivery")


if __name__ == "__main__":
    unittest.main()
