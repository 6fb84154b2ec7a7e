"""never-reply-to and only-reply-to: who is left out, in settings and in files of any length.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_sender_lists.py
"""

import fcntl
import os
import random
import sys
import time
import unittest

sys.dont_write_bytecode = True

from programs import (MEMORY_LIMIT, SANITIZED, TestCase, actions, finish, mail, wait_for)

MIB = 1024 * 1024
LONG = 20_000  # entries that are over what is read without an index
# A sanitizer is too slow for the bound on the time that lists may take.
VERY_LONG = 100_000 if SANITIZED else 1_000_000


class ListTestCase(TestCase):
    def never(self, *entries):
        self.place.set_responder("".join(f"never-reply-to = {entry}\n" for entry in entries))

    def only(self, *entries):
        self.place.set_responder("".join(f"only-reply-to = {entry}\n" for entry in entries))

    def write_list(self, content, name="list"):
        return self.place.write(self.place.responder.parent / name, content)

    def verdict(self, sender):
        return self.place.preview(mail(From=None), sender=sender).verdict

    def assert_excluded(self, *senders):
        for sender in senders:
            with self.subTest(sender):
                self.assertEqual(self.verdict(sender), "verdict: suppress: excluded")

    def assert_answered(self, *senders):
        for sender in senders:
            with self.subTest(sender):
                self.assertEqual(self.verdict(sender), "verdict: reply")


class Forms(ListTestCase):
    def test_an_address(self):
        self.never("alice@x.example")
        self.assert_excluded("alice@x.example", "ALICE@X.Example", "alice+tag@x.example",
                             "<alice@x.example>", '"alice"@x.example')
        self.assert_answered("bob@x.example", "alice@sub.x.example", "alice@y.example",
                             "xalice@x.example", "alice.b@x.example", "alice-tag@x.example")

    def test_a_domain_alone(self):
        self.never("@x.example")
        self.assert_excluded("alice@x.example", "bob+tag@X.EXAMPLE")
        self.assert_answered("alice@sub.x.example", "alice@xx.example", "alice@example",
                             "x.example@y.example", '"a@x.example"@y.example')

    def test_a_domain_and_what_is_below_it(self):
        self.never("@.x.example")
        self.assert_excluded("alice@x.example", "alice@sub.x.example", "alice@a.b.c.x.example")
        self.assert_answered("alice@xx.example", "alice@x.example.y.example", "alice@example")

    def test_a_top_level_domain(self):
        self.never("@.example")
        self.assert_excluded("alice@x.example", "alice@example")
        self.assert_answered("alice@x.test")

    def test_an_address_literal(self):
        self.never("@[192.0.2.1]", "a@[IPv6:2001:db8::1]")
        self.assert_excluded("alice@[192.0.2.1]", "a@[ipv6:2001:DB8::1]")
        self.assert_answered("alice@[192.0.2.2]", "b@[IPv6:2001:db8::1]")

    def test_a_quoted_local_part(self):
        self.never('"a b"@x.example', '"o\'brien"@x.example')
        self.assert_excluded('"a b"@x.example', '"A B"@x.example', "o'brien@x.example")
        self.assert_answered('"ab"@x.example')

    def test_other_alphabets(self):
        self.never("jürgen@x.example", "@bücher.example", "a@xn--mnchen-3ya.example",
                   "@.ÖSTERREICH.example")
        self.assert_excluded("JÜRGEN@x.example", "ju\u0308rgen@x.example", "a@BÜCHER.example",
                             "a@xn--bcher-kva.example", "a@münchen.example",
                             "a@wien.österreich.example")
        self.assert_answered("jurgen@x.example", "a@bucher.example")

    def test_an_extension_names_only_those_with_it(self):
        self.never("alice+news@x.example")
        self.assert_excluded("alice+news@x.example", "Alice+NEWS@x.example")
        self.assert_answered("alice@x.example", "alice+other@x.example")

    def test_several(self):
        self.never("alice@x.example", "@y.example", "@.z.example")
        self.assert_excluded("alice@x.example", "bob@y.example", "bob@sub.z.example")
        self.assert_answered("bob@x.example")

    def test_only_those(self):
        self.only("alice@x.example", "@y.example", "@.z.example")
        self.assert_answered("alice@x.example", "ALICE+tag@x.example", "bob@y.example",
                             "bob@sub.z.example")
        self.assert_excluded("bob@x.example", "alice@sub.x.example", "alice@sub.y.example")

    def test_never_goes_before_only(self):
        self.place.set_responder("only-reply-to = @x.example\nnever-reply-to = alice@x.example")
        self.assert_excluded("alice@x.example", "alice@y.example")
        self.assert_answered("bob@x.example")

    def test_cannot_be_switched_off(self):
        file = self.place.set_responder("never-reply-to = @x.example\nignore = excluded")
        self.assert_deferred(self.place.run(), f"{file}:3: ", "cannot be switched off")

    def test_the_log_gives_the_reason_and_explain_the_entry(self):
        self.never("alice@x.example", "@.SENDER.example")
        self.assert_suppressed(self.place.run(), "excluded")
        table = self.place.preview(mail(), "--explain").table
        self.assertRegex(table, r"excluded +hard +HIT .*<alice@sender\.example>"
                                r" in never-reply-to = @\.sender\.example")
        self.only("@y.example")
        self.assertIn("not in only-reply-to", self.place.preview(mail(), "--explain").table)

    def test_what_is_neither_entry_nor_file(self):
        for setting in ["never-reply-to", "only-reply-to"]:
            for value in ["@", "@.", "@-x", "@x..example", "@.x@y", "nobody", "a b@x.example"]:
                with self.subTest(setting=setting, value=value):
                    file = self.place.set_responder(f"{setting} = {value}")
                    self.assert_deferred(self.place.run(), f"{file}:2: ", value)


