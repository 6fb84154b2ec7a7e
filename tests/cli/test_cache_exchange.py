"""inforeply-cache export and import: between caches, and from other programs.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_cache_exchange.py
"""

import json
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from programs import BIN, TestCase, environment
from test_cache_list import ODD_RECORDS, record


def line_of(sender="alice@a.example", **others):
    return json.dumps(record(sender, **others)) + "\n"


class ExchangeTestCase(TestCase):
    def bring_in(self, text, *arguments, cache=None, options=()):
        """Imports from standard input."""
        command = [BIN / "inforeply-cache", "-c", self.place.configuration, "--cache",
                   cache or self.place.cache, *options, "import", *arguments]
        done = subprocess.run(command, capture_output=True, env=environment(),
                              input=text if isinstance(text, bytes) else text.encode())
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(),
                                           done.stderr.decode())

    def assert_stored(self, done, stored, already=0):
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"stored {stored} record{'' if stored == 1 else 's'}, "
                                      f"{already} there already\n")

    def assert_refused(self, done, status, *words):
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        for word in words:
            self.assertIn(str(word), done.stderr)

    def exported(self, *arguments):
        return self.tool_output("cache", "export", *arguments)


class Export(ExchangeTestCase):
    def test_what_is_exported_and_imported_into_a_new_cache_is_exported_the_same(self):
        self.assert_stored(self.bring_in("".join(line_of(**odd) for odd in ODD_RECORDS)), 7)
        text = self.exported()
        other = self.place.folder / "other.mdb"
        self.assert_stored(self.bring_in(text, cache=other), 7)
        again = self.tool("cache", "export", cache=other)
        self.assertEqual(again.stdout, text)
        self.assertEqual(len(text.splitlines()), 7)

    def test_a_line_says_all_as_list_does(self):
        self.bring_in(line_of("bob@b.example", expires_at=None) + line_of("alice@a.example"))
        self.assertEqual(self.exported(), self.tool_output("cache", "list", "--format", "json"))
        self.assertEqual([json.loads(line) for line in self.exported().splitlines()],
                         [record("alice@a.example"), record("bob@b.example", expires_at=None)])

    def test_every_character_comes_through_as_any_reader_of_json_has_it(self):
        handles = ["".join(map(chr, range(start, start + 32))) for start in range(1, 128, 32)]
        handles += ["\x00", "\u2028", "\ufffd", "\U0010ffff", "é\u0301", "</script>"]
        self.assert_stored(self.bring_in("".join(line_of(handle=handle) for handle in handles)),
                           len(handles))
        got = {json.loads(line)["handle"] for line in self.exported().split("\n") if line}
        self.assertEqual(got, set(handles))

    def test_octets_that_are_no_utf_8_come_as_replacement_characters(self):
        for octets in (b"\xff---", b"a\xc3--", b"\xe2\x82x-", b"\xed\xa0\x80-", b"\xf0\x9f\x8e-",
                       b"\xc0\xaf--", b"\xf4\x90\x80\x80", b"\xe0\x9f\x80-", b"--\xf0\x9f"):
            with self.subTest(octets):
                self.place.cache.unlink(missing_ok=True)
                self.bring_in(line_of(message_id="MARK"))
                self.place.cache.write_bytes(
                    self.place.cache.read_bytes().replace(b"MARK", octets))
                text = subprocess.run([BIN / "inforeply-cache", "-c", self.place.configuration,
                                       "--cache", self.place.cache, "export"],
                                      capture_output=True, check=True).stdout
                self.assertEqual(json.loads(text.decode("utf-8"))["message_id"],
                                 octets.decode("utf-8", "replace"))

    def test_a_message_id_that_is_cut_inside_a_character_stays_the_same_from_then_on(self):
        self.bring_in(line_of(message_id="é" * 200))
        text = self.exported()
        self.assertEqual(json.loads(text)["message_id"], "é" * 127 + "\ufffd")
        other = self.place.folder / "other.mdb"
        self.bring_in(text, cache=other)
        self.assertEqual(self.tool("cache", "export", cache=other).stdout, text)

    def test_the_filters_of_list_choose_what_is_exported(self):
        self.bring_in(line_of("alice@a.example") + line_of("bob@b.example") +
                      line_of("bob@b.example", responder="sales@our.example"))
        self.assertEqual(len(self.exported("--sender", "*@b.example").splitlines()), 2)
        self.assertEqual(len(self.exported("sales@our.example").splitlines()), 1)
        self.assertEqual(len(self.exported("--limit", "2").splitlines()), 2)


