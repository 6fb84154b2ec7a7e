"""What tests of the responder on a real Postfix share: the examples that the documentation tells an
administrator to copy, and a server with the programs, a main configuration and a cache.

The programs are looked for in the folder that INFOREPLY_BIN names.
"""

import email.message
import email.utils
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from postfix_server import PostfixServer, enter_private_namespaces

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "postfix"
# Instead of the examples' `autoresp`: an account, with a group of its name, that every Debian has.
ACCOUNT = "games"

VERDICT = re.compile(r"from=<(?P<sender>[^>]*)> to=<(?P<recipient>[^>]*)> "
                     r"action=(?P<action>\w+) reason=(?P<reason>\S+)")


def example_lines(name):
    lines = (EXAMPLES / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def example_parameters(name="main.cf"):
    # Maps are of type lmdb here: what "hash" needs may not be installed.
    lines = (line.replace("hash:", "lmdb:").replace("/etc/postfix", "$config_directory")
             for line in example_lines(name))
    return dict(line.split(" = ", 1) for line in lines)


def with_program(text, program, configuration):
    """An example's text with these instead of the installed program."""
    return text.replace("/usr/bin/inforeply", f"{program} -c {configuration}")


def example_service(program, configuration):
    text = "\n".join(example_lines("master.cf")).replace("user=autoresp", f"user={ACCOUNT}")
    return with_program(text, program, configuration)


def mail(sender, to, **fields):
    """A message that a person might have typed; `reply_to="…"` adds a field Reply-To."""
    message = email.message.EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = "Opening hours"
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = email.utils.make_msgid(domain=sender.strip(">").rpartition("@")[2])
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content("When are you open?\n")
    return message


class RespondingServer(unittest.TestCase):
    """A server for all tests of a class, with an empty cache for each of them."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="inforeply-e2e-")
        cls.folder = Path(cls.enterClassContext(folder))
        cls.folder.chmod(0o755)
        cls.responders = cls.folder / "responders"
        cls.responders.mkdir()
        cls.configuration = cls.folder / "inforeply.conf"
        # The account may have no way into the folder in which the programs were built.
        cls.programs = cls.folder / "programs"
        cls.programs.mkdir()
        for name in ("inforeply", "inforeply-cache"):
            shutil.copy(Path(os.environ["INFOREPLY_BIN"]) / name, cls.programs)
            (cls.programs / name).chmod(0o755)
        cls.program = cls.programs / "inforeply"

        postfix_folder = cls.folder / "postfix"
        postfix_folder.mkdir()
        cls.postfix = cls.enterClassContext(cls.make_server(postfix_folder))

    @classmethod
    def make_server(cls, folder):
        """A PostfixServer that runs `cls.program` with `-c cls.configuration` as ACCOUNT."""
        raise NotImplementedError

    def setUp(self):
        self.postfix.clear()
        self.cache = self.make_cache("cache")
        self.write_configuration()

    def run(self, result=None):
        faults = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > faults:
            print(f"--- mail log of {self}:\n{self.postfix.log()}---", file=sys.stderr)

    def make_cache(self, name):
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        shutil.chown(folder, ACCOUNT, ACCOUNT)
        return f"lmdb:{folder}/replies.lmdb"

    def write_configuration(self, mailer="/usr/sbin/sendmail"):
        self.configuration.write_text(
            f"responders = {self.responders}\n"
            f"cache = {self.cache}\n"
            f"mailer = {mailer}\n"
            # pipe(8) would cut what a successful command prints after a hundred characters.
            "log = syslog\n")

    def write_responder(self, name, settings, text="Thank you for your message.\n"):
        """`name` as in the folder of responders, without .conf."""
        path = self.responders / f"{name}.conf"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{settings}text = {path.stem}.txt\n")
        # The files of a whole domain's responder, DIR/domain.conf, are in DIR/domain.
        folder = path.parent if "/" in name else path.with_suffix("")
        folder.mkdir(exist_ok=True)
        (folder / f"{path.stem}.txt").write_text(text)

    def send(self, sender, recipients, message):
        self.postfix.send(sender, recipients, message.as_bytes())
        self.postfix.wait_idle()

    def verdicts(self):
        """What the responder has logged so far: a dict for each recipient."""
        return [found.groupdict() for found in VERDICT.finditer(self.postfix.log())]

    def cache_records(self):
        done = subprocess.run(
            [self.programs / "inforeply-cache", "--cache", self.cache, "list", "--format", "json"],
            user=ACCOUNT, group=ACCOUNT, extra_groups=[], check=True, stdout=subprocess.PIPE)
        return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    if not os.environ.get("INFOREPLY_BIN"):
        sys.exit("FAILED: INFOREPLY_BIN must name the folder that holds the built programs")
    enter_private_namespaces()
    unittest.main(verbosity=2)
