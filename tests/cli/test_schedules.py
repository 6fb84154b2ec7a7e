"""What runs the tools by the clock: the examples for cron and systemd.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_schedules.py
"""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from cache_file import tables
from programs import BIN, NOW, TestCase, environment, main, parse_message

DATA = Path(__file__).resolve().parents[2] / "data"
CRON = DATA / "cron" / "inforeply"
PACKAGE_CRON = DATA / "debian" / "inforeply.cron.d"
UNITS = DATA / "systemd"
CLOSED_IN = ("inforeply-purge.service", "inforeply-metrics.service")

CRON_LINE = re.compile(r"\s*(?P<time>(?:[\d*,/-]+\s+){5})(?P<account>[a-z]+)\s+(?P<command>\S.*)")
CRON_VARIABLE = re.compile(r"[A-Z]+=\S*")


class Unit(dict):
    """A unit as sections of names and lists of values: many names may be repeated."""

    def __init__(self, name):
        class Repeated(dict):
            def __setitem__(self, key, value):
                if isinstance(value, list) and isinstance(self.get(key), list):
                    value = self[key] + value
                super().__setitem__(key, value)

        parser = configparser.RawConfigParser(dict_type=Repeated, strict=False, delimiters="=",
                                              comment_prefixes="#", interpolation=None)
        parser.optionxform = str
        parser.read_string((UNITS / name).read_text())
        super().__init__({section: {key: value.split("\n") for key, value in parser[section].items()}
                          for section in parser.sections()})


def cron_entries(file=CRON):
    """The lines of the cron file that run something, as (account, command)."""
    for line in file.read_text().splitlines():
        if not line.strip() or line.startswith("#") or CRON_VARIABLE.fullmatch(line):
            continue
        found = CRON_LINE.fullmatch(line)
        if not found:
            raise AssertionError(f"not a line of cron(5): {line!r}")
        yield found["account"], found["command"]


def commented_commands(text):
    return re.findall(r"^#?ExecStart=(.*)$", text, re.M)