class Import(ExchangeTestCase):
    def test_an_option_and_a_setting_of_the_same_name_are_two_things(self):
        self.place.set_responder("handle = winter")
        self.place.configure(f"responder = {self.place.responder}")
        row = "alice@sender.example  Tue Nov 14 20:00:00 2023\n"
        self.assert_stored(self.bring_in(row, "--from", "vacation", "--responder",
                                         "info@our.example"), 1)
        self.assertEqual([record["handle"] for record in self.records()], ["winter"])
        self.assertEqual(self.records("--responder", "sales@our.example"), [])

    def test_a_missing_cache_is_made(self):
        self.assertFalse(self.place.cache.exists())
        self.assert_stored(self.bring_in(line_of()), 1)
        self.assertEqual(self.records(), [record("alice@a.example")])

    def test_a_file_a_dash_and_a_pipe_are_all_the_same(self):
        file = self.place.write("records.json", line_of())
        for arguments, text in (([file], ""), (["-"], line_of()), ([], line_of())):
            with self.subTest(arguments):
                self.place.cache.unlink(missing_ok=True)
                self.assert_stored(self.bring_in(text, *arguments), 1)
        with open(file, "rb") as stdin:
            self.place.cache.unlink()
            done = subprocess.run([BIN / "inforeply-cache", "-c", self.place.configuration,
                                   "--cache", self.place.cache, "import"], stdin=stdin,
                                  capture_output=True, text=True, env=environment())
        self.assert_stored(done, 1)

    def test_nothing_stays_behind_of_what_came_through_a_pipe(self):
        folder = self.place.folder / "tmp"
        folder.mkdir()
        subprocess.run([BIN / "inforeply-cache", "-c", self.place.configuration, "--cache",
                        self.place.cache, "import"], input=line_of().encode(), check=True,
                       capture_output=True, env=environment() | {"TMPDIR": str(folder)})
        self.assertEqual(list(folder.iterdir()), [])

    def test_the_responder_leaves_an_imported_person_in_peace(self):
        self.place.set_responder("handle = winter")
        self.bring_in(line_of("Alice+x@Sender.Example", expires_at=None))
        self.assert_suppressed(self.place.run(None, "--now", "1750000000"), "recently-answered")

    def test_what_is_older_never_replaces_what_is_there(self):
        self.bring_in(line_of(count=5))
        self.assert_stored(self.bring_in(line_of(count=1)), 0, already=1)
        self.assert_stored(self.bring_in(line_of(answered_at="2024-05-09T12:00:00Z")), 0, 1)
        self.assertEqual(self.records()[0]["count"], 5)
        self.assert_stored(self.bring_in(line_of(answered_at="2024-05-11T12:00:00Z")), 1)
        self.assertEqual(self.records()[0]["answered_at"], "2024-05-11T12:00:00Z")

    def test_many_records_in_any_order_all_arrive(self):
        lines = [line_of(f"person{number * 7919 % 9973}@a.example") for number in range(9973)]
        self.assert_stored(self.bring_in("".join(lines)), 9973)
        self.assertEqual(len(self.records()), 9973)

    def test_blank_lines_crlf_and_a_last_line_without_an_end_do_no_harm(self):
        text = "\n" + line_of().replace("\n", "\r\n") + "  \n" + line_of("bob@b.example").strip()
        self.assert_stored(self.bring_in(text), 2)

    def test_a_missing_file_is_named(self):
        missing = self.place.folder / "missing.json"
        self.assert_refused(self.bring_in("", missing), 66, missing, "No such file")
        self.assertFalse(self.place.cache.exists())


