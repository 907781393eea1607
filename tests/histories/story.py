"""A shop whose database has a history, `fqlc run` beside it, and a ledger of what was sent."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from fql.testing import MockWebhookServer
from fqlc.cli.main import run

START = 90.0
"""Seconds for a start: on a busy machine the first one, which finds no bytecode, took over 20."""
SOURCE = """
entity Order from "orders" {
  id: Int @key
  status: String
}
observer placed {
  on: Order.insert
  webhook tell { url: "%s/placed" body: { id } }
}
"""
SETTINGS = """[egress]
allow = ["127.0.0.1/32"]
[sources.shop]
kind = "sqlite"
database = "shop.db"
%s
[observability.prometheus]
host = "127.0.0.1"
port = %d
"""


@contextmanager
def logging_as_before() -> Iterator[None]:
    """A command sets the log of its process up, which is that of all tests here."""
    logger = logging.getLogger("fql")
    before = logger.handlers[:], logger.propagate, logger.level
    try:
        yield
    finally:
        logger.handlers[:], logger.propagate = before[0], before[1]
        logger.setLevel(before[2])


@dataclass
class Story:
    """One project in a folder. `said` are the ids of orders that were committed, in order; `store`
    is the url of a store elsewhere."""

    folder: Path
    server: MockWebhookServer
    journal: str = "wal"
    store: str = ""
    said: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (self.folder / "shop.fql").write_text(SOURCE % self.server.url)
        self.settings()
        self.create()
        self.fqlc("capture", "install", "shop.fql")

    @property
    def database(self) -> Path:
        return self.folder / "shop.db"

    def settings(self, source: str = "", more: str = "") -> None:
        """Write `fql.toml`; `source` are more keys of the source."""
        store = f'[store]\nurl = "{self.store}"\n' if self.store else ""
        (self.folder / "fql.toml").write_text(more + store + SETTINGS % (source, self.port))

    def create(self) -> None:
        """The application's database without capture."""
        with self.connect() as connection:
            connection.execute(f"PRAGMA journal_mode = {self.journal}")
            connection.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, status TEXT)")

    @contextmanager
    def connect(self, name: str = "shop.db") -> Iterator[sqlite3.Connection]:
        """The application's own connection."""
        connection = sqlite3.connect(self.folder / name, timeout=20, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    def order(self, *numbers: int) -> None:
        """Commit orders, each by itself."""
        with self.connect() as connection:
            for number in numbers:
                connection.execute("INSERT OR REPLACE INTO orders VALUES(?, 'new')", (number,))
                self.said.append(number)

    def at_once(self, *numbers: int) -> None:
        """Commit orders in one transaction."""
        with self.connect() as connection:
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO orders VALUES(?, 'new')", [(n,) for n in numbers])
            connection.execute("COMMIT")
        self.said += numbers

    def execute(self, *statements: str) -> None:
        """What somebody does to the database."""
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def backup(self, name: str = "backup.db") -> Path:
        """A consistent copy, in the same journal mode."""
        target = self.folder / name
        target.unlink(missing_ok=True)
        with self.connect() as connection:
            connection.execute(f"VACUUM INTO '{target}'")
        with self.connect(name) as connection:
            connection.execute(f"PRAGMA journal_mode = {self.journal}")
        return target

    def copied(self, name: str = "copy.db") -> Path:
        """A copy that may be moved, so that the backup stays."""
        return Path(shutil.copyfile(self.folder / "backup.db", self.folder / name))

    def waiting(self) -> int:
        """Rows in the outbox."""
        with self.connect() as connection:
            (count,) = connection.execute("SELECT count(*) FROM fql_main_outbox").fetchone()
        return int(count)

    # The command.

    def fqlc(self, *arguments: str, code: int = 0) -> str:
        """Run a command to its end, in this process, as to start one takes longest; what it
        printed."""
        taken = io.BytesIO()
        said = io.TextIOWrapper(taken, "utf-8", write_through=True)
        with (
            contextlib.chdir(self.folder), redirect_stdout(said), redirect_stderr(said),
            logging_as_before(),
        ):  # fmt: skip
            ended = run(arguments)
        text = taken.getvalue().decode()
        assert ended == code, text + self.log()
        return text

    def finish(self, *arguments: str) -> str:
        """`fqlc run` until nothing is left."""
        return self.fqlc("run", "shop.fql", "--until-idle", "--timeout", "60s", *arguments)

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """`fqlc run` in the background, ready."""
        begin = len(self.log())
        with (self.folder / "run.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "fqlc", "run", "shop.fql", *arguments],
                cwd=self.folder, stdout=log, stderr=log, env={**os.environ, "NO_COLOR": "1"},
            )  # fmt: skip
        try:
            self.until("ready", lambda: self._is_ready(process, begin), START)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            finally:
                process.kill()
                process.wait()

    def answers(self) -> bool:
        """Whether the metrics port is open."""
        return self.page("/health")[0] == 200

    def log(self) -> str:
        """What all processes in the background have said."""
        path = self.folder / "run.log"
        return path.read_text() if path.exists() else ""

    def page(self, path: str) -> tuple[int, str]:
        """A page of the metrics port; 0 when it is not there."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    # Waiting and judging.

    def _is_ready(self, process: subprocess.Popen[bytes], begin: int) -> bool:
        assert process.poll() is None, f"it has ended\n{self.log()[begin:]}"
        return "ready" in self.log()[begin:] and self.answers()

    def until(self, what: str, holds: Callable[[], bool], seconds: float = 20) -> None:
        """Wait until it holds."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"{what}\n{self.log()}"
            time.sleep(0.02)

    def heard(self) -> dict[int, set[str]]:
        """For each order that was sent: its keys."""
        found: dict[int, set[str]] = {}
        for request in self.server.requests:
            payload = request.payload
            assert isinstance(payload, dict)
            found.setdefault(payload["id"], set()).add(request.key)
        return found

    def all_heard(self) -> bool:
        """Whether every committed order was sent."""
        return set(self.said) <= set(self.heard())

    def times(self, number: int) -> int:
        """How often an order was sent."""
        return sum(request.payload == {"id": number} for request in self.server.requests)
