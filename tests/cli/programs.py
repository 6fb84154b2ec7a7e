"""What the tests of the built programs share: a folder to work in, a mailer that keeps what it is
given, and the programs' answers taken apart.

The programs are looked for in the folder that INFOREPLY_BIN names. No test reads the system's
configuration or sends mail.
"""

import email
import email.message
import email.policy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

MEMORY_LIMIT = 16 * 1024  # KiB that any message may take

BIN = Path(os.environ.get("INFOREPLY_BIN", "build/release")).resolve()
SANITIZED = os.environ.get("INFOREPLY_SANITIZE") == "1"

SKIPPED = 77  # exit status, as SKIP_RETURN_CODE in CMakeLists.txt

NOW = 1_700_000_000  # 2023-11-14 22:13:20 UTC, a Tuesday
PATIENCE = 60  # seconds until something that must happen counts as missing

LOG_LINE = re.compile(
    r"(?P<id>\S+): from=<(?P<sender>[^<> ]*)> to=<(?P<recipient>[^<> ]*)>"
    r" action=(?P<action>replied|would-reply|suppressed|deferred) reason=(?P<reason>[a-z-]+)"
    r" handle=(?P<handle>\S+) delay=(?P<delay>\d+\.\d{3})"
    r" responder=(?P<responder>[^<> ]+) section=(?P<section>[^<> ]+)(?: detail=(?P<detail>.+))?")

# It keeps each call in a folder of its own, numbered in the order of the calls.
MAILER = """#!/bin/sh
number=1
until mkdir {calls}/$number 2>/dev/null; do number=$((number + 1)); done
call={calls}/$number
printf '%s\\0' "$@" >$call/argv
cat >$call/message
{then}
"""