class BadLines(ExchangeTestCase):
    BAD = (
        ("not json", "column"), ("[]", "object"), ("3", "object"), ("{}", "responder"),
        (line_of(colour="red"), "colour"), (line_of(count="1"), "count"),
        (line_of(count=-1), "count"), (line_of(count=1.5), "count"), (line_of(count=2**32), "count"),
        (line_of(count=None), "count"), (line_of(message_id=None), "message_id"),
        (line_of(handle=["x"]), "handle"), (line_of(handle={"x": 1}), "handle"),
        (line_of(handle=True), "handle"), (line_of(handle="x" * 129), "handle"),
        (line_of(handle=""), "handle"), (line_of(state="gone"), "state"),
        (line_of(answered_at=1700000000), "answered_at"), (line_of(answered_at=None), "answered_at"),
        (line_of(answered_at="yesterday"), "answered_at"),
        (line_of(answered_at="1970-01-01T00:00:00+01:00"), "answered_at"),
        (line_of(expires_at="2024-05-10T11:59:59Z"), "expires_at"),
        (line_of(expires_at="never"), "expires_at"), (line_of(responder="info"), "responder"),
        (line_of(responder=""), "responder"), (line_of(sender="nobody"), "sender"),
        (line_of(sender="a b\n@c.example"), "sender"), (line_of(sender="@c.example"), "sender"),
        (line_of(sender="x" * 600 + "@c.example"), "sender"),
        (line_of().replace("{", '{"count": 2, '), "count"), (line_of().strip() + "{}", "column"),
        (line_of()[:-20], "column"), (line_of(message_id="x" * 70000), "longer"),
        (b'{"handle": "\xff"}', "column"),
    )

    def test_each_is_named_by_number_and_nothing_is_stored(self):
        for bad, word in self.BAD:
            with self.subTest(bad[:80]):
                bad = bad if isinstance(bad, bytes) else bad.encode()
                file = self.place.write("in.json", line_of("bob@b.example").encode() + bad.strip() +
                                        b"\n" + line_of("carol@c.example").encode())
                done = self.bring_in("", file)
                self.assert_refused(done, 65, f"{file}:2: ", word, "nothing was stored")
                self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)
                self.assertFalse(self.place.cache.exists())

    def test_to_keep_going_stores_the_good_lines_and_still_says_so(self):
        lines = [line_of("bob@b.example").encode()]
        lines += [(bad if isinstance(bad, bytes) else bad.encode()).strip() + b"\n"
                  for bad, _ in self.BAD] + [line_of("carol@c.example").encode()]
        done = self.bring_in(b"".join(lines), "--keep-going")
        self.assertEqual((done.returncode, done.stdout), (65, "stored 2 records, 0 there already\n"))
        named = [line.split(": ")[0] for line in done.stderr.splitlines()[:-1]]
        self.assertEqual(named, [f"standard input:{number + 2}" for number in range(len(self.BAD))])
        self.assertIn(f"{len(self.BAD)} bad lines", done.stderr)
        self.assertEqual(len(self.records()), 2)

    def test_a_file_of_another_kind_is_given_up_early(self):
        done = self.bring_in("what is this\n" * 1000)
        self.assertEqual(done.returncode, 65)
        self.assertLess(len(done.stderr.splitlines()), 110)

    def test_nothing_from_a_line_can_forge_another(self):
        done = self.bring_in(line_of(**{"x\ny\x1b[31m": 1}))
        self.assertEqual(len(done.stderr.splitlines()), 2)
        self.assertNotIn("\x1b", done.stderr)

    def test_a_message_shows_only_the_beginning_of_what_is_very_long(self):
        done = self.bring_in(line_of("x" * 20000))
        self.assertEqual(done.returncode, 65)
        self.assertLess(len(done.stderr), 400)

    def test_options_that_mean_nothing_there_are_refused(self):
        for arguments in (["--handle", "x"], ["--interval", "7d"], ["--responder", "a@b.example"],
                          ["--from", "mbox"], ["--from", "vacation"],
                          ["--from", "postfixadmin", "--responder", "a@b.example"],
                          ["--from", "postfixadmin", "--interval", "soon"],
                          ["--from", "postfixadmin", "--handle", "x" * 129],
                          ["a", "b"]):
            with self.subTest(arguments):
                self.assert_refused(self.bring_in(line_of(), *arguments), 64, "inforeply-cache: ")


