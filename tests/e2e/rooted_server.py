"""A mail server in a root of its own, so that it finds its programs, users and files where they are on a
machine that it is installed on, and the examples of data/ run without a change.

Its program comes out of Debian's package, which is downloaded once, into build/: Postfix would have to go
if it were installed. The root needs chroot and mknod, which root has in an ordinary container.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from postfix_server import enter_private_namespaces
from responding_server import VERDICT
from server_ends import Sink, Syslog, end_processes, free_ports, listens, wait_for
from ways_in import ALICE, KIM, OTHER_KIM, WayIn

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "build" / "mail-servers"

ACCOUNTS = ["root:x:0:0::/root:/bin/sh", "autoresp:x:300:300::/var/lib/inforeply:/usr/sbin/nologin",
            "vmail:x:301:301::/var/vmail:/usr/sbin/nologin"]
GROUPS = ["root:x:0:", "autoresp:x:300:", "vmail:x:301:"]


class RootedServer(WayIn):
    """To inherit from beside a TestCase, which says

    accounts         name, number and home of each account of the server
    server_programs  by their path in the package
    logs             files to show after a failure
    start()          starts the daemon with `cls.daemon(…)`, which is to listen on cls.port
    """

    @classmethod
    def setUpClass(cls):
        cls.root = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="inforeply-e2e-")))
        cls.root.chmod(0o755)
        cls.port, cls.sink_port = free_ports(2)
        cls.mark = "/tmp/ran"
        cls.make_root()
        cls.addClassCleanup(end_processes)
        cls.syslog = cls.enterClassContext(Syslog(cls.root / "dev" / "log", cls.root / "mail.log"))
        cls.sink = cls.enterClassContext(Sink(cls.root / "sink", cls.sink_port))
        cls.start()

    @classmethod
    def make_root(cls):
        for name in ("dev", "etc/inforeply/responders", "run", "root", "tmp", "usr/bin", "usr/sbin",
                     "usr/lib", "var/lib/inforeply", "var/vmail"):
            (cls.root / name).mkdir(parents=True)
        (cls.root / "tmp").chmod(0o1777)
        for name in ("bin", "sbin", "lib", "lib64"):
            (cls.root / name).symlink_to(f"usr/{name.removesuffix('64')}")
        for name, number in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
            os.mknod(cls.root / "dev" / name, 0o20666, os.makedev(1, number))
            (cls.root / "dev" / name).chmod(0o666)
        accounts = [f"{name}:x:{number}:{number}::{home}:/usr/sbin/nologin"
                    for name, number, home in cls.accounts]
        cls.put("etc/passwd", "\n".join(ACCOUNTS + accounts) + "\n")
        cls.put("etc/group", "\n".join(GROUPS + [f"{name}:x:{number}:" for name, number, _
                                                 in cls.accounts]) + "\n")
        cls.put("etc/hosts", "127.0.0.1 localhost mail.ora.com\n")
        cls.put("etc/mailname", "mail.ora.com\n")
        os.chown(cls.root / "var/vmail", 301, 301)
        for path in cls.server_programs:
            cls.copy_program(PACKAGES / path, path)
        for name in ("sh", "touch"):
            cls.copy_program(Path("/usr/bin", name), f"usr/bin/{name}")
        cls.copy_program(Path(os.environ["INFOREPLY_BIN"], "inforeply"), "usr/bin/inforeply")

    @classmethod
    def put(cls, path, text):
        path = cls.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @classmethod
    def example(cls, name, path):
        """A file of data/, unchanged, where it belongs."""
        cls.put(path, (ROOT / "data" / name).read_text())

    @classmethod
    def copy_program(cls, program, path):
        """With the libraries that it is linked with."""
        (cls.root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(program, cls.root / path)
        (cls.root / path).chmod(0o755)
        linked = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
        if missing := re.findall(r"(\S+) => not found", linked):
            sys.exit(f"FAILED: {program} needs {' '.join(missing)}: see tools/packages.sh")
        for library in re.findall(r"(/\S+) \(0x", linked):
            target = cls.root / "usr/lib" / Path(library).resolve().parent.name / Path(library).name
            if "ld-linux" in library:
                target = cls.root / "usr/lib" / Path(library).name
            target.parent.mkdir(exist_ok=True)
            if not target.exists():
                shutil.copy(library, target)

    @classmethod
    def daemon(cls, *command):
        with open(cls.root / "daemon.log", "wb") as output:
            process = subprocess.Popen(["chroot", cls.root, *command], stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)

        def listening():
            if process.poll() is not None:
                raise RuntimeError((cls.root / "daemon.log").read_text())
            return listens(cls.port)

        wait_for(listening, f"{command[0]} to listen")

    @classmethod
    def inside(cls, *command):
        done = subprocess.run(["chroot", cls.root, *command], capture_output=True, text=True,
                              timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def setUp(self):
        for folder, owner in (("var/lib/inforeply", 300), ("var/vmail", 301)):
            shutil.rmtree(self.root / folder)
            (self.root / folder).mkdir(mode=0o700)
            os.chown(self.root / folder, owner, owner)
        for address in (KIM, OTHER_KIM):
            (self.root / "var/vmail" / address).mkdir()
            os.chown(self.root / "var/vmail" / address, 301, 301)
        self.sink.clear()
        self._log_start = (self.root / "mail.log").stat().st_size
        super().setUp()

    def run(self, result=None):
        faults = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > faults:
            for name in ("mail.log", "daemon.log", *self.logs):
                with contextlib.suppress(FileNotFoundError):
                    print(f"--- {name}:\n{(self.root / name).read_text(errors='replace')}---",
                          file=sys.stderr)

    def write_responder(self, name, settings):
        self.put(f"etc/inforeply/responders/{name}.conf", f"{settings}text = kim.txt\n")
        self.put(f"etc/inforeply/responders/{Path(name).parent}/kim.txt", "I am away.\n")

    def break_responder(self, name):
        self.put(f"etc/inforeply/responders/{name}.conf", "kind = nothing\n")

    def sent(self):
        return self.sink.sent()

    def verdicts(self):
        self.syslog.sync()
        text = (self.root / "mail.log").read_bytes()[self._log_start:].decode()
        return [found.groupdict() for found in VERDICT.finditer(text)]

    def kept(self, address):
        return len(list((self.root / "var/vmail" / address).glob("**/new/*")))

    @property
    def installed(self):
        return self.root / "usr/bin/inforeply"

    def outer(self, path):
        return self.root / path.lstrip("/")


def main():
    if not os.environ.get("INFOREPLY_BIN"):
        sys.exit("FAILED: INFOREPLY_BIN must name the folder that holds the built programs")
    enter_private_namespaces()
    if subprocess.run(["sh", "-ec", f". tools/packages.sh; unpack_packages {PACKAGES}"],
                      cwd=ROOT).returncode != 0:
        print("LEFT OUT: no package of another mail server can be downloaded here")
        sys.exit(77)
    unittest.main(verbosity=2)
