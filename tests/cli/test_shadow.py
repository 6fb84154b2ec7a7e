"""Shadow mode: all is decided, composed and remembered as if it were answered, and nothing is sent.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_shadow.py
"""

import json
import re
import sys
import time
import unittest

sys.dont_write_bytecode = True

from check_config import CheckTestCase
from programs import NOW, TestCase, Workplace, actions, mail
from redis_place import LEAST, PASSWORD, RedisTestCase
from redis_servers import Server
from test_confinement import Server as SmtpServer

DAY = 24 * 3600
OTHER = "responders/our.example/sales.conf"


class ShadowTestCase(TestCase):
    @property
    def shadow(self):
        return self.place.folder / "cache.mdb-shadow"

    def deliver(self, name="question", *options, **arguments):
        return self.place.run(mail(message_id=f"<{name}@x>"), "--queue-id", name, *options, **arguments)

    def assert_would_reply(self, outcome):
        self.assertEqual((outcome.status, actions(outcome)), (0, [("would-reply", "-")]),
                         outcome.stderr)


class Mode(ShadowTestCase):
    def test_sends_nothing_and_remembers_all(self):
        self.place.set_responder("mode = shadow\nbcc = desk@our.example\nhandle = winter")
        outcome = self.deliver()
        self.assert_would_reply(outcome)
        self.assertEqual((outcome.log[0]["handle"], outcome.log[0]["responder"]),
                         ("winter", "info@our.example"))
        self.assert_suppressed(self.deliver("second"), "recently-answered")
        self.assert_sent(0)
        self.assertEqual(self.records("--shadow"), [{
            "responder": "info@our.example", "sender": "alice@sender.example", "handle": "winter",
            "state": "answered", "answered_at": "2023-11-14T22:13:20Z",
            "expires_at": "2023-11-21T22:13:20Z", "count": 1, "message_id": "<question@x>"}])
        self.assertFalse(self.place.cache.exists())

    def test_of_the_main_configuration_is_that_of_all_responders(self):
        self.place.configure("mode = shadow")
        self.assert_would_reply(self.deliver())
        self.place.set_responder("mode = live\nignore = not-addressed", path=OTHER)
        self.assert_would_reply(self.deliver(recipients=["sales@our.example"]))
        self.assert_sent(0)

    def test_of_a_responder_is_its_own(self):
        self.place.configure("mode = live")
        self.place.set_responder("mode = shadow", path=OTHER)
        outcome = self.place.run(mail(to="info@our.example, sales@our.example"),
                                 recipients=["info@our.example", "sales@our.example"])
        self.assertEqual(actions(outcome), [("replied", "-"), ("would-reply", "-")])
        self.assert_sent(1)
        self.assertEqual([record["responder"] for record in self.records()], ["info@our.example"])
        self.assertEqual([record["responder"] for record in self.records("--shadow")],
                         ["sales@our.example"])

    def test_has_limits_of_its_own(self):
        self.place.configure("limit = 2/1h")
        self.place.set_responder("mode = shadow")
        for number in range(2):
            self.assert_would_reply(self.deliver(sender=f"{number}@x.example"))
        self.assert_suppressed(self.deliver(sender="2@x.example"), "rate-limited")
        self.place.set_responder()
        for number in range(2):
            self.assert_replied(self.deliver(sender=f"{number}@x.example"))
        self.assert_suppressed(self.deliver(sender="2@x.example"), "rate-limited")

    def test_asks_the_rules(self):
        self.place.set_responder("mode = shadow")
        self.assert_suppressed(self.place.run(mail(list_id="<x>")), "list")
        self.assertFalse(self.shadow.exists())

    def test_shows_a_fault_in_composing_and_remembers_nothing(self):
        self.place.set_responder("mode = shadow", "\N{BLACK STAR}" * 20_000)
        for _ in range(2):
            self.assert_deferred(self.deliver(), "reason=configuration", "allow-large")
        self.assertEqual(self.records("--shadow"), [])

    def test_needs_no_mailer(self):
        self.place.set_responder("mode = shadow")
        self.place.mailer.unlink()
        self.assert_would_reply(self.deliver())

    def test_changes_no_dry_run(self):
        before = self.place.preview()
        self.place.configure("mode = shadow")
        self.place.set_responder("mode = shadow")
        self.assertEqual(self.place.preview().verdict, before.verdict)
        self.assertFalse(self.shadow.exists())

    def test_shares_the_indexes_of_lists(self):
        folder = self.place.responder.parent
        self.place.write(folder / "list", "".join(f"p{n}@list.example\n" for n in range(1000)))
        self.place.set_responder("mode = shadow\nnever-reply-to = list\n")
        self.assert_would_reply(self.deliver())
        self.assertFalse(self.shadow.with_name("cache.mdb-shadow-lists").exists())

    def test_goes_on_in_a_confined_process_where_a_link_leads(self):
        server = SmtpServer(self)
        real = Workplace(self).folder / "real.mdb"
        self.shadow.symlink_to(real)
        self.place.configure("mode = shadow", "require-confinement = yes")
        self.assert_would_reply(self.deliver("first", "--mailer", server.mailer))
        self.assertTrue(real.exists())
        self.assertEqual(server.messages, [])

    def test_is_live_or_shadow(self):
        place = self.place.set_responder("mode = on")
        self.assert_deferred(self.deliver(), f"{place}:2: 'mode = on': expected live or shadow")
        self.place.configure("mode = Shadow")
        outcome = self.deliver()
        self.assertEqual(outcome.status, 75)
        self.assertIn("main.conf:1: 'mode = Shadow': expected live or shadow", outcome.stderr)


