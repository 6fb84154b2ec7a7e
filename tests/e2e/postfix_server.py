"""A real Postfix for tests, invisible to the machine that it runs on.

A test program calls `enter_private_namespaces()` first; then, as a context manager,
`PostfixServer` runs on folders of its own, mounted over Postfix's. Mail for any foreign domain
ends in smtp-sink, where `sent()` finds it, and what programs write to syslog ends in the mail
log; nothing listens anywhere but on 127.0.0.1.
"""

import atexit
import contextlib
import email
import email.message
import email.policy
import grp
import json
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

CONFIGURATION = Path("/etc/postfix")
QUEUE = Path("/var/spool/postfix")
DATA = Path("/var/lib/postfix")

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

SYNC = b"the receiver has read what came before this"

# A dump of smtp-sink starts with the envelope and a Received field of its own.
DUMP = re.compile(
    r"(?:X-Client-.*\n|X-Helo-.*\n)*X-Mail-Args: <(?P<sender>.*?)>.*\n"
    r"(?P<recipients>(?:X-Rcpt-Args: .*\n)+)Received: .*\n(?:\t.*\n)+"
)


def enter_private_namespaces():
    """Start this program again where its mounts, and all its processes, are its own.

    The process namespace is what keeps the promise that nothing is left running: when this
    program ends, however that comes about, the kernel ends whatever is still in there.
    """
    here = os.readlink("/proc/self/ns/mnt")
    if os.environ.get("OUTER_MOUNT_NAMESPACE", here) == here:
        unshare = ["unshare", "--mount", "--propagation", "private",
                   "--pid", "--fork", "--kill-child", "--mount-proc"]
        if os.geteuid() != 0:
            if not shutil.which("sudo"):
                sys.exit("FAILED: private mounts need root")
            os.execvp("sudo", ["sudo", "--preserve-env=INFOREPLY_BIN", sys.executable,
                               *sys.orig_argv[1:]])
        attempt = subprocess.run([*unshare, "true"], capture_output=True, text=True)
        if attempt.returncode != 0:
            sys.exit(f"FAILED: no private mounts here: {attempt.stderr.strip()}")
        os.environ["OUTER_MOUNT_NAMESPACE"] = here
        sys.stdout.flush()
        os.execvp("unshare", [*unshare, sys.executable, *sys.orig_argv[1:]])
    # unittest swallows SystemExit, but lets KeyboardInterrupt through to the end.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Programs under test refuse files that others may write.
    os.umask(0o022)


@dataclass
class Sent:
    """A message that left through smtp-sink."""

    sender: str
    recipients: list[str]
    message: email.message.EmailMessage
    raw: bytes


