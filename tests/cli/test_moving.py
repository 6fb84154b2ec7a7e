"""inforeply-convert: a converted responder says what the other program said, when that said it, and
what could not be carried over is listed.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_moving.py
"""

import json
import os
import subprocess
import sys
import unittest
from datetime import datetime, timezone

sys.dont_write_bytecode = True

from programs import BIN, TestCase, environment, mail, unflowed

ADDRESS = "kim@our.example"
MESSAGE = mail(To=ADDRESS)

VACATION = """From: kim@our.example (Kim Dent)
Subject: Away: $SUBJECT
Precedence: bulk

I will read "$SUBJECT" in January. It costs $5.
"""

SIEVE = """require ["date", "relational", "vacation"];
# rule:[Holidays]
if allof (currentdate :zone "+0100" :value "ge" "date" "2026-12-24",
          currentdate :zone "+0100" :value "le" "date" "2027-01-02")
{
\tvacation :days 3 :addresses ["kim@our.example", "kdent@our.example"]
\t\t:subject "Away for $5" :from "Kim Dent <kim@our.example>" :handle "winter" text:
See you.
..
.
;
}
"""

GNARWL = """map_sender $sender
map_receiver $recepient
map_subject $subject
map_field $fullname cn
map_field $end vacationEnd
server localhost
queryfilter (&(mail=$recepient)(vacationActive=TRUE))
result vacationInfo
blockexpire 48
forceheader {0}/header.txt
forcefooter {0}/footer.txt
"""

LDIF = """dn: uid=kim,ou=people,o=ours
cn: Kim Dent
mail: kim@our.example
mail: kdent@our.example
vacationActive: TRUE
vacationEnd: January
vacationInfo:: QXdheSB1bnRpbCAkZW5kIGZvciAkNS4=

dn: uid=lee,ou=people,o=ours
cn: Lee
mail: lee@our.example
vacationActive: FALSE
vacationInfo: Hi
"""


def at(text):
    """An option that has the responder take this time as now."""
    return "--now", str(int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()))


class MovingTestCase(TestCase):
    def convert(self, *words, given=""):
        return subprocess.run(
            [BIN / "inforeply-convert", "-c", self.place.configuration, "--responders",
             self.place.folder / "responders", *words],
            input=given.encode(), capture_output=True, env=environment(), cwd=self.place.folder)

    def assert_converted(self, *words, count=1, **others):
        """Without a word of anything that is left out."""
        done = self.convert(*words, **others)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        self.assertEqual(done.stdout.decode(), f"wrote {count} responder{'' if count == 1 else 's'}\n")

    def assert_left_out(self, count, lines, *words, **others):
        """`count` responders are written, and a line of each beginning tells what is left out."""
        done = self.convert(*words, **others)
        told = done.stderr.decode().splitlines()
        self.assertEqual((done.returncode, len(told)), (65, len(lines)), told)
        for line, beginning in zip(told, lines):
            self.assertTrue(line.startswith(beginning), line)
        self.assertEqual(done.stdout.decode(), f"wrote {count} responder{'' if count == 1 else 's'}\n")

    def answer(self, *options, address=ADDRESS, message=MESSAGE):
        """From, Subject and text of the answer; None without one."""
        preview = self.place.preview(message, *options, recipients=(address,))
        if preview.verdict != "verdict: reply":
            return None
        return (str(preview.reply["From"]), str(preview.reply["Subject"]),
                unflowed(preview.reply.get_body().get_content()))

    def settings(self, local_part="kim"):
        file = self.place.folder / f"responders/our.example/{local_part}.conf"
        return dict(line.split(" = ", 1) for line in file.read_text().splitlines())