class Checked(CheckTestCase):
    def test_configuration_notes_what_sends_nothing(self):
        self.place.set_responder("mode = shadow")
        self.place.set_responder("mode = live", path=OTHER)
        info = "responders/our.example/info.conf:2"
        self.assert_notes([(info, "'mode = shadow': nothing is sent")], responders=2)
        self.place.configure("# a comment", "mode = shadow")
        self.assert_notes([("main.conf:2", "'mode = shadow': nothing is sent"),
                           (info, "'mode = shadow': nothing is sent")], responders=2)


    def test_configuration_finds_a_memory_that_cannot_be_used(self):
        (self.place.folder / "cache.mdb-shadow").mkdir()
        done = self.check()
        self.assertEqual(done.returncode, 75)
        self.assertIn(f"{self.place.cache}-shadow", done.stdout)


class Tools(ShadowTestCase):
    """One reply that was sent, two that would have been, of days that are long gone."""

    def setUp(self):
        super().setUp()
        self.assert_replied(self.deliver())
        self.place.set_responder("mode = shadow")
        for number in range(2):
            self.assert_would_reply(self.deliver(sender=f"{number}@x.example"))

    def shadows(self):
        return [record["sender"] for record in self.records("--shadow")]

    def stats(self, *options):
        return json.loads(self.tool_output("cache", "stats", "--format", "json", *options))

    def purge(self, *arguments):
        return re.sub(r" in \d+\.\d s\b", " in TIME", self.tool_output("purge", *arguments))

    def test_look_into_either_memory(self):
        self.assertEqual(self.senders(), ["alice@sender.example"])
        self.assertEqual(self.shadows(), ["0@x.example", "1@x.example"])
        self.assertIn("0@x.example",
                      self.tool_output("cache", "show", "info@our.example", "0@x.example", "--shadow"))
        self.assertEqual(self.tool("cache", "show", "info@our.example", "0@x.example").returncode, 66)
        self.tool_output("cache", "check", "--shadow")
        copy = self.place.folder / "copy.mdb"
        self.tool_output("cache", "backup", "--shadow", copy)
        self.assertIn("1@x.example", self.tool("cache", "list", cache=copy).stdout)

    def test_forget_and_import_in_the_memory_that_is_named(self):
        exported = self.place.write("records", self.tool_output("cache", "export", "--shadow"))
        self.assertEqual(len(exported.read_text().splitlines()), 2)
        self.tool_output("cache", "forget", "info@our.example", "0@x.example", "--shadow")
        self.assertEqual(self.shadows(), ["1@x.example"])
        self.tool_output("cache", "import", exported, "--shadow")
        self.assertEqual(self.shadows(), ["0@x.example", "1@x.example"])
        self.assertEqual(self.senders(), ["alice@sender.example"])

    def test_the_figures_of_both_are_beside_each_other(self):
        stats = self.stats()
        self.assertEqual((stats["replies"], stats["shadow"]["replies"]), (1, 2))
        self.assertEqual(stats["shadow"]["records"]["total"], 2)
        self.assertEqual(stats["shadow"]["responders"]["top"],
                         [{"responder": "info@our.example", "records": 2, "replies": 2}])
        self.assertEqual(len(stats["shadow"]["by_day"]), 30)
        table = self.tool_output("cache", "stats")
        self.assertRegex(table, r"Replies sent +1\nIn shadow mode +2  would have been sent\n")
        self.assertIn("Responders in shadow mode: 1", table)
        self.assertIn("In shadow mode by day", table)

    def test_the_days_of_a_shadow_are_counted(self):
        self.deliver("--now", "--now", int(time.time()), sender="now@x.example")
        shadow = self.stats()["shadow"]
        self.assertEqual(sum(day["answered"] for day in shadow["by_day"]), 1)

    def test_the_figures_of_the_shadow_alone(self):
        metrics = self.tool_output("cache", "stats", "--format", "prometheus")
        for cache, mode in ((self.place.cache, "live"), (self.shadow, "shadow")):
            self.assertIn(f'{{cache="{cache}",mode="{mode}"}} ', metrics)
        stats = self.stats("--shadow")
        self.assertEqual((stats["cache"], stats["replies"]), (str(self.shadow), 2))
        self.assertIsNone(stats["shadow"])
        self.assertRegex(self.tool_output("cache", "stats", "--shadow"), r"\nWould be sent +2\n")

    def test_without_a_shadow_the_figures_say_nothing_of_it(self):
        self.shadow.unlink()
        self.assertIsNone(self.stats()["shadow"])
        self.assertNotIn("shadow", self.tool_output("cache", "stats"))
        self.assertNotIn("shadow", self.report())

    def test_the_figures_of_a_shadow_without_a_live_cache(self):
        self.place.cache.unlink()
        stats = self.stats()
        self.assertEqual((stats["replies"], stats["shadow"]["replies"], stats["file"]), (0, 2, None))
        self.assertIn("In shadow mode", self.tool_output("cache", "stats"))
        metrics = self.tool_output("cache", "stats", "--format", "prometheus")
        self.assertIn(f'inforeply_records{{cache="{self.shadow}",mode="shadow",state="answered"}} 2\n',
                      metrics)
        sizes = [line for line in metrics.split("\n") if line.startswith("inforeply_cache_file_size")]
        self.assertEqual([f'cache="{self.shadow}"' in size for size in sizes], [True])
        self.assertIn("2 in all", self.report())
        self.assertFalse(self.place.cache.exists())

    def report(self):
        page = self.place.folder / "page.html"
        self.tool_output("cache", "report", "--html", page)
        return page.read_text()

    def test_the_report_has_a_section(self):
        page = self.report()
        self.assertIn("<h2 id='shadow-heading'>In shadow mode by day</h2>", page)
        self.assertIn("Replies that would have been sent: 2 in all, in 2 records.", page)

    def test_a_purge_cleans_both(self):
        self.assertEqual(self.purge("--dry-run"),
                         "would remove 1 record\nshadow: would remove 2 records\n")
        self.assertEqual(self.purge(), "removed 1 record in TIME\nshadow: removed 2 records in TIME\n")
        self.assertEqual((self.senders(), self.shadows()), ([], []))
        compacted = self.purge("--compact").splitlines()
        self.assertEqual(["compacted from" in line for line in compacted], [True, True])

    def test_a_purge_of_a_shadow_without_a_live_cache(self):
        self.place.cache.unlink()
        self.assertEqual(self.purge(), "shadow: removed 2 records in TIME\n")

    def test_a_purge_without_any_memory_misses_the_live_one(self):
        for file in (self.place.cache, self.shadow):
            file.unlink()
        done = self.tool("purge")
        self.assertEqual(done.returncode, 69)
        self.assertIn(f"cache {self.place.cache}: ", done.stderr)

    def test_a_missing_shadow_is_named(self):
        self.shadow.unlink()
        done = self.tool("cache", "list", "--shadow")
        self.assertEqual(done.returncode, 69)
        self.assertIn(str(self.shadow), done.stderr)