class PostfixServer:
    def __init__(self, folder, main=None, master="", maps=None, aliases=(), accounts=()):
        """`folder` is empty, the caller's to remove, and open to everybody for reading.

        main      parameters of main.cf, beside or instead of those below
        master    lines for master.cf
        maps      name -> lines of the table lmdb:/etc/postfix/NAME
        aliases   lines of the alias table of local(8)
        accounts  names of unprivileged accounts that only these processes see
        """
        self.folder = Path(folder)
        self.main = main or {}
        self.master = master
        self.maps = maps or {}
        self.aliases = aliases
        self.accounts = accounts
        self._log_start = 0

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._mount(stack)
            self.port, sink_port = free_ports(2)
            self._write_configuration(sink_port)
            # What runs last at the end: every process has gone when the folders go.
            stack.callback(self.wait_for, no_children, "the last process to end")
            self._start_syslog(stack)
            self._start_sink(stack, sink_port)
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
            return not any(os.listdir(QUEUE / name) for name in ("maildrop", "incoming", "active"))

        self.wait_for(lambda: all(idle() for _ in range(4)), "the queue to become idle", timeout)
        self._sync_syslog()

    def sent(self):
        """What has left so far. Complete once the queue is idle: smtp-sink closes its file
        before it accepts the message."""
        files = sorted((self.folder / "sink").iterdir(), key=lambda file: file.stat().st_mtime_ns)
        return [parse_dump(file.read_bytes()) for file in files]

    def log(self):
        """The mail log since the last `clear()`."""
        return (self.folder / "mail.log").read_text(errors="replace")[self._log_start:]

    def wait_for_log(self, pattern, start=0, timeout=10):
        """Wait for a line in the log, which other processes write, a little later."""
        self.wait_for(lambda: re.search(pattern, self.log()[start:]), f"{pattern} in the log",
                      timeout)

    def wait_for(self, condition, what, timeout=30):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {timeout} s for {what}")
            time.sleep(0.02)

    def clear(self):
        """Forget all mail, waiting and sent, and the log."""
        self.wait_idle()
        self._run("postsuper", "-d", "ALL")
        for file in (self.folder / "sink").iterdir():
            file.unlink()
        self._log_start += len(self.log())

    def _mount(self, stack):
        if os.readlink("/proc/self/ns/mnt") == os.environ.get("OUTER_MOUNT_NAMESPACE"):
            raise RuntimeError("call enter_private_namespaces() first")

        def bind(source, target):
            subprocess.run(["mount", "--rbind", source, target], check=True)
            stack.callback(subprocess.run, ["umount", "--recursive", "--lazy", target], check=True)

        shutil.copytree(CONFIGURATION, self.folder / "etc", symlinks=True)
        bind(self.folder / "etc", CONFIGURATION)
        # Empty ones instead of copies: mail that waits in the machine's queue is nobody's
        # business here. `postfix start` makes what is missing.
        for target, owner in ((QUEUE, "root"), (DATA, "postfix")):
            source = self.folder / target.parent.name
            source.mkdir()
            shutil.chown(source, owner)
            bind(source, target)

        number = unused_id()
        for file, line in (("passwd", "{0}:x:{1}:{1}::/nonexistent:/usr/sbin/nologin\n"),
                           ("group", "{0}:x:{1}:\n")):
            copy = self.folder / file
            lines = (line.format(name, number + n) for n, name in enumerate(self.accounts))
            copy.write_text(Path("/etc", file).read_text() + "".join(lines))
            bind(copy, Path("/etc", file))

        # /dev/log cannot be made in the machine's own /dev without everybody seeing it.
        devices = self.folder / "dev"
        devices.mkdir()
        for name in ("null", "zero", "full", "random", "urandom"):
            (devices / name).touch()
            bind(Path("/dev", name), devices / name)
        bind(devices, Path("/dev"))

    def _write_configuration(self, sink_port):
        main = {
            "compatibility_level": "3.6",
            "myhostname": "mail.ora.com",
            "mydestination": "$myhostname, localhost",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "smtpd_peername_lookup": "no",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "smtp_dns_support_level": "disabled",
            "relayhost": f"[127.0.0.1]:{sink_port}",
            "alias_maps": f"lmdb:{CONFIGURATION}/aliases",
            "local_recipient_maps": "$alias_maps",
            "mail_spool_directory": f"{self.folder}/mailboxes",
            "notify_classes": "",
            "maillog_file": f"{self.folder}/mail.log",
            "maillog_file_prefixes": f"{self.folder}",
            **self.main,
        }
        lines = [f"{name} = {value}\n" for name, value in main.items()]
        (CONFIGURATION / "main.cf").write_text("".join(lines))
        (CONFIGURATION / "master.cf").write_text(SERVICES.format(port=self.port) + self.master)
        for name, lines in {**self.maps, "aliases": self.aliases}.items():
            (CONFIGURATION / name).write_text("".join(f"{line}\n" for line in lines))
            program = "postalias" if name == "aliases" else "postmap"
            self._run(program, f"lmdb:{CONFIGURATION}/{name}")

    def _start_syslog(self, stack):
        log = stack.enter_context(open(self.folder / "mail.log", "ab", buffering=0))
        receiver = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        receiver.bind("/dev/log")
        os.chmod("/dev/log", 0o666)

        caught_up = threading.Event()

        def receive():
            while line := receiver.recv(65536):
                if line == SYNC:
                    caught_up.set()
                else:
                    log.write(re.sub(rb"^<\d+>", b"", line).rstrip(b"\n\0") + b"\n")

        def sync():
            # Datagrams come in the order in which they were sent.
            caught_up.clear()
            receiver.sendto(SYNC, "/dev/log")
            if not caught_up.wait(10):
                raise TimeoutError("waited 10 s for the receiver of syslog")

        self._sync_syslog = sync

        # A daemon, as Python waits for other threads before it runs what atexit holds.
        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(receiver.sendto, b"", "/dev/log")

    def _start_sink(self, stack, port):
        dumps = self.folder / "sink"
        dumps.mkdir()
        shutil.chown(dumps, "nobody")
        output = stack.enter_context(open(self.folder / "sink.log", "wb"))
        sink = subprocess.Popen(
            ["/usr/sbin/smtp-sink", "-d", f"{dumps}/mail.", "-u", "nobody",
             f"127.0.0.1:{port}", "100"],
            stdout=output, stderr=output)
        stack.callback(sink.wait)
        stack.callback(sink.terminate)

        def listening():
            if sink.poll() is not None:
                raise RuntimeError(f"smtp-sink: {(self.folder / 'sink.log').read_text()}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        self.wait_for(listening, "smtp-sink to listen")

    def _run(self, program, *arguments, check=True):
        # An environment of its own: MAIL_CONFIG, for one, would lead away from the copies.
        done = subprocess.run([f"/usr/sbin/{program}", *arguments], capture_output=True, text=True,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        if check and done.returncode != 0:
            raise RuntimeError(f"{program} {' '.join(arguments)}: exit status {done.returncode}\n"
                               f"{done.stdout}{done.stderr}")
        return done.stdout


def parse_dump(dump):
    text = dump.decode("utf-8", "surrogateescape")
    head = DUMP.match(text)
    recipients = re.findall(r"^X-Rcpt-Args: <(.*?)>", head["recipients"], re.MULTILINE)
    # smtp-sink also writes the line end of the dot that ends the message.
    raw = text[head.end():-1].encode("utf-8", "surrogateescape")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return Sent(head["sender"], recipients, message, raw)


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def unused_id():
    """The first of a run of numbers that neither accounts nor groups use."""
    taken = [account.pw_uid for account in pwd.getpwall()]
    taken += [group.gr_gid for group in grp.getgrall()]
    return max(number for number in taken if number < 60000) + 1


def no_children():
    """Reaps the daemons, which as orphans in this process namespace become our children."""
    with contextlib.suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return False
    return True
