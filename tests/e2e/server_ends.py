"""What tests need around a mail server: where its mail ends (`Sink`), where syslog ends (`Syslog`),
and that all processes end.
"""

import contextlib
import email
import email.message
import email.policy
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SYNC = b"the receiver has read what came before this"

# A dump of smtp-sink starts with the envelope and a Received field of its own.
DUMP = re.compile(
    r"(?:X-Client-.*\n|X-Helo-.*\n)*X-Mail-Args: <(?P<sender>.*?)>.*\n"
    r"(?P<recipients>(?:X-Rcpt-Args: .*\n)+)Received: .*\n(?:\t.*\n)+"
)


@dataclass
class Sent:
    """A message that left through smtp-sink."""

    sender: str
    recipients: list[str]
    message: email.message.EmailMessage
    raw: bytes


class Sink:
    """smtp-sink on 127.0.0.1, a context manager; it keeps what comes in a new folder."""

    def __init__(self, folder, port):
        self.folder = folder
        self.port = port

    def __enter__(self):
        self.folder.mkdir()
        shutil.chown(self.folder, "nobody")
        log = self.folder.with_suffix(".log")
        with open(log, "wb") as output, contextlib.ExitStack() as stack:
            sink = subprocess.Popen(
                ["/usr/sbin/smtp-sink", "-d", f"{self.folder}/mail.", "-u", "nobody",
                 f"127.0.0.1:{self.port}", "100"],
                stdout=output, stderr=output)
            stack.callback(sink.wait)
            stack.callback(sink.terminate)

            def listening():
                if sink.poll() is not None:
                    raise RuntimeError(f"smtp-sink: {log.read_text()}")
                return listens(self.port)

            wait_for(listening, "smtp-sink to listen")
            self._ending = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._ending.close()

    def sent(self):
        """What has come so far: smtp-sink closes its file before it accepts the message."""
        files = sorted(self.folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        return [parse_dump(file.read_bytes()) for file in files]

    def clear(self):
        for file in self.folder.iterdir():
            file.unlink()


class Syslog:
    """A receiver of syslog at a socket, a context manager; it writes to a file."""

    def __init__(self, path, log):
        self.path = path
        self.log = log

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(open(self.log, "ab", buffering=0))
            receiver = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            receiver.bind(str(self.path))
            stack.callback(self.path.unlink)
            self.path.chmod(0o666)
            self._receiver = receiver
            self._caught_up = threading.Event()
            # A daemon, as Python waits for other threads before it runs what atexit holds.
            thread = threading.Thread(target=self._receive, args=(log,), daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(receiver.sendto, b"", str(self.path))
            self._ending = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._ending.close()

    def sync(self):
        """Wait until all that was sent before is in the file."""
        # Datagrams come in the order in which they were sent.
        self._caught_up.clear()
        self._receiver.sendto(SYNC, str(self.path))
        if not self._caught_up.wait(10):
            raise TimeoutError("waited 10 s for the receiver of syslog")

    def _receive(self, log):
        while line := self._receiver.recv(65536):
            if line == SYNC:
                self._caught_up.set()
            else:
                log.write(re.sub(rb"^<\d+>", b"", line).rstrip(b"\n\0") + b"\n")


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


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, what, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s for {what}")
        time.sleep(0.02)


def end_processes():
    """Every process that has come out of this one ends by itself, or it is ended: a fault."""
    try:
        wait_for(no_children, "the last process to end")
    except TimeoutError:
        # The children of what is ended here become children themselves.
        while not no_children():
            for process in children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.02)
        raise


def children():
    """The ids of the processes that are children of this one, by birth or as orphans."""
    lists = Path("/proc/self/task").glob("*/children")
    return [int(number) for each in lists for number in each.read_text().split()]


def no_children():
    """Reaps what has ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return False
    return True