class Servers(RedisTestCase):
    """On Redis it is other keys, which the same rights reach."""

    def test_keep_its_memory_apart(self):
        server = self.enterContext(Server(LEAST, user="mail"))
        self.use(server.url, self.password_file())
        server.password = None
        self.place.set_responder("handle = winter")
        self.replied("live")
        self.configure("mode = shadow", "limit = 3/1h")
        for number in range(3):
            outcome = self.deliver(sender=f"{number}@x.example")
            self.assertEqual(actions(outcome), [("would-reply", "-")], outcome.stderr)
        self.assert_suppressed(self.deliver("again", sender="0@x.example"), "recently-answered")
        self.assert_limited(self.deliver(sender="4@x.example"), "main limit 3/1h reached")
        self.assertEqual(self.senders(), ["alice@sender.example"])
        self.assertEqual(sorted(record["sender"] for record in self.records("--shadow")),
                         [f"{number}@x.example" for number in range(3)])
        stats = json.loads(self.tool_output("cache", "stats", "--format", "json"))
        self.assertEqual((stats["replies"], stats["shadow"]["replies"]), (1, 3))
        self.assertIn("inforeply:1:shadow:{info@our.example}:0@x.example:winter", server.keys())
        self.assertIn("3 records", self.tool_output("cache", "check", "--shadow"))
        self.assertIn("1 record", self.tool_output("cache", "check"))
        self.assertEqual(self.tool_output("purge", "--responder", "info@our.example", "--older-than",
                                          "1d", "--dry-run"),
                         "would remove 1 record\nshadow: would remove 3 records\n")
        self.configure("limit = 3/1h")  # which nothing was counted against
        for number in range(3):
            self.replied(f"later {number}", sender=f"{number}@x.example")


if __name__ == "__main__":
    unittest.main()