class Vacation(ExchangeTestCase):
    # As vacation 3.3.3 of Debian 12 prints it: no blank behind what is longer than its column.
    LISTING = ("Alice.X+tag@Sender.EXAMPLE                        Sun Nov 22 21:33:37 2026\n"
               + "b" * 55 + "@b.exampleMon Nov  2 01:03:07 2026\n")

    def bring(self, text, *arguments, **others):
        return self.bring_in(text, "--from", "vacation", "--responder", "info@our.example",
                             *arguments, **others)

    def test_senders_and_times_come_over(self):
        self.assert_stored(self.bring(self.LISTING, "--handle", "old", "--interval", "7d"), 2)
        self.assertEqual(self.records(), [
            record("alice.x@sender.example", handle="old", message_id="",
                   answered_at="2026-11-22T21:33:37Z", expires_at="2026-11-29T21:33:37Z"),
            record("b" * 55 + "@b.example", handle="old", message_id="",
                   answered_at="2026-11-02T01:03:07Z", expires_at="2026-11-09T01:03:07Z")])

    def test_handle_and_interval_are_the_responders_own(self):
        self.place.set_responder("handle = winter\ninterval = once")
        self.place.configure(f"responders = {self.place.folder / 'responders'}")
        self.assert_stored(self.bring(self.LISTING), 2)
        self.assertEqual({(record["handle"], record["expires_at"]) for record in self.records()},
                         {("winter", None)})

    def test_the_handle_is_the_one_that_the_responder_reserves_with(self):
        self.place.configure(f"responders = {self.place.folder / 'responders'}")
        self.bring("alice@sender.example  Tue Nov 14 20:00:00 2023\n")
        self.assert_suppressed(self.place.run(), "recently-answered")

    def test_who_is_never_answered_is_named_and_left_out(self):
        done = self.bring("@c.example                                        (never deleted)\n"
                          + self.LISTING, "--handle", "x", "--interval", "once")
        self.assertEqual((done.returncode, done.stdout),
                         (0, "stored 2 records, 0 there already\n"))
        self.assertEqual(done.stderr, "standard input:1: '@c.example' is never answered: that goes "
                                      "into 'never-reply-to'\n")

    def test_a_listing_of_the_bsds_is_understood(self):
        # sendmail's vacation prints 40 octets of an address, and -1 for whom is never answered.
        done = self.bring("alice@a.example                          Sun Nov 22 21:33:37 2026\n"
                          "@c.example                               Wed Dec 31 23:59:59 1969\n"
                          + "b" * 40 + " Sun Nov 22 21:33:37 2026\n", "--handle", "x",
                          "--interval", "once")
        self.assertEqual((done.returncode, done.stdout), (0, "stored 1 record, 0 there already\n"))
        self.assertEqual(self.senders(), ["alice@a.example"])
        self.assertIn(":2: '@c.example' is never answered", done.stderr)
        self.assertIn(f":3: '{'b' * 40}' may be the beginning of a longer address", done.stderr)

    def test_a_byte_order_mark_is_passed_over(self):
        self.assert_stored(self.bring("\ufeff" + self.LISTING, "--handle", "x", "--interval",
                                      "once"), 2)
        self.assertIn("alice.x@sender.example", self.senders())

    def test_what_vacation_never_printed_is_a_bad_line(self):
        for bad in ("alice@a.example", "alice@a.example  Xyz Nov 22 21:33:37 2026",
                    "alice                Sun Nov 22 21:33:37 2026", "Sun Nov 22 21:33:37 2026"):
            with self.subTest(bad):
                self.assert_refused(self.bring(bad + "\n", "--handle", "x", "--interval", "7d"), 65,
                                    "standard input:1: ")

    def test_without_a_responder_handle_and_interval_must_be_given(self):
        self.place.configure(f"responders = {self.place.folder / 'responders'}")
        done = self.bring_in(self.LISTING, "--from", "vacation", "--responder", "no@one.example")
        self.assert_refused(done, 64, "no@one.example", "--handle", "--interval")


class Gnarwl(ExchangeTestCase):
    def bring(self, text):
        return self.bring_in(text, "--from", "gnarwl", "--responder", "info@our.example",
                             "--handle", "old", "--interval", "48h")

    def test_times_and_senders_come_over(self):
        self.assert_stored(self.bring("1715342400 Alice@A.example\n\n1715342401 bob@b.example\n"), 2)
        self.assertEqual(self.records(), [
            record("alice@a.example", handle="old", message_id="",
                   answered_at="2024-05-10T12:00:00Z", expires_at="2024-05-12T12:00:00Z"),
            record("bob@b.example", handle="old", message_id="",
                   answered_at="2024-05-10T12:00:01Z", expires_at="2024-05-12T12:00:01Z")])

    def test_other_lines_are_bad(self):
        for bad in ("Fri May 10 12:00:00 2024 -> alice@a.example", "1715342400", "1715342400 alice",
                    "99999999999999 alice@a.example", "-1 alice@a.example"):
            with self.subTest(bad):
                self.assert_refused(self.bring(bad + "\n"), 65, "standard input:1: ")


