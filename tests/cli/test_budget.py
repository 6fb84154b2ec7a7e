#!/usr/bin/env python3
"""The instructions and system calls of the main ways of a delivery stay near the stored figures.

Times tell little on a busy machine; these counts hardly differ from run to run. valgrind's callgrind
counts instructions, strace system calls; what the mailer does counts for nothing. There are figures
for each compiler and C library. After a change that is meant to cost, or that saves, store those of
a release build anew:

    INFOREPLY_BIN=build/release /usr/bin/python3 tests/cli/test_budget.py --store
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from programs import BIN, PATIENCE, TestCase, actions, mail, main, Outcome

TESTS = Path(__file__).resolve().parents[1]
STORED = TESTS / "data" / "budget.json"

MOST = 1.03  # times the stored figure; more is a regression
LEAST = 0.90  # less, and the stored figure would hide the next regression

# libc has variants of some functions for some processors: all shall take the same.
BASELINE = "-AVX512F,-AVX2,-AVX,-ERMS,-BMI2,-SSE4_2,-SSE4_1,-SSSE3"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC",
               "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={BASELINE}"}

# In this order, in one workplace: what is run, who sends which message, and the outcome.
WAYS = {
    "help": ("--help", None, b"", []),
    "reply that makes the cache": (None, "bob@x.example", mail(), [("replied", "-")]),
    "reply": (None, "alice@x.example", mail(), [("replied", "-")]),
    "recently answered": (None, "alice@x.example", mail(message_id="<another@x.example>"),
                          [("suppressed", "recently-answered")]),
    "suppressed by a header": (None, "carol@x.example", mail(auto_submitted="auto-generated"),
                               [("suppressed", "auto-submitted")]),
}


def compile_c(source, target, *options):
    subprocess.run(["cc", "-O2", *options, "-o", target, TESTS / source], check=True)
    target.chmod(0o755)


def built_with():
    """What else the counts depend on."""
    comment = subprocess.run(["readelf", "-p", ".comment", BIN / "inforeply"], capture_output=True,
                             text=True, check=True).stdout
    compiler = re.search(r"(GCC|clang)\b.*?([0-9.]+)$", comment, re.M)
    return f"{' '.join(compiler.groups())}, {os.confstr('CS_GNU_LIBC_VERSION')}, {platform.machine()}"


class Budget(TestCase):
    storing = False

    def setUp(self):
        super().setUp()
        compile_c("bench/mailer.c", self.place.mailer, "-static")
        # Its path is of the same length wherever it was built.
        self.program = self.place.open_to_all([BIN / "inforeply"])[0]

    def test_instructions(self):
        library = self.place.folder / "within_valgrind.so"
        compile_c("cli/within_valgrind.c", library, "-shared", "-fPIC")

        def count(way):
            out = self.place.folder / "callgrind"
            process = self.run_way(way, ["valgrind", "-q", "--tool=callgrind",
                                         f"--callgrind-out-file={out}.%p"],
                                   {"LD_PRELOAD": str(library)})
            return int(re.search(r"^totals: (\d+)$", Path(f"{out}.{process}").read_text(), re.M)[1])

        self.need("valgrind", "--tool=none")
        self.hold("instructions", count)

    def test_system_calls(self):
        def count(way):
            trace = self.place.folder / "trace"
            self.run_way(way, ["strace", "-qq", "-f", "-o", trace, "--"], {})
            return number_of_calls(trace.read_text())

        self.need("strace", "-qq", "-o", "/dev/null")
        self.hold("system calls", count)

    def need(self, *tool):
        if not shutil.which(tool[0]):
            self.fail(f"{tool[0]} is missing")
        attempt = subprocess.run([*tool, "true"], capture_output=True, text=True)
        if attempt.returncode != 0:
            self.skipTest(f"{tool[0]} is not permitted here ({attempt.stderr.strip()})")

    def run_way(self, way, tool, variables):
        """Runs the program by way of a tool; returns the process's id."""
        option, sender, message, outcome = WAYS[way]
        command = [self.program, option] if option else [
            self.program, *self.place.command(sender=sender)[1:]]
        process = subprocess.Popen([*tool, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=ENVIRONMENT | variables)
        stdout, stderr = process.communicate(message, timeout=PATIENCE)
        done = Outcome(process.returncode, stdout, stderr.decode())
        self.assertEqual((done.status, actions(done)), (0, outcome), done.stderr)
        return process.pid

    def hold(self, kind, count):
        every, build = json.loads(STORED.read_text()), built_with()
        stored = every.setdefault(build, {})
        if not self.storing and kind not in stored:
            self.skipTest(f"no {kind} are stored for {build}")
        counts = {way: count(way) for way in WAYS}
        if self.storing:
            stored[kind] = counts
            STORED.write_text(json.dumps(every, indent=2) + "\n")
        for way, found in counts.items():
            with self.subTest(way):
                budget = stored[kind][way]
                if not LEAST * budget <= found <= MOST * budget:
                    self.fail(f"{way}: {found:,} {kind}, {found / budget:.3f} times the {budget:,} "
                              "stored. The head of this file says how to store what is meant to be")


def number_of_calls(trace):
    """Those of the program, and of its child until that is the mailer."""
    number, program, gone = 0, None, set()
    for line in trace.splitlines():
        call = re.match(r"(\d+) +(\w+)\(", line)
        if not call or call[1] in gone:
            continue
        number += 1
        program = program or call[1]
        if call[2] == "execve" and call[1] != program:
            gone.add(call[1])
    return number


if __name__ == "__main__":
    if "--store" in sys.argv:
        sys.argv.remove("--store")
        Budget.storing = True
    main()
