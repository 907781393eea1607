"""The shop's application, on PostgreSQL or SQLite: what writes, and what must come of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psycopg

from tests.end_to_end.support import EXAMPLES
from tests.kills import shop as kills
from tests.postgresql.client import TABLES
from tests.postgresql.ledger import Place, Truth

HERE = Path(__file__).parent
SETTINGS = """
[project]
name = "shop"
[egress]
allow = ["127.0.0.1/32"]
[store]
url = "${SHOP_DATABASE}"
engines = "%s"
[sources.shop]
kind = "sqlite"
database = "shop.db"
"""


ALONE = '[store]\nengines = "single"'
"""These stories are about an engine and its standby."""


class Application(Protocol):
    """Whose rows are captured. `program` is what engines run; each action comes after the one that
    `after` names."""

    program: str
    after: Mapping[str, str]

    def prepare(self, folder: Path, url: str) -> None:
        """Make the project in this folder, and the tables. `url` is where the store is."""
        ...

    def writing(self, clients: int, pause: float) -> AbstractContextManager[None]:
        """Write meanwhile."""
        ...

    def truth(self) -> Truth:
        """What must have come of it."""
        ...


@dataclass
class Example07:
    """Example 07, and a second table. Processes write to the database of the store."""

    program: str = "parcels.fql"
    after: Mapping[str, str] = field(
        default_factory=lambda: {"crm": "label", "statistics": "label"}
    )
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000)))

    def prepare(self, folder: Path, url: str) -> None:
        """As its README says."""
        self._folder, self._environment = folder, os.environ | {"SHOP_DATABASE": url}
        shutil.copytree(EXAMPLES / "07_postgresql_shop", folder, dirs_exist_ok=True)
        shutil.copy(HERE / "parcels.fql", folder)
        settings = folder / "fql.toml"
        settings.write_text(settings.read_text().replace("[store]", ALONE))
        subprocess.run(
            [sys.executable, "shop.py", "create"], cwd=folder, env=self._environment, check=True
        )
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(TABLES)

    @contextmanager
    def writing(self, clients: int, pause: float) -> Iterator[None]:
        """So many processes, each of which pauses for about so long after a transaction."""
        started = [self._client(pause) for _ in range(clients)]
        try:
            yield
        finally:
            for client in started:
                assert client.stdin is not None
                client.stdin.close()
            for client in started:
                assert client.wait(60) == 0

    def _client(self, pause: float) -> subprocess.Popen[str]:
        number = str(next(self._numbers))
        program = [sys.executable, "-m", "tests.postgresql.client", str(self._folder)]
        with (self._folder / f"client-{number}.txt").open("w") as said:
            return subprocess.Popen(
                [*program, number, str(pause)], cwd=HERE.parents[1], env=self._environment,
                stdin=subprocess.PIPE, stdout=said, text=True,
            )  # fmt: skip

    def truth(self) -> Truth:
        """From the application's own table, and from what the processes said."""
        with psycopg.connect(self._environment["SHOP_DATABASE"]) as connection:
            rows = connection.execute(
                "SELECT action, id, step, line FROM told ORDER BY n, place"
            ).fetchall()
        possible = Counter(
            Place(action, int(number), int(step))
            for file in self._folder.glob("client-*.txt")
            for action, number, step in map(str.split, file.read_text().splitlines())
        )
        wanted = {Place(action, number, step): line for action, number, step, line in rows}
        assert len(wanted) == len(rows), "the application told of one thing twice"
        return Truth(wanted, possible)


@dataclass
class OnSqlite:
    """A thread that writes to a file in the folder of the project. `engines` is the key of the
    store."""

    program: str = "shop.fql"
    engines: str = "single"
    after: Mapping[str, str] = field(default_factory=lambda: {"label": "stock", "books": "stock"})

    def prepare(self, folder: Path, url: str) -> None:
        """The file; the store is elsewhere."""
        (folder / self.program).write_text(kills.SOURCE)
        (folder / "fql.toml").write_text(SETTINGS % self.engines)
        kills.make_tables(folder)
        self._shop = kills.Shop(folder)

    @contextmanager
    def writing(self, clients: int, pause: float) -> Iterator[None]:
        """One thread, whatever `clients` says."""
        self._shop.pause = pause / clients
        with self._shop:
            yield

    def truth(self) -> Truth:
        """From what it remembers."""
        wanted = {
            Place("welcome", n, 0): str(n % kills.CUSTOMERS) for n in self._shop.placed
        } | {
            Place(action, n, 0): ""
            for n in self._shop.paid
            for action in ("stock", "label", "books")
        }  # fmt: skip
        return Truth(wanted, Counter())
