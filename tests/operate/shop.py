"""A shop that `fqlc run` serves as a process of its own, and the commands of those who run it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner

from fql.testing import MockWebhookServer
from fqlc.cli.main import fqlc

SOURCE = """
entity Order from "orders" {
  id: Int @key
  updated_at: DateTime
}
endpoint receiver { url: "%s" timeout: 5s }
retry patient { max_attempts: 100, backoff: fixed, initial_delay: 100ms, jitter: none }
observer placed {
  on: Order.insert
  retry: patient
  webhook tell { endpoint: receiver path: "/tell" body: { id } }
}
"""
SETTINGS = """[egress]
allow = ["127.0.0.1/32"]
[store]
url = "sqlite:///fql.db"
[sources.shop]
kind = "sqlite"
database = "shop.db"
[webhooks.circuit]
open_for = "100ms"
"""

MAIN = "import sys; from fqlc.cli.main import run; sys.exit(run(sys.argv[1:]))"
INSTALL = ("capture", "install", "plan.json")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Shop:
    """A project in a folder, with its database; `more` is added to its settings."""

    folder: Path
    server: MockWebhookServer
    more: str = ""
    source: str = SOURCE
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "shop.fql").write_text(self.source % self.server.url)
        (self.folder / "fql.toml").write_text(SETTINGS + self.more)
        self.write("CREATE TABLE orders(id INTEGER PRIMARY KEY, updated_at TEXT)")
        for command in (("compile", "-o", "plan.json", "shop.fql"), INSTALL):
            done = self.fqlc(*command)
            assert done.code == 0, done.err

    @property
    def log(self) -> str:
        """What the engines of this shop have said."""
        return (self.folder / "run.log").read_text()

    def fqlc(self, *arguments: str) -> Ended:
        """A command in this process, in the folder of the shop."""
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            done = CliRunner().invoke(fqlc, arguments, env=dict(self.environment))
        finally:
            os.chdir(before)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Ended(done.exit_code, done.stdout, done.stderr)

    def write(self, statement: str, *values: object) -> None:
        """One transaction of the application."""
        with closing(sqlite3.connect(self.folder / "shop.db", timeout=20)) as connection:
            connection.execute(statement, values)
            connection.commit()

    def order(self, *numbers: int) -> None:
        """New orders."""
        for number in numbers:
            self.write("INSERT INTO orders VALUES(?, datetime('now'))", number)

    @contextmanager
    def engine(self, *arguments: str, first: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """`fqlc run` as a process that does something `first`, from when it is ready."""
        at = len(self.log) if (self.folder / "run.log").exists() else 0
        with (self.folder / "run.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", f"{first}\n{MAIN}", "run", "plan.json", *arguments],
                cwd=self.folder, stdout=log, stderr=log,
                env={**os.environ, "NO_COLOR": "1", **self.environment},
            )  # fmt: skip
        try:
            until(lambda: '"event":"Ready"' in self.log[at:] or process.poll() is not None)
            assert process.poll() is None, self.log[at:]
            yield process
        finally:
            process.kill()
            process.wait()

    def finish(self) -> str:
        """Run the engine until everything has ended; what it said."""
        done = self.fqlc("run", "plan.json", "--until-idle", "--timeout", "60s")
        assert done.code == 0, done.err
        return done.err

    def heard(self) -> list[int]:
        """The orders that the receiver has taken, each as often as it came."""
        payloads = [one.payload for one in self.server.requests]
        return [int(one["id"]) for one in payloads if isinstance(one, dict)]


def stopped(process: subprocess.Popen[bytes]) -> int:
    """Its exit code after SIGTERM."""
    process.send_signal(signal.SIGTERM)
    return process.wait(60)


def until(holds: object, seconds: float = 90) -> None:
    """Wait for something to hold."""
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
