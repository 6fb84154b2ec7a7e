"""Redis servers for tests, each in a folder of its own, on loopback or a Unix socket alone: a single
one, a cluster with replicas, and a master with replicas that sentinels watch.

Debian's package redis-tools has the server, too: it is the binary of the checkers, which is what it
was called by. So no server need be installed that would run by itself.

All are context managers that end what they have started.
"""

import contextlib
import os
import random
import select
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
from pathlib import Path

from programs import wait_for

BINARY = Path("/usr/bin/redis-check-rdb")
HOST = "127.0.0.1"

# Before a program that is to end when we do, even if we are killed.
WITH_US = ["setpriv", "--pdeathsig", "KILL"]

# Nothing stays on the disk, and a replica is there at once.
SETTINGS = ["save ''", "appendonly no", "repl-diskless-sync-delay 0", "repl-ping-replica-period 1"]


def free_ports(count):
    """Below those that the kernel gives to whoever connects, which could take the port of a server
    that is down for a while."""
    with contextlib.ExitStack() as stack:
        ports = []
        while len(ports) < count:
            port = random.randrange(11000, 32000)
            with contextlib.suppress(OSError):
                stack.enter_context(socket.socket()).bind((HOST, port))
                ports.append(port)
        return ports


class Server:
    """A server with `settings`, lines as in redis.conf; by its URL `user` logs in and takes
    `database`. `password`: what the tests' own commands need; `within`: words that go before the
    program."""

    def __init__(self, *settings, user="", database=0, port=None, on_socket=False, password=None,
                 program="redis-server", host=HOST, within=()):
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self.user = user
        self.database = database
        self.host = host
        self.port = 0 if on_socket else port or free_ports(1)[0]
        self.socket = self.folder / "socket" if program == "redis-server" else None
        self.password = password
        self.process = None
        self.is_paused = False
        # It goes by the name that it is called by.
        program_file = self.folder / program
        program_file.symlink_to(BINARY)
        self.configuration = self.folder / "redis.conf"
        self.command = [*within, *WITH_US, program_file, self.configuration]
        lines = [f"port {self.port}", f"bind {host}", f"dir {self.folder}"]
        if self.socket:
            lines += [f"unixsocket {self.socket}", *SETTINGS]
        lines += settings
        if password:
            lines.append(f'requirepass "{password}"')
        self.configuration.write_text("\n".join(lines) + "\n")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder)

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    @property
    def url(self):
        if self.port:
            return (f"redis://{self.user and self.user + '@'}{self.address}" +
                    (f"/{self.database}" if self.database else ""))
        options = ([f"db={self.database}"] if self.database else []) + (
            [f"user={self.user}"] if self.user else [])
        return f"redis+unix:{self.socket}" + ("?" + "&".join(options) if options else "")

    def launch(self):
        """Starts it without waiting."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)

    def start(self):
        self.launch()
        wait_for(self.answers, f"{self.address} to answer")

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server has ended: {self.log()[-2000:]}")
        return self.run("PING").stdout == "PONG\n"

    def kill(self):
        """As a power cut would."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.is_paused = True

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)
        self.is_paused = False

    def run(self, *words, orders=None):
        """What redis-cli came to, with one command or many lines of `orders`."""
        place = ["-s", self.socket] if self.socket else ["-h", self.host, "-p", str(self.port)]
        login = {"REDISCLI_AUTH": self.password} if self.password else {}
        return subprocess.run(["redis-cli", *([] if orders else ["-e"]), "-n", str(self.database),
                               *place, *map(str, words)],
                              input=orders, stdin=None if orders else subprocess.DEVNULL,
                              capture_output=True, text=True, env={**os.environ, **login})

    def ask(self, *words):
        """The answer to a command that must succeed."""
        done = self.run(*words)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def info(self, section):
        """The fields of a section of INFO."""
        lines = [line for line in self.ask("INFO", section).splitlines() if ":" in line]
        return dict(line.strip().split(":", 1) for line in lines)

    def keys(self):
        return sorted(self.ask("KEYS", "*").split())

    def masters(self):
        return [self]

    def replicas(self):
        """How many follow it and have all that it has."""
        fields = self.info("replication")
        return sum("state=online" in fields[name] for name in fields
                   if name.startswith("slave") and name[5:].isdigit())

    def is_master(self):
        return self.info("replication")["role"] == "master"

    def fill(self):
        """Until its memory has reached what it may take, to the last octets."""
        for size in (10_000, 100, 1):
            orders = "".join(f"SET ballast:{size}:{number} {'x' * size}\n" for number in range(1000))
            while "OOM" not in self.run(orders=orders).stdout:
                orders = orders.replace("ballast:", "ballast:more-")


