"""A real Postfix for tests, beside the one of the machine that it runs on.

A test program calls `enter_private_namespaces()` first; then, as a context manager,
`PostfixServer` runs on a configuration, a queue and data of its own. Mail for any foreign domain
ends in smtp-sink, where `sent()` finds it, and what programs write to syslog ends in the mail
log; nothing listens anywhere but on 127.0.0.1.

Two things have a place that is the same for the whole machine: /etc/postfix/main.cf, which must name
the configuration for the sake of Postfix's setgid programs, and /dev/log. Where private mounts are
granted, nobody else sees either. Where they are not, as in a container, both are made for the time of
the test, but only where the machine itself has none.
"""

import atexit
import contextlib
import ctypes
import fcntl
import json
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

from server_ends import Sink, Syslog, end_processes, free_ports, wait_for

MACHINES_MAIN_CF = Path("/etc/postfix/main.cf")
SYSLOG = Path("/dev/log")

OWN_LINE = "# Written by a test of inforeply, which takes it away again.\n"

PR_SET_CHILD_SUBREAPER = 36  # sys/prctl.h

SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix n - n 60    1 pickup
cleanup   unix n - n -     0 cleanup
qmgr      unix n - n 300   1 qmgr
rewrite   unix - - n -     - trivial-rewrite
bounce    unix - - n -     0 bounce
defer     unix - - n -     0 bounce
trace     unix - - n -     0 bounce
flush     unix n - n 1000? 0 flush
proxymap  unix - - n -     - proxymap
smtp      unix - - n -     - smtp
showq     unix n - n -     - showq
error     unix - - n -     - error
retry     unix - - n -     - error
local     unix - n n -     - local
anvil     unix - - n -     1 anvil
scache    unix - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


def enter_private_namespaces():
    """Start this program again where its mounts, and all its processes, are its own, if that is
    granted.

    Either way whatever it leaves running becomes its child, so that it can be found and ended.
    """
    here = os.readlink("/proc/self/ns/mnt")
    if os.environ.get("OUTER_MOUNT_NAMESPACE", here) == here:
        unshare = ["unshare", "--mount", "--propagation", "private",
                   "--pid", "--fork", "--kill-child", "--mount-proc"]
        if os.geteuid() != 0:
            if not shutil.which("sudo"):
                sys.exit("FAILED: Postfix needs root")
            os.execvp("sudo", ["sudo", "--preserve-env=INFOREPLY_BIN", sys.executable,
                               *sys.orig_argv[1:]])
        attempt = subprocess.run([*unshare, "true"], capture_output=True, text=True)
        if attempt.returncode == 0:
            os.environ["OUTER_MOUNT_NAMESPACE"] = here
            sys.stdout.flush()
            os.execvp("unshare", [*unshare, sys.executable, *sys.orig_argv[1:]])
        os.environ.pop("OUTER_MOUNT_NAMESPACE", None)
        print(f"NOTE: no private mounts here ({attempt.stderr.strip()}): the tests with Postfix use "
              f"the machine's own {MACHINES_MAIN_CF} and {SYSLOG}", flush=True)
        claim_shared_places()
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("FAILED: processes without a parent cannot be adopted here")
    # unittest swallows SystemExit, but lets KeyboardInterrupt through to the end.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Programs under test refuse files that others may write.
    os.umask(0o022)


def claim_shared_places():
    """Make sure that the machine has no use for them; until this program ends, no other one like it
    has them."""
    fcntl.flock(os.open(MACHINES_MAIN_CF.parent, os.O_RDONLY), fcntl.LOCK_EX)
    # What a test that was killed has left behind is in nobody's use.
    for path, is_used in ((MACHINES_MAIN_CF, is_foreign(MACHINES_MAIN_CF)),
                          (SYSLOG, is_received(SYSLOG))):
        if is_used:
            sys.exit(f"FAILED: {path} is the machine's own, and no private mounts are granted here. "
                     "Run this where Postfix is not configured and no daemon receives syslog, or "
                     "where root may mount (in a container: with CAP_SYS_ADMIN)")
        path.unlink(missing_ok=True)