@unittest.skipUnless(os.geteuid() == 0, "only root reads what is another's")
class AsRoot(MovingTestCase):
    """What a user writes leads root to nothing but that user's files."""

    def setUp(self):
        super().setUp()
        self.secret = self.place.write("secret", "\nPASSWORD=x\n")
        self.home = self.place.folder / "kim"
        (self.home / "away").mkdir(parents=True)
        self.give_home()

    def give_home(self):
        for path in (self.home, *self.home.rglob("*")):
            os.chown(path, 33, 33, follow_symlinks=False)

    def assert_refused(self, *words, telling):
        done = self.convert("--address", ADDRESS, *words)
        self.assertEqual((done.returncode, done.stdout), (65, b"wrote 0 responders\n"), done.stderr)
        self.assertIn(telling, done.stderr.decode())
        self.assertFalse((self.place.folder / "responders/our.example/kim.conf").exists())

    def test_links_are_not_followed(self):
        message = self.home / ".vacation.msg"
        message.symlink_to(self.secret)
        self.assert_refused("vacation", message, telling="a symbolic link leads there")
        folder = self.home / "folder"
        folder.symlink_to(self.place.folder)
        self.assert_refused("vacation", folder / "secret", telling="a symbolic link leads there")
        (self.home / "away/message.txt").symlink_to(self.secret)
        self.assert_refused("qmail-autoresponder", self.home / "away", telling="a symbolic link")

    def test_another_accounts_file_is_not_read(self):
        message = self.home / ".vacation.msg"
        os.link(self.secret, message)
        self.assert_refused("vacation", message, telling="belongs to another account than its folder")
        os.mkfifo(self.home / "pipe")
        self.assert_refused("vacation", self.home / "pipe", telling="not a regular file")

    def test_the_message_of_a_qmail_file_lies_in_its_folder(self):
        for name in (self.secret, "../../secret"):
            qmail = self.place.write("kim/.qmail", f"|qmail-autoresponder {name} away\n")
            self.give_home()
            self.assert_refused("qmail-autoresponder", self.home / "away", qmail,
                                telling="the message is not in the folder")

    def test_a_users_own_files_are_read(self):
        message = self.place.write("kim/.vacation.msg", "Subject: Away\n\nAway.\n")
        self.give_home()
        self.assert_converted("--address", ADDRESS, "--interval", "7d", "vacation", message)

    def test_a_dry_run_knows_whose_a_new_domains_responder_would_be(self):
        os.chown(self.place.folder / "responders", 33, 33)
        message = self.place.write("message", "From: kim@other.example\n\nAway.\n")
        told = [self.convert("--address", "kim@fresh.example", *words, "vacation", message)
                for words in (["--dry-run"], [])]
        self.assertEqual([done.returncode for done in told], [65, 65])
        self.assertEqual(told[0].stderr, told[1].stderr)
        self.assertIn(b"a tenant's address", told[0].stderr)


class Vacation(MovingTestCase):
    def test_the_message_and_the_options_of_the_forward_file_are_answered_with(self):
        self.place.write(".vacation.msg", VACATION)
        self.place.write(".forward", '\\kim, "|/usr/bin/vacation -a kdent -r 3 kim"\n')
        self.place.write("listing", f"{'@c.example':50}(never deleted)\n")
        self.assert_converted("--address", ADDRESS, "--listing", "listing", "vacation",
                              ".vacation.msg", ".forward")
        self.assertEqual(self.answer(), ("Kim Dent <kim@our.example>", "Away: A question",
                                         'I will read "A question" in January. It costs $5.\n'))
        self.assertIsNotNone(self.answer(message=mail(To="kdent@our.example")))
        self.assertIsNone(self.answer(message=mail(To="other@our.example")))
        excluded = self.place.preview(MESSAGE, sender="x@c.example", recipients=(ADDRESS,))
        self.assertEqual(excluded.verdict, "verdict: suppress: excluded")
        self.assertEqual(self.settings()["interval"], "3d")

    def test_an_interval_that_nobody_can_read_has_to_be_told(self):
        self.place.write(".vacation.msg", VACATION)
        self.assert_left_out(1, [".vacation.msg: vacation keeps its interval"], "--address", ADDRESS,
                             "vacation", ".vacation.msg")
        self.assertNotIn("interval", self.settings())
        self.assert_converted("--address", "lee@our.example", "--interval", "14d", "vacation",
                              ".vacation.msg")
        self.assertEqual(self.settings("lee")["interval"], "14d")

    def test_a_message_with_more_fields_becomes_a_template(self):
        self.place.write("message", "Subject: Away\nOrganization: Ours\n\nHi for $5\n")
        self.assert_converted("--address", ADDRESS, "--interval", "7d", "vacation", "message")
        preview = self.place.preview(MESSAGE, recipients=(ADDRESS,))
        self.assertEqual((preview.reply["Organization"], preview.reply["Subject"],
                          preview.reply.get_content().strip()), ("Ours", "Away", "Hi for $5"))

    def test_attachments_stay_as_they_are(self):
        script = "echo $HOME $1 $$ ${sender} $SUBJECT\n"
        self.place.write("message", "Subject: Away\nContent-Type: multipart/mixed; boundary=b\n\n"
                         "--b\n\nFor $5: $SUBJECT\n"
                         f"--b\nContent-Type: application/x-sh\n\n{script}"
                         f"--b\nContent-Type: text/x-sh\nContent-Disposition: attachment\n\n{script}"
                         "--b--\n")
        self.assert_converted("--address", ADDRESS, "--interval", "7d", "vacation", "message")
        text, *scripts = self.place.preview(MESSAGE, recipients=(ADDRESS,)).reply.iter_parts()
        self.assertEqual(text.get_content().strip(), "For $5: A question")
        self.assertEqual([part.get_payload(decode=True).decode().strip() for part in scripts],
                         [script.strip()] * 2)

    def test_the_login_is_an_alias(self):
        self.place.write(".vacation.msg", VACATION)
        self.place.write(".forward", '\\kdent, "|/usr/bin/vacation -r7 kdent"\n')
        self.assert_converted("--address", ADDRESS, "vacation", ".vacation.msg", ".forward")
        self.assertIsNotNone(self.answer(message=mail(To="kdent@our.example")))

    def test_a_listing_that_is_none_is_refused(self):
        self.place.write(".vacation.msg", VACATION)
        for listing, count in (("root (never deleted)\n", 1), ("garbage\n", 0)):
            with self.subTest(listing):
                self.place.write("listing", listing)
                done = self.convert("--address", f"x{count}@our.example", "--interval", "7d",
                                    "--listing", "listing", "vacation", ".vacation.msg")
                self.assertEqual(done.stdout.decode()[:7], f"wrote {count}", done.stderr)
        self.assertEqual(self.settings("x1")["never-reply-to"], "root@our.example")


