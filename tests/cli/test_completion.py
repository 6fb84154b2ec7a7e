"""What a shell offers behind the tab key.

    INFOREPLY_BIN=DIR /usr/bin/python3 tests/cli/test_completion.py
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from programs import BIN, TestCase, wait_for

COMPLETION = Path(__file__).resolve().parents[2] / "data" / "completion"

# Hands the function that is registered for the program what bash would: the words of the line, of
# which the last is to be completed.
COMPLETE = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
function=$(complete -p "${1##*/}" | sed -E 's/.*-F ([^ ]+) .*/\\1/')
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
"""


class Bash(TestCase):
    def offered(self, *words, program="inforeply-cache"):
        done = subprocess.run(
            ["bash", "--norc", "-c", COMPLETE, "-", COMPLETION / "inforeply-cache.bash",
             BIN / program, *words], capture_output=True, text=True, cwd=self.place.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def test_the_commands_are_all_that_the_help_lists(self):
        offered = self.offered("")
        for command in ("list", "show", "forget", "export", "import"):
            self.assertIn(command, offered)
        listed = re.search(r"Commands:\n(.*?)\n\n", self.tool("cache", "--help").stdout, re.S)[1]
        self.assertEqual(sorted(offered), sorted(line.split()[0] for line in listed.splitlines()))

    def test_a_command_is_completed_behind_options_and_only_once(self):
        self.assertEqual(self.offered("--cache", "list", "sh"), ["show"])
        self.assertEqual(self.offered("-c", "x.conf", "imp"), ["import"])
        self.assertEqual(self.offered("--cache", "=", "a.mdb", "exp"), ["export"])
        self.assertEqual(self.offered("list", "sh"), [])

    def test_options_are_those_of_the_command(self):
        self.assertEqual(self.offered("list", "--s"),
                         ["--sender", "--state", "--since", "--sort", "--shadow"])
        self.assertEqual(self.offered("--cache", "a.mdb", "import", "--keep"), ["--keep-going"])
        self.assertEqual(self.offered("show", "--s"), ["--shadow"])
        self.assertIn("--cache", self.offered("--"))

    def test_values_of_options(self):
        for words, expected in (
                (["list", "--format", ""], ["table", "json", "csv"]),
                (["list", "--format", "=", "j"], ["json"]),
                (["list", "--format", "="], ["table", "json", "csv"]),
                (["show", "--format", ""], ["table", "json"]),
                (["stats", "--format", ""], ["table", "json", "prometheus"]),
                (["stats", "--top", ""], []),
                (["list", "--state", "p"], ["pending"]),
                (["import", "--from", ""], ["json", "vacation", "postfixadmin", "gnarwl",
                                                    "qmail-autoresponder"]),
                (["list", "--sort", "-a"], ["-answered"]),
                (["list", "--sort", "s"], ["sender"]),
                (["list", "--limit", ""], [])):
            with self.subTest(words):
                self.assertEqual(self.offered(*words), expected)

    def test_every_value_that_is_offered_is_taken(self):
        self.assertEqual(self.tool("cache", "import", "/dev/null").returncode, 0)
        for option in ("--format", "--sort", "--state"):
            for value in self.offered("list", option, ""):
                with self.subTest(f"{option} {value}"):
                    self.assertEqual(self.tool("cache", "list", option, value).returncode, 0)

    def test_import_and_files_of_options_complete_file_names(self):
        self.place.write("records.json", "")
        for words in (["import"], ["backup"], ["report", "--html"], ["digest", "--due"]):
            self.assertEqual(self.offered(*words, "rec"), ["records.json"])
        self.assertEqual(self.offered("-c", "rec"), ["records.json"])

    def test_the_other_programs_complete_their_options(self):
        self.assertEqual(self.offered("--older", program="inforeply-purge"), ["--older-than"])
        self.assertEqual(self.offered("--dry", program="inforeply"), ["--dry-run"])
        self.assertEqual(self.offered("--sh", program="inforeply"), ["--show"])
        self.assertEqual(self.offered("--log", "s", program="inforeply"), ["syslog", "stderr"])
        self.assertEqual(self.offered("--res", program="inforeply-replay"),
                         ["--responders", "--responder"])

    def test_a_replay_completes_the_names_of_mail_and_of_responders(self):
        self.place.write("box.mbox", "")
        (self.place.folder / "box.d").mkdir()
        for words, expected in ((["box"], ["box.d", "box.mbox"]),
                                (["--against", "box"], ["box.d", "box.mbox"]),
                                (["--responder", "box"], ["box.d", "box.mbox"]),
                                (["--responders", "box"], ["box.d"]),
                                (["--recipient", "box"], []),
                                (["--format", ""], ["json", "table"])):
            with self.subTest(words):
                self.assertEqual(sorted(self.offered(*words, program="inforeply-replay")), expected)


    def test_settings_complete_files_folders_and_forms(self):
        self.place.write("text.txt", "")
        (self.place.folder / "text.d").mkdir()
        for words, expected in ((["--text", "text"], ["text.d", "text.txt"]),
                                (["--json", "text"], ["text.d", "text.txt"]),
                                (["--responders", "text"], ["text.d"]),
                                (["--subject", "text"], []), (["--until", "text"], []),
                                (["text"], []), (["--placeh"], ["--placeholders"]),
                                (["--format", ""], ["json", "postfixadmin", "text"])):
            with self.subTest(words):
                self.assertEqual(sorted(self.offered(*words, program="inforeply-set")), expected)


    def test_a_conversion_completes_formats_and_files(self):
        self.place.write("kim.sieve", "")
        for words, expected in ((["s"], ["sieve"]), (["--address", "kim@our.example", "g"], ["gnarwl"]),
                                (["sieve", "kim"], ["kim.sieve"]), (["--lis"], ["--listing"]),
                                (["--listing", "kim"], ["kim.sieve"]), (["--address", "kim"], [])):
            with self.subTest(words):
                self.assertEqual(self.offered(*words, program="inforeply-convert"), expected)


# Behind a line and the tab key, Ctrl-X writes down what has become of it.
ZSHRC = """
fpath=({completion} $fpath)
path=({programs} $path)
autoload -Uz compinit && compinit -u -D
unsetopt beep
tell() {{ print -rn -- "$BUFFER" >told.new; mv told.new told }}
zle -N tell
bindkey '^X' tell
PS1=ready
"""


class Zsh(TestCase):
    """A shell at a terminal, where somebody types."""

    def setUp(self):
        super().setUp()
        self.place.write(".zshrc", ZSHRC.format(completion=COMPLETION, programs=BIN))
        self.told = self.place.folder / "told"
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(self.place.folder)
            os.execvpe("zsh", ["zsh", "-d", "-i"], {"PATH": os.environ["PATH"], "TERM": "vt100",
                                                    "LC_ALL": "C.UTF-8", "HOME": ".", "ZDOTDIR": "."})
        self.addCleanup(os.waitpid, pid, 0)
        self.addCleanup(os.kill, pid, signal.SIGHUP)
        self.addCleanup(os.close, self.terminal)
        self.shown = b""
        wait_for(lambda: b"ready" in self.look(), "the shell")

    def look(self):
        while select.select([self.terminal], [], [], 0)[0]:
            self.shown += os.read(self.terminal, 4096)
        return self.shown

    def completed(self, line):
        self.told.unlink(missing_ok=True)
        os.write(self.terminal, b"\x15" + line.encode() + b"\t\x18")
        wait_for(lambda: self.look() and self.told.exists(), f"completion of {line!r}")
        return self.told.read_text().removeprefix(line)

    def test_completes_commands_options_values_and_files(self):
        self.place.write("records.json", "")
        for line, expected in (
                ("inforeply-cache sh", "ow "),
                ("inforeply-cache --cache list sh", "ow "),
                ("inforeply-cache list sh", ""),
                ("inforeply-cache list --sen", "der "),
                ("inforeply-cache show --sen", ""),
                ("inforeply-cache import --keep", "-going "),
                ("inforeply-cache import rec", "ords.json "),
                ("inforeply-cache -c rec", "ords.json "),
                ("inforeply-cache list --format j", "son "),
                ("inforeply-cache show --format c", ""),
                ("inforeply-cache list --state p", "ending "),
                ("inforeply-cache list --sort -a", "nswered "),
                ("inforeply-cache import --from v", "acation "),
                ("inforeply-cache list --limit rec", ""),
                ("inforeply-purge --older", "-than "),
                ("inforeply-cache stats --format c", ""),
                ("inforeply-cache stats --format p", "rometheus "),
                ("inforeply-cache backup rec", "ords.json "),
                ("inforeply-cache report --html rec", "ords.json "),
                ("inforeply-cache digest --due rec", "ords.json "),
                ("inforeply --dry", "-run "),
                ("inforeply --sh", "ow "),
                ("inforeply-replay --ag", "ainst "),
                ("inforeply-replay --format j", "son "),
                ("inforeply-replay --recipient rec", ""),
                ("inforeply-replay --responder rec", "ords.json "),
                ("inforeply-replay --against responders rec", "ords.json "),
                ("inforeply-convert si", "eve "),
                ("inforeply-convert --interval 7d sieve rec", "ords.json "),
                ("inforeply-set --from-d", "ate "),
                ("inforeply-set --format p", "ostfixadmin "),
                ("inforeply-set --json rec", "ords.json "),
                ("inforeply-set --subject rec", ""),
                ("inforeply --log s", ""),
                ("inforeply --log st", "derr ")):
            with self.subTest(line):
                self.assertEqual(self.completed(line), expected)


if __name__ == "__main__":
    unittest.main()