class Forwarders(ListTestCase):
    """Who was rewritten on the way: never answered is the person and the forwarder; only answered
    is who the reply would go to."""

    SRS = ["SRS0=HHH=TT=x.example=alice@forwarder.example",
           "srs0=hhh=tt=X.EXAMPLE=Alice@forwarder.example",
           "SRS0+HHH=TT=x.example=alice@forwarder.example",
           "SRS1=HHH=first.example==HHH=TT=x.example=alice@forwarder.example",
           "bounces+SRS=HHHHH=TT=x.example=alice@forwarder.example",
           "SRS0=HHH=TT=x.example=prvs=0123456789=alice@forwarder.example",
           "SRS0=HHH=TT=x.example=alice+tag@forwarder.example"]
    BATV = ["prvs=0123456789=alice@x.example", "prvs=alice/0123456789@x.example",
            "btv1==012==alice@x.example", "msprvs1=12345abcdef=alice@x.example",
            "alice+caf_=info=our.example@x.example"]

    def test_never_reaches_the_person(self):
        for entry in ["alice@x.example", "@x.example", "@.x.example", "@.example"]:
            with self.subTest(entry=entry):
                self.never(entry)
                self.assert_excluded(*self.SRS, *self.BATV)
        self.assert_answered("SRS0=HHH=TT=y.test=alice@forwarder.test")

    def test_never_reaches_the_forwarder(self):
        self.never("@forwarder.example")
        self.assert_excluded(*self.SRS)
        self.assert_answered(*self.BATV)

    def test_only_takes_a_tag_for_what_it_is(self):
        self.only("alice@x.example")
        self.assert_answered(*self.BATV)

    def test_only_does_not_believe_what_stands_in_a_rewritten_address(self):
        for entry in ["alice@x.example", "@x.example", "@.x.example"]:
            with self.subTest(entry=entry):
                self.only(entry)
                self.assert_excluded(*self.SRS)

    def test_only_may_name_the_forwarder(self):
        self.only("@forwarder.example")
        self.assert_answered(*self.SRS)