class Tap(socketserver.ThreadingTCPServer):
    """Stands before a server. `answer` gets what a client sends, before the server does: what it
    returns is the answer, and the server never gets it; None: the server answers."""

    daemon_threads = True
    block_on_close = False  # a client may leave its connection open

    def __init__(self, server, answer):
        super().__init__((HOST, 0), None)
        self.behind = server
        self.answer = answer
        self.url = f"redis://{HOST}:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def finish_request(self, request, client_address):
        with socket.create_connection((self.behind.host, self.behind.port)) as server:
            other = {request: server, server: request}
            while True:
                for end in select.select(list(other), [], [])[0]:
                    octets = end.recv(65536)
                    if not octets:
                        return
                    answer = self.answer(octets) if end is request else None
                    if answer is None:
                        other[end].sendall(octets)
                    else:
                        end.sendall(answer)


class Group(contextlib.AbstractContextManager):
    """Several servers that belong together."""

    def __init__(self, replicas, settings, user):
        self.count = replicas  # of each master
        self.settings = settings
        self.user = user
        self.stack = contextlib.ExitStack()
        self.servers = []

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.stack = stack
            self.prepare()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def add(self, *settings, **arguments):
        return self.stack.enter_context(Server(*settings, **arguments))

    def running(self):
        return [server for server in self.servers
                if server.process.poll() is None and not server.is_paused]

    def server_at(self, port):
        [found] = [server for server in self.servers if server.port == int(port)]
        return found


class Replicated(Group):
    """A master and its replicas; the URL is the master's."""

    def __init__(self, *settings, replicas=1, user=""):
        super().__init__(replicas, settings, user)

    def prepare(self):
        master = self.add(*self.settings, user=self.user)
        self.servers = [master]
        for _ in range(self.count):
            self.servers.append(self.add(f"replicaof {HOST} {master.port}", *self.settings,
                                         user=self.user))
        wait_for(lambda: master.replicas() == self.count, "the replicas")

    @property
    def url(self):
        return self.master.url

    @property
    def master(self):
        return self.servers[0]

    @property
    def replica(self):
        return self.servers[1]


class Watched(Replicated):
    """A master and its replicas, watched by three sentinels."""

    NAME = "replies"
    DOWN_AFTER = 1000  # milliseconds

    def __init__(self, *settings, replicas=2, user=""):
        super().__init__(*settings, replicas=replicas, user=user)
        self.sentinels = []

    @property
    def url(self):
        places = ",".join(sentinel.address for sentinel in self.sentinels)
        return f"redis+sentinel://{self.user and self.user + '@'}{places}/{self.NAME}"

    def prepare(self):
        super().prepare()
        for _ in range(3):
            sentinel = self.add(
                f"sentinel monitor {self.NAME} {HOST} {self.master.port} 2",
                f"sentinel down-after-milliseconds {self.NAME} {self.DOWN_AFTER}",
                f"sentinel failover-timeout {self.NAME} 3000",
                program="redis-sentinel")
            # They find each other, and see what has changed, ten times as fast.
            sentinel.ask("SENTINEL", "DEBUG", "INFO-PERIOD", 500, "PUBLISH-PERIOD", 200,
                         "ASK-PERIOD", 200, "PING-PERIOD", 200)
            self.sentinels.append(sentinel)
        wait_for(self.is_ready, "the sentinels")

    def is_ready(self):
        """Whether all is as it was planned and no failover is under way: a master that is lost in
        the middle of one may have no replica left that could follow it."""
        master = self.current_master()
        return (master is not None and master.replicas() == self.count and
                all(self._is_settled(sentinel) for sentinel in self.sentinels))

    def _is_settled(self, sentinel):
        lines = sentinel.ask("SENTINEL", "MASTER", self.NAME).splitlines()
        fields = dict(zip(lines[::2], lines[1::2]))
        return (fields["flags"], fields["num-other-sentinels"],
                fields["num-slaves"]) == ("master", "2", str(self.count))

    def current_master(self):
        """As the sentinels know it."""
        places = {sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.NAME)
                  for sentinel in self.sentinels}
        return self.server_at(places.pop().split()[1]) if len(places) == 1 else None

    def masters(self):
        return [self.current_master()]

    def wait_for_another_master(self, former):
        """Until all sentinels know a master other than `former`, which takes writes."""
        def there():
            master = self.current_master()
            return master not in (None, former) and master.is_master()

        wait_for(there, "another master")

    def promote_a_replica(self):
        former = self.current_master()
        self.sentinels[0].ask("SENTINEL", "FAILOVER", self.NAME)
        self.wait_for_another_master(former)
        wait_for(self.is_ready, "the end of the failover")