class PostfixServer:
    def __init__(self, folder, main=None, master="", maps=None, aliases=()):
        """`folder` is empty, the caller's to remove, and open to everybody for reading.

        main      parameters of main.cf, beside or instead of those below
        master    lines for master.cf
        maps      name -> lines of the table lmdb:$config_directory/NAME
        aliases   lines of the alias table of local(8)
        """
        self.folder = Path(folder)
        self.configuration = self.folder / "etc"
        self.spool = self.folder / "queue"
        self.main = main or {}
        self.master = master
        self.maps = maps or {}
        self.aliases = aliases
        self._log_start = 0

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            if "OUTER_MOUNT_NAMESPACE" in os.environ:
                self._mount(stack)
            self._introduce_to_setgid_programs(stack)
            self.port, sink_port = free_ports(2)
            self._write_configuration(sink_port)
            # What runs last at the end: every process has gone when the folders go.
            stack.callback(end_processes)
            self._syslog = stack.enter_context(Syslog(SYSLOG, self.folder / "mail.log"))
            self._sink = stack.enter_context(Sink(self.folder / "sink", sink_port))
            stack.callback(self._run, "postfix", "stop", check=False)
            try:
                self._run("postfix", "start")
            except RuntimeError as error:
                raise RuntimeError(f"{error}{self.log()}") from None
            self._ending = stack.pop_all()
        # An interrupted unittest runs no clean-up of its own.
        atexit.register(self._ending.close)
        return self

    def __exit__(self, *_):
        self._ending.close()

    def send(self, envelope_sender, recipients, message):
        """Hand a message (bytes) to Postfix by SMTP; '' is the null sender."""
        with smtplib.SMTP("127.0.0.1", self.port, "client.example", timeout=30) as client:
            refused = client.sendmail(envelope_sender, recipients, message)
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)

    def queue(self):
        """What `postqueue -j` says: one dict a message."""
        return [json.loads(line) for line in self._run("postqueue", "-j").splitlines()]

    def flush(self):
        """Have every deferred message tried again; returns when each of them is under way."""
        deferred = [m["queue_id"] for m in self.queue() if m["queue_name"] == "deferred"]
        start = len(self.log())
        self._run("postqueue", "-f")
        # `postqueue -f` only asks for it: the queue looks idle until qmgr has got round to it.
        for queue_id in deferred:
            self.wait_for_log(rf"qmgr.* {queue_id}: from=.*\(queue active\)", start)

    def wait_idle(self, timeout=30):
        """Wait until no message is under way: each was delivered, bounced or deferred, and what
        programs told syslog about it is in the log."""

        # A message moves through these queues in this order, so that one look in this order
        # cannot miss a message that was there when it began. It can miss one that came in
        # meanwhile from a delivery (a reply, a forwarded copy): each further look catches
        # one more generation of those.
        def idle():
            return not any(os.listdir(self.spool / name)
                           for name in ("maildrop", "incoming", "active"))

        wait_for(lambda: all(idle() for _ in range(4)), "the queue to become idle", timeout)
        self._syslog.sync()

    def sent(self):
        """What has left so far. Complete once the queue is idle."""
        return self._sink.sent()

    def log(self):
        """The mail log since the last `clear()`."""
        return (self.folder / "mail.log").read_text(errors="replace")[self._log_start:]

    def wait_for_log(self, pattern, start=0, timeout=10):
        """Wait for a line in the log, which other processes write, a little later."""
        wait_for(lambda: re.search(pattern, self.log()[start:]), f"{pattern} in the log",
                 timeout)

    def clear(self):
        """Forget all mail, waiting and sent, and the log."""
        self.wait_idle()
        self._run("postsuper", "-d", "ALL")
        self._sink.clear()
        self._log_start += len(self.log())

    def write_map(self, name, lines):
        """A table lmdb:$config_directory/NAME; Postfix sees that it is new."""
        (self.configuration / name).write_text("".join(f"{line}\n" for line in lines))
        program = "postalias" if name == "aliases" else "postmap"
        self._run(program, f"lmdb:{self.configuration}/{name}")

    def _mount(self, stack):
        """Put what the tests can do with as they like over the places that all the machine shares."""
        copy = self.folder / "machines-configuration"
        shutil.copytree(MACHINES_MAIN_CF.parent, copy, symlinks=True)
        bind(copy, MACHINES_MAIN_CF.parent, stack)
        bind_devices(self.folder / "dev", stack)

    def _introduce_to_setgid_programs(self, stack):
        """postdrop and postqueue believe a configuration that the machine's own one names."""
        MACHINES_MAIN_CF.write_text(
            f"{OWN_LINE}alternate_config_directories = {self.configuration}\n")
        stack.callback(MACHINES_MAIN_CF.unlink)

    def _write_configuration(self, sink_port):
        main = {
            "compatibility_level": "3.6",
            "queue_directory": self.spool,
            "data_directory": self.folder / "data",
            "myhostname": "mail.ora.com",
            "mydestination": "$myhostname, localhost",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "smtpd_peername_lookup": "no",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "smtp_dns_support_level": "disabled",
            "relayhost": f"[127.0.0.1]:{sink_port}",
            "alias_maps": "lmdb:$config_directory/aliases",
            "local_recipient_maps": "$alias_maps",
            "mail_spool_directory": f"{self.folder}/mailboxes",
            "notify_classes": "",
            "maillog_file": f"{self.folder}/mail.log",
            "maillog_file_prefixes": f"{self.folder}",
            **self.main,
        }
        # `postfix start` makes what is missing in them.
        for folder in (self.configuration, self.spool, self.folder / "data"):
            folder.mkdir()
        shutil.chown(self.folder / "data", "postfix")
        lines = [f"{name} = {value}\n" for name, value in main.items()]
        (self.configuration / "main.cf").write_text("".join(lines))
        (self.configuration / "master.cf").write_text(SERVICES.format(port=self.port) + self.master)
        for name, lines in {**self.maps, "aliases": self.aliases}.items():
            self.write_map(name, lines)

    def _run(self, program, *arguments, check=True):
        done = subprocess.run([f"/usr/sbin/{program}", *arguments], capture_output=True, text=True,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                                   "MAIL_CONFIG": str(self.configuration)})
        if check and done.returncode != 0:
            raise RuntimeError(f"{program} {' '.join(arguments)}: exit status {done.returncode}\n"
                               f"{done.stdout}{done.stderr}")
        return done.stdout


def bind(source, target, stack):
    """Put a file or folder in the place of another until `stack` ends."""
    subprocess.run(["mount", "--rbind", source, target], check=True)
    stack.callback(subprocess.run, ["umount", "--recursive", "--lazy", target], check=True)


def bind_devices(folder, stack):
    """Make /dev a new folder with few devices and no syslog."""
    folder.mkdir()
    for name in ("null", "zero", "full", "random", "urandom"):
        (folder / name).touch()
        bind(Path("/dev", name), folder / name, stack)
    bind(folder, SYSLOG.parent, stack)


def is_foreign(path):
    """Whether this is a file that no test has written."""
    return path.exists() and not path.read_text().startswith(OWN_LINE)


def is_received(path):
    """Whether this is anything but a socket that its process has left behind."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return os.path.lexists(path)
    return True