class QmailAutoresponder(ExchangeTestCase):
    def test_names_of_files_come_over_and_others_are_passed_over(self):
        self.assert_stored(self.bring_in(
            "1715342400.4711.Alice@A.example\n1715342401.12.b:c.d@b.example\nmessage.txt\nlog.txt\n"
            "1715342400.x.y@z.example\n1715342400\n.\n\n", "--from", "qmail-autoresponder",
            "--responder", "info@our.example", "--handle", "old", "--interval", "1h"), 2)
        self.assertEqual([(record["sender"], record["answered_at"]) for record in self.records()],
                         [("alice@a.example", "2024-05-10T12:00:00Z"),
                          ("b/c.d@b.example", "2024-05-10T12:00:01Z")])

    def test_a_responder_is_needed(self):
        self.assert_refused(self.bring_in("", "--from", "qmail-autoresponder"), 64, "--responder")

    def test_a_limit_knows_nothing_of_what_is_imported_and_that_is_told_once(self):
        done = self.bring_in("1715342400.1.a@a.example\n1715342401.2.b@b.example\n", "--from",
                             "qmail-autoresponder", "--responder", "info@our.example", "--handle",
                             "old", "--interval", "0")
        self.assertEqual((done.returncode, done.stdout), (0, "stored 2 records, 0 there already\n"))
        self.assertEqual(done.stderr, "standard input:1: 'interval = 0': 'limit-person' does not "
                                      "count what was answered before\n")


class Postfixadmin(ExchangeTestCase):
    def bring(self, text, *arguments):
        return self.bring_in(text, "--from", "postfixadmin", *arguments)

    def test_a_dump_with_and_without_a_heading_and_quotes(self):
        row = "info@our.example,Alice@A.example,2024-05-10 12:00:00\n"
        expected = [record("alice@a.example", message_id="", handle="old")]
        for text in (row, "on_vacation,notified,notified_at\n" + row,
                     '"on_vacation","notified","notified_at"\r\n"info@our.example",'
                     '"alice@a.example","2024-05-10 12:00:00"\r\n',
                     "\ufeffnotified,notified_at,on_vacation\n"
                     "alice@a.example,2024-05-10 12:00:00,info@our.example\n",
                     "info@our.example,alice@a.example,2024-05-10 14:00:00.123456+02\n"):
            with self.subTest(text):
                self.place.cache.unlink(missing_ok=True)
                self.assert_stored(self.bring(text, "--handle", "old", "--interval", "7d"), 1)
                self.assertEqual(self.records(), expected)

    def test_each_responder_has_its_own_handle_and_interval(self):
        self.place.set_responder("handle = winter\ninterval = 7d")
        self.place.set_responder("handle = sales\ninterval = once",
                                 path="responders/our.example/sales.conf")
        self.place.configure(f"responders = {self.place.folder / 'responders'}")
        self.assert_stored(self.bring("info@our.example,alice@a.example,2024-05-10 12:00:00\n"
                                      "sales@our.example,alice@a.example,2024-05-10 12:00:00\n"), 2)
        self.assertEqual([(record["handle"], record["expires_at"]) for record in self.records()],
                         [("winter", "2024-05-17T12:00:00Z"), ("sales", None)])

    def test_quotes_inside_quotes_are_undone(self):
        self.bring('info@our.example,"""a,b""@c.example",2024-05-10 12:00:00\n',
                   "--handle", "x", "--interval", "7d")
        self.assertEqual(self.senders(), ["a,b@c.example"])

    def test_bad_lines_are_named(self):
        for bad in ("info@our.example,alice@a.example", "info@our.example,alice,2024-05-10 12:00:00",
                    "info@our.example,alice@a.example,0000-00-00 00:00:00",
                    'info@our.example,"alice@a.example,2024-05-10 12:00:00',
                    'info@our.example,"alice"@a.example,2024-05-10 12:00:00',
                    "info,alice@a.example,2024-05-10 12:00:00"):
            with self.subTest(bad):
                self.assert_refused(self.bring(f"\n{bad}\n", "--handle", "x", "--interval", "7d"),
                                    65, "standard input:2: ")

    def test_a_responder_that_is_not_there_or_is_broken_is_a_bad_line(self):
        self.place.configure(f"responders = {self.place.folder / 'responders'}")
        row = "{}@our.example,alice@a.example,2024-05-10 12:00:00\n"
        self.assert_refused(self.bring(row.format("sales")), 65, "standard input:1: no responder")
        self.place.write(self.place.responder, "colour = red\n")
        self.assert_refused(self.bring(row.format("info")), 65, "standard input:1: ", "info.conf:1")


if __name__ == "__main__":
    unittest.main()
