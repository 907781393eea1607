"""Where the stores of engines that are killed are, and what may happen to their servers."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.servers import nats, postgresql
from tests.servers.proxy import StatementProxy

KINDS = ("sqlite", "postgresql", "shared", "nats")
"""`postgresql` has one engine and others that stand by; several engines work on `shared`."""


@dataclass
class Place:
    """Where the store is, keys of [store] besides, how many engines there are at most, what can
    happen to the server (a word, and what does it), and where its files are, if it has a server."""

    store: str
    settings: str = ""
    most: int = 1
    happenings: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    files: Callable[[], Path | None] = lambda: None

    def befall(self, chance: random.Random) -> str:
        """Something happens; which it was."""
        what = chance.choice(sorted(self.happenings))
        self.happenings[what]()
        time.sleep(chance.uniform(0, 0.3))
        return what


@contextmanager
def place_of(kind: str) -> Iterator[Place]:
    """A store of this kind, on a server of its own; a proxy is before PostgreSQL."""
    if kind == "sqlite":
        yield Place("sqlite:///fql.db")
    elif kind == "nats":
        with nats.running() as broker:
            happenings = happenings_of(lambda: broker)
            yield Place(broker.url, happenings=happenings, files=lambda: broker.folder)
    else:
        with ExitStack() as stack:
            pair = Pair(stack)
            others = {"cut off": pair.proxy.cut, "failed over": pair.fail_over}
            happenings = {**happenings_of(lambda: pair.server), **others}
            most = 3 if kind == "shared" else 1
            engines = "shared" if kind == "shared" else "single"
            settings = f'engines = "{engines}"'
            yield Place(pair.url, settings, most, happenings, lambda: pair.server.folder)


def happenings_of(
    server: Callable[[], postgresql.Server | nats.Server],
) -> dict[str, Callable[[], None]]:
    """What may befall a server of either kind."""

    def killed() -> None:
        server().kill()
        server().start()

    def stopped() -> None:
        with server().paused():
            time.sleep(random.uniform(0.05, 0.5))

    return {"killed": killed, "stopped": stopped}


class Pair:
    """A PostgreSQL server behind a proxy. When it fails over, a copy that has all that was
    committed is there, the server is killed, and the copy takes its place."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.server = stack.enter_context(postgresql.running())
        self.proxy = stack.enter_context(StatementProxy(self.server.port))
        self.url = self.proxy.address(self.server.url(tcp=True))

    def fail_over(self) -> None:
        """No commit is acknowledged that the copy lacks: from before the copy is compared until it
        has taken over, no answer passes."""
        before, copy = self.server, self._stack.enter_context(self.server.standby())
        time.sleep(random.uniform(0, 0.3))
        with self.proxy.silent("answers"):
            written = _asked(before, "SELECT pg_current_wal_flush_lsn()::text")
            while not _asked(copy, f"SELECT pg_last_wal_receive_lsn() >= '{written}'"):
                time.sleep(0.01)
            before.kill()
            copy.promote()
            self.server = copy
            self.proxy.lead_to(copy.port)
        shutil.rmtree(before.folder / "data")  # a long life fails over many times


def _asked(server: postgresql.Server, question: str) -> object:
    with psycopg.connect(server.admin, autocommit=True) as connection:
        return (connection.execute(question.encode()).fetchone() or (None,))[0]