class Files(ListTestCase):
    ENTRIES = ("# people who want to be left in peace\n"
               "\n"
               "   alice@x.example  \n"
               "\t@y.example\n"
               "  # indented\n"
               "@.z.example\r\n"
               "JÜRGEN@Bücher.example")

    def test_hold_an_entry_a_line(self):
        self.write_list(self.ENTRIES)
        for entry in ["list", "./list"]:
            self.never(entry)
            self.assert_excluded("alice+x@X.example", "a@y.example", "a@sub.z.example",
                                 "jürgen@xn--bcher-kva.example",
                                 "SRS0=H=T=x.example=alice@f.example")
            self.assert_answered("bob@x.example", "a@sub.y.example")

    def test_for_those_who_alone_are_answered(self):
        self.write_list(self.ENTRIES)
        self.only("list", "b@x.example")
        self.assert_answered("alice@x.example", "a@sub.z.example", "b@x.example")
        self.assert_excluded("bob@x.example")

    def test_of_other_systems_editors(self):
        self.write_list("\ufeffalice@x.example\r\nbob@x.example\r\n")
        self.never("list")
        self.assert_excluded("alice@x.example", "bob@x.example")
        self.assert_answered("carol@x.example")

    def test_may_be_several_and_in_folders(self):
        self.write_list("a@x.example\n", "lists/one")
        self.write_list("b@x.example\n", "lists/two")
        self.never("lists/one", "lists/two", "c@x.example")
        self.assert_excluded("a@x.example", "b@x.example", "c@x.example")
        self.assert_answered("d@x.example")

    def test_that_are_empty(self):
        self.write_list("")
        self.never("list")
        self.assert_answered("a@x.example")
        self.only("list")
        self.assert_excluded("a@x.example")

    def test_the_entry_may_stand_in_any_line(self):
        names = [f"user{number}@x.example" for number in range(5000)]
        self.write_list("\n".join(names))
        self.never("list")
        self.assert_excluded(names[0], names[2718], names[-1])
        self.assert_answered("user5000@x.example")

    def test_an_entry_across_pieces_that_are_read_at_once(self):
        # Each at another place of a piece of 64 KiB.
        for shift in range(0, 30, 3):
            filler = "# filler\n" * (65536 // 9 - 2)
            self.write_list(filler + "#" * shift + "\nalice@x.example\nbob@x.example\n")
            self.never("list")
            self.assert_excluded("alice@x.example", "bob@x.example")

    def test_what_is_wrong_with_them_defers(self):
        text = self.place.responder
        self.never("missing")
        self.assert_deferred(self.place.run(), f"{text}:2: ", "'missing'", "No such file")
        list_file = self.write_list("a@x.example\n\nnobody\n")
        self.never("list")
        self.assert_deferred(self.place.run(), f"{list_file}:3: ", "expected an address")
        self.write_list("a@x.example\n").chmod(0o666)
        self.assert_deferred(self.place.run(), f"{text}:2: ", "others may write")
        list_file.unlink()
        list_file.mkdir()
        self.assert_deferred(self.place.run(), f"{text}:2: ", "not a regular file")

    def test_lead_nowhere_outside_the_folder(self):
        outside = self.place.write("outside", "a@x.example\n")
        (self.place.responder.parent / "link").symlink_to(outside)
        for name in ["../../outside", outside, "link", "/dev/null"]:
            with self.subTest(name):
                self.never(name)
                self.assert_deferred(self.place.run(), f"{self.place.responder}:2: ", "outside")

    def test_that_are_a_terabyte_cost_nothing(self):
        """Sparse, and one line: that costs its author nothing."""
        os.truncate(self.write_list(""), 2**40)
        self.never("list")
        _, read, outcome = self.place.measure(mail())
        self.assertEqual(outcome.status, 75)
        self.assertIn(f"{self.place.responder}:2: 'list': larger than 67108864 octets",
                      outcome.stderr)
        self.never()
        self.assertLess(read, self.place.measure(mail())[1] + 64 * 1024)

    def test_have_a_bounded_number_of_lines(self):
        file = self.write_list("\n" * 2_000_000)
        self.never("list")
        self.assert_answered("a@x.example")
        self.write_list("\n" * 2_000_001)
        self.assert_deferred(self.place.run(), f"{file}:2000001: over 2000000 lines")

    @unittest.skipIf(SANITIZED, "too slow for the bound on the time that lists may take")
    def test_of_international_domains_have_a_twentieth_of_the_lines(self):
        lines = [f"@münchen{number}.example\n" for number in range(100_000)]
        file = self.write_list("".join(lines))
        self.never("list")
        self.assert_excluded("a@xn--mnchen99999-thb.example")
        self.write_list("".join(lines) + "a@x.example\n")
        self.assert_deferred(self.place.run(), f"{file}:100001: over 2000000 lines")

    def test_are_at_most_twenty(self):
        self.write_list("a@x.example\n")
        self.never(*["list"] * 20)
        self.assert_excluded("a@x.example")
        self.never(*["list"] * 21)
        self.assert_deferred(self.place.run(), f"{self.place.responder}:22: ",
                             "over 20 files of addresses")

    def test_a_fifo_stops_no_delivery(self):
        os.mkfifo(self.place.responder.parent / "list")
        self.never("list")
        self.assert_deferred(self.place.run(), "not a regular file")


class Indexes(ListTestCase):
    """Of long files an index is kept beside the cache."""

    def setUp(self):
        super().setUp()
        self.indexes = self.place.folder / "cache.mdb-lists"

    def write_long(self, *others, count=LONG, seed=1, name="list"):
        """A long list in no order, with `others` somewhere in it."""
        entries = [f"user{number}@x.example" for number in range(count)] + list(others)
        random.Random(seed).shuffle(entries)
        return self.write_list("\n".join(entries) + "\n", name)

    def index_files(self):
        return sorted(self.indexes.iterdir()) if self.indexes.is_dir() else []

    def deliver(self, sender, **arguments):
        """What a delivery comes to whose sender has not been answered before."""
        return actions(self.place.run(mail(From=None), sender=sender, **arguments))[0]

    def settle(self):
        """Waits until the lists are a second old: before that no index is made, as a change might
        not show. Returns the time of the last change."""
        changed = max(file.stat().st_ctime for file in self.place.responder.parent.iterdir())
        wait_for(lambda: time.time() > changed + 1, "the list to be a second old")
        return changed

    def make_index(self):
        """Delivers until there is one of the list as it is."""
        changed = self.settle()
        def is_made():
            self.deliver("user0@x.example")
            return any(file.stat().st_ctime > changed for file in self.index_files())
        wait_for(is_made, "the index")

    def assert_right(self, excluded="user7@x.example", answered="stranger@x.example"):
        self.assertEqual(self.deliver(excluded), ("suppressed", "excluded"))
        self.assertIn(self.deliver(answered), [("replied", "-"),
                                               ("suppressed", "recently-answered")])

    def test_is_made_by_a_delivery_and_right(self):
        self.write_long("@y.example", "@.z.example", "jürgen@bücher.example")
        self.never("list")
        self.assert_right()
        self.make_index()
        self.assertEqual(len(self.index_files()), 1)
        self.assert_right()
        for sender in ["USER19999+x@X.example", "a@y.example", "a@sub.z.example",
                       "JÜRGEN@xn--bcher-kva.example", "SRS0=H=T=x.example=user3@f.example"]:
            with self.subTest(sender):
                self.assert_right(excluded=sender)
        self.assert_right(answered="a@sub.y.example")

    def test_is_used_for_those_who_alone_are_answered_too(self):
        self.write_long()
        self.only("list")
        self.make_index()
        self.assertEqual(self.deliver("stranger@x.example"), ("suppressed", "excluded"))
        self.assertEqual(self.deliver("user7@x.example"), ("replied", "-"))

    def test_every_list_has_its_own(self):
        self.write_long("a@y.example")
        os.rename(self.place.responder.parent / "list", self.place.responder.parent / "first")
        self.write_long("b@y.example")
        self.never("first", "list")
        self.settle()
        wait_for(lambda: self.deliver("c@y.example") and len(self.index_files()) == 2,
                 "both indexes")
        self.assert_right("a@y.example")
        self.assert_right("b@y.example", "c@y.example")

    def test_follows_the_list(self):
        file = self.write_long()
        self.never("list")
        self.make_index()
        self.assert_right(answered="new@x.example")
        with open(file, "a") as end:
            end.write("new2@x.example\n")
        self.assert_right("new2@x.example")
        self.make_index()
        self.assert_right("new2@x.example")
        self.assertEqual(len(self.index_files()), 1)

    def test_follows_a_list_that_another_takes_the_place_of(self):
        file = self.write_long("old@y.example")
        self.never("list")
        self.make_index()
        status = file.stat()
        other = self.write_list(file.read_bytes().replace(b"old@y.example", b"new@y.example"),
                                "other")
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))  # as `cp -p` would
        self.assertEqual(other.stat().st_size, status.st_size)
        os.rename(other, file)
        self.assert_right("new@y.example", "old@y.example")

    def test_follows_a_change_that_keeps_size_and_time(self):
        file = self.write_long("old@y.example")
        self.never("list")
        self.make_index()
        status = file.stat()
        file.write_bytes(file.read_bytes().replace(b"old@y.example", b"new@y.example"))
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.assert_right("new@y.example", "old@y.example")

    def test_a_list_that_becomes_short_needs_none(self):
        file = self.write_long("old@y.example")
        self.never("list")
        self.make_index()
        file.write_text("new@y.example\n")
        self.assert_right("new@y.example", "old@y.example")

    def test_a_bad_line_defers_whether_there_was_an_index_or_not(self):
        self.write_long()
        self.never("list")
        self.make_index()
        file = self.write_list("a@y.example\n" * LONG + "nobody\n")
        self.assert_deferred(self.place.run(), f"{file}:{LONG + 1}: ")
        self.assert_deferred(self.place.run(), f"{file}:{LONG + 1}: ")

    def test_a_dry_run_makes_none(self):
        self.write_long()
        self.never("list")
        self.make_index()  # a delivery would now
        for file in self.index_files():
            file.unlink()
        self.indexes.rmdir()
        before = self.place.files()
        self.assertEqual(self.verdict("user7@x.example"), "verdict: suppress: excluded")
        self.assertEqual(self.verdict("stranger@x.example"), "verdict: reply")
        self.assertEqual(self.place.files(), before)

    def test_a_dry_run_uses_what_is_there(self):
        self.write_long()
        self.never("list")
        self.make_index()
        before = self.place.files()
        self.assertEqual(self.verdict("user7@x.example"), "verdict: suppress: excluded")
        self.assertEqual(self.verdict("stranger@x.example"), "verdict: reply")
        self.assertEqual(self.place.files(), before)

    def test_where_none_can_be_written_the_list_is_read(self):
        self.write_long()
        self.never("list")
        self.indexes.write_text("in the way")
        for _ in range(2):
            self.assert_right()
        self.assertEqual(self.indexes.read_text(), "in the way")

    def test_many_links_to_one_list_have_one(self):
        file = self.write_long("a@y.example")
        names = [f"link{number}" for number in range(20)]
        for name in names:
            (file.parent / name).hardlink_to(file)
        self.never(*names)
        self.make_index()
        self.assertEqual(len(self.index_files()), 1)
        self.assert_right("a@y.example")

    def test_those_of_no_use_go_when_another_is_made(self):
        """So whoever writes his list anew all the time does not fill the disk."""
        self.write_long("a@y.example", name="first")
        self.never("first")
        self.make_index()
        self.write_long("b@y.example", name="second")
        (self.place.responder.parent / "first").unlink()
        self.never("second")
        self.make_index()
        self.assertEqual(len(self.index_files()), 1)
        self.assert_right("b@y.example")

    def test_those_of_no_use_are_purged(self):
        kept = self.write_long("a@y.example", name="kept")
        gone = self.write_long("b@y.example", name="gone")
        self.never("kept", "gone")
        self.settle()
        wait_for(lambda: self.deliver("c@y.example") and len(self.index_files()) == 2,
                 "both indexes")
        before = self.index_files()
        self.tool_output("purge", "--older-than", "0s")  # the record of c@y.example
        self.assertRegex(self.tool_output("purge"), r"\Aremoved 0 records in [^,]*\n\Z")
        self.assertEqual(self.index_files(), before)
        gone.unlink()
        (self.indexes / "theirs").write_text("")
        self.assertEqual(self.tool_output("purge", "--dry-run"),
                         "would remove 0 records, 1 index file out of use\n")
        self.assertEqual(self.index_files()[:2], before)
        self.assertRegex(self.tool_output("purge"), ", 1 index file out of use\n$")
        self.assertEqual(len(self.index_files()), 2)
        with open(kept, "a") as end:
            end.write("d@y.example\n")
        unfinished = self.indexes / ("0" * 32 + ".new")
        unfinished.write_text("what a killed process has left")
        with open(unfinished) as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            self.assertRegex(self.tool_output("purge"), ", 1 index file out of use\n$")
            self.assertEqual(self.index_files(), [unfinished, self.indexes / "theirs"])
        self.assertRegex(self.tool_output("purge"), ", 1 index file out of use\n$")
        self.assertEqual(self.index_files(), [self.indexes / "theirs"])
        self.never("kept")
        self.assert_right("d@y.example", "b@y.example")

    def test_a_purge_of_one_responder_alone_leaves_them(self):
        self.write_long()
        self.never("list")
        self.make_index()
        self.deliver("stranger@x.example")  # so that there is a cache
        (self.place.responder.parent / "list").unlink()
        self.tool_output("purge", "--responder", "info@our.example")
        self.assertEqual(len(self.index_files()), 1)

    def test_a_damaged_one_is_made_anew(self):
        self.write_long()
        self.never("list")
        self.make_index()
        [file] = self.index_files()
        whole = file.read_bytes()
        for content in [b"", b"x" * len(whole), whole[:20]]:
            with self.subTest(content[:20]):
                file.write_bytes(content)
                self.assert_right()
                self.assertEqual(file.read_bytes(), whole)

    def test_a_link_in_its_place_is_not_followed(self):
        self.write_long()
        self.never("list")
        self.make_index()
        [file] = self.index_files()
        target = self.place.write("target", "untouched")
        file.unlink()
        file.symlink_to(target)
        self.assert_right()
        self.assertEqual(target.read_text(), "untouched")

    def test_nothing_else_is_left_behind(self):
        self.write_long()
        self.never("list")
        self.make_index()
        [file] = self.index_files()
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.indexes.stat().st_mode & 0o777, 0o700)

    def test_many_processes_at_once_are_all_right(self):
        self.write_long()
        self.never("list")
        self.make_index()
        for file in self.index_files():
            file.unlink()
        processes = [self.place.start(mail(From=None), sender=f"user{number}@x.example")
                     for number in range(10)]
        processes += [self.place.start(mail(From=None), sender=f"stranger{number}@x.example")
                      for number in range(10)]
        done = [actions(finish(process))[0] for process in processes]
        self.assertEqual(done, [("suppressed", "excluded")] * 10 + [("replied", "-")] * 10)
        self.assertEqual(len(self.index_files()), 1)

    def test_a_million_addresses_are_indexed_in_little_memory_and_cost_no_more_than_none(self):
        self.write_long(count=VERY_LONG)
        self.never("list")
        # Read line by line at first, then indexed.
        def is_made():
            peak, outcome = self.place.peak_memory(mail(From=None), sender="user0@x.example")
            self.assertEqual(outcome.log[0]["reason"], "excluded")
            if not SANITIZED:
                self.assertLess(peak, MEMORY_LIMIT)
            return self.index_files()
        wait_for(is_made, "the index")
        figures = {}
        for name, sender, expected in [("listed", f"user{VERY_LONG // 3}@x.example", "excluded"),
                                       ("a stranger", "stranger@x.example", "-")]:
            peak, read, outcome = self.place.measure(mail(From=None), sender=sender)
            self.assertEqual(outcome.log[0]["reason"], expected)
            figures[name] = (peak, read)
        self.never()
        peak, read, _ = self.place.measure(mail(From=None), sender="other@x.example")
        for name, (peak_with, read_with) in figures.items():
            with self.subTest(name):
                # A binary search in eight octets an address, for each of a few patterns.
                self.assertLess(read_with, read + 16 * 1024)
                if not SANITIZED:
                    self.assertLess(peak_with, MEMORY_LIMIT)
                    self.assertLess(peak_with, peak + 1024)


if __name__ == "__main__":
    unittest.main()