class Schedules(TestCase):
    def assert_valid(self, words):
        """An absolute path or a bare name of a built program, perhaps a command, with options that
        it knows."""
        program = Path(words[0])
        self.assertIn(str(program.parent), (".", "/usr/bin"))
        built = BIN / program.name
        self.assertTrue(built.is_file(), built)
        command = [word for word in words[1:2] if not word.startswith("-")]
        known = subprocess.run([built, *command, "--help"], capture_output=True, text=True).stdout
        options = set(re.findall(r"^ +(?:-\w \[ )?(--[a-z-]+)", known, re.M))
        for word in words[1:]:
            if word.startswith("-"):
                self.assertIn(word.partition("=")[0], options)

    def test_cron_runs_the_purge_daily_by_commands_that_it_knows(self):
        commands = [command for _, command in cron_entries()]
        self.assertEqual(len(commands), 2)
        for command in commands:
            self.assertNotIn("%", command)  # cron ends the line there
            self.assert_valid(shlex.split(command.rpartition("||")[2]))

    def test_the_packages_cron_runs_where_nothing_else_does(self):
        [(_, command)] = cron_entries(PACKAGE_CRON)
        for systemd, program, caches, runs in (
                (False, True, ["cache.mdb"], True), (False, True, ["cache.mdb-shadow"], True),
                (False, True, [], False), (True, True, ["cache.mdb-shadow"], False),
                (False, False, ["cache.mdb", "cache.mdb-shadow"], False)):
            with self.subTest(systemd=systemd, program=program, caches=caches):
                top = self.place.folder / f"{systemd}{program}{len(caches)}{runs}{caches}".replace("'", "")
                (top / "bin").mkdir(parents=True)
                for there, name in ((systemd, "systemd"), *((True, name) for name in caches)):
                    if there:
                        (top / name).mkdir()
                if program:
                    (top / "bin/inforeply-purge").write_text("#!/bin/sh\necho runs $*\n")
                    (top / "bin/inforeply-purge").chmod(0o755)
                own = (command.replace("/run/systemd/system", f"'{top}/systemd'")
                       .replace("/usr/bin/inforeply-purge", f"'{top}/bin/inforeply-purge'")
                       .replace("/var/lib/inforeply/cache.mdb-shadow", f"'{top}/cache.mdb-shadow'")
                       .replace("/var/lib/inforeply/cache.mdb ", f"'{top}/cache.mdb' "))
                done = subprocess.run(["sh", "-c", own], capture_output=True, text=True,
                                      env={"PATH": f"{top}/bin:/usr/bin:/bin"})
                self.assertEqual((done.returncode, done.stdout, done.stderr),
                                 (0, "runs --quiet\n" if runs else "", ""))

    def test_cron_gets_along_with_no_cache_yet_and_is_told_nothing_where_all_is_well(self):
        for mode in (None, "shadow", "live"):
            if mode:
                self.place.configure(f"mode = {mode}")
                self.assertEqual(self.place.run(None, "--now", NOW).status, 0)
            for _, command in cron_entries():
                self.assertIn("/var/lib/inforeply/cache.mdb", command)
                own = command.replace("/var/lib/inforeply/cache.mdb", str(self.place.cache))
                own = own.replace("inforeply-purge", f"{BIN}/inforeply-purge --cache "
                                  f"{self.place.cache} -c {self.place.configuration}")
                done = subprocess.run(["sh", "-c", own], capture_output=True, text=True,
                                      env=environment())
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            if mode:
                self.assertEqual(self.records(*(["--shadow"] if mode == "shadow" else [])), [])

    def test_the_service_runs_commands_that_the_program_knows(self):
        commands = commented_commands((UNITS / "inforeply-purge.service").read_text())
        self.assertEqual(len(commands), 2)
        for command in commands:
            self.assert_valid(shlex.split(command))

    def test_the_services_are_closed_in_but_for_the_folder_of_the_cache(self):
        for name in CLOSED_IN:
            service = Unit(name)["Service"]
            self.assertEqual(service["ProtectSystem"], ["strict"])
            self.assertEqual(service["ReadWritePaths"], ["/var/lib/inforeply"])
            for setting in ("NoNewPrivileges", "PrivateNetwork", "PrivateDevices", "PrivateTmp",
                            "MemoryDenyWriteExecute", "ProtectHome"):
                self.assertEqual(service[setting], ["yes"], f"{name}: {setting}")

    def run_metrics_service(self):
        """Its commands as systemd runs them: before each the file is opened for standard output,
        from its beginning but not made shorter, and the first that fails ends the run."""
        service = Unit("inforeply-metrics.service")["Service"]
        kind, _, path = service["StandardOutput"][0].partition(":")
        self.assertEqual(kind, "file")
        collected = str(Path(path).parent)
        self.assertEqual(collected, "/var/lib/prometheus/node-exporter")
        folder = self.place.folder / "collected"
        folder.mkdir(exist_ok=True)
        for name in ("ExecStartPre", "ExecStart", "ExecStartPost"):
            words = shlex.split(service[name][0].replace(collected, str(folder)))
            words[0] = words[0].lstrip("+")
            if name == "ExecStart":
                self.assert_valid(words)
                words[0] = words[0].replace("/usr/bin", str(BIN))
                words += ["--cache", str(self.place.cache), "-c", str(self.place.configuration)]
            output = os.open(path.replace(collected, str(folder)), os.O_WRONLY | os.O_CREAT, 0o644)
            done = subprocess.run(words, stdout=output, stderr=subprocess.PIPE, env=environment())
            os.close(output)
            if done.returncode != 0:
                break
        return done.returncode, folder / "inforeply.prom"

    def test_the_metrics_are_written_whole_or_not_at_all(self):
        self.assert_replied(self.place.run(None, "--now", NOW))
        status, file = self.run_metrics_service()
        self.assertEqual(status, 0)
        metrics = self.tool_output("cache", "stats", "--format", "prometheus")
        self.assertEqual(file.read_text(), metrics)
        self.assertEqual(list(file.parent.iterdir()), [file])
        # What a failed run leaves is longer than the metrics, and not for the collector.
        self.place.write(f"{file}.new", "x" * 10_000)
        cache = self.place.cache
        self.place.cache = self.place.folder / "missing.mdb"
        self.assertNotEqual(self.run_metrics_service()[0], 0)
        self.assertEqual(file.read_text(), metrics)
        self.assertEqual([name for name in file.parent.iterdir() if name.suffix == ".prom"], [file])
        self.place.cache = cache
        self.place.write(f"{file}.new", "x" * 10_000)
        self.assertEqual(self.run_metrics_service(), (0, file))
        self.assertEqual(file.read_text(), metrics)

    def run_digest_service(self, mailer):
        """Its script with our folders, and what it hands to sendmail, which ends as `mailer` does."""
        script = Unit("inforeply-digest@.service")["Service"]["ExecStart"][0].removeprefix(":")
        sent = self.place.folder / "sent"
        sendmail = self.place.write("sendmail", f'#!/bin/sh\necho "$@" >{sent}\ncat >>{sent}\n{mailer}\n')
        sendmail.chmod(0o755)
        sent.unlink(missing_ok=True)
        stamp = self.place.folder / "stamp"
        for old, new in (("/usr/bin/inforeply-cache digest",
                          f"{BIN}/inforeply-cache digest -c {self.place.configuration} "
                          f"--cache {self.place.cache}"),
                         ("/usr/sbin/sendmail", str(sendmail)),
                         ("/var/lib/inforeply/digest/%i", str(stamp)), ("%I", "info@our.example")):
            self.assertIn(old, script)
            script = script.replace(old, new)
        self.assertNotIn("%", script)
        done = subprocess.run(shlex.split(script), capture_output=True, text=True, env=environment())
        return done.returncode, sent.read_text() if sent.exists() else None

    def test_a_digest_is_sent_once_and_made_good_if_that_failed(self):
        now = time.time()
        begin, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - ago))
                      for ago in (7200, 600))
        self.place.configure(f"responders = {self.place.folder / 'responders'}")
        self.place.set_responder(f"active-from = {begin}\nactive-until = {end}\nhandle = h")
        with tables(self.place.cache) as cache:
            cache.add("info@our.example", "alice@sender.example", int(now) - 3600)
        status, failed = self.run_digest_service("exit 75")
        self.assertEqual(status, 75)
        status, sent = self.run_digest_service("exit 0")
        self.assertEqual(status, 0)
        options, _, message = sent.partition("\n")
        self.assertEqual(options, "-i -t -f <>")
        self.assertEqual(parse_message(message.encode())["Subject"],
                         "1 person was answered while you were away")
        self.assertIn("Subject: 1 person", failed)
        self.assertEqual(self.run_digest_service("exit 0"), (0, None))
        self.assertFalse(list(self.place.folder.glob("stamp.*")))
        self.place.set_responder("no-such-name = x")
        self.assertEqual(self.run_digest_service("exit 0"), (78, None))

    def test_the_timers_start_the_service_of_their_name_and_can_be_enabled(self):
        timers = sorted(UNITS.glob("*.timer"))
        self.assertGreater(len(timers), 1)
        for path in timers:
            timer = Unit(path.name)
            self.assertTrue(path.with_suffix(".service").exists())
            self.assertNotIn("Unit", timer["Timer"])
            self.assertIn("OnCalendar", timer["Timer"])
            self.assertEqual(timer["Install"], {"WantedBy": ["timers.target"]})

    def test_all_name_one_account_which_the_readme_makes(self):
        accounts = {account for account, _ in cron_entries()}
        for path in UNITS.glob("*.service"):
            accounts |= set(Unit(path.name)["Service"]["User"])
        self.assertEqual(len(accounts), 1)
        self.assertIn(f"/nonexistent {accounts.pop()}", (DATA / "doc/building.md").read_text())

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd here")
    def test_systemd_finds_no_fault_and_little_that_is_exposed(self):
        """Of a hundred, where zero is nothing."""
        for unit in UNITS.iterdir():
            text = unit.read_text().replace("/usr/bin/", f"{BIN}/")
            self.place.write(f"units/{unit.name}", text)
        units = sorted((self.place.folder / "units").iterdir())
        checked = subprocess.run(["systemd-analyze", "verify", "--man=no", *units],
                                 capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        for name in CLOSED_IN:
            rated = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=10",
                                    self.place.folder / "units" / name],
                                   capture_output=True, text=True)
            self.assertEqual(rated.returncode, 0, rated.stdout)


if __name__ == "__main__":
    main()
