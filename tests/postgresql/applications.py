"""The shop's application, on PostgreSQL or SQLite: what writes, and what it holds in the end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psycopg

from tests.kills import shop as kills
from tests.postgresql.client import STEP
from tests.postgresql.ledger import Truth


class Application(Protocol):
    """Whose orders are captured. `settings` are those of its source."""

    settings: str

    def writing(self, clients: int, pause: float) -> AbstractContextManager[None]:
        """Write meanwhile."""
        ...

    def truth(self) -> Truth:
        """What it holds."""
        ...


@dataclass
class OnPostgresql:
    """Processes that write to the database at `url`, where the engine also finds it."""

    folder: Path
    url: str
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, STEP)))

    def __post_init__(self) -> None:
        self.settings = f'kind = "postgresql"\nurl = "{self.url}"\n'
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE orders (id int PRIMARY KEY, customer int, status text)"
            )

    @contextmanager
    def writing(self, clients: int, pause: float) -> Iterator[None]:
        """So many processes, each of which pauses for about so long between two orders."""
        started = [self._client(pause) for _ in range(clients)]
        try:
            yield
        finally:
            for client in started:
                assert client.stdin is not None
                client.stdin.close()
            for client in started:
                assert client.wait(30) == 0

    def _client(self, pause: float) -> subprocess.Popen[str]:
        number = next(self._numbers)
        program = [sys.executable, "-m", "tests.postgresql.client"]
        with (self.folder / f"client-{number}.txt").open("w") as said:
            return subprocess.Popen(
                [*program, self.url, str(number), str(pause)],
                stdin=subprocess.PIPE, stdout=said, text=True, cwd=Path(__file__).parents[2],
            )  # fmt: skip

    def truth(self) -> Truth:
        """From its table, and from what the processes said."""
        with psycopg.connect(self.url) as connection:
            orders: dict[int, str] = dict(
                connection.execute("SELECT id, status FROM orders").fetchall()
            )
        lines = [
            line.split()
            for file in self.folder.glob("client-*.txt")
            for line in file.read_text().splitlines()
        ]

        def said(what: str) -> frozenset[int]:
            return frozenset(int(number) for word, number in lines if word == what)

        return Truth(orders, STEP, said("placed"), said("began") - said("undone"))


@dataclass
class OnSqlite:
    """Threads that write to a file in the folder of the project."""

    folder: Path

    def __post_init__(self) -> None:
        self.settings = 'kind = "sqlite"\ndatabase = "shop.db"\n'
        kills.make_tables(self.folder)
        self._shop = kills.Shop(self.folder)

    @contextmanager
    def writing(self, clients: int, pause: float) -> Iterator[None]:
        """One thread, whatever `clients` says."""
        self._shop.pause = pause / clients
        with self._shop:
            yield

    def truth(self) -> Truth:
        """From what it remembers."""
        orders = {n: "paid" if n in self._shop.paid else "new" for n in self._shop.placed}
        return Truth(orders, kills.CUSTOMERS, frozenset(orders), frozenset(orders))