# Prints the peak resident set in KiB of the program that it runs, and how many octets that has read.
# A child's figure begins with that of the process that started it, which therefore must be a small
# one.
MEASURE = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
with open(f"/proc/{pid}/io") as io:
    read = io.readline().split()[1]
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss, read)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"""


def mail(body="A question.\n", *, top="", **fields):
    """A message of alice@sender.example to info@our.example as octets.

    `reply_to="…"` sets the field Reply-To, a list repeats it, None leaves it out; `top` is put in
    front of everything.
    """
    usual = {
        "From": "Alice Sender <alice@sender.example>",
        "To": "info@our.example",
        "Subject": "A question",
        "Message-Id": "<question@sender.example>",
    }
    given = {name.replace("_", "-").title() if name.islower() else name: value
             for name, value in fields.items()}
    text = top
    for name, value in (usual | given).items():
        for field_body in value if isinstance(value, list) else [value]:
            if field_body is not None:
                text += f"{name}: {field_body}\n"
    return f"{text}\n{body}".encode("utf-8", "surrogateescape")


def parse_message(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def unfolded(raw, name):
    """The bodies of all fields of that name as octets on the wire, unfolded but not decoded."""
    header = raw.split(b"\n\n", 1)[0].decode()
    fields = re.findall(rf"^{re.escape(name)}: ((?:.*\n[ \t])*.*)$", header, re.M | re.I)
    return [re.sub(r"\n(?=[ \t])", "", field) for field in fields]


def unflowed(text):
    """The paragraphs of format=flowed text (RFC 3676, 4.1 and 4.4)."""
    result = ""
    for line in text.splitlines():
        line = line.removeprefix(" ")
        result += line if line.endswith(" ") and line != "-- " else line + "\n"
    return result


@dataclass
class Outcome:
    """What a run of a program came to."""
    status: int
    stdout: bytes
    stderr: str

    @property
    def log(self):
        """The lines of the log, each of which must be as it should be."""
        return [parse_log_line(line) for line in self.stderr.splitlines()]


def parse_log_line(line):
    found = LOG_LINE.fullmatch(line)
    if not found:
        raise AssertionError(f"not a log line: {line!r}")
    return found


@dataclass
class Preview:
    """What `--dry-run` prints for one recipient."""
    verdict: str
    table: str  # of --explain
    raw: bytes  # the reply

    @property
    def reply(self):
        return parse_message(self.raw)


@dataclass
class Submission:
    """A call of the mailer."""
    argv: list
    raw: bytes

    @property
    def sender(self):
        return self.argv[self.argv.index("-f") + 1]

    @property
    def recipient(self):
        return self.argv[-1]

    @property
    def message(self):
        return parse_message(self.raw)


class Workplace:
    """A folder with a responder, its text, a mailer and room for a cache, gone after the test."""

    def __init__(self, test):
        self.folder = Path(tempfile.mkdtemp(prefix="inforeply-"))
        test.addCleanup(shutil.rmtree, self.folder)
        self.cache = self.folder / "cache.mdb"
        self.calls = self.folder / "calls"
        self.calls.mkdir()
        self.mailer = self.folder / "mailer"
        self.set_mailer()
        self.responder = self.folder / "responders" / "our.example" / "info.conf"
        self.set_responder()
        self.configuration = self.folder / "main.conf"
        self.configure()

    def write(self, path, content):
        """A file that only its owner may write, whatever the umask is."""
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes)
                         else content.encode("utf-8", "surrogateescape"))
        path.chmod(0o644)
        return path

    def configure(self, *lines):
        """The main configuration, which every run names; empty without any."""
        return self.write(self.configuration, "".join(f"{line}\n" for line in lines))

    def set_mailer(self, then="exit 0"):
        """`then`: what the mailer does after it has read the message."""
        self.write(self.mailer, MAILER.format(calls=self.calls, then=then)).chmod(0o755)

    def set_quiet_mailer(self):
        """One that keeps nothing: for very many replies."""
        self.write(self.mailer, "#!/bin/sh\nexec cat >/dev/null\n").chmod(0o755)

    def set_responder(self, settings="", text="We are on holiday.\n", path=None, brakes=False):
        """A responder with its text file, which for `DIR/domain.conf` is in `DIR/domain`; the usual
        one where no `path` is given. One that answers every message has no limit for a person,
        unless the test is about `brakes`."""
        path = self.folder / (path or self.responder)
        is_for_domain = path.parent == self.folder / "responders"
        name = f"{path.stem}.txt"
        if "interval = 0" in settings and not brakes:
            settings = f"limit-person = none\n{settings}"
        self.write((path.with_suffix("") if is_for_domain else path.parent) / name, text)
        return self.write(path, f"text = {name}\n{settings}\n")

    def set_template(self, template, settings=""):
        self.write(self.responder.parent / "info.template", template)
        return self.write(self.responder, f"template = info.template\n{settings}\n")

    def command(self, *options, sender="alice@sender.example", recipients=("info@our.example",),
                without=()):
        """What a mail server runs, with the folder's own places where `options` names no others;
        `sender=None` leaves `-f` out, `without` names defaults to leave out."""
        defaults = {
            "--log": "stderr",
            "--cache": self.cache,
            "--mailer": self.mailer,
            "--responders": self.folder / "responders",
            "--config": self.configuration,
            "--now": NOW,
        }
        words = [str(option) for option in options]
        given = {word.partition("=")[0] for word in words} | set(without)
        other = {"-c": "--config", "--responder": "--responders"}
        given |= {other[name] for name in given & set(other)}
        for name, value in defaults.items():
            if name not in given:
                words += [name, str(value)]
        if sender is not None:
            words += ["-f", sender]
        return [str(BIN / "inforeply"), *words, "--", *recipients]

    def open_to_all(self, command):
        """The same command with a copy of the program, for an account that may have no way into the
        folder in which it was built; it has one into this folder from now on."""
        self.folder.chmod(0o755)
        return [shutil.copy(command[0], self.folder), *command[1:]]

    def run(self, message=None, *options, variables=None, **arguments):
        """Hands the program a message, with `variables` in its environment; the rest as `command`
        takes it."""
        return self.run_command(self.command(*options, **arguments), message, variables)

    def run_command(self, command, message=None, variables=None):
        done = subprocess.run(command, input=mail() if message is None else message,
                              capture_output=True, cwd=self.folder,
                              env=environment() | (variables or {}), timeout=2 * PATIENCE)
        return Outcome(done.returncode, done.stdout, done.stderr.decode("utf-8", "surrogateescape"))

    def start(self, message=None, *options, **arguments):
        """The same without waiting for its end."""
        with tempfile.TemporaryFile() as file:
            file.write(mail() if message is None else message)
            file.seek(0)
            return subprocess.Popen(self.command(*options, **arguments), stdin=file,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                    cwd=self.folder, env=environment())

    def start_together(self, deliveries, **arguments):
        """Starts a process for each (message, options), and hands over the messages when all of
        them wait for theirs, so that they are really at work at once; the rest as `command`
        takes it."""
        processes = [
            subprocess.Popen(self.command(*options, **arguments), stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             cwd=self.folder, env=environment())
            for _, options in deliveries]
        for process, (message, _) in zip(processes, deliveries):
            process.stdin.write(message)
            process.stdin.flush()
        for process in processes:
            process.stdin.close()
            process.stdin = None
        return processes

    def preview(self, message=None, *options, **arguments):
        """A dry run for one recipient."""
        outcome = self.run(message, "-n", *options, **arguments)
        if outcome.status != 0:
            raise AssertionError(f"exit status {outcome.status}: {outcome.stderr}")
        verdict, _, rest = outcome.stdout.partition(b"\n")
        table = b""
        if "--explain" in options:
            table, _, rest = rest.removeprefix(b"\n").partition(b"\n\n")
            rest = b"\n" + rest
        return Preview(verdict.decode(), table.decode(), rest.removeprefix(b"\n"))

    def peak_memory(self, message, *options, **arguments):
        """KiB of resident set that the program took at most, and what it came to."""
        peak, _, outcome = self.measure(message, *options, **arguments)
        return peak, outcome

    def measure(self, message, *options, **arguments):
        """KiB of resident set that the program took at most, octets that it has read with its
        mailer, and what it came to."""
        file = self.write("message", message)
        measure = [sys.executable, "-I", "-S", "-c", MEASURE,
                   *self.command(*options, **arguments)]
        with open(file, "rb") as stdin:
            done = subprocess.run(measure, stdin=stdin, capture_output=True, cwd=self.folder,
                                  env=environment(), timeout=2 * PATIENCE)
        *printed, figures = done.stdout.splitlines(keepends=True)
        return *map(int, figures.split()), Outcome(done.returncode, b"".join(printed), done.stderr.decode())

    def submissions(self):
        """The calls of the mailer so far, in their order."""
        calls = sorted((call for call in self.calls.iterdir() if call.is_dir()),
                       key=lambda call: int(call.name))
        return [Submission((call / "argv").read_bytes().decode().split("\0")[:-1],
                           (call / "message").read_bytes()) for call in calls]

    def files(self):
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


class HangingMailer:
    """Makes the mailer of a workplace wait, once it has its message, until it is let go."""

    def __init__(self, test, place):
        self.place = place
        self.gate = place.folder / "gate"
        os.mkfifo(self.gate)
        # Open for both, so that letting go waits for nobody.
        self.handle = os.open(self.gate, os.O_RDWR)
        place.set_mailer(f"echo $$ >$call/waits; read line <{self.gate}")
        test.addCleanup(os.close, self.handle)
        test.addCleanup(self.let_go)

    def wait(self):
        """Until a mailer has been called and waits."""
        wait_for(lambda: any(file.stat().st_size for file in self.place.calls.glob("*/waits")),
                 "the mailer to be called")

    def let_go(self):
        os.write(self.handle, b"\n" * 100)


class TestCase(unittest.TestCase):
    """A test in a workplace of its own."""

    def setUp(self):
        self.place = Workplace(self)

    def assert_replied(self, outcome):
        self.assertEqual((outcome.status, actions(outcome)), (0, [("replied", "-")]),
                         outcome.stderr)

    def assert_suppressed(self, outcome, reason):
        self.assertEqual((outcome.status, actions(outcome)), (0, [("suppressed", reason)]),
                         outcome.stderr)

    def assert_deferred(self, outcome, *words):
        """Status 75, one line that holds all of `words`, and nothing sent."""
        self.assertEqual(outcome.status, 75, outcome.stderr)
        self.assertEqual(len(outcome.stderr.splitlines()), 1, outcome.stderr)
        for word in words:
            self.assertIn(str(word), outcome.stderr)
        self.assertEqual(self.place.submissions(), [])

    def assert_sent(self, count):
        self.assertEqual(len(self.place.submissions()), count)

    def tool(self, name, *arguments, cache=None):
        """Runs inforeply-NAME on the workplace's cache, or another one."""
        command = [BIN / f"inforeply-{name}", "-c", self.place.configuration,
                   "--cache", cache or self.place.cache, *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment())

    def tool_output(self, name, *arguments):
        """What it prints where all is well."""
        done = self.tool(name, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def records(self, *arguments):
        """Those in the cache, as inforeply-cache lists them."""
        listed = self.tool_output("cache", "list", "--format", "json", *arguments)
        return [json.loads(line) for line in listed.splitlines()]

    def senders(self):
        return [record["sender"] for record in self.records()]


def actions(outcome):
    return [(line["action"], line["reason"]) for line in outcome.log]


def environment():
    """Ours, without what would be an envelope in it."""
    others = {name: value for name, value in os.environ.items()
              if name not in ("SENDER", "RECIPIENT", "ORIGINAL_RECIPIENT")}
    return {**others, "TZ": "UTC", "LC_ALL": "C"}


def finish(process):
    """Waits for a process that `start` began."""
    _, stderr = process.communicate(timeout=2 * PATIENCE)
    return Outcome(process.returncode, b"", stderr.decode("utf-8", "surrogateescape"))


def main():
    """unittest.main() for a suite that may have to leave tests out on some machines: it says which,
    and the whole suite does not count as passed."""
    result = unittest.main(exit=False).result
    for test, reason in result.skipped:
        print(f"LEFT OUT: {test}: {reason}", flush=True)
    sys.exit(SKIPPED if result.wasSuccessful() and result.skipped else not result.wasSuccessful())


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE} s for {what}")
        time.sleep(0.01)


def find_unshare():
    """What has a program run where it may mount, or None."""
    for options in ([], ["--map-root-user"]):
        command = ["unshare", "--mount", *options]
        if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    return None


def needed_libraries(program):
    """The shared libraries that a program names itself."""
    listing = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", listing.stdout)