class Sieve(MovingTestCase):
    def test_a_vacation_action_is_answered_with_within_its_dates(self):
        self.assert_converted("--address", ADDRESS, "sieve", "-", given=SIEVE)
        expected = ("Kim Dent <kim@our.example>", "Away for $5", "See you.\n.\n")
        for time, answer in (("2026-12-23T22:59:59", None), ("2026-12-23T23:00:00", expected),
                             ("2027-01-02T22:59:59", expected), ("2027-01-02T23:00:00", None)):
            with self.subTest(time):
                self.assertEqual(self.answer(*at(time)), answer)
        self.assertEqual(self.settings()["interval"], "3d")
        self.assertEqual(self.settings()["handle"], "winter")

    def test_a_script_that_does_more_is_refused(self):
        self.assert_left_out(0, ["standard input:2: 'fileinto': only a vacation action"], "--address",
                             ADDRESS, "sieve", "-",
                             given='require "fileinto";\nfileinto "x";\nvacation "Away";\n')
        self.assertIsNone(self.answer())


class Postfixadmin(MovingTestCase):
    ROW = {"email": ADDRESS, "subject": "Away: $SUBJECT", "body": "For $SUBJECT,\r\n$5.",
           "activefrom": "2026-12-24 00:00:00", "activeuntil": "2027-01-02 23:59:59",
           "domain": "our.example", "interval_time": 86400, "active": 1}

    def test_rows_are_answered_with_within_their_dates(self):
        rows = [self.ROW, self.ROW | {"email": "lee@our.example", "active": 0, "interval_time": 0}]
        self.assert_converted("postfixadmin", "-", count=2,
                              given="".join(json.dumps(row) + "\n" for row in rows))
        expected = (ADDRESS, "Away: A question", "For $SUBJECT,\n$5.\n")
        for time, answer in (("2026-12-23T23:59:59", None), ("2026-12-24T00:00:00", expected),
                             ("2027-01-02T23:59:58", expected), ("2027-01-03T00:00:00", None)):
            with self.subTest(time):
                self.assertEqual(self.answer(*at(time)), answer)
        self.assertEqual(self.settings()["interval"], "86400s")
        self.assertEqual((self.settings("lee")["interval"], self.settings("lee")["enabled"]),
                         ("once", "no"))

    def test_a_bad_row_is_named_and_the_others_are_written(self):
        self.place.write("table.csv", "email,subject,body,interval_time\n"
                         f'lee,Away,Hi,0\n{ADDRESS},Away,"Hi\nall",0\nmo@our.example,Away,Hi,soon\n')
        self.assert_left_out(1, ["table.csv:2: email 'lee'", "table.csv:5: interval_time"],
                             "postfixadmin", "table.csv")
        self.assertEqual(self.answer(), (ADDRESS, "Away", "Hi\nall\n"))

    def test_what_the_responder_would_refuse_is_not_written(self):
        row = self.ROW | {"activefrom": "2027-02-01 00:00:00"}
        for option in ("--off", "--dry-run"):
            with self.subTest(option):
                done = self.convert(option, "postfixadmin", "-", given=json.dumps(row))
                self.assertEqual((done.returncode, done.stderr.decode()),
                                 (65, f"standard input:1: {ADDRESS}: 'active-until' is before "
                                      "'active-from'\n"))
        self.assertEqual(sorted(path.name for path in self.place.responder.parent.iterdir()),
                         ["info.conf", "info.txt"])