class Cluster(Group):
    """Three masters, each with replicas."""

    MASTERS = 3
    SLOTS = 16_384

    def __init__(self, *settings, replicas=1, user=""):
        super().__init__(replicas, settings, user)

    @property
    def url(self):
        places = ",".join(server.address for server in self.servers[:3])
        return f"redis+cluster://{self.user and self.user + '@'}{places}"

    def prepare(self):
        count = self.MASTERS * (1 + self.count)
        for port, bus in zip(*[iter(free_ports(2 * count))] * 2):
            self.servers.append(self.add(
                "cluster-enabled yes", f"cluster-port {bus}", "cluster-node-timeout 1000",
                "cluster-replica-validity-factor 0", *self.settings, port=port))
            self.servers[-1].bus = bus
        self.manage("create", *[f"{server.address}@{server.bus}" for server in self.servers],
                    "--cluster-replicas", self.count)
        wait_for(self.is_ready, "the cluster")

    def manage(self, command, *words):
        """redis-cli's own orders to a cluster."""
        done = subprocess.run(["redis-cli", "--cluster", command, *map(str, words), "--cluster-yes"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"redis-cli --cluster {command}: {done.stdout[-3000:]}{done.stderr}")

    def is_ready(self):
        return (self.is_agreed() and
                all(server.replicas() == self.count for server in self.masters()))

    def is_agreed(self):
        """Whether all that run know the same masters, which have all slots."""
        views = [self._ranges(server) for server in self.running()]
        return (all(view == views[0] for view in views) and
                all("cluster_state:ok" in server.ask("CLUSTER", "INFO")
                    for server in self.running()) and
                sum(high - low + 1 for low, high, _ in views[0]) == self.SLOTS)

    @staticmethod
    def _ranges(server):
        """(first slot, last slot, port of its master) as this server knows them."""
        found = []
        for line in server.ask("CLUSTER", "NODES").splitlines():
            _, place, flags, _, _, _, _, _, *ranges = line.split()
            port = int(place.split("@")[0].rsplit(":", 1)[1])
            if "master" in flags and "fail" not in flags.split(","):
                found += [(int(low), int(high or low), port) for low, _, high in
                          (each.partition("-") for each in ranges if not each.startswith("["))]
        return sorted(found)

    def masters(self):
        return [server for server in self.running() if server.is_master()]

    def owner(self, tag):
        """The master of the slot of all keys with this hash tag."""
        slot = self.slot(tag)
        [port] = [port for low, high, port in self._ranges(self.running()[0]) if low <= slot <= high]
        return self.server_at(port)

    def slot(self, tag):
        return int(self.running()[0].ask("CLUSTER", "KEYSLOT", tag))

    def replica_of(self, master):
        [found] = [server for server in self.running()
                   if server.info("replication").get("master_port") == str(master.port)]
        return found

    @staticmethod
    def id(server):
        return server.ask("CLUSTER", "MYID")

    def move_slots(self, source, target, count):
        """So many, with all keys in them, while both go on."""
        self.manage("reshard", source.address, "--cluster-from", self.id(source), "--cluster-to",
                    self.id(target), "--cluster-slots", count)

    def begin_to_move(self, slot, source, target):
        """Nothing of it moves yet."""
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", self.id(source))
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", self.id(target))

    def finish_to_move(self, slot, source, target):
        while keys := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100).split():
            source.ask("MIGRATE", target.host, target.port, "", 0, 5000, "KEYS", *keys)
        for server in (target, source):
            server.ask("CLUSTER", "SETSLOT", slot, "NODE", self.id(target))

    def promote(self, replica):
        replica.ask("CLUSTER", "FAILOVER")
        self.wait_for_master(replica)

    def wait_for_master(self, replica):
        """Until all that run know that it is one now."""
        wait_for(lambda: replica.is_master() and self.is_agreed(), "the replica to be the master")
