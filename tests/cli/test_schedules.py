"""What runs inforeply-purge by the clock: the examples for cron and systemd.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_schedules.py
"""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from programs import BIN, NOW, TestCase, environment, main

DATA = Path(__file__).resolve().parents[2] / "data"
CRON = DATA / "cron" / "inforeply"
UNITS = DATA / "systemd"

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


def cron_entries():
    """The lines of the cron file that run something, as (account, command)."""
    for line in CRON.read_text().splitlines():
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
        """An absolute path or a bare name of a built program, with options that it knows."""
        program = Path(words[0])
        self.assertIn(str(program.parent), (".", "/usr/bin"))
        built = BIN / program.name
        self.assertTrue(built.is_file(), built)
        known = subprocess.run([built, "--help"], capture_output=True, text=True).stdout
        options = set(re.findall(r"^ +(?:-\w \[ )?(--[a-z-]+)", known, re.M))
        for word in words[1:]:
            self.assertIn(word.partition("=")[0], options)

    def test_cron_runs_the_purge_daily_by_commands_that_it_knows(self):
        commands = [command for _, command in cron_entries()]
        self.assertEqual(len(commands), 2)
        for command in commands:
            self.assertNotIn("%", command)  # cron ends the line there
            self.assert_valid(shlex.split(command.rpartition("||")[2]))

    def test_cron_gets_along_with_no_cache_yet_and_is_told_nothing_where_all_is_well(self):
        for made in (False, True):
            if made:
                self.assert_replied(self.place.run(None, "--now", NOW))
            for _, command in cron_entries():
                self.assertIn("/var/lib/inforeply/cache.mdb", command)
                own = command.replace("/var/lib/inforeply/cache.mdb", str(self.place.cache))
                own = own.replace("inforeply-purge", f"{BIN}/inforeply-purge --cache "
                                  f"{self.place.cache} -c {self.place.configuration}")
                done = subprocess.run(["sh", "-c", own], capture_output=True, text=True,
                                      env=environment())
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.records(), [])

    def test_the_service_runs_commands_that_the_program_knows(self):
        commands = commented_commands((UNITS / "inforeply-purge.service").read_text())
        self.assertEqual(len(commands), 2)
        for command in commands:
            self.assert_valid(shlex.split(command))

    def test_the_service_is_closed_in_but_for_the_folder_of_the_cache(self):
        service = Unit("inforeply-purge.service")["Service"]
        self.assertEqual(service["ProtectSystem"], ["strict"])
        self.assertEqual(service["ReadWritePaths"], ["/var/lib/inforeply"])
        for name in ("NoNewPrivileges", "PrivateNetwork", "PrivateDevices", "PrivateTmp",
                     "MemoryDenyWriteExecute", "ProtectHome"):
            self.assertEqual(service[name], ["yes"], name)

    def test_the_timer_starts_the_service_of_its_name_and_can_be_enabled(self):
        timer = Unit("inforeply-purge.timer")
        self.assertNotIn("Unit", timer["Timer"])
        self.assertIn("OnCalendar", timer["Timer"])
        self.assertEqual(timer["Install"], {"WantedBy": ["timers.target"]})

    def test_all_name_one_account_which_the_readme_makes(self):
        accounts = {account for account, _ in cron_entries()}
        accounts |= set(Unit("inforeply-purge.service")["Service"]["User"])
        self.assertEqual(len(accounts), 1)
        self.assertIn(f"/nonexistent {accounts.pop()}", (DATA.parent / "README.md").read_text())

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
        rated = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=10",
                                units[0]], capture_output=True, text=True)
        self.assertEqual(rated.returncode, 0, rated.stdout)


if __name__ == "__main__":
    main()