class Gnarwl(MovingTestCase):
    def test_people_of_the_directory_are_answered_for(self):
        self.place.write("header.txt", "From: $fullname <$recepient>\nTo: $sender\nX-mailer: GNARWL\n"
                         "Content-Type: text/plain; charset=UTF-8\nSubject: Re: $subject\n\n")
        self.place.write("footer.txt", "-- \n$fullname\n")
        self.place.write("gnarwl.cfg", GNARWL.format(self.place.folder))
        self.place.write("people.ldif", LDIF)
        self.assert_converted("gnarwl", "gnarwl.cfg", "people.ldif", count=3)
        expected = ("Kim Dent <kim@our.example>", "Re: A question",
                    "Away until January for $5.\n-- \nKim Dent\n")
        self.assertEqual(self.answer(), expected)
        self.assertIsNotNone(self.answer(message=mail(To="kdent@our.example")))
        self.assertIsNone(self.answer(address="lee@our.example", message=mail(To="lee@our.example")))
        self.assertEqual(self.settings()["interval"], "48h")
        for other in ("kim", "kdent"):
            self.assertEqual(self.answer(address="kdent@our.example",
                                         message=mail(To=f"{other}@our.example"))[0],
                             "Kim Dent <kdent@our.example>")

    def test_a_filter_and_a_path_may_have_blanks(self):
        self.place.write("our header.txt", "Subject: Away\n\n")
        self.place.write("gnarwl.cfg", f"forceheader {self.place.folder}/our header.txt\n"
                         "queryfilter (& (mail=$recepient) (vacationActive=TRUE))\n")
        self.place.write("people.ldif", LDIF)
        self.assert_converted("gnarwl", "gnarwl.cfg", "people.ldif", count=3)
        self.assertEqual(self.answer()[1], "Away")
        self.assertIsNone(self.answer(address="lee@our.example", message=mail(To="lee@our.example")))

    def test_what_it_would_have_converted_is_utf_8(self):
        self.place.write("header.txt", "Subject: Away\nOrganization: Ours\n"
                         "Content-Type: text/plain; charset=ISO-8859-1\n\n")
        self.place.write("gnarwl.cfg", f"charset ISO8859-1\nforceheader {self.place.folder}/header.txt\n")
        self.place.write("people.ldif", "mail: kim@our.example\nvacationActive: TRUE\n"
                         "vacationInfo:: QXdheSBmw7xyICQ1Lg==\n")
        self.assert_converted("gnarwl", "gnarwl.cfg", "people.ldif")
        self.assertEqual(self.answer()[2].strip(), "Away f\u00fcr $5.")

    def test_its_lists_are_named_with_their_lines(self):
        self.place.write("gnarwl.cfg", "blacklist /var/lib/gnarwl/blacklist.db\nmystery 1\n")
        self.place.write("people.ldif", "")
        self.assert_left_out(0, ["gnarwl.cfg:1: 'blacklist'", "gnarwl.cfg:2: 'mystery'",
                                 "people.ldif: nobody"], "gnarwl", "gnarwl.cfg", "people.ldif")


class QmailAutoresponder(MovingTestCase):
    def test_a_folder_is_answered_with(self):
        self.place.write("away/message.txt", "From: Kim <%r>\nSubject: Away (%S)\n\n100%% for $5, %s\n")
        self.place.write("away/timelimit", "86400\n")
        self.place.write("away/endtime", "2027-01-02 12:00:00\n")
        self.place.write("away/1715342400.4711.a@b.example", "")
        self.place.write(".qmail", "|qmail-autoresponder -n 2 away\n./Maildir/\n")
        self.assert_converted("--address", ADDRESS, "qmail-autoresponder", "away", ".qmail")
        self.assertEqual(self.answer(*at("2027-01-02T11:59:59")),
                         ("Kim <kim@our.example>", "Away (A question)",
                          "100% for $5, alice@sender.example\n"))
        self.assertIsNone(self.answer(*at("2027-01-02T12:00:01")))
        self.assertEqual(self.settings()["limit-person"], "2/86400s")

    def test_the_command_line_names_the_message_file(self):
        self.place.write("away/message.txt", "Subject: x\n\nOne\n")
        self.place.write("away/other.txt", "Subject: x\n\nTwo\n")
        self.place.write(".qmail", "|qmail-autoresponder -q other.txt away\n")
        self.assert_converted("--address", ADDRESS, "qmail-autoresponder", "away", ".qmail")
        self.assertEqual(self.answer()[2], "Two\n")

    def test_a_time_that_cannot_be_read_is_not_passed_over(self):
        self.place.write("away/message.txt", "Subject: x\n\nHi\n")
        self.place.write("away/starttime", "next week\n")
        self.assert_left_out(0, ["away/starttime:1: 'next week'"], "--address", ADDRESS,
                             "qmail-autoresponder", "away")
        self.assertIsNone(self.answer())

    def test_a_copy_of_the_message_is_left_out(self):
        self.place.write("away/config.txt", "copymsg=1\n\nSubject: x\n\nHi\n")
        self.assert_left_out(1, ["away/config.txt:1: 'copymsg'"], "--address", ADDRESS,
                             "qmail-autoresponder", "away")


class Writing(MovingTestCase):
    def test_no_responder_is_replaced(self):
        self.assert_converted("--address", ADDRESS, "sieve", "-", given='vacation "One";')
        there = [f"standard input:1: {ADDRESS}: has a responder already"]
        self.assert_left_out(0, there, "--address", ADDRESS, "sieve", "-", given='vacation "Two";')
        self.assertEqual(self.answer()[2], "One\n")
        done = self.convert("--dry-run", "--address", ADDRESS, "sieve", "-", given='vacation "Two";')
        self.assertEqual((done.returncode, done.stdout), (65, b""))
        self.assertIn(there[0], done.stderr.decode())

    def test_a_dry_run_finds_two_of_one_address(self):
        row = f"{ADDRESS},Away,Hi\n"
        done = self.convert("--dry-run", "postfixadmin", "-", given="email,subject,body\n" + 2 * row)
        self.assertEqual((done.returncode, done.stderr.decode()),
                         (65, f"standard input:3: {ADDRESS}: has a responder already "
                              "(inforeply-set --remove removes it)\n"))

    @unittest.skipUnless(os.geteuid() == 0, "only root can give files away")
    def test_a_dry_run_knows_whose_responder_it_would_be(self):
        os.chown(self.place.responder.parent, 65534, 65534)
        done = [self.convert(*option, "--address", ADDRESS, "--interval", "7d", "vacation", "-",
                             given="Subject: x\nX-Ours: y\n\nHi\n")
                for option in (("--dry-run",), ())]
        for one in done:
            self.assertEqual(one.returncode, 65, one.stdout)
            self.assertIn(b"a tenant's template", one.stderr)
        self.assertEqual(done[0].stderr, done[1].stderr)

    def test_a_byte_order_mark_is_passed_over(self):
        self.assert_converted("--address", ADDRESS, "sieve", "-", given='\ufeffvacation "One";')
        self.assert_converted("--address", "lee@our.example", "--interval", "7d", "vacation", "-",
                              given="\ufeffSubject: x\n\nOne\n")

    def test_a_dry_run_prints_and_writes_nothing(self):
        before = self.place.files()
        done = self.convert("--dry-run", "--off", "--address", ADDRESS, "sieve", "-",
                            given='vacation :days 3 "One";')
        self.assertEqual((done.returncode, done.stdout.decode()),
                         (0, f"# {ADDRESS}\ninterval = 3d\nenabled = no\ntext:\nOne\n\n"))
        self.assertEqual(self.place.files(), before)

    def test_responders_may_be_off_at_first(self):
        self.assert_converted("--off", "--address", ADDRESS, "sieve", "-", given='vacation "One";')
        self.assertIsNone(self.answer())
        self.assertEqual(self.settings()["enabled"], "no")

    def test_a_command_line_that_means_nothing_is_refused(self):
        for words in ([], ["mbox", "x"], ["sieve", "x"], ["--address", ADDRESS, "sieve"],
                      ["--address", "kim", "sieve", "x"], ["--address", ADDRESS, "sieve", "x", "y"],
                      ["--address", ADDRESS, "postfixadmin", "x"], ["gnarwl", "x"],
                      ["--address", ADDRESS, "--listing", "x", "sieve", "x"]):
            with self.subTest(words):
                done = self.convert(*words)
                self.assertEqual((done.returncode, done.stdout), (64, b""), done.stderr)

    def test_a_missing_file_is_named(self):
        done = self.convert("postfixadmin", "missing.csv")
        self.assertEqual((done.returncode, done.stdout), (66, b""))
        self.assertIn(b"missing.csv", done.stderr)


if __name__ == "__main__":
    unittest.main()
